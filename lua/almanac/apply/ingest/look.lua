-- Looks at the titles of an ingest right before it is submitted: those that are there are read, with their records, which are
-- kept; of new ones nothing may be there that the profile could match.
local alma = require "almanac.alma"
local ingest_metadata = require "almanac.ingest_metadata"
local kinds = require "almanac.apply.kinds"
local records = require "almanac.record"
local record_xml = require "almanac.alma.record_xml"
local reasons = require "almanac.run.reasons"
local title_work = require "almanac.apply.title"
local titles = require "almanac.run.titles"

local m = {}

-- The numbers of a title in what is sent: a profile may match by any of them.
local function numbers_of(change)
  local said, list = ingest_metadata.decode(change.spec.metadata), {}
  for _, row in ipairs(said.rows or {}) do
    for _, cell in ipairs(row.cells) do
      local heading = cell[1]:lower()
      if cell[2] ~= "" and (heading == "originating_system_id" or heading:find "^dc:identifier") then list[#list + 1] = cell[2] end
    end
  end
  local record, format = nil, nil
  if said.record then record, format = records.parse(said.record) end
  for _, number in ipairs(record and record:all(format == "marc" and "035$a" or "dc:identifier") or {}) do list[#list + 1] = number end
  return list
end

-- A new title must not be there under any of its numbers. A look-up that fails is never "none".
local function look_for_new(job, row, change)
  for _, number in ipairs { row.number, table.unpack(numbers_of(change)) } do
    local found, message, code = alma.bibs.find(job.client, { other_system_id = number })
    if not found then return nil, message, code end
    if found[1] then return nil, reasons.new("ingest_would_match", { number = number, title = found[1].mms_id }), "conflict" end
  end
  return { present = {} }
end

local function settle(job)
  for _, change in ipairs(job.changes) do
    local ok, message, code = kinds.of(change).settle(job, change)
    if not ok then return nil, message, code end
  end
  return true
end

---Looks at a title.
---@param job almanac.job
---@param row table of ingest_title
---@param change almanac.change
---@return { present: string[], record: string? }|nil seen ids of its representations; record: its text
---@return string|almanac.run.reason|nil message
---@return string? code "conflict": for a person to decide
function m.title(job, row, change)
  if titles.is_new(job.title) then return look_for_new(job, row, change) end
  local ok, message, code = settle(job)
  if ok then ok, message, code = title_work.read_again(job) end
  if not ok then return nil, message, code end
  local text
  text, message, code = m.record(job)
  if not text then return nil, message, code end
  return { present = job.present, record = text }
end

---The title's record as it is now, as text.
---@param job almanac.job
---@return string|nil text
---@return string? message
---@return string? code
function m.record(job)
  local bib, message, code = alma.bibs.read(job.client, job.mms_id)
  if not bib then return nil, message, code end
  if not bib.record then return nil, "Alma gave no record of the title", "parse" end
  return (record_xml.text(bib.record))
end

return m
