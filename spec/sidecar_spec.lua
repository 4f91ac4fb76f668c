local core = require "almanac.core"
local matching = require "support.matching"
local objects = require "almanac.recipe.inside.objects"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local rule = require "support.rule"
local examples_of = require "almanac.recipe.examples"
local rules = require "almanac.recipe.rules"
local sidecar = require "almanac.recipe.sidecar"
local sidecars = require "almanac.run.sidecars"
local summary = require "almanac.report.summary"

local id, JPEG = matching.id, matching.JPEG

-- Files by what their sidecar says, by their name otherwise.
local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "test", summary = "A test", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", required = true }, { "sidecar", "sidecar", default = { "about.json" } } },
  file_key = function(file) return file.ext == "jpg" and (key.sidecar(file, "id") or key.mms_id(file.path)) or nil end,
  page = function(file) return file.path end,
  title_keys = function(title) return { title.mms_id, title.title } end,
  changes = function(title, files, args)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "JPG", files = files }
  end,
}
]]

local function says(value) return ('{"id": "%s"}'):format(value) end

describe("sidecars", function()
  local run
  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function match(files, more)
    more = more or {}
    run = assert(matching.match { recipe = more.recipe or RECIPE, files = files,
      titles = more.titles or { { "a.tif" }, { "b.tif" }, { "c.tif" } }, args = { sidecar = more.sidecar or { "about.json" } } })
    return run
  end

  local function problems()
    local list = {}
    for row in run.db:rows "SELECT text FROM problem ORDER BY id" do list[#list + 1] = row.text end
    return list
  end

  it("say which title the files of a folder belong to, whatever their names say", function()
    match { ["x/about.json"] = says(id(1)), ["x/1.jpg"] = JPEG, ["x/" .. id(2) .. ".jpg"] = JPEG }
    assert.equal("ready", run.state(1))
    assert.equal(("x/1.jpg x/%s.jpg"):format(id(2)), run.pages(1))
    assert.equal("skip", run.state(2))
  end)

  it("leave files without one to their names", function()
    match { ["x/about.json"] = '{"title": "no id here"}', ["x/" .. id(1) .. ".jpg"] = JPEG, [id(2) .. ".jpg"] = JPEG }
    assert.same({ "ready", "ready" }, { run.state(1), run.state(2) })
  end)

  it("speak of the folders below, until one has another id", function()
    match { ["about.json"] = says(id(3)), ["x/about.json"] = says(id(1)), ["x/1/1.jpg"] = JPEG, ["x/2/about.json"] = '{"volume": 2}',
      ["x/2/1.jpg"] = JPEG, ["x/2/deep/about.json"] = says(id(2)), ["x/2/deep/1.jpg"] = JPEG, ["x/9.jpg"] = JPEG, ["y/1.jpg"] = JPEG }
    assert.equal("x/1/1.jpg x/2/1.jpg x/9.jpg", run.pages(1))
    assert.equal("x/2/deep/1.jpg", run.pages(2))
    assert.equal("y/1.jpg", run.pages(3))
  end)

  it("may stand beside each file, before those of the folder", function()
    local names = { "about.json", "{stem}.json", "{name}.json" }
    match({ ["about.json"] = says(id(3)), ["1.jpg"] = JPEG, ["1.json"] = says(id(1)), ["2.jpg"] = JPEG, ["2.jpg.json"] = says(id(2)),
      ["3.jpg"] = JPEG }, { sidecar = names })
    assert.same({ "1.jpg", "2.jpg", "3.jpg" }, { run.pages(1), run.pages(2), run.pages(3) })
  end)

  it("are no files of the run, only those that nothing is beside", function()
    match({ ["about.json"] = says(id(1)), ["1.jpg"] = JPEG, ["1.json"] = says(id(1)), ["2.json"] = says(id(2)) },
      { sidecar = { "about.json", "{stem}.json" } })
    local found = summary.of(run.db)
    assert.equal(1, found.unmatched)
    assert.equal("2.json", found.unmatched_examples[1].path)
    assert.equal(2, run.db:value "SELECT count(*) FROM file")
  end)

  it("are looked for once in each folder, on the way alone", function()
    local looked = {}
    local finder = sidecar.finder({ "about.json" }, function(path) looked[#looked + 1] = path end)
    for _, path in ipairs { "a/1.jpg", "a/2.jpg", "a/b/c/1.jpg", "a/b/c/2.jpg", "a/z.jpg", "ab/1.jpg", "b.jpg" } do finder:of(path) end
    assert.equal("about.json a/about.json a/b/about.json a/b/c/about.json ab/about.json", table.concat(looked, " "))
    assert.equal(1, #finder.levels)
  end)

  describe("that can't be used", function()
    local function deep(n) return '{"a":' .. ("["):rep(n) .. ("]"):rep(n) .. "}" end
    local BAD = {
      { "cut off", '{"id": "' .. id(2), "is no JSON, or not all of it: " },
      { "empty", "", "is empty %(0 bytes%)" },
      { "no JSON", "id: 12", "is no JSON" },
      { "not UTF-8", '{"id": "caf\xE9"}', "invalid UTF%-8 at byte 12" },
      { "UTF-16 with its mark", "\xFF\xFE{\0}\0", "is UTF%-16 text; save it as UTF%-8" },
      { "UTF-16 without", "{\0}\0", "is UTF%-16 text" },
      { "a megabyte", '{"a": "' .. ("x"):rep(1 << 20) .. '"}', "is larger than the 64 KB" },
      { "nested deep", deep(17), "is nested more than 16 deep" },
      { "nested without end", deep(30000), "too many nested" },
      { "of a name that stands twice", '{"id": "1", "id": "2"}', "a name stands twice" },
      { "a list", "[1]", "it must begin with {" },
      { "an empty list", "[]", "it must begin with {" },
      { "a text", '"' .. id(2) .. '"', "it must begin with {" },
      { "null", "null", "it must begin with {" },
      { "a link out of the folder", "-> /dev/null", "leads out of the folder" },
      { "a link to nowhere", "-> nothing.json", "is a link that leads nowhere" },
      { "a link to itself", "-> about.json", "is a link that leads nowhere" },
    }
    for _, case in ipairs(BAD) do
      it(case[1] .. ": the files are to be decided, the plan tells why", function()
        match { ["x/about.json"] = case[2], ["x/" .. id(1) .. ".jpg"] = JPEG, [id(3) .. ".jpg"] = JPEG }
        assert.equal("ask", run.state(1))
        assert.matches("^a file can't be used: x/%d+.jpg has a sidecar that can't be used: x/about.json .*" .. case[3], run.reason(1))
        assert.equal("ready", run.state(3))
        assert.equal(1, #problems())
        assert.matches("^x/about.json: .*" .. case[3], problems()[1])
        assert.is_nil(problems()[1]:find(run.folder, 1, true))
      end)
    end

    it("folders of that name: the same", function()
      match { ["x/about.json/1.txt"] = "", ["x/" .. id(1) .. ".jpg"] = JPEG }
      assert.matches("x/about.json can't be read: is a folder, not a file", run.reason(1))
    end)

    it("pipes of that name are not waited for", function()
      local folder = program.folder()
      os.execute("mkfifo " .. folder .. "/about.json")
      local text, message = core.files.head(folder .. "/about.json", 10, folder)
      program.remove(folder)
      assert.is_nil(text)
      assert.matches("not an ordinary file", message)
    end)

    it("those above and beside count as well: any of them may say otherwise", function()
      match({ ["about.json"] = "{", ["x/about.json"] = says(id(1)), ["x/1.jpg"] = JPEG })
      assert.equal("ask", run.state(1))
      run.close()
      match({ ["about.json"] = says(id(1)), ["1.jpg"] = JPEG, ["1.json"] = "{" }, { sidecar = { "about.json", "{stem}.json" } })
      assert.equal("ask", run.state(1))
      assert.same({ "1.json" }, { problems()[1]:match "^[^:]+" })
    end)

    it("are told once, for however many files", function()
      match { ["about.json"] = "{", ["1.jpg"] = JPEG, ["2.jpg"] = JPEG, ["x/3.jpg"] = JPEG }
      assert.equal(1, #problems())
      assert.equal(3, run.db:value "SELECT count(*) FROM file WHERE problem LIKE 'has a sidecar%'")
      run.close()
      match({ ["1.jpg"] = JPEG, ["1.png"] = "", ["1.json"] = "{" }, { sidecar = { "{stem}.json", "{name}.json" } })
      assert.equal(1, #problems())
    end)
  end)

  it("may begin with a byte-order mark, and be links within the folder", function()
    match { ["x/about.json"] = "\xEF\xBB\xBF" .. says(id(1)), ["x/1.jpg"] = JPEG, ["y/about.json"] = "-> ../x/about.json",
      ["y/2.jpg"] = JPEG }
    assert.equal("x/1.jpg y/2.jpg", run.pages(1))
  end)

  it("that no file system could hold are not there", function()
    local name = id(1) .. ("x"):rep(251 - #id(1)) .. ".jpg"
    match({ [name] = JPEG, ["1.jpg"] = JPEG, ["1.jpg.json"] = says(id(2)) }, { sidecar = { "{name}.json" } })
    assert.same({ name, "1.jpg" }, { run.pages(1), run.pages(2) })
    assert.same({}, problems())
  end)

  it("are missed when there is none at all", function()
    match({ [id(1) .. ".jpg"] = JPEG, ["about.JSON"] = says(id(2)) }, { sidecar = { "about.json", "{stem}.json" } })
    assert.same({ "no sidecar was found: nothing in the folder is named about.json or {stem}.json" }, problems())
  end)

  it("keep every digit of an id that is written as a number", function()
    match { ["about.json"] = ('{"id": %s}'):format(id(1)), ["1.jpg"] = JPEG }
    assert.equal("ready", run.state(1))
    assert.equal(id(1), run.db:value "SELECT key FROM file_key")
  end)

  it("of many files and folders come through in several batches", function()
    local files = {}
    for n = 1, 450 do files[("%03d/%d.jpg"):format(n // 3, n)] = JPEG end
    for n = 0, 150 do files[("%03d/about.json"):format(n)] = ('{"id": "%s", "pad": "%s"}'):format(id(n % 2 + 1), ("x"):rep(60000)) end
    match(files)
    assert.equal(450, run.db:value "SELECT count(*) FROM file_key")
    assert.equal(151, run.db:value "SELECT count(*) FROM sidecar WHERE length(sha256) = 64")
    local wrong = run.db:value([[SELECT count(*) FROM file JOIN file_key ON file_id = file.id
      WHERE key <> CASE WHEN CAST(substr(path, 1, 3) AS INTEGER) % 2 = 0 THEN ? ELSE ? END]], id(1), id(2))
    assert.equal(0, wrong)
  end)

  it("end a batch of files before they are too much for one message", function()
    local files = {}
    for n = 1, 18 do files[("%02d/about.json"):format(n)] = ('{"id": "%s"}'):format(("x"):rep(65000)) end
    match(files)
    local reader = sidecars.reader(nil, run.folder .. "/files", run.recipe, { sidecar = { "about.json" } })
    local much = {}
    for n = 1, 18 do
      assert.is_nil(reader:add_to({}, ("%02d/1.jpg"):format(n)))
      if reader:is_much() then much[#much + 1] = n end
    end
    assert.same({ 17 }, much)
  end)

  describe("with several ids", function()
    local BOTH = ('{"id": ["%s", "%s"]}'):format(id(1), id(2))

    it("give the files to the one title that answers", function()
      match({ ["about.json"] = ('{"id": ["9900", "%s"]}'):format(id(1)), ["1.jpg"] = JPEG })
      assert.equal("1.jpg", run.pages(1))
      assert.is_nil(run.file("1.jpg").reason)
    end)

    it("leave it to a person when several titles do", function()
      match { ["about.json"] = BOTH, ["1.jpg"] = JPEG }
      assert.same({ "ask", "ask", "skip" }, { run.state(1), run.state(2), run.state(3) })
      assert.equal(("a file fits several titles: 1.jpg fits %s, %s"):format(id(1), id(2)), run.reason(1))
      assert.equal(0, run.db:value "SELECT count(*) FROM page")
    end)

    it("do so too when one of the titles has another doubt", function()
      match({ ["about.json"] = BOTH, ["1.jpg"] = JPEG }, { titles = { { "a.tif", { usage = "DERIVATIVE_COPY", "1.jpg" } }, { "b.tif" } } })
      assert.same({ "ask", "ask" }, { run.state(1), run.state(2) })
    end)

    it("give a file once to a title that answers to both", function()
      match({ ["about.json"] = ('{"id": ["%s", "Other"]}'):format(id(1)), ["1.jpg"] = JPEG },
        { titles = { { title = "Other", "a.tif" } } })
      assert.equal("1.jpg", run.pages(1))
      assert.equal("ready", run.state(1))
    end)
  end)

  it("are shown with the plan, from the run file alone", function()
    match { ["about.json"] = '{"title": "All"}', ["x/about.json"] = says(id(1)), ["x/1.jpg"] = JPEG }
    program.remove(run.folder .. "/files")
    local result = program.run { "show", run.path, "x/1.jpg" }
    assert.equal(0, result.status, result.err)
    assert.matches(("Sidecar: x/about.json\nSidecar: about.json\nMatch key: '%s'"):format(id(1)), result.out)
  end)

  it("cost a plan nothing that does not ask for them", function()
    match({ ["about.json"] = "{", [id(1) .. ".jpg"] = JPEG }, { sidecar = {} })
    assert.equal("ready", run.state(1))
    assert.equal(0, run.db:value "SELECT count(*) FROM sidecar")
    assert.equal(2, run.db:value "SELECT count(*) FROM file")
  end)
end)

describe("a rule that sees sidecars", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function()
    rule.close()
    program.remove(folder)
  end)

  local ARGS = 'args = { { "sidecar", "sidecar" } },'
  local TEXT = [==[{"id": "1", "list": ["a", 2, null, true, "a", " b\n"], "none": null, "empty": ["", []], "dc.id": "d", "dc": {"id": "no"},
    "deep": [{"id": {"of": "x"}}, {"id": {"of": ["y", "z"]}}], "long": "]==] .. ("é"):rep(600) .. '"}'

  local function load(body, more)
    local fields = { fields = ARGS, changes = more and more.changes, title_keys = more and more.title_keys }
    return assert(rule.load(folder, rule.text(body, fields)))
  end

  local function ask(body, cards)
    local file = objects.file "x/y/a.jpg"
    file.sidecars = cards or { assert(sidecar.new("x/about.json", TEXT)), assert(sidecar.new("about.json", '{"up": "u", "none": "n"}')) }
    return rules.file_key(load(body), file, {})
  end

  it("gets values by a path of names, as text, each once", function()
    local function value(path)
      return (select(2, ask(('local list, folder = key.sidecar(file, "%s"); return list and table.concat(list, ",") .. "@" .. folder')
        :format(path))))
    end
    assert.equal("1@x", value "id")
    assert.equal("a,2,b@x", value "list")
    assert.equal("d@x", value "dc.id")
    assert.equal("x,y,z@x", value "deep.id.of")
    assert.equal("u@", value "up")
    assert.equal("n@", value "none")
    for _, path in ipairs { "empty", "nothing", "id.id", "deep", "", "." } do assert.is_nil(value(path), path) end
    assert.same({ true, ("é"):rep(500) }, { ask 'return key.sidecar(file, "long")' })
  end)

  it("gets them whole, to be read only", function()
    local ok, key = ask [[local all = file.sidecars
      local names = {}
      for name in pairs(all[1].data) do names[#names + 1] = name end
      return #all .. all[1].path .. all[2].folder .. #all[1].data.deep .. table.concat(names, ",")]]
    assert.same({ true, "2x/about.json2dc,dc.id,deep,empty,id,list,long" }, { ok, key })
    for _, body in ipairs { "file.sidecars[1].data.id = 2", "file.sidecars[1] = nil", "file.sidecars[1].data.deep[1].id = 2" } do
      local fine, message = ask(body)
      assert.is_false(fine)
      assert.matches("can't be changed", message)
    end
  end)

  it("sees an empty list where there is none, and where it can't have them it is told", function()
    assert.same({ true, "0" }, { rules.file_key(load "return #file.sidecars", objects.file "a.jpg", {}) })
    local found = assert(rule.load(folder, rule.text 'return key.sidecar(file, "id")'))
    local ok, message = rules.file_key(found, objects.file "a.jpg", {})
    assert.is_false(ok)
    assert.matches("argument of type sidecar", message)
    ok, message = rules.changes(load("", { changes = 'key.sidecar(files[1], "id")' }),
      objects.title("99", "t", { representations = {} }), { objects.file "a.jpg" }, {})
    assert.is_false(ok)
    assert.matches("seen by file_key and page", message)
  end)

  it("may give several keys, each once; not any number of them", function()
    assert.same({ true, "a", { "b" } }, { ask 'return { "a", "", "b", "a" }' })
    assert.same({ true, "a" }, { ask 'return { "a", "a" }' })
    local cards = { assert(sidecar.new("about.json", '{"ids": [99, "98"], "none": [], "id": 1}')) }
    assert.same({ true, "99", { "98" } }, { ask("return file.sidecars[1].data.ids", cards) })
    for _, field in ipairs { "data", "data.none" } do
      assert.matches("a match key is text; this one is a table", select(2, ask("return file.sidecars[1]." .. field, cards)))
    end
    assert.same({ true }, { ask 'return { "" }' })
    assert.matches("a match key is text; this one is a table", select(2, ask "return { id = 1 }"))
    local ok, message = ask 'local keys = {} for i = 1, 10001 do keys[i] = "k" .. i end return keys'
    assert.is_false(ok)
    assert.matches("gives more than 10000 match keys", message)
    assert.matches("a match key is text", select(2, ask "return { {} }"))
  end)

  it("has names for them that make sense", function()
    local function problem(names)
      local found, message = rule.load(folder, rule.text("", { fields = ('args = { { "s", "sidecar", default = %s } },'):format(names) }))
      assert.is_nil(found, names)
      return message
    end
    assert.matches("'a/b.json' is no name of a file", problem '{ "a/b.json" }', 1, true)
    assert.matches("'a.xml' does not end in .json", problem '{ "a.xml" }', 1, true)
    assert.matches("{name} or {stem} may stand in it, once", problem '{ "{stem}{name}.json" }', 1, true)
    assert.matches("{name} or {stem} may stand in it, once", problem '{ "{page}.json" }', 1, true)
    assert.matches("at most 4 names", problem '{ "1.json", "2.json", "3.json", "4.json", "5.json" }', 1, true)
    assert.matches("the default of 's' is a string", problem '"a.json"', 1, true)
    local result = program.run { "recipe", "explain", "by-sidecar", "a.jpg", "--set", "sidecar=../x.json", "--folder", folder }
    assert.matches("--sidecar: '../x.json' is no name of a file", result.err, 1, true)
  end)

  it("has sidecars in its examples, and wrong ones are told", function()
    local found = assert(rule.load(folder, rule.text('return key.sidecar(file, "id")', { fields =
      [[args = { { "sidecar", "sidecar", default = { "s.json" } } },
        examples = { sidecars = { ["x/s.json"] = '{"id": ["1", "2"]}', ["y/s.json"] = "{" },
          file_key = { ["x/a.jpg"] = { "1", "2" }, ["x/y/b.jpg"] = "1", ["c.jpg"] = false, ["y/d.jpg"] = false } },]] })))
    local wrong = examples_of.check(found, { sidecar = { "s.json" } })
    assert.equal(2, #wrong)
    assert.matches("file_key of 'x/y/b.jpg' gives { 1, 2 }, expected '1'", wrong[1], 1, true)
    assert.matches("the sidecar 'y/s.json' of the examples is no JSON", wrong[2], 1, true)
  end)
end)

describe("a plan with sidecars", function()
  local folder, alma

  before_each(function()
    folder = program.folder()
    local csv = { "mms_id,title,usage_type,file_name,size,representation_id,collection\n" }
    for n = 1, 3 do csv[n + 1] = ("%s,Title %d,PRESERVATION_MASTER,s%d.tif,10,,81000001\n"):format(id(n), n, n) end
    alma = rehearsal.start { titles = table.concat(csv), args = { "--rate", "0" } }
  end)
  after_each(function()
    alma.stop()
    program.remove(folder)
  end)

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = { HOME = folder, XDG_CONFIG_HOME = false, ALMANAC_PROFILE = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key } })
  end

  it("tells of those that can't be used, and a second plan costs no call when they are corrected", function()
    program.write(folder .. "/jpg/one/figgy_metadata.json", ('{"title": ["x"], "source_metadata_identifier": %s}'):format(id(1)))
    program.write(folder .. "/jpg/one/1.jpg", JPEG)
    program.write(folder .. "/jpg/" .. id(3) .. "/figgy_metadata.json", ('{"source_metadata_identifier": "%s'):format(id(2)))
    program.write(folder .. "/jpg/" .. id(3) .. "/1.jpg", JPEG)
    program.write(folder .. "/ids.txt", table.concat({ id(1), id(2), id(3) }, "\n"))
    local result = almanac("plan", "by-sidecar", "--names", "--rate", "500", "--folder", "jpg", "--titles", "ids.txt", "-o", "a.run")
    assert.equal(2, result.status, result.err)
    assert.matches("3 titles: 1 ready %(1 file, .-%), 1 to decide, 1 skipped", result.out)
    assert.matches("Problems: 1\n +" .. id(3) .. "/figgy_metadata.json: is no JSON, or not all of it: ", result.out)
    assert.matches("Files without a title: 1\n", result.out)
    program.write(folder .. "/jpg/" .. id(3) .. "/figgy_metadata.json", ('{"source_metadata_identifier": "%s"}'):format(id(2)))
    alma.change { op = "faults", spec = "GET=1:500" }
    result = almanac("plan", "by-sidecar", "--from", "a.run", "-o", "b.run")
    assert.equal(0, result.status, result.err)
    assert.matches("3 titles: 2 ready", result.out)
    result = almanac("show", "b.run", id(2))
    assert.matches("1%. " .. id(3) .. "/1.jpg", result.out)
    alma.change { op = "faults", spec = "" }
    result = almanac("apply", "b.run", "--rate", "500")
    assert.equal(0, result.status, result.err .. result.out)
    result = almanac("verify", "b.run", "--rate", "500")
    assert.equal(0, result.status, result.err .. result.out)
  end)
end)
