local json = require "almanac.json"
local matching = require "support.matching"

local JPEG, id = matching.JPEG, matching.id

local HEAD = [[
-- almanac-recipe: 1
return { name = "t", summary = "t", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir" } },
  changes = function(title, files)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "JPG", files = files }
  end,
]]

describe("joining titles and files", function()
  local run

  local function match(case)
    run = assert(matching.match(case))
    return run
  end

  after_each(function()
    if run then run.close() end
    run = nil
  end)

  it("makes a title ready when exactly one reading is possible", function()
    match { files = { ["Scan_1.JPG"] = JPEG }, titles = { { "scan_1.tiff" } } }
    assert.equal("ready", run.state(1))
    assert.is_nil(run.reason(1))
    assert.equal("Scan_1.JPG", run.pages(1))
    assert.same({ "01X_INST/upload/almanac-r1/" .. id(1) .. "/Scan_1.JPG" }, run.upload_keys(1))
    local spec = json.decode(run.db:value "SELECT spec FROM spec")
    assert.same({ usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "JPG" }, spec)
  end)

  it("orders pages naturally, 2 before 10", function()
    match { files = { ["a/p10.jpg"] = JPEG, ["a/p2.jpg"] = JPEG, ["a/p1.jpg"] = JPEG }, titles = { { "p2.tif", "p10.tif", "p1.tif" } } }
    assert.equal("a/p1.jpg a/p2.jpg a/p10.jpg", run.pages(1))
  end)

  it("finds a name in NFD for one in NFC, and uploads it as NFC", function()
    match { files = { ["Cafe\u{301}.jpg"] = JPEG }, titles = { { "caf\u{E9}.tif" } } }
    assert.equal("Cafe\u{301}.jpg", run.pages(1))
    assert.matches("/Caf\u{E9}%.jpg$", run.upload_keys(1)[1])
  end)

  it("keeps names that are hard to send as they are", function()
    local name = [[it's "a" + b = c (50%) & #1: d, é]]
    match { files = { [name .. ".jpg"] = JPEG }, titles = { { name .. ".tif" } } }
    assert.equal(name .. ".jpg", run.pages(1))
    assert.equal("01X_INST/upload/almanac-r1/" .. id(1) .. "/" .. name .. ".jpg", run.upload_keys(1)[1])
  end)

  it("puts the page number before the second of two equal names in one title", function()
    match {
      recipe = HEAD .. [[
        file_key = function(file) return file.folder end,
        page = function(file) return 1 end, title_keys = function() return { "x", "y" } end, }]],
      files = { ["x/1.jpg"] = JPEG, ["y/1.jpg"] = JPEG .. "y" }, titles = { { "a.tif" } },
    }
    assert.equal("x/1.jpg y/1.jpg", run.pages(1))
    assert.matches("/1%.jpg$", run.upload_keys(1)[1])
    assert.matches("/2%-1%.jpg$", run.upload_keys(1)[2])
  end)

  it("leaves out links that lead out of the folder, files and folders, and names them", function()
    match { files = { ["b.jpg"] = JPEG, ["a.jpg"] = "-> b.jpg", ["more/c.jpg"] = "-> ../../recipes/x.jpg", ["more/d"] = "-> ../../.." ,
      ["more/e.jpg"] = "-> /dev/null" }, titles = { { "a.tif" }, { "e.tif" } } }
    assert.same({ "ready", "ask" }, { run.state(1), run.state(2) })
    assert.equal("a file can't be used: more/e.jpg is left out: a link that leads out of the folder", run.reason(2))
    assert.equal("2 links lead out of the folder and are left out: more/d, more/e.jpg",
      run.db:value "SELECT text FROM problem WHERE kind = 'link'")
  end)

  it("leaves out a title that the recipe does not want, in the recipe's words", function()
    match { files = { ["a.jpg"] = JPEG }, titles = { { "a.tif", { usage = "DERIVATIVE_COPY", "a.jpg" } }, { "a.pdf" } } }
    assert.same({ "skip", "not wanted by the recipe: it holds a JPG already" }, { run.state(1), run.reason(1) })
    assert.equal("not wanted by the recipe: it holds no TIFF", run.reason(2))
  end)

  it("leaves out a title without a file, and says which keys it answers to", function()
    match { files = {}, titles = { { "a.tif" }, {} } }
    assert.same({ "skip", "no file: nothing in the folder has the match key 'a'" }, { run.state(1), run.reason(1) })
  end)

  it("asks when two files have one key", function()
    match { files = { ["a.jpg"] = JPEG, ["b/A.jpeg"] = JPEG }, titles = { { "a.tif" } } }
    assert.same({ "ask", "several files for one match key: 'a' has a.jpg, b/A.jpeg" }, { run.state(1), run.reason(1) })
    assert.equal(0, run.db:value "SELECT count(*) FROM change")
  end)

  it("asks when very many files have one key, whatever their number", function()
    local files = {}
    for i = 1, 60 do files[("d%d/a.jpg"):format(i)] = JPEG end
    match { files = files, titles = { { "a.tif" } } }
    assert.equal("ask", run.state(1))
    assert.matches("^very many files for one match key: 'a' has d", run.reason(1))
  end)

  it("asks when one file fits two titles", function()
    match { files = { ["a.jpg"] = JPEG, ["b.jpg"] = JPEG }, titles = { { "a.tif" }, { "a.tif" }, { "b.tif" } } }
    local words = ("a file fits several titles: a.jpg fits %s, %s"):format(id(1), id(2))
    assert.same({ "ask", words, "ask", words, "ready" }, { run.state(1), run.reason(1), run.state(2), run.reason(2), run.state(3) })
    assert.equal(1, run.db:value "SELECT count(*) FROM page")
    assert.equal("it fits title " .. id(1) .. ", which is to decide", run.file("a.jpg").reason)
  end)

  it("asks when a file also fits a title that is not wanted", function()
    match { files = { ["a.jpg"] = JPEG }, titles = { { "a.tif" }, { "a.tif", { usage = "DERIVATIVE_COPY", "x.jpg" } } } }
    assert.equal("ask", run.state(1))
    assert.equal("skip", run.state(2))
  end)

  it("asks when not every page has its file, as the recipe wants it", function()
    match { files = { ["p1.jpg"] = JPEG, ["p3.jpg"] = JPEG }, titles = { { "p1.tif", "p2.tif", "p3.tif" } } }
    assert.same({ "ask", "not every match key has a file: 1 of 3 have none ('p2')" }, { run.state(1), run.reason(1) })
  end)

  it("is content with some of the keys when the recipe is", function()
    match {
      recipe = HEAD .. [[ file_key = function(file) return file.stem end,
        title_keys = function(title) return { "p1", "p2" } end, }]],
      files = { ["p2.jpg"] = JPEG }, titles = { { "p.tif" } },
    }
    assert.equal("ready", run.state(1))
  end)

  it("asks when a file can't be used, and says why", function()
    match {
      files = { ["empty.jpg"] = "", ["png.jpg"] = "\x89PNG\r\n\x1A\n....", ["text.jpg"] = "hello world", ["gone.jpg"] = "-> nowhere",
        ["zero.jpg"] = ("\0"):rep(64), ["fine.jpg"] = JPEG },
      titles = { { "empty.tif" }, { "png.tif" }, { "text.tif" }, { "gone.tif" }, { "zero.tif" }, { "fine.tif" } },
    }
    for n, words in ipairs { "empty.jpg is empty %(0 bytes%)", "png.jpg is a PNG, not a JPEG",
      "text.jpg is not a JPEG: it begins with the bytes 68 65 6C 6C", "gone.jpg can't be read", "zero.jpg holds only zero bytes" } do
      assert.equal("ask", run.state(n))
      assert.matches("^a file can't be used: " .. words, run.reason(n))
    end
    assert.equal("ready", run.state(6))
    assert.equal("is empty (0 bytes)", run.file("empty.jpg").problem)
    assert.equal(1, run.db:value "SELECT count(*) FROM problem WHERE text LIKE 'gone.jpg%'")
  end)

  it("does not look into files that take no part", function()
    match { files = { ["notes.txt"] = "", ["a.jpg"] = JPEG, [".hidden.jpg"] = JPEG }, titles = { { "a.tif" } } }
    assert.same({ reason = "left out: the recipe gives it no match key" }, run.file "notes.txt")
    assert.is_nil(run.file ".hidden.jpg")
  end)

  it("asks about names that can't be sent", function()
    match { files = { ["caf\xE9.jpg"] = JPEG, ["tab\there.jpg"] = JPEG }, titles = { { "caf%E9.tif" }, { "tab%09here.tif" } } }
    assert.matches("caf%%E9%.jpg its name is not UTF%-8 text", run.reason(1))
    assert.matches("tab%%09here%.jpg its name holds a control character", run.reason(2))
  end)

  it("asks when the title already holds such a file or representation", function()
    local recipe = HEAD .. [[ file_key = function(file) return file.stem end,
      title_keys = function(title) return { key.stem(title:files "tif"().name) } end, }]]
    match {
      recipe = recipe,
      files = { ["a.jpg"] = JPEG, ["b.jpg"] = JPEG, ["c.jpg"] = JPEG, ["d.jpg"] = JPEG, ["e.jpg"] = JPEG, ["f.jpg"] = JPEG },
      titles = {
        { "a.tif", { usage = "AUXILIARY", "A.jpeg" } }, { "b.tif", { usage = "DERIVATIVE_COPY", "b.pdf" } },
        { "c.tif", { usage = "AUXILIARY", label = "JPG" } }, { "d.tif", { label = "unknown" } },
        { "e.tif", { usage = "DERIVATIVE_COPY", remote = true } }, { "f.tif", { usage = "AUXILIARY", "f.pdf" } },
      },
    }
    assert.equal("it already holds such a file: A.jpeg in representation 122", run.reason(1))
    assert.equal("it already has such a representation: 122 (DERIVATIVE_COPY, 1 file)", run.reason(2))
    assert.equal("it already has such a representation: 122 'JPG' (AUXILIARY, 0 files)", run.reason(3))
    assert.equal("it already has such a representation: 122 'unknown' (usage type not told, 0 files)", run.reason(4))
    assert.same({ "ask", "ask", "ask", "ask", "ready", "ready" },
      { run.state(1), run.state(2), run.state(3), run.state(4), run.state(5), run.state(6) })
  end)

  it("puts roman pages before page 1, and the back of a leaf behind its front", function()
    match { recipe = [[-- almanac-recipe: 1
return extend "jpg-derivatives" { name = "leaves", file_key = function(file) return key.without_page(file.name) end,
  page = function(file) return key.page(file.name) end, }]],
      files = { ["a_2.jpg"] = JPEG, ["a_1v.jpg"] = JPEG, ["a_1r.jpg"] = JPEG, ["a_x.jpg"] = JPEG, ["a_iv.jpg"] = JPEG },
      titles = { { "a.tif" } } }
    assert.equal("a_iv.jpg a_x.jpg a_1r.jpg a_1v.jpg a_2.jpg", run.pages(1))
  end)

  it("shows files whose keys are near, and never takes them; digits are no matter of nearness", function()
    match { recipe = [[-- almanac-recipe: 1
return extend "jpg-derivatives" { name = "near", near = 2, }]],
      files = { ["mathewsjack_003.jpg"] = JPEG, ["cooper_12.jpg"] = JPEG, ["exact.jpg"] = JPEG },
      titles = { { "mathewjack_003.tif" }, { "cooper_21.tif" }, { "exact.tif" }, { "exakt.tif" } } }
    assert.same({ "ask", "skip", "ready", "skip" }, { run.state(1), run.state(2), run.state(3), run.state(4) })
    assert.equal("no file has that very match key: 'mathewjack_003' is near that of mathewsjack_003.jpg", run.reason(1))
  end)

  it("takes files of one key as pages when the recipe numbers them", function()
    local recipe = HEAD .. [[ file_key = function(file) return key.part(file.name, 1) end,
      page = function(file) return tonumber(key.part(file.name, 2)) end,
      title_keys = function(title) return { key.stem(title:files()().name) } end, }]]
    match {
      recipe = recipe, titles = { { "a.tif" }, { "b.tif" }, { "c.tif" } },
      files = { ["a_100.jpg"] = JPEG, ["a_99.jpg"] = JPEG, ["b_1.jpg"] = JPEG, ["x/b_01.jpg"] = JPEG,
        ["c_1.jpg"] = JPEG, ["c_x.jpg"] = JPEG },
    }
    assert.equal("a_99.jpg a_100.jpg", run.pages(1))
    assert.equal("several files for one page: page 1 of 'b' has b_1.jpg, x/b_01.jpg", run.reason(2))
    assert.equal("several files for one match key: 'c' has c_1.jpg, c_x.jpg; no page is read of c_x.jpg", run.reason(3))
  end)

  it("says of every file without a title why that is", function()
    match { files = { ["a.jpg"] = JPEG, ["stray.jpg"] = JPEG, ["skipped.jpg"] = JPEG },
      titles = { { "a.tif" }, { "skipped.tif", { usage = "DERIVATIVE_COPY", "x.jpg" } } } }
    assert.same({}, run.file "a.jpg")
    assert.equal("no title answers to its match key 'stray'", run.file("stray.jpg").reason)
    assert.equal("it fits title " .. id(2) .. ", which is skipped", run.file("skipped.jpg").reason)
  end)

  it("ends with the rule and the case when a rule fails", function()
    local nothing, message = matching.match {
      recipe = HEAD .. [[ file_key = function(file) return file.stem.x.y end, title_keys = function() return {} end, }]],
      files = { ["a.jpg"] = JPEG }, titles = { {} },
    }
    assert.is_nil(nothing)
    assert.matches("recipe%.lua:7: attempt to index a nil value.*%(rule file_key, for 'a%.jpg'%)", message)
  end)

  it("refuses a plan with an effect that the recipe does not declare", function()
    local nothing, message = matching.match {
      recipe = HEAD:gsub('"add" }', '"update" }') .. [[
        file_key = function(file) return "k" end, title_keys = function() return { "k" } end, }]],
      files = { ["a.jpg"] = JPEG }, titles = { {} },
    }
    assert.is_nil(nothing)
    assert.matches("effects do not declare 'add'", message)
  end)

  it("gives the same plan for the same input", function()
    local case = { files = {}, titles = {} }
    for i = 1, 40 do
      case.files[("d%d/s%d.jpg"):format(i % 3, i)] = JPEG
      case.titles[i] = { ("s%d.tif"):format(i) }
    end
    local function plan()
      match(case)
      local lines = {}
      for i = 1, 40 do lines[i] = run.state(i) .. " " .. run.pages(i) .. " " .. table.concat(run.upload_keys(i), " ") end
      run.close()
      run = nil
      return table.concat(lines, "\n")
    end
    assert.equal(plan(), plan())
  end)
end)
