-- What rules have as `record`: a record of a source, be it MARC, Dublin Core, MODS or the
-- row of a list. It is read like title.record; of a row the path is a heading, in any
-- spelling. A record that its source has deleted has no fields, only its identifier.
local headings = require "almanac.row"
local views = require "almanac.recipe.inside.record"

local m = {}

local sources = setmetatable({}, { __mode = "k" })   -- what a rule holds -> what the source gave
local lazy = {}

-- The value of a heading: an empty text where the cell is empty, nil where there is no such column.
local row_meta = { __metatable = false }

function row_meta.__index(row, heading)
  if type(heading) ~= "string" then return nil end
  return rawget(row, headings.plain(heading))
end

-- The cells of a row by their headings as these are written, and by the one form of these.
local function row_of(source)
  local row = {}
  for _, cell in ipairs(source.cells) do
    for _, name in ipairs { headings.plain(cell[1]), cell[1] } do
      if row[name] == nil or row[name] == "" then row[name] = cell[2] end
    end
  end
  return setmetatable(row, row_meta)
end

local function cells_of(source)
  source.cells = source.cells or headings.decode(source.content)
  return source.cells
end

function lazy.row(source)
  if source.format ~= "row" or not source.content then return nil end
  cells_of(source)
  source.row = source.row or row_of(source)
  return source.row
end

local function view_of(record, level)
  local source = sources[record]
  if source.view == nil then
    local view, message = views.new(source.content)
    if not view then error(("record: %s can't be read: %s"):format(m.name(record), message), level + 1) end
    source.view = view
  end
  return source.view
end

local methods = {}

local function source_of(record, name)
  return sources[record] or error(("record:%s is called with a colon"):format(name), 3)
end

-- All values below a heading that are not empty.
local function cells_below(source, heading)
  local list, wanted = {}, headings.plain(heading)
  for _, cell in ipairs(cells_of(source)) do
    if cell[2] ~= "" and headings.plain(cell[1]) == wanted then list[#list + 1] = cell[2] end
  end
  return list
end

---The first value of a path, as title.record:get; of a row that of a heading.
---@param path string
---@return string? value
function methods:get(path)
  local source = source_of(self, "get")
  if not source.content then return nil end
  if source.format == "row" then return cells_below(source, path)[1] end
  local value = view_of(self, 2):get(path)
  return value
end

---All values of a path, or below a heading.
---@param path string
---@return string[]
function methods:all(path)
  local source = source_of(self, "all")
  if not source.content then return {} end
  if source.format == "row" then return cells_below(source, path) end
  local values = view_of(self, 2):all(path)
  return values
end

-- These are of records with fields or elements; a row or a deleted record has none.
for name, nothing in pairs { control = false, leader = false, fields = true, elements = true } do
  methods[name] = function(self, ...)
    local source = source_of(self, name)
    if not source.content or source.format == "row" then return nothing and {} or nil end
    local view = view_of(self, 2)
    local value = view[name](view, ...)
    return value
  end
end

local meta = { __metatable = false }

function meta.__index(record, name)
  local source = sources[record]
  if lazy[name] then return lazy[name](source) end
  return methods[name]
end

---A record for rules.
---@param data { identifier: string?, datestamp: string?, deleted: boolean?, sets: string[]?, format: string?, content: string?, place: string? }
---@return table record with id, datestamp, deleted, sets, format, place; row, of a list
function m.new(data)
  local record = setmetatable({ id = data.identifier, datestamp = data.datestamp, deleted = data.deleted or false, sets = data.sets or {},
    format = data.format, place = data.place }, meta)
  sources[record] = data
  return record
end

---What a record was made of; nil of anything else.
---@param record any
---@return table? data as m.new takes it
function m.source(record) return sources[record] end

---A record as people know it: its identifier, else where it stands.
---@param record table
---@return string
function m.name(record) return record.id or record.place or "a record without identifier" end

return m
