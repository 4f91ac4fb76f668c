local oai = require "almanac.oai"
local rehearsal = require "support.rehearsal"

local QUICK = { tries = 2, first = 0.01, longest = 0.02 }
local SYSTEMS = {
  dspace = { path = "/oai/request", format = "qdc", identifier = "oai:repository.example.edu:123456789/11" },
  contentdm = { path = "/oai/oai.php", format = "oai_qdc", identifier = "oai:cdm.example.edu:p17maps/1" },
  fedora = { path = "/oai2", format = "mods", identifier = "oai:islandora.example.edu:harbor_101" },
  rosetta = { path = "/oaiprovider/request", format = "marc21", identifier = "oai:d4I1-pubam:IE1001" },
  digitool = { path = "/OAI-PUB", format = "marc21", identifier = "oai:DTLHarborTown.edu:10101" },
}
local NAMES = { "dspace", "contentdm", "fedora", "rosetta", "digitool" }

describe("a repository beside Alma", function()
  local alma

  setup(function()
    local args = {}
    for _, name in ipairs(NAMES) do table.move({ "--repository", name }, 1, 2, #args + 1, args) end
    alma = rehearsal.start { args = args, memory = true }
  end)
  teardown(function() alma.stop() end)
  before_each(function() alma.change { op = "faults", spec = "" } end)

  local function client(name)
    return assert(oai.new { url = alma.url .. SYSTEMS[name].path, backoff = QUICK, rate = 1000 })
  end

  -- Entries by identifier, and the list that they came in.
  local function read(name, options)
    options = options or {}
    options.prefix = options.prefix or "oai_dc"
    local list, entries = assert(client(name):list(options)), {}
    while true do
      local entry, message, code = list:next()
      if not entry then return entries, message, code, list end
      entries[entry.identifier] = entry
    end
  end

  for name, system in pairs(SYSTEMS) do
    it("is harvested to its end, page by page: " .. name, function()
      local entries, message, _, list = read(name)
      assert.is_nil(message)
      assert.equal("Chart of the harbor", assert(entries[system.identifier]:record()):get "dc:title")
      assert.equal(list.size, list.count)
      assert.is_true(list.pages > 1)
    end)

    it("gives each format that it lists: " .. name, function()
      local seen = {}
      for _, format in ipairs(assert(client(name):formats())) do
        seen[format.prefix] = true
        assert.is_string(assert(client(name):record(system.identifier, format.prefix)):text())
      end
      assert.is_true(seen.oai_dc and seen[system.format])
      assert.equal("missing", select(3, client(name):record(system.identifier .. "9", "oai_dc")))
    end)

    it("tells of each set what is in it: " .. name, function()
      for _, set in ipairs(assert(client(name):sets())) do
        local entries, message = read(name, { set = set.spec })
        assert.is_nil(message)
        for _, entry in pairs(entries) do assert.is_true(table.concat(entry.sets, " "):find(set.spec, 1, true) ~= nil) end
      end
    end)
  end

  it("counts in days when it is CONTENTdm, and refuses a time", function()
    assert.equal("YYYY-MM-DD", assert(client "contentdm":identify()).granularity)
    local _, message = client "contentdm":ask("ListRecords", { { "metadataPrefix", "oai_dc" }, { "from", "2016-01-01T00:00:00Z" } })
    assert.matches("badArgument", message)
    local entries = read("contentdm", { from = "2016-03-03", to = "2016-03-03" })
    assert.equal("oai:cdm.example.edu:p17maps/1", next(entries))
    assert.equal("2016-03-03", select(2, next(entries)).datestamp)
  end)

  it("lists the deleted items of CONTENTdm, pointer 0 among them", function()
    local gone = {}
    for identifier, entry in pairs(read "contentdm") do
      if entry.deleted then gone[#gone + 1] = identifier:match "[^:]+$" end
    end
    table.sort(gone)
    assert.same({ "p17maps/0", "p17port/0", "p17port/4" }, gone)
  end)

  it("has tokens of the system's own form", function()
    local function first_token(name, verb)
      local answer = assert(client(name):ask(verb or "ListRecords", { { "metadataPrefix", "oai_dc" } }))
      return answer[#answer].text, answer[#answer].attributes
    end
    assert.equal("p17maps:8:oclc-cdm-allsets:0000-00-00:9999-99-99:oai_dc", (first_token "contentdm"))
    assert.equal("MTo1fDI6fDM6fDQ6fDU6b2FpX2Rj", (first_token "dspace"))
    local number, attributes = first_token "fedora"
    assert.matches("^%d+$", number)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", attributes.expirationDate)
  end)

  it("ends the only page of DSpace with an empty token", function()
    local answer = assert(client "dspace":ask("ListRecords", { { "metadataPrefix", "oai_dc" }, { "until", "2012-12-31" } }))
    assert.equal("resumptionToken", answer[#answer].name)
    assert.equal("", answer[#answer].text)
  end)

  it("forgets Islandora's tokens after their time", function()
    local list = assert(client "fedora":list { prefix = "oai_dc" })
    assert(list:next())
    alma.change { op = "clock", seconds = 7200 }
    local entry, code, _
    repeat entry, _, code = list:next() until not entry
    alma.change { op = "clock", seconds = 0 }
    assert.equal("conflict", code)
  end)

  it("shows what was changed, added, renamed and deleted since", function()
    alma.change { op = "change_record", repository = "rosetta", id = "IE1002", title = "Plan of the town" }
    alma.change { op = "add_record", repository = "rosetta", id = "IE1009", title = "Plan of the mole" }
    alma.change { op = "rename_record", repository = "rosetta", id = "IE1003", to = "IE9003" }
    alma.change { op = "delete_record", repository = "rosetta", id = "IE1004" }
    local entries = read("rosetta", { from = os.date("!%Y-%m-%d", os.time() - 86400) })
    local seen = {}
    for identifier, entry in pairs(entries) do
      seen[#seen + 1] = ("%s %s"):format(identifier:match "[^:]+$", entry.deleted and "deleted" or assert(entry:record()):get "dc:title")
    end
    table.sort(seen)
    assert.same({ "IE1002 Plan of the town", "IE1004 deleted", "IE1009 Plan of the mole", "IE9003 Map of the salt marshes" }, seen)
    assert.is_nil(read "rosetta"["oai:d4I1-pubam:IE1003"])
  end)

  it("tells nothing of what was deleted from DigiTool", function()
    alma.change { op = "delete_record", repository = "digitool", id = "10105" }
    assert.is_nil(read "digitool"["oai:DTLHarborTown.edu:10105"])
    assert.equal("missing", select(3, client "digitool":record("oai:DTLHarborTown.edu:10105", "marc21")))
  end)

  it("answers nothing when it is told to, alone of all", function()
    alma.change { op = "faults", spec = "GET oai.dspace=1:nothing" }
    local entries, message, _, list = read "dspace"
    assert.same({}, entries)
    assert.is_nil(message)
    assert.equal(0, list.count)
    assert.is_truthy(next(read "contentdm"))
  end)

  it("fails as repositories fail, and the client says so", function()
    for spec, wanted in pairs {
      ["GET oai=1:hostile=endless"] = "no end", ["GET oai.fedora=@2-9:sametoken"] = "no end", ["GET oai=@2:badtoken"] = "expired",
    } do
      alma.change { op = "faults", spec = spec }
      local _, message = read "fedora"
      assert.matches(wanted, message or spec)
    end
    alma.change { op = "faults", spec = "GET oai.rosetta=@1:busy=0" }
    local _, message = read "rosetta"
    assert.is_nil(message)
  end)

  it("gives every record of a large collection once", function()
    local large = rehearsal.start { args = { "--repository", "contentdm=450" }, memory = true }
    local list = assert(assert(oai.new { url = large.url .. "/oai/oai.php", rate = 1000 }):list { prefix = "oai_dc" })
    local seen, count = {}, 0
    for entry in list:entries() do
      count = count + (seen[entry.identifier] and 0 or 1)
      seen[entry.identifier] = true
    end
    large.stop()
    assert.same({ 463, 463, 3 }, { count, list.count, list.pages })
  end)

  it("is refused when no such system is known", function()
    assert.has_error(function() rehearsal.start { args = { "--repository", "eprints" }, memory = true } end)
    local ok, message = pcall(rehearsal.start, { args = { "--repository", "eprints" }, memory = true })
    assert.is_false(ok)
    assert.matches("there is no system 'eprints'; there are dspace, contentdm", message)
  end)
end)
