-- Gives lists by limit and offset, and does to them what --lists says. Alma's documentation
-- promises 10 entries without a limit and 100 at most. It does not promise that a list gives
-- all that it counts, or as many as were asked for.
local failure = require "almanac.rehearsal.api.failure"
local words = require "almanac.rehearsal.world.words"

local m = {}

local USUAL, MOST = 10, 100

---The words of --lists and what they mean, for --help.
m.words = {
  { "page=N", "no list gives more than N at a time, whatever limit says" },
  { "short=N", "sets and collections count N members more than they give" },
}

---@param spec string|nil "page=10,short=1"
---@return { page: integer?, short: integer }|nil lists
---@return string? message
function m.parse(spec)
  local self = { short = 0 }
  local ok, message = words.read("--lists", m.words, spec, function(text)
    local name, number = text:match "^%s*(%l+)=(%d+)%s*$"
    number = math.tointeger(tonumber(number))
    if name ~= "short" and (name ~= "page" or number == 0) then return false end
    self[name] = number
    return number
  end)
  if not ok then return nil, message end
  return self
end

---The limit and offset of a request: 10 and 0 when it has none, and 100 at most.
---@param world table
---@param query table<string, string>
---@return integer|nil limit
---@return integer|table offset or the refusal
function m.paging(world, query)
  local limit = math.tointeger(tonumber(query.limit or USUAL))
  local offset = math.tointeger(tonumber(query.offset or 0))
  if limit and offset and limit >= 0 and limit <= MOST and offset >= 0 then
    return math.min(limit, world.lists.page or limit), offset
  end
  return nil, failure.parameter()
end

---True when a set or collection counts a member that its list does not give. That is so from the second member on, so
---that only the first page is shorter for it.
---@param world table
---@param n integer its place among all, from 1
---@return boolean
function m.is_hidden(world, n)
  return n > 1 and n <= 1 + world.lists.short
end

---A page of a list that is given whole, but for --lists page=. It is not documented whether such a list takes limit and offset.
---@param world table
---@param rows table[]
---@param query table<string, string>
---@return table[] rows
function m.whole(world, rows, query)
  if not world.lists.page then return rows end
  local offset = math.max(0, math.tointeger(tonumber(query.offset or 0)) or 0)
  return table.move(rows, offset + 1, offset + world.lists.page, 1, {})
end

return m
