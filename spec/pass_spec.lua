-- Passes over records: which are wanted, rows of their values.
local core = require "almanac.core"
local made = require "support.marc_made"

-- A reader of the records 1 to n, with 001 and 245.
local function reader(n, more)
  local parts = {}
  for i = 1, n do
    parts[i] = made.iso2709 { leader = "00000nam a2200000 i 4500", { "001", tostring(i) }, { "245", "10", "a", "T" .. i }, more }
  end
  return assert(core.marc.parse(table.concat(parts)))
end

local function numbers(pass, from)
  local list = {}
  local record = pass:next(from)
  while record ~= nil do
    if record then list[#list + 1] = record:control "001" end
    record = pass:next(from)
  end
  return table.concat(list, " ")
end

describe("a pass", function()
  it("counts through all its readers", function()
    local pass <close> = assert(core.pass.new { from = 3, limit = 4 })
    assert.equal("3 4", numbers(pass, reader(4)))
    assert.is_false(pass:full())
    assert.equal("1 2", numbers(pass, reader(4)))
    assert.is_true(pass:full())
    assert.same({ 6, 4, 0 }, { pass:counts() })
  end)

  it("pauses when nothing is wanted for long", function()
    local pass <close> = assert(core.pass.new { where = "001=1000" })
    local from = reader(1000)
    assert.is_false(pass:next(from))
    assert.equal(512, (pass:counts()))
    assert.equal("1000", pass:next(from):control "001")
    assert.is_nil(pass:next(from))
  end)

  it("counts the wanted records that have problems", function()
    local good = made.iso2709 { leader = "00000nam a2200000 i 4500", { "001", "1" } }
    local pass <close> = assert(core.pass.new { from = 2 })
    numbers(pass, assert(core.marc.parse(("99999" .. good:sub(6)):rep(3))))
    assert.same({ 3, 2, 2 }, { pass:counts() })
  end)

  it("gives rows of many records at once", function()
    local pass <close> = assert(core.pass.new { columns = { "001", "245$a" } })
    local from, parts, more = reader(2000), {}, true
    while more do parts[#parts + 1], more = pass:rows(from) end
    local rows = table.concat(parts)
    assert.equal("1\tT1\n2\tT2\n", rows:sub(1, 10))
    assert.equal("\n2000\tT2000\n", rows:sub(-12))
    assert.equal(2000, select(2, rows:gsub("\n", "")))
  end)

  it("keeps a value in its line and column, and every byte of it in CSV", function()
    local field = { "500", "  ", "a", "a\tb\r\nc, \"d\"", "a", "e" }
    local columns = { "500$a", "501$a" }
    local function rows(style)
      local pass <close> = assert(core.pass.new { columns = columns, style = style })
      return (pass:rows(reader(1, field)))
    end
    assert.equal("a b c, \"d\" | e\t\n", rows "lines")
    assert.equal("\"a\tb\r\nc, \"\"d\"\" | e\",\n", rows "csv")
    columns = { "001", "500$a" }
    assert.equal("1\ta b c, \"d\"\n1\te\n", rows "values")
    columns = { "501$a" }
    assert.equal("", rows "lines")
    assert.equal("\"\"\n", rows "csv")
  end)

  it("ends before a row whose sub-specs would take too long", function()
    local many = { "650", "  " }
    for i = 1, 400 do
      for _, part in ipairs { "a", "a" .. i, "b", "b" .. i } do many[#many + 1] = part end
    end
    local record = { leader = "00000nam a2200000 i 4500", { "001", "1" } }
    for i = 2, 16 do record[i] = many end
    local text = made.iso2709(record)
    for _, style in ipairs { "values", "lines", "csv" } do
      local pass <close> = assert(core.pass.new { columns = { "001", "001{650$a=650$b}" }, style = style })
      assert.same({ "", false, "record 1: the record has too many fields and subfields for its sub-specs", "limit" },
        { pass:rows(assert(core.marc.parse(text))) })
    end
  end)

  it("refuses what makes no sense", function()
    assert.same({ "parse" }, { select(3, core.pass.new { where = "=" }) })
    assert.same({ "parse" }, { select(3, core.pass.new { columns = { "245$a", "24" } }) })
    assert.error_matches(function() core.pass.new { form = 1 } end, "form")
    assert.error_matches(function() core.pass.new { from = 0 } end, "from")
    assert.error_matches(function() core.pass.new { style = "html" } end, "html")
    local pass = assert(core.pass.new {})
    assert.error_matches(function() pass:rows(reader(1)) end, "no columns")
    assert.error_matches(function() pass:next "a.mrc" end, "almanac.marc.reader")
    pass:close()
    pass:close()
    assert.error_matches(function() pass:counts() end, "closed")
  end)
end)
