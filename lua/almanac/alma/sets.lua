-- Sets: found, made, filled, changed and deleted (OpenAPI conf, /conf/sets).
local change = require "almanac.alma.sets_change"
local client_module = require "almanac.alma.client"
local coded = require "almanac.alma.coded"
local fields = require "almanac.fields"
local members = require "almanac.alma.sets_members"
local named = require "almanac.alma.named"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"

local m = {}

local NAME_TAKEN = "402263"

---A set by its id.
---Source: OpenAPI conf, GET /conf/sets/{set_id}.
---@param client almanac.alma.client
---@param id string
---@return table|nil set { id, name, type { value }, content { value }, number_of_members { value }, … }; see rest_set
---@return string? message
---@return string? code "missing"
---@return almanac.alma.detail? detail
function m.get(client, id)
  return client:call { path = table.pack("conf", "sets", id), kind = "set", id = id }
end

---All sets that fit.
---Source: OpenAPI conf, GET /conf/sets.
---@param client almanac.alma.client
---@param filters { content_type: string?, set_type: "ITEMIZED"|"LOGICAL"|nil, q: string?, set_origin: "UI"|"UI_CZ"|nil }?
---  content_type: a code of the table SetContentType (BIB_MMS, IED, ITEM …); q: words of the name or creator, "name~maps"
---@return table[]|nil sets
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, filters)
  return paging.all(client, {
    path = { "conf", "sets" }, query = filters, kind = "sets", key = "set", identify = function(set) return set.id end,
  })
end

local function search(client, name)
  return {
    what = "set", wanted = name, get = function(id) return m.get(client, id) end,
    list = function(query) return m.list(client, query) end, identify = function(set) return set.id end,
  }
end

---A set by its id, or by its name as Alma shows it.
---@param client almanac.alma.client
---@param id_or_name string
---@return table|nil set with `id`, `name`, `number_of_members`
---@return string? message names similar sets when there is none of this name
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.find(client, id_or_name)
  fields.text("sets.find: id_or_name", id_or_name)
  return named.find(search(client, id_or_name))
end

---All members of a set.
---Source: OpenAPI conf, GET /conf/sets/{set_id}/members.
---@param client almanac.alma.client
---@param set_id string
---@return { id: string, description: string? }[]|nil members
---@return { offset: integer, message: string, id: string? }[]|string broken members that Alma
---  can't give, in its words; or the message
---@return integer|string|nil missing how many more the set counts than it lists; or the code
---@return almanac.alma.detail? detail
function m.members(client, set_id)
  return members.list(client, set_id)
end

local FIELDS = { name = "string", description = "string", content = "string", query = "string", note = "string",
  private = "boolean", status = "string", members = "table", id_type = "string", fail_on_invalid_id = "boolean" }
local FROM = { from_logical_set = "string", combine = "string", set1 = "string", set2 = "string", filter_set = "string",
  indication_rule = "string", job_instance_id = "string", population = "string", nz_set_from_iz_set = "string" }
local CHANGES = { name = "string", description = "string", query = "string", note = "string", private = "boolean",
  status = "string" }

-- The code of a truth is the text "true" or "false".
local function flag(value)
  if value ~= nil then return coded.of(tostring(value)) end
end

local function body_of(set)
  return {
    name = set.name, description = set.description, note = set.note, private = flag(set.private), status = coded.of(set.status),
    type = coded.of(set.query and "LOGICAL" or "ITEMIZED"), content = coded.of(set.content or "BIB_MMS"), query = coded.of(set.query),
  }
end

local function check(set, from)
  fields.check("sets.create", set, FIELDS, 3)
  fields.check("sets.create: from", from or {}, FROM, 3)
  if not set.name or set.name == "" then error("sets.create: name must be a string, and not empty", 3) end
  if set.query and set.members then error("sets.create: a set has a query or members, not both", 3) end
end

-- A set of the same name that holds other things is not the one that is wanted.
local function other(found, set, from)
  local kind, content = coded.value(found.type), coded.value(found.content)
  if from then return nil end
  local wanted = set.query and "LOGICAL" or "ITEMIZED"
  if kind and kind ~= wanted or content and content ~= (set.content or "BIB_MMS") then
    return ("there is a set '%s' already, and it is %s of %s: give another name"):format(set.name, kind, content)
  elseif set.query and coded.value(found.query) and coded.value(found.query) ~= set.query then
    return ("there is a logical set '%s' already, with another query: give another name"):format(set.name)
  end
end

-- Alma refuses a query that it can't read with the words that it has for any set.
local function with_hint(message, set, detail)
  if not set.query or not client_module.has_code(detail, "402265") then return message end
  return message .. "; is its query as sets.get shows that of a set that was made in Alma, with its content in front?"
end

