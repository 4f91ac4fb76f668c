-- MMS IDs as they come out of spreadsheets. A spreadsheet keeps 15 digits of
-- a number and makes the rest zeros. Such an id belongs to another title or to none,
-- so it is refused with its line and the reason.
local causes = require "almanac.run.causes"
local words_of = require "almanac.words"

local m = {}

local SHOWN = 10    -- causes of wrong lines, and lines of each
local KEPT = 15     -- significant digits of a spreadsheet's number

-- What other ids begin with: Alma's documentation does not say, answers of several institutions show it.
local OTHER = {
  ["12"] = "a representation", ["13"] = "a file", ["22"] = "a holding", ["23"] = "an item",
  ["32"] = "a remote representation", ["53"] = "a portfolio", ["81"] = "a collection",
}

---Says what is wrong with an id by itself.
---@param id string
---@return string? words nil when it looks right
function m.problem(id)
  if id:find "^%d[%d.,]*[eE]%+?%d+$" then
    return ("'%s' was rounded by a spreadsheet; format the column as text and export again"):format(id)
  elseif not id:find "^%d+$" then
    return ("'%s' is no MMS ID: those have digits only"):format(id)
  elseif not id:find "^99" then
    local other = OTHER[id:sub(1, 2)]
    return ("'%s' is no MMS ID: those begin with 99%s"):format(id, other and "; it looks like that of " .. other or "")
  elseif #id < 8 or #id > 19 then
    return ("'%s' is no MMS ID: those have 8 to 19 digits, this has %d"):format(id, #id)
  end
end

---Says when a spreadsheet has made a rounded number of an id, barcode or number of another system.
---@param text string
---@return string? words
function m.rounded(text)
  if text:find "^%d[.,]?%d*[eE]%+%d+$" then
    return ("'%s' was rounded by a spreadsheet; format the column as text and export again"):format(text)
  end
end

---Whether an id looks like a number that a spreadsheet has rounded.
---@param id string
---@return boolean
function m.may_be_rounded(id)
  return #id > KEPT and not id:find("[1-9]", KEPT + 1)
end

-- All ids of an institution end in the same four digits; those that a spreadsheet
-- can't have rounded tell which.
local function common_ending(list)
  local counts, total, best = {}, 0, nil
  for _, entry in ipairs(list) do
    if not m.may_be_rounded(entry.id) then
      local ending = entry.id:sub(-4)
      counts[ending] = (counts[ending] or 0) + 1
      total = total + 1
      if not best or counts[ending] > counts[best] then best = ending end
    end
  end
  if best and counts[best] * 3 >= total * 2 then return best, counts[best] end
end

local function compare(id, ending, count)
  if ending and id:sub(-4) == ending then return nil end
  if m.may_be_rounded(id) and (#id > KEPT + 1 or ending) then
    return ("'%s' was rounded by a spreadsheet (zeros after 15 digits); format the column as text and export again"):format(id)
  elseif ending and count >= 3 then
    return ("'%s' does not end in %s as the others do: another institution's, or mistyped"):format(id, ending)
  end
end

---Checks ids, each by itself and all together.
---@param list { id: string, line: integer? }[]
---@return { line: integer?, words: string }[] wrong
function m.check(list)
  local wrong, fine = {}, {}
  for _, entry in ipairs(list) do
    local words = m.problem(entry.id)
    if words then
      wrong[#wrong + 1] = { line = entry.line, words = words }
    else
      fine[#fine + 1] = entry
    end
  end
  local ending, count = common_ending(fine)
  for _, entry in ipairs(fine) do
    local words = compare(entry.id, ending, count)
    if words then wrong[#wrong + 1] = { line = entry.line, words = words } end
  end
  table.sort(wrong, function(a, b) return (a.line or 0) < (b.line or 0) end)
  return wrong
end

local ROUNDED = "'%s' was rounded by a spreadsheet; format the column as text and export again"

local function rounded_barcode(barcode)
  return barcode:find "^%d[.,]?%d*[eE]%+%d+$" ~= nil or #barcode > KEPT + 1 and barcode:find "^%d+$" ~= nil and m.may_be_rounded(barcode)
end

-- A column that has zeros in front is text. One that has none, and numbers of several lengths, may have lost them.
local function shorter(list)
  local longest, lines = 0, {}
  for _, entry in ipairs(list) do
    if entry.barcode:find "^0" then return longest, {} end
    if entry.barcode:find "^%d+$" then longest = math.max(longest, #entry.barcode) end
  end
  for _, entry in ipairs(list) do
    if #entry.barcode < longest and entry.barcode:find "^%d+$" then lines[#lines + 1] = entry end
  end
  return longest, lines
end

---Checks whether a spreadsheet has spoilt barcodes.
---@param list { barcode: string, line: integer }[]
---@param unit string "line" or "row"
---@return { line: integer, words: string }[] wrong
---@return string[] doubts in words
function m.check_barcodes(list, unit)
  local wrong, doubts = {}, {}
  for _, entry in ipairs(list) do
    if rounded_barcode(entry.barcode) then wrong[#wrong + 1] = { line = entry.line, words = ROUNDED:format(entry.barcode) } end
  end
  local longest, lines = shorter(list)
  if lines[1] then
    doubts[1] = ("%d of %d barcodes have fewer digits than the others' %d (%s %d: '%s'): if a spreadsheet took zeros at their " ..
      "beginning, format the column as text and export again"):format(#lines, #list, longest, unit, lines[1].line, lines[1].barcode)
  end
  return wrong, doubts
end

-- Groups wrong lines by cause.
local function groups_of(wrong)
  local groups, by_cause = {}, {}
  for _, entry in ipairs(wrong) do
    local _, cause = causes.of(entry.words)
    if not by_cause[cause] then
      by_cause[cause] = {}
      groups[#groups + 1] = by_cause[cause]
    end
    table.insert(by_cause[cause], entry)
  end
  return groups
end

-- Tells the first line of a cause with its words, and the others by their numbers.
local function line_of(group, unit)
  local numbers = {}
  for i = 2, math.min(#group, SHOWN) do numbers[#numbers + 1] = group[i].line end
  local others = #numbers > 0 and (" (the same in %s %s%s)"):format(#group == 2 and unit or unit .. "s", table.concat(numbers, ", "),
    #group > SHOWN and (" and %d more"):format(#group - SHOWN) or "") or ""
  return (group[1].line and ("%s %d: "):format(unit, group[1].line) or "") .. group[1].words .. others
end

---Tells wrong lines in one message; a cause is told once, where its first line stands.
---@param wrong { line: integer?, words: string }[]
---@param where string the file that the lines are of
---@param unit string? "line" by default
---@return string
function m.tell(wrong, where, unit)
  unit = unit or "line"
  local parts, told, groups = {}, 0, groups_of(wrong)
  for i = 1, math.min(#groups, SHOWN) do
    told = told + #groups[i]
    parts[i] = line_of(groups[i], unit)
  end
  if #wrong > told then parts[#parts + 1] = "and " .. words_of.count(#wrong - told, "more " .. unit) end
  return where .. ": " .. table.concat(parts, "\n  ")
end

---Whether `a` is lower than `b`. Ids have no zeros in front, so the shorter one is lower.
---@param a string
---@param b string
---@return boolean
function m.is_lower(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end

return m
