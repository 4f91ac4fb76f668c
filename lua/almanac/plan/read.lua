-- Reads titles from Alma into the run file: what they are called, which
-- representations and files they have. A look-up that failed never means that
-- something is absent: the title stays unread, with the reason.
local alma = require "almanac.alma"
local attempt = require "almanac.run.attempt"
local causes = require "almanac.run.causes"
local details = require "almanac.run.details"
local fields = require "almanac.representation_fields"
local halt = require "almanac.plan.halt"
local json = require "almanac.json"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local records = require "almanac.recipe.inside.record"
local states = require "almanac.run.states"
local streaks = require "almanac.run.streak"
local task = require "almanac.task"

local m = {}

local BATCH = 100           -- titles a call for bibs
local IN_FLIGHT = 64
local COMMIT = 200          -- titles between two commits

local NOT_YET = reasons.new "not_read_yet"
local READ = ("UPDATE title SET reading = ?, %s WHERE mms_id = ?"):format(reasons.NONE)
local ID = "SELECT id FROM title WHERE mms_id = ?"

-- After these failures the next title would fail as well.
local FATAL = { auth = true, quota = true }

-- Alma has two terminologies (OpenAPI, use_updated_terminology); these usage types
-- are the same.
local SAME_USAGE = { PRIMARY = "PRESERVATION_MASTER" }

-- Patrons don't see such a title, whatever is added to it.
local NOTE = [[INSERT OR IGNORE INTO note(what, id, text) SELECT 'bib', id, 'a title is suppressed: patrons do not see it in discovery'
  FROM title WHERE mms_id = ?]]

local function value(coded)
  local code = coded
  if type(coded) == "table" then code = coded.value end
  if type(code) == "string" and code ~= "" then return code end
end

local function text(field)
  if type(field) == "string" and field ~= "" then return field end
end

local function file_of(file)
  local path = text(file.path)
  return { pid = file.pid, label = text(file.label), size = tonumber(file.size),
    name = path and path:match "[^/]+$" or text(file.label) or "" }
end

local function representation_of(rep, files, whole)
  local list = json.array {}
  for i, file in ipairs(files) do list[i] = file_of(file) end
  local usage = value(rep.usage_type)
  local entry = { id = rep.id, label = text(rep.label), usage_type = SAME_USAGE[usage] or usage,
    library = value(rep.library), remote = fields.is_remote(rep), files = list,
    access_rights = whole and (value(rep.access_rights_policy_id) or "") or nil }
  return fields.add_rest(entry, rep)
end

-- A representation whose answer counts no files needs no call for them.
local function holds_nothing(rep)
  if fields.is_remote(rep) then return true end
  local count = type(rep.files) == "table" and rep.files.total_record_count
  return tonumber(count) == 0
end

-- Some institutions get brief lists without usage types. A single representation needs
-- none, but several can't be told apart without; and what a plan deletes or sets has to be known in full. Of a remote one
-- they lack the linking parameters.
local function in_full(client, mms_id, rep, alone, whole)
  local remote, brief = fields.is_remote(rep), value(rep.usage_type) == nil
  local is_enough = not brief and (not whole or remote or rep.access_rights_policy_id ~= nil)
  if is_enough or alone and not whole and not remote then return rep end
  return alma.representations.get(client, mms_id, rep.id)
end

