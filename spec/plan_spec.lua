local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local reasons = require "almanac.run.reasons"
local store = require "almanac.run.store"

local SAMPLE = "recipes/jpg-derivatives/sample"
local HEADER = "mms_id,title,usage_type,file_name,size,representation_id,collection\n"
local JPEG = require "support.picture".JPEG

local function id(n) return ("9910000000%02d3904146"):format(n) end

local function absolute(path)
  local pipe <close> = assert(io.popen "pwd -P")
  return pipe:read "l" .. "/" .. path
end

describe("plan", function()
  local alma, folder

  before_each(function() folder = program.folder() end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function start(titles, ...)
    alma = rehearsal.start { titles = titles, args = { "--rate", "0", ... } }
  end

  local function environment(more)
    local env = { HOME = folder, XDG_CONFIG_HOME = false, ALMANAC_PROFILE = false,
      ALMANAC_API_URL = alma and alma.url or "http://127.0.0.1:9", ALMA_API_KEY = alma and alma.key or "none" }
    for name, value in pairs(more or {}) do env[name] = value end
    return env
  end

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = environment() })
  end

  local function plan(...)
    local recipe = (...) or ""
    if recipe:find "^by%-" then return almanac("plan", ...) end
    return almanac("plan", "jpg-derivatives", "--rate", "500", ...)
  end

  -- n titles with one TIFF each, and a JPG for each
  local function titles(n)
    local csv = { HEADER }
    for i = 1, n do
      csv[#csv + 1] = ("%s,Title %d,PRESERVATION_MASTER,s%d.tif,10,,\n"):format(id(i), i, i)
      program.write(("%s/jpg/s%d.jpg"):format(folder, i), JPEG)
    end
    return table.concat(csv)
  end

  local function calls()
    local total = 0
    for _, count in pairs(alma.calls().routes) do total = total + count end
    return total
  end

  local function rows(name, sql, ...)
    local db <close> = assert(store.open(folder .. "/" .. name, "read"))
    local list = {}
    for row in db:rows(sql, ...) do list[#list + 1] = row end
    return list
  end

  local function refused(pattern, ...)
    local result = plan(...)
    assert.equal(1, result.status, result.out .. result.err)
    assert.matches(pattern, result.err)
    assert.is_nil(core.files.stat(folder .. "/a.run"))
    return result
  end

  it("of the sample is the expected one", function()
    start(SAMPLE .. "/titles.csv")
    local result = plan("--folder", absolute(SAMPLE .. "/jpg"), "--set", "All digital titles", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    local lines = { core.csv.line { "mms_id", "state", "kind", "files", "reason" } }
    for _, row in ipairs(rows("a.run", [[SELECT mms_id, state, reason_code, reason_data, coalesce((SELECT group_concat(path, '|')
        FROM (SELECT path FROM page JOIN file ON file.id = file_id
          WHERE page.title_id = title.id ORDER BY page.change, page.seq)), '') AS files FROM title ORDER BY mms_id]])) do
      lines[#lines + 1] = core.csv.line { row.mms_id, row.state, row.files ~= "" and "add.representation" or "", row.files,
        reasons.cell(row) }
    end
    for _, row in ipairs(rows("a.run", "SELECT path, reason_code, reason_data FROM file WHERE reason_code = 'no_title'")) do
      lines[#lines + 1] = core.csv.line { "", "", "", row.path, reasons.cell(row) }
    end
    assert.equal(program.read(SAMPLE .. "/expected.csv"), table.concat(lines))
    assert.matches("7 titles: 4 ready %(6 files", result.out)
    assert.matches("1  several files for one match key\n%s+991000000043904146", result.out)
    assert.matches("Files without a title: 3\n", result.out)
    assert.matches("stray_0001%.jpg: no title answers to its match key", result.out)
    assert.matches("almanac decide a%.run %-%-template", result.out)
    assert.matches("almanac apply a%.run", result.out)
  end)

  it("spends two calls a title beside the batches, and few to begin with", function()
    start(titles(30))
    local result = plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("30 titles: 30 ready", result.out)
    local routes = alma.calls().routes
    assert.equal(30, routes["GET /bibs/{mms_id}/representations"])
    assert.equal(30, routes["GET /bibs/{mms_id}/representations/{rep_id}/files"])
    assert.equal(1, routes["GET /bibs"])
    assert.is_true(calls() <= 64)
    assert.equal(calls(), rows("a.run", "SELECT sum(calls) AS n FROM tally")[1].n)
  end)

  it("writes down where, by whom and by which rules it was made", function()
    start(titles(1))
    plan("--folder", "jpg", "--titles", id(1), "-o", "a.run", "--label", "Web")
    local db <close> = assert(store.open(folder .. "/a.run", "read"))
    local meta = store.meta(db)
    assert.equal(alma.inst, meta.institution)
    assert.equal(alma.url, meta.url)
    assert.equal(folder .. "/jpg", meta.folder)
    assert.equal("Web", json.decode(meta.args).label)
    assert.equal(program.read "recipes/jpg-derivatives/recipe.lua", json.decode(meta.recipe_sources)[1].text)
    for _, name in ipairs { "run", "recipe", "recipe_version", "recipe_sha256", "environment", "created", "planned",
      "version", "user", "host" } do
      assert.is_true(meta[name] ~= nil and meta[name] ~= "", name)
    end
    for name, value in pairs(meta) do assert.is_nil(value:find(alma.key, 1, true), name) end
  end)

  it("never overwrites a file", function()
    start(titles(1))
    program.write(folder .. "/b.run", "mine")
    local result = plan("--folder", "jpg", "--titles", id(1), "-o", "b.run")
    assert.equal(1, result.status)
    assert.matches("b%.run exists already; a plan never overwrites one", result.err)
    assert.equal("mine", program.read(folder .. "/b.run"))
    assert.equal(0, calls())
  end)

  it("takes a set by its id, and lists members that Alma can't give", function()
    start(titles(3))
    local set = alma.change { op = "add_set", name = "Ours", members = { id(1), "9910000000993904146", id(2) } }
    local result = plan("--folder", "jpg", "--set", set.id or set[1].id, "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("2 titles: 2 ready", result.out)
    assert.matches("Problems: 1\n%s+member 2 of the set 'Ours' %(%d+%): Set Member not found: IED 9910000000993904146", result.out)
  end)

  it("leaves out an id that Alma does not return", function()
    start(titles(1))
    local result = plan("--folder", "jpg", "--titles", id(1) .. "," .. id(7), "-o", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("1  Alma did not return this MMS ID %(deleted or withdrawn%?%)\n%s+" .. id(7), result.out)
  end)

  it("tries other rules on what was read without a single call", function()
    start(titles(2))
    assert.equal(0, plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run").status)
    local before = calls()
    program.write(folder .. "/ours/recipe.lua", '-- almanac-recipe: 1\nreturn extend "jpg-derivatives" { name = "ours",\n' ..
      "  file_key = function(file) return key.digits(file.name) end, title_keys = function(title)\n" ..
      "    return { key.digits(title:files()().name) } end }\n")
    local result = program.run({ "plan", "ours/recipe.lua", "--from", "a.run", "-o", "b.run", "--label", "Other" },
      { folder = folder, env = environment { ALMA_API_KEY = false, ALMANAC_API_URL = false } })
    assert.equal(0, result.status, result.err)
    assert.equal(before, calls())
    local db <close> = assert(store.open(folder .. "/b.run", "read"))
    assert.equal("Other", json.decode(db:value "SELECT spec FROM spec LIMIT 1").label)
    assert.equal(folder .. "/jpg", store.meta(db, "folder"))
    assert.same({ "1", "2" }, { db:value "SELECT key FROM title_key ORDER BY key", db:value "SELECT max(key) FROM title_key" })
  end)

  it("reads again with --refresh", function()
    start(titles(2))
    assert.equal(0, plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run").status)
    alma.change { op = "add_representation", mms_id = id(1), file_name = "s1.jpg" }
    assert.matches("2 titles: 2 ready", plan("--from", "a.run", "-o", "b.run").out)
    assert.matches("2 titles: 1 ready", plan("--from", "a.run", "--refresh", "-o", "c.run").out)
  end)

  it("does not reuse what was read of titles that a run has changed", function()
    start(titles(2))
    assert.equal(0, plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run").status)
    almanac("apply", "a.run", "--limit", "1")
    local result = plan("--from", "a.run", "-o", "b.run")
    assert.equal(2, result.status, result.err)
    assert.matches("could not be read\n%s+" .. id(1) .. "  the earlier run has changed it since", result.out)
  end)

  it("is refused before anything is read when something is wrong", function()
    start(titles(1))
    refused("%-%-folder DIR is missing", "--titles", id(1), "-o", "a.run")
    refused("'nowhere' does not exist", "--folder", "nowhere", "--titles", id(1), "-o", "a.run")
    refused("'jpg/s1.jpg' is no folder", "--folder", "jpg/s1.jpg", "--titles", id(1), "-o", "a.run")
    refused("which titles%? give %-%-titles FILE or %-%-set", "--folder", "jpg", "-o", "a.run")
    refused("give %-%-titles or %-%-set, not both", "--folder", "jpg", "--titles", id(1), "--set", "x", "-o", "a.run")
    refused("name the run file to write: %-o RUN", "--folder", "jpg", "--titles", id(1))
    refused("there is no set 'TIFF onyl', did you mean 'TIFF only'", "--folder", "jpg", "--set", "TIFF onyl", "-o", "a.run")
    refused("library 'MAINE' does not exist in this institution, did you mean 'MAIN'", "--folder", "jpg", "--titles", id(1),
      "--library", "MAINE", "-o", "a.run")
    refused("usage type 'DERIVATIVE' does not exist", "--folder", "jpg", "--titles", id(1), "--usage", "DERIVATIVE", "-o", "a.run")
    refused("there is no collection 'Mpas'", "--folder", "jpg", "--titles", id(1), "--collection", "Mpas", "-o", "a.run")
    refused("was rounded by a spreadsheet", "--folder", "jpg", "--titles", "990012345678904000", "-o", "a.run")
    refused("there is no file 'none.csv'", "--folder", "jpg", "--titles", "none.csv", "-o", "a.run")
    refused("%-%-refresh and %-%-missing go with %-%-from", "--folder", "jpg", "--titles", id(1), "--refresh", "-o", "a.run")
    refused("none%.run", "--from", "none.run", "-o", "a.run")
    assert.is_nil(alma.calls().routes["GET /bibs"])
  end)

  it("is refused with a wrong key, and without one", function()
    start(titles(1))
    local args = { "plan", "jpg-derivatives", "--folder", "jpg", "--titles", id(1), "-o", "a.run" }
    local result = program.run(args, { folder = folder, env = environment { ALMA_API_KEY = "wrong" } })
    assert.equal(1, result.status)
    assert.matches("key", result.err)
    result = program.run(args, { folder = folder, env = environment { ALMA_API_KEY = false } })
    assert.equal(1, result.status)
    assert.matches("no API key: set ALMA_API_KEY", result.err)
    assert.is_nil(core.files.stat(folder .. "/a.run"))
  end)

  it("is refused when its recipe's examples do not hold", function()
    start(titles(1))
    program.write(folder .. "/r.lua", '-- almanac-recipe: 1\nreturn extend "jpg-derivatives" { name = "r",\n' ..
      '  examples = { file_key = { ["a.jpg"] = "b" } } }\n')
    local result = almanac("plan", "r.lua", "--folder", "jpg", "--titles", id(1), "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("its own examples do not hold: file_key of 'a%.jpg' gives 'a', expected 'b'", result.err)
    assert.equal(0, calls())
  end)

  it("keeps what was read when a rule fails afterwards", function()
    start(titles(2))
    program.write(folder .. "/r.lua", '-- almanac-recipe: 1\nreturn extend "jpg-derivatives" { name = "r",\n' ..
      "  wants = function(title) return title.x.y end }\n")
    local result = almanac("plan", "r.lua", "--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("r%.lua:3: attempt to index a nil value.*rule wants, for '" .. id(1), result.err)
    assert.matches("kept: correct this and plan again with %-%-from a%.run", result.err)
    local before = calls()
    assert.matches("2 titles: 2 ready", plan("--from", "a.run", "-o", "b.run").out)
    assert.equal(before, calls())
  end)

  it("takes a collection by its name, from an earlier run as well, and as an argument of a recipe", function()
    start(titles(2))
    local pid = alma.change { op = "add_collection", name = "Prairie scans" }.pid
    local list = alma.folder .. "/titles.csv"
    assert.equal(0, plan("--folder", "jpg", "--titles", list, "-o", "a.run").status)
    local function collection(path) return rows(path, "SELECT DISTINCT json_extract(spec, '$.collection') AS id FROM spec")[1].id end
    local result = plan("--from", "a.run", "--collection", "Prairie scans", "-o", "b.run")
    assert.equal(0, result.status, result.err)
    assert.equal(pid, collection "b.run")
    result = almanac("plan", "collect", "--titles", list, "--into", "prairie Scans", "--rate", "500", "-o", "c.run")
    assert.equal(0, result.status, result.err)
    assert.equal(pid, collection "c.run")
    result = almanac("plan", "collect", "--titles", list, "--into", "Prairy scans", "--rate", "500", "-o", "d.run")
    assert.equal(1, result.status)
    assert.matches("there is no collection 'Prairy scans', did you mean 'Prairie scans'?", result.err, 1, true)
  end)

  it("takes what a set lists when it counts more, and names that", function()
    start(titles(12), "--lists", "short=1,page=10")
    local result = plan("--folder", "jpg", "--set", "TIFF only", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("11 titles: 11 ready", result.out)
    assert.matches("Problems: 1\n%s+the set 'TIFF only' %(%d+%) counts 12 members, but Alma lists 11 of them", result.out)
  end)

  it("says which of its titles are suppressed, once with the count", function()
    start(titles(3))
    local state = alma.state()
    for i = 1, 2 do   -- the last representation goes, the title stays, suppressed
      local rep = state.representations[i]
      assert.equal(204, alma.call("DELETE", ("/bibs/%s/representations/%s?override=true&bibs=suppress"):format(rep.mms_id, rep.id)).status)
    end
    local result = plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run")
    assert.matches("To be known:\n        2  a title is suppressed\n +" .. state.representations[1].mms_id ..
      "  patrons do not see it in discovery\n +" .. state.representations[2].mms_id .. "  patrons", result.out)
  end)

  it("stops early when the day's calls would not do", function()
    start(titles(3), "--daily", "60")
    local function with(...) return plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run", ...) end
    local result = with("--reserve", "54")
    assert.equal(1, result.status)
    assert.matches("reading 3 titles takes about 7 calls, but Alma allows %d+ calls more today and 54 of them are kept .*%-%-reserve",
      result.err)
    assert.equal(0, with().status)
  end)

  it("keeps the same share of the day's calls for others as apply does", function()
    start(titles(30), "--daily", "69")
    local result = plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run")
    assert.equal(1, result.status)
    assert.matches("reading 30 titles takes about 61 calls, but Alma allows 6%d calls more today and 7 of them are kept", result.err)
  end)

  it("keeps what it read when the day's calls end in the middle", function()
    local csv = { titles(10) }
    for i = 11, 12 do
      for rep = 1, 60 do
        csv[#csv + 1] = ("%s,Title %d,AUXILIARY,s%d.tif,10,12%04d%04d4146,\n"):format(id(i), i, i, i, rep)
      end
    end
    start(table.concat(csv), "--daily", "135")
    local result = plan("--folder", "jpg", "--titles", alma.folder .. "/titles.csv", "-o", "a.run")
    assert.equal(75, result.status, result.out .. result.err)
    assert.matches("almanac plan jpg%-derivatives %-%-from a%.run %-%-missing %-o NEW", result.out)
    assert.equal(10, rows("a.run", "SELECT count(*) AS n FROM title WHERE reading IS NOT NULL")[1].n)
    assert.matches("This plan is not finished", almanac("show", "a.run").out)
    for _, command in ipairs { "apply", "verify" } do
      local result_of = almanac(command, "a.run")
      assert.equal(1, result_of.status)
      assert.matches("^almanac: a.run holds no plan: .*almanac plan jpg%-derivatives %-%-from a%.run %-%-missing %-o NEW\n$", result_of.err)
    end
    assert.equal(0, rows("a.run", "SELECT count(*) AS n FROM title WHERE state = 'ready'")[1].n)
    result = plan("--from", "a.run", "-o", "b.run")
    assert.equal(2, result.status, result.err)
    assert.matches("12 titles: 10 ready", result.out)
    assert.matches("2  could not be read\n%s+" .. id(11), result.out)
  end)

  it("knows usage types also where Alma lists representations in brief", function()
    start(HEADER .. id(1) .. ",T,PRESERVATION_MASTER,s1.tif,10,,\n" .. id(1) .. ",T,DERIVATIVE_COPY,s1.pdf,10,,\n", "--brief")
    program.write(folder .. "/jpg/s1.jpg", JPEG)
    local result = plan("--folder", "jpg", "--titles", id(1), "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("it already has such a representation\n%s+%d+  %d+ '[^']*' %(DERIVATIVE_COPY, 1 file%)", result.out)
  end)

  it("puts the collection into every change", function()
    start(titles(1))
    local pid = alma.state().collections[1].pid
    assert.equal(0, plan("--folder", "jpg", "--titles", id(1), "--collection", "Digital titles", "-o", "a.run").status)
    assert.equal(pid, json.decode(rows("a.run", "SELECT spec FROM spec")[1].spec).collection)
  end)

  it("tells a program by events what it tells people in words", function()
    start(titles(2))
    local result = plan("--folder", "jpg", "--titles", id(1), "-o", "a.run", "--json")
    assert.equal(0, result.status, result.err)
    local last
    for line in result.out:gmatch "[^\n]+" do last = assert(json.decode(line)) end
    assert.equal("planned", last.event)
    assert.same({ ready = 1, ask = 0, skip = 0, done = 0, failed = 0 }, last.titles)
    assert.same({ 1, 1, "a.run" }, { last.files, last.unmatched, last.path })
  end)

  it("gives a recipe the rows of the list, also when it is planned from again", function()
    start(titles(2))
    program.write(folder .. "/map.csv", ("MMS ID,Scan\n%s,s2.jpg\n%s,s1.tif\n"):format(id(1), id(2)))
    local result = plan("by-map", "--folder", "jpg", "--column", "scan", "--titles", "map.csv", "-o", "a.run")
    assert.equal(0, result.status, result.out .. result.err)
    assert.equal(0, plan("by-map", "--folder", "jpg", "--column", "scan", "--from", "a.run", "-o", "b.run").status)
    for _, name in ipairs { "a.run", "b.run" } do
      assert.same({ { mms_id = id(1), path = "s2.jpg" }, { mms_id = id(2), path = "s1.jpg" } }, rows(name,
        "SELECT mms_id, path FROM title JOIN page ON title_id = title.id JOIN file ON file.id = file_id ORDER BY mms_id"))
    end
    result = plan("by-map", "--folder", "jpg", "--titles", id(1), "-o", "c.run")
    assert.equal(1, result.status)
    assert.matches("reads the rows of a list: give %-%-titles FILE", result.err)
  end)

  it("notes ids that are there twice and rows without one", function()
    start(titles(2))
    program.write(folder .. "/t.csv", ("mms_id,x\n%s,1\n%s,1\n,2\n"):format(id(1), id(1)))
    local result = plan("--folder", "jpg", "--titles", "t.csv", "-o", "a.run")
    assert.matches("1 id is in the list more than once; each counts once", result.err)
    assert.matches("t.csv: 1 row without an MMS ID: line 4", result.out)
  end)
end)
