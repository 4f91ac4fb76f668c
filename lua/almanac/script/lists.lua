-- Reads what scripts are given to work on: the titles of a set or list, and lists with columns.
local ids = require "almanac.run.ids"
local sheet = require "almanac.sheet"
local sources = require "almanac.plan.sources"
local words = require "almanac.words"

local m = {}

---The MMS IDs of a set, or of a list.
---@param client fun(): almanac.alma.client is asked for when it is needed
---@param given { set: string?, list: string? }
---@param warn fun(text: string)
---@return string[]|nil ids
---@return string? message
---@return string? code
function m.titles(client, given, warn)
  if (given.set == nil) == (given.list == nil) then return nil, "give a set or a list: --set ID|NAME or --list FILE", "parse" end
  local source, message, code
  if given.set then source, message, code = sources.set(client(), given.set) else source, message, code = sources.list(given.list) end
  if not source then return nil, message, code end
  if source.barcodes then return nil, given.list .. ": has barcodes, but no column mms_id", "parse" end
  for _, note in ipairs(source.notes or {}) do warn(note) end
  for _, broken in ipairs(source.broken) do warn(("%s: a member can't be read: %s"):format(source.words, broken.message)) end
  if source.duplicates > 0 then warn(words.count(source.duplicates, "id is", "ids are") .. " there more than once; each counts once") end
  return source.ids
end

local function wanted_of(names)
  local wanted = {}
  for _, name in ipairs(names) do
    wanted[name] = { sheet.plain(name), table.unpack(sources.headings[name] or {}) }
  end
  return wanted
end

local function column_missing(list, names)
  for _, name in ipairs(names) do
    if not list.columns[name] then
      return ("%s: there is no column %s%s"):format(list.name, name, list.head and "; " .. list:others(name) or
        ("; it begins with a row of headings: " .. table.concat(names, ", ")))
    end
  end
end

-- What no list can mean: a rounded number, an MMS ID with other signs than digits. A script that found it out in the middle
-- would have written half, and a rounded number may end in a record.
local function spoilt(rows, names)
  local wrong = {}
  for _, row in ipairs(rows) do
    for _, name in ipairs(names) do
      local text = row[name]
      local problem = ids.rounded(text) or name == "mms_id" and text:find "%D" and ids.problem(text)
      if problem then wrong[#wrong + 1] = { line = row.line, words = problem } end
    end
  end
  return wrong
end

---The rows of a list with headings (CSV in any spelling, .xlsx, .ods).
---@param path string
---@param names string[] columns that it must have
---@param warn fun(text: string)
---@return { line: integer, [string]: string }[]|nil rows cells by these names, "" where one is empty
---@return string? message
---@return string? code
function m.rows(path, names, warn)
  local list, message, code = sheet.open(path, { wanted = wanted_of(names) })
  if not list then return nil, message, code end
  local missing = column_missing(list, names)
  if missing then return nil, missing, "parse" end
  local rows
  rows, message, code = sheet.all(list)
  if not rows then return nil, message, code end
  for _, note in ipairs(list.notes) do warn(("%s: %s"):format(list.name, note)) end
  for i, row in ipairs(rows) do
    local cells = { line = row.line }
    for _, name in ipairs(names) do cells[name] = sheet.clean(row[list.columns[name]]) end
    rows[i] = cells
  end
  local wrong = spoilt(rows, names)
  if wrong[1] then return nil, ids.tell(wrong, list.name, list.unit), "parse" end
  return rows
end

return m
