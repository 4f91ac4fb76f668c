-- Does what somebody else does in Alma meanwhile, or what happens to it: the operations of
-- POST /rehearsal/change. Each takes its fields and gives its result. They are listed in
-- almanac.rehearsal.
local bibs_write = require "almanac.rehearsal.api.bibs_write"
local collections = require "almanac.rehearsal.api.collections"
local core = require "almanac.core"
local deposits = require "almanac.rehearsal.api.deposits"
local faults = require "almanac.rehearsal.faults"
local form_policy = require "almanac.rehearsal.s3.form_policy"
local inventory = require "almanac.rehearsal.world.inventory"
local json = require "almanac.json"
local latency = require "almanac.rehearsal.latency"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local objects = require "almanac.rehearsal.s3.objects"
local remote = require "almanac.rehearsal.remote"
local profiles = require "almanac.rehearsal.api.profile_store"
local requests = require "almanac.rehearsal.api.requests"
local sets = require "almanac.rehearsal.world.sets"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

---@alias almanac.rehearsal.change fun(server: table, change: table): table?

local function add_files(world, rep_id, files)
  local pids = {}
  for i, file in ipairs(files or {}) do
    pids[i] = model.add_file(world, { rep_id = rep_id, name = file.name, label = file.label,
      size = file.size or 1000 })
  end
  return pids
end

---@type almanac.rehearsal.change
function m.add_bib(server, bib)
  local world = server.world
  local mms_id = model.add_bib(world, { mms_id = bib.mms_id, title = bib.title or "A title", format = bib.format,
    oclc = bib.oclc, call_number = bib.call_number })
  if bib.collection then
    world.db:run("INSERT INTO membership(pid, mms_id) VALUES(?, ?)", bib.collection, mms_id)
  end
  return { mms_id = mms_id }
end

---@type almanac.rehearsal.change
function m.change_bib(server, bib)
  server.world:atomically(bibs_write.retitle, server.world, bib.mms_id, bib.title)
end

---@type almanac.rehearsal.change
function m.lock_bib(server, bib)
  server.world.db:run("UPDATE bib SET locked_by = ? WHERE mms_id = ?", bib.by, bib.mms_id)
end

-- The Network Zone gets a record that local ones can be linked to.
---@type almanac.rehearsal.change
function m.add_network_bib(server, bib)
  server.world:set_note("NZ " .. bib.mms_id, bib.title)
end

---@type almanac.rehearsal.change
function m.add_item(server, item)
  return { pid = inventory.add_item(server.world, item) }
end

---@type almanac.rehearsal.change
function m.delete_bib(server, bib)
  model.delete_bib(server.world, bib.mms_id)
end

---@type almanac.rehearsal.change
function m.merge(server, bibs)
  model.merge(server.world, tostring(bibs.from), tostring(bibs.into))
end

---@type almanac.rehearsal.change
function m.add_representation(server, rep)
  local id = model.add_representation(server.world, {
    mms_id = rep.mms_id, library = rep.library or "MAIN", usage_type = rep.usage_type or "DERIVATIVE_COPY",
    label = rep.label, public_note = rep.public_note, created_by = rep.by, modified_by = rep.by,
    remote = rep.repository ~= nil, repository = rep.repository, origin = rep.originating_record_id,
    more = rep.linking_parameters and model.links(rep.linking_parameters),
  })
  local files = rep.files or { rep.file_name and { name = rep.file_name, size = rep.size } }
  return { id = id, files = add_files(server.world, id, files) }
end

---@type almanac.rehearsal.change
function m.change_representation(server, rep)
  server.world.db:run([[UPDATE representation SET label = coalesce(?2, label), public_note = coalesce(?3, public_note),
      usage_type = coalesce(?4, usage_type), modified_by = ?5, more = coalesce(?6, more) WHERE id = ?1]],
    rep.id, rep.label, rep.public_note, rep.usage_type, rep.by or "System",
    rep.linking_parameters and json.encode(model.links(rep.linking_parameters)))
end

---@type almanac.rehearsal.change
function m.delete_representation(server, rep)
  local row = assert(model.representation(server.world, rep.id), "no such representation")
  model.delete_representation(server.world, row, "retain")
end

---@type almanac.rehearsal.change
function m.add_file(server, file)
  return { pid = add_files(server.world, file.representation_id, { file })[1] }
end

---@type almanac.rehearsal.change
function m.delete_file(server, file)
  local row = assert(model.file(server.world, file.pid), "no such file")
  model.delete_file(server.world, row, { representations = "retain", bibs = "retain" })
end

---@type almanac.rehearsal.change
function m.add_collection(server, collection)
  return { pid = collections.add(server.world, collection) }
end

---@type almanac.rehearsal.change
function m.add_to_collection(server, member)
  server.world.db:run("INSERT INTO membership(pid, mms_id) VALUES(?, ?)", member.collection, member.mms_id)
end

---@type almanac.rehearsal.change
function m.remove_from_collections(server, member)
  server.world.db:run("DELETE FROM membership WHERE mms_id = ?", member.mms_id)
end

---@type almanac.rehearsal.change
function m.add_set(server, set)
  local id = sets.add(server.world, set)
  for _, member in ipairs(set.members or {}) do sets.add_member(server.world, id, member) end
  return { id = id }
end

---@type almanac.rehearsal.change
function m.add_to_set(server, member)
  sets.add_member(server.world, member.set, member.mms_id)
