local latency = require "almanac.rehearsal.latency"
local rehearsal = require "support.rehearsal"
local task = require "almanac.task"

local MMS = "991000000010009001"
local PATH = ("/bibs/%s/representations"):format(MMS)
local BODY = { label = "JPG", library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } }

describe("a rehearsal behind a gateway that gives up", function()
  local alma, files, key

  local function start(spec, ...)
    alma = rehearsal.start { args = { "--rate", "0", ... } }
    files = PATH .. "/" .. alma.call("POST", PATH, { body = BODY }).data.id .. "/files"
    key = alma.inst .. "/upload/a.jpg"
    alma.change { op = "latency", spec = spec }
  end

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  local function upload(text) return alma.s3("PUT", key, { body = text or "12345" }) end

  local function attach() return alma.call("POST", files, { body = { label = "a", path = key } }) end

  local function state()
    local now = alma.state("?mms_id=" .. MMS)
    local reps = now.representations
    return { #reps, #reps[#reps].files, #now.objects }
  end

  -- Until it looks like that; a minute at most.
  local function wait_for(wanted)
    for _ = 1, 600 do
      local now = state()
      if table.concat(now, " ") == table.concat(wanted, " ") then return true end
      task.sleep(0.1)
    end
    assert.same(wanted, state())
  end

  local function stored()
    local reps = alma.state("?mms_id=" .. MMS).representations
    return alma.s3("GET", reps[#reps].files[1].path).body
  end

  it("answers 504 and goes on: the upload leaves at the beginning, the file is there at the end", function()
    start "gateway=0.05,file=2,move=begin"
    upload()
    local result = attach()
    assert.same({ 504, "text/html" }, { result.status, result.headers["content-type"] })
    assert.same({ 2, 0, 0 }, state())
    assert.equal(0, alma.call("GET", files).data.total_record_count)
    assert.equal(404, alma.s3("HEAD", key).status)
    wait_for { 2, 1, 0 }
    assert.equal("12345", stored())
  end)

  it("answers 504 and goes on: the upload leaves at the end", function()
    start "gateway=0.05,file=2,move=end"
    upload()
    assert.equal(504, attach().status)
    assert.same({ 2, 0, 1 }, state())
    wait_for { 2, 1, 0 }
    assert.equal("12345", stored())
  end)

  it("moves uploads in turn without move=: at the beginning, at the end", function()
    start "gateway=0,file=2"
    upload()
    attach()
    assert.same({ 2, 0, 0 }, state())
    upload()
    attach()
    assert.equal(1, state()[3])
    wait_for { 2, 2, 0 }
  end)

  it("makes a file of each POST that names an upload before it leaves", function()
    start "gateway=0.05,file=2,move=end"
    upload()
    attach()
    attach()
    wait_for { 2, 2, 0 }
    assert.equal("12345", stored())
  end)

  it("keeps an upload that came after the one that left", function()
    start "gateway=0.05,file=2,move=begin"
    upload()
    attach()
    upload "another"
    wait_for { 2, 1, 1 }
    assert.equal("12345", stored())
    assert.equal("another", alma.s3("GET", key).body)
  end)

  it("makes no file in a representation that was deleted meanwhile", function()
    start "gateway=0.05,file=1,move=begin"
    upload()
    attach()
    assert.equal(204, alma.call("DELETE", (files:gsub("/files$", "")) .. "?override=true").status)
    task.sleep(1.5)
    assert.same({ 1, 1, 0 }, state())
  end)

  it("answers what is quick enough, and what is refused, as ever", function()
    start "gateway=5,file=0.1,representation=0.1"
    upload()
    assert.equal(200, attach().status)
    assert.equal(200, alma.call("POST", PATH, { body = BODY }).status)
    alma.change { op = "latency", spec = "gateway=0,file=1" }
    assert.equal(400, attach().status)
  end)

  it("gives up on a representation as well, and answers others meanwhile", function()
    start "gateway=0.05,representation=2"
    assert.equal(504, alma.call("POST", PATH, { body = BODY }).status)
    assert.equal(2, alma.call("GET", PATH).data.total_record_count)
    wait_for { 3, 0, 0 }
  end)

  it("gives up where --faults says", function()
    start("", "--faults", "POST files=@2:504=2")
    upload()
    assert.equal(200, attach().status)
    upload()
    assert.equal(504, attach().status)
    assert.equal(1, state()[2])
    wait_for { 2, 2, 0 }
  end)

  it("ends while it goes on, and is whole when it starts again", function()
    start "gateway=0,file=60,move=end"
    upload()
    attach()
    alma.restart()
    assert.same({ 2, 0, 1 }, state())
    upload()
    alma.change { op = "latency", spec = "gateway=0,file=60,move=begin" }
    attach()
    alma.restart()
    assert.same({ 2, 0, 0 }, state())
  end)
end)

describe("--latency", function()
  it("names the right words when one is wrong", function()
    for _, spec in ipairs { "gateway=x", "move=middle", "fast", "0.3,files=2", "-1", "gateway" } do
      local parsed, message = latency.parse(spec)
      assert.is_nil(parsed)
      assert.matches("^%-%-latency: '[^']+' is none of SECONDS, file=SECONDS, .*gateway=SECONDS, move=begin|end", message)
    end
  end)

  it("takes calls, files and representations each for themselves", function()
    local parsed = latency.parse "0.3,representation=2"
    assert.same({ 0.3, 2, 0.3, 0 }, { parsed.call, parsed.representation, parsed.file, parsed.s3 })
  end)
end)
