-- Random expressions on random records: beside a second, naive reading of the
-- published text, and with nonsense. A seed in a failure's text repeats it.
local core = require "almanac.core"
local new = require "support.marc_record"

local function generator(seed)
  local state = seed * 2654435769 + 1
  return function(low, high)
    state = state * 6364136223846793005 + 1442695040888963407
    return low + (state >> 33) % (high - low + 1)
  end
end

local function one_of(random, list) return list[random(1, #list)] end

local TAGS = { "001", "007", "100", "245", "245", "650", "650", "650", "856" }
local TEXTS = { "", "a", "b", "ab", "aüb", "üü", "xyzxyz", "日本語", "a b", "1", "4" }

local function random_record(random)
  local fields = {}
  for i = 1, random(0, 9) do
    local tag = one_of(random, TAGS)
    local field = { tag }
    if tag < "010" then
      field[2] = one_of(random, TEXTS)
    else
      field[2] = one_of(random, { "  ", "10", "4 ", " 1", "ab" })
      for _ = 1, random(1, 5) do
        field[#field + 1] = one_of(random, { "a", "a", "b", "c", "1" })
        field[#field + 1] = one_of(random, TEXTS)
      end
    end
    fields[i] = field
  end
  return fields
end

-- ---- expressions as tables, and their text -----------------------------------

local function random_span(random)
  return one_of(random, { { 0 }, { 1 }, { "#" }, { 0, 1 }, { 1, 3 }, { 1, "#" }, { "#", 1 }, { "#", 0 }, { "#", "#" }, { 0, 0 } })
end

local function maybe(random, make) return random(1, 3) == 1 and make(random) or nil end

-- kind: "whole", "subfield" or "indicator"
local function random_part(random)
  local kind = one_of(random, { "whole", "subfield", "subfield", "indicator" })
  local part = { kind = kind }
  if kind == "subfield" then
    part.low = one_of(random, { "a", "b", "c", "1" })
    part.high = part.low == "a" and one_of(random, { "a", "a", "c" }) or part.low
    part.index = maybe(random, random_span)
  elseif kind == "indicator" then
    part.indicator = random(1, 2)
  end
  if kind ~= "indicator" then part.characters = maybe(random, random_span) end
  return part
end

local function random_term(random, spec)
  if random(1, 3) == 1 then return { text = one_of(random, TEXTS) } end
  local tag = random(1, 2) == 1 and spec.tag or one_of(random, { "LDR", "650", "245", "...", "00.", "6.0" })
  return { tag = tag, index = maybe(random, random_span), parts = { random_part(random) } }
end

-- An = that follows a backslash is text.
local function random_comparison(random, spec)
  local operator = one_of(random, { "=", "!=", "~", "!~", "?", "!" })
  local left = random(1, 4) > 1 and random_term(random, spec) or nil
  if left and left.text == "" and operator == "=" then left = nil end
  return { left = left, operator = operator, right = random_term(random, spec) }
end

local function random_tests(random, spec)
  local tests = {}
  for i = 1, random(0, 2) do
    tests[i] = {}
    for k = 1, random(1, 2) do tests[i][k] = random_comparison(random, spec) end
  end
  return tests
end

local function random_spec(random)
  local tag = one_of(random, { "LDR", "001", "245", "650", "6..", "...", "00." })
  local spec = { tag = tag, index = maybe(random, random_span), parts = {} }
  spec.tests = random(1, 3) == 1 and random_tests(random, spec) or {}
  spec.parts[1] = random_part(random)
  if spec.parts[1].kind == "subfield" then
    spec.parts[1].tests = random_tests(random, spec)
    if random(1, 3) == 1 then
      spec.parts[2] = { kind = "subfield", low = "b", high = "b", tests = random_tests(random, spec) }
    end
  end
  return spec
end

local function span_text(span) return span[1] .. (span[2] and "-" .. span[2] or "") end

local function part_text(part)
  local text = part.kind == "indicator" and "^" .. part.indicator or ""
  if part.kind == "subfield" then
    text = "$" .. part.low .. (part.high ~= part.low and "-" .. part.high or "")
    if part.index then text = text .. "[" .. span_text(part.index) .. "]" end
  end
  return text .. (part.characters and "/" .. span_text(part.characters) or "")
end

local function term_text(term)
  if term.text then return "\\" .. term.text:gsub(" ", "\\s") end
  return term.tag .. (term.index and "[" .. span_text(term.index) .. "]" or "") .. part_text(term.parts[1])
end

local function tests_text(tests)
  local texts = {}
  for i, test in ipairs(tests or {}) do
    local alternatives = {}
    for k, c in ipairs(test) do alternatives[k] = (c.left and term_text(c.left) or "") .. c.operator .. term_text(c.right) end
    texts[i] = "{" .. table.concat(alternatives, "|") .. "}"
  end
  return table.concat(texts)
end

local function spec_text(spec)
  local text = spec.tag .. (spec.index and "[" .. span_text(spec.index) .. "]" or "") .. tests_text(spec.tests)
  for _, part in ipairs(spec.parts) do text = text .. part_text(part) .. tests_text(part.tests) end
  return text
end

-- ---- the naive reading -----------------------------------------------------

local function has(span, place, total)
  if not span then return true end
  local first, last = span[1], span[2] or span[1]
  if first == "#" then
    place, first, last = total - 1 - place, 0, last == "#" and 0 or last
  elseif last == "#" then
    last = total
  end
  return place >= first and place <= last
end

local function cut(span, text)
  local kept, place, total = {}, 0, utf8.len(text)
  if not span then return text end
  for character in text:gmatch(utf8.charpattern) do
    if has(span, place, total) then kept[#kept + 1] = character end
    place = place + 1
  end
  return #kept > 0 and table.concat(kept) or nil
end

local function fields_of(record, path)
  local list, kept = {}, {}
  if path.tag == "LDR" then list[1] = { "LDR", record.leader } end
  for _, field in ipairs(record) do
    if path.tag ~= "LDR" and field[1]:find("^" .. path.tag .. "$") then list[#list + 1] = field end
  end
  for i, field in ipairs(list) do
    if has(path.index, i - 1, #list) then kept[#kept + 1] = field end
  end
  return kept
end

-- List of { value, whole value, code } of one field.
local function values_in(field, part)
  local list, seen, total = {}, {}, {}
  local is_data = #field > 2
  if part.kind == "indicator" then return is_data and { { field[2]:sub(part.indicator, part.indicator) } } or {} end
  for i = 3, #field, 2 do total[field[i]] = (total[field[i]] or 0) + 1 end
  local texts = {}
  for i = 3, #field, 2 do
    local code, text = field[i], field[i + 1]
    local place = seen[code] or 0
    seen[code] = place + 1
    texts[#texts + 1] = text
    if part.kind == "subfield" and code >= part.low and code <= part.high and has(part.index, place, total[code]) then
      list[#list + 1] = { cut(part.characters, text), text, i }
    end
  end
  if part.kind == "whole" then
    local text = is_data and table.concat(texts, " ") or field[2]
    return { { cut(part.characters, text), text } }
  end
  return list
end

local function term_values(record, spec, part, field, value, term)
  local list = {}
  if not term then
    list[1] = part.kind == "subfield" and cut(part.characters, value[2]) or (values_in(field, part)[1] or {})[1]
  elseif term.text then
    list[1] = term.text
  else
    local own, here = term.parts[1], term.tag == spec.tag and not term.index
    if here and own.kind == "subfield" and part.kind == "subfield" and not own.index and own.low == part.low and own.high == part.high then
      return { cut(own.characters, value[2]) }
    end
    for _, one in ipairs(here and { field } or fields_of(record, term)) do
      for _, found in ipairs(values_in(one, own)) do list[#list + 1] = found[1] end
    end
  end
  return list
end

local function comparison_holds(c, left, right)
  if c.operator == "?" then return (not c.left or #left > 0) and #right > 0 end
  if c.operator == "!" then return (not c.left or #left > 0) and #right == 0 end
  local any = false
  for _, l in ipairs(left) do
    for _, r in ipairs(right) do
      if c.operator:find "=" then any = any or l == r else any = any or l:find(r, 1, true) ~= nil end
    end
  end
  return #left > 0 and any == (c.operator:sub(1, 1) ~= "!")
end

local function all_hold(record, spec, part, field, value, tests)
  for _, test in ipairs(tests or {}) do
    local any = false
    for _, c in ipairs(test) do
      any = any or comparison_holds(c, term_values(record, spec, part, field, value, c.left),
        term_values(record, spec, part, field, value, c.right))
    end
    if not any then return false end
  end
  return true
end

local function expected_in(record, spec, field, list)
  local taken = {}
  for _, part in ipairs(spec.parts) do
    for _, value in ipairs(values_in(field, part)) do
      local place = value[3] or 0
      if value[1] and not taken[place] and all_hold(record, spec, part, field, value, part.tests) then taken[place] = value[1] end
    end
  end
  for place = 0, #field do list[#list + 1] = taken[place] end
end

local function expected(record, spec)
  local list = {}
  for _, field in ipairs(fields_of(record, spec)) do
    if all_hold(record, spec, { kind = "whole" }, field, nil, spec.tests) then expected_in(record, spec, field, list) end
  end
  return list
end

describe("random expressions", function()
  it("find what a naive reading finds", function()
    local found = 0
    for seed = 1, 6000 do
      local random = generator(seed)
      local fields, spec = random_record(random), random_spec(random)
      local record, text = new(fields), spec_text(spec)
      fields.leader = record:leader()
      local wanted, values = expected(fields, spec), record:all(text)
      if #values ~= #wanted or table.concat(values, "\1") ~= table.concat(wanted, "\1") then
        assert.same(wanted, values, ("seed %d: %s"):format(seed, text))
      end
      assert.equal(wanted[1], record:get(text), text)
      found = found + math.min(#wanted, 1)
    end
    assert.is_true(found > 1500)
  end)

  it("that are nonsense are valid, or refused with a place in them", function()
    local pieces = { "245", "...", "LDR", "6", "$", "$a", "$a-c", "[", "]", "[0]", "[#-1]", "0", "-", "#", "/", "/0-3", "^", "^1",
      "{", "}", "|",
      "=", "!=", "~", "!~", "?", "!", "\\", "\\x", "\\s", " ", "ü", "\xff", "\0", "_", "[indicator1=4]", "{$a=\\x}", "_10" }
    local valid = 0
    for seed = 1, 20000 do
      local random = generator(seed)
      local list = { one_of(random, { "245", "650", "..." }) }
      for i = 2, random(2, 9) do list[i] = one_of(random, pieces) end
      local text = table.concat(list)
      local fine, message = core.marc.spec(text)
      if fine then
        valid = valid + 1
        local record = new(random_record(random))
        assert.equal(record:all(text)[1], record:get(text))
        assert.equal("boolean", type(assert(core.marc.where(text), text):test(record)))
      else
        local place = tonumber(message:match "at position (%d+)[^\"]*$")
        assert.is_true(place >= 1 and place <= #text + 1, message)
      end
    end
    assert.is_true(valid > 500)
  end)
end)
