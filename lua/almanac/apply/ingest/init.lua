-- Carries out what is done for many titles at once, before apply goes on with each title on its own: ingests through an import
-- profile of Alma. An ingest goes through stages, each written down before the next begins:
--   filling   its titles are chosen; the folder is locked, files are sent, titles are looked at, the metadata file comes last
--   filled    all is there; the lock goes, and from then on Alma may take it
--   starting  the start of the profile's job may have been sent
--   running   the run that takes it is known
--   ended     that run is over
--   done      its titles know what became of them, and its folder is empty
-- A process that is killed at any moment leaves a stage from which the next one goes on, and none sends an ingest that Alma
-- may have taken: a title leaves its ingest only when it is sure that Alma did not import it.
local folders = require "almanac.apply.ingest.folder"
local gather = require "almanac.apply.ingest.gather"
local ingest_metadata = require "almanac.ingest_metadata"
local json = require "almanac.json"
local look = require "almanac.apply.ingest.look"
local members = require "almanac.apply.ingest.members"
local metadata = require "almanac.apply.ingest.metadata"
local profiles = require "almanac.apply.ingest.profile"
local reasons = require "almanac.run.reasons"
local results = require "almanac.apply.ingest.results"
local rows = require "almanac.apply.ingest.rows"
local store = require "almanac.run.store"
local submit = require "almanac.apply.ingest.submit"
local task = require "almanac.task"
local titles = require "almanac.run.titles"
local upload = require "almanac.apply.upload"

local m = {}

local CALLS = 10         -- to Alma that a title takes, at most
local IN_FLIGHT = 16     -- titles whose files are sent, or that are looked at, at a time

local function stop(run, message, code)
  run.stop = run.stop or { message = tostring(message), code = code }
  return false
end

-- Calls `work` for each, several at a time.
local function each(list, work)
  local i = 0
  local failures = task.each(function()
    i = i + 1
    return list[i]
  end, IN_FLIGHT, work)
  if failures[1] then error(failures[1].message, 0) end
end

-- ---- filling ----

local STOPS = { auth = true, quota = true, cancelled = true }

-- Lets a member fall out; a failure that is of no title alone ends the run.
local function fall_out(run, member, message, code)
  if run.journal.broken then return stop(run, run.journal.broken, "io") end
  if STOPS[code] then stop(run, message, code) end
  local ok, why, kind = members.drop(run, member, message, code)
  if not ok then return stop(run, why, kind) end
  member.out = true
end

local function send_files(run, member)
  if not run.claims:take(member.job.title.mms_id) then
    return fall_out(run, member, "another almanac on this machine is at work on this title", "closed")
  end
  member.claimed = true
  local ok, message, code = upload.all(member.job, member.change)
  if not ok and member.job.images_away then return stop(run, message, code) end
  if not ok then fall_out(run, member, message, code) end
end

local function look_again(run, member)
  if member.out then return end
  local seen, message, code = look.title(member.job, member.row, member.change)
  if not seen then return fall_out(run, member, message, code) end
  local ok, why, kind = run.journal:write(function(db) return rows.note_before(db, member.row, seen) end)
  if not ok then return stop(run, why, kind) end
  member.row.present, member.row.before = json.encode(json.array(seen.present)), seen.record
end

local function entry_of(member)
  local change, files = member.change, {}
  for i, page in ipairs(change.pages) do files[i] = { path = page.ingest_path, name = page.name, label = page.label } end
  return { mms_id = not titles.is_new(member.job.title) and member.job.mms_id or nil, number = member.row.number,
    group = ("t%d-%d"):format(member.row.title_id, member.row.change), said = ingest_metadata.decode(change.spec.metadata),
    collection = member.row.number and change.spec.collection or nil, files = files, file_field = change.spec.file_field }
end

