-- A record for specs, from the shape that support.marc_made has.
local marc = require "almanac.marc"
local made = require "support.marc_made"

local LEADER = "00000nam a2200000 i 4500"

---@param fields table { tag, text } or { tag, indicators, code, value, … }, and `leader`
---@return almanac.marc.record
return function(fields)
  fields.leader = fields.leader or LEADER
  local reader <close> = assert(marc.parse(made.iso2709(fields)))
  return (assert(reader:next()))
end
