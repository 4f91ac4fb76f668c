-- What a plan does not take for granted: volumes, copies, broken pictures,
-- pages that are missing, names that say two things. Each is for a person to
-- decide, or left out and named, and what only looks like it stays ready.
local matching = require "support.matching"
local picture = require "support.picture"
local program = require "support.program"

local JPEG, id = matching.JPEG, matching.id

local BY_ID = { ext = "jpg", digits = "", ignore_words = {} }

describe("a title is to be decided", function()
  local run

  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function match(case) run = assert(matching.match(case)) end

  -- Files of the first title by MMS ID; `ID` in a name stands for it.
  local function by_id(names, more)
    local files = {}
    for _, name in ipairs(names) do files[name:gsub("ID", id(1))] = JPEG end
    local case = { recipe = "by-mms-id", files = files, titles = { {} }, args = {} }
    for name, value in pairs(BY_ID) do case.args[name] = value end
    for name, value in pairs(more or {}) do case.args[name] = value end
    match(case)
  end

  local function asks(words, names, more)
    by_id(names, more)
    assert.equal("ask", run.state(1), run.pages(1))
    assert.is_truthy(run.reason(1):find(words, 1, true), run.reason(1))
  end

  local function is_ready(names, more)
    by_id(names, more)
    assert.equal("ready", run.state(1), run.reason(1))
  end

  it("when its files lie in several folders, each with its number", function()
    asks("files of several folders for one title (volumes, copies?)", { "ID_v1/0001.jpg", "ID_v2/0002.jpg" })
  end)

  it("when its files lie in several folders without its number", function()
    asks("files of several folders", { "box1/ID_1.jpg", "box2/ID_2.jpg" })
  end)

  it("and not when they lie in its own folder", function()
    is_ready { "ID/0001.jpg", "ID/0002.jpg" }
  end)

  describe("when a file is named as a copy of another one:", function()
    for _, name in ipairs { "ID_1 (1).jpg", "ID_1(2).jpg", "ID_1 copy.jpg", "ID_1 copy 2.jpg", "ID_1 - Copy.jpg", "ID_1 - Copy (2).jpg",
      "ID_1_copy.jpg",
      "Copy of ID_1.jpg", "Copy (2) of ID_1.jpg", "ID_1 - Kopie.jpg", "Kopie von ID_1.jpg", "ID_1 (copy).jpg", "ID_1-2.jpg",
      "ID_1_2.jpg", "ID_1 - Copie.jpg", "ID_1 (another copy).jpg" } do
      it(name, function()
        by_id { "ID_1.jpg", name }
        assert.equal("ask", run.state(1))
        local reason = run.reason(1)
        assert.is_truthy(reason:find("copy of another", 1, true) or reason:find("several files for one", 1, true), reason)
      end)
    end
  end)

  it("and not when numbers in brackets are its pages", function()
    is_ready { "ID (1).jpg", "ID (2).jpg", "ID (3).jpg" }
  end)

  it("when two of its files have the same bytes, of whatever length", function()
    for _, more in ipairs { "", ("x"):rep(20000) } do
      match { recipe = "by-mms-id", args = BY_ID, titles = { {}, {} }, alike = true, files = {
        [id(1) .. "_1.jpg"] = JPEG .. more, [id(1) .. "_2.jpg"] = JPEG .. more, [id(1) .. "_3.jpg"] = JPEG .. more .. "other",
        [id(2) .. "_1.jpg"] = JPEG .. more .. "a", [id(2) .. "_2.jpg"] = JPEG .. more .. "b" } }
      assert.matches("files have the same bytes: 2 of 3 are one and the same", run.reason(1), 1, true)
      assert.equal("ready", run.state(2), run.reason(2))
      run.close()
      run = nil
    end
  end)

  it("and not when the bytes are those of another title, which is said with how many", function()
    match { recipe = "by-mms-id", args = BY_ID, titles = { {}, {}, {} }, alike = true,
      files = { [id(1) .. ".jpg"] = JPEG, [id(2) .. ".jpg"] = JPEG, [id(3) .. ".jpg"] = JPEG .. "own" } }
    assert.equal("ready", run.state(1))
    run.db:close()
    local out = program.run({ "show", "a.run" }, { folder = run.folder }).out
    assert.is_truthy(out:find(id(1) .. ".jpg is the same in 2 titles", 1, true), out)
    assert.is_falsy(out:find(id(3) .. ".jpg is the same", 1, true))
  end)

  it("when the first page is missing, or one in between", function()
    asks("the first page is missing", { "ID_2.jpg", "ID_3.jpg" })
    run.close()
    asks("the first page is missing", { "ID/image003.jpg", "ID/image004.jpg" })
    run.close()
    asks("a page is missing", { "ID_1.jpg", "ID_2.jpg", "ID_4.jpg" })
    run.close()
    asks("the first page is missing", { "ID_2.jpg" })
  end)

  it("and not when pages have sides, a cover in front, roman numbers or a running number", function()
    for _, names in ipairs { { "ID_1r.jpg", "ID_1v.jpg", "ID_2r.jpg", "ID_2v.jpg" }, { "ID_0.jpg", "ID_1.jpg" },
      { "ID_i.jpg", "ID_ii.jpg", "ID_1.jpg", "ID_2.jpg" }, { "ID/IMG_0457.jpg", "ID/IMG_0458.jpg" }, { "ID_12r.jpg", "ID_12v.jpg" },
      { "ID_9.jpg", "ID_10.jpg", "ID_8.jpg", "ID_7.jpg", "ID_6.jpg", "ID_5.jpg", "ID_4.jpg", "ID_3.jpg", "ID_2.jpg", "ID_1.jpg" } } do
      if names[1] ~= "ID_12r.jpg" then is_ready(names) else by_id(names) end
      run.close()
      run = nil
    end
  end)

  it("when two counters in its names disagree", function()
    asks("two counters in the names disagree", { "ID-S1-X1.jpg", "ID-S2-X3.jpg", "ID-S3-X2.jpg" })
    run.close()
    is_ready { "ID-S1-X1.jpg", "ID-S2-X2.jpg", "ID-S3-X3.jpg" }
  end)

  it("when its master has another number of pages", function()
    local files = { [id(1) .. "_1.jpg"] = JPEG, [id(1) .. "_2.jpg"] = JPEG, [id(2) .. "_1.jpg"] = JPEG, [id(2) .. "_2.jpg"] = JPEG,
      [id(3) .. "_1.jpg"] = JPEG, [id(3) .. "_2.jpg"] = JPEG }
    match { recipe = "by-mms-id", args = BY_ID, files = files,
      titles = { { "a.tif", "b.tif", "c.tif" }, { "a.tif", "b.tif", "mets.xml" }, { "whole.pdf" } } }
    assert.matches("another number of files than the master has: 2, the master %(121%) has 3", run.reason(1))
    assert.equal("ready", run.state(2), run.reason(2))
    assert.equal("ready", run.state(3), run.reason(3))
  end)

  it("when the digits of a date may have been taken for its number", function()
    local recipe = [[-- almanac-recipe: 1
      return extend "by-mms-id 1" { name = "t", page = function() end,
        file_key = function(file) return key.digits(file.name, 1) end,
        title_keys = function(title) return key.digits(title.title, 1) end }]]
    match { recipe = recipe, args = BY_ID, files = { ["20240513_scan.jpg"] = JPEG, ["2024-05-14.jpg"] = JPEG, ["61241860.jpg"] = JPEG },
      titles = { { title = "No. 20240513" }, { title = "No. 2024" }, { title = "No. 61241860" } } }
    assert.matches("the digits of a date may have been taken for a number: '20240513' of 20240513_scan.jpg", run.reason(1), 1, true)
    assert.matches("the digits of a date", run.reason(2), 1, true)
    assert.equal("ready", run.state(3), run.reason(3))
  end)

  it("when its names are of several volumes or copies, though the pages go on", function()
    for _, names in ipairs { { "ID_c1_1.jpg", "ID_c2_2.jpg" }, { "ID_v.1-001.jpg", "ID_v.2-002.jpg" },
      { "ID Bd 1 S 1.jpg", "ID Bd 2 S 2.jpg" } } do
      asks("names of several volumes or copies for one title", names)
      run.close()
    end
  end)

  it("when folders within its own are called volumes or copies, though the pages go on", function()
    for _, names in ipairs { { "ID/v1/1.jpg", "ID/v2/2.jpg" }, { "ID/Bd. 1/1.jpg", "ID/Bd. 2/2.jpg" },
      { "ID/copy 1/1.jpg", "ID/copy 2/2.jpg" },
      { "ID/Vol_01 scans/1.jpg", "ID/Vol_02 scans/2.jpg" } } do
      asks("files of several folders for one title", names)
      run.close()
    end
    is_ready { "ID/front/1.jpg", "ID/body/2.jpg" }
    run.close()
    is_ready { "ID/v1/1.jpg", "ID/v1/2.jpg" }
  end)

  it("when the digits of dates may have been taken for its pages", function()
    asks("the digits of a date may have been taken for a page: 20240513 of", { "ID_20240513.jpg", "ID_20240514.jpg" })
    run.close()
    is_ready { "ID_20240513.jpg" }
    run.close()
    is_ready { "ID_20241399.jpg", "ID_20241400.jpg" }
  end)

  it("when a file that is left over only adds something to the name of its own", function()
    match { files = { ["x_023.jpg"] = JPEG, ["x_023b.jpg"] = JPEG, ["x_024.jpg"] = JPEG, ["y_02.jpg"] = JPEG, ["y_023.jpg"] = JPEG,
      ["z.jpg"] = JPEG, ["z (1).jpg"] = JPEG }, titles = { { "x_023.tif" }, { "x_024.tif" }, { "y_02.tif" }, { "z.tif" } } }
    assert.equal("a file left over may belong to it: x_023b.jpg beside x_023.jpg", run.reason(1))
    assert.equal("ready", run.state(2))
    assert.equal("ready", run.state(3), run.reason(3))
    assert.equal("a file left over may belong to it: z (1).jpg beside z.jpg", run.reason(4))
    assert.equal("", run.pages(1))
  end)

  it("when a file that is left over is called a copy of its own, or has another separator", function()
    match { files = { ["a.jpg"] = JPEG, ["Copy of a.jpg"] = JPEG, ["b.jpg"] = JPEG, ["Kopie von b.jpg"] = JPEG, ["c_2.jpg"] = JPEG,
      ["c-2.jpg"] = JPEG, ["d_2.jpg"] = JPEG, ["d2.jpg"] = JPEG, ["3-12-7.jpg"] = JPEG, ["3-127.jpg"] = JPEG, ["e.jpg"] = JPEG,
      ["copying e.jpg"] = JPEG }, titles = { { "a.tif" }, { "b.tif" }, { "c_2.tif" }, { "d_2.tif" }, { "3-12-7.tif" }, { "e.tif" } } }
    for n, words in ipairs { "Copy of a.jpg beside a.jpg", "Kopie von b.jpg beside b.jpg", "c-2.jpg beside c_2.jpg",
      "d2.jpg beside d_2.jpg" } do
      assert.equal("a file left over may belong to it: " .. words, run.reason(n))
    end
    assert.equal("ready", run.state(5), run.reason(5))
    assert.equal("ready", run.state(6), run.reason(6))
  end)

  it("and not when that file is another title's, or the very same bytes", function()
    match { files = { ["x_023.jpg"] = JPEG, ["x_023b.jpg"] = JPEG .. "b", ["z.jpg"] = JPEG .. "z", ["z (1).jpg"] = JPEG .. "z" },
      titles = { { "x_023.tif" }, { "x_023b.tif" }, { "z.tif" } } }
    for n = 1, 3 do assert.equal("ready", run.state(n), run.reason(n)) end
  end)

  it("when a JPEG is not all there", function()
    local header = "\xFF\xD8\xFF\xE0\0\16JFIF\0\1\1\0\0\1\0\1\0\0"
    local scan = header .. "\xFF\xDA\0\8\1\1\0\0\63\0" .. ("\x12\x34\xFF\0\x56"):rep(2000)
    local titles = { { "whole.tif" }, { "cut.tif" }, { "zeros.tif" }, { "short.tif" }, { "more.tif" }, { "padded.tif" } }
    match { titles = titles, alike = true, files = {
      ["whole.jpg"] = scan .. "\xFF\xD9", ["cut.jpg"] = scan, ["zeros.jpg"] = scan .. ("\0"):rep(9000), ["short.jpg"] = header:sub(1, 10),
      ["more.jpg"] = scan .. "\xFF\xD9 a trailer of the camera", ["padded.jpg"] = scan .. "\xFF\xD9" .. ("\0"):rep(9000) } }
    assert.equal("ready", run.state(1), run.reason(1))
    assert.matches("cut.jpg is no whole JPEG: its end is missing", run.reason(2), 1, true)
    assert.matches("zeros.jpg is no whole JPEG: its last part is zero bytes", run.reason(3), 1, true)
    assert.matches("short.jpg ends within its own header, after 10 bytes", run.reason(4), 1, true)
    assert.equal("ready", run.state(5), run.reason(5))
    assert.equal("ready", run.state(6), run.reason(6))
  end)

  it("and a picture within the picture is not taken for its end", function()
    local thumbnail = "\xFF\xD8\xFF\xD9"
    local body = "\xFF\xD8\xFF\xE1\0\14Exif\0\0" .. thumbnail .. "\0\0" .. "\xFF\xDA\0\8\1\1\0\0\63\0" .. ("\1"):rep(9000)
    match { titles = { { "a.tif" } }, files = { ["a.jpg"] = body } }
    assert.matches("its end is missing", run.reason(1), 1, true)
  end)

  it("and several masters are said, nothing more", function()
    match { titles = { { "a.tif", { usage = "PRESERVATION_MASTER", "b.png" } } }, files = { ["a.jpg"] = JPEG } }
    assert.equal("ready", run.state(1), run.reason(1))
    run.db:close()
    local out = program.run({ "show", "a.run" }, { folder = run.folder }).out
    assert.is_truthy(out:find("1  a title has several masters", 1, true), out)
  end)

  it("and what a picture has of its own is said: CMYK, a turn by EXIF, an icon", function()
    local frame = "\xFF\xC0\0\17\8\2\0\3\0%s"
    local function of(before, components)
      return "\xFF\xD8" .. before .. frame:format(string.char(components)) .. ("\0"):rep(9) .. "\xFF\xD9"
    end
    local exif = "\xFF\xE1\0\34Exif\0\0II*\0\8\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
    match { titles = { { "c.tif" }, { "e.tif" }, { "f.tif" } }, files = { ["c.jpg"] = of("\xFF\xFE\0\2", 4), ["e.jpg"] = of(exif, 3),
      ["f.jpg"] = of("\xFF\xFE\0\2", 3) } }
    run.db:close()
    local out = program.run({ "show", "a.run" }, { folder = run.folder }).out
    assert.is_truthy(out:find("a picture is in CMYK, which browsers show in other colours\n           c.jpg", 1, true), out)
    assert.is_truthy(out:find("e.jpg (orientation 6)", 1, true), out)
    assert.is_falsy(out:find("f.jpg", 1, true), out)
    assert.is_truthy(program.run({ "show", "a.run", id(1) }, { folder = run.folder }).out:find("Note: a picture is in CMYK", 1, true))
  end)

  it("is read of stand-ins that are whole", function()
    assert.equal("\xFF\xD9", picture.JPEG:sub(-2))
  end)
end)

