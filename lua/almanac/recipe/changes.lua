-- What a recipe has as `add`: each function describes a change and carries
-- nothing out. A wrong field is told with the nearest right name.
local words = require "almanac.words"

local m = {}

local FIELDS = {
  usage_type = "string", library = "string", label = "string", public_note = "string",
  access_rights = "string", files = "table",
}
local NAMES = { "usage_type", "library", "label", "public_note", "access_rights", "files" }

---The effect that a kind of change needs in the recipe's `effects`.
m.effects = { ["add.representation"] = "add" }

local function check_field(what, name, value)
  local kind = FIELDS[name]
  if not kind then
    local near = words.nearest(tostring(name), NAMES)
    error(("%s: there is no field '%s'%s"):format(what, tostring(name),
      near and (", did you mean '" .. near .. "'?") or ""), 4)
  elseif type(value) ~= kind then
    error(("%s: '%s' is a %s, not a %s"):format(what, name, type(value),
      kind == "string" and "text" or kind), 4)
  end
end

local function check_required(given, name)
  if given[name] == nil or given[name] == "" then
    error(("add.representation: '%s' is missing"):format(name), 4)
  end
end

local function check_representation(given)
  if type(given) ~= "table" then error("add.representation: give it a table, { … }", 3) end
  for name, value in next, given do check_field("add.representation", name, value) end
  check_required(given, "usage_type")
  check_required(given, "library")
  check_required(given, "files")
  if #given.files == 0 then error("add.representation: 'files' is empty", 3) end
end

---Proposes a new representation with files, in the order of the list.
---@param given { usage_type: string, library: string, label: string?, public_note: string?, access_rights: string?, files: table[] }
---  usage_type and library are Alma's codes, access_rights the id of a policy
---@return table change
function m.representation(given)
  check_representation(given)
  return {
    kind = "add.representation", usage_type = given.usage_type, library = given.library, label = given.label,
    public_note = given.public_note, access_rights = given.access_rights, files = given.files,
  }
end

---The names below `add` in a recipe.
m.add = { representation = m.representation }

return m
