-- Carries out one title: looks at it again, then carries out its changes one after
-- the other, each as its kind wants it.
local ask = require "almanac.apply.ask"
local fields = require "almanac.representation_fields"
local gone = require "almanac.apply.gone"
local json = require "almanac.json"
local kinds = require "almanac.apply.kinds"
local look = require "almanac.apply.kinds.look"
local makers = require "almanac.apply.maker"
local older = require "almanac.apply.older"
local pages = require "almanac.run.pages"
local readings = require "almanac.reading"
local records = require "almanac.run.records"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local titles = require "almanac.run.titles"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

local CHANGES = [[SELECT change.seq, change.representation_id, change.pid, spec.kind, spec.spec
  FROM change JOIN spec ON spec.id = change.spec_id WHERE change.title_id = ? ORDER BY change.seq]]

local function changes_of(run, title)
  local changes, by_seq = {}, {}
  for change in run.db:rows(CHANGES, title.id) do
    change.spec, change.pages = json.decode(change.spec), {}
    changes[#changes + 1], by_seq[change.seq] = change, change
  end
  for _, page in ipairs(pages.of(run.db, title, run.upload_folder)) do
    table.insert(by_seq[page.change].pages, page)
  end
  return changes
end

-- Adds what Alma answered instead of what was sent, because that is what Alma has later.
local function add_answers(job)
  for _, change in ipairs(job.changes) do
    for _, kind in ipairs { "represent", "update" } do
      local step = steps.get(job, change, kind)
      change.answered = change.answered or step and step.state == "done" and step.result and step.result.answered
    end
    for _, page in ipairs(change.pages) do
      local step = steps.get(job, change, "attach", page.seq)
      local answered = step and step.state == "done" and step.result or {}
      page.stored, page.answered_label = answered.stored, answered.label
    end
  end
  return job
end

-- Marks the changes that have their representation already in a title that an earlier
-- process began, because the run may have gone on elsewhere since.
local function mark_resumed(run, job)
  job.is_earlier = next(job.steps) ~= nil and not (run.began and run.began[job.title.id])
  for _, change in ipairs(job.changes) do change.resumed = job.is_earlier and change.representation_id ~= nil end
  return job
end

---A title at work: what the run file knows of it, and what was seen since.
---@class almanac.job
---@field title table the row of `title`
---@field mms_id string? where the title is now: another one's when it was merged into that; nil: Alma does not have it yet
---@field found boolean? the title that it was to make was there already, made by this run
---@field merged string? the MMS ID that it was merged into
---@field changes almanac.change[] in the order of the plan
---@field steps table<string, table> what was begun, by change, kind and page: see almanac.apply.steps
---@field db table the run file
---@field client table of almanac.alma
---@field storage table? the bucket; nil for a run that sends nothing
---@field journal table of almanac.run.journal
---@field made table? of almanac.apply.made_titles; nil for commands that write nothing
---@field folder string? that the paths of its files are below
---@field upload_folder string in the bucket, of the whole run
---@field copies string|false the folder for copies of what is deleted; false: none are made
---@field maker table how Alma notes this run as a maker, shared by all titles
---@field members table<string, table> of the collections, shared by all titles
---@field present string[]? ids of the representations that were there right before the first write
---@field seen table[] thumbnails that were looked at
---@field left table[] thumbnails that stay in the upload folder
---@field unlike almanac.run.reason[] what undo could not make as it was
---@field is_earlier boolean? an earlier process began it
---@field undoing boolean? it is being taken back
---@field finding almanac.run.reason? what is not as planned, though it is done
---@field gave_way boolean? its own representation was taken back for somebody else's
---@field gone almanac.run.reason? set when Alma no longer has it
---@field disk_full boolean? no copy could be made, since the disk is full
---@field images_away boolean? the folder with the images is not the one of the plan
---@field differs fun(change: almanac.change, answered: table) told what Alma took otherwise than it was sent

---One change of a title, as it is planned and as far as it was carried out.
---@class almanac.change
---@field seq integer its place among the title's changes, from 1
---@field kind string a name of almanac.change_kinds
---@field spec table what is planned, with fields as Alma names them
---@field representation_id string? the one that it is about; of a new one since it was made
---@field pid string? the file that it is about
---@field pages almanac.planned_file[] in their order
---@field answered table? what Alma answered instead of what was sent
---@field resumed boolean? its representation was there when an earlier process had begun the title

---Makes the job of a title.
---@param run almanac.run
---@param title table a row of `title`
---@return almanac.job
function m.load(run, title)
  run.maker, run.members = run.maker or makers.load(run.db), run.members or {}
  run.upload_folder = run.upload_folder or pages.upload_folder(run.db)
  return mark_resumed(run, add_answers {
    title = title, mms_id = titles.mms_id(title), changes = changes_of(run, title), steps = steps.load(run.db, title.id),
    db = run.db, client = run.client, storage = run.storage, journal = run.journal,
    made = run.claims and run.claims.made, folder = run.folder, maker = run.maker, members = run.members, copies = run.copies,
    upload_folder = run.upload_folder,
    seen = {}, left = {}, unlike = {},
    differs = function(change, answered) if run.on and run.on.differs then run.on.differs(title, change, answered) end end,
  })
end

-- The representations as they have to be: those of the plan, with what this
-- run has done to them since.
local function expected(job, reading)
  local planned = {}
  for _, rep in ipairs(reading.representations) do planned[rep.id] = { count = rep.file_count or #rep.files } end
  for _, change in ipairs(job.changes) do kinds.of(change).expect(job, change, planned) end
  return planned
end

---Says how a title differs from what it has to be.
---@param planned table<string, { count: integer?, own: boolean?, known: boolean? }> by representation id; own: made by this run;
---  known: somebody's, there when a step was begun, or decided about
---@param list table[] representations as they are now
---@return almanac.run.reason? reason nil when it is as it has to be
function m.difference(planned, list)
  local seen = {}
  for _, rep in ipairs(list) do
    local before = planned[rep.id]
    seen[rep.id] = true
    if not before then
      return reasons.new("representation_added", { representation = rep.id, label = rep.label or "" })
    end
    local count = not before.own and not before.known and representation.file_count(rep)
    if count and before.count and count ~= before.count then
      return reasons.new("other_file_count", { representation = rep.id, before = before.count, now = count })
    end
  end
  for id, before in pairs(planned) do
    if not seen[id] and not before.own and not before.known then return reasons.new("representation_lost", { representation = id }) end
  end
end

local function by_id(list)
  local reps = {}
  for _, rep in ipairs(list) do reps[rep.id] = rep end
  return reps
end

local function ask_about_title(job, reading, list, planned, reason)
  local before, representations = by_id(reading.representations), {}
  for _, rep in ipairs(list) do
    local entry = before[rep.id] or fields.add_rest({ id = rep.id, label = rep.label, usage_type = look.value(rep.usage_type),
      library = look.value(rep.library), remote = fields.is_remote(rep), files = {} }, rep)
    entry.file_count = representation.file_count(rep)
    if not (planned[rep.id] and planned[rep.id].own) then table.insert(representations, entry) end
  end
  return ask.about(job, { representations = representations }, reason)
end

-- A title that Alma does not know any more may have been merged into another one.
local function missing(job, message)
  local what, reason = gone.look(job)
  if what ~= "moved" then return nil, "Alma no longer has this title: " .. message, "missing" end
  reason.data.unbegun = true
  return nil, reason, "conflict"
end

-- A list may lag behind what this run itself wrote before it was stopped, so each
-- representation is asked for by its id.
local function asked_for_each(job, planned, list)
  local ids, listed, current = {}, by_id(list), {}
  for id in pairs(planned) do ids[#ids + 1] = id end
  for id in pairs(listed) do ids[#ids + 1] = not planned[id] and id or nil end
  table.sort(ids)
  for _, id in ipairs(ids) do
    local rep, message, code = whereabouts.representation(job, id)
    if not rep and code ~= "missing" then return nil, message, code end
    if rep and not representation.file_count(rep) then rep.files = (listed[id] or rep).files end
    current[#current + 1] = rep
  end
  return current
end

-- The representations as they are now, and how they differ from what they have to be.
local function compare(job, planned)
  local list, message, code = representation.list(job)
  if not list then return nil, message, code end
  if not m.difference(planned, list) then return list end
  list, message, code = asked_for_each(job, planned, list)
  if not list then return nil, message, code end
  return list, m.difference(planned, list)
end

-- Reads the title again right before its first write. A lost answer will be looked for
-- by comparing with what is there now.
local function read_again(job)
  local reading = readings.decode(job.title.reading)
  local planned = expected(job, reading)
  if not job.mms_id then
    job.present = {}   -- it is made first, and holds nothing then
    return true
  end
  local list, reason, code = compare(job, planned)
  if not list and code == "missing" then return missing(job, reason) end
  if not list then return nil, reason, code end
  if reason then
        -- This compares with what the plan read, so it comes before the doubt takes the place of that.
    reason.data.older = older.did(job, list, kinds.of) or nil
    return ask_about_title(job, reading, list, planned, reason)
  end
  job.present = {}
  for i, rep in ipairs(list) do job.present[i] = rep.id end
  return true
end

---Reads a title again right before something is written for it, as m.carry_out does.
---@param job almanac.job
---@return true|nil as planned; `job.present` has the ids of its representations
---@return string? message
---@return string? code "conflict": for a person to decide
m.read_again = read_again

-- Asks a person about the title with what was found there instead of our own.
local function ask_about_rivals(job, reason)
  local list, message, code = representation.list(job)
  if not list then return nil, message, code end
  local reading = readings.decode(job.title.reading)
  return ask_about_title(job, reading, list, expected(job, reading), reasons.from(reason))
end

local function settle_open_steps(job)
  for _, change in ipairs(job.changes) do
    local ok, message, code = kinds.of(change).settle(job, change)
    if not ok then return nil, message, code end
  end
  return true
end

local function needs_reading(job)
  for _, change in ipairs(job.changes) do
    if not kinds.of(change).begun(job, change) then return true end
  end
  return false
end

-- Does first what changes nothing in Alma, however long it takes, so that the look is
-- as close to the first write as can be.
local function prepare(job)
  for _, change in ipairs(job.changes) do
    local ready = kinds.of(change).prepare
    if ready then
      local ok, message, code = ready(job, change)
      if not ok then return nil, message, code end
    end
  end
  return true
end

-- A title that was to be made, and was there already, may hold what another copy of this run put into it.
local function look_at_found(job)
  job.found = nil
  return read_again(job)
end

local function carry_out(job)
  local ok, message, code = settle_open_steps(job)
  if ok then ok, message, code = prepare(job) end
  if ok and needs_reading(job) then ok, message, code = read_again(job) end
  for _, change in ipairs(ok and job.changes or {}) do
    ok, message, code = kinds.of(change).carry_out(job, change)
    if ok and job.found then ok, message, code = look_at_found(job) end
    if not ok then break end
  end
  return ok, message, code
end

---What a title is claimed by, so that no other run of this machine is at work on it: its MMS ID, or of a title that Alma
---does not have yet, the record that it is made of.
---@param db table
---@param title table a row of `title`
---@return string
function m.claim(db, title)
  local record = titles.is_new(title) and records.any(db) and records.of_title(db, title.id)[1]
  return record and "record " .. (record.identifier or record.mark or title.mms_id) or title.mms_id
end

---Carries out what is planned for a title; goes on where an earlier run ended.
---@param job almanac.job
---@return true|nil
---@return string? message
---@return string? code "conflict": for a person to decide
function m.carry_out(job)
  local ok, message, code = carry_out(job)
    -- A title that was begun goes on under the one that it was merged into.
  if not ok and code == "missing" and not needs_reading(job) and gone.look(job) == "moved" then
    ok, message, code = carry_out(job)
  end
  if not ok and job.gave_way then return ask_about_rivals(job, message) end
  if not ok then return nil, message, code end
  return job.journal:write(function(db)
    return states.set(db, job.title.id, states.ATTACHED, job.finding)
  end)
end

return m
