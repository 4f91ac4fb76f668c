-- What a recipe has as `add`, `create`, `replace`, `update`, `delete` and `ingest`: each function
-- describes a change and carries nothing out. A wrong field is told with the
-- nearest right name. A change is plain data: kind, the fields of its kind, and
--   representation  the id of the one that it is about (none for a new one)
--   pid             the file that it is about
--   files           files of the folder that it takes, in page order
--   linking_parameter_1 to _5   the list of linking parameters, taken apart
local ingest_metadata = require "almanac.ingest_metadata"
local kinds = require "almanac.change_kinds"
local record_fields = require "almanac.recipe.inside.record_fields"
local representation_fields = require "almanac.representation_fields"
local row = require "almanac.row"
local source_record = require "almanac.recipe.inside.source_record"
local words = require "almanac.words"

local m = {}

local KINDS = kinds.kinds

-- What a field holds, in words, and what it is in Lua.
local TYPES = {
  text = { "text", "string" }, boolean = { "true or false", "boolean" }, files = { "a list of files", "table" },
  file = { "a file of the folder", "table" }, held = { "a file of the title", "table" },
  rep = { "a representation of the title", "table" }, links = { "a list of texts", "table" },
  metadata = { "a row, a list of rows or a record", "string" },
}
for name, said in pairs(record_fields.types) do TYPES[name] = { said, "table" } end

---What deletes; which of two effects that needs depends on whether a master goes.
local DELETES = { delete = true, ["delete-master"] = true }

