-- Brings files, and a new title with them, into Alma through an import profile. What is done there is done for many titles at
-- once (almanac.apply.ingest), before a title's other changes; here is what becomes of one title: what was made of it, whether
-- that is as planned, and how it is taken back.
local alma = require "almanac.alma"
local bib_record = require "almanac.apply.bib_record"
local folders = require "almanac.apply.ingest.folder"
local ingest_metadata = require "almanac.ingest_metadata"
local look = require "almanac.apply.kinds.look"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local record_changes = require "almanac.run.record_changes"
local rows = require "almanac.apply.ingest.rows"
local steps = require "almanac.apply.steps"
local store = require "almanac.run.store"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

local function row_of(job, change)
  return rows.planned(job.db) and rows.title(job.db, job.title.id, change.seq) or nil
end

-- The representations that were made, with what their files are called in Alma.
local function made_of(job, change)
  local list = row_of(job, change) and rows.made(job.db, job.title.id, change.seq) or {}
  for _, made in ipairs(list) do
    for _, page in ipairs(change.pages) do page.answered_label = made.labels[tostring(page.seq)] or page.answered_label end
  end
  return list
end

function m.settle() return true end

function m.begun(job, change)
  local row = row_of(job, change)
  return row ~= nil and row.ended ~= nil
end

function m.expect(job, change, planned)
  for _, made in ipairs(made_of(job, change)) do planned[made.id] = { own = true } end
end

-- All is done by now; what is not as planned is said with the title.
function m.carry_out(job, change)
  local row = row_of(job, change)
  if not (row and row.ended) then return nil, "its ingest is not at its end yet", "closed" end
  job.finding = job.finding or reasons.of(row)
  return true
end

