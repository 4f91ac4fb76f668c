-- What `almanac exec` knows of the script that it runs: one script in a process.
local mistake = require "almanac.mistake"

local m = {}

---@class almanac.script.session
---@field name string the script as it was typed, "-" for standard input
---@field text string of the script
---@field source string its name in Lua's messages, with @ or = in front
---@field arguments string[] what stood behind its name
---@field settings fun(): table|nil, string?, string? gathers the settings; see almanac.cli.settings
---@field out table almanac.cli.out
---@field main table the task that the script runs in
---@field gate almanac.script.gate
---@field ready table? the settings, once they were gathered
---@field client almanac.alma.client? once it was asked for
---@field general table? of almanac.run.connect, likewise
---@field store table? of almanac.s3, likewise
---@field failures integer? things that the script said it could not do
---@field ending almanac.script.ending? why the script ends itself

---How a script ends itself before its last line.
---@class almanac.script.ending
---@field message string? for people; nil: it ends well
---@field code string?

---@type almanac.script.session?
m.current = nil

---The session; raises where there is none.
---@return almanac.script.session
function m.here()
  if m.current then return m.current end
  local name = rawget(_G, "arg") and rawget(_G, "arg")[0] or "SCRIPT.lua"
  return mistake.raise("almanac.script is for scripts that almanac runs: almanac exec %s", name)
end

return m
