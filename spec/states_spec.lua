local program = require "support.program"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

describe("the states of a title", function()
  local db

  before_each(function()
    db = assert(store.create(":memory:", {}))
    assert(states.add(db, { mms_id = "991", state = states.ASK, reason = reasons.new "not_read_yet" }))
  end)
  after_each(function() db:close() end)

  local function row() return db:row "SELECT state, reason_code, reason_data FROM title" end

  it("follow each other as the table says, with their reason", function()
    assert.equal(1, states.set(db, 1, states.READY))
    assert.same({ state = "ready" }, row())
    states.set(db, 1, states.UPLOADING)
    states.set(db, 1, states.DELETING)
    states.set(db, 1, states.ASK, reasons.new("file_came", { file = "12" }))
    assert.same({ state = "ask", reason_code = "file_came", reason_data = '{"file":"12"}' }, row())
  end)

  it("can't be skipped: an impossible transition raises and changes nothing", function()
    assert.has_error(function() states.set(db, 1, states.VERIFIED) end, "title 1 can't go from ask to verified")
    assert.has_error(function() states.set(db, 1, states.UNDONE) end, "title 1 can't go from ask to undone")
    states.set(db, 1, states.UNDOING)
    assert.has_error(function() states.set(db, 1, states.ATTACHED) end, "title 1 can't go from undoing to attached")
    assert.has_error(function() states.set_all(db, states.UNDONE, states.READY, nil, "1") end, "titles can't go from undone to ready")
    assert.equal("undoing", row().state)
  end)

  it("are those of a list: no other word is one", function()
    assert.has_error(function() return states.SKIPPED end)
    assert.has_error(function() states.set(db, 1, "skipped") end, "there is no state 'skipped'")
    assert.has_error(function() states.is "read" end)
    assert.has_error(function() states.add(db, { mms_id = "992", state = states.ATTACHED }) end)
  end)

  it("may follow themselves, all of them", function()
    for _, name in ipairs { "ask", "ready", "skip", "uploading", "copying", "deleting", "changing", "attached", "verified", "failed",
      "gone", "undoing", "undone" } do
      assert.is_true(states.may_follow(name, name), name)
    end
    assert.is_false(states.may_follow("undone", "ready"))
    assert.is_false(states.may_follow("gone", "verified"))
  end)

  it("add up in groups: one in the middle is still to do, one that is done and has a reason is not as planned", function()
    assert.equal("ready", states.group(states.DELETING))
    assert.equal("done", states.group(states.VERIFIED))
    assert.equal("failed", states.group(states.ATTACHED, "size_differs"))
    assert.equal("undoing", states.group(states.UNDOING, "decided"))
  end)

  -- The text of each module of lua/almanac but those that may, and those whose titles are no run's: what
  -- `almanac fetch` has done is in a file of its own.
  local function each_other(fn)
    local pipe <close> = assert(io.popen "find lua/almanac -name '*.lua'")
    for path in pipe:lines() do
      local is_own = path:find "run/states%.lua$" or path:find "run/schema%.lua$" or path:find "rehearsal/" or path:find "almanac/fetch/"
      if not is_own then fn(path, program.read(path)) end
    end
  end

  it("are written in one place", function()
    each_other(function(path, text)
      for statement in text:gmatch "UPDATE title SET[^\"%]]*" do
        assert.is_nil(statement:match "SET(.*)" :match "WHERE" and statement:match "SET(.-)WHERE":find "state", path .. ": " .. statement)
      end
    end)
  end)

  it("are named in SQL by the table's names, and reasons are not chosen by their words", function()
    each_other(function(path, text)
      assert.is_nil(text:match "state [=<>]+ '%l+'", path)
      assert.is_nil(text:match "state N?O?T? ?IN %('", path)
      assert.is_nil(text:match "reason%w* LIKE", path)
      assert.is_nil(text:match "reason:find", path)
    end)
  end)
end)
