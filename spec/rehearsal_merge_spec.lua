local rehearsal = require "support.rehearsal"

local FROM, INTO = "991000000060009001", "991000000070009001"

describe("a rehearsal in which bibs are merged", function()
  local alma

  before_each(function() alma = rehearsal.start { memory = true, args = { "--rate", "0", "--daily", "1000" } } end)
  after_each(function() alma.stop() end)

  local function get(path) return alma.call("GET", path) end

  local function ids_of(list)
    local ids = {}
    for i, one in ipairs(list or {}) do ids[i] = one.id or one.pid or one.mms_id end
    return ids
  end

  local function representations(mms_id) return ids_of(get("/bibs/" .. mms_id .. "/representations").data.representation) end

  local function merge() alma.change { op = "merge", from = FROM, into = INTO } end

  it("moves representations and their files with their ids to the title that survives", function()
    local moved, own = representations(FROM)[1], representations(INTO)[1]
    local files = ids_of(get(("/bibs/%s/representations/%s/files"):format(FROM, moved)).data.representation_file)
    merge()
    assert.same({ moved, own }, representations(INTO))
    local path = ("/bibs/%s/representations/%s"):format(INTO, moved)
    assert.same(files, ids_of(get(path .. "/files").data.representation_file))
    assert.equal(3, #files)
    assert.equal(200, get(path .. "/files/" .. files[1]).status)
    assert.same({ INTO }, ids_of(get("/bibs?view=brief&representation_id=" .. moved).data.bib))
  end)

  it("answers for the other title as for a missing one", function()
    local moved = representations(FROM)[1]
    merge()
    for _, path in ipairs { "", "/representations", "/representations/" .. moved, "/representations/" .. moved .. "/files" } do
      local result = get("/bibs/" .. FROM .. path)
      assert.equal(400, result.status)
      assert.matches("402203", result.body)
    end
    assert.same({ INTO }, ids_of(get("/bibs?view=brief&mms_id=" .. FROM .. "," .. INTO).data.bib))
  end)

  it("moves items and collections, and leaves a broken member in a set", function()
    local other = alma.change { op = "add_collection", name = "Other" }.pid
    alma.change { { op = "add_to_collection", collection = other, mms_id = FROM }, { op = "add_item", mms_id = FROM, barcode = "1" },
      { op = "add_item", mms_id = FROM, barcode = "2" }, { op = "add_item", mms_id = INTO, barcode = "2" } }
    local set = alma.change { op = "add_set", name = "Mine", members = { FROM } }.id
    merge()
    assert.equal(2, get("/bibs/" .. INTO .. "/holdings/ALL/items").data.total_record_count)
    assert.same({ INTO }, ids_of(get("/bibs/collections/" .. other .. "/bibs").data.bib))
    assert.matches("60108", get("/conf/sets/" .. set .. "/members").body)
  end)

  it("tells the door which were merged", function()
    merge()
    assert.same({ { from = FROM, into = INTO } }, alma.state().merged)
  end)

  it("shows what moved late when lists lag", function()
    local moved, own = representations(FROM)[1], representations(INTO)[1]
    alma.change { op = "latency", spec = "lag=3600" }
    merge()
    assert.same({ own }, representations(INTO))
    assert.equal(200, get(("/bibs/%s/representations/%s"):format(INTO, moved)).status)
    alma.change { op = "latency", spec = "" }
    assert.same({ moved, own }, representations(INTO))
  end)

  local WRONG = {
    { { op = "merge", from = FROM, into = "99" }, "there is no title '99'" },
    { { op = "merge", from = "99", into = INTO }, "there is no title '99'" },
    { { op = "merge", from = FROM }, "there is no title 'nil'" },
    { { op = "merge", from = FROM, into = FROM }, "a title can't be merged into itself" },
  }

  for _, wrong in ipairs(WRONG) do
    it("refuses it when " .. wrong[2], function()
      assert.error_matches(function() alma.change(wrong[1]) end, wrong[2])
      assert.equal(1, #representations(INTO))
    end)
  end

  it("merges just before a call: --faults merge", function()
    local moved = representations(FROM)[1]
    alma.change { op = "faults", spec = "DELETE representations=@1:merge" }
    local result = alma.call("DELETE", ("/bibs/%s/representations/%s?override=true"):format(FROM, moved))
    assert.matches("402203", result.body)
    local into = alma.state().merged[1].into
    assert.same({ into }, ids_of(get("/bibs?view=brief&representation_id=" .. moved).data.bib))
    assert.same({ moved }, representations(into))
  end)
end)
