-- A resumption token that holds the whole state of its list, for systems of which no token was seen.
local core = require "almanac.core"

local m = {}

---@param signs string what is put behind it, to see whether it is encoded
---@return fun(world: table, list: almanac.rehearsal.oai.list, next_row: table?, mark: string?): string
function m.writer(signs)
  return function(_, list, _, mark)
    return core.text.hex(table.concat({ list.verb, list.prefix, list.set or "", list.from, list.to, list.after }, "|")) .. "-" .. signs ..
      (mark or "")
  end
end

---@param text string
---@param verb string
---@return almanac.rehearsal.oai.list?
function m.resume(_, text, verb)
  local hex = text:match "^(%x+)%-"
  local plain = hex and #hex % 2 == 0 and hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end) or ""
  local of, prefix, set, from, to, after = plain:match "^(%a+)|([%w_]+)|([^|]*)|([^|]*)|([^|]*)|(%d+)$"
  if of ~= verb then return nil end
  return { prefix = prefix, set = set ~= "" and set or nil, from = from, to = to, after = math.tointeger(tonumber(after)) }
end

return m
