-- The Alma REST API: one client for all calls, and a module for each kind of
-- thing that Alma keeps.
local client = require "almanac.alma.client"

-- Each is loaded when it is used first: a command needs few of them, and starts sooner.
local AREAS = {}
for name in ("analytics bibs collections conf deposits errors files holdings items jobs libraries profiles representations " ..
  "requests sets tables webhooks"):gmatch "%l+" do AREAS[name] = true end

return setmetatable({
  new = client.new,
  has_code = client.has_code,
  test = require "almanac.alma.test".test,
}, { __index = function(alma, name)
  if not AREAS[name] then return nil end
  alma[name] = require("almanac.alma." .. name)
  return alma[name]
end })
