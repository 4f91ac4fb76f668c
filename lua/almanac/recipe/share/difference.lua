-- Shows a person what is different between two versions of a recipe's files. Text is compared line
-- by line (by the program diff), recipe.lua first and in full.
local core = require "almanac.core"
local parcels = require "almanac.recipe.share.parcel"
local plain = require "almanac.recipe.inside.plain"
local shell = require "almanac.shell"
local words = require "almanac.words"

local m = {}

local MOST_LINES = 60      -- lines shown of a file that is not run
local MOST = 32 << 20      -- bytes that diff may write
local SECONDS = 30

local function diff(old, new, path)
  local folder, message = core.files.temp_folder()
  if not folder then return message end
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(folder, { tree = true }) end })
  assert(core.files.write(folder .. "/old", old))
  assert(core.files.write(folder .. "/new", new))
  local result
  result, message = shell.run(("cd %s && LC_ALL=C diff -a -u --label old --label new old new"):format(shell.quote(folder)),
    { seconds = SECONDS, most = MOST })
  if not result then return ("%s: diff %s\n"):format(path, message) end
  return (result.output:gsub("^%-%-%- old\n%+%+%+ new\n", function() return ("--- %s\n+++ %s\n"):format(path, path) end))
end

local function shortened(text)
  local lines = {}
  for line in text:gmatch "[^\n]*\n" do lines[#lines + 1] = line end
  if #lines <= MOST_LINES then return text end
  return table.concat(lines, "", 1, MOST_LINES) .. ("… and %s more\n"):format(words.count(#lines - MOST_LINES, "line"))
end

local function of_file(path, old, new)
  if old == new then return nil end
  if path == "recipe.lua" then return diff(old or "", new or "", path) end
  if not old then return ("new file %s (%s)\n"):format(path, words.bytes(#new)) end
  if not new then return ("no longer there: %s\n"):format(path) end
  if not core.text.valid(old .. new) then return ("%s: %s before, now %s\n"):format(path, words.bytes(#old), words.bytes(#new)) end
  return shortened(diff(old, new, path))
end

local function all_paths(old, new)
  local seen, paths = {}, {}
  for _, parcel in ipairs { old, new } do
    for _, file in ipairs(parcel.files) do
      if not seen[file.path] then paths[#paths + 1] = file.path end
      seen[file.path] = true
    end
  end
  table.sort(paths, function(a, b)
    if (a == "recipe.lua") ~= (b == "recipe.lua") then return a == "recipe.lua" end
    return a < b
  end)
  return paths
end

---The difference of one text, such as that of a recipe that is extended.
---@param old string
---@param new string
---@param name string how the lines name it
---@return string text safe for a terminal
function m.of_text(old, new, name)
  return plain.text(diff(old, new, name))
end

---@param old almanac.recipe.parcel
---@param new almanac.recipe.parcel
---@return string text safe for a terminal; "" when nothing is different
function m.text(old, new)
  local parts = {}
  for _, path in ipairs(all_paths(old, new)) do
    parts[#parts + 1] = of_file(path, parcels.text(old, path), parcels.text(new, path))
  end
  return plain.text(table.concat(parts))
end

return m