describe("parts of a title", function()
  local run

  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function plan(names, args, recipe, titles)
    local files = {}
    for _, name in ipairs(names) do files[name:gsub("ID", id(1))] = JPEG end
    local given = { ext = "jpg", digits = "", ignore_words = {} }
    for name, value in pairs(args) do given[name] = value end
    run = assert(matching.match { recipe = recipe or "by-mms-id", files = files, titles = titles or { {} }, args = given })
  end

  -- Labels of the planned representations with their files.
  local function planned()
    local list = {}
    for row in run.db:rows [[SELECT json_extract(spec.spec, '$.label') AS label, change.seq FROM change
        JOIN spec ON spec.id = spec_id ORDER BY change.seq]] do
      local paths = {}
      for _, page in ipairs(run.planned(1)) do
        if page.change == row.seq then paths[#paths + 1] = page.path:gsub(id(1), "ID") end
      end
      list[#list + 1] = row.label .. ": " .. table.concat(paths, " ")
    end
    return list
  end

  it("become a representation each, by what the folder has behind the id", function()
    plan({ "ID_v1/0001.jpg", "ID_v1/0002.jpg", "ID_v10/0001.jpg", "ID_v2/0001.jpg" }, { part_by = "folder" })
    assert.same({ "JPG, v1: ID_v1/0001.jpg ID_v1/0002.jpg", "JPG, v2: ID_v2/0001.jpg", "JPG, v10: ID_v10/0001.jpg" }, planned())
  end)

  it("become a representation each, by the folder below the id's", function()
    plan({ "ID/v.1/0001.jpg", "ID/v.2/0001.jpg" }, { part_by = "folder" })
    assert.same({ "JPG, v.1: ID/v.1/0001.jpg", "JPG, v.2: ID/v.2/0001.jpg" }, planned())
  end)

  it("become a representation each, by the name", function()
    plan({ "ID_v1_0001.jpg", "ID_v1_0002.jpg", "ID_v2_0001.jpg" }, { part_by = "name" })
    assert.same({ "JPG, v1: ID_v1_0001.jpg ID_v1_0002.jpg", "JPG, v2: ID_v2_0001.jpg" }, planned())
  end)

  it("are uploaded to places of their own, by their own names", function()
    plan({ "ID/v.1/0001.jpg", "ID/v.2/0001.jpg" }, { part_by = "folder" })
    local keys = run.upload_keys(1)
    assert.not_equal(keys[1], keys[2])
    assert.matches("/0001.jpg$", keys[1])
    assert.matches("/2/0001.jpg$", keys[2])
  end)

  it("are in doubt when some files say none, or two have one page", function()
    plan({ "ID/0001.jpg", "ID/v.2/0001.jpg" }, { part_by = "folder" })
    assert.matches("a file says no part, and others do", run.reason(1), 1, true)
    run.close()
    plan({ "ID/v.2/0001.jpg", "ID/v.2/x_1.jpg" }, { part_by = "folder" })
    assert.matches("several files for one page", run.reason(1), 1, true)
    run.close()
    plan({ "ID/v.1/0001.jpg", "ID/v.2/0001.jpg", "ID/v.2/0003.jpg" }, { part_by = "folder" })
    assert.matches("a page is missing", run.reason(1), 1, true)
  end)

  it("have the label that the recipe gives when it names the part", function()
    plan({ "ID/v.1/0001.jpg", "ID/v.2/0001.jpg" }, {}, [[-- almanac-recipe: 1
      return extend "by-mms-id 1" { name = "t", part = function(file) return key.folder(file.path) end,
        changes = function(title, files, args)
          return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "Band " .. files[1].part, files = files }
        end }]])
    assert.same({ "Band v.1: ID/v.1/0001.jpg", "Band v.2: ID/v.2/0001.jpg" }, planned())
  end)

  it("are told by show", function()
    plan({ "ID/v.1/0001.jpg", "ID/v.2/0001.jpg" }, { part_by = "folder" })
    run.db:close()
    local out = program.run({ "show", "a.run", id(1) .. "/v.2/0001.jpg" }, { folder = run.folder }).out
    assert.is_truthy(out:find("page 1, part 'v.2'", 1, true), out)
    out = program.run({ "show", "a.run", id(1) }, { folder = run.folder }).out
    assert.is_truthy(out:find("'JPG, v.2'", 1, true), out)
  end)
end)
