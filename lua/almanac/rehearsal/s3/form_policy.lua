-- Reads --form-policy: further conditions in the policy of the upload form. It is not documented
-- which ones Alma's form has; AWS's own example has one for Content-Type. The form has no field
-- for these conditions: whoever sends the form has to add it.
local words = require "almanac.rehearsal.world.words"

local m = {}

---The words of --form-policy and what each means, for --help.
m.words = {
  { "FIELD=VALUE", "a form field must be this: Content-Type=image/tiff" },
  { "FIELD=START*", "a form field must be sent and begin so: Content-Type=image/*" },
  { "size=LEAST-MOST", "so many bytes: size=1-10485760" },
}

local function condition_of(text)
  local field, value = text:match "^%s*([%w%-_]+)=(.-)%s*$"
  if not field then return nil end
  if field == "size" then
    local least, most = value:match "^(%d+)%-(%d+)$"
    least, most = math.tointeger(tonumber(least)), math.tointeger(tonumber(most))
    return least and most and least <= most and { "content-length-range", least, most } or nil
  end
  local start = value:match "^(.*)%*$"
  if start then return { "starts-with", "$" .. field, start } end
  return { "eq", "$" .. field, value }
end

---@param spec string|nil "Content-Type=image/*,size=1-10485760"
---@return table[]|nil conditions as S3 writes them
---@return string? message
function m.parse(spec)
  local conditions = {}
  local ok, message = words.read("--form-policy", m.words, spec, function(text)
    local condition = condition_of(text)
    conditions[#conditions + 1] = condition
    return condition
  end)
  if not ok then return nil, message end
  return conditions
end

return m
