-- almanac recipe suggest and new: conventions that need options, found in what
-- the titles have; each suggestion becomes a recipe that holds at once.
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local json = require "almanac.json"
local program = require "support.program"

local function absolute(path)
  local pipe <close> = assert(io.popen "pwd -P")
  return pipe:read "l" .. "/" .. path
end

local function id(n) return ("9900958839%d0203941"):format(10 + n) end

-- Records as yaz-marcdump and MarcEdit write them: { ["099 $a"] = "…" } each.
local function mrk(records)
  local lines = {}
  for n, fields in ipairs(records) do
    lines[#lines + 1] = "=LDR  00000nam a2200000 a 4500"
    lines[#lines + 1] = "=001  " .. id(n)
    local tags = {}
    for tag in pairs(fields) do tags[#tags + 1] = tag end
    table.sort(tags)
    for _, tag in ipairs(tags) do lines[#lines + 1] = ("=%s  \\\\$%s%s"):format(tag:sub(1, 3), tag:sub(4), fields[tag]) end
    lines[#lines + 1] = "=245  00$aTitle " .. n .. "\n"
  end
  return table.concat(lines, "\n")
end

describe("almanac recipe suggest", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function almanac(...)
    return program.run({ "recipe", ... }, { folder = folder, env = { HOME = folder, ALMANAC_RECIPES = absolute "recipes" } })
  end

  local function files(...)
    for i, name in ipairs { ... } do program.write(folder .. "/scans/" .. name, formats.specimen(name) .. name .. i) end
  end

  -- What is suggested first, and that a recipe made of it holds, reads the same and has nothing to remark.
  local function assert_best(command, titles)
    local result = almanac("suggest", "scans", "--titles", titles)
    assert.equal(0, result.status, result.out .. result.err)
    local ready, of = result.out:match("\n\n" .. command:gsub("%p", "%%%0") .. ": %d+ titles? would be ready with (%d+) of (%d+) files?\n")
    assert.is_true(ready ~= nil and ready == of, result.out)
    assert.matches("or: almanac plan " .. command .. " --folder scans", result.out, 1, true)
    result = almanac("new", "ours", "--like", "scans", "--titles", titles)
    assert.equal(0, result.status, result.err)
    assert.matches("made from " .. command .. "\n", result.out, 1, true)
    for _, action in ipairs { "test", "check" } do
      result = almanac(action, "ours")
      assert.equal(0, result.status, result.out .. result.err)
    end
    return program.read(folder .. "/recipes/ours/recipe.lua")
  end

  -- names, records, the command that is to be suggested
  local FIELDS = {
    { { "u0001_20091_01_0001.jpg", "u0001_20091_01_0002.jpg", "u0001_20091_02_0001.jpg" },
      { { ["024a"] = "u0001_20091_01" }, { ["024a"] = "u0001_20091_02" } }, "by-field --field '024$a' --part base" },
    { { "MS-2-744_20_30_001.jpg", "MS-2-744_20_30_002.jpg", "MS-2-744_20_31_001.jpg" },
      { { ["099a"] = "MS-2-744, 20, 30" }, { ["099a"] = "MS-2-744, 20, 31" } }, "by-call-number --fields '099$a' --paged" },
    { { "C0744/C0744_c002/0001.tif", "C0744/C0744_c003/0001.tif" },
      { { ["035a"] = "C0744_c002" }, { ["035a"] = "C0744_c003" } }, "by-field --ext tif --field '035$a' --part folder" },
    { { "a/b/1.pdf", "a/c/1.pdf" }, { { ["907e"] = "a/b" }, { ["907e"] = "a/c" } }, "by-field --ext pdf --field '907$e' --part path" },
    { { "scan_77.jpg", "scan_78.jpg" }, { { ["907l"] = "TAU:scan_77" }, { ["907l"] = "TAU:scan_78" } },
      "by-field --cut TAU: --field '907$l' --part name" },
    { { "x6124186.jpg", "x6124187.jpg" }, { { ["035a"] = "(NjP)x6124186-inst" }, { ["035a"] = "(NjP)x6124187-inst" } },
      "by-field --cut '(NjP)' --cut-end=-inst --field '035$a' --part name" },
    { { "6124186/01/1.tif", "6124187/01/1.tif" }, { { ["035a"] = "(NjP)6124186-princetondb" }, { ["035a"] = "(NjP)6124187-princetondb" } },
      "by-system-number --ext tif --place folder --prefix NjP --suffix=-princetondb" },
    { { "ocm00000017_1.jpg", "ocm00000018_1.jpg" }, { { ["035a"] = "(OCoLC)17" }, { ["035a"] = "(OCoLC)ocm00000018" } },
      "by-system-number --prefix OCoLC" },
    { { "PPPL-1234/0001.tif", "PPPL-1235/0001.tif" }, { { ["086a"] = "PPPL 1234" }, { ["086a"] = "PPPL 1235" } },
      "by-call-number --ext tif --fields '086$a' --place folder" },
    { { "TB-0041-A.wav", "TB-0041-B.wav", "TB-0042-A.wav" }, { { ["028a"] = "TB 41" }, { ["028a"] = "TB 42" } },
      "by-number --begins TB --ext wav --field '028$a'" },
    { { "ZfB_Jg12_H01_S001.tif", "ZfB_Jg12_H02_S001.tif" }, { { ["490v"] = "Jg. 12, H. 1" }, { ["490v"] = "Jg. 12, H. 2" } },
      "by-number --begins ZfB --count 2 --ext tif --field '490$v'" },
    { { "2011_Diss_AnnaMueller.pdf", "2012_Diss_SeanONeil.pdf" },
      { { ["100a"] = "Mueller, Anna,", ["260c"] = "c2011." }, { ["100a"] = "O'Neil, Sean,", ["260c"] = "2012" } },
      "by-person-year --date '260$c' --part=-1" },
    { { "hir1910_02_13_001.tif", "hir1910_02_14_001.tif" }, { { ["030a"] = "hir 1910-02-13" }, { ["030a"] = "hir 1910-02-14" } },
      "by-date --ext tif --field '030$a'" },
  }

  for _, case in ipairs(FIELDS) do
    it("finds " .. case[3], function()
      files(table.unpack(case[1]))
      program.write(folder .. "/export.mrk", mrk(case[2]))
      local text = assert_best(case[3], "export.mrk")
      local ext = case[1][1]:match "%.(%w+)$"
      if ext ~= "jpg" then assert.matches('{ "ext",%s+"string", default = "' .. ext .. '"', text) end
    end)
  end

  it("finds a field of Dublin Core", function()
    files("dg-1_001.jpg", "dg-2_001.jpg")
    local records = {}
    for n = 1, 2 do
      records[n] = ("<record><dc:identifier>alma:01X_INST/bibs/%s</dc:identifier><dc:relation>dg-%d</dc:relation></record>")
        :format(id(n), n)
    end
    program.write(folder .. "/export.xml", '<records xmlns:dc="http://purl.org/dc/elements/1.1/">' .. table.concat(records) ..
      "</records>")
    assert_best("by-field --field dc:relation --part base", "export.xml")
  end)

  it("infers what stands around an old number from the MMS IDs", function()
    files("009588395.jpg", "9588396.jpg")
    program.write(folder .. "/titles.csv", "mms_id\n990095883950203941\n990095883960203941\n")
    local text = assert_best("by-old-number --behind 0203941 --width 9", "titles.csv")
    assert.matches('{ "behind", "string", default = "0203941"', text, 1, true)
  end)

  it("tells barcodes' length and check digit from the items", function()
    files("12345674.jpg", "12345682.jpg")
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name,barcode\n" ..
      id(1) .. ",A,,,0012345674\n" .. id(2) .. ",B,,,0012345682\n")
    assert_best("by-barcode --check luhn --length 10 --pad", "titles.csv")
  end)

  it("takes a list that lies in the folder, or is given", function()
    files("x1.jpg", "x2.jpg")
    local list = "# our list\nMMS ID,TIFF Filename\n" .. id(1) .. ",x1.tif\n" .. id(2) .. ",x2.tif\n"
    program.write(folder .. "/map.csv", list)
    local first = json.decode(almanac("suggest", "scans", "--titles", "map.csv", "--json").out:match "[^\n]+")
    assert.same({ "by-map", { column = "TIFF Filename" }, "map.csv", 2 }, { first.recipe, first.options, first.list, first.matched })
    assert_best("by-map --column 'TIFF Filename'", "map.csv")
    program.write(folder .. "/scans/map.csv", list)
    local out = almanac("suggest", "scans").out
    assert.matches("by-map --column 'TIFF Filename': 2 titles would be ready with 2 of 3 files", out, 1, true)
    assert.matches("with the titles of the list scans/map.csv", out, 1, true)
    assert.matches("or: almanac plan by-map --column 'TIFF Filename' --folder scans --titles scans/map.csv -o first.run", out, 1, true)
  end)

  it("counts names for one page, what is not read, and files that fit several titles", function()
    files("k_1.jpg", "k_01.jpg", "m_1.jpg", "cover.jpg")
    program.write(folder .. "/export.mrk", mrk { { ["024a"] = "k" }, { ["024a"] = "m" }, { ["024a"] = "m" } })
    local result = almanac("suggest", "scans", "--titles", "export.mrk")
    assert.equal(2, result.status)
    for _, text in ipairs { "by-field --field '024$a' --part base: 0 titles would be ready with 0 of 4 files, 3 to decide\n",
      "not read: 1 (cover.jpg)", "to decide: 2 a file fits several titles", "to decide: 1 several files for one page" } do
      assert.matches(text, result.out, 1, true)
    end
  end)

  it("takes no year for the number of a title, and begins with what the usual files begin with", function()
    files("2011_Diss_Anna.pdf", "2012_Diss_Sean.pdf")
    program.write(folder .. "/export.mrk", mrk { { ["260c"] = "2011." }, { ["260c"] = "2012." } })
    assert.equal(2, almanac("suggest", "scans", "--titles", "export.mrk").status)
    core.files.remove(folder .. "/scans", { tree = true })
    files("TB-1.wav", "TB-2.wav", "TB-3.wav", "notes.txt")
    program.write(folder .. "/export.mrk", mrk { { ["028a"] = "1" }, { ["028a"] = "2" }, { ["028a"] = "3" } })
    local out = almanac("suggest", "scans", "--titles", "export.mrk").out
    assert.matches("\n\nby-number --begins TB --ext wav --field '028$a': 3 titles would be ready with 3 of 4 files", out, 1, true)
  end)

  local function dublin_core(identifiers)
    local records = {}
    for n, identifier in ipairs(identifiers) do
      records[n] = ("<record><dc:identifier>alma:01X_INST/bibs/%s</dc:identifier><dc:title>Recording %d</dc:title>" ..
        "<dc:identifier>%s</dc:identifier></record>"):format(id(n), n, identifier)
    end
    program.write(folder .. "/export.xml", '<records xmlns:dc="http://purl.org/dc/elements/1.1/">' .. table.concat(records) .. "</records>")
  end

  it("takes no files of several things for those of one title, however many of them hit one", function()
    local names = { "NC1-006", "NC1-007", "NC1-008", "SU1-01", "AA1-2001", "NC2-001", "NC2-002", "XX2-9" }
    for i, name in ipairs(names) do files(("%s-%04d.jpg"):format(name, 2 * i + 40), ("%s-%04d.jpg"):format(name, 2 * i + 41)) end
    dublin_core { "a", "b", "c", "d", "e", "f", "g", "h" }       -- but "Recording 1" and "Recording 2"
    local result = almanac("suggest", "scans", "--titles", "export.xml")
    assert.equal(2, result.status, result.out)
    assert.matches("by-number --field dc:title: 0 titles would be ready with 0 of 16 files, 1 to decide, 1 with files of others\n",
      result.out, 1, true)
    dublin_core(names)
    assert_best("by-field --field dc:identifier --part base", "export.xml")
  end)

  it("reads names through a dictionary of remarks, and ignores only words that matter", function()
    files("Page 1 (final).jpg", "page  2.jpg", "page 3.tif.jpg", "Copy of page 4.jpg", "new page.jpg")
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name\n" .. id(1) .. ",A,PRESERVATION_MASTER,page 1.tif\n" ..
      id(2) .. ",B,PRESERVATION_MASTER,page 2.tif\n" .. id(3) .. ",C,PRESERVATION_MASTER,page 3.tif\n" ..
      id(4) .. ",D,PRESERVATION_MASTER,page 4.tif\n" .. id(5) .. ",E,PRESERVATION_MASTER,new page.tif\n")
    local text = assert_best("jpg-derivatives --ignore-words '(final),.tif,copy'", "titles.csv")
    assert.matches('{ "ignore_words", "words", default = { "(final)", ".tif", "copy" }', text, 1, true)
  end)

  it("finds a field behind remarks", function()
    files("MS-2_20_30_001 (final).jpg", "MS-2_20_31_001 (final).jpg")
    program.write(folder .. "/export.mrk", mrk { { ["099a"] = "MS-2_20_30" }, { ["099a"] = "MS-2_20_31" } })
    files("MS-2_20_30_002.jpg")
    assert_best("by-call-number --fields '099$a' --ignore-words '(final)' --paged", "export.mrk")
    core.files.remove(folder .. "/scans", { tree = true })
    files("MS-2_20_30 (final).jpg", "MS-2_20_31 - Copy (2).jpg")
    core.files.remove(folder .. "/recipes", { tree = true })
    assert_best("by-call-number --ignore-words '(final),copy'", "export.mrk")
  end)

  it("does not ignore the word that tells a copy from its original where both are there", function()
    files("a.jpg", "a copy.jpg", "b.jpg")
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name\n" .. id(1) .. ",A,PRESERVATION_MASTER,a.tif\n" ..
      id(2) .. ",B,PRESERVATION_MASTER,b.tif\n")
    local out = almanac("suggest", "scans", "--titles", "titles.csv").out
    assert.matches("\n\njpg-derivatives: ", out, 1, true)
    assert.is_nil(out:find("ignore-words", 1, true))
  end)

  it("tries the folders at the top one by one where no rule fits all", function()
    files("bar/" .. id(1) .. "_1.jpg", "bar/" .. id(1) .. "_2.jpg", "field/x_7.tif", "field/x_8.tif", "other/holiday.png", "other/me.png")
    program.write(folder .. "/export.mrk", mrk { {}, { ["099a"] = "x_7" }, { ["099a"] = "x_8" } })
    local result = almanac("suggest", "scans", "--titles", "export.mrk")
    assert.equal(0, result.status, result.out)
    assert.matches("\nbar by itself: by-mms-id: 1 title would be ready with 2 of 2 files\n" ..
      "  almanac plan by-mms-id --folder scans/bar --titles export.mrk -o first.run\n", result.out, 1, true)
    assert.matches("field by itself: by-call-number --ext tif: 2 titles would be ready with 2 of 2 files",
      result.out, 1, true)
    assert.is_nil(result.out:find("other by itself", 1, true))
  end)

  it("says what it did not look at, and of titles that would be skipped", function()
    files(id(1) .. ".jpg", id(2) .. ".jpg", id(9) .. ".jpg", "x\xff.jpg")
    program.write(folder .. "/export.mrk", mrk { {}, {} } .. "\n=LDR  00000dam a2200000 a 4500\n=001  " .. id(3) ..
      "\n\n=LDR  00000nam a2200000 a 4500\n=245  00$aNo id\n")
    local out = almanac("suggest", "scans", "--titles", "export.mrk").out
    for _, text in ipairs { "Not looked at: 1 file with a name that can't be sent\n", "Not looked at: 1 of export.mrk: no MMS ID\n",
      "Not looked at: 1 of export.mrk: deleted records\n", "without a title: 1 file\n" } do
      assert.matches(text, out, 1, true)
    end
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name\n" .. id(1) .. ",A,DERIVATIVE_COPY,a.jpg\n" ..
      id(2) .. ",B,PRESERVATION_MASTER,b.tif\n")
    out = almanac("suggest", "scans", "--titles", "titles.csv").out
    assert.matches("of titles that are skipped: 1 file\n", out, 1, true)
  end)

  it("judges names by themselves, and says which files can't be used", function()
    program.write(folder .. "/scans/" .. id(1) .. ".jpg", "")
    files(id(2) .. ".jpg")
    program.write(folder .. "/titles.csv", "mms_id\n" .. id(1) .. "\n" .. id(2) .. "\n")
    local result = almanac("suggest", "scans", "--titles", "titles.csv")
    assert.equal(0, result.status)
    assert.matches("by-mms-id: 1 title would be ready with 1 of 2 files, 1 to decide\n", result.out, 1, true)
    assert.matches("to decide: 1 a file can't be used\n", result.out, 1, true)
  end)

  it("guesses nothing where nothing fits", function()
    files("Untitled-1.jpg", "holiday.jpg")
    program.write(folder .. "/export.mrk", mrk { { ["099a"] = "MS-1" }, { ["099a"] = "MS-2" } })
    local result = almanac("suggest", "scans", "--titles", "export.mrk")
    assert.equal(2, result.status)
    assert.matches("by-field: not tried, it needs --field: nothing that these names say was found in the titles", result.out, 1, true)
    assert.matches("\nNone fits.", result.out, 1, true)
  end)

  it("reads what stands beside the files, and takes that rather than names", function()
    program.write(folder .. "/titles.csv", ("mms_id,title,usage_type,file_name,size,representation_id,collection\n%s,T,,,,,\n%s,T,,,,,\n")
      :format(id(1), id(2)))
    for n = 1, 2 do
      program.write(("%s/scans/%d/figgy_metadata.json"):format(folder, n), ('{"source_metadata_identifier": %s}'):format(id(n)))
      files(n .. "/00000001.jpg", n .. "/00000002.jpg")
    end
    files("broken/1.jpg", id(1) .. "x/notes.txt")
    program.write(folder .. "/scans/broken/figgy_metadata.json", "{")
    local result = almanac("suggest", "scans", "--titles", "titles.csv")
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("\n\nby-sidecar: 2 titles would be ready with 4 of 6 files\n", result.out, 1, true)
    assert.matches("    1/00000002.jpg  ->  '" .. id(1) .. "', page 00000002.jpg\n", result.out, 1, true)
    assert.matches("not read: 2 %([^\n]*broken/1.jpg", result.out)
  end)

  it("says of no recipe that it fits where all files are sidecars", function()
    program.write(folder .. "/titles.csv", "mms_id,title\n" .. id(1) .. ",T\n")
    for n = 1, 2 do program.write(("%s/scans/%d/figgy_metadata.json"):format(folder, n), "{}") end
    local result, events, tried = almanac("suggest", "scans", "--titles", "titles.csv", "--json"), {}, false
    assert.equal(2, result.status, result.out .. result.err)
    for line in result.out:gmatch "[^\n]+" do
      local event = json.decode(line)
      if event.recipe == "by-sidecar" then
        assert.matches('"examples":[]', line, 1, true)
        assert.matches('"unread":[]', line, 1, true)
        tried = false
      elseif event.read and event.read > 0 then
        tried = true
      end
      events[event.recipe or ""] = true
    end
    assert.same({ true, false }, { events["by-sidecar"], tried }, "it goes behind those that read names")
  end)
end)

describe("almanac recipe new, where none fits,", function()
  local folder

  before_each(function()
    folder = program.folder()
    for n = 1, 8 do program.write(folder .. "/scans/ZfB_Jg12_H0" .. n .. "_S001.jpg", "\xFF\xD8\xFF") end
    program.write(folder .. "/export.mrk", mrk { { ["490v"] = "Jg. 12, H. 1" }, { ["490v"] = "Jg. 12, H. 2" } })
  end)
  after_each(function() program.remove(folder) end)

  local function almanac(...)
    return program.run({ "recipe", ... }, { folder = folder, env = { HOME = folder, ALMANAC_RECIPES = false } })
  end

  local function draft()
    local result = almanac("new", "zfb", "--like", "scans", "--titles", "export.mrk")
    assert.equal(0, result.status, result.err)
    return result.out, folder .. "/recipes/zfb/recipe.lua"
  end

  it("writes one whose rules are to be written, with what the names and titles say", function()
    local out, path = draft()
    assert.matches("No recipe at hand fits these names. What is to be written is marked in it", out, 1, true)
    local text = program.read(path)
    assert.matches('key%.numbers%(file%.name, 2%) +"12%-1"', text)
    assert.matches('title.record:get "490$v"%s+"Jg. 12, H. 1"', text)
    assert.matches("key%.numbers%(title%.title, %-1%)%s+\"1\"", text)
    assert.matches('"ZfB_Jg12_H01_S001.jpg"', text, 1, true)
    assert.is_nil(text:find "extend")
    local result = almanac("check", "zfb")
    assert.equal(0, result.status, result.out .. result.err)
  end)

  it("begins with a name of the commonest form, and leaves a stray to the end", function()
    program.write(folder .. "/scans/A_stray.jpg", "\xFF\xD8\xFF")
    program.write(folder .. "/first.run", "a run that is there")
    local out, path = draft()
    local text = program.read(path)
    assert.matches("For\n  -- ZfB_Jg12_H01_S001.jpg:", text, 1, true)
    assert.matches('"A_stray.jpg",\n    },', text, 1, true)
    assert.matches('\n  reads = { "record" },', text, 1, true)
    assert.matches("almanac plan zfb --folder scans --titles export.mrk -o second.run", out, 1, true)
  end)

  it("writes nothing for a folder without files", function()
    assert.is_true(core.files.make_folder(folder .. "/nothing"))
    local result = almanac("new", "zfb", "--like", "nothing")
    assert.equal(1, result.status)
    assert.equal("almanac: there is no file in nothing\n", result.err)
    assert.is_nil(core.files.stat(folder .. "/recipes"))
  end)

  it("says in test what is open, until it is said", function()
    local _, path = draft()
    local result = almanac("test", "zfb")
    assert.equal(2, result.status)
    assert.matches("OPEN  examples whose match key is to be said", result.out, 1, true)
    assert.matches('["ZfB_Jg12_H01_S001.jpg"] = false,', result.out, 1, true)
    local text = program.read(path):gsub("    return nil\n", "    return key.numbers(file.name, 2)\n")
      :gsub("    return {}\n", '    return key.numbers(title.record:get "490$v", 2)\n')
      :gsub("open = {.-\n    },", 'file_key = { ["ZfB_Jg12_H01_S001.jpg"] = "12-1" },')
    program.write(path, text)
    result = almanac("test", "zfb")
    assert.equal(0, result.status, result.out)
    assert.equal(0, almanac("check", "zfb").status)
    local out = almanac("explain", "zfb", id(1), "--titles", "export.mrk", "--folder", "scans").out
    assert.matches("add.representation with ZfB_Jg12_H01_S001.jpg", out, 1, true)
  end)

  it("says so when `open` is no list of names", function()
    local _, path = draft()
    program.write(path, (program.read(path):gsub("open = {", "open = { 1,")))
    assert.matches("recipe.lua:%d+: examples: open is a list of names", almanac("test", "zfb").err)
  end)
end)
