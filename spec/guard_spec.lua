local guard = require "almanac.recipe.guard"
local program = require "support.program"
local recipe = require "almanac.recipe"
local rule = require "support.rule"

-- What rules have and don't have. What they can't break out of: attacks_spec.
describe("a recipe's guard", function()
  local folder

  setup(function() folder = program.folder() end)
  teardown(function()
    rule.close()
    program.remove(folder)
  end)

  -- What a rule with this body gives, or false and the message.
  local function run(body) return rule.run(folder, body) end

  local function stops(body, pattern)
    local ok, message = run(body)
    assert.is_false(ok, body)
    assert.matches(pattern, message)
  end

  it("knows only the names that recipes have", function()
    for _, name in ipairs { "io", "os", "debug", "package", "require", "load", "loadstring", "dofile", "loadfile",
      "coroutine", "setmetatable", "getmetatable", "rawget", "rawset", "rawequal", "rawlen", "collectgarbage",
      "pcall", "xpcall", "next", "print", "_G" } do
      stops("return " .. name, "recipes have no '" .. name .. "': ")
    end
    stops("return string.dump", "string has no 'dump'")
    stops("return math.random()", "math has no 'random'")
    stops("return table.move", "table has no 'move'")
    stops("return key.stm('x')", "key has no 'stm', did you mean 'stem'")
    stops("return strin.rep", "recipes have no 'strin': did you mean 'string'")
  end)

  it("gives the libraries to read, not to change", function()
    stops("string.rep = nil", "string can't be changed")
    stops("key.stem = function() end", "key can't be changed")
    stops("table.insert(math, 1)", "math can't be changed")
    stops("x = 1", "'x' is set but not declared: write `local x`")
    stops("_ENV.pairs = nil x = 1", "set but not declared")
    assert.same({ true, "3" }, { run "local _ENV = { a = 3 } return a" })
  end)

  it("has what rules need", function()
    assert.same({ true, "a,b 3 B 6 2 true" }, { run [[
      local list = {}
      for _, word in ipairs { "b", "a" } do list[#list + 1] = word end
      table.sort(list)
      return table.concat({ table.concat(list, ","), math.max(1, 3), ("b"):upper(), tonumber("6"), tostring(2),
        tostring(utf8.len("é") == 1) }, " ")
    ]] })
  end)

  it("goes through a table in an order that never changes", function()
    assert.same({ true, "24 103 apple2 mango5 zebra1" }, { run [[
      local names = {}
      for name, value in pairs { zebra = 1, apple = 2, [10] = 3, [2] = 4, mango = 5 } do names[#names + 1] = name .. value end
      return table.concat(names, " ")
    ]] })
  end)

  it("shows no addresses", function()
    assert.same({ true, "table function table!" },
      { run "return tostring({}) .. ' ' .. tostring(ipairs) .. ' ' .. string.format('%s!', {})" })
    for _, format in ipairs { "%p", "%-20p", "%%%p" } do
      stops(("return ('%s'):format({})"):format(format), "there is no %%p")
    end
    assert.same({ true, "100%pure" }, { run "return ('%d%%pure'):format(100)" })
  end)

  it("lets arguments be read, by their names, and not changed", function()
    local function with(body) return rule.run(folder, body, { args = { folder = "x" } }) end
    assert.same({ true, "x" }, { with "return args.folder" })
    assert.same({ true }, { with "return args.set" })
    assert.matches("args has no 'foldr', did you mean 'folder'", select(2, with "return args.foldr"))
    assert.matches("args can't be changed %(field 'folder'%)", select(2, with "args.folder = 'y'"))
  end)

  it("tells line, rule and case of what went wrong, also of an error that is no text", function()
    stops("\n\nlocal x = nil .. 'a'", "rule%.lua:%d+: attempt to concatenate a nil value %(rule file_key, for 'a%.jpg'%)")
    stops("return file.nothing()", "attempt to call a nil value .*; there is no such function; `almanac recipe check` names the nearest")
    stops("return key.stem(file.nothing)", "text expected, got nil .*; nil is what was not found: look first")
    stops("error({})", "error without a text %(rule file_key, for 'a%.jpg'%)")
    stops("error()", "error without a text")
    stops("return key.stem(file.nothing)", "^[^\n]*rule%.lua:%d+%-%d+: key%.stem: text expected")   -- nothing is left of its line
    stops("return {}", "^[^\n]*rule%.lua:%d+%-%d+: a match key is text")
  end)

  it("gives every call its own budget", function()
    for _ = 1, 5 do assert.is_true((run "for i = 1, 4000000 do end")) end
  end)

  it("takes text only, never compiled code", function()
    program.write(folder .. "/r.lua", string.dump(function() end))
    local loaded, message = recipe.load(folder .. "/r.lua")
    assert.is_nil(loaded)
    assert.matches("compiled Lua", message)
  end)

  it("says whether the system filters what the process may ask for", function()
    run "return 1"
    assert.is_boolean(guard.filtered)
  end)
end)
