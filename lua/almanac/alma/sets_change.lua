-- Adds, removes and replaces members of a set. Alma takes a thousand a call, and it refuses the whole call when one of
-- them can't be taken, without saying which. So a refused call is halved until the member stands alone. Where the set's
-- list tells what is in it, and is not long, Alma is asked to leave out what is not valid, and the list is read: that is
-- fewer calls when many are not.
local answers = require "almanac.alma.answers"
local client_module = require "almanac.alma.client"
local fields = require "almanac.fields"
local members = require "almanac.alma.sets_members"
local task = require "almanac.task"

local m = {}

local MOST = 1000      -- members of one call (OpenAPI)
local MOST_READ = 20000   -- members of a set whose list is read to find the invalid ids among those that were sent
local FEW = 16         -- ids that are halved all the same
local LOOKS = 5        -- at the set after a lost answer; the pauses double
local OPTIONS = { id_type = "string", fail_on_invalid_id = "boolean" }

-- What Alma's refusals say of an id (OpenAPI, POST /conf/sets/{set_id}).
local VERDICTS = { ["60116"] = "invalid", ["60120"] = "invalid", ["60115"] = "already", ["60176"] = "already",
  ["60117"] = "already", ["60119"] = "repeated", ["60118"] = "many" }

---@class almanac.alma.set_change
---@field done string[] ids that were added, or removed
---@field already string[] ids that were in the set before; for remove: that were not in it
---@field invalid string[] ids of nothing that the set could hold
---@field repeated string[] ids that were given twice, or mean the same as another one
---@field set table? as Alma gave it last

---@class almanac.alma.set_changing
---@field client almanac.alma.client
---@field set_id string
---@field op "add_members"|"delete_members"|"replace_members"
---@field id_type string?
---@field strict boolean
---@field result almanac.alma.set_change
---@field lost table<string, true> ids whose call was not answered
---@field present table<string, true>? the members, when they were read
---@field reads integer

local function verdict_of(detail)
  for code, verdict in pairs(VERDICTS) do
    if client_module.has_code(detail, code) then return verdict end
  end
end

-- The list of a set tells ids, and of items the barcode as well (rest_member). Other identifiers can't be read from it.
local function field_of(changing)
  if not changing.id_type then return "id" end
  return changing.id_type == "BARCODE" and "description" or nil
end

local function read(changing)
  local field = field_of(changing)
  local list, broken, code, detail = members.list(changing.client, changing.set_id)
  if not list then return nil, broken, code, detail end
  local present = {}
  for _, member in ipairs(list) do present[member[field] or ""] = true end
  for _, member in ipairs(broken) do present[member.id or ""] = true end
  changing.present, changing.reads = present, changing.reads + 1
  return true
end

-- True when the id is as it shall be.
local function is_settled(changing, id)
  if not changing.present then return false end
  return (changing.present[id] ~= nil) == (changing.op ~= "delete_members")
end

local function note(changing, ids, verdict)
  for _, id in ipairs(ids) do
    local list = verdict == "already" and changing.lost[id] and "done" or verdict
    table.insert(changing.result[list], id)
  end
end

