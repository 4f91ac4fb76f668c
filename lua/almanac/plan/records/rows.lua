-- The rows of a list as records: CSV in any spelling, .xlsx, .ods.
local row = require "almanac.row"
local sheet = require "almanac.sheet"

local m = {}

-- Headings of the column that says which record a row is, the likeliest first. Without one the first match key that the
-- recipe gives the row is its identifier.
local IDENTIFIERS = { "identifier", "recordid", "recordidentifier", "objectid", "originatingrecordid", "originatingsystemid", "id",
  "mmsid", "mmsrecordid", "barcode", "dcidentifier" }
local STAMPS = { "datestamp", "lastmodified", "lastmodifieddate", "modificationdate", "modifieddate" }

local WANTED = {}
for _, name in ipairs(IDENTIFIERS) do WANTED[name] = { name } end

local function column_of(list, names)
  for _, name in ipairs(names) do
    for i, heading in ipairs(list.head) do
      if sheet.plain(heading) == name then return i end
    end
  end
end

local function no_column(list, id)
  return nil, ("%s: has no column '%s': %s; name one with --records-id"):format(list.name, id, list:others(id)), "parse"
end

local methods = {}

local function filled(cell)
  local text = sheet.clean(cell)
  return text ~= "" and text or nil
end

function methods:next()
  local cells, message, code = self.list:next()
  if not cells then
    if not code and self.count == 0 then return nil, self.list.name .. ": there is no row in it", "parse" end
    return nil, message, code
  end
  self.count = self.count + 1
  local clean = {}
  for i in ipairs(self.list.head) do clean[i] = sheet.clean(cells[i]) end
  return { identifier = self.identifier and filled(cells[self.identifier]), datestamp = self.stamp and filled(cells[self.stamp]),
    deleted = false, format = "row", content = row.encode(self.list.head, clean), place = ("%s %d"):format(self.list.unit, cells.line) }
end

-- How the list was read. Of columns with one heading all are read here.
function methods:close()
  self.remarks = {}
  for _, text in ipairs(self.list.notes) do
    if not text:find "; the first is read$" then table.insert(self.remarks, (text:gsub("%-%-sheet", "--records-sheet"))) end
  end
end

---@param path string
---@param given { id: string?, sheet: string?, charset: string? } id: the heading of the column with the identifier
---@return table|nil source
---@return string? message
---@return string? code
function m.open(path, given)
  local wanted = given.id and { id = { sheet.plain(given.id) } } or WANTED
  local list, message, code = sheet.open(path, { wanted = wanted, sheet = given.sheet, charset = given.charset })
  if not list then return nil, (message:gsub("%-%-sheet", "--records-sheet")), code end
  if not list.head then list.head = { "identifier" } end   -- single cells are the identifiers themselves
  local identifier = column_of(list, given.id and { sheet.plain(given.id) } or IDENTIFIERS)
  if not identifier and given.id then return no_column(list, given.id) end
  local source = { list = list, identifier = identifier, stamp = column_of(list, STAMPS), count = 0 }
  return setmetatable(source, { __index = methods })
end

return m
