-- What `almanac exec` does around a script: dry run, production, log, record and replay, and what it
-- says of a script that ends early.
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"

local CODE = "01REHEARSAL_INST"

describe("exec", function()
  local at = desk.each(before_each, after_each)

  local function script(text, name)
    program.write(("%s/%s"):format(at.folder, name or "s.lua"), "local script = require 'almanac.script'\n" .. text)
  end

  -- A script that makes so many sets, then what `rest` says.
  local function makes(count, rest)
    script(([[
      local client = script.client()
      local function set(name)
        return { method = "POST", path = { "conf", "sets" }, body = { name = name, type = { value = "ITEMIZED" },
          content = { value = "BIB_MMS" }, private = { value = "false" } } }
      end
      for i = 1, %d do script.check(client:call(set("S" .. i))) end
      %s]]):format(count, rest or ""))
  end

  local function exec(...) return at.almanac("exec", ...) end

  -- The sets that scripts made; a rehearsal has some from the beginning.
  local function made()
    local list = {}
    for _, set in ipairs(at.alma.state().sets) do
      if set.name:find "^[ST]%d" then list[#list + 1] = set end
    end
    return list
  end
  local function sets() return #made() end
  local function lines(name)
    local list = {}
    for line in program.read(at.folder .. "/" .. name):gmatch "[^\n]+" do list[#list + 1] = assert(json.decode(line)) end
    return list
  end

  describe("--dry-run", function()
    it("prints writes with their bodies, sends none, and lets the script read what it made", function()
      at.start(desk.single(1))
      script [[
        local client = script.client()
        local made = script.check(client:call { method = "POST", path = { "conf", "sets" },
          body = { name = "Maps", number_of_members = { value = 0 } }, unchecked = true })
        script.say("%s %s", made.id, script.check(client:call { path = { "conf", "sets", made.id }, kind = "set", id = made.id }).name)
        local members = script.check(client:call { path = { "conf", "sets", made.id, "members" }, kind = "members" })
        script.say("%d", members.total_record_count)
        script.check(client:call { method = "DELETE", path = { "conf", "sets", made.id } })
        local bibs = script.check(client:call { path = { "bibs" }, query = { mms_id = ... } })
        script.say("%s", bibs.bib[1].title)]]
      local before = at.alma.state()
      local result = exec("--dry-run", "s.lua", desk.id(1))
      assert.equal('would POST /conf/sets\n  {\n    "name": "Maps",\n    "number_of_members": {\n      "value": 0\n    }\n  }\n' ..
        "0000000000000001 Maps\n0\nwould DELETE /conf/sets/0000000000000001\nTitle 1\n", result.out, result.err)
      assert.same({ 0, "dry run: 2 writes not sent; nothing was changed\n" }, { result.status, result.err })
      assert.same(before, at.alma.state())
    end)

    it("gives each made thing its id where Alma has it", function()
      at.start()
      script [[
        local client = script.client()
        local function post(path, body, more)
          local request = { method = "POST", path = path, body = body, unchecked = true }
          for name, value in pairs(more or {}) do request[name] = value end
          return script.check(client:call(request))
        end
        local xml = { content_type = "application/xml" }
        local bib = post("/bibs", "<bib><record_format>marc21</record_format><record><leader>x</leader></record></bib>", xml)
        local id = bib:match "<mms_id>(%d+)</mms_id>"
        local read = script.check(client:call { path = { "bibs", id } })
        print(read.mms_id == id, read.anies[1])
        print(script.check(client:call { path = { "bibs", id }, raw = true }) == bib)
        print((post("/bibs/1/holdings", "<holding><holding_id>no</holding_id></holding>", xml)))
        local item = post("/bibs/1/holdings/2/items", { item_data = { barcode = "b" } })
        print(item.item_data.pid, item.item_data.barcode)
        print(post("/bibs/1/representations", {}).id, post("/bibs/1/representations/2/files", {}).pid,
          post("/bibs/collections", {}).pid.value, post("/bibs/1/requests", {}).request_id,
          post("/bibs/collections/8/bibs", { mms_id = "9" }).mms_id)
        local run = post("/conf/jobs/M1", {}, { query = { op = "run" } })
        print(script.check(client:call { path = run.additional_info.link }).status.value)
        print((script.check(client:call { method = "PUT", path = { "bibs", id }, body = "<bib/>", content_type = "application/xml" })))]]
      local result = exec("--dry-run", "s.lua")
      assert.equal(0, result.status, result.err)
      local said = {}
      for line in result.out:gmatch "[^\n]+" do
        if not line:find "^ " and not line:find "^would" then said[#said + 1] = line end
      end
      assert.same({ "true\t<record><leader>x</leader></record>", "true",
        "<holding><holding_id>0000000000000002</holding_id></holding>", "0000000000000003\tb",
        "0000000000000004\t0000000000000005\t0000000000000006\t0000000000000007\t9", "COMPLETED_SUCCESS", "<bib/>" }, said)
    end)

    it("gives changed and scanned things as what they are", function()
      at.start(desk.single(1))
      script [[
        local alma, marc = require "almanac.alma", require "almanac.marc"
        local client, id = script.client(), ...
        local set = script.check(alma.sets.create(client, { name = "Maps", members = { id } }))
        print(set.number_of_members.value, script.check(alma.sets.update(client, set.id, { note = "x" })).id == set.id)
        print(script.check(alma.sets.get(client, set.id)).note, script.check(alma.sets.add(client, set.id, { id })).set.name)
        print(script.check(alma.bibs.update(client, id, function(record) record:set("245$b", "x") end)).mms_id == id)
        local holding = script.check(alma.holdings.create(client, id, marc.record { { "852", "0 ", "b", "MAIN", "c", "MAPS" } }))
        local item = script.check(alma.items.create(client, id, holding.holding_id, { barcode = "390" }))
        item = script.check(alma.items.update(client, item, { public_note = "x" }))
        item = script.check(alma.items.scan(client, item, { library = "MAIN", department = "DIGI" }))
        print(item.bib_data.mms_id == id, item.holding_data.holding_id == holding.holding_id, item.item_data.public_note)]]
      local before = at.alma.state()
      local result = exec("--dry-run", "s.lua", desk.id(1))
      assert.equal(0, result.status, result.err)
      local said = {}
      for line in result.out:gmatch "[^\n]+" do
        if not line:find "^ " and not line:find "^would" then said[#said + 1] = line end
      end
      assert.same({ "0\ttrue", "x\tMaps", "true", "true\ttrue\tx" }, said)
      assert.same(before, at.alma.state())
    end)

    it("lets a script run through that makes one of each thing with the library's create functions", function()
      at.start()
      local before = at.alma.state()
      local result = exec("--dry-run", program.absolute "spec/torture/creator.lua", "--titles", "2")
      assert.equal(0, result.status, result.err)
      assert.matches("\nwould POST /bibs/0+%d+/holdings/0+%d+/items\n", result.out)
      assert.matches("\nmade\n$", result.out)
      assert.same(before, at.alma.state())
    end)

    it("puts nothing into the bucket, by form or by keys, whole or in parts", function()
      at.start()
      script [[
        local store = script.store()
        store.multipart_above, store.part_size = 6 << 20, 5 << 20
        for _, name in ipairs { "small", "large" } do
          script.say("%d", script.check(store:put("01REHEARSAL_INST/upload/" .. name, { path = name })).size)
        end]]
      program.write(at.folder .. "/small", "x")
      program.write(at.folder .. "/large", ("x"):rep(11 << 20))
      for _ = 1, 2 do
        local result = exec("--dry-run", "s.lua")
        assert.equal(0, result.status, result.err)
        assert.matches("^would PUT s3://[%w.-]+/01REHEARSAL_INST/upload/small %(1 bytes%)\n1\n" ..
          "would PUT s3://[^\n]+/large %(11534336 bytes%)\n11534336\n$", result.out)
        assert.same({}, at.alma.state().objects)
        at.use_aws()
      end
    end)
  end)

  describe("on production", function()
    it("writes only with the institution's code, and reads without", function()
      at.start(nil, "--environment", "production")
      makes(1)
      local result = exec("s.lua")
      assert.equal(1, result.status)
      assert.equal(("almanac: the script would write to PRODUCTION of %s: to let it, give --production %s\n"):format(CODE, CODE),
        result.err)
      assert.equal(1, exec("--production", "01OTHER", "s.lua").status)
      assert.equal(0, sets())
      assert.equal(0, exec("--production", CODE, "s.lua").status)
      assert.equal(1, sets())
      script "print((script.check(script.client():call { path = { 'conf', 'sets' } }).total_record_count))"
      assert.equal("4\n", exec("s.lua").out)
    end)

    it("asks Alma once what it is, for all tasks and writes", function()
      at.start(nil, "--environment", "production")
      makes(0, "require('almanac.task').each({ 1, 2, 3, 4, 5 }, 5, function(i) script.check(client:call(set('T' .. i))) end)")
      assert.equal(0, exec("--production", CODE, "--log", "log", "s.lua").status)
      local asked = 0
      for _, call in ipairs(lines "log") do asked = asked + (call.path == "/conf/general" and 1 or 0) end
      assert.equal(1, asked)
      assert.equal(5, sets())
    end)

    it("guards clients that the script or its modules make themselves, and puts into the bucket", function()
      at.start(nil, "--environment", "TEST")
      script [[
        local client = require("almanac.alma.client").new { url = os.getenv "ALMANAC_API_URL", key = os.getenv "ALMA_API_KEY" }
        print(select(2, client:call { method = "POST", path = { "conf", "sets" }, body = { name = "A" }, unchecked = true }))
        print(select(2, script.store():put("01REHEARSAL_INST/upload/s.lua", { path = "s.lua" })))]]
      for _ = 1, 2 do
        local result = exec("s.lua")
        assert.matches("^the script would write to [^\n]+ %(TEST%)[^\n]*\nthe script would write to [^\n]+\n$", result.out)
        assert.same({ 0, {} }, { sets(), at.alma.state().objects })
        at.use_aws()
      end
    end)

    it("writes nothing where nobody can tell what it is", function()
      at.start(nil, "--key", "no-conf=bibs")
      at.env.ALMA_API_KEY = "no-conf"
      script [[
        script.check(script.client():call { method = "PUT", path = { "bibs", "99" }, body = "<bib/>", content_type = "application/xml" })]]
      local result = exec("s.lua")
      assert.equal(1, result.status)
      assert.matches("nobody can tell whether this is a sandbox, so nothing is written: GET /conf/general: .*needs Configuration read",
        result.err)
    end)
  end)

  it("all clients of a server keep one pace, the slowest of theirs", function()
    at.start()
    script [[
      local alma, clients = require "almanac.alma", {}
      for i, rate in ipairs { 500, 1000, 300 } do
        clients[i] = alma.new { url = os.getenv "ALMANAC_API_URL", key = os.getenv "ALMA_API_KEY", rate = rate }
      end
      for round = 1, 2 do
        for _, client in ipairs(clients) do script.check(alma.test(client, "bibs")) end
      end
      print(clients[1].pace.limit, clients[1].pace == clients[2].pace, clients[1].pace == clients[3].pace)]]
    assert.equal("300\ttrue\ttrue\n", exec("s.lua").out)
  end)

  it("--log has every call in a line of JSON, also those that failed, and no key", function()
    at.start(nil, "--faults", "GET sets=@1:500")
    makes(1, "client:call { path = { 'conf', 'sets', '12345678' } }")
    assert.equal(0, exec("--log", "log", "s.lua").status)
    local log, seen = lines "log", {}
    for i, call in ipairs(log) do
      assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$", call.time)
      seen[i] = { call.method, call.path, call.status, call.try }
    end
    assert.same({ { "GET", "/conf/general", 200, 1 }, { "POST", "/conf/sets", 200, 1 }, { "GET", "/conf/sets/12345678", 500, 1 },
      { "GET", "/conf/sets/12345678", 400, 2 } }, seen)
    assert.equal("S1", log[2].body.name)
    assert.same({ "ingest_form", nil }, { log[1].query.expand, log[2].query })
    assert.truthy(log[4].error and log[4].tracking)
    assert.is_nil(program.read(at.folder .. "/log"):find(at.alma.key, 1, true))
    exec("--dry-run", "--log", "log", "s.lua")
    assert.equal("dry run", lines("log")[5].not_sent)
  end)

  describe("--record and --replay", function()
    local function without_alma(...)
      at.env.ALMA_API_KEY, at.env.ALMANAC_API_URL = false, false
      return exec("--replay", "tape", ...)
    end

    it("run a script again without Alma, with the same answers in the same order", function()
      at.start(desk.single(2))
      program.write(at.folder .. "/page.jpg", desk.JPEG)
      makes(1, [[
        local sets = require "almanac.alma.sets"
        local set = script.check(sets.find(client, "S1"))
        script.say("%s", set.id)
        script.say("%s", select(2, client:call { path = { "conf", "sets", "12345678" } }))
        script.say("%s", script.check(client:call { path = { "bibs" }, query = { mms_id = ... }, accept = "application/xml" }))
        script.say("%d", script.check(script.store():put(script.general().institution .. "/upload/p.jpg", { path = "page.jpg" })).size)]])
      for round = 1, 2 do
        if round == 2 then
          at.use_aws()
          assert.equal(204, at.alma.call("DELETE", "/conf/sets/" .. made()[1].id).status)
        end
        local first = exec("--record", "tape", "s.lua", desk.id(1))
        assert.same({ 0, "" }, { first.status, first.err })
        local url, key = at.env.ALMANAC_API_URL, at.env.ALMA_API_KEY
        if round == 2 then at.alma.stop() end
        assert.same(first, without_alma("s.lua", desk.id(1)))
        at.env.ALMANAC_API_URL, at.env.ALMA_API_KEY = url, key
      end
    end)

    it("name the nearest of what was recorded for what was not", function()
      at.start()
      makes(1, [[
        if ... then script.check(client:call(set "S2")) end
        script.check(client:call { path = { "conf", "sets" }, query = { limit = ... or 5 } })]])
      exec("--record", "tape", "s.lua")
      local result = without_alma("s.lua", "6")
      assert.equal(1, result.status)
      assert.equal("almanac: tape: POST /conf/sets is not recorded; the nearest that is: POST /conf/sets, with another body\n", result.err)
      script "script.check(script.client():call { path = { 'conf', 'sets' }, query = { limit = 6 } })"
      assert.matches("GET /conf/sets%?limit=6 is not recorded; the nearest that is: GET /conf/sets%?limit=5\n$", without_alma("s.lua").err)
      makes(1, "script.check(client:call(set 'S1'))")
      assert.matches("POST /conf/sets, once more, is not recorded", without_alma("s.lua").err)
      script "print(require('almanac.alma.sets').create(script.client(), { name = 'S9' }))"
      assert.matches("^nil\ttape: GET /conf/sets%?[^\n]* is not recorded; [^\n]*\tconnect\t", without_alma("s.lua").out)
      script "for _ = 1, 3 do script.check(script.client():call { path = { 'conf', 'sets' }, query = { limit = 5 } }) end"
      assert.equal(0, without_alma("s.lua").status)
    end)

    it("keep no key and no signature", function()
      at.start()
      script "script.general() print(script.client():call { path = { 'conf', 'general' }, query = { expand = 'ingest_form' }, raw = true })"
      local out = exec("--record", "tape", "s.lua").out
      local signature = out:match '"x%-amz%-signature":"(%x+)"'
      assert.truthy(signature)
      local text = program.read(at.folder .. "/tape")
      assert.is_nil(text:find(signature, 1, true) or text:find(at.alma.key, 1, true))
      assert.matches("hidden", text)
      exec("--log", "log", "s.lua")
      for _, name in ipairs { "tape", "log" } do
        assert.is_true(os.execute(("[ $(stat -c %%a %s/%s) = 600 ]"):format(program.quote(at.folder), name)), name)
      end
    end)

    it("write over no file of something else, and read none", function()
      at.start()
      makes(0)
      program.write(at.folder .. "/tape", "mine")
      assert.matches("^almanac: %-%-record: tape is there and no record of almanac", exec("--record", "tape", "s.lua").err)
      assert.equal("mine", program.read(at.folder .. "/tape"))
      assert.matches("^almanac: %-%-replay: tape is no record of almanac", exec("--replay", "tape", "s.lua").err)
      assert.matches("^almanac: %-%-replay: can't open none: ", exec("--replay", "none", "s.lua").err)
      assert.matches("exclude each other", exec("--record", "a", "--replay", "tape", "s.lua").err)
    end)
  end)

  it("names the script's line for a mistake that the library found, and the library's where that broke off", function()
    at.start()
    for text, said in pairs {
      ["read(script.client(), nil)"] = "client:call: the path has no segment 2 (/bibs/…): is a variable in it nil?",
      ["read(nil, '99')"] = "bibs.read: the client comes first: bibs.read(client, …); it got nil",
      ["get(script.client(), '99')"] = "bibs.get: ids must be a list, not a string",
    } do
      script('require("almanac.alma").bibs.' .. text)
      assert.same({ status = 1, out = "", err = ("almanac: s.lua:2: %s\n"):format(said) }, exec("s.lua"))
    end
    script 'require("almanac.alma").jobs.counters(nil)'
    assert.matches("^almanac: s.lua:2: attempt to index a nil value %(local 'instance'%) %(in almanac/alma/jobs.lua:%d+%)\n$",
      exec("s.lua").err)
  end)

  it("names the line where nothing came, and no message", function()
    at.start()
    script "\nscript.check(nil)"
    assert.equal("almanac: s.lua:3: nothing came of it, and no message says why\n", exec("s.lua").err)
  end)

  describe("says of a script that ends early what was written:", function()
    it("nothing", function()
      at.start()
      makes(0, "error 'oops'")
      assert.same({ status = 1, out = "", err = "almanac: s.lua:8: oops\n" }, exec("s.lua"))
    end)

    it("a line for each write, with what it made", function()
      at.start()
      makes(2, "script.check(nil, 'no more')")
      local result = exec("s.lua")
      assert.same({ 2, ("almanac: no more\nwritten until then:\n  POST /conf/sets  made %s\n  POST /conf/sets  made %s\n"):format(
        made()[1].id, made()[2].id) }, { result.status, result.err })
    end)

    it("no thing as made that was only changed", function()
      at.start(desk.single(1))
      script [[
        local sets = require "almanac.alma.sets"
        local set = script.check(sets.create(script.client(), { name = "S1", members = { (...) } }))
        script.check(sets.update(script.client(), set.id, { note = "x" }))
        script.check(require("almanac.alma.requests").create(script.client(), { mms_id = (...) },
          { request_type = "DIGITIZATION", partial_digitization = false }))
        script.check(nil, "no more")]]
      local told = exec("s.lua", desk.id(1)).err
      local id = told:match "POST /conf/sets  made (%d+)\n"
      assert.equal(made()[1].id, id)
      assert.not_equal(desk.id(1), told:match "/requests  made (%d+)\n$")
      local err = exec("s.lua", desk.id(1)).err
      assert.matches(("written until then:\n  PUT /conf/sets/%s\n$"):format(id), err)
    end)

    it("twenty, then the count", function()
      at.start()
      makes(23, "error 'oops'")
      local err = exec("s.lua").err
      assert.equal(20, select(2, err:gsub("\n  POST ", "")))
      assert.matches("\n  … and 3 more, 23 in all\n$", err)
    end)

    it("what nobody knows of", function()
      at.start(nil, "--faults", "POST sets=@1:lost")
      makes(1)
      local result = exec("s.lua")
      assert.equal(2, result.status)
      assert.matches("\nno clear answer came to this; look whether it is there[^\n]*:\n  POST /conf/sets\n$", result.err)
      assert.equal(1, sets())
    end)

    it("not what Alma refused", function()
      at.start()
      makes(1, "script.check(client:call(set 'S1'))")
      local result = exec("s.lua")
      assert.equal(2, result.status)
      assert.equal(1, select(2, result.err:gsub("\n  POST", "")))
    end)
  end)

  describe("is stopped", function()
    local function interrupted(rest)
      at.start()
      makes(1, "print 'made' io.stdout:flush() " .. rest)
      local started <close> = program.start({ "exec", "s.lua" }, { folder = at.folder, env = at.env })
      local deadline = core.sys.monotonic() + 20
      repeat core.sys.sleep(0.02) until sets() == 1 or core.sys.monotonic() > deadline
      started.signal "INT"
      return started.wait()
    end

    for name, rest in pairs { waits = "require('almanac.task').sleep(60)", works = "while true do end",
      ["works and catches errors"] = "while true do pcall(function() while true do end end) end" } do
      it("by Ctrl-C while it " .. name, function()
        local result = interrupted(rest)
        assert.equal(75, result.status)
        assert.matches("^almanac: stopped\nwritten until then:\n  POST /conf/sets  made %d+\n$", result.err)
      end)
    end

    it("by the second Ctrl-C when it waits on and on", function()
      at.start()
      makes(1, "local task = require 'almanac.task' while true do pcall(task.sleep, 60) print 'again' io.stdout:flush() " ..
        "io.open('again', 'w'):close() end")
      local started <close> = program.start({ "exec", "s.lua" }, { folder = at.folder, env = at.env })
      local deadline = core.sys.monotonic() + 20
      repeat core.sys.sleep(0.02) until sets() == 1 or core.sys.monotonic() > deadline
      started.signal "INT"
      repeat core.sys.sleep(0.02) until core.files.stat(at.folder .. "/again") or core.sys.monotonic() > deadline
      started.signal "INT"
      local result = started.wait()
      assert.same({ 75, "again\n" }, { result.status, result.out })
      assert.matches("^almanac: stopped\nwritten until then:\n  POST /conf/sets", result.err)
    end)

    it("by Ctrl-C while a write is on its way, and says so", function()
      at.start(nil, "--faults", "POST sets=@1:stall=20")
      makes(1)
      local started <close> = program.start({ "exec", "s.lua" }, { folder = at.folder, env = at.env })
      local deadline = core.sys.monotonic() + 20
      local function on_its_way() return (at.alma.calls().faults[1] or {}).hits == 1 end
      repeat core.sys.sleep(0.02) until on_its_way() or core.sys.monotonic() > deadline
      started.signal "INT"
      local result = started.wait()
      assert.equal(75, result.status)
      assert.matches("^almanac: stopped\nno clear answer came to this; [^\n]+:\n  POST /conf/sets\n$", result.err)
    end)

    -- What the first run sent stalls in Alma, for longer than that run lives.
    local function killed_while_sending(stall)
      at.start(nil, "--faults", "POST sets=@1:stall=" .. stall)
      local started <close> = program.start({ "exec", "s.lua" }, { folder = at.folder, env = at.env })
      local deadline = core.sys.monotonic() + 20
      repeat core.sys.sleep(0.02) until (at.alma.calls().faults[1] or {}).hits == 1 or core.sys.monotonic() > deadline
      started.signal "KILL"
      started.wait()
    end

    local ONCE = [[local sets, client = require "almanac.alma.sets", script.client()
      print((select(2, script.check(sets.create(client, { name = "S1" })))))]]

    it("by SIGKILL, and run again finds what was on its way", function()
      script(ONCE)
      killed_while_sending(3)
      local result = exec("--settle", "60", "s.lua")
      assert.same({ 0, "true\n", 1 }, { result.status, result.out, sets() }, result.err)
      assert.matches("POST /conf/sets: an earlier run sent the same and was stopped before Alma answered: it is looked for", result.err)
    end)

    it("by SIGKILL, and run again makes what never came", function()
      script(ONCE)
      killed_while_sending(600)
      local result = exec("--settle", "2", "s.lua")
      assert.same({ 0, "false\n", 1 }, { result.status, result.out, sets() }, result.err)
      assert.same({ 0, "true\n", 1 }, { exec("s.lua").status, exec("s.lua").out, sets() })
    end)

    it("when all was made, and run again while lists lag makes nothing twice", function()
      at.start(desk.single(1), "--latency", "0,lag=2")
      script([[local bibs, marc, client = require "almanac.alma.bibs", require "almanac.marc", script.client()
        local record = marc.record { leader = "00000nam a2200000 a 4500", { "008", "200101s2020    xxu           000 0 eng d" },
          { "035", "  ", "a", "(X)1" }, { "245", "10", "a", "Once" } }
        print((select(2, script.check(bibs.create(client, record)))))]])
      assert.same({ "false\n", "true\n", "true\n" }, { exec("s.lua").out, exec("s.lua").out, exec("s.lua").out })
      assert.equal(2, at.alma.state().counts.bibs)
    end)

    it("by SIGKILL, and a call of its own is not sent again at once", function()
      makes(1)
      killed_while_sending(600)
      local result = exec("s.lua")
      assert.equal(1, result.status, result.out)
      assert.matches("POST /conf/sets: an earlier run sent the same and was stopped before Alma answered: look whether it is there, " ..
        "or run the script again in 1?%d?%d seconds", result.err)
    end)

    it("before it takes the calls that are kept for others", function()
      at.start(nil, "--daily", "20")
      makes(0, "for i = 1, 30 do local made, message = client:call(set('T' .. i)) if not made then print(message) break end end")
      local result = exec("--reserve", "10", "s.lua")
      assert.equal(75, result.status)
      assert.matches("10 calls are left today and 10 of them are kept", result.err)
      assert.matches("\nwritten until then:\n", result.err)
      assert.equal(9, sets())
      makes(0, "script.check(client:call(set 'again'))")
      assert.equal(75, exec("--reserve", "10", "s.lua").status)
      assert.matches("^almanac: %-%-reserve x: ", exec("--reserve", "x", "s.lua").err)
    end)
  end)

  it("--help shows a script that runs as it stands", function()
    at.start(desk.single(2))
    at.alma.change { op = "add_set", name = "Maps of Ghent", members = { desk.id(2) } }
    local shown = exec("--help").out:match "\n(  %-%- almanac%-script.-)\n\n"
    program.write(at.folder .. "/titles.lua", (("\n" .. shown):gsub("\n  ", "\n"):sub(2)))
    assert.equal(("mms_id,title\n'%s,Title 2\n"):format(desk.id(2)), at.run("exec", "titles.lua", "--set", "Maps of Ghent").out)
  end)
end)