---Reads what a title holds: one call for its representations and one for the files
---of each; a third for each of several when the list does not tell usage types.
---@param client table
---@param mms_id string
---@param whole boolean? also what a plan that deletes or sets something has to tell: usage types in any case, access rights
---@return { representations: table[] }|nil reading list of { id, label, usage_type, library, remote, files, access_rights }, of
---  a remote one also { repository, originating_record_id, delivery_url, linking_parameters };
---  files: { pid, label, name, size }; name is the last part of Alma's path
---@return string? message
---@return string? code
function m.reading(client, mms_id, whole)
  local list, message, code = alma.representations.list(client, mms_id)
  if not list then return nil, message, code end
  local reading = { representations = json.array {} }
  for i, rep in ipairs(list) do
    local full
    full, message, code = in_full(client, mms_id, rep, #list == 1, whole)
    if not full then return nil, message, code end
    local files = {}
    if not holds_nothing(full) then
      files, message, code = alma.files.list(client, mms_id, rep.id)
      if not files then return nil, message, code end
    end
    reading.representations[i] = representation_of(full, files, whole)
  end
  return reading
end

---Puts titles into the run file, not read yet. Called inside an attempt.
---@param db table
---@param list string[] MMS IDs
function m.add(db, list)
  for _, id in ipairs(list) do
    attempt.call(states.add, db, { mms_id = id, state = states.ASK, reason = NOT_YET })
  end
end

-- Commits now and then, so that an interrupted reading is not lost.
local function written(work, ok, message)
  work.written = work.written + 1
  if ok and work.written % COMMIT == 0 then
    ok, message = work.db:commit()
    if ok then ok, message = work.db:begin() end
  end
  if not ok then work.stop = work.stop or { message = message, code = "io" } end
end

local function keep(work, sql, ...)
  written(work, work.db:run(sql, ...))
end

-- Writes why a title was not read.
local function keep_unread(work, mms_id, state, reason)
  written(work, states.set(work.db, work.db:value(ID, mms_id), state, reason))
end

-- A refused call counts as one failure, even for a hundred titles; an outage counts for each title.
local function fail(work, ids, message, code)
  for _, id in ipairs(ids) do
    keep_unread(work, id, states.ASK, reasons.new("unread", { message = message }))
    work.failed = work.failed + 1
  end
  local reason = FATAL[code] and { message = message, code = code }
  for _ = 1, causes.is_outage(message, code) and #ids or 1 do reason = work.streak:failed(message, code) or reason end
  if reason then work.stop = work.stop or { message = reason.message, code = reason.code, cause = reason.cause } end
end

-- Says which titles lack a record: those whose source gave none; where records are changed all, since only Alma's own
-- is the one that will be changed. They come with the bibs.
local function lacking_records(work, ids)
  local lacking, any = {}, false
  if not work.reads.record then return lacking, any end
  for _, id in ipairs(ids) do
    lacking[id] = work.of_alma or not details.has_record(work.db, id)
    any = any or lacking[id]
  end
  return lacking, any
end

local function keep_bib(work, bib, lacks_record)
  keep(work, "UPDATE title SET title = ? WHERE mms_id = ?", text(bib.title), bib.mms_id)
  keep_unread(work, bib.mms_id, states.ASK, NOT_YET)
  if tostring(value(bib.suppress_from_publishing)) == "true" or bib.suppress_from_publishing == true then
    keep(work, NOTE, bib.mms_id)
  end
  if lacks_record then
    local record, message = details.record_of(bib)
    if not record then return nil, message end
    keep(work, details.KEEP, bib.mms_id, record, nil)
  end
  return true
end

-- Whether a MARC record with Alma's availability names no representation. Other
-- records have no AVD, so theirs says nothing.
local function holds_none(bib)
  local text_of = details.record_of(bib)
  local record = text_of and records.new(text_of)
  return record ~= nil and record.format == "marc" and #record:fields "AVD" == 0
end

local function keep_none(work, id)
  keep(work, READ, readings.encode { representations = {} }, id)
  work.on.finish(id, true)
end

local function read_batch(work, ids)
  local lacking, any = lacking_records(work, ids)
  local bibs, missing, code = alma.bibs.get(work.client, ids,
    { view = (any or work.sparing) and "full" or "brief", expand = work.sparing and "d_avail" or nil })
  if not bibs then return fail(work, ids, missing, code) end
  work.streak:worked()
  for _, bib in ipairs(bibs) do
    local kept, message = keep_bib(work, bib, lacking[bib.mms_id])
    if kept and work.sparing and holds_none(bib) then
      keep_none(work, bib.mms_id)
    elseif kept then
      work.known[#work.known + 1] = bib.mms_id
    else
      fail(work, { bib.mms_id }, message)
      work.on.finish(bib.mms_id, false, message)
    end
  end
  for _, id in ipairs(missing) do
    keep_unread(work, id, states.SKIP, reasons.new "not_in_alma")
    work.on.finish(id, true)
  end
end

local function read_items(work, id)
  local list, message, code = alma.items.list(work.client, id)
  if not list then return nil, message, code end
  keep(work, details.KEEP, id, nil, details.items_of(list))
  return true
end

local function read_title(work, id)
  work.on.begin(id)
  local reading, message, code = m.reading(work.client, id, work.whole)
  if reading and work.reads.items then
    local ok
    ok, message, code = read_items(work, id)
    if not ok then reading = nil end
  end
  if reading then
    work.streak:worked()
    keep(work, READ, readings.encode(reading), id)
  else
    fail(work, { id }, message, code)
  end
  work.on.finish(id, reading ~= nil, message, code)
end

local function batches(ids, work)
  local first = 1
  return function()
    if first > #ids or halt.stopped(work) then return nil end
    local batch = table.move(ids, first, math.min(first + BATCH - 1, #ids), 1, {})
    first = first + BATCH
    return batch
  end
end

-- Iterates over titles as long as nothing stops the work.
local function while_going(work)
  local i = 0
  return function()
    if not work.known[i + 1] or halt.stopped(work) then return nil end
    i = i + 1
    return work.known[i]
  end
end

local function raise(failures)
  if failures[1] then error(failures[1].message, 0) end
end

---Reads titles that are in the run file. What is read is kept, also when it
---stops early. Called inside an attempt.
---@param db table
---@param client table
---@param ids string[] MMS IDs, rows of `title` already
---@param on { begin: fun(id: string), finish: fun(id: string, ok: boolean, message: string?) }
---@param reads table<string, boolean>? what the recipe reads besides: record, items
---@param how { sparing: boolean?, whole: boolean?, of_alma: boolean?, keep_going: boolean?, allow: (fun(calls: integer): true|nil, string?, string?)? }?
---  sparing: believe Alma's availability (d_avail, a hundred titles a call) that a title has no representation, for plans
---  that change nothing; keep_going: also when titles in a row fail alike; allow: says whether a call more may be made
---  whole: as for m.reading; of_alma: records are Alma's own, whatever the source gave
---@return { failed: integer, stop: { message: string, code: string, cause: string? }? } outcome `stop`: it ended early, and why
function m.titles(db, client, ids, on, reads, how)
  how = how or {}
  local work = { db = db, client = client, on = on, reads = reads or {}, sparing = how.sparing,
    whole = how.whole, of_alma = how.of_alma, known = {}, written = 0, failed = 0,
    allow = how.allow or function() return true end,
    streak = streaks.new { in_flight = IN_FLIGHT, keep_going = how.keep_going } }
  attempt.checked(db:begin())
  local _keep <close> = setmetatable({}, { __close = function() halt.commit(work) end })
  raise(task.each(batches(ids, work), 8, function(batch) read_batch(work, batch) end))
  raise(work.streak:each(while_going(work), function(id) read_title(work, id) end))
  halt.commit(work)
  return { failed = work.failed, stop = work.stop }
end

---Counts the calls that reading so many titles takes, with one representation each.
---Records come with the titles and take none; items take one a title.
---@param n integer
---@param reads table<string, boolean>?
---@return integer
function m.calls_for(n, reads)
  return math.ceil(n / BATCH) + (reads and reads.items and 3 or 2) * n
end

return m
