local journal = require "almanac.run.journal"
local program = require "support.program"
local reconcile = require "almanac.apply.reconcile"
local steps = require "almanac.apply.steps"
local store = require "almanac.run.store"
local task = require "almanac.task"

describe("a step", function()
  local folder, db, job, bound, long_after

  before_each(function()
    folder = program.folder()
    db = assert(store.create(folder .. "/a.run", { run = "r" }))
    assert(db:run "INSERT INTO title(id, mms_id, state) VALUES(1, '991', 'ready')")
    job = { title = { id = 1 }, steps = {}, journal = journal.new(db) }
    bound, reconcile.bound = reconcile.bound, 0.001
    -- Steps count whole seconds: far more than those that pass meanwhile.
    long_after, reconcile.long_after = reconcile.long_after, function() return 3600 end
  end)

  after_each(function()
    reconcile.bound, reconcile.long_after = bound, long_after
    db:close()
    program.remove(folder)
  end)

  local function perform(step)
    local whole = { change = 1, kind = "represent", page = 0, during = "uploaded", after = "represented",
      before = { "old" }, keep = function(answer) return { id = answer.id } end }
    for name, value in pairs(step) do whole[name] = value end
    return task.run(steps.perform, job, whole)
  end

  local function stored()
    return db:row "SELECT ended IS NOT NULL AS done, before, result FROM step"
  end

  it("has its intent on disk before the call is made, and the result after it", function()
    local during
    local result = perform { call = function()
      local reader <close> = assert(store.open(folder .. "/a.run", "read"))
      during = reader:value "SELECT ended IS NULL FROM step"
      return { id = "12" }
    end }
    assert.same({ id = "12" }, result)
    assert.equal(1, during)
    assert.same({ done = 1, before = '["old"]', result = '{"id":"12"}' }, stored())
    assert.equal("represented", db:value "SELECT state FROM title")
  end)

  it("is not done twice", function()
    local calls = 0
    local call = function()
      calls = calls + 1
      return { id = "12" }
    end
    perform { call = call }
    job.steps = steps.load(db, 1)
    assert.same({ id = "12" }, perform { call = call })
    assert.equal(1, calls)
  end)

  it("adopts what a call with a lost answer made", function()
    local calls = 0
    local result = perform {
      call = function()
        calls = calls + 1
        return nil, "timed out", "timeout", { unclear = true }
      end,
      look = function(before)
        assert.same({ "old" }, before)
        return { { id = "13" } }
      end,
    }
    assert.same({ id = "13" }, result)
    assert.equal(1, calls)
  end)

  local LOST, REFUSED = { unclear = true }, { unclear = true, answered = true }

  -- Performs a step whose first call fails, and notes what is done in which order.
  local function events_of(detail, more)
    local events = {}
    local function note(name) events[#events + 1] = name end
    local step = {
      call = function()
        note "call"
        if select(2, table.concat(events, " "):gsub("call", "")) > 1 then return { id = "14" } end
        return nil, "reset", "closed", detail
      end,
      look = function()
        note "look"
        return {}
      end,
    }
    for name, fn in pairs(more or {}) do
      step[name] = function(...)
        note(name)
        return fn(...)
      end
    end
    local result, message, code = perform(step)
    return table.concat(events, " "):gsub("look look[ lok]*", "looks "), result, message, code
  end

  it("calls again after two looks when Alma answered with an error", function()
    local _, looks = nil, 0
    local result = perform {
      call = function()
        if looks > 0 then return { id = "14" } end
        return nil, "general error", "status", REFUSED
      end,
      look = function()
        looks = looks + 1
        return {}
      end,
    }
    assert.same({ { id = "14" }, 2, nil }, { result, looks, _ })
  end)

  it("looks as long as Alma may need when no answer came, before it calls again", function()
    local looks = 0
    perform {
      call = function()
        if looks > 0 then return { id = "14" } end
        return nil, "reset", "closed", LOST
      end,
      look = function()
        looks = looks + 1
        return {}
      end,
    }
    assert.equal(9, looks)
  end)

  it("calls again only when what was sent can't take effect any more", function()
    local events, result = events_of(LOST, { unsettled = function() return true end })
    assert.equal("call looks unsettled looks call", events)
    assert.same({ id = "14" }, result)
  end)

  it("leaves it to a person when nobody can tell", function()
    local events, result, message, code = events_of(LOST, { unsettled = function() return nil, "look there", "conflict" end })
    assert.equal("call looks unsettled", events)
    assert.same({ nil, "look there", "conflict" }, { result, message, code })
  end)

  it("doubts what may still take effect as long as it may", function()
    events_of(LOST, { unsettled = function() return nil, "look there", "conflict" end })
    job.steps = steps.load(db, 1)
    local fates = {}
    local function again() perform { call = error, look = function() return {} end,
      unsettled = function(fate) fates[#fates + 1] = fate return nil, "look there", "conflict" end } end
    again()
    assert(db:run "UPDATE step SET result = NULL")
    job.steps = steps.load(db, 1)
    again()
    assert.same({ "lost", "killed" }, fates)
    assert(db:run("UPDATE step SET begun = begun - ?", reconcile.long_after() + 1))
    job.steps = steps.load(db, 1)
    assert.same({ id = "15" }, perform { call = function() return { id = "15" } end, look = function() return {} end,
      unsettled = function() error "it is long past" end })
  end)

  it("looks with all its time before it mends what made Alma refuse, then calls again", function()
    local events, result = events_of(REFUSED, { amiss = function() return true end, mend = function() return true end })
    assert.equal("call looks amiss looks mend looks call", events)
    assert.same({ id = "14" }, result)
  end)

  it("adopts what happened while it mended", function()
    local looks = 0
    local result = perform {
      call = function() return nil, "general error", "status", { unclear = true } end,
      look = function()
        looks = looks + 1
        return looks > 2 and { { id = "17" } } or {}
      end,
      amiss = function() return true end,
      mend = function() return true end,
    }
    assert.same({ id = "17" }, result)
  end)

  it("never takes a failed look for 'not there'", function()
    local calls = 0
    local result, message, code = perform {
      call = function()
        calls = calls + 1
        return nil, "reset", "closed", { unclear = true }
      end,
      look = function() return nil, "no answer", "timeout" end,
    }
    assert.same({ nil, "no answer", "timeout", 1 }, { result, message, code, calls })
    assert.equal(0, stored().done)
  end)

  it("leaves it to a person when several things could be its own", function()
    local _, message, code = perform {
      call = function() return nil, "reset", "closed", { unclear = true } end,
      look = function() return { { id = "1" }, { id = "2" } } end,
    }
    assert.equal("conflict", code)
    assert.matches("2 things", message)
  end)

  it("looks before it calls when an earlier run left it open", function()
    perform {
      call = function() return nil, "killed", "closed", { unclear = true } end,
      look = function() return nil, "killed", "closed" end,
    }
    job.steps = steps.load(db, 1)
    local result = perform {
      call = function() error "must not be called" end,
      look = function(before)
        assert.same({ "old" }, before)
        return { { id = "15" } }
      end,
    }
    assert.same({ id = "15" }, result)
  end)

  it("is forgotten when the call was refused", function()
    local result, message, code = perform { call = function() return nil, "no such library", "status", {} end }
    assert.same({ nil, "no such library", "status" }, { result, message, code })
    assert.is_nil(stored())
  end)
end)

describe("the journal", function()
  it("tells all who wait for a batch that it failed, and keeps none of it", function()
    local folder = program.folder()
    local db = assert(store.create(folder .. "/a.run", {}))
    local writer = journal.new(db)
    local results = {}
    task.run(task.each, { "1", "1", "2" }, 3, function(id)
      table.insert(results, { writer:write(function()
        return db:run("INSERT INTO title(mms_id, state) VALUES(?, 'ready')", id)
      end) })
    end)
    assert.equal(3, #results)
    for _, result in ipairs(results) do assert.is_nil(result[1]) end
    assert.is_string(writer.broken)
    assert.equal(0, db:value "SELECT count(*) FROM title")
    db:close()
    program.remove(folder)
  end)

  it("lets writes wait for each other after a commit, but not when they are many", function()
    local folder = program.folder()
    local db = assert(store.create(folder .. "/a.run", {}))
    local writer, done = journal.new(db), 0
    writer.due = math.huge   -- as if the last commit had taken very long
    local function write(n)
      task.spawn(function()
        assert(writer:write(function() return db:run("INSERT INTO title(mms_id, state) VALUES(?, 'ready')", n) end))
        done = done + 1
      end)
    end
    task.run(function()
      for n = 1, 15 do write(n) end
      for _ = 1, 10 do task.pause() end
      assert.equal(0, done)
      write(16)
      while done < 16 do task.pause() end
    end)
    assert.equal(16, db:value "SELECT count(*) FROM title")
    db:close()
    program.remove(folder)
  end)
end)

describe("reconciling", function()
  local spec = { label = "JPG", usage_type = "DERIVATIVE_COPY", library = "MAIN" }

  it("takes a new representation that is as planned", function()
    local list = {
      { id = "1", label = "JPG", usage_type = { value = "DERIVATIVE_COPY" }, library = { value = "MAIN" } },
      { id = "2", label = "JPG", usage_type = { value = "DERIVATIVE_COPY" }, library = { value = "MAIN" },
        files = { total_record_count = 0 } },
      { id = "3", label = "JPG", usage_type = { value = "AUXILIARY" }, library = { value = "MAIN" } },
      { id = "4", label = "Scan", usage_type = { value = "DERIVATIVE_COPY" } },
      { id = "5", label = "JPG", usage_type = { value = "DERIVATIVE_COPY" }, files = { total_record_count = 2 } },
    }
    local found = reconcile.new_representations(list, { "1" }, spec)
    assert.same({ "2" }, { found[1].id, found[2] and found[2].id })
  end)

  it("goes by the label in a brief list", function()
    local found = reconcile.new_representations({ { id = "9", label = "JPG" } }, {}, spec)
    assert.equal("9", found[1].id)
  end)

  it("takes a new file by name and size", function()
    local list = {
      { pid = "1", path = "I/storage/alma/00/a.jpg", size = 10 },
      { pid = "2", path = "I/storage/alma/01/a.jpg", size = 10 },
      { pid = "3", path = "I/storage/alma/02/a.jpg", size = 11 },
      { pid = "4", path = "I/storage/alma/03/b.jpg", size = 10 },
    }
    local found = reconcile.new_files(list, { "1" }, "a.jpg", 10)
    assert.same({ "2" }, { found[1].pid, found[2] and found[2].pid })
  end)
end)
