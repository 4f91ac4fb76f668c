-- Edits of a descriptive record as data: what a recipe says in set, add and remove, in one plain form that a run file keeps,
-- and what they do to a record. The same edits may be done twice, as after an answer that was lost: then the second time
-- changes nothing. So a field that is there already, whole and alike, is not added again.
--   set     list of { path, value }: MARCspec or elements (dc:title); the first value at the path, or a new one
--   remove  list of paths: all that they find
--   add     list of rows: { "856", "40", "u", "https://…" } with indicators, code, value, …; { "dc:subject", "Maps", "xml:lang", "en" }
--           with name, text, attribute, value, …
-- They are done in this order: remove, set, add.
local core = require "almanac.core"
local dc = require "almanac.dc"
local records = require "almanac.record"

local m = {}

local ALMA = "http://alma.exlibrisgroup.com/dc/"   -- and the institution's code
local BOOK = "00000nam a2200000   4500"

---@class almanac.record_edits
---@field set string[][]?
---@field add string[][]?
---@field remove string[]?

---@param record any of core.marc or almanac.dc
---@return boolean
function m.is_marc(record) return type(record) == "userdata" end

-- ---- from what a recipe writes ----

local function fail(text, ...) error(text:format(...), 0) end

local function text_of(value, what)
  if math.type(value) == "integer" then value = tostring(value) end
  if type(value) ~= "string" then fail("%s is text, not a %s", what, type(value)) end
  return value
end

local function sorted_keys(given)
  local keys = {}
  for key in next, given do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

