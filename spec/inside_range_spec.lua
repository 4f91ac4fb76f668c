-- Everything that a recipe can call, called with everything that it can give,
-- in the real process with its filter of system calls: each call ends in a
-- value or in a plain message at the recipe's own line.
local changes = require "almanac.recipe.inside.changes"
local guard = require "almanac.recipe.guard"
local key = require "almanac.recipe.inside.key"
local objects = require "almanac.recipe.inside.objects"
local program = require "support.program"
local rule = require "support.rule"
local examples_of = require "almanac.recipe.examples"
local rules = require "almanac.recipe.rules"
local environment = require "almanac.recipe.inside.environment"

-- The cases, made in the recipe: a function and what it is given, by number.
local BEFORE = [[
local FUNCTIONS = { { "assert", assert }, { "error", error }, { "ipairs", ipairs }, { "pairs", pairs }, { "select", select },
  { "tonumber", tonumber }, { "tostring", tostring }, { "type", type }, { "ingest", ingest } }
for name, library in pairs { string = string, table = table, utf8 = utf8, math = math, key = key, add = add, replace = replace,
  update = update, delete = delete, create = create, advance = advance } do
  for field, fn in pairs(library) do
    if type(fn) == "function" then FUNCTIONS[#FUNCTIONS + 1] = { name .. "." .. field, fn } end
  end
end

-- In an order that Lua's own sort would ask the clock for.
local function descending(n)
  local list = {}
  for i = 1, n do list[i] = n - i end
  return list
end

local function values(file)
  return { nil, 0, -1, 1.5, 2 ^ 53, math.mininteger, math.maxinteger, 0/0, math.huge, true, "", "a1_002", "%", "\xFF\0", ("ab-1 "):rep(400),
    {}, { 3, 1, 2 }, { a = 1, [2] = 2 }, { "x", 1 }, descending(3000), file, function(a, b) return a ~= nil and a == b end, string }, 23
end

-- Whatever an iterator gives, a few of them.
local function go_through(first, ...)
  if type(first) ~= "function" then return end
  local state, at = ...
  for _ = 1, 5 do
    at = first(state, at)
    if at == nil then return end
  end
end
]]

local BODY = [[
  local list, n = values(file)
  local numbers = {}
  for digits in file.stem:gmatch "%d+" do numbers[#numbers + 1] = tonumber(digits) end
  if file.stem == "count" then return #FUNCTIONS .. " " .. n end
  local called = FUNCTIONS[numbers[1] ]
  if file.stem:find "name" then return called[1] end
  go_through(called[2](list[numbers[2] ], list[numbers[3] or 1], list[numbers[4] or 1]))
  return "fine"
]]

describe("what a recipe can call", function()
  local folder, loaded, count, values

  setup(function()
    folder = program.folder()
    loaded = assert(rule.load(folder, rule.text(BODY, { before = BEFORE })))
    local _, counts = rules.file_key(loaded, objects.file "count.jpg", {})
    count, values = counts:match "^(%d+) (%d+)$"
    count, values = tonumber(count), tonumber(values)
  end)
  teardown(function()
    rule.close()
    program.remove(folder)
  end)

  local function name_of(fn) return select(2, rules.file_key(loaded, objects.file(("name %d.jpg"):format(fn)), {})) end

  -- nil, or what is wrong with the end of a call.
  local function wrong(...)
    local place = table.concat({ ... }, "_")
    local ok, message = rules.file_key(loaded, objects.file(place .. ".jpg"), {})
    if ok then return nil end
    if message:find("was stopped", 1, true) or message:find("almanac/recipe", 1, true)
      or not message:find(folder .. "/rule.lua:", 1, true) then
      return ("%s(%s): %s"):format(name_of((...)), place, message)
    end
  end

  it("is all that its environment has", function()
    local n, own = 0, changes.groups()
    own.key = key
    for _, fields in pairs((environment.names(own))) do
      if fields == true then n = n + 1 end
      for _, field in ipairs(fields ~= true and fields or {}) do
        if not ({ charpattern = true, huge = true, maxinteger = true, mininteger = true, pi = true })[field] then n = n + 1 end
      end
    end
    assert.equal(n, count)
  end)

  it("ends in a value or a plain message with each value", function()
    local list = {}
    for fn = 1, count do
      for a = 1, values do list[#list + 1] = wrong(fn, a) end
    end
    assert.same({}, list)
  end)

  it("ends so with two and three values", function()
    local list, few = {}, { 1, 3, 4, 7, 9, 12, 14, 15, 17, 20, 22 }
    for fn = 1, count do
      for i, a in ipairs(few) do
        for j, b in ipairs(few) do list[#list + 1] = wrong(fn, a, b, few[(i * 7 + j * 3) % #few + 1]) end
      end
    end
    assert.same({}, list)
  end)
end)

describe("sorting and going through in a recipe", function()
  local folder

  setup(function() folder = program.folder() end)
  teardown(function()
    rule.close()
    program.remove(folder)
  end)

  local function gives(expected, body) assert.same({ true, expected }, { rule.run(folder, body) }) end

  local function stops(pattern, body)
    local ok, message = rule.run(folder, body)
    assert.is_false(ok)
    assert.matches(pattern, message)
  end

  it("takes any order of any length", function()
    gives("fine", [[
      for _, n in ipairs { 2, 99, 101, 500, 1200, 20000 } do
        for step = 1, 3 do
          local list = {}
          for i = 1, n do list[i] = step == 1 and n - i or step == 2 and i * 7919 % 20011 or i % 10 end
          table.sort(list)
          for i = 2, n do if list[i] < list[i - 1] then return n .. " " .. step end end
        end
      end
      return "fine"
    ]])
    gives("1200 1", "local t = {} for i = 1, 1200 do t[i] = i end " ..
      "table.sort(t, function(a, b) return a > b end) return t[1] .. ' ' .. t[1200]")
    gives("n100000", [[
      local set, n, last = {}, 0, ""
      for i = 1, 100000 do set["k" .. i * 7919 % 100003] = true end
      for name in pairs(set) do
        if name <= last then return name end
        n, last = n + 1, name
      end
      return "n" .. n
    ]])
  end)

  it("is stable, and leaves a list whole when the comparison fails", function()
    gives("1b 1a 1c 2d 2e", [[
      local t = { { 2, "d" }, { 1, "b" }, { 2, "e" }, { 1, "a" }, { 1, "c" } }
      table.sort(t, function(a, b) return a[1] < b[1] end)
      for i, v in ipairs(t) do t[i] = v[1] .. v[2] end
      return table.concat(t, " ")
    ]])
    stops("rule%.lua:%d+: x", "table.sort({ 2, 1 }, function() error 'x' end)")
  end)

  it("goes through numbers, text and booleans, and not through what was taken away", function()
    gives("1 2.5 a b true false", [[
      local names = {}
      for name in pairs { b = 1, [true] = 1, a = 1, [2.5] = 1, [false] = 1, [1] = 1 } do names[#names + 1] = tostring(name) end
      return table.concat(names, " ")
    ]])
    gives("ac", "local t, n = { a = 1, b = 2, c = 3 }, '' for name in pairs(t) do n = n .. name t.b = nil end return n")
    stops("rule%.lua:%d+: pairs: keys that are a table have no order; keep them in a list", "for _ in pairs { [{}] = 1, [{}] = 2 } do end")
  end)

  it("counts as steps", function()
    stops("one call took more than 20 million steps", [[
      local t = {}
      for i = 1, 100000 do t[i] = i * 7919 % 100003 end
      while true do table.sort(t, function(a, b) return a < b end) end
    ]])
  end)

  it("says what has no order", function()
    stops("rule%.lua:%d+: table.sort: a string and a number have no order", "table.sort { 1, 'a' }")
    stops("table.sort: the list has a gap: nothing stands at 2", "table.sort { 1, nil, 3 }")
    stops("rule%.lua:%d+: 'rep' can't take what it was given: attempt to compare", "local x = string.rep('x', {})")
  end)
end)

describe("the examples of a recipe", function()
  it("have a limit together", function()
    local folder = program.folder()
    local names = {}
    for i = 1, 60 do names[i] = ("['%d.jpg'] = 'x'"):format(i) end
    local seconds, each = examples_of.seconds, guard.seconds
    examples_of.seconds, guard.seconds = 0.3, 2
    local loaded = assert(rule.load(folder, rule.text("for i = 1, 4000000 do end return 'x'",
      { fields = "examples = { file_key = { " .. table.concat(names, ", ") .. " } }," })))
    local wrong = examples_of.check(loaded, {})
    examples_of.seconds, guard.seconds = seconds, each
    assert.equal(1, #wrong)
    assert.matches("the recipe was stopped: its examples took too long together", wrong[1])
    assert.same({}, examples_of.check(loaded, {}))
    rule.close()
    program.remove(folder)
  end)
end)
