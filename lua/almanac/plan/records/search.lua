-- Records that a search by SRU finds.
local elements = require "almanac.plan.records.elements"
local sru = require "almanac.sru"
local sru_list = require "almanac.sru.list"

local m = { takes = "url id prefix" }

local methods = {}

-- The server stops after so many records of a query, and the first ones would be arbitrary.
local function too_many(list)
  if not list.total or list.total <= sru_list.MOST then return nil end
  return ("the query finds %d records, and the server gives %d of a query: narrow it, or harvest a set (--records oai:URL)")
    :format(list.total, sru_list.MOST)
end

function methods:next()
  local entry, message, code = self.list:next()
  self.total = self.list.total
  local refused = too_many(self.list)
  if refused then return nil, refused, "limit" end
  if not entry then
    if not code and self.list.count == 0 then self.empty = self.words .. " finds no records" end
    return nil, message, code
  end
  return elements.entry(entry, "record " .. self.list.count, self.given.id)
end

---@param plan almanac.plan
---@param given almanac.plan.records.given
---@param query string CQL
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(plan, given, query)
  if not query or query == "" then return nil, "--records sru: needs the query behind the colon: sru:'alma.title=maps'", "missing" end
  local url = given.url
  if not url then
    if not plan.alma_url or plan.alma_url == "" then return nil, "Alma does not say its address: give --records-url URL", "missing" end
    url = plan.alma_url:gsub("/+$", "") .. "/view/sru/" .. plan.institution
  end
  local client, message, code = sru.new { url = url }
  if not client then return nil, message, code end
  local list
  list, message, code = client:search { query = query, schema = given.prefix }
  if not list then return nil, message, code end
  return setmetatable({ list = list, given = given, notes = {}, updates = true, words = ("SRU query '%s'"):format(query) },
    { __index = methods })
end

return m
