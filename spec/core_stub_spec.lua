-- The description of the C module for editors keeps up with the module.
local core = require "almanac.core"
local web = require "support.web"

local STUBS = "cat lua/almanac/core.d.lua lua/almanac/engine/*.d.lua"

local function read(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

-- The functions that the stub describes: "core.files.walk" and "walk:next".
local function described(text)
  local names = {}
  for name in text:gmatch "\nfunction%s+([%w_.:]+)%s*%(" do names[name] = true end
  return names
end

-- Every module's functions.
local function functions_of(module)
  local names = {}
  for name, member in pairs(core[module]) do
    if type(member) == "function" then names[#names + 1] = ("core.%s.%s"):format(module, name) end
  end
  return names
end

local function methods_of(object, called)
  local names = {}
  for name in pairs(getmetatable(object).__index) do names[#names + 1] = called .. ":" .. name end
  return names
end

describe("the stub of almanac.core", function()
  local text = read(STUBS)
  local known = described(text)

  local function check(names)
    local absent = {}
    for _, name in ipairs(names) do
      if not known[name] then absent[#absent + 1] = name end
    end
    table.sort(absent)
    assert.same({}, absent)
    assert.is_true(#names > 0)
  end

  it("describes every function of every module", function()
    for module, members in pairs(core) do
      if type(members) == "table" then check(functions_of(module)) end
    end
  end)

  it("describes every method", function()
    local folder <const> = core.files.temp_folder()
    local walk <close> = assert(core.files.walk(folder))
    local rows <close> = assert(core.csv.parse "a\n")
    local db <close> = assert(core.runfile.open(":memory:", { kind = "run" }))
    local guard <close> = assert(core.guard.open { library = "lua" })
    check(methods_of(walk, "walk"))
    check(methods_of(guard, "guard"))
    check(methods_of(rows, "rows"))
    check(methods_of(db, "db"))
    assert(core.files.remove(folder))
  end)

  it("describes every method of readers, records and conditions of MARC", function()
    local reader <close> = assert(core.marc.parse("00026nam a2200025   4500\30\29"))
    check(methods_of(reader, "reader"))
    check(methods_of(assert(reader:next()), "record"))
    check(methods_of(assert(core.marc.where "245"), "condition"))
    local selection <close> = assert(core.pass.new {})
    check(methods_of(selection, "selection"))
  end)

  it("describes every method of transfers, servers and requests", function()
    local w = web.new()
    finally(function() w:close() end)
    check(methods_of(w.multi, "multi"))
    check(methods_of(w.server, "server"))
    w:one({ path = "/" }, function(request)
      check(methods_of(request, "request"))
      request:reply {}
    end)
  end)

  it("describes nothing that is not there", function()
    local gone = {}
    for name in pairs(known) do
      local module, member = name:match "^core%.([%w_]+)%.([%w_]+)$"
      if module and not (core[module] and core[module][member]) then gone[#gone + 1] = name end
    end
    assert.same({}, gone)
  end)

  it("says of every function what it takes and gives", function()
    local bare = {}
    for before, name in text:gmatch "([^\n]*)\nfunction%s+([%w_.:]+)" do
      if not before:find "^%-%-%-" then bare[#bare + 1] = name end
    end
    assert.same({}, bare)
  end)
end)
