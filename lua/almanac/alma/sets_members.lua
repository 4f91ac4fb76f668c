-- The members of a set. A set may say that it has more members than it lists: the rest is asked for,
-- and the caller learns how many are missing. One member whose record is broken fails its
-- whole page (60108). Such a page is read in halves until that member stands alone; it is
-- reported, and the others are kept.
local answers = require "almanac.alma.answers"
local client_module = require "almanac.alma.client"
local paging = require "almanac.alma.paging"

local m = {}

local MOST_EMPTY = 100     -- pages in a row without a member, before reading gives up
local BROKEN_MEMBER = "60108"

local function broken_member(offset, message, detail)
  local words = detail.errors[1].message
  return { offset = offset, message = words ~= "" and words or message, id = words:match "(%d%d%d%d%d+)%D*$" }
end

-- Reads at most `count` members from `offset` on, and adds them to members and broken.
local function read(reading, offset, count, result)
  if offset >= (reading.total or reading.bound or math.huge) then return result end
  local page, total, code, detail = paging.page(reading.client, reading.list, offset, count, reading.total)
  if page then
    reading.total = total
    table.move(page, 1, #page, #result.members + 1, result.members)
    if not page[1] or #page >= math.min(count, total - offset) then return result end
    result.short = true
    return read(reading, offset + #page, count - #page, result)
  end
  if not client_module.has_code(detail, BROKEN_MEMBER) then return nil, total, code, detail end
  if count == 1 then
    result.broken[#result.broken + 1] = broken_member(offset, total, detail)
    return result
  end
  if not (reading.total or reading.bound) then
    local ok, message
    ok, message, code, detail = reading.find_bound()
    if not ok then return nil, message, code, detail end
  end
  local half = count // 2
  local ok, message
  ok, message, code, detail = read(reading, offset, half, result)
  if not ok then return nil, message, code, detail end
  return read(reading, offset + half, count - half, result)
end

-- The set's own count of its members. It is needed when not even the first page can be read.
local function bound_from_set(client, set_id, reading)
  local set, message, code, detail = client:call { path = table.pack("conf", "sets", set_id), kind = "set", id = set_id }
  if not set then return nil, message, code, detail end
  reading.bound = answers.count(set.number_of_members and set.number_of_members.value)
  if reading.bound then return true end
  return nil, ("set %s: its first member is broken and its size is not known"):format(set_id), "parse"
end

local function collect(pages)
  local members, broken = {}, {}
  for _, page in ipairs(pages) do
    for _, member in ipairs(page.members) do
      members[#members + 1] = { id = member.id, description = member.description }
    end
    table.move(page.broken, 1, #page.broken, #broken + 1, broken)
  end
  return members, broken
end

local function again(set_id, words)
  return nil, ("set %s: %s: try again"):format(set_id, words), "parse"
end

-- Takes each member once. After a short answer the next one overlaps it, so repeats are
-- expected; otherwise a member that comes twice means that the list changed.
local function once(result, seen)
  if not result.short then return paging.repeated(result.members, function(member) return member.id end, seen) end
  local fresh = {}
  for _, member in ipairs(result.members) do
    if type(member.id) ~= "string" or member.id == "" then return "an entry has no id" end
    if not seen[member.id] then
      seen[member.id] = true
      fresh[#fresh + 1] = member
    end
  end
  if #fresh == 0 and result.members[1] then return ("entry %s comes twice"):format(result.members[1].id) end
  result.members = fresh
end

-- A set may list fewer members than it counts. But pages without a member might follow one
-- another for ever, so that is limited.
local function endless(reading, result)
  if result.members[1] or result.broken[1] then return nil end
  reading.empty = (reading.empty or 0) + 1
  if reading.empty > MOST_EMPTY then return ("%d pages of it have no member"):format(reading.empty) end
end

---All members of a set, as almanac.alma.sets.members gives them.
---@param client almanac.alma.client
---@param set_id string
---@return { id: string, description: string? }[]|nil members
---@return { offset: integer, message: string, id: string? }[]|string broken or the message
---@return integer|string|nil missing or the code
---@return almanac.alma.detail? detail
function m.list(client, set_id)
  local reading = {
    client = client,
    list = { path = { "conf", "sets", set_id, "members" }, kind = "members", key = "member" },
  }
  reading.find_bound = function() return bound_from_set(client, set_id, reading) end
  local seen = {}
  local function page(offset)
    local result, message, code, detail = read(reading, offset, paging.LIMIT, { members = {}, broken = {} })
    if not result then return nil, message, code, detail end
    local words = once(result, seen) or endless(reading, result)
    if words then return again(set_id, words) end
    return result
  end
  local first, message, code, detail = page(0)
  if not first then return nil, message, code, detail end
  local pages
  pages, message, code, detail = paging.rest(reading.total or reading.bound, page)
  if not pages then return nil, message, code, detail end
  pages[1] = first
  local members, broken = collect(pages)
  local total = reading.total or reading.bound
  if #members + #broken > total then
    return again(set_id, ("%d members and %d broken ones are more than %d"):format(#members, #broken, total))
  end
  return members, broken, total - #members - #broken
end

return m
