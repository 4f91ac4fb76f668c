-- The fields of a representation that a plan can name: what plans call them, what Alma calls them, and when Alma takes
-- them (rest_representation.xsd).
local m = {}

---@class almanac.representation_field
---@field name string in a plan
---@field alma string in Alma
---@field coded boolean? Alma has { value, desc }
---@field made_with boolean? POST takes it, PUT does not
---@field sort "local"|"remote"|nil of which representations; nil: of all

---@type almanac.representation_field[]
m.list = {}

local function add(names, more)
  for name in names:gmatch "%S+" do
    local field = { name = name, alma = name }
    for key, value in pairs(more or {}) do field[key] = value end
    m.list[#m.list + 1] = field
  end
end

add "label"
add("usage_type library", { coded = true })
add "public_note"
add("access_rights", { coded = true, alma = "access_rights_policy_id", sort = "local" })
add("entity_type", { coded = true })
-- Which chapter, article, recording or issue it is.
add "author title volume issue date start_page end_page track start_time end_time number year season_month day_in_month"
add("request_id", { made_with = true, sort = "local" })
add("repository", { coded = true, made_with = true, sort = "remote" })
add("originating_record_id", { made_with = true, sort = "remote" })

---How many linking parameters a remote representation has.
m.LINKS = 5
for i = 1, m.LINKS do add("linking_parameter_" .. i, { sort = "remote" }) end

---The names of those that POST or PUT takes, for local or remote representations; the linking parameters are one
---name, a list.
---@param sort "local"|"remote"
---@param call "POST"|"PUT"
---@return string[]
function m.names(sort, call)
  local names = {}
  for _, field in ipairs(m.list) do
    local link = field.name:match "^linking_parameter_(%d)$"
    local fits = (field.sort or sort) == sort and (call == "POST" or not field.made_with)
    if fits and (not link or link == "1") then names[#names + 1] = link and "linking_parameters" or field.name end
  end
  return names
end

-- A field with nothing in it is one that is not there.
local function text_of(value)
  if type(value) == "table" then value = value.value end
  local kind = type(value)
  if kind == "number" then return tostring(value) end
  return kind == "string" and value ~= "" and value or nil
end

---Whether an answer of Alma is about a remote representation.
---@param rep table
---@return boolean
function m.is_remote(rep)
  return tostring(rep.is_remote) == "true"
end

---The fields of a representation by the names of a plan: none that is empty, and none that is not for its sort (Alma
---says of local ones that their repository is "Alma").
---@param rep table as Alma gives it
---@return table<string, string>
function m.of(rep)
  local fields, sort = {}, m.is_remote(rep) and "remote" or "local"
  for _, field in ipairs(m.list) do
    if (field.sort or sort) == sort then fields[field.name] = text_of(rep[field.alma]) end
  end
  return fields
end

---The same fields as Alma names them, for a call that sets them.
---@param fields table<string, string>
---@return table<string, any>
function m.for_alma(fields)
  local body = {}
  for _, field in ipairs(m.list) do
    local value = fields[field.name]
    if value then body[field.alma] = field.coded and { value = value } or value end
  end
  return body
end

---Linking parameters as a list, up to the last one that is not empty.
---@param fields table<string, string> with linking_parameter_1 and so on
---@return string[]
function m.links(fields)
  local links = {}
  for i = m.LINKS, 1, -1 do
    local value = fields["linking_parameter_" .. i] or ""
    if value ~= "" or links[i + 1] then links[i] = value end
  end
  return links
end

-- What a plan reads of every representation in a place of its own, or under another name.
local BASIC = { label = true, usage_type = true, library = true, access_rights = true, repository = true,
  originating_record_id = true }

---The names of fields that most representations have nothing in.
---@type string[]
m.rare = {}
for _, field in ipairs(m.list) do
  if not BASIC[field.name] and not field.name:find "^linking_" then m.rare[#m.rare + 1] = field.name end
end

---Adds to what a plan reads of a representation the rare fields, and where a remote one is.
---@param entry table
---@param rep table as Alma gives it
---@return table entry
function m.add_rest(entry, rep)
  local fields = m.of(rep)
  for _, name in ipairs(m.rare) do entry[name] = fields[name] end
  if not m.is_remote(rep) then return entry end
  entry.repository, entry.originating_record_id = fields.repository, fields.originating_record_id
  entry.delivery_url, entry.linking_parameters = text_of(rep.delivery_url), m.links(fields)
  return entry
end

---Takes linking parameters apart.
---@param list string[] may have gaps
---@return table<string, string> fields linking_parameter_1 and so on, "" for those that are empty
function m.from_links(list)
  local fields = {}
  for i = 1, m.LINKS do fields["linking_parameter_" .. i] = list[i] or "" end
  return fields
end

return m
