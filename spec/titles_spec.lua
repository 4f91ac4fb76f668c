-- Titles of a plan from records, and records for rules: the built program against
-- a rehearsal.
local core = require "almanac.core"
local desks = require "support.desk"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local store = require "almanac.run.store"

local id = desks.id

local TITLES = ([[
mms_id,title,usage_type,file_name,format,oclc,call_number,barcode
%s,Atlas of the county,PRESERVATION_MASTER,a.tif,marc21,(OCoLC)ocm00000017,G1234.X5,32101108168939
%s,Letters,PRESERVATION_MASTER,b.tif,dcap01,(OCoLC)ocn123456789,,32101047381338
%s,Map of the north,PRESERVATION_MASTER,c.tif,marc21,(OCoLC)on1234567890,,
]]):format(id(1), id(2), id(3))

local BY_OCLC = [[
-- almanac-recipe: 1
return extend "jpg-derivatives" {
  name = "by-oclc", reads = { "record" },
  file_key = function(file) return key.oclc(file.name) end,
  title_keys = function(title) return key.system_numbers(title.record, "OCoLC") end,
  examples = { title_keys = { { files = {}, keys = { "5" },
    record = '<r xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>(OCoLC)5</dc:identifier></r>' } } },
}
]]

local BY_BARCODE = [[
-- almanac-recipe: 1
return extend "jpg-derivatives" {
  name = "by-barcode", reads = { "items" },
  file_key = function(file) return key.barcode(file.name) end,
  title_keys = key.barcodes,
}
]]

local BY_TITLE = [[
-- almanac-recipe: 1
return extend "jpg-derivatives" {
  name = "by-title", reads = { "record" },
  file_key = function(file) return key.fold(file.stem) end,
  title_keys = function(title)
    local record = title.record
    return key.fold(record:get(record.format == "marc" and "245$a" or "dc:title"))
  end,
}
]]

local function marc(n, title, leader)
  return ([[<record><leader>%s</leader><controlfield tag="001">%s</controlfield>
    <datafield tag="035" ind1=" " ind2=" "><subfield code="a">(X)%s</subfield></datafield>
    <datafield tag="245" ind1="0" ind2="0"><subfield code="a">%s</subfield></datafield></record>]])
    :format(leader or "00000nam a2200000 a 4500", n, n, title)
end

local function collection(...)
  return '<collection xmlns="http://www.loc.gov/MARC21/slim">' .. table.concat { ... } .. "</collection>"
end

