-- Collections that are made, moved, filled and deleted, against the rehearsal: every request held against Alma's
-- descriptions, and nothing made twice when answers are lost.
local alma = require "almanac.alma"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"

local function mms(i) return ("99%06d1234"):format(i) end

local TITLES = { "mms_id,title,usage_type,file_name,size,collection" }
for i = 1, 12 do
  TITLES[i + 1] = ("%s,Map %d,%s,%s,1000,Maps"):format(mms(i), i, i == 1 and "PRESERVATION_MASTER" or "", i == 1 and "t.tif" or "")
end
TITLES = table.concat(TITLES, "\n") .. "\n"

describe("collections", function()
  local place, client, posts
  local collections = alma.collections

  before_each(function()
    place = rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0" } }
    posts = 0
    client = openapi.hold(alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 },
      log = function(event) if event.method == "POST" then posts = posts + 1 end end })
  end)

  after_each(function() if place then place.stop() end end)

  local function faults(spec) place.change { op = "faults", spec = spec } end

  local function count(name)
    local n = 0
    for _, collection in ipairs(place.state().collections) do
      if collection.name == name then n = n + 1 end
    end
    return n
  end

  local function make(name, parent)
    return assert(collections.create(client, { name = name, parent = parent })).pid.value
  end

  it("are created with what was asked for, and once", function()
    local made, there = assert(collections.create(client, { name = "Letters", description = "d", library = "SPEC",
      external_system = "CDM", external_id = "p1" }, { record_format = "dc" }))
    assert.is_false(there)
    local got = collections.get(client, made.pid.value)
    assert.are.same({ "Letters", "d", "SPEC", "CDM", "p1" },
      { got.name, got.description, got.library.value, got.external_system, got.external_id })
    local again
    again, there = collections.create(client, { name = "Letters" })
    assert.is_true(there)
    assert.are.equal(made.pid.value, again.pid.value)
    assert.are.equal(1, posts)
  end)

  for _, fault in ipairs { "lost", "500after", "cut" } do
    it("are created once when the answer is spoilt: " .. fault, function()
      faults("POST collections=@1:" .. fault)
      local made, there = assert(collections.create(client, { name = "Letters" }))
      assert.is_false(there)
      assert.are.same({ 1, 1 }, { count "Letters", posts })
      assert.are.equal("Letters", made.name)
    end)
  end

  it("are not created again when nobody can tell, which the failure says", function()
    faults "POST collections=@1:reset"
    local made, message, _, detail = collections.create(client, { name = "Letters" })
    assert.is_nil(made)
    assert.is_true(detail.unclear)
    assert.truthy(message:find("nobody can tell whether the collection 'Letters' was made: look for it in Alma", 1, true))
  end)

  it("make a tree, in which each has its path", function()
    local top = make "Letters"
    local middle = make("Letters 1890", top)
    local low = make("Letters 1893", middle)
    local names = {}
    for i, node in ipairs(assert(collections.path(client, low))) do names[i] = node.name end
    assert.are.same({ "Letters", "Letters 1890", "Letters 1893" }, names)
    local roots = assert(collections.tree(client))
    assert.are.same({ "Maps", "Letters" }, { roots[1].name, roots[2].name })
    local leaf = roots[2].children[1].children[1]
    assert.are.same({ low, "Letters", "Letters 1890", "Letters 1893" }, { leaf.pid, table.unpack(leaf.path) })
    local none, _, code = collections.path(client, "8112345678")
    assert.is_nil(none)
    assert.are.equal("missing", code)
  end)

  it("of one name below another parent are no match", function()
    local top = make "Letters"
    make "Diaries"
    local made, message, code = collections.create(client, { name = "Diaries", parent = top })
    assert.is_nil(made)
    assert.are.equal("conflict", code)
    assert.truthy(message:find("there is a collection 'Diaries' already, at the top", 1, true))
  end)

  it("change in what is given, and keep the rest", function()
    local top, pid = make "Letters", make "Diaries"
    assert(collections.update(client, pid, { description = "d", library = "MAIN" }))
    local moved = assert(collections.update(client, pid, { parent = top }))
    assert.are.same({ "Diaries", "d", "MAIN", top },
      { moved.name, moved.description, moved.library.value, moved.parent_pid.value })
    local refused, _, _, detail = collections.update(client, top, { parent = pid })
    assert.is_nil(refused)
    assert.is_true(alma.has_code(detail, "402554"))
    local _, _, code = collections.update(client, pid, { name = "Maps" })
    assert.are.equal("conflict", code)
  end)

  it("are deleted when they are empty, and not otherwise", function()
    local top = make "Letters"
    local low = make("Letters 1893", top)
    assert(collections.add(client, low, { mms(1) }))
    for pid, words in pairs { [top] = "sub collections", [low] = "a Bib attached" } do
      local ok, message, code = collections.delete(client, pid)
      assert.is_nil(ok)
      assert.are.equal("conflict", code)
      assert.truthy(message:find(words, 1, true))
    end
    assert(collections.remove(client, low, { mms(1) }))
    faults "DELETE collections=@1:lost"
    assert.is_true(collections.delete(client, low))
    assert.is_true(collections.delete(client, top))
    assert.are.equal(0, count "Letters")
    assert.is_nil((collections.delete(client, top)))
  end)

  it("take and lose titles, and say which were in them", function()
    local pid = make "Letters"
    local result = assert(collections.add(client, pid, { mms(1), mms(2), mms(3), mms(2), "999999991234" }))
    assert.are.same({ mms(1), mms(2), mms(3) }, result.done)
    assert.are.same({ mms(2) }, result.already)
    assert.are.equal("999999991234", result.failed[1].mms_id)
    faults "POST collections=@1:lost"
    assert.are.same({ mms(4) }, assert(collections.add(client, pid, { mms(4) })).done)
    faults "DELETE collections=@1:lost"
    result = assert(collections.remove(client, pid, { mms(4), mms(9) }))
    assert.are.same({ { mms(4) }, { mms(9) } }, { result.done, result.already })
    assert.are.equal(3, #assert(collections.bibs(client, pid)))
  end)

  it("keep a title that has representations and would be in none any more", function()
    local maps = assert(collections.find(client, "Maps")).pid.value
    local result = assert(collections.remove(client, maps, { mms(1), mms(2) }))
    assert.are.same({ mms(2) }, result.done)
    assert.truthy(result.failed[1].message:find("701117", 1, true))
  end)

  it("end a long list of titles when every other one would fail alike", function()
    local other = alma.new { url = place.url, key = "l7xxwrong", rate = 5000, backoff = { first = 0.001, longest = 0.005 } }
    local result, _, code, detail = collections.add(other, "8112345678", { mms(1), mms(2) })
    assert.is_nil(result)
    assert.are.equal("auth", code)
    assert.are.same({}, detail.result.done)
  end)
end)
