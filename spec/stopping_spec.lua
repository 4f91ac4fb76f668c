-- Stopping an apply by hand: what is in flight, what is said, and what the same
-- command does after it.
local core = require "almanac.core"
local desk_module = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"

local MIB = 1 << 20

describe("apply", function()
  local desk = desk_module.each(before_each, after_each)

  local function start()
    return program.start({ "apply", "a.run", "--rate", "500", "--settle", "0.1" }, { folder = desk.folder, env = desk.env })
  end

  local function plan()
    local result = desk.plan("--rate", "500")
    assert.equal(0, result.status, result.err)
  end

  local function apply() return desk.almanac("apply", "a.run", "--rate", "500", "--settle", "0.1") end

  local function wait_until(what, holds)
    for _ = 1, 1000 do
      if holds() then return end
      core.sys.sleep(0.02)
    end
    error("never: " .. what)
  end

  local function calls(route)
    local n = 0
    for name, count in pairs(desk.alma.calls().routes) do
      if name:find(route, 1, true) then n = n + count end
    end
    return n
  end

  -- Names of the files of each representation that was added.
  local function added()
    local list = {}
    for _, rep in ipairs(desk.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        for i, file in ipairs(rep.files) do rep.files[i] = file.name end
        list[#list + 1] = table.concat(rep.files, " ")
      end
    end
    table.sort(list)
    return list
  end

  -- So many titles, of which 64 at most are in flight; Alma takes its time for a file.
  local function begin(signal, titles)
    desk.start(desk_module.single(titles or 100))
    plan()
    desk.alma.change { op = "faults", spec = "POST files=1:stall=1" }
    local running = start()
    wait_until("a representation is made", function() return added()[1] ~= nil end)
    running.signal(signal)
    return running
  end

  local function finish()
    desk.alma.change { op = "faults", spec = "" }
    assert.equal(0, apply().status)
    local expected = {}
    for i = 1, 100 do expected[i] = ("p%d.jpg"):format(i) end
    table.sort(expected)
    assert.same(expected, added())
  end

  for _, signal in ipairs { "INT", "TERM" } do
    it("finishes what is in flight at SIG" .. signal .. ", and no more", function()
      local running <close> = begin(signal)
      local result = running.wait()
      assert.equal(75, result.status, result.err)
      assert.matches("stopping when what is in flight is done; [^\n]*\n.*interrupted", result.err)
      assert.matches("go on with:  almanac apply a.run", result.out)
      local report = json.decode(desk.almanac("report", "a.run", "--format", "json").out)
      local states = {}
      for _, row in ipairs(report.rows) do states[row.state] = (states[row.state] or 0) + 1 end
      assert.is_true(states.attached > 0 and states.attached <= 64, "attached: " .. states.attached)
      assert.equal(100 - states.attached, states.ready)
      finish()
    end)
  end

  it("has ended as ever when all that was left was in flight", function()
    local running <close> = begin("INT", 10)
    local result = running.wait()
    assert.equal(0, result.status, result.err)
    assert.matches("the run has 10 done, 0 to do", result.out)
    assert.equal("stopping when what is in flight is done; Ctrl-C again stops now\n", result.err)
  end)

  it("stops at once at the second, and loses and doubles nothing", function()
    local running <close> = begin "INT"
    core.sys.sleep(0.3)   -- two at the same moment are one to the system
    running.signal "INT"
    local result = running.wait()
    assert.equal(75, result.status, result.err)
    finish()
  end)

  -- The bucket's upload folder as the look before a run leaves it.
  local function in_upload()
    local query = { { "list-type", "2" }, { "prefix", desk.alma.inst .. "/upload/" } }
    return desk.alma.s3("GET", "", { query = query }).body
  end

  for signal, method in pairs { INT = "PUT", TERM = "HEAD", HUP = "DELETE" } do
    it(("while it looks at the bucket (%s), leaves nothing there at SIG%s"):format(method, signal), function()
      desk.start(desk_module.single(1))
      desk.use_aws()
      plan()
      for _, command in ipairs { { "doctor" }, { "apply", "a.run" } } do
        desk.alma.change { op = "faults", spec = method .. " s3.object=@1:stall=2" }
        local running <close> = program.start(command, { folder = desk.folder, env = desk.env })
        wait_until("the bucket is asked", function() return desk.alma.calls().faults[1].hits > 0 end)
        running.signal(signal)
        local result = running.wait()
        assert.equal(75, result.status, result.out .. result.err)
        assert.not_matches("probe", in_upload())
      end
      assert.same({}, added())
    end)
  end

  it("undone, stops at Ctrl-C and goes on with the same command", function()
    desk.start(desk_module.single(100))
    plan()
    assert.equal(0, apply().status)
    desk.alma.change { op = "faults", spec = "DELETE representations=1:stall=0.5" }
    local function undo(call)
      return call({ "undo", "a.run", "--yes", "--rate", "500" }, { folder = desk.folder, env = desk.env })
    end
    local running <close> = undo(program.start)
    wait_until("one is deleted", function() return calls "DELETE" > 0 end)
    running.signal "INT"
    local result = running.wait()
    assert.same({ 75, "almanac: stopped\n" }, { result.status, result.err })
    desk.alma.change { op = "faults", spec = "" }
    result = undo(program.run)
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({}, added())
  end)

  it("goes on with the parts that an interrupted upload left", function()
    desk.start { { "large" } }
    program.write(desk.folder .. "/jpg/large.jpg", desk_module.JPEG .. ("."):rep(70 * MIB))
    desk.use_aws()
    plan()
    desk.alma.change { op = "faults", spec = "PUT s3.part=@4:stall=60" }
    local running <close> = start()
    local function parts() return calls "S3 UploadPart" end
    wait_until("three parts are there", function()
      local upload = desk.alma.state().uploads[1]
      return upload and upload.parts >= 3 and parts() >= 4
    end)
    running.signal "INT"
    core.sys.sleep(0.3)
    running.signal "INT"
    assert.equal(75, running.wait().status)
    desk.alma.change { op = "faults", spec = "" }
    local before = parts()
    local there = desk.alma.state().uploads[1].parts
    assert.equal(0, apply().status)
    assert.equal(5 - there, parts() - before)
    assert.same({ "large.jpg" }, added())
  end)
end)
