-- Makes rows of what Alma answers: an object's values by their names, in an order that people can read.
local row = require "almanac.row"

local m = {}

-- A coded value is its code; what holds other things is left out.
local function cell_of(value)
  if type(value) == "table" then value = value.value end
  if value == nil or type(value) == "table" or type(value) == "userdata" then return nil end
  return tostring(value)
end

---An object as a row. What it lacks is an empty cell, so that all rows of a source have the same headings.
---@param object table
---@param first string[] names that stand before the others, which follow by the alphabet
---@return string content of almanac.row
function m.row(object, first)
  local headings, cells, seen, others = {}, {}, {}, {}
  local function add(name)
    headings[#headings + 1], cells[#headings + 1] = name, cell_of(object[name])
  end
  for _, name in ipairs(first) do
    seen[name] = true
    add(name)
  end
  for name, value in pairs(object) do
    if not seen[name] and cell_of(value) and name ~= "link" then others[#others + 1] = name end
  end
  table.sort(others)
  for _, name in ipairs(others) do add(name) end
  return row.encode(headings, cells)
end

---A value of an object as text.
---@param object table
---@param name string
---@return string? text nil when it is absent or empty
function m.text(object, name)
  local text = cell_of(object[name])
  return text ~= "" and text or nil
end

return m
