-- What changes of records are given: a record of a source or a table of its values, and set, add and remove. Inside, they
-- are brought into the plain form of almanac.record_edit, and a record is made once, so that a mistake is told where the
-- recipe makes it. Outside, data that claim to be of that form are looked at.
local edit = require "almanac.record_edit"
local source_record = require "almanac.recipe.inside.source_record"
local views = require "almanac.recipe.inside.record"

local m = {}

local LONGEST = 1 << 20    -- bytes of a record's text

---Each type of field: what it is in words.
---@type table<string, string>
m.types = {
  record = "a record, or a table of its values", set = "a table { [path] = value }", fields = "a list of fields",
  paths = "a list of paths",
}

local PLAIN = { set = edit.set_of, fields = edit.add_of, paths = edit.remove_of }

-- The text of a record that a source gave.
local function text_of(source)
  if not source.content then error("'record' has no fields: its source has deleted it", 0) end
  if source.format == "row" then error("'record' is the row of a list: make a record of it, { [\"dc:title\"] = … }", 0) end
  local view, message = views.new(source.content)
  if not view then error(message, 0) end
  return views.text_of(view)
end

-- A record in the plain form: { text = … }, or the edits that make it.
local function plain_record(given)
  local source = source_record.source(given)
  local text = source and text_of(source) or views.text_of(given)
  return text and { text = text } or edit.edits_of(given)
end

---A field of a change in the plain form. Raises what is wrong with it.
---@param what string of m.types
---@param value any
---@return table
function m.plain(what, value)
  if what == "record" then return plain_record(value) end
  return PLAIN[what](value)
end

---Raises when the record that a change describes can't be made.
---@param change table
function m.check(change)
  if not change.record then return end
  local made, message = edit.make(change, "INSTITUTION")
  if not made then error("the record can't be made: " .. message, 0) end
  if #made:all(edit.is_marc(made) and "..." or "*") == 0 then error("the record is empty", 0) end
end

---Whether a value from a process that is not trusted is of the plain form.
---@param what string
---@param value any
---@return boolean
function m.is_plain(what, value)
  if what == "set" or what == "fields" then return edit.are_rows(value) end
  if what == "paths" then return edit.are_paths(value) end
  if type(value) ~= "table" then return false end
  if type(value.text) == "string" then return next(value, "text") == nil and #value.text <= LONGEST end
  for name in next, value do
    if name ~= "set" and name ~= "add" then return false end
  end
  return edit.are_rows(value.set) and edit.are_rows(value.add)
end

return m
