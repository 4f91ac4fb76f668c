-- Finds what a recipe's files tell about the place where it was written, and what should not
-- travel: API keys, home folders, paths of somebody's disks.
local core = require "almanac.core"
local secrets = require "almanac.recipe.secrets"

local m = {}

-- People's own files are below these folders, so such a path tells about somebody's machine.
local PLACES = { "home", "Users", "root", "mnt", "media", "srv", "data", "Volumes", "tmp", "var", "opt" }

local function unix_path(line)
  for _, name in ipairs(PLACES) do
    local found = (" " .. line):match("[%s\"'`(,=:](/" .. name .. "/[^%s\"'`,)]+)")
    if found then return found end
  end
  return (" " .. line):match "[%s\"'`(,=](~%w+/[^%s\"'`,)]+)"
end

local function path_in(line)
  return unix_path(line) or line:match "%f[%a]%a:\\[^%s\"'`,)]+" or line:match "\\\\[%w._-]+\\[%w._$-]+" or line:match "file://[^%s\"'`,)]+"
end

-- No value among a sample's arguments may be an absolute path, wherever it leads.
local function argument_path(line)
  return line:match ',"?([/~][^"]*)"?%s*$' or line:match ',"?(%a:[\\/][^"]*)"?%s*$'
end

local function paths(file)
  return secrets.in_lines(file.text, function(piece)
    local found = path_in(piece) or file.path == "sample/args.csv" and argument_path(piece)
    return found and ("holds a path of your own: %s"):format(found)
  end)
end

---@param parcel almanac.recipe.parcel
---@return { path: string, line: integer, text: string }[] traces
function m.of(parcel)
  local all = {}
  for _, file in ipairs(parcel.files) do
    local text = core.text.valid(file.text)
    for _, list in ipairs { text and secrets.of(file.text) or {}, text and paths(file) or {} } do
      for _, remark in ipairs(list) do all[#all + 1] = { path = file.path, line = remark.line, text = remark.text } end
    end
  end
  return all
end

return m
