-- Puts the record and the items of a title into words for `almanac show`: what a
-- recipe that reads them saw.
local record = require "almanac.record"

local m = {}

local MOST = 200      -- fields of a record that are shown
local LONGEST = 160   -- bytes of a line

local function short(line)
  if #line <= LONGEST then return line end
  local last = utf8.offset(line, 0, LONGEST) or LONGEST
  return line:sub(1, last - 1) .. "…"
end

local function marc_line(field)
  if not field.subfields then return ("%s    %s"):format(field.tag, field.value or "") end
  local parts = {}
  for i, subfield in ipairs(field.subfields) do parts[i] = "$" .. subfield.code .. " " .. subfield.value end
  return ("%s %s%s %s"):format(field.tag, field.indicator1, field.indicator2, table.concat(parts, " "))
end

local function element_line(element)
  local names, parts = {}, {}
  for name in pairs(element.attributes) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("[@%s='%s']"):format(name, element.attributes[name]) end
  return ("%s%s%s  %s"):format(element.prefix and element.prefix .. ":" or "", element.name, table.concat(parts), element.value)
end

---A record, a line a field: tags and subfields, or paths of elements.
---@param text string as the run file keeps it
---@return string[] lines
function m.record(text)
  local found, format = record.parse(text)
  if not found then return { format } end
  local list = format == "marc" and found:fields() or found:elements()
  local write = format == "marc" and marc_line or element_line
  local lines = {}
  for i = 1, math.min(#list, MOST) do lines[i] = short(write(list[i])) end
  if #list > MOST then lines[MOST + 1] = ("and %d more"):format(#list - MOST) end
  return lines
end

---Items, a line each.
---@param items table[]
---@return string[] lines
function m.items(items)
  local lines = {}
  for i, item in ipairs(items) do
    lines[i] = ("%s  %s  %s %s"):format(item.barcode or "no barcode", item.call_number or "", item.library or "",
      item.location or ""):gsub("%s+$", "")
  end
  return lines
end

return m
