-- What a script gets wrong raises before anything is sent: a variable that is nil, one id where a list is wanted, a misspelt
-- option. In silence each of these would be another call, or none.
local alma = require "almanac.alma"
local area = require "almanac.alma.area"

local NOWHERE = "http://127.0.0.1:1"   -- a call that is sent gives nil and a message, and raises nothing
local ID = "991234567890104146"

describe("a mistake of a script", function()
  local client = alma.new { url = NOWHERE, key = "k", backoff = { tries = 1 } }

  local function raises(words, f, ...)
    local ok, message = pcall(f, client, ...)
    assert.is_false(ok, words)
    assert.matches(words, message, 1, true)
  end

  it("that leaves an id nil raises, for the shorter path is that of something else", function()
    local last = "the path has no segment %d"
    for _, f in ipairs { alma.bibs.read, alma.bibs.delete, alma.deposits.list } do raises(last:format(2), f) end
    for _, f in ipairs { alma.sets.get, alma.sets.delete, alma.collections.get, alma.collections.delete, alma.profiles.get, alma.jobs.get,
      alma.libraries.get, alma.tables.get } do
      raises(last:format(3), f)
    end
    for _, f in ipairs { alma.representations.get, alma.representations.delete, alma.holdings.get, alma.holdings.delete } do
      raises(last:format(4), f, ID)
    end
    raises(last:format(6), alma.files.get, ID, "1")
    raises(last:format(5), alma.collections.remove_bib, "81")
    raises(last:format(6), alma.items.get, ID, "22")
    raises(last:format(4), alma.requests.get, { mms_id = ID })
    raises(last:format(5), alma.libraries.location, "MAIN")
    raises(last:format(4), alma.deposits.get, "user")
    raises("(/conf/sets/…)", alma.sets.get)
  end)

  it("that calls with a colon, or without the client, raises with how the call is written", function()
    local function says(words, f, ...)
      local ok, message = pcall(f, ...)
      assert.is_false(ok, words)
      assert.truthy(message:find(words, 1, true), message)
    end
    for _, name in ipairs { "analytics", "bibs", "collections", "conf", "deposits", "files", "holdings", "items", "jobs", "libraries",
      "profiles", "representations", "requests", "sets", "tables" } do
      local checked = 0
      for verb, f in pairs(alma[name]) do
        if type(f) == "function" and debug.getlocal(area.behind(f), 1) == "client" then
          checked = checked + 1
          says(("%s:%s: the client comes first, behind a dot: %s.%s(client, …)"):format(name, verb, name, verb), f, alma[name], client, ID)
          says(("%s.%s: the client comes first: %s.%s(client, …); it got a string"):format(name, verb, name, verb), f, ID)
          says("it got nil", f, nil, ID)
        end
      end
      assert.is_true(checked > 0, name)
    end
    local _, message = pcall(function() alma.bibs:read(client, ID) end)
    assert.matches("^[^\n]*alma_mistakes_spec.lua:%d+: bibs:read: the client", message)
  end)

  it("that gives one id where a list is wanted raises", function()
    raises("bibs.get: ids must be a list, not a string", alma.bibs.get, ID)
    raises("bibs.get: ids must be a list, not nil: is a variable not set?", alma.bibs.get)
    raises("bibs.each: ids must be a list", alma.bibs.each, ID)
    for _, f in ipairs { alma.sets.add, alma.sets.remove, alma.sets.replace } do raises("sets: ids must be a list", f, "1", ID) end
    for _, f in ipairs { alma.collections.add, alma.collections.remove } do raises("mms_ids must be a list", f, "81", ID) end
  end)

  it("in the kind of a value raises", function()
    for _, record in ipairs { "<record/>", { { "245", "10", "a", "x" } }, 5 } do
      raises("a record is an object of almanac.marc or almanac.dc", alma.bibs.create, record)
      raises("a record is an object of almanac.marc", alma.holdings.create, ID, record)
    end
    raises("a record is an object", alma.bibs.create)
    raises("give a function that changes the record", alma.bibs.update, ID)
    raises("give a function that changes the rows", alma.tables.update, "SetStatus")
    for _, f in ipairs { alma.sets.find, alma.collections.find, alma.jobs.find, alma.profiles.find } do
      raises("find: id_or_name must be a string", f)
    end
    raises("an item is what items.get", alma.items.update, nil, { public_note = "x" })
    raises("analytics.report: path must be a string", alma.analytics.report)
    raises("files.download: to must be a string", alma.files.download, ID, "1", "2")
    raises("expected a table of options, got nil", alma.requests.list)
    assert.error_matches(function() alma.webhooks.is_signed("s", nil, "x") end, "is_signed: body must be a string, not nil", 1, true)
  end)

  it("in an option's name raises", function()
    raises("unknown field 'veiw', did you mean 'view'?", alma.bibs.read, ID, { veiw = "full" })
    raises("unknown field 'veiw', did you mean 'view'?", alma.bibs.get, { ID }, { veiw = "full" })
    raises("unknown field 'mising', did you mean 'missing'?", alma.bibs.each, { ID }, { mising = {} })
  end)
end)
