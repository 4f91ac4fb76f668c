-- Whose deposits or requests are read. Alma gives them person by person and has no call for those of all,
-- so the library names the people: a list, or a set of users that is kept in Alma.
local alma = require "almanac.alma"
local core = require "almanac.core"
local sheet = require "almanac.sheet"

local m = {}

local WANTED = { person = { "primaryid", "primaryidentifier", "userprimaryid", "userid", "useridentifier", "useridentifiers",
  "identifier" } }

local function unique(list)
  local result, seen = {}, {}
  for _, id in ipairs(list) do
    if id ~= "" and not seen[id] then result[#result + 1] = id end
    seen[id] = true
  end
  return result
end

local function of_file(path)
  local list, message, code = sheet.open(path, { wanted = WANTED })
  if not list then return nil, message, code end
  local column = list.columns.person or (not list.head or #list.head == 1) and 1
  if not column then
    return nil, ("%s: which column has the people's identifiers? %s; head it primary_id"):format(path, list:others "primary_id"), "parse"
  end
  local rows
  rows, message, code = sheet.all(list)
  if not rows then return nil, message, code end
  local ids = {}
  for i, cells in ipairs(rows) do ids[i] = sheet.clean(cells[column]) end
  return ids
end

-- Alma's documentation does not say what the id of a member of a set of users is. It is taken for the
-- primary identifier; a wrong one is a person whom Alma does not know, which is told.
local function of_set(client, name)
  local set, message, code = alma.sets.find(client, name)
  if not set then return nil, message, code end
  local members
  members, message, code = alma.sets.members(client, set.id)
  return members, message, code
end

---The people that --records-people names.
---@param client almanac.alma.client
---@param given string a file, identifiers with commas between, or set:NAME
---@return string[]|nil ids
---@return string? message
---@return string? code
function m.list(client, given)
  local ids, message, code
  local set = given:match "^set:(.+)$"
  if set then
    ids, message, code = of_set(client, set)
  elseif core.files.stat(given) then
    ids, message, code = of_file(given)
  else
    ids = {}
    for id in given:gmatch "[^,]+" do ids[#ids + 1] = id:match "^%s*(.-)%s*$" end
  end
  if not ids then return nil, "--records-people: " .. message, code end
  ids = unique(ids)
  if not ids[1] then return nil, "--records-people: names nobody", "missing" end
  return ids
end

return m
