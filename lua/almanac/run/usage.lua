-- Tells what usage types mean: which are masters, and which representation the delivery
-- page of a title opens first.
local ids = require "almanac.run.ids"

local m = {}

---Whether representations of this usage type are masters: kept for good, and often nowhere else. A type that Alma did
---not tell counts as one.
---@param code string? usage type
---@return boolean
function m.is_master(code)
  if not code then return true end
  local upper = code:upper()
  return upper == "PRIMARY" or upper:find("MASTER", 1, true) ~= nil
end

local function sort_of(rep)
  if rep.remote then return "remote representation" end
  if (rep.usage_type or ""):upper():find("DERIVATIVE", 1, true) then return "derivative" end
  return m.is_master(rep.usage_type) and "master" or nil
end

-- Ex Libris, "Alma Digital: access": the address of a title opens the first derivative, then the first master, then the
-- first remote representation; lowest id first. Of other usage types it says nothing.
local ORDER = { "derivative", "master", "remote representation" }

---Finds what the delivery page of a title opens with.
---@param representations table[] each with id, usage_type, remote
---@return table? representation nil: with none
---@return string? sort "derivative" | "master" | "remote representation"
function m.opens_with(representations)
  local first = {}
  for _, rep in ipairs(representations) do
    local sort = sort_of(rep)
    if sort and (not first[sort] or ids.is_lower(rep.id, first[sort].id)) then first[sort] = rep end
  end
  for _, sort in ipairs(ORDER) do
    if first[sort] then return first[sort], sort end
  end
end

return m
