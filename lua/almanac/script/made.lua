-- Where the id of a thing stands that a POST made, by what was posted to (OpenAPI and schemas of bibs,
-- conf and users; recorded answers).
local m = {}

-- The last word of the path, the field of the JSON answer (with a dot: a field of a field), and the
-- element of the XML answer.
local PLACES = {
  bibs = { "mms_id", "mms_id" }, holdings = { "holding_id", "holding_id" }, items = { "item_data.pid", "pid" },
  representations = { "id", "id" }, files = { "pid", "pid" }, collections = { "pid.value", "pid" }, sets = { "id", "id" },
  requests = { "request_id", "request_id" }, deposits = { "deposit_id", "deposit_id" },
}

local function field(answer, path)
  for name in path:gmatch "[^.]+" do answer = type(answer) == "table" and answer[name] or nil end
  return type(answer) == "string" and answer or nil
end

---The id of a thing. What was made may name others as well: a request its title.
---@param answer any
---@param kind string as for has_id; of others it is the field `id`
---@return string?
function m.id_in(answer, kind)
  local place = PLACES[kind] or { "id", "id" }
  if type(answer) == "table" then return field(answer, place[1]) end
  return type(answer) == "string" and answer:match(("<%s>(%%w+)</%s>"):format(place[2], place[2])) or nil
end

local function put(answer, kind, id)
  local path = (PLACES[kind] or { "id" })[1]
  local outer, inner = path:match "^([^.]+)%.(.*)$"
  if not outer then
    answer[path] = id
    return
  end
  answer[outer] = type(answer[outer]) == "table" and answer[outer] or {}
  answer[outer][inner] = id
end

-- Behind the first tag, when the thing does not name its id yet.
local function put_text(text, kind, id)
  local name = (PLACES[kind] or { "id", "id" })[2]
  local element = ("<%s>%s</%s>"):format(name, id, name)
  local changed, count = text:gsub(("<%s>[^<]*</%s>"):format(name, name), element, 1)
  if count > 0 then return changed end
  return (text:gsub("(<%a[^<>/]*>)", "%1" .. element, 1))
end

---Whether things of a kind have an id that is known here.
---@param kind string the word of the path that stands before the id, "bibs"
---@return boolean
function m.has_id(kind) return PLACES[kind] ~= nil end

---Puts an id into a thing.
---@param thing table|string a table is changed in place; text is XML
---@param kind string as for has_id; of others it is the field `id`
---@param id string
---@return table|string thing
function m.with_id(thing, kind, id)
  if type(thing) == "string" then return put_text(thing, kind, id) end
  put(thing, kind, id)
  return thing
end

return m
