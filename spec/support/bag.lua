-- Judges bags by the rules of RFC 8493, written here from the RFC alone, and by bagit-python (Library of Congress) where it
-- is installed.
local core = require "almanac.core"
local program = require "support.program"

local m = {}

local function lines_of(path)
  local list = {}
  for line in program.read(path):gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

local function decoded(path)
  return (path:gsub("%%0[Dd]", "\r"):gsub("%%0[Aa]", "\n"):gsub("%%25", "%%"))
end

-- All files below a folder, hidden ones as well.
local function files_below(folder)
  local set = {}
  local pipe <close> = assert(io.popen(("cd %s && find . -type f -print0"):format(program.quote(folder))))
  for path in pipe:read("a"):gmatch "%./([^%z]+)%z" do set[path] = true end
  return set
end

-- Holds each line of a manifest to the disk; gives the paths.
local function check_manifest(folder, name, wrong)
  local listed = {}
  for _, line in ipairs(lines_of(folder .. "/" .. name)) do
    local sum, path = line:match "^(%x+)%s+(.+)$"
    path = path and decoded(path)
    if not path then
      wrong[#wrong + 1] = name .. ": no line of a manifest: " .. line
    elseif listed[path] then
      wrong[#wrong + 1] = name .. ": twice: " .. path
    elseif core.files.sha256(folder .. "/" .. path) ~= sum then
      wrong[#wrong + 1] = name .. ": another checksum: " .. path
    end
    listed[path or line] = true
  end
  return listed
end

local function check_oxum(folder, payload, wrong)
  local count, size = 0, 0
  for path in pairs(payload) do count, size = count + 1, size + core.files.stat(folder .. "/" .. path).size end
  local told = program.read(folder .. "/bag-info.txt"):match "Payload%-Oxum: (%d+%.%d+)\n"
  if told ~= ("%d.%d"):format(size, count) then wrong[#wrong + 1] = ("Payload-Oxum is %s, not %d.%d"):format(told, size, count) end
end

---What is wrong with a folder as a bag.
---@param folder string
---@return string[] problems
function m.problems(folder)
  local wrong, payload = {}, {}
  if not core.files.stat(folder .. "/bagit.txt") then return { "there is no bagit.txt" } end
  if program.read(folder .. "/bagit.txt") ~= "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n" then
    wrong[1] = "bagit.txt says something else"
  end
  local listed, tags = check_manifest(folder, "manifest-sha256.txt", wrong), check_manifest(folder, "tagmanifest-sha256.txt", wrong)
  for path in pairs(files_below(folder)) do
    if path:find "^data/" then
      payload[path] = true
      if not listed[path] then wrong[#wrong + 1] = "in no manifest: " .. path end
    elseif not tags[path] and path ~= "tagmanifest-sha256.txt" then
      wrong[#wrong + 1] = "in no tag manifest: " .. path
    end
  end
  for path in pairs(listed) do
    if not payload[path] then wrong[#wrong + 1] = "not there: " .. path end
  end
  check_oxum(folder, payload, wrong)
  return wrong
end

---Whether bagit-python is here.
---@return boolean
function m.has_judge() return os.execute "python3 -c 'import bagit' 2>/dev/null" == true end

---What bagit-python says of a bag.
---@param folder string
---@return string words "valid", or its complaint
function m.judged(folder)
  local script = 'import sys, bagit; bagit.Bag(sys.argv[1]).validate(); print("valid")'
  local pipe <close> = assert(io.popen(("cd / && python3 -c %s %s 2>&1"):format(program.quote(script), program.quote(folder))))
  return (pipe:read "a":match "([^\n]*)\n*$")
end

return m
