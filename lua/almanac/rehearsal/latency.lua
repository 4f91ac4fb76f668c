-- How long calls take: --latency 0.3,file=3,s3=0.05. Half of the time passes
-- before a call has its effect, half after: whoever gives up or is killed
-- meanwhile can't know.
local m = {}

local methods = {}
local meta = { __index = methods }

local LARGE = 100e6   -- bytes whose move takes as long again as `file`

---@param spec string|nil
---@return table|nil latency { call, file, s3 } in seconds
---@return string? message
function m.parse(spec)
  local self = setmetatable({ call = 0, s3 = 0 }, meta)
  for text in (spec or ""):gmatch "[^,]+" do
    local name, number = text:match "^%s*(%a%w*)=([%d.]+)%s*$"
    name, number = name or "call", tonumber(number or text)
    if not number or not (name == "call" or name == "file" or name == "s3") then
      return nil, ("--latency: '%s' is neither SECONDS nor file=SECONDS nor s3=SECONDS"):format(text)
    end
    self[name] = number
  end
  self.file = self.file or self.call
  return self
end

---Seconds of a file POST that moves `size` bytes.
---@param size integer
---@return number
function methods:of_file(size)
  return self.file * (1 + size / LARGE)
end

return m
