-- create.bib from a plan to undo: a title that Alma lacks is created once, whatever happens, is known again by its number,
-- takes the other changes of its plan, and goes only while it is as it was made.
local desk = require "support.desk"
local masters = require "support.masters"
local new_titles = require "support.new_titles"
local program = require "support.program"

local COLLECTION = "8100000000004146"
local NAMES = { "Maps of Ghent", "Plans of Ghent", "Views of Ghent" }

describe("create.bib", function()
  local at = desk.each(before_each, after_each)
  local run, almanac = at.run, at.almanac

  -- Plans three new titles.
  local function plan(path, spec, with_file)
    local words, list = { new_titles.words(at.folder, desk.id(1)) }, {}
    table.move({ path, "--rate", "500" }, 1, 3, #words + 1, words)
    run(table.unpack(words))
    for i, name in ipairs(NAMES) do
      local file = ("p%d.jpg"):format(i)
      if with_file then program.write(at.folder .. "/jpg/" .. file, desk.JPEG .. file) end
      list[i] = { name = name, pages = with_file and { file } or nil }
    end
    new_titles.plan(at.folder .. "/" .. path, list, { spec = spec, folder = with_file and at.folder .. "/jpg" or nil })
  end

  local function start(...)
    at.start({ { "a", collection = COLLECTION } }, ...)
    at.env.ALMANAC_CLAIMS = at.folder
  end

  -- The titles that were created, by name; how many there are.
  local function created()
    local list, by_name = {}, {}
    for _, bib in ipairs(at.alma.state().bibs) do
      if bib.mms_id ~= desk.id(1) then
        list[#list + 1] = bib.title
        by_name[bib.title] = bib
      end
    end
    table.sort(list)
    return list, by_name
  end

  local function apply(...) return almanac("apply", "a.run", "--settle", "0.3", ...) end

  it("creates titles, tells of them, puts them into their collection, and undo deletes them", function()
    start()
    plan("a.run", { collection = COLLECTION, suppress = true })
    local shown = run("show", "a.run", "new:1").out
    assert.matches("Planned: a new title 'Maps of Ghent' (dc), in collection 8100000000004146, suppressed", shown, 1, true)
    assert.matches("3 titles are CREATED in Alma, suppressed: patrons don't see it, in collection 8100000000004146",
      run("show", "a.run").out, 1, true)
    assert.equal(0, apply().status)
    local names, bibs = created()
    assert.same(NAMES, names)
    local text = at.alma.call("GET", "/bibs/" .. bibs["Maps of Ghent"].mms_id).data
    assert.matches("<dc:identifier>%(almanac%)[%w-]+%-%d+</dc:identifier>", text.anies[1])
    assert.equal("true", text.suppress_from_publishing)
    assert.same({ COLLECTION }, bibs["Maps of Ghent"].collections)
    assert.matches("verified 3 title", run("verify", "a.run").out)
    assert.matches("would delete the title that was created of " .. bibs["Maps of Ghent"].mms_id, run("undo", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same({}, (created()))
    assert.matches("looked at 3 titles taken back", run("verify", "a.run").out)
  end)

  it("goes on with representations on the new MMS ID, and takes all of it back", function()
    start()
    plan("a.run", { collection = COLLECTION }, true)
    at.use_aws()
    local result = apply()
    assert.equal(0, result.status, result.err)
    local _, bibs = created()
    local reps = {}
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.label == "JPG" then reps[#reps + 1] = rep.files[1].name .. " " .. rep.mms_id end
    end
    table.sort(reps)
    assert.same({ "p1.jpg " .. bibs[NAMES[1]].mms_id, "p2.jpg " .. bibs[NAMES[2]].mms_id, "p3.jpg " .. bibs[NAMES[3]].mms_id }, reps)
    assert.matches("verified 3 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same({}, (created()))
    assert.same({}, at.alma.state().objects)
  end)

  it("leaves a title to a person that holds what is not of the run", function()
    start()
    plan("a.run", { collection = COLLECTION })
    assert.equal(0, apply().status)
    local _, bibs = created()
    at.alma.change { op = "add_representation", mms_id = bibs[NAMES[2]].mms_id, label = "Theirs" }
    at.alma.change { op = "change_bib", mms_id = bibs[NAMES[3]].mms_id, title = "Theirs" }
    local result = almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("it holds representation %d+, which is not of this run", result.err)
    assert.matches("its record is another: dc:title: 'Views of Ghent' → 'Theirs'", result.err)
    assert.same({ "Plans of Ghent", "Theirs" }, (created()))
  end)

  it("finds what a call without an answer made", function()
    start()
    plan("a.run")
    at.alma.change { op = "faults", spec = "POST bibs=@1:lost, POST bibs=@2:500after, POST bibs=@3:cut" }
    assert.equal(0, apply().status)
    assert.same(NAMES, (created()))
  end)

  it("asks a person, and never creates twice, when the index lags longer than it looks", function()
    start("--latency", "lag=3")
    plan("a.run")
    at.alma.change { op = "faults", spec = "POST bibs=@1:lost, POST bibs=@2:500after, POST bibs=@3:500after" }
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("Alma gave no clear answer when this title was created", result.err)
    assert.same(NAMES, (created()))
    require "almanac.core".sys.sleep(3)
    local lines = { "mms_id,decision,file" }
    for i = 1, 3 do lines[i + 1] = ("new:%d,use,"):format(i) end
    program.write(at.folder .. "/d.csv", table.concat(lines, "\n") .. "\n")
    run("decide", "a.run", "d.csv")
    assert.equal(0, apply().status)
    assert.same(NAMES, (created()))
    assert.matches("verified 3 title", run("verify", "a.run").out)
  end)

  for _, switch in ipairs { "kill=1", "kill=2", "kill=3", "kill=1,before", "kill=2,before", "kill=3,before" } do
    it("goes on after " .. switch .. ", also while the index lags", function()
      start("--latency", "lag=0.5")
      plan("a.run")
      at.hurried(switch, "apply", "a.run")
      at.hurried("", "apply", "a.run", "--settle", "1.5")
      assert.same(NAMES, (created()))
      assert.matches("3 done", run("report", "a.run").out)
      at.hurried(switch, "undo", "a.run", "--yes")
      at.hurried("", "undo", "a.run", "--yes")
      assert.same({}, (created()))
    end)
  end

  it("is not done again by an older copy of the run, also while the index lags", function()
    start("--latency", "lag=60")
    plan "a.run"
    program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
    assert.equal(0, apply().status)
    assert.equal(0, almanac("apply", "old.run", "--settle", "0.3").status)
    assert.same(NAMES, (created()))
    assert.matches("3 done", run("report", "old.run").out)
  end)

  it("puts nothing into a title twice that another copy of the run has created", function()
    start()
    plan("a.run", { collection = COLLECTION }, true)
    program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
    assert.equal(0, apply().status)
    local before = at.alma.state().representations
    local result = almanac("apply", "old.run", "--settle", "0.3")
    assert.equal(2, result.status)
    assert.matches("older copy", result.err)
    assert.same(NAMES, (created()))
    assert.same(before, at.alma.state().representations)
  end)

  it("is not done by two runs of the same records, also side by side", function()
    start("--latency", "lag=60")
    plan "a.run"
    plan "b.run"
    local result = almanac("exec", program.client, "settle=0.3", "apply", "a.run")
    local other = almanac("apply", "b.run", "--settle", "0.3")
    assert.equal(0, result.status)
    assert.equal(2, other.status)
    assert.matches("another run on this machine has made title %d+ of the same record", other.err)
    assert.same(NAMES, (created()))
  end)

  it("is seen by two runs on two machines, and undo deletes one's own", function()
    start()
    plan "a.run"
    plan "b.run"
    at.env.ALMANAC_CLAIMS = at.folder .. "/other"
    require "almanac.core".files.make_folder(at.folder .. "/other")
    at.alma.change { op = "faults", spec = "POST bibs=@1:stall=1, POST bibs=@2:stall=1, POST bibs=@3:stall=1" }
    local first <close> = assert(io.popen(("cd '%s' && ALMANAC_CLAIMS=%s HOME=%s ALMANAC_API_URL=%s ALMA_API_KEY=%s '%s' apply a.run 2>&1")
      :format(at.folder, at.folder, at.folder, at.alma.url, at.alma.key, program.path())))
    require "almanac.core".sys.sleep(0.5)
    local second = almanac("apply", "b.run")
    local said = first:read "a" .. second.err
    assert.matches("made a title of the same record at the same time", said)
    almanac("undo", "b.run", "--yes")
    assert.same(NAMES, (created()))
  end)

  it("tells what Alma says of a match, and creates all the same when a person decides so", function()
    start()
    at.alma.call("POST", "/bibs", { type = "application/xml", body = ([[<bib><record_format>dc</record_format>
      <record xmlns="http://alma.exlibrisgroup.com/dc/%s" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Old maps</dc:title>
      <dc:identifier>call 7</dc:identifier></record></bib>]]):format(at.alma.inst) })
    plan("a.run", { check_match = true, add = { { "dc:identifier", "call 7" } } })
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("Alma says that the record matches others: The given bib object has matching records[^\n]*Old maps", result.err)
    program.write(at.folder .. "/d.csv", "mms_id,decision,file\nnew:1,use,\nnew:2,skip,\nnew:3,skip,\n")
    run("decide", "a.run", "d.csv")
    assert.equal(0, apply().status)
    assert.same({ "Maps of Ghent", "Old maps" }, (created()))
  end)

  it("says when a title with a number of its source came meanwhile", function()
    start()
    at.alma.call("POST", "/bibs", { type = "application/xml", body = ([[<bib><record_format>dc</record_format>
      <record xmlns="http://alma.exlibrisgroup.com/dc/%s" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Theirs</dc:title>
      <dc:identifier>oai:x:2</dc:identifier></record></bib>]]):format(at.alma.inst) })
    plan "a.run"
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("a title with its number oai:x:2 is in Alma by now: %d+ 'Theirs'", result.err)
    assert.same({ "Maps of Ghent", "Theirs", "Views of Ghent" }, (created()))
  end)

  it("leaves a title alone that an import profile changed instead of creating one", function()
    start()
    local made = at.alma.call("POST", "/bibs", { type = "application/xml", body = ([[<bib><record_format>dc</record_format>
      <record xmlns="http://alma.exlibrisgroup.com/dc/%s" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Theirs</dc:title>
      <dc:identifier>call 7</dc:identifier></record></bib>]]):format(at.alma.inst) })
    assert.equal(200, made.status)
    plan("a.run", { import_profile = "3152547490009001", add = { { "dc:identifier", "call 7" } } }, true)
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("a title with its number call 7 is in Alma by now: %d+ 'Theirs', and import profile %d+ may change it", result.err)
    program.write(at.folder .. "/d.csv", "mms_id,decision,file\nnew:1,use,\nnew:2,skip,\nnew:3,skip,\n")
    run("decide", "a.run", "d.csv")
    result = apply()
    assert.equal(2, result.status)
    assert.matches("with import profile %d+ Alma changed title %d+, which was there before", result.err)
    assert.same({ "Maps of Ghent" }, (created()))
    assert.equal(2, almanac("undo", "a.run", "--yes").status)
    assert.same({ "Maps of Ghent" }, (created()))
  end)

  it("says in Alma's words why a record is refused", function()
    start()
    plan("a.run", { remove = { "dc:title" } })
    local result = apply()
    assert.equal(2, result.status)
    assert.matches("Alma does not take the record: Mandatory field dc:title is missing", result.err)
    assert.same({}, (created()))
  end)

  it("stays where it was merged into another title", function()
    start()
    plan("a.run", { collection = COLLECTION }, true)
    assert.equal(0, apply().status)
    local _, bibs = created()
    at.alma.change { op = "merge", from = bibs[NAMES[1]].mms_id, into = desk.id(1) }
    local result = almanac("undo", "a.run", "--yes", masters(at.folder .. "/a.run"))
    assert.matches("the title that this run created was merged into " .. desk.id(1), result.err .. result.out)
    assert.same({}, (created()))
  end)
end)

describe("what a recipe says of a record", function()
  local groups = require "almanac.recipe.inside.changes".groups()
  local create, update = groups.create, groups.update
  local edit = require "almanac.record_edit"

  local function text(change)
    local made = assert(edit.make(change, "01X"))
    return (edit.is_marc(made) and made:encode "line" or made:text()):gsub("%s+$", "")
  end

  it("becomes a MARC record, one value of a path in one field, several in a field each", function()
    assert.equal("00000nam a2200000   4500\n245    $a Maps / $c by N.\n650    $a Ghent\n650    $a Maps\n856 40 $u https://x",
      text(create.bib { record = { ["245$a"] = "Maps /", ["245$c"] = "by N.", ["650$a"] = { "Ghent", "Maps" },
        { "856", "40", "u", "https://x" } } }))
  end)

  it("becomes Alma's Dublin Core, with the attributes and the namespace of the institution", function()
    local made = text(create.bib { record = { ["dc:title"] = "Maps", { "dc:date", "1900", ["xsi:type"] = "dcterms:W3CDTF" } },
      add = { ["dc:subject"] = { "a", "b" } } })
    assert.matches('^<record xmlns="http://alma.exlibrisgroup.com/dc/01X"', made)
    assert.matches('<dc:date xsi:type="dcterms:W3CDTF">1900</dc:date><dc:subject>a</dc:subject><dc:subject>b</dc:subject>', made, 1, true)
  end)

  it("is refused where it is written, with what is wrong", function()
    local function refused(what, ...)
      local ok, message = pcall(...)
      assert.is_false(ok)
      assert.matches(what, message)
    end
    refused("create.bib: 'record' is missing", create.bib, {})
    refused("create.bib: the record can't be made: .-expected a tag", create.bib, { record = { ["24$a"] = "x" } })
    refused("'dc:title%[1%]' names no place for a new field", create.bib, { record = { ["dc:title[1]"] = { "x" } } })
    refused("the value of 245%$a is text, not a boolean", update.bib, { set = { ["245$a"] = true } })
    refused("say what to set: set, add, remove", update.bib, { normalization = "1" })
    refused("did you mean 'suppress'", create.bib, { record = { ["dc:title"] = "x" }, supress = true })
  end)

  it("is done twice with the effect of once", function()
    local change = update.bib { set = { ["245$a"] = "New" }, add = { { "500", "  ", "a", "x" } }, remove = { "008" } }
    local record = assert(edit.make({ record = { set = { { "245$a", "Old" }, { "008", "y" } }, add = {} } }, "01X"))
    assert(edit.apply(record, change))
    local once = record:encode "line"
    assert(edit.apply(record, change))
    assert.equal(once, record:encode "line")
  end)
end)