-- A row as it is written: its list, then attributes by name.
local function row_of(given)
  local row = {}
  for i = 1, rawlen(given) do row[i] = text_of(rawget(given, i), "part " .. i .. " of a field") end
  for _, name in ipairs(sorted_keys(given)) do
    row[#row + 1], row[#row + 2] = name, text_of(given[name], "@" .. name)
  end
  if #row < 2 or #row % 2 == 1 then fail("a field is { tag, indicators, code, value, … } or { element, text, attribute = value }") end
  return row
end

-- The row of a path with one value: "856$u", "dc:subject".
local function row_at(path, value)
  local tag, code = path:match "^(%w%w%w)%$(.)$"
  if tag then return { tag, "  ", code, value } end
  if path:find "^00%d$" then return { path, value } end
  if path:find "^[%a_][%w_.:-]*$" then return { path, value } end
  fail("'%s' names no place for a new field: write TAG$x, an element, or { tag, indicators, code, value, … }", path)
end

local function values_of(value, what)
  if type(value) ~= "table" then return { text_of(value, what) } end
  local list = {}
  for i = 1, rawlen(value) do list[i] = text_of(rawget(value, i), what) end
  return list
end

---@param given table path -> value
---@return string[][]
function m.set_of(given)
  if rawlen(given) > 0 then fail "'set' is { [path] = value }" end
  local list = {}
  for i, path in ipairs(sorted_keys(given)) do list[i] = { path, text_of(given[path], "the value of " .. path) } end
  return list
end

---@param given table a row, rows, or path -> value or list of values
---@return string[][]
function m.add_of(given)
  if type(rawget(given, 1)) == "string" then return { row_of(given) } end
  local list = {}
  for i = 1, rawlen(given) do
    if type(rawget(given, i)) ~= "table" then fail "'add' has fields: { { tag, indicators, code, value, … }, … }" end
    list[i] = row_of(rawget(given, i))
  end
  for _, path in ipairs(sorted_keys(given)) do
    for _, value in ipairs(values_of(given[path], "the value of " .. path)) do list[#list + 1] = row_at(path, value) end
  end
  return list
end

---@param given table|string a path, or paths
---@return string[]
function m.remove_of(given)
  return values_of(given, "a path of 'remove'")
end

---The edits that make a record of a table: one value of a path is set, so that 245$a and 245$c come into one field; each of
---several values is a field of its own.
---@param given table
---@return almanac.record_edits
function m.edits_of(given)
  local edits, several = { set = {}, add = {} }, {}
  for i = 1, rawlen(given) do several[i] = rawget(given, i) end
  if type(several[1]) == "string" then several = { several } end
  edits.add = m.add_of(several)
  for _, path in ipairs(sorted_keys(given)) do
    if type(given[path]) ~= "table" then
      edits.set[#edits.set + 1] = { path == "leader" and "LDR" or path, text_of(given[path], "the value of " .. path) }
    else
      for _, value in ipairs(values_of(given[path], "the value of " .. path)) do table.insert(edits.add, row_at(path, value)) end
    end
  end
  return edits
end

-- ---- the record ----

local function is_marc_path(path) return path:find "^%d" ~= nil or path:find "%$" ~= nil or path == "LDR" end

---Whether edits are about a MARC record, by their paths; all of them have to agree.
---@param edits almanac.record_edits
---@return boolean
function m.are_marc(edits)
  local first = edits.set and edits.set[1] or edits.add and edits.add[1] or edits.remove and edits.remove
  return first ~= nil and first[1] ~= nil and is_marc_path(first[1])
end

---An empty record: of MARC a book's, of Dublin Core one of Alma's.
---@param is_marc boolean
---@param institution string its code
---@return any record
function m.new(is_marc, institution)
  if not is_marc then return dc.record { institution = institution } end
  local record = core.marc.new()
  record:set("LDR", BOOK)
  return record
end

-- Elements that stand in no namespace of their own go along with their record.
local function moved(node, from, to)
  if node.namespace == from or node.namespace == nil then node.namespace = to end
  for _, child in ipairs(node) do moved(child, from, to) end
  return node
end

---A record of Dublin Core, from wherever it is, as one of Alma's: its elements, in the namespace of the institution.
---@param record almanac.dc.record
---@param institution string
---@return almanac.dc.record|nil
---@return string? message
function m.of_alma(record, institution)
  local root = record.root
  if record.format ~= "dc" or not (root.name == "record" or root.name == "dc" or root.name == "qualifieddc") then
    return nil, ("a record of <%s> can't become a title: make one of its values, record = { [\"dc:title\"] = … }"):format(root.name)
  end
  local is_alma = (root.namespace or ""):sub(1, #ALMA) == ALMA
  local own = { name = "record", namespace = ALMA .. institution, text = "", attributes = {} }
  for i, node in ipairs(root) do own[i] = moved(node, is_alma and root.namespace or false, own.namespace) end
  return dc.wrap(own)
end

-- ---- doing edits ----

-- What an engine's error says, without where it stands.
local function plain(message)
  local text = tostring(message):gsub("^[^\n]-%.lua:%d+: ", "")
  text = text:match "bad argument #?%d* ?to '[^\n]-' %((.*)%)$" or text
  return (text:gsub("^record:%l+: ", ""))
end

local function field_key(field)
  if field.value then return field.tag .. "\30" .. field.value end
  local parts = { field.tag .. field.indicator1 .. field.indicator2 }
  for _, subfield in ipairs(field.subfields) do parts[#parts + 1] = subfield.code .. "\30" .. subfield.value end
  return table.concat(parts, "\31")
end

local function row_key(row)
  if #row == 2 then return row[1] .. "\30" .. row[2] end
  local parts = { row[1] .. row[2] }
  for i = 3, #row, 2 do parts[#parts + 1] = row[i] .. "\30" .. row[i + 1] end
  return table.concat(parts, "\31")
end

local function add_field(record, row)
  for _, field in ipairs(record:fields(row[1])) do
    if field_key(field) == row_key(row) then return end
  end
  local id, message = record:splice(nil, false, table.unpack(row))
  if not id then fail("%s", message) end
end

local function add_element(record, row)
  local attributes = {}
  for i = 3, #row, 2 do attributes[row[i]] = row[i + 1] end
  for _, one in ipairs(record:elements(row[1])) do
    local same = one.value == row[2]
    for name, value in pairs(one.attributes) do same = same and attributes[name] == value end
    for name, value in pairs(attributes) do same = same and one.attributes[name] == value end
    if same then return end
  end
  record:add(row[1], row[2], attributes)
end

local function do_edits(record, edits)
  for _, path in ipairs(edits.remove or {}) do record:remove(path) end
  for _, pair in ipairs(edits.set or {}) do
    local done, message = record:set(pair[1], pair[2])
    if not done then fail("%s: %s", pair[1], message or "there is nothing to set") end
  end
  for _, row in ipairs(edits.add or {}) do
    if m.is_marc(record) then add_field(record, row) else add_element(record, row) end
  end
end

---Does edits to a record, which is changed.
---@param record any of core.marc or almanac.dc
---@param edits almanac.record_edits
---@return true|nil
---@return string? message what of them can't be done
function m.apply(record, edits)
  local ok, message = pcall(do_edits, record, edits)
  if ok then return true end
  return nil, plain(message)
end

---Makes the record that a change describes.
---@param spec { record: { text: string }|almanac.record_edits, set: string[][]?, add: string[][]?, remove: string[]? }
---@param institution string its code
---@return any record nil when it can't be made
---@return string? message
function m.make(spec, institution)
  local made, message, ok
  if spec.record.text then
    local format
    made, format = records.parse(spec.record.text)
    ok, message = made ~= nil, format
    if made and format ~= "marc" then made, message = m.of_alma(made, institution) end
  else
    made = m.new(m.are_marc(spec.record), institution)
    ok, message = m.apply(made, spec.record)
  end
  if made and ok then ok, message = m.apply(made, spec) end
  if not (made and ok) then return nil, message end
  return made
end

-- ---- what comes from a process that is not trusted ----

local function is_texts(list)
  if type(list) ~= "table" then return false end
  local n = 0
  for key, value in next, list do
    if math.type(key) ~= "integer" or type(value) ~= "string" or not utf8.len(value) then return false end
    n = n + 1
  end
  return n == #list
end

---Whether data are paths, in the plain form.
---@param list any
---@return boolean
function m.are_paths(list) return is_texts(list) end

---Whether data are rows of texts, in the plain form.
---@param list any
---@return boolean
function m.are_rows(list)
  if type(list) ~= "table" then return false end
  for key, row in next, list do
    if math.type(key) ~= "integer" or not is_texts(row) or #row < 2 or #row % 2 == 1 then return false end
  end
  return true
end

return m
