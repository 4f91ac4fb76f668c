local program = require "support.program"
local task = require "almanac.task"

describe("task", function()
  it("runs tasks side by side and gives what the first returned", function()
    local order = {}
    local a, b = task.run(function()
      local slow = task.spawn(function() task.sleep(0.05) order[#order + 1] = "slow" return 1, 2 end)
      local fast = task.spawn(function() task.sleep(0.01) order[#order + 1] = "fast" end)
      fast:await()
      return slow:await()
    end)
    assert.same({ 1, 2 }, { a, b })
    assert.same({ "fast", "slow" }, order)
  end)

  it("works outside a task by driving the loop itself", function()
    local seen
    local other = task.spawn(function() seen = true return nil, "b" end)
    task.sleep(0.001)
    assert.is_true(seen)
    assert.same({ n = 2, [2] = "b" }, table.pack(other:await()))
  end)

  it("raises the error of a task where it is awaited, with its own traceback", function()
    local ok, message = pcall(task.run, function()
      task.spawn(function() error "broken" end):await()
    end)
    assert.is_false(ok)
    assert.matches("broken", message)
    assert.matches("task_spec.lua", message)
  end)

  it("raises the error of a task that nobody awaited when the run ends", function()
    local ok, message = pcall(task.run, function()
      task.spawn(function() error "unheard" end)
      task.sleep(0.001)
    end)
    assert.is_false(ok)
    assert.matches("unheard", message)
  end)

  describe("each", function()
    it("tries every item although some fail, and names those that did", function()
      local done = {}
      local failures = task.run(task.each, { 1, 2, 3, 4 }, 2, function(n)
        task.sleep(0.001 * n)
        if n % 2 == 0 then error("no " .. n) end
        done[#done + 1] = n
      end)
      assert.same({ 1, 3 }, done)
      assert.same({ 2, 4 }, { failures[1].item, failures[2].item })
      assert.matches("no 2", failures[1].message)
    end)

    it("keeps to its limit", function()
      local now, most = 0, 0
      task.run(task.each, { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 3, function()
        now = now + 1
        most = math.max(most, now)
        task.pause()
        now = now - 1
      end)
      assert.equal(3, most)
    end)

    it("takes items from an iterator until it ends", function()
      local n, sum = 0, 0
      task.run(task.each, function()
        n = n + 1
        return n <= 5 and n or nil
      end, 2, function(i) sum = sum + i end)
      assert.equal(15, sum)
    end)

    it("cancels its workers when it is cancelled itself", function()
      local ended = {}
      task.run(function()
        local all = task.spawn(task.each, { 1, 2 }, 2, function(n)
          local _ <close> = setmetatable({}, { __close = function() ended[#ended + 1] = n end })
          task.sleep(60)
        end)
        task.sleep(0.005)
        all:cancel()
        assert.same({ nil, "cancelled", "cancelled" }, { all:await() })
        task.pause()
      end)
      table.sort(ended)
      assert.same({ 1, 2 }, ended)
    end)
  end)

  it("gives a task up when its time is over, and cleans up behind it", function()
    local cleaned = false
    local value, message, code = task.run(task.with_timeout, 0.01, function()
      local _ <close> = setmetatable({}, { __close = function() cleaned = true end })
      task.sleep(60)
    end)
    assert.same({ nil, "timeout" }, { value, code })
    assert.matches("timed out", message)
    assert.is_true(cleaned)
  end)

  it("ends at its next wait when it is cancelled after it was woken", function()
    local went_on = false
    task.run(function()
      local target
      -- both sleep equally long: the first cancels the second when that is awake already
      task.spawn(function() task.sleep(0.01) target:cancel() end)
      target = task.spawn(function()
        task.sleep(0.01)
        task.pause()
        went_on = true
      end)
      target:await()
    end)
    assert.is_false(went_on)
  end)

  it("cannot be swallowed by pcall when it is cancelled twice over", function()
    local steps = 0
    task.run(function()
      local stubborn = task.spawn(function()
        pcall(task.sleep, 60)
        steps = steps + 1
      end)
      task.pause()
      stubborn:cancel()
      stubborn:await()
    end)
    assert.equal(1, steps)
  end)

  it("says so when all tasks wait for each other", function()
    -- in a process of its own: nothing else may be going on there
    local folder = program.folder()
    program.write(folder .. "/knot.lua", [[
      local task = require "almanac.task"
      local knot
      knot = task.spawn(function() task.pause() return knot:await() end)
      knot:await()]])
    local pipe = assert(io.popen(("%slua5.4 %s/knot.lua 2>&1"):format(program.preload, folder)))
    local message = pipe:read "a"
    pipe:close()
    program.remove(folder)
    assert.matches("waiting for something that can't come", message)
  end)

  it("keeps what is parked alive under an aggressive collector", function()
    collectgarbage("incremental", 1, 1000)
    local sum = 0
    task.run(task.each, { 1, 2, 3, 4, 5, 6, 7, 8 }, 4, function(n)
      for _ = 1, 20 do
        task.pause()
        collectgarbage "step"
      end
      sum = sum + n
    end)
    collectgarbage("incremental", 200, 100)
    assert.equal(36, sum)
  end)
end)
