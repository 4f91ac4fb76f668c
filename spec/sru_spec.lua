local cql = require "almanac.sru.cql"
local rehearsal = require "support.rehearsal"
local scripted = require "support.scripted"
local sru = require "almanac.sru"

local QUICK = { tries = 3, first = 0.01, longest = 0.02 }

local function id(n) return ("99%09d1234"):format(n) end

local function titles()
  local lines = { "mms_id,title,usage_type,file_name,barcode" }
  for n = 1, 120 do
    lines[#lines + 1] = ("%s,%s %d,,,%s"):format(id(n), n <= 70 and "Map" or "Letter", n, n == 5 and "32101108168939" or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

describe("SRU of a rehearsal", function()
  local alma, client

  setup(function() alma = rehearsal.start { titles = titles(), memory = true } end)
  teardown(function() alma.stop() end)

  before_each(function()
    alma.change { op = "faults", spec = "" }
    client = assert(sru.new { url = ("%s/view/sru/%s"):format(alma.url, alma.inst), backoff = QUICK, rate = 1000 })
  end)

  local function find(query)
    local list, message, code = client:search { query = query }
    if not list then return nil, message, code end
    local ids = {}
    while true do
      local entry
      entry, message, code = list:next()
      if not entry then return ids, message, code, list end
      ids[#ids + 1] = entry.identifier
    end
  end

  it("finds all pages of a query", function()
    local ids, message, _, list = find 'alma.title="map"'
    assert.is_nil(message)
    assert.same({ 70, 70, id(70) }, { #ids, list.total, ids[70] })
    assert.equal(1 + 2, client.server.requests)   -- explain, and pages of 50
  end)

  it("understands booleans, brackets and other indexes", function()
    assert.same({ id(5) }, find "alma.barcode=32101108168939")
    assert.same({ id(7) }, find('alma.title=map and (alma.title="7" not (alma.title = 17 or alma.title=70)) and mms_id=' .. id(7)))
    assert.same({ id(9) }, find('rec.id="' .. id(9) .. '"'))
    assert.same({}, find 'alma.title="no such"')
  end)

  it("gives records as MARC and as Dublin Core", function()
    local entry = assert(assert(client:search { query = "alma.mms_id=" .. id(5) }):next())
    assert.equal("Map 5", assert(entry:record()):get "245$a")
    entry = assert(assert(client:search { query = "alma.mms_id=" .. id(5), schema = "dc" }):next())
    assert.equal("Map 5", assert(entry:record()):get "dc:title")
  end)

  it("is not asked by an index that it has not: it would answer with everything", function()
    local ids, message, code = find 'alma.titel="map"'
    assert.is_nil(ids)
    assert.matches("no index 'alma.titel', did you mean 'alma.title'?", message, 1, true)
    assert.equal("parse", code)
    assert.matches("no index 'dc.title'", select(2, find "alma.title=x and dc.title=map"), 1, true)
    local open = assert(client:ask("searchRetrieve", { { "query", "dc.title=map" } }))
    assert.equal("120", require("almanac.xml").text(open, "numberOfRecords"))
  end)

  it("says what is wrong with a query", function()
    local _, message, code = find "alma.title="
    assert.matches("Invalid query: alma.title= (diagnostic 200812)", message, 1, true)
    assert.equal("parse", code)
    assert.matches("quote at character 12 that is not closed", select(2, find 'alma.title="x'))
    assert.matches("the query is empty", select(2, find " "))
  end)

  it("says that it knows no such schema", function()
    local list = assert(client:search { query = "alma.title=map", schema = "isohold" })
    local _, message, code = list:next()
    assert.matches("diagnostic 66", message)
    assert.equal("missing", code)
  end)

  it("goes on after failures, and waits when the server is busy", function()
    alma.change { op = "faults", spec = "GET sru=@1:busy=1,GET sru=@3:reset,GET sru=@4:500" }
    assert.equal(70, #find "alma.title=map")
  end)

  it("is read as it was at its beginning, or not", function()
    local list = assert(client:search { query = "alma.title=map" })
    assert(list:next())
    alma.change { op = "add_bib", mms_id = id(999), title = "Map 999" }
    local message, code
    repeat
      local entry
      entry, message, code = list:next()
    until not entry
    alma.change { op = "delete_bib", mms_id = id(999) }
    assert.matches("70 records, now 71", message)
    assert.equal("conflict", code)
  end)
end)

describe("SRU of other servers", function()
  local EXPLAIN = { body = "<explain><indexInfo/></explain>" }

  local function page(total, from, to, data)
    local parts = { "<searchRetrieveResponse><numberOfRecords>", total, "</numberOfRecords><records>" }
    for n = from, to do
      parts[#parts + 1] = ("<record><recordData>%s</recordData><recordIdentifier>%d</recordIdentifier></record>"):format(
        data or "<x/>", n)
    end
    parts[#parts + 1] = "</records></searchRetrieveResponse>"
    return { body = table.concat(parts) }
  end

  local function read(answers)
    return scripted.run(answers, function(url, requests)
      local list = assert(assert(sru.new { url = url, backoff = QUICK, rate = 100000 }):search { query = "cql.all=x" })
      local last
      while true do
        local entry, message, code = list:next()
        if not entry then return list, message, code, last, requests end
        last = entry
      end
    end)
  end

  it("may give shorter pages than asked for", function()
    local list, message = read(scripted.answers(EXPLAIN, page(5, 1, 2), page(5, 3, 4), page(5, 5, 5)))
    assert.is_nil(message)
    assert.equal(5, list.count)
  end)

  it("is an error when it ends before its end", function()
    local _, message, code = read(scripted.answers(EXPLAIN, page(5, 1, 2), page(5, 1, 0)))
    assert.matches("ends after 2 of 5", message)
    assert.equal("parse", code)
  end)

  it("is an error when its pages come again, or hold more than it found", function()
    for words, answers in pairs {
      ["same page again, after 2 of 5"] = { page(5, 1, 2), page(5, 1, 2) },
      ["more records than the 3"] = { page(3, 1, 2), page(3, 3, 5) },
      ["no numberOfRecords"] = { page("1e6", 1, 2) }, ["answer has no numberOfRecords"] = { page("-1", 1, 2) },
      ["has no numberOfRecords"] = { page(("9"):rep(400), 1, 2) },
    } do
      local _, message, code = read(scripted.answers(EXPLAIN, table.unpack(answers)))
      assert.matches(words, message, 1, true)
      assert.equal("parse", code)
    end
  end)

  it("gives no more than 10,000 of a query, which is said", function()
    local list, message, code = read(function(request, n)
      request:reply(n == 1 and EXPLAIN or page(12345, (n - 2) * 50 + 1, (n - 1) * 50))
    end)
    assert.equal(10000, list.count)
    assert.matches("finds 12345 records, and the server gives 10000 of them", message)
    assert.equal("limit", code)
  end)

  it("may pack a record as text", function()
    local _, _, _, entry = read(scripted.answers(EXPLAIN, page(1, 1, 1, "&lt;dc&gt;&lt;title&gt;T&lt;/title&gt;&lt;/dc&gt;")))
    assert.equal("T", assert(entry:record()):get "title")
  end)

  it("may give a diagnostic in place of a record", function()
    local _, _, _, entry = read(scripted.answers(EXPLAIN, page(1, 1, 1,
      "<diagnostic><uri>info:srw/diagnostic/1/67</uri><message>Record not available</message></diagnostic>")))
    assert.matches("Record not available %(diagnostic 67%)", entry.problem)
    assert.is_nil(entry:text())
  end)
end)

describe("CQL", function()
  it("is told apart into words, signs and quoted text", function()
    local texts = {}
    for i, token in ipairs(assert(cql.tokens [[(a.b >= "x \"y\" and" or c all d)sortBy e/desc]])) do texts[i] = token.text end
    assert.same({ "(", "a.b", ">=", 'x "y" and', "or", "c", "all", "d", ")", "sortBy", "e", "/", "desc" }, texts)
  end)

  it("names the indexes that it searches in", function()
    assert.same({ "a.b", "c" }, cql.indexes 'a.b=x and (c any "q = 1")')
    assert.same({}, cql.indexes 'word "a = b"')
  end)
end)
