-- Chooses names of a folder to try recipes on. Names of the usual form come first, and each folder
-- at the top is represented.
local core = require "almanac.core"
local objects = require "almanac.recipe.inside.objects"

local m = {}

---How many names of a folder are tried.
m.most = 200
local MOST_WALKED = 100000
local MOST_LISTS = 5

-- The form of a name: every number becomes one sign, and every word another.
local function form_of(name)
  return (name:gsub("%d+", "0"):gsub("[%a\x80-\xff]+", "a"))
end

-- Names of the commonest form first, those of rare forms last.
local function commonest_first(names)
  local counts, place = {}, {}
  for i, name in ipairs(names) do
    counts[form_of(name)] = (counts[form_of(name)] or 0) + 1
    place[name] = i
  end
  table.sort(names, function(a, b)
    local x, y = counts[form_of(a)], counts[form_of(b)]
    if x ~= y then return x > y end
    return place[a] < place[b]
  end)
end

-- A part of the list, spread evenly.
local function some(all)
  local step, list = math.max(1, #all / m.most), {}
  for i = 1, math.min(#all, m.most) do list[i] = all[math.floor((i - 1) * step) + 1] end
  commonest_first(list)
  return list
end

-- The folders at the top by name, each with the paths of its files.
local function parts_of(paths)
  local parts, by_name = {}, {}
  for _, path in ipairs(paths) do
    local name, rest = path:match "^([^/]+)/(.+)$"
    if name and not by_name[name] then
      by_name[name] = { name = name, paths = {} }
      parts[#parts + 1] = by_name[name]
    end
    if name then table.insert(by_name[name].paths, rest) end
  end
  return parts
end

local function case_of(paths, folder, lists)
  return { names = some(paths), total = #paths, lists = lists, folder = folder, paths = paths, ignored = {} }
end

local LISTS = { csv = true, tsv = true, xlsx = true, ods = true }

-- True when a file at the top of the folder may be a list of its files.
local function is_list(path)
  local ext = path:match "^[^/]+%.(%w+)$"
  return ext ~= nil and LISTS[ext:lower()] == true
end

local LINK_OUT = "a link that leads out of the folder"   -- the walk's own words

---Chooses names from all of a folder, those of the commonest form first.
---@param folder string
---@return { names: string[], total: integer, lists: string[], folder: string, paths: string[], ignored: string[] }|nil found
---  total: files there are; lists: CSV files and workbooks at its top; paths: all names; ignored: what was not looked at, in words
---@return string? message
---@return string? code
function m.look(folder)
  local walk, message, code = core.files.walk(folder, nil, { within = true })
  if not walk then return nil, message, code end
  local all, lists, odd, unread, out, more = {}, {}, 0, 0, 0, false
  for path, size, problem in function() return walk:next() end do
    more = #all == MOST_WALKED
    if more then break end
    local is_name = core.text.valid(path) and not path:find "%c"
    if size and is_name then all[#all + 1] = path
    elseif size then odd = odd + 1
    elseif problem == LINK_OUT then out = out + 1
    else unread = unread + 1 end
    if is_list(path) and #lists < MOST_LISTS then lists[#lists + 1] = folder:gsub("/+$", "") .. "/" .. path end
  end
  local found = case_of(all, folder, lists)
  local count = require("almanac.words").count
  if odd > 0 then table.insert(found.ignored, count(odd, "file") .. " with a name that can't be sent") end
  if out > 0 then table.insert(found.ignored, count(out, "link that leads", "links that lead") .. " out of the folder") end
  if unread > 0 then table.insert(found.ignored, count(unread, "file or folder", "files or folders") .. " that can't be read") end
  if more then table.insert(found.ignored, ("what comes behind the first %d files"):format(MOST_WALKED)) end
  return found
end

---Makes a case of each folder at the top, with the same titles.
---@param case table from m.look
---@return table[] cases each with its `name`
function m.parts(case)
  local list = {}
  for _, part in ipairs(parts_of(case.paths)) do
    local one = case_of(part.paths, case.folder:gsub("/+$", "") .. "/" .. part.name, {})
    one.name, one.titles = part.name, case.titles
    list[#list + 1] = one
  end
  return list
end

---The extension that most names have.
---@param names string[]
---@return string ext "" when there is none
function m.usual_extension(names)
  local counts, best = {}, ""
  for _, name in ipairs(names) do
    local ext = objects.file(name).ext
    counts[ext] = (counts[ext] or 0) + 1
    if counts[ext] > (counts[best] or 0) then best = ext end
  end
  return best
end

return m