-- Notes those that are as they shall be, and gives the others.
local function rest_of(changing, ids)
  local rest, settled = {}, {}
  for _, id in ipairs(ids) do
    if is_settled(changing, id) then settled[#settled + 1] = id else rest[#rest + 1] = id end
  end
  note(changing, settled, "already")
  return rest
end

local function post(changing, ids, leniently)
  local list = {}
  for i, id in ipairs(ids) do list[i] = { id = id } end
  local query = { op = changing.op, id_type = changing.id_type }
  if leniently then query.fail_on_invalid_id = false end
  return changing.client:call {
    method = "POST", path = table.pack("conf", "sets", changing.set_id), query = query,
    body = { members = { member = list } }, kind = "set", id = changing.set_id,
  }
end

-- The list may lag behind a write, so it is read again after growing pauses.
local function look_again(changing)
  if not field_of(changing) or changing.op == "replace_members" or changing.reads >= LOOKS then return false end
  if changing.reads > 0 then task.sleep(changing.client.backoff.first * 2 ^ changing.reads) end
  return read(changing)
end

local settle

local function lose(changing, ids)
  for _, id in ipairs(ids) do changing.lost[id] = true end
end

-- Adding or removing again makes nothing twice: Alma refuses what is so already. Replacing again gives the same.
local function after_loss(changing, ids, tries, message, code, detail)
  lose(changing, ids)
  if tries >= LOOKS then return nil, message, code, detail end
  task.sleep(changing.client.backoff.first * 2 ^ tries)
  if look_again(changing) then ids = rest_of(changing, ids) end
  return settle(changing, ids, tries + 1)
end

local function halve(changing, ids)
  local half = #ids // 2
  local ok, message, code, detail = settle(changing, { table.unpack(ids, 1, half) }, 0)
  if not ok then return nil, message, code, detail end
  return settle(changing, { table.unpack(ids, half + 1) }, 0)
end

local function count_of(set)
  return answers.count(type(set.number_of_members) == "table" and set.number_of_members.value or set.number_of_members)
end

-- Finds in the list which ids were taken; it tells when as many are in it as the set has more than before.
local function sort_out(changing, ids, added)
  for try = 1, LOOKS do
    if try > 1 then task.sleep(changing.client.backoff.first * 2 ^ try) end
    local ok, message, code, detail = read(changing)
    if not ok then return nil, message, code, detail end
    changing.reads = 1
    local taken, left = {}, {}
    for _, id in ipairs(ids) do table.insert(is_settled(changing, id) and taken or left, id) end
    if #taken == added then
      note(changing, taken, "done")
      note(changing, left, "invalid")
      return true
    end
  end
  lose(changing, ids)
  return halve(changing, ids)
end

local function leniently(changing, ids)
  local now = changing.client:call { path = table.pack("conf", "sets", changing.set_id), kind = "set", id = changing.set_id }
  local before = now and count_of(now)
  if not before or before > MOST_READ then return halve(changing, ids) end
  local set, message, code, detail = post(changing, ids, true)
  if not set and detail.unclear then return after_loss(changing, ids, 1, message, code, detail) end
  if not set then return halve(changing, ids) end
  local added = (count_of(set) or -1) - before
  changing.result.set = set
  if added == 0 or added == #ids then
    note(changing, ids, added == 0 and "invalid" or "done")
    return true
  end
  return sort_out(changing, ids, added)
end

local function refused(changing, ids, verdict)
  if verdict == "invalid" and changing.op == "add_members" and #ids > FEW and field_of(changing) then
    return leniently(changing, ids)
  end
  if verdict == "already" and look_again(changing) then
    local rest = rest_of(changing, ids)
    if #rest < #ids then return settle(changing, rest, 0) end
  end
  if #ids > 1 then return halve(changing, ids) end
  note(changing, ids, verdict)
  return true
end

-- Does it for these ids, at most a thousand.
function settle(changing, ids, tries)
  if #ids == 0 then return true end
  local set, message, code, detail = post(changing, ids)
  if set then
    note(changing, ids, "done")
    changing.result.set = set
    if changing.op == "replace_members" then changing.op, changing.present = "add_members", nil end
    return true
  end
  if detail.unclear then return after_loss(changing, ids, tries, message, code, detail) end
  local verdict = verdict_of(detail)
  if not verdict or verdict == "invalid" and changing.strict or verdict == "many" and #ids == 1 then
    return nil, message, code, detail
  end
  return refused(changing, ids, verdict)
end

-- Each id once, in the order given.
local function distinct(changing, ids)
  local list, seen = {}, {}
  fields.list("sets: ids", ids, 4)
  for i, id in ipairs(ids) do
    if type(id) ~= "string" then error(("sets: id %d is a %s; ids are strings"):format(i, type(id)), 4) end
    table.insert(seen[id] and changing.result.repeated or list, id)
    seen[id] = true
  end
  return list
end

local function begin(client, set_id, op, options)
  options = options or {}
  fields.check("sets", options, OPTIONS, 4)
  return {
    client = client, set_id = set_id, op = op, id_type = options.id_type, strict = options.fail_on_invalid_id == true,
    result = { done = {}, already = {}, invalid = {}, repeated = {} }, lost = {}, reads = 0,
  }
end

local function carry_out(changing, ids)
  local list = distinct(changing, ids)
  for first = 1, #list, MOST do
    local chunk = rest_of(changing, { table.unpack(list, first, math.min(first + MOST - 1, #list)) })
    local ok, message, code, detail = settle(changing, chunk, 0)
    if not ok then
      if detail then detail.result = changing.result end
      return nil, message, code, detail
    end
  end
  return changing.result
end

---@param client almanac.alma.client
---@param set_id string
---@param ids string[]
---@param options table?
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.add(client, set_id, ids, options)
  return carry_out(begin(client, set_id, "add_members", options), ids)
end

---@param client almanac.alma.client
---@param set_id string
---@param ids string[]
---@param options table?
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.remove(client, set_id, ids, options)
  return carry_out(begin(client, set_id, "delete_members", options), ids)
end

-- Removes all that is in the set.
local function empty(client, set_id)
  local list, message, code, detail = members.list(client, set_id)
  if not list then return nil, message, code, detail end
  local ids = {}
  for i, member in ipairs(list) do ids[i] = member.id end
  return m.remove(client, set_id, ids)
end

-- A replacing call whose answer was lost may still come behind those that added the rest, so the members are counted then.
local function confirm(changing)
  local wanted = #changing.result.done
  for try = 1, LOOKS do
    if try > 1 then task.sleep(changing.client.backoff.first * 2 ^ try) end
    local list, broken, missing, detail = members.list(changing.client, changing.set_id)
    if not list then return nil, broken, missing, detail end
    if #list + #broken + missing == wanted then return changing.result end
  end
  return nil, ("set %s: it has not the %d members that were put into it: try again"):format(changing.set_id, wanted), "conflict"
end

---@param client almanac.alma.client
---@param set_id string
---@param ids string[]
---@param options table?
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.replace(client, set_id, ids, options)
  fields.list("sets: ids", ids, 3)
  if #ids == 0 then return empty(client, set_id) end
  local changing = begin(client, set_id, "replace_members", options)
  local result, message, code, detail = carry_out(changing, ids)
  if not result or not next(changing.lost) then return result, message, code, detail end
  return confirm(changing)
end

return m
