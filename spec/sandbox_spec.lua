local program = require "support.program"
local recipe = require "almanac.recipe"
local sandbox = require "almanac.recipe.sandbox"
local key = require "almanac.recipe.key"

describe("a recipe's sandbox", function()
  -- Runs code as a rule would run; its results, or false and the message.
  local function run(code)
    local environment = sandbox.environment { key = key, add = {} }
    local chunk = assert(load(code, "=rule", "t", environment))
    return sandbox.call(chunk)
  end

  local function stops(code, pattern)
    local ok, message = run(code)
    assert.is_false(ok, code)
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
    assert.same({ true, 3 }, { run "local _ENV = { a = 3 } return a" })
  end)

  it("has what rules need", function()
    assert.same({ true, "a,b", 3, "B", 6, "2", true }, { run [[
      local list = {}
      for _, word in ipairs { "b", "a" } do list[#list + 1] = word end
      table.sort(list)
      return table.concat(list, ","), math.max(1, 3), ("b"):upper(), tonumber("6"), tostring(2), utf8.len("é") == 1
    ]] })
  end)

  it("goes through a table in an order that never changes", function()
    local ok, names = run [[
      local names = {}
      for name, value in pairs { zebra = 1, apple = 2, [10] = 3, [2] = 4, mango = 5 } do names[#names + 1] = name .. value end
      return table.concat(names, " ")
    ]]
    assert.is_true(ok)
    assert.equal("24 103 apple2 mango5 zebra1", names)
  end)

  it("shows no addresses", function()
    assert.same({ true, "table", "function", "table!" },
      { run "return tostring({}), tostring(ipairs), string.format('%s!', {})" })
    stops("return ('%p'):format({})", "there is no %%p")
  end)

  it("ends a rule that never ends, and nothing in it can catch that", function()
    stops("while true do end", "rule:1: the recipe was stopped: one call took more than 20 million steps")
    stops("local function f() return f() end return f()", "more than 20 million steps")
    stops("return table.sort({ 3, 2, 1 }, function() while true do end end)", "more than 20 million steps")
    stops("return ('x'):gsub('.', function() while true do end end)", "more than 20 million steps")
    stops("local function f() return f() + 1 end return f()", "stack overflow")
  end)

  it("ends a rule that takes all memory", function()
    stops("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "more than 256 MB of memory")
    stops("return ('x'):rep(1 << 40)", "longer than 1 MiB")
    stops("return string.rep('x', 1 << 20, 'y')", "longer than 1 MiB")
  end)

  it("leaves the host as it was, whatever the rule did", function()
    local rep, hook = string.rep, debug.gethook()
    run "return ('x'):rep(1 << 40)"
    run "while true do end"
    assert.equal(rep, ("").rep)
    assert.equal(hook, debug.gethook())
    assert.equal(1 << 21, #("x"):rep(1 << 21))
    assert.same({ true, 1 }, { run "return 1" })
  end)

  it("gives every call its own budget", function()
    for _ = 1, 5 do assert.is_true(run "for i = 1, 4000000 do end") end
  end)

  it("can't be reached through what it is given", function()
    local view = sandbox.read_only({ folder = "x" }, "args", { "folder", "set" })
    local function with(code)
      local chunk = assert(load("local args = ... " .. code, "=rule", "t", sandbox.environment {}))
      return sandbox.call(chunk, view)
    end
    assert.same({ true, "x" }, { with "return args.folder" })
    assert.same({ true }, { with "return args.set" })
    assert.matches("args has no 'foldr', did you mean 'folder'", select(2, with "return args.foldr"))
    assert.matches("args can't be changed %(field 'folder'%)", select(2, with "args.folder = 'y'"))
  end)

  it("takes text only, never compiled code", function()
    local folder = program.folder()
    program.write(folder .. "/r.lua", string.dump(function() end))
    local loaded, message = recipe.load(folder .. "/r.lua")
    program.remove(folder)
    assert.is_nil(loaded)
    assert.matches("compiled Lua", message)
  end)

  it("tells an error that is no text", function()
    local ok, failure = run "error({})"
    assert.is_false(ok)
    assert.equal("table", type(failure))
  end)
end)
