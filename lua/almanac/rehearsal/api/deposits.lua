-- /users/{user_id}/deposits and /conf/deposit-profiles. The codes of a deposit's status are not
-- documented: these are made of the words that Alma shows.
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"
local lists = require "almanac.rehearsal.api.lists"
local model = require "almanac.rehearsal.world.model"
local read = require "almanac.rehearsal.api.read"
local shapes = require "almanac.rehearsal.api.shapes_work"
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

local WORDS = { DRAFT = "Draft", SUBMITTED = "Submitted", RETURNED = "Returned", APPROVED = "Approved", DECLINED = "Declined",
  WITHDRAWN = "Withdrawn" }
-- What an operation makes of which.
local OPERATIONS = {
  submit = { DRAFT = "SUBMITTED", RETURNED = "SUBMITTED" },
  withdraw = { DRAFT = "WITHDRAWN", SUBMITTED = "WITHDRAWN", RETURNED = "WITHDRAWN" },
}

local function profile_object(world, profile)
  return {
    link = world:link("/conf/deposit-profiles/" .. profile.id), id = profile.id, name = profile.name, active = true,
    description = profile.description, instructions = profile.instructions, target_format = { value = "DC", desc = "Dublin Core" },
    collection_assignment = { value = world.db:value "SELECT pid FROM collection ORDER BY n LIMIT 1" or "" },
    library = { value = "MAIN", desc = "Main Library" }, approval_method = "MANUAL", unsuppress_on_approval = false,
  }
end