-- What a metadata file of these would say; a title whose metadata can't be written falls out.
local function entries_of(run, profile, list)
  local entries = {}
  for _, member in ipairs(list) do
    if not member.out then
      local entry = entry_of(member)
      local text, message = metadata.write(profile.format, { entry })
      if text then entries[#entries + 1] = entry else fall_out(run, member, "metadata: " .. message, "status") end
    end
  end
  return entries
end

local function remove_files_of(run, member)
  for _, page in ipairs(member.change.pages) do
    run.storage:delete(page.upload_key)
    if page.thumbnail then run.storage:delete(page.thumbnail.upload_key) end
  end
end

-- Those that fell out are no members any more.
local function leave_out(run, list)
  for i = #list, 1, -1 do
    if list[i].out then
      remove_files_of(run, list[i])
      if list[i].claimed then run.claims:give(list[i].job.title.mms_id) end
      table.remove(list, i)
    end
  end
end

local function give_up(run, ingest, folder)
  local ok, message, code = folders.clean(run, folder)
  if ok then ok, message, code = run.journal:write(function(db) return rows.remove(db, ingest.id) end) end
  if not ok then return stop(run, message, code) end
  return false
end

local stages = {}

function stages.filling(run, ingest, list)
  local folder, profile = folders.of(run, ingest), run.profiles[ingest.profile]
  local ok, message, code = folders.lock(run, folder)
  if not ok then return stop(run, message, code) end
  each(list, function(member) send_files(run, member) end)
  if run.stop then return false end
  each(list, function(member) look_again(run, member) end)
  if run.stop then return false end
  local entries = entries_of(run, profile, list)
  leave_out(run, list)
  if run.stop then return false end
  if not entries[1] then return give_up(run, ingest, folder) end
  ok, message, code = folders.put_metadata(run, folder, profile.metadata_name, metadata.write(profile.format, entries) --[[@as string]])
  if ok then ok, message, code = rows.set(run, ingest, { stage = "filled" }) end
  return ok or stop(run, message, code)
end

-- ---- submitting ----

-- Whether a file of the ingest is gone from its folder: then Alma has taken it.
local function is_taken(run, ingest, list)
  return function()
    local there, message, code = folders.look(run, folders.of(run, ingest))
    if not there then return nil, message, code end
    for _, member in ipairs(list) do
      for _, page in ipairs(member.change.pages) do
        if not there[page.ingest_path] then return true end
      end
    end
    return false
  end
end

local function refuse_others(run, ingest)
  local others, message, code = folders.others(run, ingest.profile, folders.of(run, ingest))
  if not others then return stop(run, message, code) end
  if not others[1] or run.with_others then return true end
  return stop(run, ("%d ingests of others lie in the folder of import profile %s and would be imported with this one (%s, %d files%s): " ..
    "let them be imported first, or apply with --with-others"):format(#others, ingest.profile, others[1].name, others[1].files,
    others[2] and ", …" or ""), "conflict")
end

-- An ingest that an earlier process filled, and that is locked still, is looked at again: titles may have changed since.
local function is_stale(run, ingest, list)
  if list[1].claimed then return false end
  local there, message, code = folders.look(run, folders.of(run, ingest))
  if not there then return stop(run, message, code) or nil end
  return folders.is_locked(there)
end

function stages.filled(run, ingest, list)
  local stale = is_stale(run, ingest, list)
  if stale == nil then return false end
  if stale then return stages.filling(run, ingest, list) end
  if not refuse_others(run, ingest) then return false end
  local ok, message, code = folders.unlock(run, folders.of(run, ingest))
  if ok then ok, message, code = submit.start(run, ingest, is_taken(run, ingest, list)) end
  return ok or stop(run, message, code)
end

function stages.starting(run, ingest, list)
  local ok, message, code = submit.start(run, ingest, is_taken(run, ingest, list))
  return ok or stop(run, message, code)
end

function stages.running(run, ingest)
  local report, message, code = submit.follow(run, ingest)
  if report then return true end
  return stop(run, ("import profile %s: %s"):format(ingest.profile, message), code)
end

-- ---- what came of it ----

local function is_manual(report) return tostring(report.status):find "^MANUAL" ~= nil end

-- What the run says of a record that it did not import.
local function words_of(report, place)
  for _, values in ipairs(report.events) do
    local text, is_it
    for _, value in ipairs(values) do
      if tonumber(value) then is_it = is_it or tonumber(value) == place else text = text or value end
    end
    if is_it and text then return text end
  end
  local told = {}
  for _, alert in ipairs(report.alerts) do told[#told + 1] = alert end
  for _, counter in ipairs(report.counters) do
    local counts = counter.label:find "attention" or counter.label:find "not imported"
    if counts and counter.value ~= "0" then told[#told + 1] = counter.label .. ": " .. counter.value end
  end
  return table.concat(told, "; ")
end

local function fail(run, ingest, member, report, place)
  local data = { run = ingest.instance, words = words_of(report, place) }
  if is_manual(report) then return members.drop(run, member, reasons.new("ingest_manual", data), "conflict") end
  data.status = report.words or report.status or "?"
  return members.drop(run, member, reasons.new("ingest_refused", data), "status")
end

local function guard_record(run, member, found)
  if not found.changed then return end
  local title = member.job.title
  if run.declared["update-bib"] then
    if found.nothing then found.reason = reasons.new("ingest_file_left", { file = member.change.pages[1].name }) end
    if run.on.record then run.on.record(title, found.changed) end
    return
  end
  found.reason = reasons.new("ingest_changed_record", { what = found.changed })
  run.destroyed = run.destroyed or ("the import profile changed the record of title %s: %s. No more titles go through it: look " ..
    "at the profile in Alma; `almanac undo` puts the record back"):format(title.mms_id, found.changed)
end

local function read_result(run, ingest, member, report, place, there)
  local found, message, code = results.of(member.job, member.row, member.change, there)
  if not found then return stop(run, message, code) end
  guard_record(run, member, found)
  local ok, why, kind
  if found.lost then
    ok, why, kind = members.drop(run, member, reasons.new("ingest_lost", { file = found.lost.name, run = ingest.instance }), "conflict")
  elseif found.nothing and not found.reason then
    ok, why, kind = fail(run, ingest, member, report, place)
  else
    found.made = found.made or {}
    found.mms_id = found.mms_id or member.job.mms_id
    ok, why, kind = members.finish(run, member, found, results.now())
  end
  if not ok then stop(run, why, kind) end
end

function stages.ended(run, ingest, list)
  local folder, report = folders.of(run, ingest), json.decode(ingest.report)
  local there, message, code = folders.look(run, folder)
  if not there then return stop(run, message, code) end
  local open = {}
  for place, member in ipairs(list) do
    if not member.row.ended then open[#open + 1] = { member = member, place = place } end
  end
  each(open, function(one) read_result(run, ingest, one.member, report, one.place, there) end)
  if run.stop then return false end
  local ok = true
  if not is_manual(report) then ok, message, code = folders.clean(run, folder) end
  if ok then ok, message, code = rows.set(run, ingest, { stage = "done" }) end
  run.tried[ingest.profile] = true
  if run.destroyed then stop(run, run.destroyed, "conflict") end
  return ok or stop(run, message, code)
end

-- ---- one after the other ----

local function give_back(run, list)
  for _, member in ipairs(list) do
    if member.claimed then run.claims:give(member.job.title.mms_id) end
  end
end

local function carry_out(run, ingest)
  local list, going = members.of(run, ingest), true
  while going and not run.stop and ingest.stage ~= "done" do going = stages[ingest.stage](run, ingest, list) end
  give_back(run, list)
end

local function read_profile(run, id)
  if run.profiles[id] then return run.profiles[id] end
  local profile, message, code = profiles.read(run.client, id)
  if not profile then return stop(run, message, code) end
  run.profiles[id], run.profiles[profile.id] = profile, profile
  if run.on.profile then run.on.profile(profiles.told(profile)) end
  return profile
end

local function begin(run, batch)
  local profile = run.profiles[batch.profile]
  local ok, message, code = run.limits:allow(CALLS * #batch.members)
  if not ok then return stop(run, message, code) and nil end
  local ingest
  ingest, message, code = rows.add(run, { profile = profile.id, job = profile.job, begun = results.now() }, batch.members)
  if not ingest then return stop(run, message, code) and nil end
  return ingest
end

local function next_ingest(run)
  local open = rows.open(run.db)[1]
  if open then return read_profile(run, open.profile) and open end
  local batch = gather.next(run, function(id) return read_profile(run, id) end)
  return batch and begin(run, batch)
end

local function work(run)
  if not rows.open(run.db)[1] and titles.count(run.db, rows.WAITING) == 0 then return end
  if not (run.storage and run.storage.list) then
    return stop(run, "an ingest needs AWS keys: with an API key alone nobody can unlock its folder (Alma: Configuration > Resources > " ..
      "Resource Configuration > Digital Storage)", "auth")
  end
  while not run.stop do
    local ingest = next_ingest(run)
    if not ingest then return end
    carry_out(run, ingest)
  end
end

---Carries out the ingests of a plan. When one can't go on now, `run.stop` says why.
---@param run almanac.run
function m.run(run)
  if not rows.planned(run.db) then return end
  run.passed, run.profiles, run.declared, run.tried, run.gathered = {}, {}, {}, {}, 0
  for _, effect in ipairs(json.decode(store.meta(run.db, "recipe_effects") or "[]")) do run.declared[effect] = true end
  for row in run.db:rows "SELECT DISTINCT profile FROM ingest WHERE stage = 'done'" do run.tried[row.profile] = true end
  work(run)
end

return m
