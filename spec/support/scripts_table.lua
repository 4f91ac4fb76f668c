-- The table of the scripts that ship, in their README: each with the first line of the comment at its head.
local shelf = require "almanac.script.shelf"

local m = {}

local PATH = "recipes/scripts/README.md"
local HEAD = "| script | what it does |\n|---|---|\n"

local function read()
  local file <close> = assert(io.open(PATH))
  return file:read "a"
end

---The table as the folder has it.
---@return string
function m.make()
  local rows = { HEAD }
  for _, script in ipairs(assert(shelf.list())) do rows[#rows + 1] = ("| `%s` | %s |\n"):format(script.name, script.about) end
  return table.concat(rows)
end

local function split()
  local text = read()
  local from = assert(text:find(HEAD, 1, true))
  local last = text:find("\n\n", from, true)
  return text:sub(1, from - 1), text:sub(from, last), text:sub(last + 1)
end

---The table as it stands in the README.
---@return string
function m.written() return (select(2, split())) end

---Writes it anew.
function m.write()
  local before, _, behind = split()
  local file <close> = assert(io.open(PATH, "w"))
  assert(file:write(before, m.make(), behind))
end

return m
