-- Reports of Alma Analytics: recorded pages, and whole reports from the rehearsal.
local alma = require "almanac.alma"
local core = require "almanac.core"
local openapi = require "support.openapi"
local pages = require "almanac.alma.analytics_page"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local scripted = require "support.scripted"

local analytics = alma.analytics

local RECORDED = "../shared/alma/recorded/"
local PATH = "/shared/University/Reports/Loans"

local function page(options)
  local rows = {}
  for i, row in ipairs(options.rows or {}) do rows[i] = "<Row><Column0>0</Column0>" .. row .. "</Row>" end
  return ("<report><QueryResult>%s%s<ResultXml>%s</ResultXml></QueryResult></report>"):format(
    options.token and "<ResumptionToken>" .. options.token .. "</ResumptionToken>" or "",
    options.finished ~= nil and ("<IsFinished>%s</IsFinished>"):format(options.finished) or "",
    options.rows and '<rowset xmlns="urn:schemas-microsoft-com:xml-analysis:rowset">' .. (options.head or "") .. table.concat(rows) ..
      "</rowset>" or "")
end

local function head(...)
  local parts = {}
  for i, heading in ipairs { ... } do
    local above, words = heading:match "^(.-)|(.*)$"
    parts[i] = ('<xsd:element name="Column%d" saw-sql:columnHeading="%s" saw-sql:tableHeading="%s"/>'):format(i, words, above)
  end
  return '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:saw-sql="urn:saw-sql"><xsd:complexType><xsd:sequence>' ..
    table.concat(parts) .. "</xsd:sequence></xsd:complexType></xsd:schema>"
end

local function value(text) return "<Column1>" .. text .. "</Column1>" end

-- The texts of all rows in Column1, or what went wrong.
local function firsts(client, options)
  local rows, message, code = analytics.rows(client, PATH, options)
  if not rows then return nil, message, code end
  local list = {}
  for i, row in ipairs(rows) do list[i] = row[1] end
  return table.concat(list, " ")
end

local QUICK = { pause = 0.001, limit = 25 }

