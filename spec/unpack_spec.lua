-- What is packed with gzip, as tar and as zip: each file in it by its content, within bounds.
local core = require "almanac.core"
local json = require "almanac.json"
local made = require "support.marc_made"
local program = require "support.program"
local zip = require "support.zip"

local CASES = "../shared/cases/marc/"
local LEADER = "00000nam a2200000 i 4500"

local function book(id) return made.iso2709 { leader = LEADER, { "001", id }, { "245", "10", "a", "Title " .. id } } end

local function xml(id)
  return ("<collection><record><leader>%s</leader><controlfield tag=\"001\">%s</controlfield></record></collection>"):format(LEADER, id)
end

-- A header of tar, of any of its kinds: magic is "" in those of old, kind "0" is a file.
local function header(name, size, kind, magic)
  local head = name .. ("\0"):rep(100 - #name) .. "0000644\0" .. "0000000\0" .. "0000000\0" .. ("%011o\0"):format(size)
    .. "00000000000\0" .. (" "):rep(8) .. (kind or "0") .. ("\0"):rep(100) .. (magic or "ustar\00000")
  head = head .. ("\0"):rep(512 - #head)
  local sum = 0
  for i = 1, #head do sum = sum + head:byte(i) end
  return head:sub(1, 148) .. ("%06o\0 "):format(sum) .. head:sub(157)
end

local END = ("\0"):rep(1024)

local function tar(files, magic)
  local parts = {}
  for i, file in ipairs(files) do
    parts[i] = header(file[1], #file[2], file[3], magic) .. file[2] .. ("\0"):rep(-#file[2] % 512)
  end
  return table.concat(parts) .. END
end

local folder
setup(function() folder = program.folder() end)
teardown(function() program.remove(folder) end)

local function gzip(text)
  program.write(folder .. "/gz", text)
  assert(os.execute(("gzip -nf %s/gz"):format(folder)))
  return program.read(folder .. "/gz.gz")
end

-- What a reader gives until its end: records as "source=001", broken pieces as their messages.
local function all(reader)
  local list = {}
  while true do
    local record, message, _, more = reader:next()
    if not record and not message then return list end
    list[#list + 1] = record and reader:source() .. "=" .. record:control "001" or message
    if not record and not more then return list, message end
  end
end

local function parsed(bytes)
  local reader <close> = assert(core.marc.parse(bytes))
  return all(reader), reader:passed()
end

local FILES = { { "a.mrc", book "1" .. book "2" }, { "dir/readme.txt", "nothing here\n" }, { "b.xml", xml "3" }, { "empty", "" },
  { "c.json", '{"leader":"' .. LEADER .. '","fields":[{"001":"4"}]}' } }
local FOUND = { "text: a.mrc=1", "text: a.mrc=2", "text: b.xml=3", "text: c.json=4" }

describe("an archive", function()
  it("is read file by file, each by its content", function()
    for _, bytes in ipairs { tar(FILES), tar(FILES, ""), tar(FILES, "ustar  \0"), gzip(tar(FILES)), zip.of(FILES), gzip(zip.of(FILES)) } do
      local found, passed = parsed(bytes)
      assert.same(FOUND, found)
      assert.equal(1, passed)
    end
  end)

  it("counts its records through", function()
    local reader <close> = core.marc.parse(tar(FILES))
    local numbers = {}
    for record in reader:records() do numbers[#numbers + 1] = record:number() end
    assert.same({ 1, 2, 3, 4 }, numbers)
    assert.equal("json", reader:format())
  end)

  it("may hold archives and gzip", function()
    assert.same({ "text: x.tar.gz: a.mrc=1", "text: x.tar.gz: a.mrc=2", "text: x.tar.gz: b.xml=3", "text: x.tar.gz: c.json=4",
      "text: y.zip: z.mrc=5", "text: p.gz=6" }, (parsed(zip.of { { "x.tar.gz", gzip(tar(FILES)) },
      { "y.zip", zip.of { { "z.mrc", book "5" } } }, { "p.gz", gzip(book "6") } })))
  end)

  it("goes on where another one is put behind it", function()
    assert.same({ "text: a=1", "text: b=2" }, (parsed(tar { { "a", book "1" } } .. tar { { "b", book "2" } })))
    assert.same({ "text: a=1", "text: b=2" }, (parsed(gzip(tar { { "a", book "1" } }) .. gzip(tar { { "b", book "2" } }))))
  end)

  it("gives nothing for links, folders and devices", function()
    assert.same({ "text: a=1" }, (parsed(tar {
      { "d/", "", "5" }, { "s", "", "2" }, { "h", "", "1" }, { "n", "", "3" }, { "a", book "1" } })))
  end)

  it("without records is none of MARC", function()
    for _, bytes in ipairs { zip.of { { "a.txt", "hello" } }, tar { { "a.csv", "a,b\n" } } } do
      local reader, message, code = core.marc.parse(bytes)
      assert.same({ nil, "text holds no MARC records (known are iso2709, marcxml, json, line, mrk)", "parse" }, { reader, message, code })
    end
    assert.same({}, (parsed(zip.of {})))
  end)

  it("has names that do no harm", function()
    assert.same({ "text: ?[31mä?.mrc=1" }, (parsed(tar { { "\27[31mä\n.mrc", book "1" } })))
    assert.same({ "text: a?.mrc=1" }, (parsed(tar { { "a\xff.mrc", book "1" } })))
  end)
end)

describe("what is broken in an archive", function()
  it("costs that file alone", function()
    local cut = gzip(book "9"):sub(1, -9)
    local found = parsed(zip.of { { "0.gz", cut:sub(1, 14) }, { "a", book "1" }, { "b.gz", cut }, { "c", book "2" } })
    assert.matches("^text: 0.gz: the gzip data ends early after %d+ unpacked bytes$", found[1])
    assert.same({ "text: a=1", "text: b.gz=9", "text: c=2" }, { found[2], found[3], found[5] })
    assert.matches("^text: b.gz: the gzip data ends early", found[4])
    local inner = parsed(tar { { "x.zip", "PK\3\4" .. ("x"):rep(600) }, { "a", book "1" } })
    assert.matches("^text: x.zip: .*the archive is damaged", inner[1])
    assert.equal("text: a=1", inner[2])
  end)

  it("is found by its checksum", function()
    local found = parsed((zip.of { { "a", book "1" }, { "b", book "2" } }:gsub("Title 1", "Title 3")))
    assert.matches("^text: a: can't be unpacked %(ZIP bad CRC", found[1])
    assert.equal("text: b=2", found[2])
  end)

  it("ends the reading where nobody knows what was lost", function()
    local files = { { "a", book "1" }, { "b", book "2" } }
    local whole, zipped = tar(files), zip.of(files)
    for _, bytes in ipairs { whole:sub(1, 1024 + 530), gzip(whole):sub(1, -9), zipped:sub(1, zipped:find("PK\3\4", 9, true) + 20) } do
      local reader <close> = core.marc.parse(bytes)
      local found, message = all(reader)
      assert.equal("text: a=1", found[1])
      assert.matches("^text: ", message)
    end
  end)
end)

describe("an archive that was made to harm", function()
  local function refused(bytes, words)
    local reader <close>, message, code = core.marc.parse(bytes)
    if reader then
      local found
      found, message = all(reader)
      assert.is_true(#found < 5)
      code = "limit"
    end
    assert.equal("limit", code)
    assert.matches(words, message)
  end

  it("is not unpacked to hundreds of times its size", function()
    local zeros = gzip(("\0"):rep(1 << 20)):rep(80)
    refused(gzip(book "1") .. zeros, "unpacks to more than 400 times its size")
    refused(gzip(header("a", 80 << 20) .. book "1") .. zeros, "unpacks to more than 400 times its size")
  end)

  it("is not followed into archives without end", function()
    local bytes = zip.of { { "a", book "1" } }
    for i = 1, 8 do bytes = zip.of { { tostring(i), bytes } } end
    refused(bytes, "archives are packed in archives too often")
  end)

  it("has no more than 100,000 files", function()
    local files = gzip(header("a", 0):rep(1000)):rep(101)
    refused(gzip(tar { { "first", book "1" } }:sub(1, -1025)) .. files, "there are more than 100000 files in the archive")
  end)
end)

describe("almanac marc, of an archive", function()
  local path
  setup(function()
    path = folder .. "/export.tar"
    program.write(path, tar { FILES[1], FILES[2], { "d.mrc", (book "5":gsub("Title", "T\xffle")) } })
  end)

  it("names the file in it, and says how many hold no records", function()
    local result = program.run { "marc", "check", path }
    assert.matches("export.tar: d.mrc: record 3 %(5%), byte %d+", result.out)
    assert.matches("export.tar: 1 file in it without MARC records", result.err)
    assert.equal("1\n2\n5\n", program.run({ "marc", "get", "001", path }).out)
    local first = json.decode(program.run({ "marc", "check", "--json", path }).out:match "^[^\n]*")
    assert.equal(path .. ": d.mrc", first.file)
  end)

  it("reads it from a pipe as well", function()
    local result = program.run({ "marc", "count", "-" }, { redirect = "<" .. program.quote(path) })
    assert.equal("3\n", result.out)
  end)

  it("takes titles out of it", function()
    local catalogue = require "almanac.plan.catalogue"
    local file <const> = folder .. "/titles.zip"
    program.write(file, zip.of { { "a.mrc", book "991234567890123" }, { "b.xml", xml "991234567890456" }, { "note.txt", "x" } })
    assert.is_true(catalogue.is_marc(file))
    local source = assert(catalogue.file(file, {}))
    assert.same({ "991234567890123", "991234567890456" }, source.ids)
    assert.equal(file .. ": 1 file in it without MARC records", source.remark)
  end)

  it("reads what Alma publishes", function()
    if not core.files.stat(CASES) then return pending "the cases are not here" end
    assert.equal("1\n", program.run({ "marc", "count", CASES .. "alma-publishing.tar.gz" }).out)
  end)
end)
