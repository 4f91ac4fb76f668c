-- Reading back what a run made, with the built program against the rehearsal.
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local store = require "almanac.run.store"

describe("verify", function()
  local at = desk.each(before_each, after_each)

  local function applied(titles, ...)
    at.start(titles, ...)
    assert.equal(0, at.plan("--rate=500").status)
    assert.equal(0, at.almanac("apply", "a.run", "--rate=500").status)
  end

  local function verify(...)
    return at.almanac("verify", "a.run", "--rate=500", ...)
  end

  local function rows()
    return json.decode(at.almanac("report", "a.run", "--format", "json").out).rows
  end

  it("says of a run that was never carried out that there is nothing to look at", function()
    at.start { { "a" } }
    assert.equal(0, at.plan("--rate=500").status)
    local result = verify()
    assert.equal(1, result.status)
    assert.equal("almanac: nothing to verify: a.run was never carried out; do it with:  almanac apply a.run\n", result.err)
    assert.equal("", result.out)
    assert.matches("this run has made nothing in Alma", at.almanac("undo", "a.run").out)
  end)

  it("finds all as planned", function()
    applied { { "a" }, { "b_1", "b_2" } }
    local result = verify()
    assert.equal(0, result.status, result.err)
    assert.equal("verified 2 titles; 0 differ, 0 could not be read\n", result.out)
    assert.equal("verified", rows()[1].state)
  end)

  it("finds a doubled representation", function()
    applied { { "a" } }
    at.alma.change { op = "add_representation", mms_id = desk.id(1), usage_type = "DERIVATIVE_COPY", label = "JPG" }
    assert.equal(2, verify().status)
    assert.matches("second such representation", rows()[1].reason)
  end)

  it("says what differs", function()
    applied { { "a" }, { "b_1", "b_2" } }
    at.alma.change { op = "delete_file", pid = rows()[2].files[1].pid }
    assert.equal(2, verify().status)
    assert.matches("page 1", rows()[2].reason)
  end)

  it("finds a file that Alma lists, but that is gone from its storage", function()
    applied { { "a" }, { "b" } }
    at.alma.change { op = "break_file", pid = rows()[2].files[1].pid }
    local result = verify()
    assert.equal(2, result.status)
    assert.matches("b%.jpg can't be read from Alma's storage: .*%(NoSuchKey", result.err)
    local list = rows()
    assert.is_nil(list[1].reason)
    assert.equal("verified", list[1].state)
    assert.matches("b%.jpg can't be read", list[2].reason)
  end)

  it("finds a file that is cut short in the storage", function()
    applied { { "a_1", "a_2", "a_3", "a_4", "a_5", "a_6" } }
    local file = rows()[1].files[6]
    at.alma.change { op = "break_file", pid = file.pid, left = 7 }
    assert.equal(2, verify().status)
    assert.equal(("a_6.jpg has 7 bytes in Alma's storage, %d on disk"):format(file.size), rows()[1].reason)
  end)

  it("takes a storage that gives no answer for unknown, not for broken", function()
    applied { { "a" } }
    at.alma.change { op = "faults", spec = "GET s3=1:500" }
    local result = verify()
    assert.equal(2, result.status)
    assert.matches("verified 0 titles; 0 differ, 1 could not be read", result.out)
    assert.equal("attached", rows()[1].state)
  end)

  it("says which files it could not look at in the storage", function()
    applied { { "a" }, { "b_1", "b_2" } }
    at.alma.change { op = "no_addresses" }
    local result = verify()
    assert.equal(0, result.status)
    assert.matches("verified 2 titles; 0 differ", result.out)
    assert.matches("not looked at in the storage, Alma gave no address: 3 files", result.out)
  end)

  it("takes a sample, and says so", function()
    applied(desk.single(6))
    local before = at.alma.calls().routes["GET /bibs/{mms_id}/representations"]
    local result = verify("--sample", "2")
    assert.equal(0, result.status, result.err)
    assert.equal("verified 2 titles, 2 of 6 titles taken at random; 0 differ, 0 could not be read\n", result.out)
    assert.equal(before + 2, at.alma.calls().routes["GET /bibs/{mms_id}/representations"])
    local verified = 0
    for _, row in ipairs(rows()) do verified = verified + (row.state == "verified" and 1 or 0) end
    assert.equal(2, verified)
    assert.matches("verified 6 titles", verify("--sample", "10").out)
    assert.equal(1, verify("--sample", "0").status)
  end)

  it("ends at Ctrl-C and keeps what it has found", function()
    applied(desk.single(60))
    at.alma.change { op = "latency", spec = "0.2" }
    local function reads() return at.alma.calls().routes["GET /bibs/{mms_id}/representations/{rep_id}/files"] end
    local before = reads()
    local running <close> = program.start({ "verify", "a.run", "--rate", "30" }, { folder = at.folder, env = at.env })
    repeat core.sys.sleep(0.05) until reads() > before + 3
    running.signal "INT"
    local result = running.wait()
    assert.same({ 75, "almanac: stopped\n" }, { result.status, result.err })
    at.alma.change { op = "latency", spec = "" }
    assert.matches("verified 60 titles; 0 differ", verify().out)
  end)

  it("takes back what it found before, when it is as planned again", function()
    applied { { "a" } }
    local db = assert(store.open(at.folder .. "/a.run", "write"))
    db:run [[UPDATE title SET reason_code = 'failure', reason_data = '{"message":"it was not"}']]
    db:close()
    assert.equal(0, verify().status)
    assert.is_nil(rows()[1].reason)
  end)
end)