-- Answers one page after the other, the last one for ever.
local function with(answers, fn)
  scripted.alma(function(_, _, query, n)
    local one = answers[math.min(n, #answers)]
    if type(one) == "function" then return one(query) end
    if type(one) == "table" and one.code then return nil, one.code, one.message end
    return one
  end, fn)
end

local NO_MORE = { code = "420033", message = "No more rows to fetch" }

describe("a report of Analytics", function()
  it("is read page by page with the token of its first page", function()
    with({ page { token = "T1", finished = false, rows = { value "a" } }, page { finished = false, rows = { value "b" } },
      page { finished = true, rows = { value "c" } } }, function(client, requests)
      assert.are.equal("a b c", firsts(client, QUICK))
      assert.are.equal("limit=25&path=%2Fshared%2FUniversity%2FReports%2FLoans", requests[1].query)
      assert.are.equal("limit=25&token=T1", requests[2].query)
      assert.are.equal("limit=25&token=T1", requests[3].query)
      assert.are.equal("application/xml", requests[1].headers.accept)
    end)
  end)

  it("has a path as the catalog shows it or as it stands in an address", function()
    for _, path in ipairs { "%2Fshared%2FUni%20A%2FReports%2FLoans", "%2fshared%2fUni+A%2fReports%2fLoans",
      "/shared/Uni A/Reports/Loans" } do
      with({ page { finished = true } }, function(client, requests)
        assert(analytics.report(client, path))
        assert.are.equal("limit=1000&path=%2Fshared%2FUni%20A%2FReports%2FLoans", requests[1].query)
      end)
    end
  end)

  it("is waited for while Alma works on it, with a token and without", function()
    with({ page { finished = false }, page { finished = false }, page { token = "A\n      B", finished = false },
      page { finished = false, rows = {} }, page { finished = true, rows = { value "a" } } }, function(client, requests)
      assert.are.equal("a", firsts(client, QUICK))
      assert.truthy(requests[3].query:find("path=", 1, true))
      assert.are.equal("limit=25&token=AB", requests[4].query)
    end)
  end)

  it("that Alma works on for too long is told so", function()
    with({ page { token = "T", finished = false } }, function(client)
      local report, message, code = analytics.report(client, PATH, { pause = 0.001, wait = 0.01 })
      assert.is_nil(report)
      assert.are.equal("timeout", code)
      assert.truthy(message:find("still working", 1, true), message)
    end)
  end)

  it("may have no rows, and end past its end", function()
    with({ page { finished = true, rows = {} } }, function(client) assert.are.equal("", firsts(client, QUICK)) end)
    with({ page { finished = true } }, function(client) assert.are.equal("", firsts(client, QUICK)) end)
    with({ page { token = "T", finished = false, rows = { value "a" } }, NO_MORE }, function(client)
      assert.are.equal("a", firsts(client, QUICK))
    end)
    with({ NO_MORE }, function(client) assert.are.equal("", firsts(client, QUICK)) end)
  end)

  it("that does not say whether it is finished is read until nothing more comes", function()
    with({ page { token = "T", rows = { value "a" } }, page { rows = { value "b" } }, page { rows = {} } }, function(client)
      assert.are.equal("a b", firsts(client, QUICK))
    end)
    with({ page { rows = { value "a" } } }, function(client) assert.are.equal("a", firsts(client, QUICK)) end)
    local full = {}
    for i = 1, 25 do full[i] = value(i) end
    with({ page { rows = full } }, function(client)
      local rows, message, code = firsts(client, QUICK)
      assert.is_nil(rows)
      assert.are.equal("parse", code)
      assert.truthy(message:find("whether there are more rows is not known", 1, true), message)
    end)
  end)

  it("that has more rows and no token to ask for them is an error", function()
    with({ page { finished = false, rows = { value "a" } } }, function(client)
      local rows, message = firsts(client, QUICK)
      assert.is_nil(rows)
      assert.truthy(message:find("no token", 1, true), message)
    end)
  end)

  it("begins anew when a page was lost, and gives each row once", function()
    for _, lost in ipairs { "<report>", "sdjfjsdlfjsdkljfsdk", "<other/>", "" } do
      with({ page { token = "T1", finished = false, rows = { value "a", value "b" } }, lost,
        page { token = "T2", finished = false, rows = { value "a" } }, page { finished = false, rows = { value "b", value "c" } },
        page { finished = true, rows = { value "d" } } }, function(client, requests)
        assert.are.equal("a b c d", firsts(client, QUICK))
        assert.truthy(requests[3].query:find("path=", 1, true), lost)
        assert.are.equal("limit=25&token=T2", requests[4].query)
      end)
    end
  end)

  it("that is another one after a lost page is an error, not a list with a gap", function()
    for _, rows in ipairs { { value "x" }, {} } do
      with({ page { token = "T1", finished = false, rows = { value "a" } }, "<report>",
        page { finished = true, rows = rows } }, function(client)
        local list, message, code = firsts(client, QUICK)
        assert.is_nil(list)
        assert.are.equal("conflict", code)
        assert.truthy(message:find("after row 1", 1, true), message)
      end)
    end
  end)

  it("that never can be read is an error after some tries", function()
    with({ "sdjfjsdlfjsdkljfsdk" }, function(client, requests)
      local report, message, code = analytics.report(client, PATH)
      assert.is_nil(report)
      assert.are.equal("parse", code)
      assert.truthy(message:find(PATH, 1, true), message)
      assert.are.equal(6, #requests)
    end)
  end)

  it("raises in a loop what goes wrong, so that no loop ends early unnoticed", function()
    with({ page { token = "T", finished = false, rows = { value "a" } }, { code = "402119", message = "General error." } }, function(client)
      local report = assert(analytics.report(client, PATH, QUICK))
      local seen = 0
      local ok, message = pcall(function()
        for _ in report:rows() do seen = seen + 1 end
      end)
      assert.is_false(ok)
      assert.are.equal(1, seen)
      assert.truthy(message:find("402119", 1, true), message)
      local row, again = report:next()
      assert.is_nil(row)
      assert.are.equal(message, again)
    end)
  end)

  it("has its values by heading and by position, and keeps columns apart that have one heading", function()
    local columns = head("Bib|Title", "Item|Title", "Item|Title", "Item|Barcode")
    with({ page { finished = true, head = columns, rows = { "<Column1>A &amp; B</Column1><Column2>i</Column2>" ..
      "<Column3>j</Column3><Column4/>" } } }, function(client)
      local rows, found = analytics.rows(client, PATH, QUICK)
      assert.are.same({ [0] = "0", "A & B", "i", "j", "", Title = "A & B", ["Item.Title"] = "i", ["Item.Title (2)"] = "j",
        Barcode = "" }, rows[1])
      assert.are.same({ position = 2, heading = "Title", table = "Item", key = "Item.Title" }, found[2])
    end)
  end)

  it("refuses a limit that Alma does not know, a filter that is no XML, a misspelt option", function()
    with({ page { finished = true } }, function(client)
      for _, limit in ipairs { 0, 24, 30, 1025, -25 } do
        assert.has_error(function() analytics.report(client, PATH, { limit = limit }) end,
          ("analytics.report: limit is 25 to 1000 in steps of 25, not %s"):format(limit))
      end
      assert.has_error(function() analytics.report(client, PATH, { filter = "x" }) end, "analytics.report: the filter is no XML")
      assert.has_error(function() analytics.report(client, PATH, { limits = 25 }) end,
        "analytics.report: unknown field 'limits', did you mean 'limit'?")
    end)
  end)

  it("that is not there is told in Alma's words", function()
    with({ { code = "INTERNAL_SERVER_ERROR", message = "Path not found (/test/path)" } }, function(client)
      local report, message = analytics.report(client, PATH)
      assert.is_nil(report)
      assert.truthy(message:find("path not found", 1, true), message)
    end)
  end)
end)

describe("recorded pages of Analytics", function()
  if not core.files.stat(RECORDED) then return pending "../shared is absent" end

  local function read(name) return pages.read(assert(core.files.read(RECORDED .. name, 1 << 24))) end

  it("with headings have all rows and columns", function()
    local found = assert(read "oslo/analytics_response.xml")
    assert.are.equal(12, #found.columns)
    assert.are.equal("Event End Date and Time", found.columns[2].heading)
    assert.are.equal("Item Event Measures", found.columns[9].table)
    assert.are.equal('"- og denne Videnskab har man kaldet Grammatiken" : tre studier i skolegrammatikkens historie', found.rows[1][3])
    assert.is_nil(found.rows[2][1])
    assert.are.equal("2018-01-08T09:21:43", found.rows[2][2])
    local first = assert(read "bibsys/analytics_response_valid_first_page.xml")
    local last = assert(read "bibsys/analytics_response_valid_last_page.xml")
    assert.are.equal(first.token, last.token)
    assert.is_false(first.finished)
    assert.is_true(last.finished)
    local text = core.files.read(RECORDED .. "bibsys/analytics_response_valid_first_page.xml", 1 << 24)
    assert.are.equal(select(2, text:gsub("<Row>", "")), #first.rows)
  end)

  it("without headings, and without a word about the end, have their rows", function()
    for name, finished in pairs { analytics_response_valid = true, analytics_response_valid_finished_missing = "nothing" } do
      local found = assert(read("bibsys/" .. name .. ".xml"))
      assert.are.equal(2, #found.rows)
      assert.are.equal("999919816913402204", found.rows[2][4])
      assert.is_nil(found.columns)
      assert.are.equal(finished, found.finished == nil and "nothing" or found.finished)
    end
  end)

  it("that are still working have no rows, and a token without the line end in it", function()
    assert.are.same({ rows = {}, finished = false }, (read "oslo/analytics_still_loading_response.xml"))
    local found = assert(read "bibsys/analytics_response_invalid.xml")
    assert.are.equal(128, #found.token)
    assert.is_nil(found.token:find "%s")
  end)

  it("one after the other are a whole report, with the end as it was told", function()
    local function text(name) return assert(core.files.read(RECORDED .. name, 1 << 24)) end
    local first, last = text "bibsys/analytics_response_valid_first_page.xml", text "bibsys/analytics_response_valid_last_page.xml"
    local count = select(2, first:gsub("<Row>", "")) + select(2, last:gsub("<Row>", ""))
    for _, ending in ipairs { last, (last:gsub("<IsFinished>true</IsFinished>", "")) } do
      with({ text "oslo/analytics_still_loading_response.xml", first, ending, text "oslo/analytics_response_part4.xml" }, function(client)
        local rows = assert(analytics.rows(client, PATH, QUICK))
        assert.are.equal(count, #rows)
        assert.are.equal("yves.grange", rows[1]["Primary Identifier"])
        assert.are.equal("123", rows[count]["MAX( RCOUNT(1))"])
      end)
    end
  end)

  it("that are none are refused", function()
    assert.is_nil((read "bibsys/analytics_response_really_invalid.xml"))
    assert.is_nil((read "oslo/report_not_found_response.xml"))
  end)
end)

describe("the rehearsal's Analytics", function()
  local place, folder
  local LINES = { "Title,Barcode" }
  for i = 1, 120 do LINES[i + 1] = ('"Title, no. %d",B%d'):format(i, i) end

  setup(function()
    folder = program.folder()
    program.write(folder .. "/report.csv", table.concat(LINES, "\n") .. "\n")
    place = rehearsal.start { memory = true, args = { "--rate", "0", "--report", PATH .. "=" .. folder .. "/report.csv" } }
  end)
  teardown(function()
    if place then place.stop() end
    if folder then program.remove(folder) end
  end)
  after_each(function() place.change { op = "faults", spec = "" } end)

  local function client(options)
    local given = { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 } }
    for name, value_of in pairs(options or {}) do given[name] = value_of end
    return openapi.hold(alma.new(given))
  end

  it("gives a list as a report, all its rows in all page lengths", function()
    for _, limit in ipairs { 25, 50, 125, 1000 } do
      local rows = assert(analytics.rows(client(), PATH, { limit = limit, pause = 0.001 }))
      assert.are.equal(120, #rows)
      assert.are.equal("Title, no. 120", rows[120].Title)
      assert.are.equal("B120", rows[120][2])
    end
    local rows, columns = assert(analytics.rows(client(), PATH, { col_names = false, pause = 0.001 }))
    assert.are.same({}, columns)
    assert.are.equal("B7", rows[7][2])
  end)

  it("gives each row once whatever answer is lost", function()
    for _, fault in ipairs { "lost", "cut", "500after", "500", "reset", "html" } do
      for n = 1, 5 do
        place.change { op = "faults", spec = ("GET analytics=@%d:%s"):format(n, fault) }
        local rows, message = analytics.rows(client(), PATH, { limit = 25, pause = 0.001 })
        assert(rows, message)
        assert.are.equal(120, #rows, fault)
        for i, row in ipairs(rows) do assert.are.equal("B" .. i, row.Barcode) end
      end
    end
  end)

  it("takes a filter that a column equals a text", function()
    local filter = [[<sawx:expr xsi:type="sawx:comparison" op="equal" xmlns:sawx="com.siebel.analytics.web/expression/v1.1"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
      <sawx:expr xsi:type="sawx:sqlExpression">"Item"."Barcode"</sawx:expr><sawx:expr xsi:type="xsd:string">B17</sawx:expr></sawx:expr>]]
    local rows = assert(analytics.rows(client(), PATH, { filter = filter, pause = 0.001 }))
    assert.are.equal(1, #rows)
    assert.are.equal("Title, no. 17", rows[1].Title)
  end)

  it("has reports of its own, folders, and refuses what is not there", function()
    local rows = assert(analytics.rows(client(), "/shared/Rehearsal Library/Reports/Titles", { pause = 0.001 }))
    assert.are.equal(place.state().counts.bibs, #rows)
    assert.are.equal(place.state().bibs[1].mms_id, rows[1]["MMS Id"])
    local api = alma.new { url = place.url, key = place.key, rate = 5000 }
    assert.are.same({ { path = "/shared", kind = "Folder" } }, assert(analytics.paths(api)))
    assert.are.same({ { path = PATH, kind = "Report" } }, assert(analytics.paths(api, "/shared/University/Reports")))
    local _, message = analytics.paths(api, "/shared/nothing/here")
    assert.truthy(message:find("90109", 1, true), message)
    _, message = analytics.report(client(), "/shared/none")
    assert.truthy(message:find("path not found (/shared/none)", 1, true), message)
    _, message = analytics.report(client(), "/users/me/Loans")
    assert.truthy(message:find("saved in a shared folder", 1, true), message)
  end)

  it("needs the right on Analytics, and says so", function()
    local _, message, code = analytics.report(client { key = "rehearsal-bibs-only" }, PATH)
    assert.are.equal("auth", code)
    assert.truthy(message:find("Analytics", 1, true), message)
  end)

  it("refuses a list that is no report's place, or not there", function()
    for argument, words in pairs { ["x=y"] = "--report: 'x=y' is not /PATH=FILE", ["/shared/x=/no/such.csv"] = "/no/such.csv" } do
      local result = program.run { "rehearsal", "--port", "0", "--report", argument }
      assert.are.equal(1, result.status)
      assert.truthy(result.err:find(words, 1, true), result.err)
    end
  end)
end)
