-- Reads workbooks of Excel (Office Open XML): the rows of a sheet, with shared and inline
-- strings, and numbers and days as Excel shows them.
local cell_of = require "almanac.sheet.cell"
local pieces = require "almanac.sheet.pieces"
local xml = require "almanac.xml"

local m = {}

local DAYS = { { 14, 22 }, { 27, 36 }, { 45, 47 }, { 50, 58 } }   -- formats that every workbook has

local function ends_in(text, ending) return text and text:sub(-#ending) == ending end

-- The folder of a part, and the path of its relations.
local function place_of(part)
  local folder, name = part:match "^(.*/)([^/]*)$"
  folder, name = folder or "", name or part
  return folder, folder .. "_rels/" .. name .. ".rels"
end

-- The relations of a part, by id and by kind.
local function relations(book, part)
  local folder, path = place_of(part)
  local root, message, code = book:parse(path)
  if not root then return nil, message, code end
  local list = {}
  for _, item in ipairs(root) do
    local target = item.attributes.Target or ""
    list[#list + 1] = { id = item.attributes.Id, kind = item.attributes.Type or "",
      part = target:match "^/(.*)$" or (folder .. target):gsub("[^/]+/%.%./", "") }
  end
  return list
end

local function of_kind(list, ending)
  for _, item in ipairs(list) do
    if ends_in(item.kind, ending) then return item.part end
  end
end

-- ---- strings ----

-- The text of a string in all its runs, without the reading aids of Japanese (rPh).
local function text_of(node)
  local parts = {}
  for _, item in ipairs(node) do
    if item.name == "t" then parts[#parts + 1] = item.text end
    if item.name == "r" then parts[#parts + 1] = text_of(item) end
  end
  return table.concat(parts)
end

local function prefix_of(text, name)
  local tag = pieces.root(text)
  return tag and tag:match("^<(%w+:)" .. name .. "[%s>]") or tag and tag:match("^<()" .. name .. "[%s>]") and ""
end

local function shared_strings(book, part)
  if not part then return {} end
  local text, message, code = book:read(part)
  if not text then return nil, message, code end
  local prefix, list = prefix_of(text, "sst"), {}
  if not prefix then return text:find "<sst[^>]*/>%s*$" and {} or nil, part .. ": no strings in it", "parse" end
  local _, last = text:find(".*</" .. prefix .. "si>")
  local next_string = pieces.each(text, prefix .. "si", 1, last or 0)
  while true do
    local node, why, kind = next_string()
    if kind then return nil, part .. ": " .. why, kind end
    if not node then return list end
    list[#list + 1] = text_of(node)
  end
end

-- ---- formats ----

local function is_day_format(id, codes)
  for _, range in ipairs(DAYS) do
    if id >= range[1] and id <= range[2] then return true end
  end
  return codes[id] ~= nil and cell_of.is_day(codes[id])
end

-- What each style makes of a number, by the style's index: "day", or to how many digits it is
-- filled up with zeros.
local function formats(book, part)
  if not part then return {} end
  local root, message, code = book:parse(part)
  if not root then return nil, message, code end
  local codes, list = {}, {}
  for _, item in ipairs(xml.child(root, "numFmts") or {}) do
    codes[math.tointeger(tonumber(item.attributes.numFmtId)) or -1] = item.attributes.formatCode or ""
  end
  for i, item in ipairs(xml.child(root, "cellXfs") or {}) do
    local id = math.tointeger(tonumber(item.attributes.numFmtId)) or 0
    list[i - 1] = is_day_format(id, codes) and "day" or codes[id] and codes[id]:match "^0+$" and #codes[id] or nil
  end
  return list
end

-- ---- cells ----

local function number(sheet, raw, style)
  local format = sheet.formats[math.tointeger(tonumber(style or "0")) or 0]
  if format == "day" then return cell_of.day(raw, sheet.from_1904) end
  local text = cell_of.number(raw)
  return format and text:find "^%d+$" and ("0"):rep(format - #text) .. text or text
end

local function text_in(sheet, node)
  local kind, value = node.attributes.t or "n", xml.child(node, "v")
  if kind == "inlineStr" then return text_of(xml.child(node, "is") or {}) end
  if not value and not xml.child(node, "f") then return "" end
  if not value then
    return nil, "holds a formula without its value: open the workbook, and save it again"
  end
  if kind == "s" then
    return sheet.strings[(math.tointeger(tonumber(value.text)) or -1) + 1], "names a text that the workbook has not"
  end
  if kind == "b" then return value.text == "1" and "TRUE" or "FALSE" end
  if kind == "n" then return number(sheet, value.text, node.attributes.s) end
  return value.text
end

local function take_row(sheet, node)
  local line = math.tointeger(tonumber(node.attributes.r)) or sheet.line + 1
  local cells, column = {}, 0
  sheet.line = line
  for _, item in ipairs(node) do
    if item.name == "c" then
      column = cell_of.column(item.attributes.r or "") or column + 1
      local text, words = text_in(sheet, item)
      if not text then return nil, ("row %d: the cell %s %s"):format(line, item.attributes.r or column, words), "parse" end
      if text ~= "" and column > cell_of.most_columns then
        return nil, ("row %d: a list has at most %d columns"):format(line, cell_of.most_columns), "limit"
      end
      if text ~= "" then cells[column] = text end
    end
  end
  cells.hidden = node.attributes.hidden == "1" or node.attributes.hidden == "true" or nil
  return cell_of.row(cells, math.min(column, cell_of.most_columns), line)
end

local function rows(book, part, sheet)
  local text, message, code = book:read(part)
  if not text then return nil, message, code end
  local prefix = prefix_of(text, "worksheet")
  if not prefix then return nil, part .. ": no sheet in it", "parse" end
  local _, from = text:find("<" .. prefix .. "sheetData>")
  local to = from and text:find("</" .. prefix .. "sheetData>", from, true)
  if from and not to then return nil, part .. ": the sheet ends within its rows", "parse" end
  local next_node = pieces.each(text, prefix .. "row", from or 1, (to or 1) - 1)
  return function()
    local node, why, kind = next_node()
    if kind then return nil, part .. ": " .. why, kind end
    if node then return take_row(sheet, node) end
  end
end

---The sheets of a workbook, in their order.
---@param book table of almanac.sheet.workbook
---@param part string the workbook's main part
---@return { name: string, hidden: boolean, open: fun(): (fun(): string[]?)? }[]|nil
---@return string? message
---@return string? code
function m.sheets(book, part)
  local root, message, code = book:parse(part)
  if not root then return nil, message, code end
  local list, by_id = {}, {}
  local parts
  parts, message, code = relations(book, part)
  if not parts then return nil, message, code end
  for _, item in ipairs(parts) do
    if item.id and ends_in(item.kind, "/worksheet") then by_id[item.id] = item.part end
  end
  local dates = (xml.child(root, "workbookPr") or { attributes = {} }).attributes.date1904
  local function open(where)
    local sheet = { line = 0, from_1904 = dates == "1" or dates == "true" }
    local why, kind
    sheet.strings, why, kind = shared_strings(book, of_kind(parts, "/sharedStrings"))
    if not sheet.strings then return nil, why, kind end
    sheet.formats, why, kind = formats(book, of_kind(parts, "/styles"))
    if not sheet.formats then return nil, why, kind end
    return rows(book, where, sheet)
  end
  for _, item in ipairs(xml.child(root, "sheets") or {}) do
    local id
    for name, value in pairs(item.attributes) do
      if name:find ":id$" then id = value end
    end
    local where = by_id[id or ""]
    if where then
      list[#list + 1] = { name = item.attributes.name or "", hidden = (item.attributes.state or "visible") ~= "visible",
        open = function() return open(where) end }
    end
  end
  return list
end

return m