end

-- The member keeps its place, and its title becomes one that does not exist.
---@type almanac.rehearsal.change
function m.break_member(server, member)
  local gone = server.world:id "99"
  server.world.db:run("UPDATE set_member SET id = ? WHERE set_id = ? AND id = ?",
    gone, member.set, member.mms_id)
  return { mms_id = gone }
end

---@type almanac.rehearsal.change
function m.add_object(server, object)
  local world, text = server.world, object.text or "made up"
  objects.store(world, { key = object.key, size = #text, etag = core.hash.md5(text), sha256 = core.hash.sha256(text),
    blob = world.blobs:keep(text) })
end

---@type almanac.rehearsal.change
function m.delete_object(server, object)
  objects.delete(server.world, { object_key = object.key })
end

-- The object loses its end, and its ETag stays.
---@type almanac.rehearsal.change
function m.shorten_object(server, object)
  local world = server.world
  local row = assert(model.object(world, object.key), "no such object")
  local kept = { name = row.blob, size = row.size }
  objects.shorten(world, kept)
  world.db:run("UPDATE object SET size = ?, blob = ? WHERE key = ?", kept.size, kept.name, row.key)
end

-- The file loses bytes in storage, and Alma goes on listing it as it was.
---@type almanac.rehearsal.change
function m.break_file(server, file)
  local world = server.world
  local row = assert(model.file(world, file.pid), "no such file")
  world.db:run("UPDATE file SET stored = ? WHERE pid = ?", file.left or 0, row.pid)
end

-- Makes an uploaded image the thumbnail of a file. Nobody knows whether Alma does that.
---@type almanac.rehearsal.change
function m.take_thumbnail(server, change)
  local world = server.world
  local object = model.object(world, change.key)
  if not object then error(("there is no object '%s'"):format(change.key), 0) end
  world.thumbnails = world.thumbnails or {}
  world.thumbnails[change.pid] = core.files.read(world.blobs:path(object.blob))
  objects.delete(world, { object_key = change.key })
end

-- From now on expand=url gives no addresses.
---@type almanac.rehearsal.change
function m.no_addresses(server)
  server.world.no_addresses = true
end

---@type almanac.rehearsal.change
function m.add_request(server, request)
  local fields = { partial_digitization = request.partial and "true" or "false", comment = request.comment,
    copyrights_declaration_signed_by_patron = request.signed ~= nil and tostring(request.signed) or nil }
  return { id = requests.add(server.world, { id = request.id, mms_id = request.mms_id, item_pid = request.item_pid,
    user_id = request.user_id, type = request.type or "DIGITIZATION", fields = fields }) }
end

-- Somebody moves a request to a step of theirs, from 0; back as well.
---@type almanac.rehearsal.change
function m.move_request(server, request)
  server.world.db:run("UPDATE user_request SET step = ?2, ended = 0 WHERE id = ?1", request.id, request.step)
end

---@type almanac.rehearsal.change
function m.add_deposit(server, deposit)
  return { id = deposits.add(server.world, { user_id = deposit.user_id, status = deposit.status or "SUBMITTED", title = deposit.title,
    deposit_profile = deposit.deposit_profile or work.deposit_profiles[1].id, mms_id = deposit.mms_id, rep_id = deposit.rep_id,
    notes = deposit.notes }) }
end

-- An import profile is changed, or there is one more.
---@type almanac.rehearsal.change
function m.profile(server, profile)
  profile.op = nil
  local kept = profiles.set(server.world, profile)
  return { id = kept.id, job_id = kept.job_id }
end

-- Imports refuse the records in which the text stands, with these words.
---@type almanac.rehearsal.change
function m.refuse_rows(server, rule)
  local world = server.world
  world.refused_rows = world.refused_rows or {}
  table.insert(world.refused_rows, { has = rule.has, message = rule.message })
end

-- What was started so far was started so much earlier.
---@type almanac.rehearsal.change
function m.age_jobs(server, change)
  server.world.db:run("UPDATE job_run SET submitted = submitted - ?", change.seconds)
end

-- From now on runs of imports tell which records they refused.
---@type almanac.rehearsal.change
function m.import_events(server)
  server.world.import_events = true
end

---@type almanac.rehearsal.change
function m.faults(server, change)
  server.faults = assert(faults.parse(change.spec, server.options.seed))
end

---@type almanac.rehearsal.change
function m.latency(server, change)
  server.latency = assert(latency.parse(change.spec))
  latency.apply(server.latency, server.world)
end

-- What takes time by the clock, such as a job, is so much further.
---@type almanac.rehearsal.change
function m.clock(server, change)
  server.world.options.clock = change.seconds
end

---@type almanac.rehearsal.change
function m.lists(server, change)
  server.world.lists = assert(lists.parse(change.spec))
end

---@type almanac.rehearsal.change
function m.form_policy(server, change)
  server.world.form_conditions = assert(form_policy.parse(change.spec))
end

---@type almanac.rehearsal.change
function m.rate(server, change)
  server.gate.rate, server.gate.accepted, server.gate.next_slot = change.rate, {}, 1
end

---@type almanac.rehearsal.change
function m.remaining(server, change)
  server.gate.used = server.gate.daily - change.calls
end

-- What somebody else does in a repository beside Alma.
for op, operation in pairs(remote.changes) do m[op] = operation end

return m
