local alter = require "almanac.rehearsal.api.alter"
local rehearsal = require "support.rehearsal"

local PATH = "/bibs/991000000010009001/representations"

describe("a rehearsal that stores something else than it was sent", function()
  local alma

  before_each(function() alma = rehearsal.start { memory = true, args = { "--rate", "0" } } end)
  after_each(function() alma.stop() end)

  local function body(label) return { label = label, library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } } end

  -- The label of the answer, which is that of the representation as well.
  local function label_after(method, path, label)
    local data = alma.call(method, path, { body = body(label) }).data
    assert.equal(data.label, alma.call("GET", PATH .. "/" .. data.id).data.label)
    return data.label
  end

  for fault, stored in pairs { relabel = "Negatives [Alma]", unlabel = "", ["trim=3"] = "Neg", rename = "Negatives" } do
    it(("gives representations '%s' for 'Negatives': %s"):format(stored, fault), function()
      alma.change { op = "faults", spec = "* representations=1:" .. fault }
      assert.equal(stored, label_after("POST", PATH, "Negatives"))
      local id = alma.call("GET", PATH).data.representation[2].id
      assert.equal(stored, label_after("PUT", PATH .. "/" .. id, "Negatives"))
    end)
  end

  local function attach(label)
    local key = alma.inst .. "/upload/scan 1.tar.gz"
    alma.s3("PUT", key, { body = "12345" })
    local rep = alma.call("POST", PATH, { body = body "A" }).data.id
    local data = alma.call("POST", ("%s/%s/files"):format(PATH, rep), { body = { label = label, path = key } }).data
    assert.equal("12345", alma.s3("GET", data.path).body)
    return { data.label, data.path:match "[^/]+$" }
  end

  for fault, stored in pairs {
    relabel = { "page 1 [Alma]", "scan 1.tar.gz" }, unlabel = { "", "scan 1.tar.gz" }, ["trim=3"] = { "pag", "scan 1.tar.gz" },
    rename = { "page 1", "scan 1.tar_1.gz" },
  } do
    it(("gives files other labels or names: %s"):format(fault), function()
      alma.change { op = "faults", spec = "POST files=1:" .. fault }
      assert.same(stored, attach "page 1")
    end)
  end

  it("does so behind a gateway that gave up as well", function()
    alma.change { { op = "faults", spec = "POST representations=1:relabel" },
      { op = "latency", spec = "gateway=0,representation=0.1" } }
    assert.equal(504, alma.call("POST", PATH, { body = body "A" }).status)
    alma.change { op = "latency", spec = "" }
    for _ = 1, 600 do
      if alma.call("GET", PATH).data.total_record_count == 2 then break end
      require("almanac.task").sleep(0.05)
    end
    assert.equal("A [Alma]", alma.call("GET", PATH).data.representation[2].label)
  end)

  it("cuts labels between characters", function()
    local function trim(label, most) return alter.label({ fault = { kind = "trim", number = most } }, label) end
    assert.same({ "Bräu", "Br", "ab", "", "\xFF\xFE" },
      { trim("Bräuer", 4), trim("Bräuer", 2), trim("ab", 9), trim("ab", 0), trim("\xFF\xFE\xFD", 2) })
  end)
end)