---Every effect that a change can have, in the order in which people are told.
---@type string[]
m.all_effects = { "delete-master" }
for _, kind in ipairs(kinds.names) do
  for _, effect in ipairs(KINDS[kind].effects) do
    local known = " " .. table.concat(m.all_effects, " ") .. " "
    if not known:find(" " .. effect .. " ", 1, true) then m.all_effects[#m.all_effects + 1] = effect end
  end
end
table.sort(m.all_effects)

-- What each field of each kind holds, and whether it is needed: taken apart once, since changes are looked at by the thousand.
local FIELDS = {}
for kind, entry in pairs(KINDS) do
  FIELDS[kind] = {}
  for name, text in pairs(entry.fields) do FIELDS[kind][name] = { text:match "%a+", text:find("!", 1, true) ~= nil } end
end

local function field_of(kind, name)
  local field = FIELDS[kind][name]
  if field then return field[1], field[2] end
end

local function names_of(kind)
  local list = {}
  for name in pairs(KINDS[kind].fields) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function fail(level, text, ...) error(text:format(...), level + 1) end

local function check_field(kind, name, value)
  local what = field_of(kind, name)
  if not what then
    local near = words.nearest(tostring(name), names_of(kind))
    fail(4, "%s: there is no field '%s'%s", kind, tostring(name), near and (", did you mean '" .. near .. "'?") or "")
  elseif type(value) ~= TYPES[what][2] and not (what == "metadata" and type(value) == "table") then
    fail(4, "%s: '%s' is a %s, not %s", kind, tostring(name), type(value), TYPES[what][1])
  end
end

-- A list of linking parameters may have gaps, since each has a meaning of its own in the repository's addresses.
local function check_links(kind, list)
  for i, value in next, list or {} do
    if math.type(i) ~= "integer" or i < 1 or i > representation_fields.LINKS then
      fail(4, "%s: 'linking_parameters' has a place '%s': there are 1 to %d", kind, tostring(i), representation_fields.LINKS)
    elseif type(value) ~= "string" then
      fail(4, "%s: 'linking_parameters' has a %s at place %d, not text", kind, type(value), i)
    end
  end
end

local function check_needed(kind, given)
  for _, name in ipairs(names_of(kind)) do
    local _, needed = field_of(kind, name)
    if needed and (given[name] == nil or given[name] == "") then fail(4, "%s: '%s' is missing", kind, name) end
  end
  if given.files and #given.files == 0 then fail(4, "%s: 'files' is empty", kind) end
end

-- Whether there is one of the fields that a kind sets; true of kinds that set none.
local function sets_something(kind, given)
  local sets = KINDS[kind].sets or KINDS[kind].edits
  for _, name in ipairs(sets or {}) do
    if given[name] ~= nil or name == "linking_parameters" and given.linking_parameter_1 then return true end
  end
  return sets == nil
end

local function check(kind, given)
  if type(given) ~= "table" then fail(3, "%s: give it a table, { … }", kind) end
  for name, value in next, given do check_field(kind, name, value) end
  check_needed(kind, given)
  check_links(kind, given.linking_parameters)
  if not sets_something(kind, given) then
    fail(3, "%s: say what to set: %s", kind, table.concat(KINDS[kind].sets or KINDS[kind].edits, ", "))
  end
end

-- What an ingest says of a title when it is a record of the source: that record as it is. Rows of a list may be several.
local function metadata_of(sources)
  local rows = {}
  for i, source in ipairs(sources) do rows[i] = source.format == "row" and source.content and row.decode(source.content) or nil end
  if #rows == #sources then return ingest_metadata.of_cells(rows) end
  if sources[2] then return nil, "metadata: several records can be rows of a list alone" end
  return ingest_metadata.encode(sources[1].content or "")
end

-- The sources of a record, or of a list of records; nil of anything else.
local function sources_of(given)
  local source = source_record.source(given)
  if source then return { source } end
  if type(given) ~= "table" or not source_record.source(given[1]) then return nil end
  local list = {}
  for i, record in ipairs(given) do list[i] = source_record.source(record) end
  return #list == #given and list or nil
end

---What an ingest says of a title, as one text.
---@param given any a row, rows, a record, records of a list, or text
---@param files table[] those of the change
---@return string|nil json
---@return string? problem
function m.metadata_json(given, files)
  local sources = sources_of(given)
  if sources then return metadata_of(sources) end
  return ingest_metadata.encode(given, files)
end

-- Text that names what a change is about.
local function need_id(kind, name, value)
  if type(value) ~= "string" or value == "" then fail(3, "%s: '%s' is none of the title's", kind, name) end
  return value
end

-- What is made new needs no parameter that is empty; one that is changed in place loses those that the list lacks.
local function take_links_apart(change, list)
  change.linking_parameters = nil
  for name, value in next, representation_fields.from_links(list) do
    if value ~= "" or not KINDS[change.kind].makes then change[name] = value end
  end
end

-- Brings what is said of a record into its plain form.
local function describe_record(change)
  for name, value in next, change do
    local what = name ~= "kind" and field_of(change.kind, name)
    if record_fields.types[what] then change[name] = record_fields.plain(what, value) end
  end
  record_fields.check(change)
end

-- What an ingest says of the title, as one text.
local function encoded(kind, given)
  local text, problem = m.metadata_json(given.metadata, given.files)
  if not text then fail(3, "%s: %s", kind, problem) end
  return text
end

-- From what a recipe gives the plain change.
local function described(kind, given)
  check(kind, given)
  local change = { kind = kind }
  for name, value in next, given do change[name] = value end
  if given.representation then change.representation = need_id(kind, "representation", given.representation.id) end
  if given.file then
    change.file, change.pid = nil, need_id(kind, "file", given.file.pid)
    change.representation = need_id(kind, "file", (given.file.representation or {}).id)
  end
  if given.with then change.with, change.files = nil, { given.with } end
  if given.linking_parameters then take_links_apart(change, given.linking_parameters) end
  if given.metadata and KINDS[kind].fields.metadata then change.metadata = encoded(kind, given) end
  local ok, message = pcall(describe_record, change)
  if not ok then fail(2, "%s: %s", kind, message) end
  return change
end

---What a recipe has besides Lua's own: each group of kinds by its name, as `add`
---with a function `file`; a kind that is of no group is a function itself.
---@return table<string, table<string, function>|function>
function m.groups()
  local groups = {}
  for kind in pairs(KINDS) do
    local group, name = kind:match "^(%a+)%.?(.*)$"
    local function describe(given) return described(kind, given) end
    if name == "" then
      groups[group] = describe
    else
      groups[group] = groups[group] or {}
      groups[group][name] = describe
    end
  end
  return groups
end

-- What a kind needs when its field says that nothing is deleted.
local function without_deletion(effects)
  local list = {}
  for _, effect in ipairs(effects) do
    if effect ~= "delete" then list[#list + 1] = effect end
  end
  return list
end

local SPARED = {}
for name, kind in pairs(KINDS) do SPARED[name] = without_deletion(kind.effects) end

---The effects that a change needs in the recipe's `effects`.
---@param change table
---@return string[]? effects nil: there is no such kind
function m.effects(change)
  local kind = KINDS[change.kind]
  if not kind then return nil end
  return kind.spares and change[kind.spares] and SPARED[change.kind] or kind.effects
end

---Whether effects that a recipe declares allow one that a change needs, as far as the change tells by itself: whether
---"delete" is about a master only the title tells (almanac.run.consequences).
---@param declared table<string, boolean>
---@param effect string
---@return boolean
function m.allows(declared, effect)
  return declared[effect] or DELETES[effect] and (declared.delete or declared["delete-master"]) or false
end

---The effects of a kind as the source of a recipe names it: without looking at
---the fields, so those it may have are taken for those it has.
---@param group string "add"
---@param name string|boolean|nil "file"; any other: it can be each of the group
---@return table<string, boolean> sure that all those kinds have
---@return table<string, boolean> possible that one of them has
function m.effects_of(group, name)
  local sure, possible = nil, {}
  for kind, entry in pairs(KINDS) do
    if kind:match "^%a+" == group and (not KINDS[group .. "." .. tostring(name)] or kind == group .. "." .. name) then
      local these = {}
      for _, effect in ipairs(entry.effects) do
        possible[effect] = true
        these[effect] = not sure or sure[effect]
      end
      sure = these
    end
  end
  possible["delete-master"] = possible.delete
  return sure or {}, possible
end

local IDS = { representation = true, pid = true }

-- Which fields of its kind a change has these for.
local STANDS_FOR = { representation = { "representation", "file" }, pid = { "file" }, files = { "files", "with" } }

local LINK = representation_fields.from_links {}

-- Whether a field of the plain change is as `described` makes it.
local function is_right(kind, name, value)
  if name == "kind" then return true end
  if STANDS_FOR[name] then
    local fields, first, second = KINDS[kind].fields, table.unpack(STANDS_FOR[name])
    if not (fields[first] or fields[second]) then return false end
    return type(value) == (name == "files" and "table" or "string") and value ~= ""
  end
  if LINK[name] then return KINDS[kind].fields.linking_parameters ~= nil and type(value) == "string" end
  local what = field_of(kind, name)
  if record_fields.types[what] then return record_fields.is_plain(what, value) end
  if what == "metadata" then return ingest_metadata.is_encoded(value) end
  return what ~= nil and type(value) == TYPES[what][2] and (what == "text" or what == "boolean")
end

---Whether data that comes from a recipe's process is a change as this module
---describes them, with the fields of its kind and no others.
---@param change any
---@return boolean
function m.is_change(change)
  local kind = type(change) == "table" and KINDS[change.kind]
  if not kind then return false end
  for name, value in next, change do
    if not is_right(change.kind, name, value) then return false end
  end
  local fields = kind.fields
  if (fields.files or fields.with) and not (change.files and change.files[1]) then return false end
  if fields.with and change.files[2] then return false end
  if (fields.file or fields.representation) and not change.representation then return false end
  if fields.file and not change.pid then return false end
  for name in pairs(fields) do
    local what, needed = field_of(change.kind, name)
    if needed and (what == "text" or record_fields.types[what]) and not change[name] then return false end
  end
  return sets_something(change.kind, change)
end

---What of a change says what is to be made, without what it is about: the same
---for many titles.
---@param change table
---@return table spec
function m.spec(change)
  local spec = {}
  for name, value in next, change do
    if not (IDS[name] or name == "files" or name == "kind") then spec[name] = value end
  end
  return spec
end

local function holds(spec, other)
  for name, value in next, spec do
    if other[name] ~= value and not (IDS[name] or name == "files") then return false end
  end
  return true
end

---Whether two changes say that the same is to be made.
---@param change table
---@param other table
---@return boolean
function m.is_alike(change, other)
  return holds(change, other) and holds(other, change)
end

return m
