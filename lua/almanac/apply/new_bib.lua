-- What is known of a title that a run creates, and how it is found. Its record carries a number of its own, in 035 or
-- dc:identifier, which no other title has: by that Alma's index tells it (other_system_id). Alma's documentation does not
-- say how far the index lags, so "not in the index" is never taken for "not there": see almanac.apply.made_titles.
local alma = require "almanac.alma"
local bib_record = require "almanac.apply.bib_record"
local core = require "almanac.core"
local edit = require "almanac.record_edit"
local records = require "almanac.run.records"
local store = require "almanac.run.store"

local m = {}

---@class almanac.apply.new_bib
---@field key string the number of its own
---@field record any as it is sent
---@field names string[] hashes of what its record is known by, for other runs of this machine
---@field numbers string[] numbers in the record by which other titles may be found that are the same
---@field there table<string, true> MMS IDs of such titles that were there before

local function number_path(record) return edit.is_marc(record) and "035$a" or "dc:identifier" end

-- What its source knows it by: identifier and keys.
local function identities(job)
  local list = {}
  for _, row in ipairs(records.any(job.db) and records.of_title(job.db, job.title.id) or {}) do
    list[#list + 1] = row.identifier
    for found in job.db:rows("SELECT key FROM record_key WHERE record_id = ? ORDER BY key", row.id) do list[#list + 1] = found.key end
  end
  return list
end

-- Those identities that stand as numbers in the record, so that Alma can find a title by them. With an import profile
-- Alma may change a title that has any of its numbers.
local function numbers_of(record, known, profile)
  local there, list, all = {}, {}, record:all(number_path(record))
  for _, value in ipairs(all) do there[value] = true end
  for _, value in ipairs(profile and all or known) do
    if there[value] then list[#list + 1] = value end
    there[value] = nil
  end
  return list
end

local function hashes(known, record)
  local list = {}
  for i, value in ipairs(known[1] and known or { bib_record.text(record) }) do list[i] = core.hash.sha256(value):sub(1, 32) end
  return list
end

---What a change creates.
---@param job almanac.job
---@param change almanac.change
---@return almanac.apply.new_bib|nil
---@return string? message why no record can be made
function m.of(job, change)
  if change.new_bib then return change.new_bib end
  local record, message = edit.make(change.spec, store.meta(job.db, "institution"))
  if not record then return nil, message end
  local known = identities(job)
  local new = { there = {}, key = ("(almanac)%s-%d"):format(store.meta(job.db, "run"), job.title.id), names = hashes(known, record),
    numbers = numbers_of(record, known, change.spec.import_profile) }
  local is_marc = edit.is_marc(record)
  local ok
  ok, message = edit.apply(record, { add = { is_marc and { "035", "  ", "a", new.key } or { "dc:identifier", new.key } } })
  if not ok then return nil, message end
  new.record, change.new_bib = record, new
  return new
end

---Whether a record has a number.
---@param record any
---@param number string
---@return boolean
function m.has_number(record, number)
  for _, value in ipairs(record and record:all(number_path(record)) or {}) do
    if value == number then return true end
  end
  return false
end

---Bibs with a number, of those only that have it in their record: an index may be loose.
---@param job almanac.job
---@param number string
---@return table[]|nil bibs with their records
---@return string? message
---@return string? code
function m.with_number(job, number)
  local list, message, code = alma.bibs.find(job.client, { other_system_id = number })
  if not list then return nil, message, code end
  local exact = {}
  for _, bib in ipairs(list) do
    if m.has_number(bib.record, number) then exact[#exact + 1] = bib end
  end
  return exact
end

-- A bib by its id, when it is that of a key.
local function with_key(job, entry)
  local bib, message, code = alma.bibs.read(job.client, entry.mms_id)
  if not bib then return code == "missing" and {} or nil, message, code end
  return { m.has_number(bib.record, entry.key) and bib or nil }
end

---The bibs that this change has made, as far as can be known: by what this machine remembers, then by Alma's index.
---@param job almanac.job
---@param new almanac.apply.new_bib
---@return table[]|nil bibs with their records
---@return string? message
---@return string? code
function m.made(job, new)
  local own = job.made and job.made:find(new)
  if own and own.mms_id then
    local list, message, code = with_key(job, own)
    if not list or list[1] then return list, message, code end
  end
  return m.with_number(job, new.key)
end

---Whether it is known that its call was never sent.
---@param job almanac.job
---@param new almanac.apply.new_bib
---@return boolean
function m.is_unsent(job, new)
  local own = job.made and job.made:find(new)
  return own ~= nil and (own.state == "begun" or own.state == "void")
end

---What another run of this machine makes, or made, of the same record.
---@param job almanac.job
---@param new almanac.apply.new_bib
---@return table|nil found { mms_id: string?, key: string }: of one that Alma has, or may get
---@return string? message
---@return string? code "missing": nothing
function m.made_by_others(job, new)
  local _, others = nil, {}
  if job.made then _, others = job.made:find(new) end
  for _, entry in ipairs(others) do
    local list, message, code
    if entry.mms_id then list, message, code = with_key(job, entry) else list, message, code = m.with_number(job, entry.key) end
    if not list then return nil, message, code end
    if list[1] then return { mms_id = list[1].mms_id, key = entry.key } end
    if not entry.mms_id then return { key = entry.key } end
  end
  return nil, "no other run has it", "missing"
end

return m
