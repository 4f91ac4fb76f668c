local lists = require "almanac.rehearsal.api.lists"
local rehearsal = require "support.rehearsal"

describe("a rehearsal with --lists", function()
  local alma, mms_ids

  local function start(spec)
    alma = rehearsal.start { memory = true, args = { "--rate", "0", "--lists", spec } }
    mms_ids = {}
    for i = 1, 12 do mms_ids[i] = alma.change { op = "add_bib", title = "Book " .. i }.mms_id end
  end

  after_each(function() alma.stop() end)

  -- What a list gives and what it counts.
  local function given(path, name)
    local data = alma.call("GET", path).data
    return { #(data[name] or {}), data.total_record_count }
  end

  -- A path with twelve entries for each list that there is.
  local function of_members()
    return "/conf/sets/" .. alma.change { op = "add_set", name = "Twelve", members = mms_ids }.id .. "/members"
  end

  local function of_collection()
    local pid = alma.change { op = "add_collection", name = "Twelve" }.pid
    for _, mms_id in ipairs(mms_ids) do alma.change { op = "add_to_collection", collection = pid, mms_id = mms_id } end
    return "/bibs/collections/" .. pid .. "/bibs"
  end

  local function of_sets()
    for i = alma.call("GET", "/conf/sets").data.total_record_count + 1, 12 do
      alma.change { op = "add_set", name = "Set " .. i }
    end
    return "/conf/sets"
  end

  local function of_items()
    for i = 1, 12 do alma.change { op = "add_item", mms_id = mms_ids[1], barcode = tostring(i) } end
    return "/bibs/" .. mms_ids[1] .. "/holdings/ALL/items"
  end

  local function of_representations()
    for i = 1, 12 do alma.change { op = "add_representation", mms_id = mms_ids[1], label = tostring(i) } end
    return "/bibs/" .. mms_ids[1] .. "/representations"
  end

  local function of_files()
    local files = {}
    for i = 1, 12 do files[i] = { name = i .. ".jpg" } end
    local id = alma.change { op = "add_representation", mms_id = mms_ids[1], files = files }.id
    return ("/bibs/%s/representations/%s/files"):format(mms_ids[1], id)
  end

  local LISTS = { member = of_members, bib = of_collection, set = of_sets, item = of_items,
    representation = of_representations, representation_file = of_files }

  for name, path_of in pairs(LISTS) do
    it(("gives a list by so many, whatever limit says: %s"):format(name), function()
      start "page=10"
      local path = path_of()
      assert.same({ 10, 12 }, given(path .. "?limit=100", name))
      assert.same({ 2, 12 }, given(path .. "?limit=100&offset=10", name))
      alma.change { op = "lists", spec = "page=100" }
      assert.same({ 12, 12 }, given(path .. "?limit=100", name))
    end)
  end

  it("gives less where less is asked for", function()
    start "page=10"
    local path = of_members()
    assert.same({ 3, 12 }, given(path .. "?limit=3", "member"))
  end)

  it("counts more titles of a collection than it gives", function()
    start "short=2"
    local path = of_collection()
    assert.same({ 10, 12 }, given(path .. "?limit=100", "bib"))
    assert.same({ 3, 12 }, given(path .. "?limit=5", "bib"))
    assert.same({ 7, 12 }, given(path .. "?limit=100&offset=5", "bib"))
  end)

  it("counts more members of a set than it gives", function()
    start "short=2"
    local path = of_members()
    assert.same({ 10, 12 }, given(path .. "?limit=100", "member"))
    assert.same({ 3, 12 }, given(path .. "?limit=5", "member"))
    assert.same({ 7, 12 }, given(path .. "?limit=100&offset=5", "member"))
    assert.equal("12", alma.call("GET", (path:gsub("/members", ""))).data.number_of_members.value)
    local ids = {}
    for _, member in ipairs(alma.call("GET", path .. "?limit=100").data.member) do ids[member.id] = true end
    assert.same({ true, nil, nil, true }, { ids[mms_ids[1]], ids[mms_ids[2]], ids[mms_ids[3]], ids[mms_ids[4]] })
  end)
end)

describe("--lists", function()
  it("names the right words when one is wrong", function()
    for _, spec in ipairs { "page", "page=0", "page=x", "pages=10", "lag=6", "10", "short=-1" } do
      local parsed, message = lists.parse(spec)
      assert.is_nil(parsed)
      assert.matches("^%-%-lists: '[^']+' is none of page=N, short=N$", message)
    end
  end)
end)
