-- A workbook in memory: finds out its kind, and which of its sheets to read.
local core = require "almanac.core"

local m = {}

local LARGEST = 256 << 20   -- bytes of a part, unpacked
local SMALL = 200
local SAVE = "; save it as .xlsx, .ods or \"CSV UTF-8\""

local methods = {}

---Reads a part of the workbook as text.
---@param part string
---@return string|nil text
---@return string? message
---@return string? code
function methods:read(part)
  local text, message, code = core.unpack.read(self.bytes, part, LARGEST)
  if not text then return nil, message, code end
  if not core.text.valid(text) then return nil, part .. ": is not UTF-8", "parse" end
  return text
end

---Reads a small part of the workbook as a tree.
---@param part string
---@return almanac.xml.node|nil root
---@return string? message
---@return string? code
function methods:parse(part)
  local text, message, code = self:read(part)
  if not text then return nil, message, code end
  local root
  root, message, code = core.xml.parse(text)
  if not root then return nil, part .. ": " .. message, code end
  return root
end

---Is it a zip archive of Excel's or OpenDocument's kind?
---@param bytes string
---@return boolean
function m.looks(bytes)
  local kind = core.unpack.read(bytes, "mimetype", SMALL)
  return kind ~= nil and kind:find "opendocument" ~= nil or core.unpack.read(bytes, "[Content_Types].xml", LARGEST) ~= nil
    or core.unpack.read(bytes, "_rels/.rels", LARGEST) ~= nil
end

local function main_part(book)
  local root, message, code = book:parse "_rels/.rels"
  if not root then return nil, message, code end
  for _, item in ipairs(root) do
    if (item.attributes.Type or ""):find "/officeDocument$" then return (item.attributes.Target or ""):gsub("^/", "") end
  end
  return nil, "names no workbook", "missing"
end

local function sheets_of(book)
  local part, message, code = main_part(book)
  if part and part:find "%.xml$" then return require("almanac.sheet.xlsx").sheets(book, part) end
  if code ~= "missing" and not part then return nil, message, code end
  if message and message:find("libarchive", 1, true) then return nil, message, code end
  local kind
  kind, message, code = core.unpack.read(book.bytes, "mimetype", SMALL)
  if kind and kind:find "opendocument%.spreadsheet" then return require("almanac.sheet.ods").sheets(book) end
  if not kind and code ~= "missing" then return nil, message, code end
  return nil, "is a zip archive, but no workbook that is read here" .. SAVE, "parse"
end

local function quoted(sheets)
  local names = {}
  for i, sheet in ipairs(sheets) do names[i] = "'" .. sheet.name .. "'" end
  return table.concat(names, ", ", 1, math.min(#names, 20))
end

local function choose(sheets, name)
  for _, sheet in ipairs(sheets) do
    if name and sheet.name == name or not name and not sheet.hidden then return sheet end
  end
  for _, sheet in ipairs(sheets) do
    if name and core.text.fold(sheet.name) == core.text.fold(name) then return sheet end
  end
  if not name and sheets[1] then return sheets[1] end
  return nil, name and ("there is no sheet '%s'; there are %s"):format(name, quoted(sheets)) or "there is no sheet in it", "missing"
end

---Opens a sheet of a workbook.
---@param list table that it is for: gets what is to be said of the other sheets
---@param bytes string of the file
---@param name string? of the sheet; nil: the first that is not hidden
---@return fun()|nil next as of almanac.sheet.rows
---@return string? message
---@return string? code
function m.open(list, bytes, name)
  local sheet, source, kind
  local sheets, message, code = sheets_of(setmetatable({ bytes = bytes }, { __index = methods }))
  if sheets then sheet, message, code = choose(sheets, name) end
  if sheet then source, message, code = sheet.open() end
  if not source then return nil, list.name .. ": " .. message, code end
  if #sheets > 1 then
    list.others_of_workbook = ("; the sheet '%s' was read of %s: --sheet NAME takes another"):format(sheet.name, quoted(sheets))
    if not name then
      list.notes[1] = ("%s: the sheet '%s' is read of %s; --sheet NAME takes another"):format(list.name, sheet.name, quoted(sheets))
    end
  end
  return function()
    local row
    repeat
      row, message, kind = source()
      if kind then return nil, list.name .. ": " .. message, kind end
    until not row or row[1]
    return row
  end
end

return m
