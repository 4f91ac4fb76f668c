-- One row of a list as a record: its headings and values in their order, kept as JSON,
-- [["heading", "value"], …]. A heading may stand there several times, as `dc:creator`
-- does in Alma's own lists, and none of the values is lost. Headings count in any
-- spelling: "MMS ID", "mms_id" and "Mms Id" are one.
local json = require "almanac.json"

local m = {}

---Brings a heading into one form.
---@param heading string
---@return string
function m.plain(heading)
  return (heading:gsub("^\u{FEFF}", ""):lower():gsub("[^%w\x80-\xFF]", ""))
end

---Writes a row. Cells without a heading are left out; empty ones with a heading stay.
---@param headings string[]
---@param cells string[] in the same order; nil stands for an empty one
---@return string text
function m.encode(headings, cells)
  local list = json.array {}
  for i, heading in ipairs(headings) do
    if heading ~= "" then list[#list + 1] = json.array { heading, tostring(cells[i] or "") } end
  end
  return json.encode(list)
end

---Reads what m.encode wrote.
---@param text string
---@return string[][] pairs { heading, value }, in order
function m.decode(text)
  return json.written(text)
end

return m
