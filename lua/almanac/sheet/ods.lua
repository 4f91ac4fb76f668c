-- Reads workbooks of LibreOffice and others (OpenDocument): the rows of a table. A cell or row
-- that stands for many equal ones is repeated.
local cell_of = require "almanac.sheet.cell"
local core = require "almanac.core"
local pieces = require "almanac.sheet.pieces"

local m = {}

local REPEATED = 10000      -- equal rows that are not empty, at most

-- Removes the tags around groups of rows, which would leave a piece not well-formed, and the
-- tags within text, which would split a word in two.
local function tidy(piece)
  for _, name in ipairs { "table:table%-header%-rows", "table:table%-row%-group", "table:table%-rows", "text:span", "text:a" } do
    piece = piece:gsub("</?" .. name .. "%f[%s/>][^<>]*>", "")
  end
  piece = piece:gsub("<text:s%f[%s/>]([^<>]*)/>", function(rest)
    return (" "):rep(math.min(tonumber(rest:match 'text:c="(%d+)"') or 1, 1000))
  end)
  return (piece:gsub("<text:tab%s*/>", " "):gsub("<text:line%-break%s*/>", "\n"))
end

local function shown(node)
  local parts = {}
  for _, item in ipairs(node) do
    if item.name == "p" then parts[#parts + 1] = item.text end
  end
  return table.concat(parts, "\n")
end

local function text_in(node)
  local given, text = node.attributes, shown(node)
  local kind = given["office:value-type"]
  if kind == "date" then return given["office:date-value"] and given["office:date-value"]:gsub("T", " ", 1) or text end
  if kind == "boolean" then return (given["office:boolean-value"] or text):upper() end
  local is_number = kind == "float" or kind == "percentage" or kind == "currency"
  if is_number and given["office:value"] and not text:find "^%d+$" then return cell_of.number(given["office:value"]) end
  return given["office:string-value"] or text
end

local function count(node, name)
  return math.tointeger(tonumber(node.attributes[name])) or 1
end

local function take_row(node, line)
  local cells, column = {}, 0
  for _, item in ipairs(node) do
    if item.name == "table-cell" or item.name == "covered-table-cell" then
      local text, n = text_in(item), count(item, "table:number-columns-repeated")
      if text ~= "" and column + n > cell_of.most_columns then
        return nil, ("row %d: a list has at most %d columns"):format(line, cell_of.most_columns), "limit"
      end
      for i = 1, text ~= "" and n or 0 do cells[column + i] = text end
      column = column + n
    end
  end
  cells.hidden = (node.attributes["table:visibility"] or "visible") ~= "visible" or nil
  return cell_of.row(cells, math.min(column, cell_of.most_columns), line)
end

local function copy(row, line)
  local result = table.move(row, 1, #row, 1, {})
  result.line, result.hidden = line, row.hidden
  return result
end

local function rows(text, from, to)
  local next_node = pieces.each(text, "table:table-row", from, to, tidy)
  local line, pattern, left = 0, nil, 0
  return function()
    while true do
      if left > 0 then
        line, left = line + 1, left - 1
        return copy(pattern, line)
      end
      local node, why, kind = next_node()
      if kind then return nil, "content.xml: " .. why, kind end
      if not node then return nil end
      pattern, why, kind = take_row(node, line + 1)
      if not pattern then return nil, why, kind end
      left = count(node, "table:number-rows-repeated")
      if left > REPEATED and pattern[1] then
        return nil, ("row %d: stands for %d rows alike"):format(line + 1, left), "limit"
      end
      if not pattern[1] then line, left = line + left, 0 end
    end
  end
end

---The sheets of a document, in their order.
---@param book table of almanac.sheet.workbook
---@return table[]|nil as of almanac.sheet.xlsx
---@return string? message
---@return string? code
function m.sheets(book)
  local text, message, code = book:read "content.xml"
  if not text then return nil, message, code end
  local root, finish = pieces.root(text)
  if not root or not root:find "^<office:document%-content" then return nil, "content.xml: no document in it", "parse" end
  local list, at = {}, 1
  while true do
    local first, last = text:find("<table:table%s[^<>]*>", at)
    if not first then return list end
    local tag = text:sub(first, last)
    local node, why, kind = core.xml.parse(root .. tag .. (tag:find "/>$" and "" or "</table:table>") .. finish)
    if not node then return nil, "content.xml: " .. why, kind end
    local to = text:find("</table:table>", last, true)
    if not to then return nil, "content.xml: a table has no end", "parse" end
    list[#list + 1] = { name = node[1].attributes["table:name"] or "", hidden = false,
      open = function() return rows(text, last + 1, to - 1) end }
    at = to
  end
end

return m
