-- almanac marc against yaz-marcdump, on 300 records of every kind: the same
-- records, fields, subfields and text, whoever reads and whoever writes.
local json = require "almanac.json"
local made = require "support.marc_made"
local program = require "support.program"

local RECORDS = 300

local folder, almanac

local function run(command, ...)
  local words = { command }
  for i, argument in ipairs { ... } do words[i + 1] = program.quote(argument) end
  local out, err = folder .. "/run.out", folder .. "/run.err"
  local _, _, status = os.execute(("%s >%s 2>%s </dev/null"):format(table.concat(words, " "), out, err))
  assert.equal(0, status, table.concat(words, " ") .. "\n" .. program.read(err))
  return program.read(out)
end

local function yaz(...) return run("yaz-marcdump", ...) end

local function marc(...) return run(program.quote(almanac) .. " marc", ...) end

local function file(name, text)
  local path = folder .. "/" .. name
  program.write(path, text)
  return path
end

-- Long texts are not shown whole: where they differ is.
local function same(expected, got, what)
  if expected == got then return end
  local at = 1
  while expected:byte(at) == got:byte(at) do at = at + 1 end
  local from = math.max(1, at - 60)
  error(("%s: differs at byte %d of %d and %d:\n  expected …%s…\n  got      …%s…"):format(what, at, #expected, #got,
    expected:sub(from, at + 60), got:sub(from, at + 60)), 2)
end

-- The kind's records as ISO 2709 in UTF-8.
local function source(kind)
  local path = folder .. "/" .. kind .. ".mrc"
  made.write(path, kind, RECORDS)
  if kind ~= "marc8" then return path end
  return file("utf8.mrc", yaz("-o", "marc", "-f", "MARC-8", "-t", "UTF-8", "-l", "9=97", path)), path
end

-- What a record made by marc_made is in MARC-in-JSON.
local function as_json(record)
  local fields = json.array {}
  for i, field in ipairs(record) do
    if #field == 2 then
      fields[i] = { [field[1]] = field[2] }
    else
      local subfields = json.array {}
      for j = 3, #field, 2 do subfields[#subfields + 1] = { [field[j]] = field[j + 1] } end
      fields[i] = { [field[1]] = { ind1 = field[2]:sub(1, 1), ind2 = field[2]:sub(2, 2), subfields = subfields } }
    end
  end
  return fields
end

for _, kind in ipairs(made.kinds) do
  describe("records of kind " .. kind, function()
    local path, lines, marc8

    setup(function()
      folder, almanac = program.folder(), program.path()
      path, marc8 = source(kind)
      lines = yaz(path)
    end)
    teardown(function() program.remove(folder) end)

    it("show as yaz-marcdump shows them", function()
      same(lines, marc("dump", path), "dump")
      if marc8 then same(yaz("-f", "MARC-8", "-t", "UTF-8", "-l", "9=97", marc8), marc("dump", marc8), "dump of MARC-8") end
    end)

    it("come out of ISO 2709 byte for byte", function()
      same(program.read(path), marc("convert", "--to", "iso2709", marc8 or path), "ISO 2709")
    end)

    it("are written so that yaz-marcdump reads them", function()
      same(lines, yaz("-i", "marcxml", file("a.xml", marc("convert", "--to", "marcxml", path))), "MARCXML")
      if kind ~= "marks" then   -- its own lines don't tell a $ in the text from a subfield
        same(yaz("-i", "line", file("b.txt", lines)), yaz("-i", "line", file("a.txt", marc("dump", path))), "lines")
      end
    end)

    it("are read as yaz-marcdump writes them", function()
      local xml = file("b.xml", yaz("-o", "marcxml", path))   -- with another leader/09 than UNIMARC has
      same(yaz("-i", "marcxml", xml), marc("dump", xml), "MARCXML")
      same(lines, marc("dump", file("b.json", yaz("-o", "json", path))), "MARC-in-JSON")
      if kind ~= "marks" then same(lines, marc("dump", file("b.txt", lines)), "lines") end
    end)

    it("come back byte for byte from every format", function()
      for _, format in ipairs { "marcxml", "json", "mrk" } do
        local there = file("there", marc("convert", "--to", format, path))
        same(program.read(path), marc("convert", "--to", "iso2709", there), format)
      end
    end)

    it("are MARC-in-JSON to another reader of JSON", function()
      if marc8 then return end
      local n = 0
      for line in marc("dump", "--json", path):gmatch "[^\n]+" do
        n = n + 1
        assert.same(as_json(made.record(kind, n)), json.decode(line).fields)
      end
      assert.equal(RECORDS, n)
    end)

    it("are well-formed XML to another reader of XML", function()
      run("xmllint --noout --huge", file("a.xml", marc("dump", "--xml", path)))
    end)
  end)
end
