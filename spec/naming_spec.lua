-- How institutions really name their files, each with the recipe that reads it:
-- a folder of such names and titles as Alma has them come to a plan in which the
-- right files are ready, and a near miss finds nothing.
local arguments = require "almanac.recipe.inside.arguments"
local core = require "almanac.core"
local recipe = require "almanac.recipe"
local trial = require "almanac.workbench.trial"

local ID = "990012345678904146"
local OTHER = "990012345678914146"

local function marc(fields)
  local lines = { "<record><leader>00000nam a2200000 a 4500</leader>" }
  local tags = {}
  for tag in pairs(fields) do tags[#tags + 1] = tag end
  table.sort(tags)
  for _, tag in ipairs(tags) do
    local code = tag:match "%$(%w)$"
    lines[#lines + 1] = code and ('<datafield tag="%s" ind1=" " ind2=" "><subfield code="%s">%s</subfield></datafield>')
      :format(tag:sub(1, 3), code, fields[tag]) or ('<controlfield tag="%s">%s</controlfield>'):format(tag, fields[tag])
  end
  return table.concat(lines) .. "</record>"
end

local function dc(identifier)
  return ('<record xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>%s</dc:identifier></record>'):format(identifier)
end

-- What a title is known by: { tif = name }, { dc = identifier }, { item = barcode }, { rows = {…} }, { id = mms_id } or fields of MARC.
local function title(given, id)
  local reading = { representations = {} }
  if given.tif then
    reading.representations[1] = { id = "12", usage_type = "PRESERVATION_MASTER", library = "MAIN", remote = false,
      files = { { pid = "13", name = given.tif, label = given.tif, size = 1 } } }
  end
  reading.items = { { barcode = given.item } }
  reading.rows = given.rows or {}
  reading.record = given.dc and dc(given.dc) or marc(next(given) and next(given):find "^%d" and given or { ["001"] = id })
  return { mms_id = given.id or id, title = "T", reading = reading }
end

-- { names, recipe, arguments, the title that they belong to, one that they do not belong to, sidecars = what stands beside them }
local CONVENTIONS = {
  -- Islandora exports
  { "grinnell_16037_OBJ.jpg", "jpg-derivatives", {}, { tif = "grinnell_16037_OBJ.tiff" }, { tif = "grinnell_1603_OBJ.tiff" } },
  { "grinnell_16037_OBJ.jpg", "by-identifier", {}, { dc = "grinnell:16037" }, { dc = "grinnell:1603" } },
  { "grinnell_18540_OBJ2.jpg", "by-identifier", {}, { dc = "grinnell:18540" }, { dc = "grinnell:185402" } },
  { "grinnell-16037.jpg", "by-identifier", {}, { dc = "grinnell:16037" }, { dc = "grinnell:160370" } },
  { "grinnell_12205_OBJ.mp3.clientThumb.jpg", "by-identifier", {}, { dc = "grinnell:12205" }, { dc = "grinnell:1220" } },
  -- an id of the time
  { "dg_1729123456.jpg", "by-identifier", {}, { dc = "dg_1729123456" }, { dc = "dg_1729123457" } },
  -- collection, box, theme, number; donors; B for the back
  { "lib_ms80_ffc_desapark0017.jpg", "jpg-derivatives", {}, { tif = "lib_ms80_ffc_desapark0017.tif" },
    { tif = "lib_ms80_desapark0017.tif" } },
  { "lib_ms108-2_build0001_1.jpg", "jpg-derivatives", {}, { tif = "lib_ms108-2_build0001_1.tif" }, { tif = "lib_ms108-2_build0001.tif" } },
  { "phpp_BrookChuck0012B.jpg", "jpg-derivatives", {}, { tif = "phpp_BrookChuck0012B.tif" }, { tif = "phpp_BrookChuck0012.tif" } },
  { "phpp_MathewsJack_003.jpg", "jpg-derivatives", {}, { tif = "phpp_MathewsJack_003.tif" }, { tif = "phpp_MathewsJack_03.tif" } },
  { "dcl_Cooper_School_1.jpg", "jpg-derivatives", {}, { tif = "dcl_Cooper_School_1.tif" }, { tif = "dcl_Cooper_School_11.tif" } },
  -- MMS ID as name and folder
  { "990012345678904146.pdf", "by-mms-id", { ext = "pdf", digits = "4146" }, { id = ID }, { id = OTHER } },
  { "993808393506421/00000001.tif|993808393506421/00000002.tif", "by-mms-id", { ext = "tif" }, { id = "993808393506421" },
    { id = "993808393506422" } },
  { "990012345678904146/image001.jpg", "by-mms-id", {}, { id = ID }, { id = OTHER } },
  -- 001 as folder, with volumes, and as name; the same after a migration; an old Aleph number
  { "6124186/00000001.tif|6124186/00000002.tif", "by-system-number", { place = "folder", ext = "tif" }, { ["001"] = "6124186" },
    { ["001"] = "612418" } },
  { "6124186/01/00000001.tif|6124186/02/00000001.tif", "by-system-number", { place = "folder", ext = "tif" }, { ["001"] = "6124186" },
    { ["001"] = "61241860" } },
  { "6124186/00000001.tif", "by-system-number", { place = "folder", ext = "tif", prefix = "NjP", suffix = "-princetondb" },
    { ["035$a"] = "(NjP)6124186-princetondb" }, { ["035$a"] = "(CStRLIN)6124186-princetondb" } },
  { "6124186.jp2", "by-system-number", { ext = "jp2" }, { ["001"] = "6124186" }, { ["001"] = "06124186" } },
  { "on1234567890.jp2", "by-field", { ext = "jp2", field = "001" }, { ["001"] = "on1234567890" }, { ["001"] = "on123456789" } },
  { "009588395.jpg", "by-old-number", { behind = "0203941" }, { id = "990095883950203941" }, { id = "990095883960203941" } },
  -- collection and component
  { "C0744/C0744_c002/00000001.tif", "by-field", { field = "035$a", part = "folder", ext = "tif" }, { ["035$a"] = "C0744_c002" },
    { ["035$a"] = "C0744_c0021" } },
  -- barcodes
  { "32101047381338.pdf", "by-barcode", { ext = "pdf" }, { item = "32101047381338" }, { item = "32101047381387" } },
  { "12345674.pdf", "by-barcode", { ext = "pdf", length = 10, pad = true }, { item = "0012345674" }, { item = "0012345675" } },
  { "bm1234567.pdf", "by-barcode", { ext = "pdf", letters = true }, { item = "BM1234567" }, { item = "BM12345670" } },
  { "32101047381338_1_pm.wav|32101047381338_2_pm.wav", "by-barcode", { ext = "wav", role = "pm" }, { item = "32101047381338" },
    { item = "32101047381387" } },
  { "32101047381569_1_p1.wav", "by-barcode", { ext = "wav" }, { item = "32101047381569" }, { item = "32101047381338" } },
  -- a path, and one with a beginning to cut, in a local field
  { "path/from/907e/value1/1.jpg|path/from/907e/value1/2.jpg", "by-field", { field = "907$e", part = "path" },
    { ["907$e"] = "path/from/907e/value1" },
    { ["907$e"] = "path/from/907e/value" } },
  { "scan_77.jpg", "by-field", { field = "907$l", cut = "TAU:" }, { ["907$l"] = "TAU:scan_77" }, { ["907$l"] = "TAU:scan_7" } },
  -- call numbers
  { "PPPL-1234/0001.tif|PPPL-1234/0002.tif", "by-call-number", { place = "folder", ext = "tif" }, { ["099$a"] = "PPPL 1234" },
    { ["099$a"] = "PPPL 123" } },
  { "ps3566_R3944_A614.jpg", "by-call-number", {}, { ["050$a"] = "PS3566.R3944 A614" }, { ["050$a"] = "PS3566.R394 A614" } },
  -- reference codes: the last part is the page, whatever stands before it
  { "MS-2-744_20_30_001.tif|MS-2-744_20_30_002.tif", "by-field", { field = "099$a", part = "base", ext = "tif" },
    { ["099$a"] = "MS-2-744_20_30" },
    { ["099$a"] = "MS-2-744_20_3" } },
  { "MS-2-41_SF45_23_001.tif", "by-field", { field = "099$a", part = "base", ext = "tif" }, { ["099$a"] = "MS-2-41_SF45_23" },
    { ["099$a"] = "MS-2-41_F45_23" } },
  { "MS-3-46_54_13_3_001.tif", "by-field", { field = "099$a", part = "base", ext = "tif" }, { ["099$a"] = "MS-3-46_54_13_3" },
    { ["099$a"] = "MS-3-46_54_13" } },
  { "2011-006_OS3_4_001.jpeg", "by-call-number", { paged = true }, { ["099$a"] = "2011-006, OS3, 4" },
    { ["099$a"] = "2011-006, OS3, 41" } },
  -- holder, collection, item, page; an id with the separator in it
  { "u0001_2009170_0000001_0001.tif", "by-field", { field = "024$a", part = "base", ext = "tif" }, { ["024$a"] = "u0001_2009170_0000001" },
    { ["024$a"] = "u0001_2009170_000000" } },
  { "MIZPAS_K1879_0001.tif", "by-field", { field = "024$a", part = "base", ext = "tif" }, { ["024$a"] = "MIZPAS_K1879" },
    { ["024$a"] = "MIZPAS" } },
  -- tapes with sides, volume and issue
  { "TB-0041-A.wav|TB-0041-B.wav", "by-number", { ext = "wav", field = "028$a", begins = "TB" },
    { ["028$a"] = "TB 41" }, { ["028$a"] = "TB 411" } },
  { "ZfB_Jg12_H03_S001.tif|ZfB_Jg12_H03_S002.tif", "by-number", { ext = "tif", field = "490$v", count = 2 }, { ["490$v"] = "Jg. 12, H. 3" },
    { ["490$v"] = "Jg. 12, H. 33" } },
  -- dates
  { "hir1910_02_13_001.tif|hir1910_02_13_002.tif", "by-date", { ext = "tif" }, { ["024$a"] = "hir 1910-02-13" },
    { ["024$a"] = "hir 1910-02-14" } },
  -- persons: as the record writes it, or the other way round
  { "JaneSmith2009.pdf", "by-person-year", {}, { ["100$a"] = "Smith, Jane,", ["264$c"] = "2009." },
    { ["100$a"] = "Smith, Jane", ["264$c"] = "2010" } },
  { "2009_Diss_JaneSmith.pdf", "by-person-year", { part = -1 }, { ["100$a"] = "Smith, Jane,", ["264$c"] = "2009." },
    { ["100$a"] = "Smith, Jane", ["264$c"] = "2010" } },
  -- sizes
  { "CU1001b.jpg", "by-size", { size = "b" }, { tif = "CU1001.tif" }, { tif = "CU1001b.tif" } },
  { "061-02b-2.jpg", "by-size", { size = "2", letters = "123" }, { tif = "061-02b.tif" }, { tif = "061-02.tif" } },
  -- the last number; OCLC's, with zeros and without
  { "Lapidus 4687988.jpg", "by-system-number", { group = -1 }, { ["001"] = "4687988" }, { ["001"] = "468798" } },
  { "Lapidus__4687988.jpg", "by-system-number", { group = -1 }, { ["001"] = "4687988" }, { ["001"] = "46879880" } },
  { "ocm01234567_1.jpg|ocm01234567_2.jpg", "by-system-number", { prefix = "OCoLC" }, { ["035$a"] = "(OCoLC)1234567" },
    { ["035$a"] = "(OCoLC)12345670" } },
  { "1234567.jpg", "by-system-number", { prefix = "OCoLC" }, { ["035$a"] = "(OCoLC)ocm01234567" }, { ["035$a"] = "(NjP)1234567" } },
  -- lists
  { "MS-2_001.jpg|MS-2_002.jpg", "by-map", { column = "TIFF Filename" }, { rows = { { ["TIFF Filename"] = "MS-2_001.tif" },
    { ["TIFF Filename"] = "MS-2_002.tif" } } }, { rows = { { ["TIFF Filename"] = "MS-2_00.tif" } } } },
  -- what a file beside them says, whatever the folder is called
  { "99122345678906421/00000001.tif|99122345678906421/vol2/00000001.tif", "by-sidecar", { ext = "tif" }, { id = "993808393506421" },
    { id = "99122345678906421" },
    sidecars = { ["99122345678906421/figgy_metadata.json"] = '{"title": "T", "source_metadata_identifier": "993808393506421"}' } },
  { "a/1.jpg", "by-sidecar-number", { field = "record.bib", sidecar = { "{stem}.json" } }, { ["001"] = "6124186" },
    { ["001"] = "612418" }, sidecars = { ["a/1.json"] = '{"record": {"bib": 6124186}}' } },
  { "b.jpg", "by-map", { column = "file_name" }, { rows = { { file_name_1 = "b.tif" } } }, { rows = { { file_name_1 = "bb.tif" } } } },
}

local function names_in(text)
  local list = {}
  for name in text:gmatch "[^|]+" do list[#list + 1] = name end
  return list
end

-- The row of a title in the plan of a convention.
local function planned(convention, owner)
  local names, name, given = convention[1], convention[2], convention[3]
  local found = assert(recipe.load("recipes/" .. name .. "/recipe.lua"))
  local folder = assert(trial.folder_of_names(names_in(names)))
  for path, text in pairs(convention.sidecars or {}) do assert(core.files.write(folder .. "/" .. path, text)) end
  local values = arguments.defaults(found.args)
  for argument, value in pairs(given) do values[argument] = value end
  local db = assert(trial.plan { recipe = found, titles = { title(owner, ID) }, folder = folder, values = values })
  local row = trial.outcome(db)[1]
  db:close()
  recipe.close(found)
  core.files.remove(folder, { tree = true })
  return row
end

describe("names that institutions give", function()
  for _, convention in ipairs(CONVENTIONS) do
    it(("%s: %s"):format(convention[2], convention[1]), function()
      local row = planned(convention, convention[4])
      assert.same({ "ready", convention[1] }, { row.state, row.files }, row.reason)
      row = planned(convention, convention[5])
      assert.equal("", row.files)
      assert.not_equal("ready", row.state)
    end)
  end
end)
