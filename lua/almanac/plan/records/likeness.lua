-- Tells a record that got another identifier. Its content names the old and the new one, mostly in addresses, so
-- these are left out before two contents are compared.
local core = require "almanac.core"

local m = {}

---Behind the last colon of "oai:example.org:123/4": the repository's own number, which stays when only its name changes.
---@param identifier string
---@return string?
function m.ending(identifier) return identifier:match "^oai:.*:([^:]+)$" end

local function without(text, part)
  return (text:gsub(part:gsub("%p", "%%%0"), ""))
end

---What stays of a content when its record gets another identifier.
---@param identifier string
---@param content string?
---@return string? hex
function m.of(identifier, content)
  if not content then return nil end
  local text = content:match "^%d%d%d%d%d[^\30]*\30(.*)$" or content   -- lengths stand before the fields of MARC
  text = without(text:gsub("https?://[^%s<>\"\30\31]*", ""), identifier)
  return core.hash.sha256(without(text, m.ending(identifier) or identifier))
end

return m
