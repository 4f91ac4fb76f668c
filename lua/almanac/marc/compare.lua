-- How two records differ, field by field.
local core = require "almanac.core"

---@class almanac.marc.record
local methods = getmetatable(core.marc.new()).__index

---@class almanac.marc.difference
---@field kind "changed"|"added"|"gone"|"moved"
---@field tag string LDR for the leader
---@field before string? the field as text, in the record that was asked
---@field after string? in the other one
---@field from almanac.marc.field? that field; nil for the leader
---@field to almanac.marc.field?

-- ---- what is compared ----

-- Lengths and addresses in a leader are the writer's affair.
local function said_by_leader(record) return record:leader():gsub("^.....(.......).....", "%1") end

local function is_left_out(tag, except)
  for _, pattern in ipairs(except) do
    if tag:find("^" .. pattern:gsub("%W", "%%%0"):gsub("%%%.", ".") .. "$") then return true end
  end
  return false
end

-- What tells two fields apart, without doubt about what is a code.
local function key_of(field)
  if field.value then return field.tag .. "\30" .. field.value end
  local parts = { field.tag .. field.indicators }
  for subfield in field:each() do parts[#parts + 1] = subfield.code .. "\30" .. subfield.value end
  return table.concat(parts, "\31")
end

local function items_of(record, except)
  local list = {}
  for _, field in ipairs(record:fields()) do
    if not is_left_out(field.tag, except) then list[#list + 1] = { field = field, key = key_of(field), place = #list + 1 } end
  end
  return list
end

-- ---- what is the same ----

-- Equal fields belong together, the first with the first.
local function match_equal(old, new)
  local waiting = {}
  for i = #new, 1, -1 do
    local item = new[i]
    item.next, waiting[item.key] = waiting[item.key], item
  end
  for _, item in ipairs(old) do
    local partner = waiting[item.key]
    if partner then
      item.partner, partner.partner, waiting[item.key] = partner, item, partner.next
    end
  end
end

-- The most matches whose order is the same on both sides; the others were moved. `ends[n]` is the match
-- that a row of n may end with, the earliest of them.
local function mark_moved(old)
  local ends = {}
  for _, item in ipairs(old) do
    if item.partner then
      local low, high = 1, #ends + 1
      while low < high do
        local middle = (low + high) // 2
        if ends[middle].partner.place < item.partner.place then low = middle + 1 else high = middle end
      end
      item.before, ends[low], item.moved = ends[low - 1], item, true
    end
  end
  local item = ends[#ends]
  while item do item.moved, item = false, item.before end
end

-- ---- what was changed ----

-- How many subfields two fields have in common.
local function likeness(a, b)
  if a.value or b.value then return a.value and b.value and 1 or 0 end
  local count, has = 0, {}
  for subfield in a:each() do has[subfield.code .. subfield.value] = true end
  for subfield in b:each() do
    if has[subfield.code .. subfield.value] then count = count + 1 end
  end
  return count
end

local MOST_PAIRS = 10000   -- of fields with one tag that are looked at for likeness

local function unmatched_by_tag(items)
  local by_tag = {}
  for _, item in ipairs(items) do
    if not item.partner then
      local list = by_tag[item.field.tag] or {}
      list[#list + 1], by_tag[item.field.tag] = item, list
    end
  end
  return by_tag
end

local function most_like(item, others)
  local best, found = 0, nil
  for _, other in ipairs(others) do
    local like = other.changed and 0 or likeness(item.field, other.field)
    if like > best then best, found = like, other end
  end
  return found
end

local function pair(item, other) item.changed, other.changed = other, item end

local function only(items)
  local found
  for _, item in ipairs(items) do
    if not item.changed then
      if found then return nil end
      found = item
    end
  end
  return found
end

-- Of fields with one tag those that share most belong together, and one that is left with one.
local function match_changed(old, new)
  local others = unmatched_by_tag(new)
  for tag, items in pairs(unmatched_by_tag(old)) do
    local candidates = others[tag] or {}
    if #items * #candidates <= MOST_PAIRS then
      for _, item in ipairs(items) do
        local other = most_like(item, candidates)
        if other then pair(item, other) end
      end
    end
    local item, other = only(items), only(candidates)
    if item and other then pair(item, other) end
  end
end

-- ---- the list ----

local function difference(kind, from, to)
  return { kind = kind, tag = (from or to).tag, before = from and tostring(from), after = to and tostring(to), from = from, to = to }
end

local function differences(old, new, any_order)
  local list = {}
  for _, item in ipairs(old) do
    if item.changed then list[#list + 1] = difference("changed", item.field, item.changed.field)
    elseif not item.partner then list[#list + 1] = difference("gone", item.field)
    elseif item.moved and not any_order then list[#list + 1] = difference("moved", item.field, item.partner.field) end
  end
  for _, item in ipairs(new) do
    if not item.partner and not item.changed then list[#list + 1] = difference("added", nil, item.field) end
  end
  for i, each in ipairs(list) do each.place = i end
  table.sort(list, function(a, b)
    if a.tag ~= b.tag then return a.tag < b.tag end
    return a.place < b.place
  end)
  for _, each in ipairs(list) do each.place = nil end
  return list
end

---Compares with another record: what has to be done to this one to make it that one. Lengths in the
---leader don't count.
---@param other almanac.marc.record
---@param options? { except: string[]?, any_order: boolean? } except: tags that don't count, '.' is any character, LDR the
---  leader; any_order: the order of fields does not count
---@return almanac.marc.difference[] differences by tag, the leader first; none when they are the same
function methods:compare(other, options)
  options = options or {}
  local except = options.except or {}
  local old, new = items_of(self, except), items_of(other, except)
  match_equal(old, new)
  mark_moved(old)
  match_changed(old, new)
  local list = differences(old, new, options.any_order)
  if said_by_leader(self) ~= said_by_leader(other) and not is_left_out("LDR", except) then
    table.insert(list, 1, { kind = "changed", tag = "LDR", before = "LDR " .. self:leader(), after = "LDR " .. other:leader() })
  end
  return list
end
