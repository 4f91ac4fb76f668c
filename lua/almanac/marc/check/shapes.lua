-- Judges a field by its shape alone: tag, indicators and codes, as record:shapes gives them.
-- There are few different shapes among the fields of a file, so each is judged once.
-- "24510abc" is 245 10 $a $b $c; "008\3040" an 008 of 40 characters, with \31 behind it
-- where a subfield delimiter is in its text.
local linkage = require "almanac.marc.check.linkage"

local m = {}

---@class almanac.marc.verdict what is to be said of, or to be looked at in, every field of a shape
---@field tag string
---@field more? boolean there is something besides `once`
---@field problems? { kind: string, suffix: string, message: string }[] suffix: behind the tag in a MARCspec
---@field once? string
---@field numbers? { code: string, kind: string, spec: string }[]
---@field linked? boolean

local LOCAL = "9"   -- as an indicator or a code, it is the library's own

---Whether all of it may be an indicator: MARC 21 has blanks, digits and small letters; others have
---others, but none has the signs that are written for a blank, or for what can't be read.
local function is_odd_indicator(rules, tag, c)
  if rules.marc21 and not linkage.is_local(tag) then return not c:find "[%l%d ]" end
  return c:find "[#\\?]" ~= nil
end

local function is_odd_code(rules, tag, c)
  if c:find "^[%l%d]$" then return false end
  return not c:find "^%g$" or (rules.marc21 and not linkage.is_local(tag))
end

local function shown(c)
  if #c > 1 or c:find "%g" then return "'" .. c .. "'" end
  return c == " " and "a blank" or ("0x%02x"):format(c:byte())
end

-- The problems of a judgement, for the kinds that are wanted.
local function collector(wanted)
  local problems = {}
  return function(kind, suffix, message)
    if wanted(kind) then problems[#problems + 1] = { kind = kind, suffix = suffix, message = message } end
  end, problems
end

local function judge_indicators(rules, field, tag, pair, add)
  for i = 1, 2 do
    local c, allowed = pair:sub(i, i), field["indicator" .. i]
    if is_odd_indicator(rules, tag, c) then
      add("odd-indicator", "^" .. i, ("indicator %d is %s, no blank, digit or small letter"):format(i, shown(c)))
    elseif allowed and c ~= LOCAL and not allowed:find(c, 1, true) then
      add("undefined-indicator", "^" .. i, ("indicator %d of %s is %s, not %s"):format(i, tag, shown(c),
        allowed == " " and "a blank" or ("one of '%s'"):format(allowed)))
    end
  end
end

local function judge_code(rules, field, tag, c, count, add)
  if is_odd_code(rules, tag, c) then
    add("odd-code", c:find "^%g$" and "$" .. c or "", ("%s is no subfield code"):format(shown(c)))
  elseif field.codes and c:find "%a" and not field.codes:find(c, 1, true) then
    add("undefined-code", "$" .. c, ("%s has no $%s"):format(tag, c))
  end
  if count > 1 and field.single and field.single:find(c, 1, true) then
    add("repeated-subfield", "$" .. c, ("$%s is there %d times, and may be there once"):format(c, count))
  end
end

local function judge_codes(rules, field, tag, codes, add)
  local counts, order = {}, {}
  for c in codes:gmatch(utf8.charpattern) do
    if not counts[c] then order[#order + 1] = c end
    counts[c] = (counts[c] or 0) + 1
  end
  for _, c in ipairs(order) do judge_code(rules, field, tag, c, counts[c], add) end
end

local function is_control(shape) return shape:find("\30", 4, true) == 4 end

local function judge_control(field, tag, shape, add)
  local length, delimiter = shape:match "^...\30(%d+)(\31?)$"
  if tag:find "^%d%d%d$" and tag >= "010" then
    add("data-field", "", ("%s is a data field, but has no indicators and no subfields"):format(tag))
  elseif delimiter ~= "" then
    add("control-field", "", ("%s is a control field, but has a subfield delimiter in it"):format(tag))
  elseif field.length and tonumber(length) ~= field.length then
    add("fixed-length", "", ("%s has %s characters instead of %d"):format(tag, length, field.length))
  end
end

local function judge_data(rules, field, tag, shape, add)
  if tag:find "^00" and rules.control_fields then
    return add("control-field", "", ("%s is a control field, but has indicators and subfields"):format(tag))
  end
  judge_indicators(rules, field, tag, shape:sub(4, 5), add)
  if #shape == 5 and tag:find "^%d" then return add("data-field", "", ("%s has no subfields"):format(tag)) end
  judge_codes(rules, field, tag, shape:sub(6), add)
end

local function numbers_in(rules, tag, shape, wanted)
  local found = {}
  for code, kind in pairs(rules.numbers[tag] or {}) do
    if wanted(kind) and shape:find(code, 6, true) then found[#found + 1] = { code = code, kind = kind, spec = tag .. "$" .. code } end
  end
  return found[1] and found or nil
end

---What is wrong with the shape of a field: indicators and codes that it has not.
---@param rules almanac.marc.check.rules
---@param wanted fun(kind: string): boolean
---@param tag string under which it is judged, that of the partner for an 880
---@param shape string
---@return { kind: string, suffix: string, message: string }[]
function m.problems(rules, wanted, tag, shape)
  local add, problems = collector(wanted)
  local field = rules.fields[tag] or {}
  if is_control(shape) then judge_control(field, tag, shape, add)
  else judge_data(rules, field, tag, shape, add) end
  return problems
end

---The verdict on a shape; false when nothing has to be said or looked at.
---@param rules almanac.marc.check.rules
---@param wanted fun(kind: string): boolean
---@param shape string empty: the tag is none of MARC's, which the reader noted
---@return almanac.marc.verdict|false
function m.judge(rules, wanted, shape)
  if shape == "" then return false end
  local tag, control = shape:sub(1, 3), is_control(shape)
  local field, problems = rules.fields[tag] or {}, m.problems(rules, wanted, tag, shape)
  local verdict = { tag = tag, problems = problems[1] and problems,
    once = wanted "repeated-field" and field.once or nil,
    numbers = not control and numbers_in(rules, tag, shape, wanted) or nil,
    linked = rules.marc21 and not control and (tag == "880" or shape:find("6", 6, true)) and not linkage.is_local(tag) or nil }
  verdict.more = (verdict.problems or verdict.numbers or verdict.linked) and true
  return (verdict.once or verdict.more) and verdict or false
end

return m
