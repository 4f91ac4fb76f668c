-- Finds what an ingest made of its titles: the MMS ID of a new one by its number, representations by the files in them,
-- files by name and size. A file that is gone from the folder was taken, so it is looked for as long as a list may lag; one
-- that lies there was not.
local alma = require "almanac.alma"
local bib_record = require "almanac.apply.bib_record"
local core = require "almanac.core"
local gone = require "almanac.apply.gone"
local json = require "almanac.json"
local look_at = require "almanac.apply.ingest.look"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local record_changes = require "almanac.run.record_changes"
local representation = require "almanac.apply.representation"
local representation_fields = require "almanac.representation_fields"

local m = {}

-- Looks at once, and then as long as a list may lag.
local function patiently(find)
  local found, message, code = find()
  if not found then return nil, message, code end
  if found[1] and not found[2] then return found[1] end
  return reconcile.find(find)
end

-- The new title that has the number; false when none has.
local function find_new(job, number)
  local found, message, code = patiently(function()
    local list, why, kind = alma.bibs.find(job.client, { other_system_id = number })
    if not list then return nil, why, kind end
    return list
  end)
  if found then return found.mms_id end
  if code == "absent" then return false end
  return nil, message, code
end

local function untaken(change, there)
  local list = {}
  for _, page in ipairs(change.pages) do
    if there[page.ingest_path] then list[page.seq] = true end
  end
  return list
end

-- The planned files that a representation holds.
local function pages_in(change, files, found)
  local list = {}
  for _, file in ipairs(files) do
    local stored = file.path and file.path:match "[^/]+$"
    for _, page in ipairs(change.pages) do
      local is_it = stored == page.upload_key:match "[^/]+$" and tonumber(file.size) == page.size
      if is_it and not found[page.seq] and not file.matched then
        found[page.seq], file.matched = true, true
        list[#list + 1] = { page = page, pid = file.pid, label = file.label }
      end
    end
  end
  return list
end

local function whole(job, rep)
  if rep.created_by and rep.usage_type then return rep end
  return alma.representations.get(job.client, job.mms_id, rep.id)
end

-- The representations that came since, with the planned files in them.
local function made_now(job, row, change)
  local list, message, code = representation.list(job)
  if not list then return nil, message, code end
  local present, made, found = {}, {}, {}
  for _, id in ipairs(json.decode(row.present or "[]")) do present[id] = true end
  for _, rep in ipairs(list) do
    if not present[rep.id] and not rep.is_remote then
      local files
      files, message, code = alma.files.list(job.client, job.mms_id, rep.id)
      if not files then return nil, message, code end
      local pages = pages_in(change, files, found)
      if pages[1] then
        rep, message, code = whole(job, rep)
        if not rep then return nil, message, code end
        made[#made + 1] = { id = rep.id, fields = representation_fields.of(rep), pages = pages }
      end
    end
  end
  return made, found
end

-- Looks until every file that was taken is found, or none can come any more.
local function find_made(job, row, change, left)
  local last
  local found, message, code = patiently(function()
    local made, seen, kind = made_now(job, row, change)
    if not made then return nil, seen, kind end
    last = { made = made }
    for _, page in ipairs(change.pages) do
      if not left[page.seq] and not seen[page.seq] then last.lost = last.lost or page end
    end
    return { not last.lost and last or nil }
  end)
  if found then return found end
  if code == "absent" then return last end
  return nil, message, code
end

-- What of the record is another than before, in words. The record of a title that this one was merged into tells nothing.
local function difference(job, row, after)
  if job.merged or not row.before or not after then return nil end
  local list = record_changes.between(bib_record.of(row.before), bib_record.of(after))
  return list[1] and record_changes.words(list)
end

local function all_left(change, left)
  for _, page in ipairs(change.pages) do
    if not left[page.seq] then return false end
  end
  return true
end

local function first_left(change, left)
  for _, page in ipairs(change.pages) do
    if left[page.seq] then return page end
  end
end

-- The end of a title of which something was made.
local function ended(job, row, change, found, left)
  local after, message, code = look_at.record(job)
  if not after then return nil, message, code end
  local result = { made = found.made, after = not job.merged and after or nil, mms_id = job.mms_id, changed = difference(job, row, after) }
  local page = first_left(change, left)
  if page then result.reason = reasons.new("ingest_file_left", { file = page.name }) end
  return result
end

local function find(job, row, change, there)
  local left = untaken(change, there)
  local nothing_taken = all_left(change, left)
  if row.number then
    local mms_id, message, code = find_new(job, row.number)
    if mms_id == nil then return nil, message, code end
    if not mms_id then return nothing_taken and { nothing = true } or { lost = change.pages[1] } end
    job.mms_id = mms_id
  end
  if nothing_taken and not row.number then
    local after, message, code = look_at.record(job)
    if not after then return nil, message, code end
    return { nothing = true, changed = difference(job, row, after), after = after }
  end
  local found, message, code
  if nothing_taken then found = { made = {} } else found, message, code = find_made(job, row, change, left) end
  if not found then return nil, message, code end
  if found.lost and not found.made[1] and not row.number then return { lost = found.lost } end
  local result
  result, message, code = ended(job, row, change, found, left)
  if result and found.lost then result.reason = reasons.new("ingest_file_lost", { file = found.lost.name }) end
  return result, message, code
end

---Finds what was made of a title.
---@param job almanac.job
---@param row table of ingest_title
---@param change almanac.change
---@param there table<string, table> what lies in the folder still
---@return table|nil found made, after, mms_id, changed, reason; `nothing`: Alma did not import it; `lost`: its files were taken,
---  and are nowhere
---@return string? message
---@return string? code
function m.of(job, row, change, there)
  local found, message, code = find(job, row, change, there)
  -- A title that was merged meanwhile is looked for where it is now.
  if not found and code == "missing" and not row.number and gone.look(job) == "moved" then return find(job, row, change, there) end
  return found, message, code
end

---Seconds since 1970.
---@return integer
function m.now() return math.floor(core.sys.time()) end

return m
