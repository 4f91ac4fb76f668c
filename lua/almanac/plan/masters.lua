-- Compares what is to be added to a title with the masters that it has.
local judge = require "almanac.plan.judge"
local kinds = require "almanac.change_kinds"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"
local usage = require "almanac.run.usage"

local m = {}

-- Counts the pages of a representation: its files of the commonest type.
local function pages_in(rep)
  local counts, most = {}, 0
  for _, file in ipairs(rep.files) do
    local _, ext = objects.split_extension(file.name)
    counts[ext] = (counts[ext] or 0) + 1
    most = math.max(most, counts[ext])
  end
  return most
end

local function masters_of(reading)
  local list = {}
  for _, rep in ipairs(reading.representations) do
    if rep.usage_type and usage.is_master(rep.usage_type) and not rep.remote then list[#list + 1] = rep end
  end
  return list
end

---A doubt when a title's master has several pages, and another number of files is to be added.
---@param reading { representations: table[] }
---@param changes table[]
---@return almanac.run.reason? doubt
function m.unlike(reading, changes)
  local masters, files = masters_of(reading), 0
  for _, change in ipairs(changes) do
    if kinds.makes_representation(change) then files = files + #(change.files or {}) end
  end
  local pages = #masters == 1 and pages_in(masters[1]) or 0
  if pages < 2 or files == 0 or files == pages then return nil end
  return reasons.new("not_as_many_as_master", { files = files, representation = masters[1].id, pages = pages })
end

---Says what should be known of a title with several masters.
---@param reading { representations: table[] }
---@return string? words
function m.several(reading)
  local masters = masters_of(reading)
  if not masters[2] then return nil end
  local ids = {}
  for i, rep in ipairs(masters) do ids[i] = rep.id end
  return ("a title has several masters: %s"):format(judge.names(ids))
end

return m
