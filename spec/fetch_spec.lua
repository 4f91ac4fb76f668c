-- almanac fetch: what it brings out of Alma, with the built program against the rehearsal.
local bag = require "support.bag"
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"

local HEADER = desk.HEADER

describe("fetch", function()
  local at = desk.each(before_each, after_each)

  local function path(name) return at.folder .. "/" .. name end
  local function read(name) return program.read(path(name)) end
  local function is_there(name) return core.files.stat(path(name)) ~= nil end

  -- Calls so far, by what they ask for.
  local function routes()
    local all = at.alma.calls().routes
    local function of(route) return all[route] or 0 end
    local rep_path = "GET /bibs/{mms_id}/representations"
    return { bibs = of "GET /bibs", representations = of(rep_path), one = of(rep_path .. "/{rep_id}"),
      files = of(rep_path .. "/{rep_id}/files"), file = of(rep_path .. "/{rep_id}/files/{file_id}"), bytes = of "S3 GetObject",
      general = of "GET /conf/general" }
  end

  local function files_of(n) return at.alma.state("?mms_id=" .. desk.id(n)).representations[1].files end

  local function put(n, body)
    local result = at.alma.call("PUT", "/bibs/" .. desk.id(n), { body = body, type = "application/xml" })
    assert.equal(200, result.status, result.body)
  end

  local MARC = '<bib><record_format>marc21</record_format><suppress_from_publishing>%s</suppress_from_publishing><record>' ..
    '<leader>00000nam a2200000 a 4500</leader><controlfield tag="008">200101s2020    xxu           000 0 eng d</controlfield>' ..
    '<datafield ind1="1" ind2="0" tag="245"><subfield code="a">%s</subfield></datafield></record></bib>'

  local function rep(n) return ("12%09d04146"):format(n) end

  -- A rehearsal with these rows: mms, title, usage type, file name, size, representation.
  local function start(rows, ...)
    local lines = { HEADER .. "\n" }
    for _, row in ipairs(rows) do
      lines[#lines + 1] = core.csv.line { desk.id(row[1]), row[2], row[3] or "", row[4] or "", tostring(row[5] or ""),
        row[6] and rep(row[6]) or "", "" }
    end
    program.write(path "titles.csv", table.concat(lines))
    at.alma = require("support.rehearsal").start { titles = path "titles.csv", args = { "--rate", "0", ... } }
    at.env = desk.environment(at.alma, at.folder)
  end

  local ROWS = {
    { 1, "One", "PRESERVATION_MASTER", "a.tif", 100000, 1 }, { 1, "One", "PRESERVATION_MASTER", "b.tif", 3000, 1 },
    { 1, "One", "DERIVATIVE_COPY", "a.jpg", 2000, 2 }, { 2, "Two", "PRESERVATION_MASTER", "c.tif", 0, 3 }, { 3, "Three" },
  }

  local ODD = { { 1, "One", "PRESERVATION_MASTER", "a.tif", 10, 1 }, { 1, "One", "PRESERVATION_MASTER", "A.TIF", 20, 1 },
    { 1, "One", "PRESERVATION_MASTER", "a.tif", 30, 1 }, { 1, "One", "PRESERVATION_MASTER", "e\u{301}.tif", 40, 1 },
    { 1, "One", "PRESERVATION_MASTER", "\u{e9}.tif", 50, 1 }, { 1, "One", "PRESERVATION_MASTER", "50% off\r\nx.tif", 60, 1 },
    { 1, "One", "PRESERVATION_MASTER", ("ä"):rep(150) .. ".tif", 70, 1 }, { 1, "One", "PRESERVATION_MASTER", ".hidden", 80, 1 } }

  local function fetch(...) return at.almanac("fetch", "--titles", "titles.csv", "--to", "bag", "--rate=500", ...) end

  local function valid(folder)
    assert.same({}, bag.problems(path(folder or "bag")))
  end

  local function rows_of(name)
    local reader <close> = core.csv.parse(read(name))
    local head, list = reader:next(), {}
    for cells in function() return reader:next() end do
      local row = {}
      for i, heading in ipairs(head) do row[heading] = cells[i] end
      list[#list + 1] = row
    end
    return list
  end

  it("makes a bag of records, representations and files, valid by the rules, and says what a librarian has to know", function()
    start(ROWS)
    put(2, MARC:format("true", "Two"))
    local result = fetch()
    assert.same({ 0, "" }, { result.status, result.err })
    assert.equal("3 titles here: 3 records, 3 descriptions of representations, 4 files (105.0 kB)\n" ..
      "hidden from patrons (suppressed): 1 title\nwithout a representation: 1 title\nbag is a bag (BagIt 1.0)\n", result.out)
    valid()
    assert.equal(100000, core.files.stat(path(("bag/data/%s/%s/a.tif"):format(desk.id(1), rep(1)))).size)
    local files = rows_of "bag/metadata/files.csv"
    assert.equal(4, #files)
    for _, row in ipairs(files) do
      assert.equal(row.sha256, (core.files.sha256(path("bag/" .. row.path))))
      assert.equal(row.md5, (core.files.md5(path("bag/" .. row.path))))
    end
    assert.is_nil(read("bag/metadata/titles.csv"):find("failed", 1, true))
    assert.is_false(is_there "bag/.almanac-parts")
  end)

  it("keeps records exactly as Alma has them, MARC and Dublin Core, in UTF-8, and all of a format in one file", function()
    local dc = '<bib><record_format>dc</record_format><record xmlns="http://alma.exlibrisgroup.com/dc/01REHEARSAL_INST" ' ..
      'xmlns:dc="http://purl.org/dc/elements/1.1/" ' ..
      'xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>Øl</dc:title></record></bib>'
    start { { 1, "One" }, { 2, "Two" } }
    put(1, MARC:format("false", "Ærø &amp; Δ"))
    local made = at.alma.call("POST", "/bibs", { body = dc, type = "application/xml" })
    assert.equal(200, made.status, made.body)
    local ids = { desk.id(1), made.body:match "99%d+04146" }
    program.write(path "titles.csv", "mms_id\n" .. table.concat(ids, "\n") .. "\n")
    assert.equal(0, fetch().status)
    local all = at.alma.call("GET", ("/bibs?mms_id=%s,%s&view=full"):format(ids[1], ids[2])).data.bib
    for _, bib in ipairs(all) do
      local here = read(("bag/data/%s/record.xml"):format(bib.mms_id))
      assert.equal('<?xml version="1.0" encoding="UTF-8"?>\n', here:match "^[^\n]*\n")
      assert.equal(bib.anies[1]:gsub("^<%?xml.-%?>%s*", ""), (here:gsub("^[^\n]*\n", "")))
    end
    assert.equal("245: Ærø & Δ", (at.run("marc", "get", "245$a", "bag/metadata/marc.xml").out:gsub("^(%C+).*", "245: %1")))
    assert.matches("<dc:title>Øl</dc:title>", read "bag/metadata/dc.xml", 1, true)
  end)

  it("says what Alma says of representations, as JSON, without the addresses that are secret", function()
    start(ROWS)
    local made = at.alma.call("POST", ("/bibs/%s/representations"):format(desk.id(3)), { body = { is_remote = "true",
      library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" }, repository = { value = "CONTENTDM" },
      originating_record_id = "oai:x:1", linking_parameter_1 = "1" } })
    assert.equal(200, made.status, made.body)
    local result = fetch()
    assert.matches("in another repository, so without files here: 1 representation\n", result.out)
    local text = read(("bag/data/%s/%s.json"):format(desk.id(1), rep(1)))
    local said = json.decode(text)
    assert.same({ desk.id(1), rep(1), "PRESERVATION_MASTER", "b.tif", 3000 }, { said.mms_id, said.representation.id,
      said.representation.usage_type.value, said.representation_files[2].label, said.representation_files[2].size })
    assert.is_nil(text:find("Signature", 1, true))
    assert.is_nil(program.read(path "bag.fetch"):find("X-Amz-Signature", 1, true))
    valid()
  end)

  it("costs no more calls than it must: records by the hundred, addresses by the representation, bytes from the storage", function()
    local rows = {}
    for i = 1, 120 do rows[i] = { i, "T" .. i } end
    for i = 1, 40 do rows[120 + i] = { 1, "T1", "PRESERVATION_MASTER", ("p%d.tif"):format(i), 10, 1 } end
    start(rows)
    assert.equal(0, fetch().status)
    assert.same({ bibs = 2, representations = 120, one = 0, files = 1, file = 0, bytes = 40, general = 1 }, routes())
  end)

  it("takes the bytes with AWS keys where there are some, and asks for addresses when these may not read", function()
    start(ROWS)
    at.use_aws()
    assert.equal(0, fetch().status)
    valid()
    at.use_aws("WRONG", "keys")
    local result = at.almanac("fetch", "--titles", "titles.csv", "--to", "other", "--rate=500")
    assert.equal(0, result.status)
    assert.matches("the AWS keys may not read Alma's storage, so Alma is asked for addresses: ", result.err, 1, true)
    valid "other"
  end)

  it("takes masters only, derivatives only, or no files", function()
    start(ROWS)
    for option, names in pairs { masters = { "a.tif", "b.tif", "c.tif" }, derivatives = { "a.jpg" }, ["no-files"] = {} } do
      local result = at.almanac("fetch", "--titles", "titles.csv", "--to", option, "--rate=500", "--" .. option)
      assert.equal(0, result.status, result.err)
      valid(option)
      local found = {}
      for i, row in ipairs(rows_of(option .. "/metadata/files.csv")) do found[i] = row.file_name end
      table.sort(found)
      assert.same(names, found)
      assert.is_true(is_there(("%s/data/%s/%s.json"):format(option, desk.id(1), rep(2))))
    end
    assert.equal(1, fetch("--masters", "--derivatives").status)
  end)

  it("tells files apart whose names are one, or are one on some disks, and gives a name to those that disks don't take", function()
    start(ODD)
    local result = fetch()
    assert.equal(0, result.status, result.out .. result.err)
    valid()
    local seen, sizes = {}, {}
    for _, row in ipairs(rows_of "bag/metadata/files.csv") do
      local folded = core.text.fold(row.path)
      assert.is_nil(seen[folded])
      seen[folded], sizes[row.size] = true, row.path:match "[^/]+$"
    end
    assert.same({ "a.tif", ".hidden" }, { sizes["10"], sizes["80"] })
    assert.matches("^A%-13%d+%.TIF$", sizes["20"])
    assert.is_true(#sizes["70"] <= 255 and core.text.valid(sizes["70"]))
  end)

  it("makes bags that bagit-python takes for valid", function()
    if not bag.has_judge() then return pending "bagit-python is not installed (no package of Debian 12; python3 -m pip install bagit)" end
    local rows = {}
    for i, row in ipairs(ODD) do rows[i] = { table.unpack(row) } end
    rows[6][4] = rows[6][4]:gsub("%%", "")   -- it leaves % as it is, against the RFC
    start(rows)
    assert.equal(0, fetch().status)
    assert.equal("valid", bag.judged(path "bag"))
  end)

  it("refuses a folder that is not its own, and other options than those that it was begun with", function()
    start(ROWS)
    program.write(path "bag/notes.txt", "mine")
    local result = fetch()
    assert.equal(1, result.status)
    assert.matches("--to: bag is not empty ('notes.txt'), and no fetch was begun there", result.err, 1, true)
    os.remove(path "bag/notes.txt")
    assert.equal(0, fetch().status)
    result = fetch "--masters"
    assert.equal(1, result.status)
    assert.matches("bag was begun otherwise (all, now masters): give the same options, or another folder", result.err, 1, true)
    program.write(path "bag/data/notes.txt", "mine")
    program.remove(path("bag/data/" .. desk.id(1)))
    result = fetch()
    assert.equal(1, result.status)
    assert.matches("1 files in bag/data are none of this fetch ('notes.txt')", result.err, 1, true)
    os.remove(path "bag/data/notes.txt")
    assert.equal(0, fetch().status)
    valid()
  end)

  it("stops before the disk is full, and goes on when there is room; a link to the folder is the folder", function()
    start { { 1, "One", "PRESERVATION_MASTER", "a.tif", 10, 1 }, { 2, "Two", "PRESERVATION_MASTER", "big.tif", 1 << 52, 2 } }
    local result = fetch()
    assert.equal(75, result.status)
    assert.matches("has no space for 4503.6 TB: ", result.err, 1, true)
    assert.matches("stopped early; what is here is kept, the same command goes on\n", result.out, 1, true)
    assert.same({ "there is no bagit.txt" }, bag.problems(path "bag"))
    assert.truthy(os.execute(("ln -s bag %s/link"):format(program.quote(at.folder))))
    at.alma.change { op = "delete_file", pid = files_of(2)[1].pid }
    result = at.almanac("fetch", "--titles", "titles.csv", "--to", "link", "--rate=500")
    assert.equal(75, result.status)
    assert.is_false(is_there "link.fetch")
  end)

  it("asks nothing of Alma when all is here, and fetches again what is missing, cut or, with --check, changed", function()
    start(ROWS)
    assert.equal(0, fetch().status)
    local before = routes()
    local again = fetch()
    assert.equal(0, again.status)
    assert.same(before, routes())
    local file = ("bag/data/%s/%s/"):format(desk.id(1), rep(1))
    os.remove(path(file .. "a.tif"))
    os.remove(path(("bag/data/%s/record.xml"):format(desk.id(2))))
    program.write(path(file .. "b.tif"), ("x"):rep(3000))
    local result = fetch()
    assert.equal(0, result.status)
    assert.matches("2 of what was fetched is missing or changed on the disk", result.err, 1, true)
    assert.same({ ("manifest-sha256.txt: another checksum: data/%s/%s/b.tif"):format(desk.id(1), rep(1)) }, bag.problems(path "bag"))
    assert.equal(0, fetch("--check").status)
    valid()
  end)

  it("asks for new addresses when they have expired, once for a representation", function()
    local rows = {}
    for i = 1, 12 do rows[i] = { 1, "One", "PRESERVATION_MASTER", ("p%d.tif"):format(i), 10, 1 } end
    start(rows)
    at.alma.change { op = "faults", spec = "GET s3=@1-4:denied" }
    assert.equal(0, fetch("--transfers", "4").status)
    valid()
    assert.same({ files = 2, file = 0, bytes = 16 }, { files = routes().files, file = routes().file, bytes = routes().bytes })
  end)

  it("makes no bag while something is missing, says what, and makes it on request", function()
    start(ROWS)
    local pid = files_of(1)[2].pid
    at.alma.change { op = "break_file", pid = pid, left = 7 }
    local result = fetch()
    assert.equal(2, result.status)
    assert.matches(pid .. ": 7 bytes came of the 3000 that Alma lists", result.err, 1, true)
    assert.matches("bag is no bag yet\n", result.out, 1, true)
    assert.same({ "there is no bagit.txt" }, bag.problems(path "bag"))
    assert.equal(pid, rows_of("bag/metadata/missing.csv")[1].file_id)
    assert.is_false(is_there(("bag/data/%s/%s/b.tif"):format(desk.id(1), rep(1))))
    result = fetch "--incomplete"
    assert.equal(2, result.status)
    valid()
    assert.matches("\nMissing: 1 of what Alma has", read "bag/bag-info.txt", 1, true)
  end)

  it("tells a failed look-up from a title that is not there", function()
    start(ROWS)
    program.write(path "titles.csv", read "titles.csv" .. core.csv.line { desk.id(9), "Nine", "", "", "", "", "" })
    at.alma.change { op = "faults", spec = "GET representations=@1-15:500" }
    local result = at.hurried("", "fetch", "--titles", "titles.csv", "--to", "bag", "--transfers", "1")
    assert.equal(2, result.status)
    assert.matches("could not be read: 3 titles\n", result.err, 1, true)
    assert.matches("not in Alma: 1 title\n", result.out, 1, true)
    assert.equal(0, fetch().status)
    valid()
  end)

  it("stops before the calls that are kept for others, and goes on later", function()
    start(ROWS, "--daily", "4")
    local result = fetch("--reserve", "1")
    assert.equal(75, result.status)
    assert.matches("stopped early; what is here is kept, the same command goes on\n", result.out, 1, true)
    assert.same({ "there is no bagit.txt" }, bag.problems(path "bag"))
  end)

  it("prints events", function()
    start(ROWS)
    local result = fetch "--json"
    local last = json.decode(result.out:match "([^\n]+)\n$")
    assert.same({ "fetched", 3, 4, 105000, true, true }, { last.event, last.titles, last.files, last.bytes, last.bag, last.whole })
  end)
end)
