-- Remote representations, whose files are in a repository elsewhere: made, changed in place, deleted and taken back by
-- plans, with the built program against the rehearsal.
local desk = require "support.desk"
local program = require "support.program"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "remote", "update", "delete" },
  title_keys = function(title) return { title.mms_id } end,
]]

local ADD = [[ changes = function(title)
  return add.remote { repository = "CONTENTDM", originating_record_id = "oai:x:maps/" .. title.mms_id, usage_type = "DERIVATIVE_COPY",
    library = "MAIN", label = "Map", public_note = "online", linking_parameters = { "maps", title.mms_id } } end, ]]

describe("a remote representation", function()
  local at = desk.each(before_each, after_each)
  local run = at.run

  local function write(recipe) program.write(at.folder .. "/recipe.lua", HEAD .. recipe .. "}\n") end

  local function plan_only(recipe, ...)
    write(recipe)
    return at.almanac("plan", "./recipe.lua", "--titles", "titles.csv", "-o", "a.run", "--rate", "500", ...)
  end

  local function plan(recipe, status)
    local result = plan_only(recipe)
    assert.equal(status or 0, result.status, result.out .. result.err)
    return result.out
  end

  local function apply() return run("apply", "a.run", "--settle", "0.05") end

  local function remote(n)
    local mms_id, list = desk.id(n or 1), {}
    local data = at.alma.call("GET", ("/bibs/%s/representations?limit=100"):format(mms_id)).data
    for _, rep in ipairs(data.representation or {}) do
      if rep.is_remote then list[#list + 1] = rep end
    end
    return list
  end

  local function make(n, more)
    local body = { is_remote = true, label = "Map", public_note = "online", library = { value = "MAIN" },
      usage_type = { value = "DERIVATIVE_COPY" }, repository = { value = "CONTENTDM" },
      originating_record_id = "oai:x:maps/" .. desk.id(n), linking_parameter_1 = "maps", linking_parameter_2 = desk.id(n) }
    for name, value in pairs(more or {}) do body[name] = value end
    local answer = at.alma.call("POST", ("/bibs/%s/representations"):format(desk.id(n)), { body = body })
    assert.equal(200, answer.status)
    return answer.data
  end

  local function put(rep, more)
    local body = at.alma.call("GET", ("/bibs/%s/representations/%s"):format(desk.id(1), rep.id)).data
    for name, value in pairs(more) do body[name] = value end
    assert.equal(200, at.alma.call("PUT", ("/bibs/%s/representations/%s"):format(desk.id(1), rep.id), { body = body }).status)
  end

  it("is made with all that its repository needs, verified, and taken back", function()
    at.start { { "a" }, { "b" } }
    plan(ADD)
    assert.matches("Planned: a remote representation 'Map' of record 'oai:x:maps/9900000000104146' in CONTENTDM (linking parameters " ..
      "'maps', '9900000000104146'), usage type DERIVATIVE_COPY, library MAIN", run("show", "a.run", desk.id(1)).out, 1, true)
    apply()
    local rep = remote()[1]
    assert.same({ true, "Map", "online", "CONTENTDM", "oai:x:maps/9900000000104146", "maps", "9900000000104146" },
      { rep.is_remote, rep.label, rep.public_note, rep.repository.value, rep.originating_record_id, rep.linking_parameter_1,
        rep.linking_parameter_2 })
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.same({ {}, {} }, { remote(1), remote(2) })
    assert.matches("2 titles", run("verify", "a.run").out)
  end)

  it("is made once, whatever answers are lost", function()
    at.start { { "a" }, { "b" }, { "c" } }
    plan(ADD)
    at.alma.change { op = "faults", spec = "POST representations=@1:lost,GET=0.1:500" }
    for _ = 1, 4 do at.almanac("apply", "a.run", "--settle", "0.05") end
    at.alma.change { op = "faults", spec = "" }
    apply()
    for n = 1, 3 do assert.equal(1, #remote(n)) end
    assert.matches("verified 3 title", run("verify", "a.run").out)
  end)

  it("of a repository that Alma does not have fails with what to look for", function()
    at.start(desk.single(1))
    plan((ADD:gsub('"CONTENTDM"', '"CDM"')))
    local result = at.almanac("apply", "a.run", "--settle", "0.05")
    assert.equal(2, result.status)
    assert.matches("look whether 'CDM' is the code of a remote repository there", result.err)
    assert.same({}, remote())
  end)

  it("that is there as planned is nothing to do", function()
    at.start { { "a" }, { "b" } }
    local rep = make(1)
    assert.matches("1 ready.-, 0 to decide, 1 skipped", plan(ADD))
    assert.matches(("its remote representation %s of record 'oai:x:maps/%s' is as planned"):format(rep.id, desk.id(1)),
      run("show", "a.run", desk.id(1)).out, 1, true)
  end)

  it("that is there otherwise is to decide, and names the field", function()
    at.start { { "a" }, { "b" } }
    make(1, { linking_parameter_2 = "17" })
    assert.matches("1 ready.-, 1 to decide", plan(ADD, 2))
    assert.matches("its linking parameter 2 is '17', planned '9900000000104146' (update.remote changes it in place",
      run("show", "a.run", desk.id(1)).out, 1, true)
    program.write(at.folder .. "/d.csv", "mms_id,decision\n" .. desk.id(1) .. ",use\n")
    run("decide", "a.run", "d.csv")
    apply()
    assert.equal(2, #remote())
    assert.matches("verified 2 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    assert.equal("17", remote()[1].linking_parameter_2)
    assert.equal(1, #remote())
  end)

  it("of another repository is another one, though its record has the same id", function()
    at.start { { "a" } }
    make(1, { repository = { value = "DSPACE" } })
    assert.matches("1 ready", plan(ADD))
    apply()
    assert.equal(2, #remote())
  end)

  it("of one record is to decide when two titles would get it", function()
    at.start { { "a" }, { "b" }, { "c" } }
    plan(ADD:gsub('title.mms_id, usage', 'title.mms_id:gsub("2(0*4146)", "1%%1"), usage'), 2)
    local out = run("show", "a.run").out
    assert.matches("1 ready.-, 2 to decide", out)
    assert.matches("a remote record is of several titles", out)
  end)

  it("of one record is to decide when another title of the plan has it", function()
    at.start { { "a" }, { "b" } }
    make(1)
    assert.matches("0 ready.-, 1 to decide, 1 skipped", plan((ADD:gsub('title.mms_id, usage', '"9900000000104146", usage')
      :gsub('"maps", title.mms_id', '"maps", "9900000000104146"')), 2))
    assert.matches("is planned for, or held by, 9900000000104146, 9900000000204146", run("show", "a.run").out)
  end)

  it("is to decide when somebody made it since the plan", function()
    at.start { { "a" } }
    plan(ADD)
    make(1)
    local result = at.almanac("apply", "a.run", "--settle", "0.05")
    assert.equal(2, result.status, result.out .. result.err)
    assert.equal(1, #remote())
  end)

  it("is not taken back when somebody changed it since", function()
    at.start { { "a" } }
    plan(ADD)
    apply()
    put(remote()[1], { linking_parameter_5 = "theirs" })
    local result = at.almanac("undo", "a.run", "--yes")
    assert.equal(2, result.status)
    assert.matches("changed since: its linking parameter 5 is 'theirs'", result.err, 1, true)
    assert.equal(1, #remote())
  end)

  it("is changed in place, and undo sets its fields back", function()
    at.start { { "a" } }
    local rep = make(1, { linking_parameter_4 = "old" })
    plan [[ changes = function(title)
      local there = title:remote("oai:x:maps/" .. title.mms_id, "CONTENTDM")
      assert(there.repository == "CONTENTDM" and there.linking_parameters[4] == "old" and there.public_note == "online")
      assert(select(2, title:remote "none") == 0)
      return update.remote { representation = there, linking_parameters = { "maps", "2" }, label = "Map 2", year = "1910" } end, ]]
    assert.matches("Planned: remote representation %d+ gets label 'Map 2', year '1910', linking parameters 'maps', '2'",
      run("show", "a.run", desk.id(1)).out)
    apply()
    local now = remote()[1]
    assert.same({ rep.id, "Map 2", "1910", "maps", "2", "" },
      { now.id, now.label, now.year, now.linking_parameter_1, now.linking_parameter_2, now.linking_parameter_4 })
    assert.matches("verified 1 title", run("verify", "a.run").out)
    run("undo", "a.run", "--yes")
    now = remote()[1]
    assert.same({ rep.id, "Map", "maps", desk.id(1), "old", "" },
      { now.id, now.label, now.linking_parameter_1, now.linking_parameter_2, now.linking_parameter_4, now.year or "" })
  end)

  it("that became another one since the plan is not changed", function()
    at.start { { "a" } }
    local rep = make(1)
    plan [[ changes = function(title)
      return update.remote { representation = title:representations "DERIVATIVE_COPY"[1], linking_parameters = { "x" } } end, ]]
    put(rep, { linking_parameter_2 = "theirs" })
    local result = at.almanac("apply", "a.run", "--settle", "0.05")
    assert.equal(2, result.status)
    assert.matches("since the plan the linking parameter 2 of representation " .. rep.id .. " became 'theirs'", result.err, 1, true)
  end)

  it("that is deleted is made again by undo, with all its fields", function()
    at.start { { "a" } }
    local rep = make(1, { usage_type = { value = "PRESERVATION_MASTER" }, volume = "7", entity_type = { value = "ISSUE" } })
    plan [[ changes = function(title)
      return delete.representation { representation = title:remote("oai:x:maps/" .. title.mms_id) } end, ]]
    assert.matches("1 remote representation is DELETED; its files stay in repository CONTENTDM", run("show", "a.run").out)
    apply()
    assert.same({}, remote())
    run("undo", "a.run", "--yes")
    local now = remote()[1]
    for _, name in ipairs { "label", "public_note", "originating_record_id", "linking_parameter_1", "linking_parameter_2", "volume" } do
      assert.equal(rep[name], now[name])
    end
    assert.same(rep.repository, now.repository)
    assert.same(rep.entity_type, now.entity_type)
    assert.matches("1 title", run("verify", "a.run").out)
  end)

  it("and a local one: what undo makes again says that its digitization request is not sent again", function()
    at.start { { "a" } }
    local made = at.alma.call("POST", ("/bibs/%s/representations"):format(desk.id(1)), { body = { is_remote = false, label = "Asked for",
      library = { value = "MAIN" }, usage_type = { value = "AUXILIARY" }, request_id = "1711" } })
    assert.equal(200, made.status)
    plan [[ changes = function(title)
      assert(title:representations "AUXILIARY"[1].request_id == "1711")
      return delete.representation { representation = title:representations "AUXILIARY"[1] } end, ]]
    apply()
    local result = at.almanac("undo", "a.run", "--yes")
    assert.matches("does not have its digitization request 1711 any more", result.out .. result.err)
    result = at.almanac("verify", "a.run")
    assert.matches("digitization request 1711", result.out .. result.err)
  end)

  it("goes along with a title that is merged into another one", function()
    at.start { { "a" }, { "b" } }
    plan(ADD)
    apply()
    at.alma.change { op = "merge", from = desk.id(1), into = desk.id(2) }
    assert.matches("verified 2 title", run("verify", "a.run").out)
    assert.equal(2, #remote(2))
    run("undo", "a.run", "--yes")
    assert.same({}, remote(2))
  end)

  it("that an older copy of the run would make again is to decide", function()
    at.start { { "a" } }
    plan(ADD)
    program.write(at.folder .. "/old.run", program.read(at.folder .. "/a.run"))
    apply()
    local result = at.almanac("apply", "old.run", "--settle", "0.05")
    assert.equal(2, result.status)
    assert.matches("older copy of a run that went on elsewhere", result.err)
    assert.equal(1, #remote())
    result = at.almanac("undo", "old.run", "--yes")
    assert.equal(2, result.status)
    assert.equal(1, #remote())
  end)

  it("is made for a title that is made for a record, and goes with it", function()
    at.start { { "a" } }
    program.write(at.folder .. "/r.csv", "identifier,title\noai:x:9,A map\n")
    program.write(at.folder .. "/recipe.lua", [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "create-bib", "remote" },
  record_key = function(record) return record.id end,
  changes = function() return nil, "it is there" end,
  missing = function(record)
    return { create.bib { record = { ["245$a"] = record:get "title" }, collection = "8100000000004146" },
      add.remote { repository = "DSPACE", originating_record_id = record.id, usage_type = "DERIVATIVE_COPY", library = "MAIN",
        linking_parameters = { "1/9" } } }
  end,
}]])
    local made = at.alma.state().collections[1].pid
    program.write(at.folder .. "/recipe.lua", (program.read(at.folder .. "/recipe.lua"):gsub("8100000000004146", made)))
    local result = at.almanac("plan", "./recipe.lua", "--records", "r.csv", "--find", "other_system_id", "-o", "a.run")
    assert.equal(0, result.status, result.out .. result.err)
    apply()
    local found
    for _, rep in ipairs(at.alma.state().representations) do found = found or rep.remote and rep end
    assert.same({ "DSPACE", "oai:x:9", "1/9" }, { found.repository, found.originating_record_id, found.more.linking_parameter_1 })
    run("verify", "a.run")
    run("undo", "a.run", "--yes")
    for _, rep in ipairs(at.alma.state().representations) do assert.is_false(rep.remote) end
  end)

  it("is read whole where lists are brief", function()
    program.write(at.folder .. "/titles.csv", "mms_id,title,usage_type,file_name,repository,originating_record_id,linking_parameter_2\n" ..
      desk.id(1) .. ",One,DERIVATIVE_COPY,,FEDORA,oai:f:1,z\n")
    at.alma = require("support.rehearsal").start { titles = at.folder .. "/titles.csv", args = { "--rate", "0", "--brief" } }
    at.env = desk.environment(at.alma, at.folder)
    write [[ wants = function(title)
      local rep = title:remote "oai:f:1"
      assert(rep.usage_type == "DERIVATIVE_COPY" and rep.linking_parameters[1] == "" and rep.linking_parameters[2] == "z", rep.usage_type)
      assert(rep.delivery_url == "https://islandora.example.edu/islandora/object/", rep.delivery_url)
      return false, "seen" end, changes = function() end, ]]
    program.write(at.folder .. "/ids.txt", desk.id(1))
    local result = at.almanac("plan", "./recipe.lua", "--titles", "ids.txt", "-o", "a.run")
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("remote, FEDORA 'oai:f:1' ('', 'z')", run("show", "a.run", desk.id(1)).out, 1, true)
    at.alma.stop()
    at.alma = require("support.rehearsal").start { titles = at.folder .. "/a.run", args = { "--rate", "0" } }   -- a run file seeds them too
    local rep = remote()[1]
    assert.same({ "FEDORA", "oai:f:1", "z" }, { rep.repository.value, rep.originating_record_id, rep.linking_parameter_2 })
  end)

  local function refused(recipe, words)
    local result = plan_only(recipe)
    assert.equal(1, result.status, result.out)
    assert.matches(words, result.err, 1, true)
  end

  it("is described with fields that it has", function()
    at.start { { "a" } }
    make(1)
    refused(ADD:gsub("repository = [^,]+,", ""), "add.remote: 'repository' is missing")
    refused(ADD:gsub("label", "access_rights"), "add.remote: there is no field 'access_rights'")
    refused(ADD:gsub('"maps", title.mms_id', '"1", "2", "3", "4", "5", "6"'), "'linking_parameters' has a place '6': there are 1 to 5")
    refused(ADD:gsub('"maps", title.mms_id', "1"), "'linking_parameters' has a number at place 1, not text")
    refused([[ changes = function(title) return update.remote { representation = title:representations()[1], label = "x" } end, ]],
      "which is not remote: take update.representation")
    refused([[ changes = function(title) return update.representation { representation = title:representations "DERIVATIVE_COPY"[1],
      access_rights = "7" } end, ]], "which is remote: Alma has them only for what it holds itself")
    refused([[ changes = function(title) return update.remote { representation = title:representations "DERIVATIVE_COPY"[1] } end, ]],
      "update.remote: say what to set")
  end)
end)