---Makes a set, once: it is known by its name, which Alma lets no two sets have. When there is one of that name, it is
---given, and `members` are added to it; so a script that was killed is simply run again. Without `query` the set is
---itemized. With `from` Alma makes an itemized set of others: { from_logical_set = id }, { combine = "AND"|"OR"|"NOT",
---set1 = id, set2 = id }, { filter_set = id, indication_rule = name } or { job_instance_id = id, population = code }; of a
---set of that name nobody can tell whether it was made in the same way.
---Source: OpenAPI conf, POST /conf/sets and POST /conf/sets/{set_id}.
---@param client almanac.alma.client
---@param set { name: string, description: string?, content: string?, query: string?, note: string?, private: boolean?,
---  status: "ACTIVE"|"INACTIVE"|nil, members: string[]?, id_type: string?, fail_on_invalid_id: boolean? }
---  content: a code of the table SetContentType (BIB_MMS when absent); query: as `get` of a set that was made in Alma
---  shows it, such as BIB_MMS where BIB_MMS ((title CONTAIN "maps"))
---@param from table<string, string>?
---@return table|nil set as Alma has it now
---@return boolean|string there true: it was there before; the message when there is none
---@return almanac.alma.set_change|string|nil members what became of them; or the code: "conflict" when there is another
---  set of this name
---@return almanac.alma.detail? detail
function m.create(client, set, from)
  check(set, from)
  local wanted = search(client, set.name)
  local made, there, code, detail = once.make(client, {
    what = ("set '%s'"):format(set.name), taken = NAME_TAKEN,
    look = function() return named.exact(wanted, true) end, find = function() return named.exact(wanted) end,
    post = function()
      return client:call { method = "POST", path = { "conf", "sets" }, query = from, body = body_of(set), kind = "set" }
    end,
  })
  if not made then return nil, with_hint(there, set, detail), code, detail end
  local words = there and other(made, set, from)
  if words then return nil, words, "conflict" end
  if not set.members then return made, there end
  local result, message
  result, message, code, detail = change.add(client, made.id, set.members,
    { id_type = set.id_type, fail_on_invalid_id = set.fail_on_invalid_id })
  if not result then return nil, message, code, detail end
  return result.set and result.set.id and result.set or made, there, result
end

---Changes a set: it is read, changed and sent back. Type and content of a set can't be changed.
---Source: OpenAPI conf, PUT /conf/sets/{set_id}.
---@param client almanac.alma.client
---@param id string
---@param changes { name: string?, description: string?, query: string?, note: string?, private: boolean?, status: string? }
---@return table|nil set as Alma has it now
---@return string? message
---@return string? code "conflict": another set has the name
---@return almanac.alma.detail? detail
function m.update(client, id, changes)
  fields.check("sets.update", changes, CHANGES, 2)
  local set, message, code, detail = m.get(client, id)
  if not set then return nil, message, code, detail end
  local body = {}
  for name in pairs(CHANGES) do
    local value = changes[name]
    if value == nil then value = coded.value(set[name]) end
    body[name] = value
  end
  body.private, body.status, body.query = flag(body.private), coded.of(body.status), coded.of(body.query)
  return client:call { method = "PUT", path = table.pack("conf", "sets", id), body = body, kind = "set", id = id }
end

---Deletes a set; its members stay. When the answer is lost, Alma is asked whether the set is gone.
---Source: OpenAPI conf, DELETE /conf/sets/{set_id}.
---@param client almanac.alma.client
---@param id string
---@return true|nil
---@return string? message
---@return string? code "missing": there is none
---@return almanac.alma.detail? detail
function m.delete(client, id)
  local ok, message, code, detail = client:call { method = "DELETE", path = table.pack("conf", "sets", id) }
  if ok or not detail.unclear then return ok, message, code, detail end
  local _, _, found = m.get(client, id)
  if found == "missing" then return true, nil, nil, detail end
  return nil, message, code, detail
end

---Adds members to an itemized set, a thousand a call. It may be repeated: what is in the set already is no failure, and
---after a lost answer the set is read. Invalid ids are found by reading the set, or by halving the call.
---Source: OpenAPI conf, POST /conf/sets/{set_id}?op=add_members.
---@param client almanac.alma.client
---@param set_id string
---@param ids string[] MMS IDs, or ids of what the set holds: items, representations, files, collections
---@param options { id_type: string?, fail_on_invalid_id: boolean? }? id_type: BARCODE for items; SYSTEM_NUMBER, OCLC_NUMBER,
---  ISBN, ISSN for titles; fail_on_invalid_id: stops at the first thousand that has an invalid id (Alma's own default)
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code "missing": an id is not valid, or there is no such set
---@return almanac.alma.detail? detail `result` in it tells what was done before
function m.add(client, set_id, ids, options)
  return change.add(client, set_id, ids, options)
end

---Takes members out of an itemized set, a thousand a call. What is not in it is no failure.
---Source: OpenAPI conf, POST /conf/sets/{set_id}?op=delete_members.
---@param client almanac.alma.client
---@param set_id string
---@param ids string[]
---@param options { id_type: string?, fail_on_invalid_id: boolean? }? as for add
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.remove(client, set_id, ids, options)
  return change.remove(client, set_id, ids, options)
end

---Puts members in place of those that the set has: the first thousand replace them, the others are added. When an answer was
---lost, the members are counted in the end. When no id is valid, the set stays as it was; an empty list empties it.
---Source: OpenAPI conf, POST /conf/sets/{set_id}?op=replace_members.
---@param client almanac.alma.client
---@param set_id string
---@param ids string[]
---@param options { id_type: string?, fail_on_invalid_id: boolean? }? as for add
---@return almanac.alma.set_change|nil result
---@return string? message
---@return string? code "conflict": the set has other members than these: run it again
---@return almanac.alma.detail? detail
function m.replace(client, set_id, ids, options)
  return change.replace(client, set_id, ids, options)
end

return require("almanac.alma.area").of("sets", m)
