local rehearsal = require "support.rehearsal"
local task = require "almanac.task"

local MMS = "991000000010009001"
local PATH = ("/bibs/%s/representations"):format(MMS)
local BODY = { label = "JPG", library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } }

describe("a rehearsal whose lists lag", function()
  local alma

  before_each(function() alma = rehearsal.start { memory = true, args = { "--rate", "0" } } end)
  after_each(function() alma.stop() end)

  local function lag(seconds) alma.change { op = "latency", spec = "lag=" .. seconds } end

  local function create() return alma.call("POST", PATH, { body = BODY }).data.id end

  local function attach(rep)
    local key = alma.inst .. "/upload/a.jpg"
    alma.s3("PUT", key, { body = "12345" })
    return alma.call("POST", ("%s/%s/files"):format(PATH, rep), { body = { label = "a", path = key } }).data.pid
  end

  local function count(path) return alma.call("GET", path).data.total_record_count end

  -- What a list counts while it does not know of the last hour, and when it does.
  local function counts(path)
    local late = count(path)
    lag(0)
    return { late, count(path) }
  end

  it("tells what was there before", function()
    lag(3600)
    assert.equal(1, count(PATH))
    assert.equal(1, count(PATH .. "/" .. alma.call("GET", PATH).data.representation[1].id .. "/files"))
  end)

  it("shows a new representation late, and itself at once", function()
    lag(3600)
    local id = create()
    assert.equal("JPG", alma.call("GET", PATH .. "/" .. id).data.label)
    assert.equal(MMS, alma.call("GET", "/bibs?view=brief&representation_id=" .. id).data.bib[1].mms_id)
    assert.same({ 1, 2 }, counts(PATH))
    assert.equal(id, alma.call("GET", PATH).data.representation[2].id)
  end)

  it("shows for a while what was deleted, while itself is gone", function()
    local id = create()
    lag(3600)
    assert.equal(204, alma.call("DELETE", PATH .. "/" .. id .. "?override=true").status)
    assert.equal(400, alma.call("GET", PATH .. "/" .. id).status)
    assert.equal(id, alma.call("GET", PATH).data.representation[2].id)
    assert.equal(0, count("/bibs?view=brief&representation_id=" .. id))
    assert.same({ 2, 1 }, counts(PATH))
  end)

  it("knows when its time is over", function()
    lag(1)
    local id = create()
    for _ = 1, 600 do
      if count(PATH) == 2 then break end
      task.sleep(0.1)
    end
    assert.equal(2, count(PATH))
    alma.call("DELETE", PATH .. "/" .. id)
    for _ = 1, 600 do
      if count(PATH) == 1 then break end
      task.sleep(0.1)
    end
    assert.equal(1, count(PATH))
  end)

  it("does not show what came and went before it knew", function()
    lag(3600)
    alma.call("DELETE", PATH .. "/" .. create() .. "?override=true")
    assert.same({ 1, 1 }, counts(PATH))
  end)

  it("shows files late, and counts them late in the list of representations", function()
    local id = create()
    local list = ("%s/%s/files"):format(PATH, id)
    local function counted() return alma.call("GET", PATH).data.representation[2].files.total_record_count end
    lag(3600)
    local old = attach(id)
    assert.equal(0, counted())
    assert.equal("a", alma.call("GET", list .. "/" .. old).data.label)
    assert.equal(1, alma.call("GET", PATH .. "/" .. id).data.files.total_record_count)
    assert.same({ 0, 1 }, counts(list))
    assert.equal(1, counted())
  end)

  it("shows deleted files for a while, those of a deleted representation as well", function()
    local id = create()
    local list, pid = ("%s/%s/files"):format(PATH, id), attach(id)
    attach(id)
    lag(3600)
    assert.equal(204, alma.call("DELETE", list .. "/" .. pid).status)
    assert.equal(400, alma.call("GET", list .. "/" .. pid).status)
    assert.equal(2, count(list))
    assert.equal(204, alma.call("DELETE", PATH .. "/" .. id .. "?override=true").status)
    assert.equal(2, alma.call("GET", PATH).data.representation[2].files.total_record_count)
    assert.equal(400, alma.call("GET", list).status)
  end)

  it("shows late who is in a collection and in a set", function()
    local pid = alma.change { op = "add_collection", name = "Late" }.pid
    local set = alma.change { op = "add_set", name = "Late", members = {} }.id
    local members, of_set = "/bibs/collections/" .. pid .. "/bibs", "/conf/sets/" .. set .. "/members"
    lag(3600)
    assert.equal(200, alma.call("POST", members, { body = { mms_id = MMS } }).status)
    assert.equal(400, alma.call("POST", members, { body = { mms_id = MMS } }).status)
    alma.change { op = "add_to_set", set = set, mms_id = MMS }
    assert.same({ 0, 0 }, { count(members), count(of_set) })
    lag(0)
    assert.same({ 1, 1 }, { count(members), count(of_set) })
  end)

  it("shows late who left a collection", function()
    local pid = alma.change { op = "add_collection", name = "Late" }.pid
    alma.change { op = "add_to_collection", collection = pid, mms_id = MMS }
    lag(3600)
    assert.equal(204, alma.call("DELETE", ("/bibs/collections/%s/bibs/%s"):format(pid, MMS)).status)
    assert.same({ 1, 0 }, counts("/bibs/collections/" .. pid .. "/bibs"))
  end)

  it("lets others see the truth", function()
    lag(3600)
    create()
    assert.equal(2, #alma.state("?mms_id=" .. MMS).representations)
    assert.equal(1, count(PATH))
  end)
end)
