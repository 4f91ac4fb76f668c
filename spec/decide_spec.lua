local decide = require "almanac.plan.decide"
local matching = require "support.matching"
local program = require "support.program"
local zip = require "support.zip"

local JPEG, id = matching.JPEG, matching.id

describe("deciding", function()
  local run

  before_each(function()
    run = assert(matching.match {
      files = { ["a.jpg"] = JPEG, ["b/a.jpg"] = JPEG, ["shared.jpg"] = JPEG, ["p1.jpg"] = JPEG, ["p10.jpg"] = JPEG, ["p2.jpg"] = JPEG,
        ["free.jpg"] = JPEG, ["bad.jpg"] = "", ["fine.jpg"] = JPEG, ["=sum.jpg"] = JPEG, ["b/=sum.jpg"] = JPEG },
      titles = { { "a.tif", title = "=1+1" }, { "shared.tif" }, { "shared.tif" }, { "p1.tif", "p2.tif", "p10.tif", "p11.tif" },
        { "none.tif" }, { "fine.tif" }, { "=sum.tif" } },
    })
  end)
  after_each(function() run.close() end)

  local function apply(...)
    local path = run.folder .. "/d.csv"
    program.write(path, table.concat({ "mms_id,decision,file", ... }, "\n") .. "\n")
    return decide.apply(run.db, path)
  end

  local function refused(pattern, ...)
    local states = run.db:value "SELECT group_concat(state || coalesce(reason_code || reason_data, '')) FROM title"
    local counts, message = apply(...)
    assert.is_nil(counts)
    assert.matches(pattern, message)
    assert.matches("nothing was decided", message)
    assert.equal(states, run.db:value "SELECT group_concat(state || coalesce(reason_code || reason_data, '')) FROM title")
  end

  it("uses the file that a person names", function()
    assert.same({ use = 1, skip = 0 }, apply("'" .. id(1) .. ",use,b/a.jpg"))
    assert.same({ "ready", "b/a.jpg" }, { run.state(1), run.pages(1) })
    assert.matches("^decided by .+: use$", run.reason(1))
    assert.is_nil(run.file("b/a.jpg").reason)
    assert.equal("it fits title " .. id(1) .. ", whose plan does not use it", run.file("a.jpg").reason)
  end)

  it("takes several files as pages in the order of the rows", function()
    assert(apply(id(4) .. ",use,p2.jpg", id(4) .. ",use,p10.jpg", id(4) .. ",use,p1.jpg"))
    assert.equal("p2.jpg p10.jpg p1.jpg", run.pages(4))
  end)

  it("takes the candidates in natural order when no file is named and each key has one", function()
    assert(apply(id(4) .. ",use,"))
    assert.equal("p1.jpg p2.jpg p10.jpg", run.pages(4))
  end)

  it("skips a title, and undoes a ready one", function()
    assert.same({ use = 0, skip = 2 }, apply(id(1) .. ",skip,", id(6) .. ",Skip,"))
    assert.same({ "skip", "skip", "" }, { run.state(1), run.state(6), run.pages(6) })
  end)

  it("may use any file of the run for a title that had none", function()
    assert(apply(id(5) .. ",use,free.jpg"))
    assert.equal("free.jpg", run.pages(5))
  end)

  it("leaves rows without a decision as they are", function()
    assert.same({ use = 1, skip = 0 }, apply(id(1) .. ",use,a.jpg", id(1) .. ",,b/a.jpg", id(2) .. ",,shared.jpg"))
    assert.equal("ask", run.state(2))
  end)

  it("tells every wrong line by its number, and then decides nothing", function()
    refused("line 2: 'perhaps' is no decision: write use or skip", id(1) .. ",perhaps,", id(2) .. ",skip,")
    refused("line 3: title 9999999999 is not in this run", id(2) .. ",skip,", "9999999999,use,a.jpg")
    refused("line 2: title 991000000001390000 is not in this run %(was the id rounded", "991000000001390000,skip,")
    refused("line 2: '9.91E%+17' was rounded by a spreadsheet", "9.91E+17,skip,")
    refused("line 2: the run has no file 'x.jpg'", id(1) .. ",use,x.jpg")
    refused("line 2: bad.jpg is empty", id(1) .. ",use,bad.jpg")
    refused("line 3: title %d+ is to be used and skipped at once", id(1) .. ",use,a.jpg", id(1) .. ",skip,")
    refused("line 3: a.jpg is there twice", id(1) .. ",use,a.jpg", id(1) .. ",use,a.jpg")
    refused("line 2: title %d+ has 2 candidates for 1 match key; name those to use", id(1) .. ",use,")
    refused("line 2: title %d+ has no candidate; name a file", id(5) .. ",use,")
    refused("line 2: 'what' is no decision[^\n]* %(the same in line 3%)\nnothing was decided", id(1) .. ",what,", id(2) .. ",why,")
    refused("line 2: 'what' is no decision[^\n]*\n  line 3: bad.jpg is empty", id(1) .. ",what,", id(2) .. ",use,bad.jpg")
  end)

  it("never gives one file to two titles", function()
    refused("line 3: shared.jpg is planned for title " .. id(2), id(2) .. ",use,shared.jpg", id(3) .. ",use,shared.jpg")
    refused("line 2: fine.jpg is planned for title " .. id(6), id(5) .. ",use,fine.jpg")
    assert(apply(id(5) .. ",use,fine.jpg", id(6) .. ",skip,"))
    assert.equal("fine.jpg", run.pages(5))
  end)

  it("does not touch titles that are being carried out", function()
    run.db:run("UPDATE title SET state = 'attached' WHERE mms_id = ?", id(6))
    refused("line 2: title %d+ is attached already", id(6) .. ",skip,")
  end)

  it("needs the columns by name", function()
    program.write(run.folder .. "/d.csv", "id,what\n1,2\n")
    local counts, message = decide.apply(run.db, run.folder .. "/d.csv")
    assert.is_nil(counts)
    assert.matches("has no column 'mms_id': there are 'id', 'what'; the columns are mms_id, decision and file", message)
  end)

  it("writes a template that it reads back, safe in a spreadsheet", function()
    local parts = {}
    assert.equal(5, decide.template(run.db, function(text) parts[#parts + 1] = text end))
    local text = table.concat(parts)
    assert.matches("^mms_id,decision,file,title,reason\n", text)
    assert.matches("\n'" .. id(1) .. ",,a.jpg,'=1%+1,", text)
    assert.matches("\n'" .. id(7) .. ",,'=sum.jpg,", text)
    local filled = text:gsub("('" .. id(7) .. "),,('=sum.jpg)", "%1,use,%2")
    program.write(run.folder .. "/t.csv", filled)
    assert.same({ use = 1, skip = 0 }, decide.apply(run.db, run.folder .. "/t.csv"))
    assert.equal("=sum.jpg", run.pages(7))
  end)

  it("is told in a report that is safe in a spreadsheet as well", function()
    for format, pattern in pairs { csv = "\n'" .. id(1) .. ",'=1%+1,", failed = "\n'" .. id(2) .. ",\"'@SUM%(1,1%)\",%-*'?%-?" } do
      run.db:run([[UPDATE title SET title = '@SUM(1,1)', state = 'failed', reason_code = 'failure', reason_data = '{"message":"-"}'
        WHERE mms_id = ?]], id(2))
      local parts = {}
      require("almanac.report").write(run.db, format, function(text) parts[#parts + 1] = text end)
      local text = table.concat(parts)
      assert.matches(pattern, text)
      assert.is_nil(text:find ",[=+@\t]")
    end
  end)

  it("takes the sheet of a workbook that --sheet names", function()
    run.db:close()
    local function cells(...)
      local row = {}
      for i, text in ipairs { ... } do row[i] = ('<c t="inlineStr"><is><t>%s</t></is></c>'):format(text) end
      return "<row>" .. table.concat(row) .. "</row>"
    end
    program.write(run.folder .. "/d.xlsx", zip.xlsx { { "Notes", cells "nothing here" },
      { "Mine", cells("mms_id", "decision", "file") .. cells(id(2), "skip", "") } })
    local function decided(...) return program.run({ "decide", "a.run", "d.xlsx", ... }, { folder = run.folder }) end
    assert.equal(1, decided().status)
    assert.matches("there is no sheet 'Yours'", decided("--sheet", "Yours").err)
    assert.matches("decided 1 title: 0 to be carried out, 1 skipped", decided("--sheet", "mine").out)
  end)

  it("works on the command line", function()
    run.db:close()
    local folder = run.folder
    local result = program.run({ "decide", "a.run", "--template", "t.csv" }, { folder = folder })
    assert.equal(0, result.status, result.err)
    assert.matches("5 titles to decide, written to t.csv", result.out)
    result = program.run({ "decide", "a.run", "--template", "t.csv" }, { folder = folder })
    assert.same({ 1, true }, { result.status, result.err:find("exists already", 1, true) ~= nil })
    result = program.run({ "decide", "a.run" }, { folder = folder })
    assert.same({ 1, true }, { result.status, result.err:find("--template", 1, true) ~= nil })
    program.write(folder .. "/d.csv", "mms_id,decision\n" .. id(2) .. ",skip\n")
    result = program.run({ "decide", "a.run", "d.csv" }, { folder = folder })
    assert.equal(2, result.status, result.err)
    assert.matches("decided 1 title: 0 to be carried out, 1 skipped; 4 still to decide", result.out)
  end)
end)