-- The pages that a representation holds, in the order of the plan.
local function pages_of(change, by_pid)
  local pages, files = {}, {}
  for _, page in ipairs(change.pages) do
    if page.pid and by_pid[page.pid] then
      pages[#pages + 1] = page
      files[#files + 1] = by_pid[page.pid]
    end
  end
  return pages, files
end

local function is_lacking(change, seen)
  for _, page in ipairs(change.pages) do
    if not page.pid then return reasons.new("ingest_file_left", { file = page.name }) end
    if not seen[page.pid] then return reasons.new("not_attached", { file = page.name }) end
  end
end

-- What of one representation is not as the import left it.
local function check_one(job, change, list, made, seen)
  local rep, message, code = look.find(job, list, made.id)
  if not rep and (code == "missing" or code == "conflict") then return message end
  if not rep then return nil, message, code end
  local words = look.wrong_field(rep, made.fields)
  if words then return words end
  local by_pid, files, kind = look.files(job, made.id, {})
  if not by_pid then return nil, files, kind end
  local pages, found = pages_of(change, by_pid)
  for i, page in ipairs(pages) do
    seen[page.pid] = true
    words = look.wrong_file(page, found[i])
    if words then return words end
  end
  if #files > #pages then return reasons.new("file_count_differs", { files = #files, planned = #pages }) end
  local part = { seq = change.seq, kind = change.kind, spec = change.spec, pages = pages, representation_id = made.id }
  return look.stored(job, part, found)
end

function m.check(job, change, list)
  local row, seen, unseen = row_of(job, change), {}, 0
  for _, made in ipairs(made_of(job, change)) do
    local words, message, code = check_one(job, change, list, made, seen)
    if words ~= false then return words, message, code end
    unseen = unseen + message
  end
  return is_lacking(change, seen) or row and reasons.of(row) or false, unseen
end

-- ---- taking it back ----

local function foreign_file(change, files)
  local own = {}
  for _, page in ipairs(change.pages) do
    if page.pid then own[page.pid] = page end
  end
  for _, file in ipairs(files) do
    local page = own[file.pid]
    if not page then return reasons.new("not_of_this_run", { file = file.pid, label = file.label or "" }) end
    local changed = look.changed_file(page, file)
    if changed then return changed end
  end
  return false
end

-- Says what others did to a representation that the import made.
local function changed_by_others(job, change, rep, made)
  local words = look.wrong_field(rep, made.fields)
  if words then return words end
  local by_pid, files, code = look.files(job, rep.id, {})
  if not by_pid then return nil, files, code end
  return foreign_file(change, files)
end

-- The representation, when it is there and as it was made.
local function unchanged(job, change, made)
  local rep, message, code = whereabouts.representation(job, made.id)
  if not rep and code == "missing" then return false end
  if not rep then return nil, message, code end
  local words, why, kind = changed_by_others(job, change, rep, made)
  if words then return nil, reasons.new("changed_since", { what = words }), "conflict" end
  if words == nil then return nil, why, kind end
  return true
end

local function new_reps(job, change)
  local list, found = made_of(job, change), {}
  for _, made in ipairs(list) do
    local there, message, code = unchanged(job, change, made)
    if there == nil then return nil, message, code end
    if there then found[#found + 1] = made.id end
  end
  return found
end

local function changed_record(row, record)
  local what = reasons.new("own_record", { what = bib_record.difference(row.after, record) })
  return nil, reasons.new("changed_since", { what = what }), "conflict"
end

-- What is to be done with the title's record: "delete" a bib that the import made, "restore" one that it changed; false:
-- nothing. What a cataloguer changed since is left.
local function look_at_record(job, change)
  local row = row_of(job, change)
  if not row or not row.ended or not row.after or job.merged then return false end
  local is_changed = row.before and record_changes.between(bib_record.of(row.before), bib_record.of(row.after))[1] ~= nil
  if not row.number and not is_changed then return false end
  if steps.is_done(job, change, "undo record") then return false end
  local bib, message, code = bib_record.read(job)
  if not bib and code == "missing" then return false end
  if not bib then return nil, message, code end
  if not row.number and bib_record.same(bib.record, row.before) then return false end
  if not bib_record.same(bib.record, row.after) then
    return changed_record(row, bib.record)
  end
  return row.number and "delete" or "restore"
end

local function folder_of(job, row)
  return folders.of({ db = job.db, general = { institution = store.meta(job.db, "institution") } }, rows.get(job.db, row.ingest_id))
end

-- A title whose ingest Alma may take at any moment can't be taken back: first it has to be known what came of it. A
-- process that was killed between two stages left one that is filled, and is locked still.
local function is_under_way(job, change)
  local row = row_of(job, change)
  if not row or row.ended then return false end
  local stage = rows.get(job.db, row.ingest_id).stage
  if stage == "filling" then return false end
  local there, message, code = {}, nil, nil
  if stage == "filled" then there, message, code = folders.look({ storage = job.storage }, folder_of(job, row)) end
  if not there then return nil, message, code end
  if folders.is_locked(there) then return false end
  return nil, reasons.new "ingest_under_way", "conflict"
end

-- Files that wait in a folder which is locked still.
local function waiting_files(job, change)
  local row = row_of(job, change)
  if not row or row.ended or not steps.begun(job, change, "upload", 1) then return nil end
  folders.place(folder_of(job, row), row, change.pages)
  return "remove its files from the folder of the ingest"
end

function m.look(job, change)
  local under_way, message, code = is_under_way(job, change)
  if under_way == nil then return nil, message, code end
  local ids
  ids, message, code = new_reps(job, change)
  if not ids then return nil, message, code end
  local what
  what, message, code = look_at_record(job, change)
  if what == nil then return nil, message, code end
  local found = { words = { waiting_files(job, change) }, ids = ids, record = what }
  found.waiting = found.words[1] ~= nil
  for _, id in ipairs(found.ids) do table.insert(found.words, "delete representation " .. id) end
  if found.record == "delete" then table.insert(found.words, "delete the title that the import made") end
  if found.record == "restore" then table.insert(found.words, "put the record back as it was before the import") end
  return found
end

-- Alma itself refuses to delete a title that has inventory, so one that got some since stays.
local function delete_title(job)
  local ok, message, code, detail = alma.bibs.delete(job.client, job.mms_id)
  if ok or code == "missing" then return {} end
  return nil, message, code, detail
end

local function restore_record(job, row)
  local bib, message, code = bib_record.read(job)
  if not bib then return nil, message, code end
  if bib_record.same(bib.record, row.before) then return {} end
  if not bib_record.same(bib.record, row.after) then
    return changed_record(row, bib.record)
  end
  local record = bib_record.with_version(bib_record.of(row.before), bib.record)
  local detail
  bib, message, code, detail = alma.bibs.update(job.client, job.mms_id, record, { validate = false })
  if not bib then return nil, bib_record.refusal(tostring(message), detail), code, detail end
  return {}
end

local function take_record_back(job, change, what)
  local row = row_of(job, change)
  return steps.perform(job, {
    change = change.seq, kind = "undo record", page = 0, keep = function() return {} end,
    call = function()
      if what == "delete" then return delete_title(job) end
      return restore_record(job, row)
    end,
  })
end

-- The title leaves an ingest that nobody will send; with the last one its folder goes.
local function leave(job, change)
  local row = row_of(job, change)
  local folder = folder_of(job, row)
  local ok, message, code = job.journal:write(function(db) return rows.drop(db, job.title.id, change.seq) end)
  if not ok or rows.titles(job.db, row.ingest_id)[1] then return ok, message, code end
  ok, message, code = folders.clean({ storage = job.storage }, folder)
  if not ok then return nil, message, code end
  return job.journal:write(function(db) return rows.remove(db, row.ingest_id) end)
end

function m.take_back(job, change, found)
  local ok, message, code = representation.take_back(job, change, found and found.ids or {})
  if not ok then return nil, message, code end
  if found and found.waiting then
    ok, message, code = look.remove_uploads(job, change)
    if not ok then return nil, message, code end
    ok, message, code = leave(job, change)
    if not ok then return nil, message, code end
  end
  if not (found and found.record) then return true end
  ok, message, code = take_record_back(job, change, found.record)
  return ok and true, message, code
end


local function is_a_page(change, file)
  local stored = file.path and file.path:match "[^/]+$"
  for _, page in ipairs(change.pages) do
    if stored == page.upload_key:match "[^/]+$" and tonumber(file.size) == page.size then return true end
  end
  return false
end

-- Whether a representation that the plan did not find holds one of the planned files: another copy of this run may have sent it.
function m.done_elsewhere(job, change, list)
  local planned = {}
  for _, rep in ipairs(readings.decode(job.title.reading or "[]").representations or {}) do planned[rep.id] = true end
  for _, rep in ipairs(list) do
    local files = not planned[rep.id] and not rep.is_remote and alma.files.list(job.client, job.mms_id, rep.id) or {}
    for _, file in ipairs(files) do
      if is_a_page(change, file) then return true end
    end
  end
  return false
end

function m.describe(spec, change)
  local said = ingest_metadata.headings(spec.metadata)
  return ("a new representation through import profile %s%s%s"):format(spec.profile,
    said[1] and ", with " .. table.concat(said, ", ") or "", change.representation_id and ", made as " .. change.representation_id or "")
end

return m
