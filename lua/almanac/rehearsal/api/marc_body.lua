-- The one MARC record in a body of XML.
local marc = require "almanac.marc"

local m = {}

-- Problems of a MARC record after which it can't be kept. Alma's documentation does not say what is forgiven.
local SPOILT = { tag = true, indicator = true, subfield = true, structure = true }

---@param body string
---@return almanac.marc.record|nil record
---@return string? message
function m.read(body)
  local reader = marc.parse(body)
  local record = reader and reader:next()
  if reader then reader:close() end
  if not record or not record:fields()[1] then return nil, "there is no MARC record in it" end
  for _, problem in ipairs(record:problems()) do
    if SPOILT[problem.kind] then return nil, problem.message end
  end
  return record
end

return m
