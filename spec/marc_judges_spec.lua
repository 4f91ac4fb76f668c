-- What almanac writes, read by others: `almanac marc check` and yaz-marcdump find nothing wrong with
-- any format, Perl's MARC::Record nothing with ISO 2709, and all of them read what was written.
local made = require "support.marc_made"
local marc = require "almanac.marc"
local program = require "support.program"

local EACH = 12
-- Records of these kinds are made with such codes and indicators, to see them through.
local MEANT = "--except odd-code,odd-indicator"

-- Prints each record as yaz-marcdump's lines, and warnings to standard error.
local PERL = [[
use MARC::Batch;
my $batch = MARC::Batch->new("USMARC", $ARGV[0]);
sub bytes { my $text = shift; utf8::encode($text) if utf8::is_utf8($text); return $text }
while (my $record = $batch->next) {
  print STDERR "$_\n" for $record->warnings;
  print bytes($record->leader), "\n";
  for my $field ($record->fields) {
    if ($field->is_control_field) { print bytes($field->tag . " " . $field->data), "\n"; next }
    print $field->tag, " ", $field->indicator(1), $field->indicator(2);
    print bytes(" \$" . $_->[0] . " " . $_->[1]) for $field->subfields;
    print "\n";
  }
  print "\n";
}
print STDERR "$_\n" for $batch->warnings;
]]

local folder, almanac

-- What a command prints, which has nothing to say on standard error.
local function run(command, what)
  local err = folder .. "/err"
  local pipe <close> = assert(io.popen(("%s 2>%s </dev/null"):format(command, err)))
  local out = pipe:read "a"
  local _, _, status = pipe:close()
  assert.same({ 0, "" }, { status, program.read(err) }, what .. "\n" .. out:sub(1, 2000))
  return out
end

local function file(name, text)
  program.write(folder .. "/" .. name, text)
  return folder .. "/" .. name
end

