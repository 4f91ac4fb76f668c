-- Writes lua/almanac/alma/calls/*.lua anew from Alma's OpenAPI descriptions: `make calls`.
-- A folder with bibs.json, conf.json, users.json and analytics.json may be given.
local core = require "almanac.core"
local maker = require "support.call_table"

local folder = arg[1] or maker.FOLDER
if not core.files.stat(folder) then
  io.stderr:write(("there is no folder %s: give the one with the OpenAPI descriptions, make calls OPENAPI=…\n"):format(folder))
  os.exit(1)
end
for area, text in pairs(maker.make(folder)) do
  local file <close> = assert(io.open(("lua/almanac/alma/calls/%s.lua"):format(area), "w"))
  assert(file:write(text))
end