---@type almanac.rehearsal.handler
function m.profiles(world, call)
  local limit, offset = lists.paging(world, call.query)
  if not limit then return offset end
  local wanted = {}
  for _, profile in ipairs(work.deposit_profiles) do
    if (call.query.user_group or "") == "" or call.query.user_group == profile.group then wanted[#wanted + 1] = profile end
  end
  local list = {}
  for i = offset + 1, math.min(#wanted, offset + limit) do list[#list + 1] = profile_object(world, wanted[i]) end
  return { shape = shapes.deposit_profiles, object = { deposit_profile = list, total_record_count = #wanted } }
end

---@type almanac.rehearsal.handler
function m.profile(world, call)
  local profile = work.find(work.deposit_profiles, call.path.id)
  if not profile then return failure.new("401871", "Failed to find the Profile ID.") end
  return { shape = shapes.deposit_profile, object = profile_object(world, profile) }
end

-- ---- deposits ----

local function object_of(world, row)
  local fields = json.decode(row.fields)
  local profile = work.find(work.deposit_profiles, fields.deposit_profile)
  local bib = model.bib(world, fields.mms_id or "")
  return {
    link = world:link(("/users/%s/deposits/%s"):format(row.user_id, row.id)), user_primary_id = row.user_id, deposit_id = row.id,
    title = bib and bib.title or fields.title or "",
    deposit_profile = profile and { value = profile.id, desc = profile.name, link = world:link("/conf/deposit-profiles/" .. profile.id) },
    status = { value = row.status, desc = WORDS[row.status] }, notes = fields.notes or "", mms_id = fields.mms_id, rep_id = fields.rep_id,
    delivery_url = "", submission_date = row.submitted, modification_date = row.modified,
  }
end

local function failed(world, call)
  if not work.people[call.path.user_id] then return failure.new("402238", "Failed to get deposits.") end
  return nil, world
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local query = call.query
  local refusal = failed(world, call)
  if refusal then return refusal end
  local limit, offset = lists.paging(world, query)
  if not limit then return offset end
  local list = {}
  for row in world.db:rows("SELECT * FROM deposit WHERE user_id = ? ORDER BY n", call.path.user_id) do
    if (query.status or "") == "" or query.status == row.status then list[#list + 1] = object_of(world, row) end
  end
  local field = query.order_by == "modification_date" and "modification_date" or "title"
  table.sort(list, function(a, b)
    if query.direction == "DESC" then a, b = b, a end
    return a[field] .. a.deposit_id < b[field] .. b.deposit_id
  end)
  local page = table.move(list, offset + 1, offset + limit, 1, {})
  return { shape = shapes.user_deposits, object = { user_deposit = page, total_record_count = #list } }
end

local function find(world, call)
  return world.db:row("SELECT * FROM deposit WHERE id = ? AND user_id = ?", call.path.deposit_id, call.path.user_id)
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local row = find(world, call)
  if not row then return failure.new("402238", "Failed to get deposit.") end
  return { shape = shapes.user_deposit, object = object_of(world, row) }
end

-- A deposit is of a representation that is there, by a profile that is there.
local function wrong(world, body)
  for _, name in ipairs { "mms_id", "rep_id" } do
    if body[name] and not body[name]:find "^%d+$" then
      return failure.new("402205", ("Input parameter %s (%s) is not numeric."):format(name, body[name]))
    end
  end
  local rep = model.representation(world, body.rep_id or "", body.mms_id)
  if not rep then return failure.new("401666", "rep_id parameter is not valid.") end
  if not work.find(work.deposit_profiles, read.code(body.deposit_profile)) then
    return failure.new("401666", "deposit_profile parameter is not valid.")
  end
end

---Adds a deposit.
---@param world table
---@param deposit { user_id: string, status: string, title: string?, deposit_profile: string, mms_id: string?, rep_id: string?, notes: string? }
---@return string id
function m.add(world, deposit)
  local id, today = world:id "32", world:today()
  world.db:run("INSERT INTO deposit(id, user_id, status, submitted, modified, fields) VALUES(?, ?, ?, ?, ?, ?)", id, deposit.user_id,
    deposit.status, deposit.status ~= "DRAFT" and today or nil, today, json.encode { title = deposit.title, notes = deposit.notes,
      deposit_profile = deposit.deposit_profile, mms_id = deposit.mms_id, rep_id = deposit.rep_id })
  return id
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local refusal = failed(world, call)
  if refusal then return failure.new("401652", "General Error - An error has occurred while creating the deposit.") end
  local body
  body, refusal = read.object(call, shapes.user_deposit)
  if not body then return refusal end
  refusal = wrong(world, body)
  if refusal then return refusal end
  local id = m.add(world, { user_id = call.path.user_id, status = call.query.draft == "true" and "DRAFT" or "SUBMITTED",
    title = body.title, notes = body.notes, deposit_profile = read.code(body.deposit_profile), mms_id = body.mms_id, rep_id = body.rep_id })
  return { shape = shapes.user_deposit, object = object_of(world, world.db:row("SELECT * FROM deposit WHERE id = ?", id)) }
end

---@type almanac.rehearsal.handler
function m.act(world, call)
  local row, operation = find(world, call), OPERATIONS[call.query.op or ""]
  if not row then return failure.new("401652", "General Error - An error has occurred while updating the deposit.") end
  if not operation or not operation[row.status] then return failure.new("401666", "op parameter is not valid.") end
  world.db:run("UPDATE deposit SET status = ?2, modified = ?3, submitted = coalesce(submitted, ?3) WHERE id = ?1", row.id,
    operation[row.status], world:today())
  return { shape = shapes.user_deposit, object = object_of(world, find(world, call)) }
end

m.routes = {
  { "GET /conf/deposit-profiles", m.profiles, "limit offset user_group" },
  { "GET /conf/deposit-profiles/{id}", m.profile, "" },
  { "GET /users/{user_id}/deposits", m.list, "user_id_type status limit offset order_by direction" },
  { "POST /users/{user_id}/deposits", m.create, "user_id_type draft" },
  { "GET /users/{user_id}/deposits/{deposit_id}", m.get, "user_id_type" },
  { "POST /users/{user_id}/deposits/{deposit_id}", m.act, "op user_id_type" },
}

return m
