-- Checks whether the files of one title are several things: volumes, copies or
-- items, each in a folder of its own or under a number of its own. Only a rule
-- `part` makes representations of them; without it a person decides.
local core = require "almanac.core"
local reasons = require "almanac.run.reasons"

local m = {}

local SHOWN = 4     -- folders in one reason

local function listed(folders, counts)
  local list = {}
  for i = 1, math.min(#folders, SHOWN) do
    list[i] = ("%s (%d)"):format(folders[i] == "" and "the folder itself" or folders[i], counts[folders[i]])
  end
  return table.concat(list, ", ") .. (#folders > SHOWN and (" and %d more"):format(#folders - SHOWN) or "")
end

-- The folders of the files, each once, with how many files are in it.
local function folders_of(files)
  local list, counts = {}, {}
  for _, file in ipairs(files) do
    local folder = file.path:match "^(.*)/" or ""
    if not counts[folder] then list[#list + 1] = folder end
    counts[folder] = (counts[folder] or 0) + 1
  end
  return list, counts
end

-- The folder that holds all of these; "" at the top.
local function common(folders)
  local shared = folders[1]
  for i = 2, #folders do
    while shared ~= "" and folders[i] ~= shared and folders[i]:sub(1, #shared + 1) ~= shared .. "/" do
      shared = shared:match "^(.*)/" or ""
    end
  end
  return shared
end

local function bare(text)
  return (core.text.fold(text):gsub("[%s%p]", ""):gsub("%f[%d]0+(%d)", "%1"))
end

-- Whether the numbers of a key stand in a text, in their order.
local function has_numbers(text, key)
  local wanted, at = {}, 1
  for digits in key:gmatch "%d+" do wanted[#wanted + 1] = digits:gsub("^0+", "") end
  for digits in text:gmatch "%d+" do
    if digits:gsub("^0+", "") == wanted[at] then at = at + 1 end
  end
  return wanted[1] ~= nil and at > #wanted
end

-- Whether a folder is the title's own: its path says the key.
local function says_key(folder, key)
  if folder == "" then return false end
  local wanted = bare(key)
  return wanted ~= "" and bare(folder):find(wanted, 1, true) ~= nil or has_numbers(folder, key)
end

-- Folders of volumes and copies are called by these words in front of their number.
local CALLED = {}
for word in ("c v vol volume volumen bd band tome tom teil heft issue copy kopie copie exemplar"):gmatch "%a+" do CALLED[word] = true end

-- Whether the names of these folders, below the one above them, say that they are several things.
local function are_volumes(folders, above)
  local n = 0
  for _, folder in ipairs(folders) do
    local word = core.text.fold(folder:sub(#above + 1)):match "%f[%a](%a+)[%s%p]*%d+[^/]*$"
    if CALLED[word or ""] then n = n + 1 end
  end
  return n > 1
end

---A doubt when files of one key lie in several folders and none of those above
---them is the title's own, or they are called volumes or copies.
---@param files { path: string }[] of one key
---@param key string
---@return almanac.run.reason? doubt
---@return string? note when they lie below the title's own folder, and their names begin anew in each
function m.several_folders(files, key)
  local folders, counts = folders_of(files)
  if not folders[2] then return nil end
  local above = common(folders)
  local list = {}
  for i, folder in ipairs(folders) do list[i] = { folder, counts[folder] } end
  if not says_key(above, key) or are_volumes(folders, above) then
    return reasons.new("several_folders", { key = key, folders = reasons.some(list, SHOWN) })
  end
  local seen = {}
  for _, file in ipairs(files) do
    local name = file.path:match "[^/]*$"
    if seen[name] then
      return nil, ("files of several folders become one sequence, folder by folder (--part-by folder makes more of it): '%s' has %s")
        :format(key, listed(folders, counts))
    end
    seen[name] = true
  end
end

-- The volume or copy that a name tells in front of a further number: "v2" of 123_v2_001.jpg.
local function volume_of(path)
  local name = core.text.fold(path:match "[^/]*$"):gsub("%.[^.]*$", "")
  for word, number in name:gmatch "%f[%a](%a+)[%s%p]?(%d+)%f[%D][^%d]+%f[%d]" do
    if CALLED[word] then return word .. number:gsub("^0+", "") end
  end
end

---A doubt when the names of one key's files are of several volumes or copies.
---@param files { path: string }[] of one key
---@param key string
---@return almanac.run.reason? doubt
function m.several_names(files, key)
  local list, seen = {}, {}
  for _, file in ipairs(files) do
    local volume = volume_of(file.path)
    if volume and not seen[volume] then list[#list + 1] = { volume, file.path:match "[^/]*$" } end
    seen[volume or ""] = true
  end
  return list[2] and reasons.new("several_volumes", { key = key, volumes = reasons.some(list, SHOWN) }) or nil
end

---A doubt when several of a title's numbers have files, and those are not pages
---of one thing.
---@param groups { key: string, files: { group: integer }[] }[]
---@param are_items boolean the keys are those of items
---@return almanac.run.reason? doubt
function m.several_keys(groups, are_items)
  local list, large = {}, are_items
  for i, group in ipairs(groups) do
    local n = 0
    for _, file in ipairs(group.files) do n = n + (file.group == i and 1 or 0) end
    if n > 0 then list[#list + 1] = { group.key, n } end
    large = large or n > 1
  end
  if not (large and list[2]) then return nil end
  return reasons.new(are_items and "several_items" or "several_numbers", { keys = reasons.some(list, SHOWN) })
end

return m