describe("titles of a plan", function()
  local alma, folder, env

  setup(function() alma = rehearsal.start { titles = TITLES, memory = true, args = { "--rate", "0" } } end)
  teardown(function() alma.stop() end)

  before_each(function()
    folder = program.folder()
    env = desks.environment(alma, folder)
    for name, text in pairs { ["by-oclc"] = BY_OCLC, ["by-barcode"] = BY_BARCODE, ["by-title"] = BY_TITLE } do
      program.write(("%s/recipes/%s/recipe.lua"):format(folder, name), text)
    end
    for _, name in ipairs { "ocm00000017", "ocn123456789_1", "32101108168939", "Atlas of the county", "a" } do
      program.write(("%s/jpg/%s.jpg"):format(folder, name), desks.JPEG)
    end
  end)
  after_each(function() program.remove(folder) end)

  local function plan(recipe, run, ...)
    return program.run({ "plan", recipe, "--folder", "jpg", "--rate", "500", "-o", run, ... }, { folder = folder, env = env })
  end

  local function planned(recipe, run, ...)
    local result = plan(recipe, run, ...)
    assert.is_true(result.status == 0 or result.status == 2, result.err .. result.out)
    return result
  end

  -- "1:a.jpg 3:c.jpg": titles that are ready, and their pages
  local function ready(run)
    local db <close> = assert(store.open(folder .. "/" .. run, "read"))
    local list = {}
    for row in db:rows [[SELECT mms_id, path FROM title JOIN page ON page.title_id = title.id JOIN file ON file.id = file_id
        WHERE state = 'ready' ORDER BY mms_id, page.seq]] do
      list[#list + 1] = ("%d:%s"):format(tonumber(row.mms_id:sub(3, 11)), row.path)
    end
    return table.concat(list, " ")
  end

  local function value(run, sql)
    local db <close> = assert(store.open(folder .. "/" .. run, "read"))
    return db:value(sql)
  end

  local function calls()
    local total = 0
    for _, count in pairs(alma.calls().routes) do total = total + count end
    return total
  end

  it("come from a MARC file in any format, told by its content", function()
    program.write(folder .. "/export.xml", collection(marc(id(1), "A"), marc(id(3), "B"), marc(id(1), "A"),
      marc(id(2), "C", "00000dam a2200000 a 4500")))
    local result = planned("jpg-derivatives", "a.run", "--titles", "export.xml")
    assert.equal("1:a.jpg", ready "a.run")
    assert.equal(2, value("a.run", "SELECT count(*) FROM title"))
    assert.matches("1 record is deleted and skipped", result.err .. result.out)
    assert.equal(0, value("a.run", "SELECT count(*) FROM detail"))
    local reader = assert(core.marc.open(folder .. "/export.xml"))
    local parts = {}
    for rec in reader:records() do parts[#parts + 1] = assert(rec:encode "iso2709") end
    program.write(folder .. "/export.mrc", table.concat(parts))
    os.execute("gzip -k " .. program.quote(folder .. "/export.mrc"))
    for i, name in ipairs { "export.mrc", "export.mrc.gz" } do
      planned("jpg-derivatives", "b" .. i .. ".run", "--titles", name)
      assert.equal(2, value("b" .. i .. ".run", "SELECT count(*) FROM title"))
    end
  end)

  it("come from the field that is named, when 001 is none", function()
    program.write(folder .. "/export.xml", collection(marc("ocm1", "A"):gsub("%(X%)ocm1", "(01X_INST)" .. id(1)),
      (marc("ocm2", "B"):gsub("%(X%)ocm2", "(01X_INST)" .. id(3)))))
    local result = plan("jpg-derivatives", "a.run", "--titles", "export.xml")
    assert.equal(1, result.status)
    assert.matches("record 1: 'ocm1' is no MMS ID", result.err)
    assert.matches("--titles-id '035$a'", result.err, 1, true)
    planned("jpg-derivatives", "a.run", "--titles", "export.xml", "--titles-id", "035$a")
    assert.equal("1:a.jpg", ready "a.run")
    assert.matches("%-%-titles%-id: ", plan("jpg-derivatives", "b.run", "--titles", "export.xml", "--titles-id", "35$").err)
    assert.matches("%-%-titles%-id goes with", plan("jpg-derivatives", "b.run", "--set", "x", "--titles-id", "001").err)
  end)

  it("come from a set that Alma publishes by OAI-PMH, and touch nothing", function()
    local before = alma.calls().routes.OAI or 0
    planned("jpg-derivatives", "a.run", "--oai", "all_digital_titles")
    assert.equal("1:a.jpg", ready "a.run")
    assert.equal(3, value("a.run", "SELECT count(*) FROM title"))
    assert.equal(before + 1, alma.calls().routes.OAI)
    assert.is_nil(alma.calls().methods.POST)
    assert.matches("OAI set 'all_digital_titles'", value("a.run", "SELECT value FROM meta WHERE key = 'source'"))
  end)

  it("say what OAI-PMH did not give", function()
    assert.matches("No Publishing profile.-there is no set 'nothing'; there are all_digital_titles", plan("jpg-derivatives",
      "a.run", "--oai", "nothing").err)
    assert.matches("did you mean 'tiff_only'?", plan("jpg-derivatives", "a.run", "--oai", "tif_only").err, 1, true)
    assert.matches("'yesterday' is no date", plan("jpg-derivatives", "a.run", "--oai", "x", "--oai-from", "yesterday").err)
    alma.change { op = "add_bib", mms_id = id(4), title = "Gone" }
    local set = alma.state().sets[1].id
    alma.change { op = "add_to_set", set = set, mms_id = id(4) }
    alma.change { op = "delete_bib", mms_id = id(4) }
    local result = planned("jpg-derivatives", "a.run", "--oai", "all_digital_titles")
    assert.matches("1 record is deleted and skipped", result.err .. result.out)
    assert.equal(3, value("a.run", "SELECT count(*) FROM title"))
  end)

  it("come from a search by SRU", function()
    planned("jpg-derivatives", "a.run", "--sru", 'alma.title="atlas" or alma.title=map')
    assert.equal("1:a.jpg", ready "a.run")
    assert.equal(2, value("a.run", "SELECT count(*) FROM title"))
    local result = plan("jpg-derivatives", "b.run", "--sru", "alma.titles=atlas")
    assert.equal(1, result.status)
    assert.matches("did you mean 'alma.title'", result.err)
    assert.matches("holds no record", plan("jpg-derivatives", "b.run", "--sru", "alma.title=nothing").err)
  end)

  it("come from barcodes, each looked up", function()
    program.write(folder .. "/barcodes.csv", "barcode\n32101108168939\n0000\n")
    local result = planned("jpg-derivatives", "a.run", "--titles", "barcodes.csv")
    assert.equal("1:a.jpg", ready "a.run")
    assert.equal(2, result.status)
    assert.equal("barcodes.csv: line 3: no item has the barcode 0000", value("a.run", "SELECT text FROM problem"))
  end)

  it("come from one place", function()
    local result = plan("jpg-derivatives", "a.run", "--titles", id(1), "--sru", "alma.title=x")
    assert.equal(1, result.status)
    assert.matches("give --titles or --sru, not both", result.err, 1, true)
    assert.matches("--oai-prefix goes with --oai SET", plan("jpg-derivatives", "a.run", "--titles", id(1),
      "--oai-prefix", "x").err, 1, true)
  end)

  it("have the record that Alma gives, in no more calls", function()
    local list = table.concat({ id(1), id(2), id(3) }, ",")
    local before = calls()
    planned("jpg-derivatives", "a.run", "--titles", list)
    local between = calls()
    planned("by-oclc", "b.run", "--titles", list)
    assert.equal(between - before, calls() - between)
    assert.equal("1:ocm00000017.jpg 2:ocn123456789_1.jpg", ready "b.run")
  end)

  it("have the record that their source gives", function()
    program.write(folder .. "/export.xml", collection(marc(id(3), "Atlas of the county")))
    planned("by-title", "a.run", "--titles", "export.xml")
    assert.equal("3:Atlas of the county.jpg", ready "a.run")
    planned("by-title", "b.run", "--oai", "dublin_core", "--oai-prefix", "oai_qdc")
    assert.equal("2", tostring(#value("b.run", "SELECT group_concat('1') || 'x' FROM detail")))
    planned("by-title", "c.run", "--sru", "alma.title=atlas")
    assert.equal("1:Atlas of the county.jpg", ready "c.run")
    planned("by-title", "d.run", "--from", "a.run", "--refresh")
    assert.equal("3:Atlas of the county.jpg", ready "d.run")
  end)

  it("are planned again with their records, without a call", function()
    planned("by-oclc", "a.run", "--titles", id(1) .. "," .. id(2))
    local before = calls()
    planned("by-title", "b.run", "--from", "a.run")
    assert.equal(before, calls())
    assert.equal("1:Atlas of the county.jpg", ready "b.run")
    planned("jpg-derivatives", "c.run", "--from", "b.run")
    assert.equal(0, value("c.run", "SELECT count(*) FROM detail"))
    local result = plan("by-title", "d.run", "--from", "c.run")
    assert.equal(1, result.status)
    assert.matches("c.run was planned without records, which this recipe reads: add --refresh", result.err, 1, true)
    planned("by-title", "d.run", "--from", "c.run", "--refresh")
    assert.equal("1:Atlas of the county.jpg", ready "d.run")
  end)

  it("have their items for recipes that read them, in a call each", function()
    local list = table.concat({ id(1), id(2), id(3) }, ",")
    planned("by-barcode", "a.run", "--titles", list)
    assert.equal("1:32101108168939.jpg", ready "a.run")
    assert.equal(3, value("a.run", "SELECT count(*) FROM detail WHERE items IS NOT NULL"))
    local before = calls()
    planned("by-barcode", "b.run", "--from", "a.run")
    assert.equal(before, calls())
    assert.equal("1:32101108168939.jpg", ready "b.run")
  end)

  it("show the record and the items that rules saw", function()
    planned("by-oclc", "a.run", "--titles", id(1) .. "," .. id(2))
    planned("by-barcode", "b.run", "--titles", id(1) .. "," .. id(3))
    local function shown(run, n)
      return program.run({ "show", run, id(n) }, { folder = folder, env = env }).out
    end
    assert.matches("Its record:\n  001    " .. id(1), shown("a.run", 1), 1, true)
    assert.matches("  245 00 $a Atlas of the county\n", shown("a.run", 1), 1, true)
    assert.matches("Its record:\n  dc:title  Letters\n", shown("a.run", 2), 1, true)
    assert.matches("Its items:\n  32101108168939  G1234.X5  MAIN stacks\n", shown("b.run", 1), 1, true)
    assert.matches("Its items: none\n", shown("b.run", 3), 1, true)
  end)

  it("keep the record for decisions", function()
    program.write(folder .. "/jpg/x/ocm00000017.jpg", desks.JPEG .. "other")
    planned("by-oclc", "a.run", "--titles", id(1))
    assert.equal("", ready "a.run")
    program.write(folder .. "/d.csv", ("mms_id,decision,file\n%s,use,x/ocm00000017.jpg\n"):format(id(1)))
    local result = program.run({ "decide", "a.run", "d.csv" }, { folder = folder, env = env })
    assert.equal(0, result.status, result.err .. result.out)
    assert.equal("1:x/ocm00000017.jpg", ready "a.run")
  end)

  it("can't be told to recipes that did not ask", function()
    program.write(folder .. "/recipes/by-oclc/recipe.lua", (BY_OCLC:gsub("reads = { \"record\" },", ""):gsub("examples = .-\n}\n$", "}\n")))
    local result = plan("by-oclc", "a.run", "--titles", id(1))
    assert.equal(1, result.status)
    assert.matches('reads = { "record" }', result.err, 1, true)
    program.write(folder .. "/recipes/by-oclc/recipe.lua", (BY_OCLC:gsub("\"record\"", "\"records\"")))
    assert.matches("reads: unknown 'records', did you mean 'record'?", plan("by-oclc", "a.run", "--titles", id(1)).err, 1, true)
  end)
end)
