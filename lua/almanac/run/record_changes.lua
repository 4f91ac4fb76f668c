-- How two states of a title's record differ, field by field, and that in words: before and after the edits of a plan,
-- planned and found in Alma. What Alma itself sets is no difference: 001 and 005 of MARC, and AVA, AVD, AVE, which are made
-- up for an answer. Its documentation does not say what else a write changes in a record; so what it answers to a write is
-- kept, and counts as the record from then on.
local edit = require "almanac.record_edit"
local records = require "almanac.record"
require "almanac.marc"

local m = {}

local OF_ALMA = { "001", "005", "AVA", "AVD", "AVE" }
local LONGEST = 200      -- bytes of a field in a line

---@class almanac.run.record_change
---@field kind "changed"|"added"|"gone"|"moved"
---@field field string tag, or name of an element
---@field before string?
---@field after string?

local function marc_changes(before, after)
  local list = {}
  for i, one in ipairs(before:compare(after, { except = OF_ALMA })) do
    list[i] = { kind = one.kind, field = one.tag, before = one.before and one.before:sub(#one.tag + 2),
      after = one.after and one.after:sub(#one.tag + 2) }
  end
  return list
end

local function element_line(element)
  local names, parts = {}, {}
  for name in pairs(element.attributes) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do parts[i] = ("[%s=%s] "):format(name, element.attributes[name]) end
  return table.concat(parts) .. element.value
end

-- The lines of each name of elements, and the names in order.
local function by_name(record)
  local lists, names = {}, {}
  for _, element in ipairs(record:elements()) do
    local name = (element.prefix and element.prefix .. ":" or "") .. element.name
    if not lists[name] then
      lists[name] = {}
      names[#names + 1] = name
    end
    table.insert(lists[name], element_line(element))
  end
  return lists, names
end

-- The lines of one list that the other lacks.
local function lacking(list, other)
  local count, rest = {}, {}
  for _, line in ipairs(other) do count[line] = (count[line] or 0) + 1 end
  for _, line in ipairs(list) do
    if (count[line] or 0) > 0 then count[line] = count[line] - 1 else rest[#rest + 1] = line end
  end
  return rest
end

local function add_of_name(list, name, old, new)
  local gone, come = lacking(old, new), lacking(new, old)
  for i = 1, math.max(#gone, #come) do
    list[#list + 1] = { kind = not gone[i] and "added" or not come[i] and "gone" or "changed", field = name, before = gone[i],
      after = come[i] }
  end
  if not (gone[1] or come[1]) and table.concat(old, "\n") ~= table.concat(new, "\n") then
    list[#list + 1] = { kind = "moved", field = name, before = table.concat(old, " | "), after = table.concat(new, " | ") }
  end
end

local function element_changes(before, after)
  local old, names = by_name(before)
  local new, others = by_name(after)
  local list = {}
  for _, name in ipairs(names) do add_of_name(list, name, old[name], new[name] or {}) end
  for _, name in ipairs(others) do
    if not old[name] then add_of_name(list, name, {}, new[name]) end
  end
  return list
end

---How a record differs from what it was.
---@param before any of core.marc or almanac.dc
---@param after any
---@return almanac.run.record_change[] none: they say the same
function m.between(before, after)
  local is_marc = edit.is_marc(before)
  if is_marc ~= edit.is_marc(after) then return { { kind = "changed", field = "format", before = "", after = "" } } end
  return (is_marc and marc_changes or element_changes)(before, after)
end

---What edits do to a record.
---@param text string the record as a run file keeps it
---@param edits almanac.record_edits
---@return almanac.run.record_change[]|nil none: it is so already
---@return string? message
---@return any after the record with the edits
function m.planned(text, edits)
  local before, message = records.parse(text)
  if not before then return nil, message end
  local after = records.parse(text)
  local ok
  ok, message = edit.apply(after, edits)
  if not ok then return nil, message end
  return m.between(before, after), nil, after
end

---What a record is called.
---@param record any
---@return string?
function m.title_of(record)
  if not edit.is_marc(record) then return record:get "dc:title" end
  local title = record:get "245$a$b" or record:get "200$a$e" or record:get "245$a" or record:get "200$a"
  return title and title:gsub("%s*[/:,;=]%s*$", "")
end

-- ---- in words ----

local function short(text)
  if #text <= LONGEST then return text end
  return text:sub(1, (utf8.offset(text, 0, LONGEST) or LONGEST) - 1) .. "…"
end

local WORDS = { changed = "%s: '%s' → '%s'", added = "%s is added: '%s'", gone = "%s is removed: '%s'",
  moved = "%s comes in another order" }

---A difference in a line.
---@param one almanac.run.record_change
---@return string
function m.line(one)
  local first = short(one.kind == "added" and one.after or one.before or "")
  return WORDS[one.kind]:format(one.field, first, short(one.after or ""))
end

---Differences in one line, the first of them in full.
---@param list almanac.run.record_change[]
---@return string
function m.words(list)
  return m.line(list[1]) .. (list[2] and (" and %d more"):format(#list - 1) or "")
end

return m
