-- Finds a set or collection by what a person typed: its id or its name. Alma's search by
-- name looks for words, and its rules are not published in full. So the search only saves
-- work: names are compared here, and before "there is none" is said, the whole list is read.
local answers = require "almanac.alma.answers"
local core = require "almanac.core"
local words = require "almanac.words"

local m = {}

local function matching(list, name, fold)
  local found = {}
  for _, entry in ipairs(list) do
    if type(entry.name) == "string" and fold(entry.name) == fold(name) then found[#found + 1] = entry end
  end
  return found
end

local function as_is(text) return text end

local function loosely(text)
  return (core.text.fold(text):gsub("%s+", " "))
end

local function several(search, found)
  local ids = {}
  for i, entry in ipairs(found) do ids[i] = search.identify(entry) or "?" end
  return nil, ("there are %d %ss named '%s': give the id of one (%s)"):format(
    #found, search.what, search.wanted, table.concat(ids, ", ")), "conflict"
end

-- The one match; when there is none or there are several, a message that says so.
local function choose(search, list)
  local found = matching(list, search.wanted, as_is)
  if #found == 0 then found = matching(list, search.wanted, loosely) end
  if #found == 1 then return found[1] end
  if #found == 0 then return nil end
  return several(search, found)
end

local function nothing(search, list)
  local names = {}
  for _, entry in ipairs(list) do names[#names + 1] = entry.name end
  local near = words.nearest(search.wanted, names)
  return nil, ("there is no %s '%s'%s"):format(search.what, search.wanted,
    near and (", did you mean '" .. near .. "'?") or "; give its id, or its name as Alma shows it"), "missing"
end

local function by_name(search)
  local list, message, code, detail = search.list { q = "name~" .. search.wanted }
  if list then
    local entry
    entry, message, code = choose(search, list)
    if entry or code then return entry, message, code end
  elseif code == "auth" or code == "quota" then
    return nil, message, code, detail
  end
  list, message, code, detail = search.list(search.everything)
  if not list and code == "parse" then message = ("%s; give the id of the %s, not its name"):format(message, search.what) end
  if not list then return nil, message, code, detail end
  local entry
  entry, message, code = choose(search, list)
  if entry or code then return entry, message, code end
  return nothing(search, list)
end

---The one entry that has exactly this name. What the search by name gives is read first, and the whole list when that
---gives none; for `quick` the search is enough, since Alma itself lets no two have one name.
---@param search almanac.alma.search
---@param quick boolean?
---@return table|nil entry of the list
---@return string? message
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.exact(search, quick)
  local enough = false
  for _, query in ipairs { { q = "name~" .. search.wanted }, search.everything or {} } do
    if enough then break end
    local list, message, code, detail = search.list(query)
    if not list and (not query.q or code == "auth" or code == "quota") then return nil, message, code, detail end
    enough = quick and list ~= nil   -- a search that failed says nothing
    local found = matching(list or {}, search.wanted, as_is)
    if found[2] then return several(search, found) end
    if found[1] then return found[1] end
  end
  return nil, ("there is no %s '%s'"):format(search.what, search.wanted), "missing"
end

---What `list` of a search is where Alma has no search by name: the whole list, which is read once.
---@param read fun(): table[]?, string?, string?, almanac.alma.detail?
---@return fun(): table[]?, string?, string?, almanac.alma.detail?
function m.listing(read)
  local list
  return function()
    if list then return list end
    local message, code, detail
    list, message, code, detail = read()
    return list, message, code, detail
  end
end

---@class almanac.alma.search
---@field what string "set" or "collection"
---@field wanted string what the person typed
---@field get fun(id: string): table?, string?, string?, almanac.alma.detail?
---@field list fun(query: table?): table[]?, string?, string?, almanac.alma.detail?
---@field everything table? the query that lists all
---@field identify fun(entry: table): string?

---@param search almanac.alma.search
---@return table|nil entry as `get` gives it
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.find(search)
  if answers.is_id(search.wanted) then
    local entry, message, code, detail = search.get(search.wanted)
    if entry or code ~= "missing" then return entry, message, code, detail end
  end
  local entry, message, code, detail = by_name(search)
  if not entry then return nil, message, code, detail end
  return search.get(search.identify(entry))
end

return m
