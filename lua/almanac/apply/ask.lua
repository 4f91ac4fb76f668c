-- Asks a person about a title that is not as it was planned. The decision will be about the title as it is now, so that
-- takes the place of what the plan read. Both are written in one transaction: a program killed between them would take
-- what the doubt is about for what has to be.
local readings = require "almanac.reading"
local states = require "almanac.run.states"

local m = {}

---@param job almanac.job
---@param reading { representations: table[] } the title as it is now
---@param reason almanac.run.reason
---@return nil
---@return string|almanac.run.reason message the reason
---@return string code "conflict"
function m.about(job, reading, reason)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run("UPDATE title SET reading = ? WHERE id = ?", readings.encode(reading), job.title.id)
    if done then done, why, kind = states.set(db, job.title.id, states.ASK, reason) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  return nil, reason, "conflict"
end

return m
