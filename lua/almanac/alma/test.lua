-- The test calls: they tell whether the API key works for an area, and whether it may write
-- there. They change nothing. The form of their short answer is not promised (OpenAPI: "the
-- output is subject to changes"), so only its words are looked at.
local m = {}

local PATHS = {
  bibs = { "bibs", "test" }, conf = { "conf", "test" }, acq = { "acq", "test" },
  users = { "users", "operation", "test" }, analytics = { "analytics", "test" },
}

---Asks whether the API key works for an area, and whether it may write there.
---@param client almanac.alma.client
---@param area string bibs, conf, acq, users or analytics
---@param write boolean? whether writing is asked for as well
---@return string|nil institution code, e.g. "01UNI_INST"; "" when Alma does not say
---@return string? message names area and right when they are missing
---@return string? code
---@return almanac.alma.detail? detail
function m.test(client, area, write)
  local path = PATHS[area]
  if not path then error("alma.test: no area " .. tostring(area), 2) end
  local answer, message, code, detail = client:call { path = path, raw = true }
  if not answer then return nil, message, code, detail end
  if write then
    local written
    written, message, code, detail = client:call { method = "POST", path = path, raw = true }
    if not written then return nil, message, code, detail end
  end
  return answer:match "institutionCode%W+([%w_]+)" or ""
end

return require("almanac.alma.area").of("alma", m)
