-- Ingests with the built program against the rehearsal: many titles through an import profile of Alma, once, whatever happens
-- meanwhile; what the profile did to records is seen, told and taken back.
local desk = require "support.desk"
local program = require "support.program"

local PROFILE = "3152547460009001"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { %s },
  args = { { "folder", "dir" } },
  title_keys = function(title) return { "p" .. key.digits(title.title, 1) } end,
  file_key = function(file) return file.stem end,
  changes = function(title, files) return ingest { profile = "%s", files = files%s } end,
}
]]

describe("an ingest", function()
  local at = desk.each(before_each, after_each)

  local function start(n, latency, ...)
    at.start(desk.single(n), "--latency", "0,job=" .. (latency or 0), ...)
    at.use_aws()
  end

  local function plan(more, effects, profile)
    program.write(at.folder .. "/recipe.lua", RECIPE:format(effects or '"ingest"', profile or PROFILE, more or ""))
    return at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "--folder", "jpg", "-o", "a.run", "--rate", "500")
  end

  local function planned(...)
    local result = plan(...)
    assert.equal(0, result.status, result.out .. result.err)
  end

  local function apply(switches, ...)
    return at.hurried(switches, "apply", "a.run", "--rate", "500", "--settle", "0.1", ...)
  end

  -- What came to each title: "label: name size, …".
  local function made()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      if rep.created_by == "import" then
        local files = {}
        for i, file in ipairs(rep.files) do files[i] = ("%s %d"):format(file.name, file.size) end
        list[#list + 1] = ("%s %s: %s"):format(rep.mms_id, rep.usage_type, table.concat(files, ", "))
      end
    end
    table.sort(list)
    return list
  end

  local function runs()
    local n = 0
    for route, count in pairs(at.alma.calls().routes) do
      if route:find "^POST /conf/jobs" then n = n + count end
    end
    return n
  end

  it("brings the files of all titles to them, the first title alone, and leaves its folder empty", function()
    start(5)
    planned()
    local result = apply ""
    assert.equal(0, result.status, result.out .. result.err)
    local expected = {}
    for i = 1, 5 do expected[i] = ("%s DERIVATIVE_COPY: p%d.jpg %d"):format(desk.id(i), i, #desk.JPEG + 2) end
    assert.same(expected, made())
    assert.equal(2, runs())
    assert.same({}, at.alma.state().objects)
    assert.matches("verified 5 title", at.run("verify", "a.run").out)
  end)

  it("is taken back: representations go, and nothing else is another than before", function()
    start(3)
    planned()
    local before = at.alma.state()
    apply ""
    assert.matches("would delete representation %d+ of", at.run("undo", "a.run").out)
    at.run("undo", "a.run", "--yes")
    assert.same({}, made())
    assert.equal(before.counts.representations, at.alma.state().counts.representations)
    assert.equal(0, at.almanac("verify", "a.run").status)
  end)

  it("that is filled and locked still is taken back, and leaves nothing in the bucket", function()
    start(1)
    planned()
    at.alma.change { op = "faults", spec = "DELETE s3=1:denied" }   -- so the lock stays
    assert.is_not.equal(0, apply("").status)
    assert.is_true(#at.alma.state().objects > 1)
    at.alma.change { op = "faults", spec = "" }
    local undone = at.almanac("undo", "a.run", "--yes", "--rate", "500")
    assert.equal(0, undone.status, undone.err)
    assert.same({ {}, {}, 0 }, { made(), at.alma.state().objects, runs() })
  end)

  it("goes on where it was killed, at every moment, and submits each ingest once", function()
    start(4, 0.3)
    planned()
    local tries, status, said = 0
    repeat
      tries = tries + 1
      said = apply(("kill=%d%s"):format(tries + 2, tries % 2 == 0 and ",before" or ""))
      status = said.status
    until status == 0 or tries == 40
    assert.equal(0, status, said.err)
    assert.equal(4, #made())
    assert.equal(2, runs())
    assert.same({}, at.alma.state().objects)
    assert.is_true(tries > 4)
  end)

  it("is not started again when the answer to the start is lost", function()
    start(3, 0.3, "--faults", "POST jobs=@1:lost,POST jobs=@2:500after")
    planned()
    local tries, status = 0
    repeat
      tries = tries + 1
      status = apply("").status
    until status == 0 or tries == 5
    assert.same({ 0, 3, 2 }, { status, #made(), runs() })
  end)

  it("is looked for again when its run never ends, and nothing is sent twice", function()
    start(3, 0.2, "--faults", "POST jobs=@1:hangs")
    planned()
    for _ = 1, 2 do
      local result = apply("", "--ingest-wait", "0.01")
      assert.equal(75, result.status, result.out .. result.err)
      assert.matches("gave up waiting for run %d+, which goes on in Alma", result.err)
    end
    assert.same({ 1, 1 }, { #made(), runs() })
  end)

  it("stops when Alma starts no more jobs in this hour, and the same command goes on later", function()
    start(7)
    planned()
    local result = apply("", "--ingest-size", "1", "--ingest-wait", "0")
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("a job is started at most 5 times an hour", result.err)
    assert.same({ 5, 6 }, { #made(), runs() })
    at.alma.change { op = "age_jobs", seconds = 3700 }
    result = apply("", "--ingest-size", "5")
    assert.equal(0, result.status, result.out .. result.err)
    assert.same({ 7, 8 }, { #made(), runs() })   -- one start was refused
  end)

  it("is refused before anything is written when its profile can't be used, or there are no keys", function()
    start(1)
    local function refused(words)
      local result = apply ""
      assert.equal(1, result.status, result.out .. result.err)
      assert.matches(words, result.err)
      assert.same({}, at.alma.state().objects)
    end
    planned()
    at.alma.change { op = "profile", id = PROFILE, files_to_import = "All" }
    refused "imports all files every time it runs"
    at.alma.change { op = "profile", id = PROFILE, files_to_import = "New", active = false }
    refused "import profile 'Digital ingest' %(3152547460009001%): it is inactive"
    at.alma.change { op = "profile", id = PROFILE, active = true, type = { "UPDATE_INVENTORY", "Update inventory" } }
    refused "it is of the type Update inventory"
    at.alma.change { op = "profile", id = PROFILE, type = { "REPOSITORY", "Repository" } }
    at.env.AWS_ACCESS_KEY_ID, at.env.AWS_SECRET_ACCESS_KEY = false, false
    refused "an ingest needs AWS keys"
    at.use_aws()
    os.remove(at.folder .. "/a.run")
    planned("", nil, "3152547470009001")
    refused "it is none for digital files"
    os.remove(at.folder .. "/a.run")
    planned("", nil, "999")
    refused "999"
  end)

  it("is not sent while ingests of others lie in the folder, unless that is wanted", function()
    start(1)
    planned()
    for name, text in pairs { ["values.csv"] = "title,file_name_1\nTheirs,x.jpg\n", ["x.jpg"] = "x" } do
      at.alma.change { op = "add_object", key = ("%s/upload/%s/theirs/%s"):format(at.alma.inst, PROFILE, name), text = text }
    end
    local result = apply ""
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("1 ingests? of others lie in the folder of import profile " .. PROFILE .. " .-%(theirs, 2 files%)", result.err)
    assert.same({ 0, 0 }, { #made(), runs() })
    assert.equal(0, apply("", "--with-others").status)
    assert.equal(2, #made())
  end)

  it("fails titles that Alma refuses, in its words where it gives any, and sends them again", function()
    start(3)
    planned()
    at.alma.change { { op = "refuse_rows", has = "p2.jpg", message = "Field 245 is missing" }, { op = "import_events" } }
    local result = apply ""
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches(desk.id(2) .. "[^\n]*Alma did not import it: Field 245 is missing %(run %d+, Completed with Warnings%)", result.err)
    assert.equal(2, #made())
    assert.same({}, at.alma.state().objects)
    at.alma.restart()
    assert.equal(0, apply("").status)
    assert.same({ 3, 3 }, { #made(), runs() + 2 })
  end)

  it("tells counters and alerts where Alma tells nothing of single records", function()
    start(2)
    planned()
    at.alma.change { op = "refuse_rows", has = "p2.jpg" }
    assert.matches("Records requiring attention: 1", apply("").err)
  end)

  it("fails its titles when the run fails, and they can be sent again", function()
    start(2, 0, "--faults", "POST jobs=@1:fails")
    planned()
    assert.equal(2, apply("").status)
    assert.same({ 1, 2 }, { #made(), runs() })
    assert.equal(0, apply("").status)
    assert.same({ 2, 3 }, { #made(), runs() })
  end)

  it("asks about a title that somebody changed since the plan, and sends the others", function()
    start(3)
    planned()
    at.alma.change { op = "add_representation", mms_id = desk.id(2), label = "Theirs", file_name = "t.jpg" }
    local result = apply ""
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches(desk.id(2) .. "[^\n]*since the plan somebody added a representation", result.err)
    assert.equal(2, #made())
    assert.same({}, at.alma.state().objects)
  end)

  it("sends files of one name apart", function()
    start(0)
    at.alma.stop()
    at.start({ { "p1" }, { "p2" }, { "p3" } }, "--latency", "0,job=0")
    at.use_aws()
    for i = 1, 3 do
      program.write(("%s/jpg/p%d/scan.jpg"):format(at.folder, i), desk.JPEG .. ("x"):rep(i))
      os.remove(("%s/jpg/p%d.jpg"):format(at.folder, i))
    end
    program.write(at.folder .. "/recipe.lua", (RECIPE:format('"ingest"', PROFILE, ""):gsub("file.stem", "file.folder")))
    at.run("plan", "./recipe.lua", "--titles", "titles.csv", "--folder", "jpg", "-o", "a.run", "--rate", "500")
    assert.equal(0, apply("").status)
    for i, line in ipairs(made()) do assert.matches("scan.jpg " .. #desk.JPEG + i .. "$", line) end
    assert.equal(3, #made())
  end)

  it("waits for a person when Alma waits for manual handling", function()
    start(1)
    planned()
    local number = at.run("show", "a.run").out:match "Plan (%S+):"
    at.alma.change { op = "add_object", text = "title,what\nx,y\n",
      key = ("%s/upload/%s/almanac-%s-1/other.csv"):format(at.alma.inst, PROFILE, number) }
    local result = apply ""
    assert.equal(2, result.status, result.out .. result.err)
    assert.matches("the import waits for manual handling in Alma: other.csv: Field what is invalid; .- %(run %d+%)", result.err)
    assert.equal(2, apply("").status)
    assert.same({ 0, 1 }, { #made(), runs() })
  end)

  it("can't be taken back while Alma may be at work on it; when its folder is locked no file of it stays there", function()
    start(2, 30)
    planned()
    assert.equal(75, apply("", "--ingest-wait", "0.005").status)
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("what comes of it is not known yet: `almanac apply` goes on with that", result.err)
    os.remove(at.folder .. "/a.run")
    at.alma.change { { op = "latency", spec = "0,job=0" }, { op = "faults", spec = "PUT s3.object=@3-99:denied" } }
    planned()
    assert.equal(75, apply("").status)
    at.alma.change { op = "faults", spec = "" }
    at.run("undo", "a.run", "--yes")
    local left = {}
    for _, object in ipairs(at.alma.state().objects) do
      local ours = object.key:find(at.run("show", "a.run").out:match "Plan (%S+):", 1, true)
      if ours and not object.key:find "%.lock$" then left[#left + 1] = object.key end
    end
    assert.same({}, left)
  end)

  describe("through a careless profile", function()
    local function record(mms_id) return at.alma.call("GET", "/bibs/" .. mms_id, { accept = "application/xml" }).body end

    it("stops after its first title, names what became of the record, and undo puts the old one back", function()
      start(4)
      at.alma.change { op = "profile", id = PROFILE, upon_match = "overlay", careless = true }
      planned()
      local before = record(desk.id(1))
      local result = apply ""
      assert.equal(75, result.status, result.out .. result.err)
      assert.matches("changed the record of title " .. desk.id(1) .. ": 008 is removed: ", result.err)
      assert.equal(1, #made())
      assert.is_falsy(record(desk.id(1)):find("Title 1", 1, true))
      assert.matches("put the record back as it was before the import", at.run("undo", "a.run").out)
      at.run("undo", "a.run", "--yes")
      local function fields(text)
        text = text:gsub('<controlfield tag="005">.-</controlfield>', ""):gsub(' (ind1="." ind2=".") (tag="...")', " %2 %1")
        return text:match "<record>.*</record>"
      end
      assert.equal(fields(before), fields(record(desk.id(1))))
      assert.same({}, made())
    end)

    it("is not given a description of a title that is there, unless the recipe declares that", function()
      start(1)
      local result = plan ', metadata = { title = "New" }'
      assert.equal(1, result.status)
      assert.matches("sends 'title' for a title that is there, .- effects do not declare 'update%-bib'", result.err)
    end)

    it("sends a description that the recipe declares, tells what became of each record, and undo puts all back", function()
      start(3)
      at.alma.change { op = "profile", id = PROFILE, upon_match = "overlay" }
      planned(', metadata = { title = "New" }', '"ingest", "update-bib"')
      local before = record(desk.id(2))
      local result = apply ""
      assert.equal(0, result.status, result.out .. result.err)
      assert.equal(3, #made())
      assert.is_truthy(record(desk.id(2)):find(">New<", 1, true))
      assert.matches("245", result.out .. result.err)
      at.run("undo", "a.run", "--yes")
      assert.is_truthy(record(desk.id(2)):find("Title 2", 1, true) and before:find("Title 2", 1, true))
      assert.same({}, made())
    end)
  end)
end)
