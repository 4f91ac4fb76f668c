-- Says how long a server is waited for, and how it is tried again. Alma, S3, OAI-PMH and SRU use
-- it in the same way, each with its own usual values.
local m = {}

local function merged(usual, given)
  local result = {}
  for name, value in pairs(usual) do result[name] = given and given[name] or value end
  return result
end

---Takes what the options give, else the usual values.
---@param options { timeouts: table<string, number>?, backoff: table<string, number>? }
---@param backoff { tries: integer, first: number, longest: number } the usual one; first, longest: seconds
---@param timeouts table<string, number> the usual ones, in seconds
---@return { tries: integer, first: number, longest: number } backoff
---@return table<string, number> timeouts
function m.of(options, backoff, timeouts)
  return merged(backoff, options.backoff), merged(timeouts, options.timeouts)
end

---A random pause, so that those who were refused together don't come back together.
---@param backoff { first: number, longest: number }
---@param try integer that failed, from 1
---@return number seconds below a bound that doubles with every try
function m.pause(backoff, try)
  return math.random() * math.min(backoff.longest, backoff.first * 2 ^ (try - 1))
end

return m
