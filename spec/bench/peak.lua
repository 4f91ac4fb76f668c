-- Runs a command of almanac and writes the most memory it held (bytes) into a
-- file. Run by `almanac exec`.
--   peak.lua FILE COMMAND …
package.path = "spec/?.lua;" .. package.path
local peak_memory = require "support.memory"

local arguments = { ... }
local path = table.remove(arguments, 1)
local status = require "almanac.cli"(arguments)
local file <close> = assert(io.open(path, "w"))
file:write(peak_memory(), "\n")
return status
