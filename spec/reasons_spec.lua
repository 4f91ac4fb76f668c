local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local reason_words = require "almanac.run.reason_words"
local reasons = require "almanac.run.reasons"
local store = require "almanac.run.store"

-- Data that a form wants as a list, and that others want as they are.
local SAMPLES = { files = { files = 3, names = { "a", "b", 2 }, all = { "a", "b" } }, keys = { names = { "k" }, quoted = { "k" },
  counted = { { "k", 2 } } }, titles = { names = { "991" } }, copies = { copies = { { "a (1)", "a" } } },
  volumes = { volumes = { { "v1", "a_v1_1.jpg" }, 2 } }, folders = { folders = { { "", 2 }, { "x", 1 } } } }

local function sample_of(code)
  local entry, data = reason_words.CODES[code], {}
  for name, form in (entry.whole or entry):gmatch "{([%a_]+)%??|?([%a_]*)}" do
    local number = (name == "files" or name == "more") and 3
    data[name] = (SAMPLES[name] or {})[form] or name == "field" and "usage_type" or number or "the " .. name
  end
  return data
end

describe("a reason", function()
  it("is a code of the list with the data that it takes", function()
    assert.has_error(function() reasons.new "no_such_code" end, "there is no reason 'no_such_code'")
    assert.has_error(function() reasons.new("no_title", {}) end, "reason 'no_title' lacks its field 'key'")
    assert.has_error(function() reasons.new("no_title", { key = "a", keys = {} }) end, "reason 'no_title' has no field 'keys'")
    assert.is_true(reasons.is(reasons.new "no_key", "no_key"))
    assert.is_false(reasons.is("no_key", "no_key"))
  end)

  it("comes out of its columns as it went in, whatever its code", function()
    for code in pairs(reason_words.CODES) do
      local reason = reasons.new(code, sample_of(code))
      local row = reasons.row(reason)
      assert.equal(code, row.reason_code)
      assert.equal(tostring(reason), reasons.sentence(row))
      assert.is_nil(tostring(reason):find "[{}]", code)
      assert.is_true(reasons.has(row, reason))
    end
  end)

  it("holds others, in itself and beside itself", function()
    local inner = reasons.new("has_files", { files = 1 })
    local outer = reasons.new("maybe_ours", { representation = "12", label = "JPG", how = inner, advice = "leave" })
    local words = "representation 12 ('JPG') may be the one that this run made, changed since: it has 1 file by now; " ..
      "it is left: look at it in Alma"
    assert.equal(words, reasons.sentence(reasons.row(outer)))
    local both = reasons.row(reasons.join { reasons.new("no_title", { key = "a" }), outer })
    assert.equal("no_title", both.reason_code)
    assert.equal("no title answers to its match key 'a'; " .. words, reasons.sentence(both))
    assert.equal(words, tostring(reasons.unpack(reasons.pack(outer))))
  end)

  it("reads as its sentence where a message is one", function()
    local reason = reasons.new("file_gone", { file = "13" })
    assert.equal("that: file 13 is gone", "that: " .. reason)
    assert.equal("<file 13 is gone>", ("<%s>"):format(reason))
    assert.equal("PUT x: no", tostring(reasons.from "PUT x: no"))
    assert.equal(reason, reasons.from(reason))
  end)

  it("counts under what stands before its colon, a recipe's own words as a whole", function()
    assert.same({ "no file", "nothing in the folder has the match key 'a: b'" },
      { reasons.parts(reasons.new("no_file", { keys = { "a: b" } })) })
    assert.same({ "not wanted by the recipe: a: b", "" }, { reasons.parts(reasons.new("not_wanted", { why = "a: b" })) })
  end)

  it("of a later almanac is told by its code", function()
    assert.equal("not_yet_known", reasons.sentence { reason_code = "not_yet_known", reason_data = '{"a":1}' })
  end)
end)

describe("the words of reasons", function()
  local at = desk.each(before_each, after_each)

  -- A copy of almanac that says every reason in other words.
  local function otherwise()
    local copy = at.folder .. "/otherwise"
    core.files.make_folder(copy)
    os.execute(("cp -r lua recipes %s"):format(program.quote(copy)))
    program.write(copy .. "/lua/almanac/run/said.lua", program.read "lua/almanac/run/reason_words.lua")
    program.write(copy .. "/lua/almanac/run/reason_words.lua", [[
      local m = require "almanac.run.said"
      local function other(sentence)
        local fields = {}
        for field in sentence:gmatch "{[^}]*}" do fields[#fields + 1] = field end
        return "no file: not wanted by the recipe, no title: in other words " .. table.concat(fields, " ")
      end
      for code, entry in pairs(m.CODES) do m.CODES[code] = entry.whole and { whole = other(entry.whole) } or other(entry) end
      return m]])
    return copy .. "/lua"
  end

  local TABLES = { "SELECT id, state, reason_code, reason_data FROM title ORDER BY id",
    "SELECT path, problem, reason_code, reason_data FROM file ORDER BY path",
    "SELECT title_id, seq, file_id FROM page ORDER BY 1, 2", "SELECT title_id, seq, spec_id FROM change ORDER BY 1, 2" }

  -- All of a plan but its words.
  local function plan_of(path)
    local db <close> = assert(store.open(path, "read"))
    local list = {}
    for i, sql in ipairs(TABLES) do
      list[i] = {}
      for row in db:rows(sql) do table.insert(list[i], row) end
    end
    return list
  end

  it("may all be changed: plan, decisions and exit statuses stay", function()
    at.start { { "a" }, { "b" }, { "c_1", "c_2" }, { "dddddddd" }, { "e", "f" }, { "g" } }
    core.files.remove(at.folder .. "/jpg/b.jpg")
    core.files.rename(at.folder .. "/jpg/dddddddd.jpg", at.folder .. "/jpg/ddddddde.jpg")
    program.write(at.folder .. "/jpg/more/a.jpg", desk.JPEG .. "another")
    program.write(at.folder .. "/jpg/stray.jpg", desk.JPEG .. "stray")
    program.write(at.folder .. "/jpg/g.jpg", "no JPEG")
    local env, found = at.env, {}
    for i, lua in ipairs { false, otherwise() } do
      env.ALMANAC_LUA = lua or nil
      local run = ("%d.run"):format(i)
      local plan = at.almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "--rate=500", "-o", run)
      local planned = plan_of(at.folder .. "/" .. run)
      local template = at.almanac("decide", run, "--template", i .. ".csv")
      local csv = program.read(at.folder .. "/" .. i .. ".csv")
      assert.equal(i == 2, csv:find("in other words", 1, true) ~= nil)
      local decided, n = csv:gsub("('%d+),,a%.jpg", "%1,use,a.jpg")
      program.write(at.folder .. "/" .. i .. "d.csv", decided)
      local decide = at.almanac("decide", run, i .. "d.csv")
      found[i] = { plan = planned, decided = plan_of(at.folder .. "/" .. run), n = n,
        statuses = { plan.status, template.status, decide.status, at.almanac("show", run).status } }
    end
    assert.same({ 2, 0, 2, 0 }, found[1].statuses)
    assert.is_true(found[1].n > 0)
    assert.equal(4, #found[1].plan)
    assert.same(found[1], found[2])
  end)
end)
