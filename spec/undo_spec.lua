-- Taking a run back with the built program, against the rehearsal.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local JPEG = require "support.picture".JPEG
local ONE, TWO = "9900000000104146", "9900000000204146"

describe("undo", function()
  local folder, alma, before

  before_each(function() folder = program.folder() end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function environment(more)
    local whole = { HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
    for name, value in pairs(more) do whole[name] = value end
    return whole
  end

  local function almanac_with(env, ...) return program.run({ ... }, { folder = folder, env = environment(env) }) end

  local function almanac(...) return almanac_with({}, ...) end

  -- A title for each list of stems, with a TIFF of each, and the JPGs.
  local function start(titles, ...)
    local csv = { "mms_id,title,usage_type,file_name,size,representation_id" }
    for i, title in ipairs(titles) do
      for _, stem in ipairs(title) do
        csv[#csv + 1] = ("99%09d04146,Title %d,PRESERVATION_MASTER,%s.tif,1000,12%09d04146"):format(i, i, stem, i)
        program.write(("%s/jpg/%s.jpg"):format(folder, stem), JPEG .. stem)
      end
    end
    program.write(folder .. "/titles.csv", table.concat(csv, "\n") .. "\n")
    alma = rehearsal.start { titles = folder .. "/titles.csv", args = { "--rate", "0", ... } }
  end

  local function plan(...)
    local result = almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", ...)
    assert.equal(0, result.status, result.err)
    before = alma.state()
  end

  local function apply()
    local result = almanac("apply", "a.run", "--settle", "0.1")
    assert.equal(0, result.status, result.err)
  end

  local function undo(...) return almanac("undo", "a.run", ...) end

  local function calls(route)
    local n = 0
    for name, count in pairs(alma.calls().routes) do
      if name:find(route, 1, true) then n = n + count end
    end
    return n
  end

  local function wait_until(holds)
    for _ = 1, 500 do
      if holds() then return end
      core.sys.sleep(0.02)
    end
    error "it never happens"
  end

  local function report() return json.decode(almanac("report", "a.run", "--format", "json").out) end

  local function derivatives(mms_id)
    local ids = {}
    for _, rep in ipairs(alma.state("?mms_id=" .. mms_id).representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then ids[#ids + 1] = rep.id end
    end
    return ids
  end

  local function assert_as_before()
    local now = alma.state()
    assert.same(before.bibs, now.bibs)
    assert.same(before.representations, now.representations)
  end

  it("changes nothing without --yes, and says what it would delete", function()
    start { { "a" }, { "b_1", "b_2" } }
    plan()
    apply()
    local made = alma.state()
    local result = undo()
    assert.equal(0, result.status, result.err)
    assert.same(made, alma.state())
    assert.matches("would delete representation " .. derivatives(ONE)[1] .. " of " .. ONE, result.out, 1, true)
    assert.matches("would take back 2 titles", result.out)
    assert.equal("attached", report().rows[1].state)
  end)

  it("deletes exactly what the run made, and no bib", function()
    start { { "a" }, { "b_1", "b_2" } }
    plan()
    apply()
    local result = undo "--yes"
    assert.equal(0, result.status, result.err)
    assert_as_before()
    assert.same({ "undone", "undone" }, { report().rows[1].state, report().rows[2].state })
  end)

  it("has nothing to do the second time, and apply does not begin again", function()
    start { { "a" } }
    plan()
    apply()
    undo "--yes"
    assert.matches("took back 0 titles", undo("--yes").out)
    apply()
    assert_as_before()
  end)

  it("leaves and lists what others changed since", function()
    start { { "a" }, { "b" } }
    plan()
    apply()
    alma.change { op = "add_file", representation_id = derivatives(ONE)[1], name = "theirs.jpg" }
    local result = undo "--yes"
    assert.equal(2, result.status)
    assert.matches(ONE .. ": changed since: file .* is not of this run", result.err)
    assert.equal(1, #derivatives(ONE))
    assert.equal(0, #derivatives(TWO))
    assert.same({ "attached", "undone" }, { report().rows[1].state, report().rows[2].state })
  end)

  for _, change in ipairs {
    { what = "another label", label = "Theirs" }, { what = "a public note", public_note = "See also" },
    { what = "a change that shows only in who made it" },
  } do
    it("leaves a representation with " .. change.what, function()
      start { { "a" } }
      plan()
      apply()
      change.op, change.id, change.by = "change_representation", derivatives(ONE)[1], "somebody else"
      alma.change(change)
      local result = undo "--yes"
      assert.equal(2, result.status)
      assert.matches("changed since", result.err)
      assert.equal(1, #derivatives(ONE))
    end)
  end

  it("leaves a representation that lost a file", function()
    start { { "b_1", "b_2" } }
    plan()
    apply()
    alma.change { op = "delete_file", pid = report().rows[1].files[2].pid }
    local result = undo "--yes"
    assert.matches("file %d+ was deleted", result.err)
    assert.equal(1, #derivatives(ONE))
  end)

  it("is content when somebody deleted the representation already", function()
    start { { "a" } }
    plan()
    apply()
    alma.change { op = "delete_representation", id = derivatives(ONE)[1] }
    assert.equal(0, undo("--yes").status)
    assert_as_before()
  end)

  it("is content when it is deleted while undo looks at it", function()
    start { { "a" } }
    plan()
    apply()
    local listed = calls "GET /bibs/{mms_id}/representations"
    alma.change { op = "faults", spec = "GET representations=@2:stall=1" }
    local running <close> = program.start({ "undo", "a.run", "--yes" }, { folder = folder, env = environment {} })
    wait_until(function() return calls "GET /bibs/{mms_id}/representations" > listed end)
    alma.call("DELETE", ("/bibs/%s/representations/%s?override=true"):format(ONE, derivatives(ONE)[1]))
    local result = running.wait()
    assert.equal(0, result.status, result.out .. result.err)
    assert_as_before()
  end)

  it("leaves a representation that somebody else added beside ours", function()
    start { { "a" } }
    plan()
    apply()
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    assert.equal(0, undo("--yes").status)
    assert.equal(1, #derivatives(ONE))
    assert.equal("somebody else", alma.state().representations[2].created_by)
  end)

  it("takes a title out of the collection that the run put it into", function()
    start { { "a" } }
    plan("--collection", alma.change { op = "add_collection", name = "New" }.pid)
    apply()
    assert.equal(2, #alma.state().bibs[1].collections)
    assert.equal(0, undo("--yes").status)
    assert_as_before()
  end)

  it("takes it out also when the answer to putting it in was lost", function()
    start({ { "a" } }, "--faults", "POST collections=@1:lost")
    plan("--collection", alma.change { op = "add_collection", name = "New" }.pid)
    apply()
    assert.equal(0, undo("--yes").status)
    assert_as_before()
  end)

  it("leaves a title in a collection that it was in before", function()
    start { { "a" } }
    local pid = alma.change { op = "add_collection", name = "Old" }.pid
    alma.change { op = "add_to_collection", collection = pid, mms_id = ONE }
    plan("--collection", pid)
    apply()
    assert.equal(0, undo("--yes").status)
    assert.equal(2, #alma.state().bibs[1].collections)
    assert_as_before()
  end)

  -- Runs a command that is killed just before its Nth commit.
  local function killed_at(last, ...)
    return almanac("exec", program.client, ("kill=%d,before"):format(last), ...)
  end

  it("goes on where it was killed", function()
    start { { "a" }, { "b" }, { "c" } }
    plan()
    apply()
    local last, left = 0, 3
    while left == 3 do
      last = last + 1
      assert.is_not.equal(0, killed_at(last, "undo", "a.run", "--yes").status)
      left = #derivatives(ONE) + #derivatives(TWO) + #derivatives "9900000000304146"
    end
    assert.equal(0, undo("--yes").status)
    assert_as_before()
  end)

  for _, made in ipairs { "representation", "file" } do
    it(("takes back a %s that was made by a process killed before it could note it"):format(made), function()
      start { { "a" } }
      plan()
      repeat   -- each start has one commit, and then makes something or not
        assert.is_not.equal(0, killed_at(2, "apply", "a.run", "--settle", "0.05").status)
        local rep = alma.state().representations[2]
      until rep and (made == "representation" or rep.files[1])
      assert.equal(0, report().files.attached)
      local result = undo "--yes"
      assert.equal(0, result.status, result.err)
      assert_as_before()
    end)
  end

  it("removes uploads that became no files, with AWS keys", function()
    start({ { "a" } }, "--faults", "POST representations=@1-99:500")
    plan()
    local keys = { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key }
    almanac_with(keys, "apply", "a.run", "--settle", "0.05")
    assert.equal(1, #alma.state().objects)
    local result = almanac_with(keys, "undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.equal(0, #alma.state().objects)
  end)

  it("removes the probe of the bucket when it arrived after it was deleted", function()
    start { { "a" } }
    plan()
    local keys = { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key }
    alma.change { op = "faults", spec = "PUT s3=@1:late=1.5" }
    local result = almanac_with(keys, "apply", "a.run", "--settle", "0.05")
    assert.equal(0, result.status, result.err)
    wait_until(function() return alma.state().objects[1] end)
    assert.matches("almanac%-probe", alma.state().objects[1].key)
    result = almanac_with(keys, "undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.same({}, alma.state().objects)
  end)
end)
