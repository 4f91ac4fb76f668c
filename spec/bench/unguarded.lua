-- peak.lua without the guard: the same rules, asked in the same way, in this
-- process and with no limit, to see what the guard costs. Run by `almanac exec`.
--   unguarded.lua FILE COMMAND …
local core = require "almanac.core"

local answers = {}

core.inside = {
  call = function(_, _, fn, ...) return pcall(fn, ...) end,
  send = function(value) answers[#answers + 1] = value end,
  receive = coroutine.yield,
  budget = function() end,
}

local child = {}

function child.send(_, request)
  child.serve(request)
  return true
end

function child.receive() return table.remove(answers, 1) end

function child.close() answers = {} end

function core.guard.open()
  require("almanac.recipe.inside.environment").enclose = function() end
  child.serve = coroutine.wrap(require "almanac.recipe.inside")
  child.serve(false)
  return child
end

return assert(loadfile "spec/bench/peak.lua")(...)