-- Every kind but those, no 001 twice.
local function everything(but)
  local parts = {}
  for i, kind in ipairs(made.kinds) do
    for n = 1, but and but[kind] and 0 or EACH do parts[#parts + 1] = made.iso2709(made.record(kind, i * 1000 + n)) end
  end
  return table.concat(parts)
end

-- All records of a text in another format, as a document.
local function convert(text, format)
  local head, between, tail = marc.frame(format)
  local parts = {}
  for record in assert(marc.parse(text)):records() do parts[#parts + 1] = assert(record:encode(format)) end
  return head .. table.concat(parts, between) .. tail
end

local function check(path, what) run(("%s marc check -q %s %s"):format(program.quote(almanac), MEANT, path), what) end

local function dump(path, what) return run(("%s marc dump -q %s"):format(program.quote(almanac), path), what) end

local function without_leaders(lines)
  return (("\n\n" .. lines):gsub("\n\n[^\n]+\n", "\n\n"))
end

local function judged_by_perl(path, wanted, what)
  if os.execute "perl -MMARC::Batch -e 1 2>/dev/null" then
    assert.equal(wanted, run("perl " .. file("judge.pl", PERL) .. " " .. path, what), what)
    return
  end
  pending "Perl's MARC::Record is not there (libmarc-record-perl)"
end

describe("what is written", function()
  setup(function() folder, almanac = program.folder(), program.path() end)
  teardown(function() program.remove(folder) end)

  for _, format in ipairs(marc.formats()) do
    it("as " .. format .. " is right to almanac marc check", function()
      check(file("out", convert(everything(), format)), format)
    end)
  end

  local function judged_by_yaz(path, option)
    local lines = run(("yaz-marcdump -i %s -o line %s"):format(option, path), option)
    assert.equal(without_leaders(dump(path, option)), without_leaders(lines))
  end

  it("as ISO 2709 and MARCXML is right to yaz-marcdump", function()
    judged_by_yaz(file("out", convert(everything(), "iso2709")), "marc")
    judged_by_yaz(file("out", convert(everything(), "marcxml")), "marcxml")
  end)

  it("as MARC-in-JSON is right to yaz-marcdump, which reads one record", function()
    for _, kind in ipairs(made.kinds) do
      judged_by_yaz(file("out", convert(made.iso2709(made.record(kind, 5)), "json")), "json")
    end
  end)

  it("as ISO 2709 is right to Perl's MARC::Record", function()
    -- MARC::Record has no indicators like | and \.
    local path = file("out", convert(everything { marks = true, unimarc = true }, "iso2709"))
    judged_by_perl(path, dump(path, "dump"), "MARC::Record")
  end)

  -- As records come from XML and JSON, and from programs that label nothing right.
  local LEADERS = { ["00000nam  2200000 i 4500"] = "nam a22 i 4500", ["00000nam a2200000 i 4500"] = "nam a22 i 4500",
    ["     cam a4500000 a 4500"] = "cam a22 a 4500", ["00000cam a00      a     "] = "cam a22 a 4500",
    ["01093cam a2200277 4500"] = "cam a22   4500", ["01093cam a2200277 a 450"] = "cam a22 a 4500",
    ["00000cas a2298765 a 4x0y"] = "cas a22 a 4500", ["00000nam a2200000 i 3400"] = "nam a22 i 4500",
    ["00000nam0 2200000   450 "] = "nam0 22   450 ", ["00000cam a22000007i\u{a0}4500"] = "cam a227i 4500" }

  it("has a leader that is right, whatever leader was read", function()
    local lines = {}
    for leader in pairs(LEADERS) do
      lines[#lines + 1] = ('{"leader":"%s","fields":[{"001":"%d"},{"008":"200101s2019    xx            000 0 eng d"},' ..
        '{"245":{"ind1":"1","ind2":"0","subfields":[{"a":"Größe"}]}}]}'):format(leader, #lines + 1)
    end
    local path = file("out", convert(table.concat(lines, "\n"), "iso2709"))
    check(path, "leaders")
    run("yaz-marcdump -i marc -o line " .. path, "leaders")
    local expected = {}
    for _, wanted in pairs(LEADERS) do expected[wanted] = (expected[wanted] or 0) + 1 end
    for record in assert(marc.open(path)):records() do
      local leader = record:leader()
      local said = leader:sub(6, 12) .. leader:sub(18)
      assert.is_truthy(expected[said], said)
      expected[said] = expected[said] > 1 and expected[said] - 1 or nil
    end
    assert.is_nil(next(expected))
    judged_by_perl(path, dump(path, "leaders"), "leaders")
  end)

  it("says UTF-8 where the text is, in every format, and keeps UNIMARC's blank and what is ASCII", function()
    local function written(leader, text, format)
      local record = assert(marc.parse(made.iso2709 { leader = leader, { "001", "1" }, { "245", "10", "a", text } })):next()
      return assert(marc.parse((assert(record:encode(format))), { format = format })):next():leader():sub(10, 10)
    end
    for _, format in ipairs(marc.formats()) do
      assert.same({ "a", " ", "a", " " }, { written("00000cam  2200000 a 4500", "шах", format),
        written("00000nam0 2200000   450 ", "шах", format), written("00000cam a2200000 a 4500", "x", format),
        written("00000cam  2200000 a 4500", "x", format) }, format)
    end
  end)

  it("is well-formed after any damage, and reads as what was written", function()
    local seed = 7
    local function random(n)
      seed = seed * 6364136223846793005 + 1442695040888963407
      return (seed >> 33) % n
    end
    for n = 1, 400 do
      local text = made.iso2709(made.record(made.kinds[n % #made.kinds + 1], n))
      if #text < 20000 then
        for _ = 1, 1 + random(4) do
          local at, what = 1 + random(#text), ({ "\30", "\31", "\29", "\0", " ", "9", "x", "\31\31", "", "\u{200e}" })[1 + random(10)]
          text = text:sub(1, at - 1) .. what .. text:sub(at + random(3))
        end
        for record in assert(marc.parse(text, { format = "iso2709" })):records() do
          local out = assert(record:encode "iso2709")
          local again = assert(marc.parse(out, { format = "iso2709" })):next()
          assert.equal(without_leaders(record:encode "line"), without_leaders(again:encode "line"), "damage " .. n)
          for _, problem in ipairs(again:problems()) do
            if problem.kind ~= "tag" then error(("%d: %s: %s"):format(n, problem.kind, problem.message)) end
          end
        end
      end
    end
  end)
end)
