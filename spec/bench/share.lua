-- Runs a command of almanac and writes its seconds and those of them that it
-- spent in the run file (opening, reading, writing, commits that wait for the
-- disk) into a file. Run by `almanac exec`.
--   share.lua FILE COMMAND …
local core = require "almanac.core"

local arguments = { ... }
local path = table.remove(arguments, 1)
local spent = 0

local function timed(fn)
  return function(...)
    local began = core.sys.monotonic()
    local results = table.pack(fn(...))
    spent = spent + core.sys.monotonic() - began
    return table.unpack(results, 1, results.n)
  end
end

local function time_everything()
  local db <close> = assert(core.runfile.open(":memory:", { kind = "run", mode = "create" }))
  local methods = getmetatable(db).__index
  for name, method in pairs(methods) do methods[name] = timed(method) end
  local rows = methods.rows
  methods.rows = function(...)
    local next_row, cursor, first, closing = rows(...)
    return timed(next_row), cursor, first, closing
  end
  core.runfile.open = timed(core.runfile.open)
end

time_everything()
local began = core.sys.monotonic()
local status = require "almanac.cli"(arguments)
local file <close> = assert(io.open(path, "w"))
file:write(core.sys.monotonic() - began, " ", spent, "\n")
return status
