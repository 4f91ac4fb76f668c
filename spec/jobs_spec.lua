-- Jobs, their runs, and import profiles, against the rehearsal: each request held against
-- Alma's own descriptions.
local alma = require "almanac.alma"
local core = require "almanac.core"
local job_parameters = require "almanac.alma.job_parameters"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local schema = require "support.schema"
local scripted = require "support.scripted"
local task = require "almanac.task"

local jobs, profiles = alma.jobs, alma.profiles

local XML = [[<job>
  <parameters>
    <parameter><name>task_ExportBibParams_outputFormat_string</name><value>MARC21_XML</value></parameter>
    <parameter><name>task_ExportParams_ftpConfig_string</name><value></value></parameter>
    <parameter><name>set_id</name><value>8020260160005504</value></parameter>
    <parameter><name>job_name</name><value>Export &amp; more - via API</value></parameter>
  </parameters>
</job>]]

local JSON = '{"parameter":[{"name":{"value":"set_id"},"value":"8020260160005504"},{"name":{"value":"job_name"},"value":"Export"}]}'

describe("the saved parameters of a job", function()
  local function pairs_of(parameters)
    local list = {}
    for i, one in ipairs(parameters) do list[i] = one.name .. "=" .. one.value end
    return list
  end

  it("are read as the panel shows them, in XML and JSON", function()
    assert.are.same({ "task_ExportBibParams_outputFormat_string=MARC21_XML", "task_ExportParams_ftpConfig_string=",
      "set_id=8020260160005504", "job_name=Export & more - via API" }, pairs_of(assert(job_parameters.read(XML))))
    local wanted = { "set_id=8020260160005504", "job_name=Export" }
    for _, text in ipairs { JSON, "\u{FEFF}  " .. JSON, '{"job":' .. JSON .. "}", '{"parameters":' .. JSON .. "}",
      JSON:match "%[.*%]", (JSON:gsub('"parameter"', '"parameters"')), (JSON:gsub('{"value":("[%w_]+")}', "%1")) } do
      assert.are.same(wanted, pairs_of(assert(job_parameters.read(text))), text)
    end
  end)

  it("are found below the address of the call that the panel shows above them", function()
    for _, text in ipairs { "POST /almaws/v1/conf/jobs/M44?op=run\n\n" .. XML,
      "https://api-eu.hosted.exlibrisgroup.com/x?op=run\n" .. JSON } do
      assert.are.equal("8020260160005504", job_parameters.value(assert(job_parameters.read(text)), "set_id"))
    end
  end)

  it("are sent as they were given, with the set and the name put in", function()
    local parameters = assert(job_parameters.read(XML))
    job_parameters.set(parameters, "set_id", "8012340000001234")
    job_parameters.set(parameters, "job_name", "A < B")
    local body, kind = job_parameters.body(parameters)
    assert.are.equal("application/xml", kind)
    assert.truthy(body:find("<parameter><name>set_id</name><value>8012340000001234</value></parameter>", 1, true), body)
    assert.truthy(body:find("<value>A &lt; B</value>", 1, true), body)
    assert.truthy(body:find("<name>task_ExportParams_ftpConfig_string</name><value/>", 1, true), body)
    body, kind = job_parameters.body(assert(job_parameters.read(JSON)))
    assert.is_nil(kind)
    assert.are.same({ name = { value = "set_id" }, value = "8020260160005504" }, body.parameter[1])
  end)

  it("are none for a scheduled job, which gets <job/>", function()
    assert.are.equal("<job/>", (job_parameters.body(assert(job_parameters.read(nil)))))
  end)

  it("say what is wrong with them", function()
    for text, words in pairs {
      ["<set/>"] = "<set> is no <job>",
      ["<job><parameters><parameter><value>1</value></parameter></parameters></job>"] = "parameter 1 has no name",
      ["<job>"] = "the job's parameters: ", ['{"parameter":3}'] = "no list", ['{"parameter":["a"]}'] = "parameter 1 is no object",
      ['{"parameter":[{"name":{"value":"a"},"value":{}}]}'] = "the value of a is no text", ["{"] = "the job's parameters: ",
      ["<!DOCTYPE html>\n<html><body>"] = "this is a web page: save the panel's text", ["\n<HTML lang='en'>"] = "this is a web page",
      ['<?xml version="1.0"?>\n<!-- saved from Alma -->\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">'] = "this is a web page",
      ["<!DOCTYPE job><job/>"] = "a DOCTYPE is not allowed",
      ["no/such/file.xml"] = "no/such/file.xml", [""] = "they are empty", ["  "] = "they are empty",
    } do
      local read, message = job_parameters.read(text)
      assert.is_nil(read, text)
      assert.truthy(message:find(words, 1, true), message)
    end
  end)

  it("are read as they were recorded", function()
    local path = "../shared/alma/recorded/slsp/config_job_parameters1.xml"
    if not core.files.stat(path) then return pending "../shared is absent" end
    local parameters = assert(job_parameters.read(path))
    assert.are.equal(9, #parameters)
    assert.are.equal("8020260160005504", job_parameters.value(parameters, "set_id"))
    assert.are.equal("", job_parameters.value(parameters, "task_ExportParams_ftpConfig_string"))
  end)
end)

describe("jobs", function()
  local place

  setup(function() place = rehearsal.start { memory = true, args = { "--rate", "0", "--latency", "0,job=0" } } end)
  teardown(function() if place then place.stop() end end)

  local ahead = 0
  -- Another hour, so that no threshold of the runs before holds any more.
  before_each(function()
    ahead = ahead + 7200
    place.change { { op = "clock", seconds = ahead }, { op = "faults", spec = "" }, { op = "latency", spec = "0,job=0" } }
  end)

  local function client()
    return openapi.hold(alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 } })
  end

  local function set_id() return place.state().sets[1].id end

  local function posts()
    local calls = place.calls()
    return calls.routes["POST /conf/jobs/{job_id}"] or 0
  end

  it("are listed, by kind too, and found by id and by name", function()
    local api = client()
    assert.are.equal(16, #assert(jobs.list(api)))
    for _, job in ipairs(assert(jobs.list(api, { type = "MANUAL", category = "DIGITAL" }))) do
      assert.are.equal("DIGITAL", job.category.value)
    end
    assert.are.equal("S402", assert(jobs.list(api, { profile_id = "3152547470009001" }))[1].id)
    assert.are.equal("Export Bibliographic Records", assert(jobs.get(api, "M44")).name)
    assert.are.equal("M44", assert(jobs.find(api, "Export Bibliographic Records")).id)
    local _, message, code = jobs.find(api, "Export Bibliographic Record")
    assert.are.equal("missing", code)
    assert.truthy(message:find("did you mean 'Export Bibliographic Records'", 1, true), message)
    _, _, code = jobs.get(api, "M999")
    assert.are.equal("missing", code)
    assert.has_error(function() jobs.list(api, { categry = "DIGITAL" }) end,
      "jobs.list: unknown field 'categry', did you mean 'category'?")
  end)

  it("run with saved parameters, in XML and in JSON, and tell what they counted", function()
    local api = client()
    for i, parameters in ipairs { XML, JSON, { set_id = "1", job_name = "x" } } do
      local run = assert(jobs.run(api, "M44", { parameters = parameters, set_id = set_id(), name = "Run " .. i }))
      local instance = assert(jobs.follow(api, run))
      assert.are.equal("Run " .. i, instance.name)
      assert.is_true(jobs.ended_well(instance))
      local by_code, list = jobs.counters(instance)
      assert.are.equal(10, by_code["label.records.processed"])
      assert.are.same({ code = "label.records.processed", label = "Total records processed", value = 10 }, list[1])
      assert.truthy(jobs.alerts(instance)[1]:find "completed successfully")
    end
  end)

  it("are followed from the beginning to the end, with a progress from 0 to 100", function()
    place.change { op = "latency", spec = "0,job=600" }
    local api = client()
    local run = assert(jobs.run(api, "M44", { parameters = JSON, set_id = set_id() }))
    local seen, least, most, later = {}, math.huge, 0, ahead
    local instance = assert(jobs.follow(api, run, { pause = 0.02, longest = 0.02, on_change = function(now)
      if seen[#seen] ~= now.status.value then seen[#seen + 1] = now.status.value end
      least, most, later = math.min(least, now.progress), math.max(most, now.progress), later + 200
      place.change { op = "clock", seconds = later }
    end }))
    assert.are.equal("COMPLETED_SUCCESS", instance.status.value)
    assert.are.equal("COMPLETED_SUCCESS", seen[#seen])
    assert.is_true(#seen > 1)
    assert.is_true(least >= 0 and most <= 100)
  end)

  it("that take longer than one waits are told so, and can be followed again", function()
    place.change { op = "latency", spec = "0,job=3600" }
    local api = client()
    local run = assert(jobs.run(api, "M44", { parameters = JSON, set_id = set_id() }))
    local _, message, code, last = jobs.follow(api, run, { pause = 0.01, wait = 0.05 })
    assert.are.equal("timeout", code)
    assert.are.equal(run.id, last.id)
    assert.truthy(message:find(run.id, 1, true))
    local looks = 0
    _, _, code = jobs.follow(api, run.id, { pause = 0.01, stop = function()
      looks = looks + 1
      return looks > 3
    end })
    assert.are.equal("cancelled", code)
    place.change { op = "clock", seconds = ahead + 7200 }
    assert.is_true(jobs.ended_well(assert(jobs.follow(api, run.id))))
  end)

  it("are not looked for without their id", function()
    local api = client()
    for _, none in ipairs { false, "", {}, 7 } do
      local run = none or nil
      for _, look in ipairs { jobs.follow, jobs.instance, jobs.events } do
        assert.error_matches(function() look(api, run) end, "a run is its id, or what jobs.run gave; not ")
      end
    end
  end)

  it("are followed although some looks fail, and not for ever", function()
    local api = alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005, tries = 1 } }
    local run = assert(jobs.run(api, "M44", { parameters = JSON, set_id = set_id() }))
    place.change { op = "faults", spec = "GET jobs=@1:html,GET jobs=@2-4:reset" }
    assert.is_true(jobs.ended_well(assert(jobs.follow(api, run, { pause = 0.001 }))))
    place.change { op = "faults", spec = "GET jobs=1:reset" }
    local instance, message = jobs.follow(api, run, { pause = 0.001 })
    assert.is_nil(instance)
    assert.truthy(message:find("GET /conf/jobs/M44/instances/", 1, true), message)
    local _, _, code = jobs.follow(api, "1234", { pause = 0.001 })
    assert.truthy(code)
  end)

  it("are followed in a task that can be ended", function()
    place.change { op = "latency", spec = "0,job=3600" }
    local api = client()
    local run = assert(jobs.run(api, "M44", { parameters = JSON, set_id = set_id() }))
    local _, _, code = task.run(function() return task.with_timeout(0.05, jobs.follow, api, run) end)
    assert.are.equal("timeout", code)
  end)

  it("end badly when something fails in them, and say so", function()
    place.change { op = "faults", spec = "POST jobs=@1:fails" }
    local api = client()
    local instance = assert(jobs.follow(api, assert(jobs.run(api, "M44", { parameters = JSON, set_id = set_id() }))))
    assert.are.equal("COMPLETED_FAILED", instance.status.value)
    assert.is_false(jobs.ended_well(instance))
    assert.are.equal(1, (jobs.counters(instance))["label.records.failed"])
  end)

  for _, fault in ipairs { "lost", "500after", "cut", "type", "504=0" } do
    it("are started once when the answer is " .. fault, function()
      place.change { op = "faults", spec = "POST jobs=@1:" .. fault }
      local api, before = client(), posts()
      local run = assert(jobs.run(api, "M44", { parameters = XML, set_id = set_id(), name = "Once " .. fault }))
      assert.are.equal(before + 1, posts())
      assert.are.equal("Once " .. fault, assert(jobs.instance(api, run.id)).name)
    end)
  end

  it("are not started again when nobody can tell, and the message says what to look for", function()
    for _, fault in ipairs { "reset", "500", "html" } do
      place.change { op = "faults", spec = "POST jobs=@1:" .. fault }
      local api, before = client(), posts()
      local run, message, _, detail = jobs.run(api, "M48", { parameters = XML, set_id = set_id(), name = "Nobody knows" })
      assert.is_nil(run)
      assert.is_true(detail.unclear)
      assert.truthy(message:find("whether the run 'Nobody knows' of job M48 (under Monitor Jobs) was started: look", 1, true), message)
      assert.are.equal(before + 1, posts())
    end
  end)

  it("are found although the list of runs lags behind", function()
    place.change { { op = "faults", spec = "POST jobs=@1:lost" }, { op = "latency", spec = "0,job=0,lag=0.05" } }
    local api = alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.02, longest = 0.2 } }
    assert(jobs.run(api, "M44", { parameters = XML, set_id = set_id(), name = "Late" }))
  end)

  it("are not taken for somebody else's run of the same job", function()
    local api = client()
    assert(jobs.run(api, "M302", { parameters = XML, set_id = set_id(), name = "Theirs" }))
    place.change { op = "faults", spec = "POST jobs=@1:reset" }
    local run, _, _, detail = jobs.run(api, "M302", { parameters = XML, set_id = set_id(), name = "Ours" })
    assert.is_nil(run)
    assert.is_true(detail.unclear)
  end)

  it("that ran or go on under a name are not started again with `once`, those that failed are", function()
    local api = client()
    local options = { parameters = XML, set_id = set_id(), name = "Every Monday", once = true }
    local first, earlier = assert(jobs.run(api, "M303", options))
    assert.is_false(earlier)
    local second
    second, earlier = assert(jobs.run(api, "M303", options))
    assert.is_true(earlier)
    assert.are.equal(first.id, second.id)
    place.change { op = "faults", spec = "POST jobs=@1:fails" }
    options.name = "It fails"
    first = assert(jobs.run(api, "M303", options))
    second, earlier = assert(jobs.run(api, "M303", options))
    assert.is_false(earlier)
    assert.are_not.equal(first.id, second.id)
    assert.has_error(function() jobs.run(api, "M303", { once = true }) end, "jobs.run: 'once' needs the name of the run")
  end)

  it("have their name although Alma writes the time behind it, and not that of another one", function()
    for name, is_it in pairs { ["Maps"] = true, ["Maps - 04/15/2015 16:07"] = true, ["Maps 2"] = false, ["Maps - old"] = false,
      ["maps"] = false, ["Old Maps"] = false } do
      scripted.alma(function(method)
        if method == "POST" then return { id = "M44", additional_info = { link = "/conf/jobs/M44/instances/77" } } end
        return { total_record_count = 1, job_instance = { { id = "5", name = name, status = { value = "RUNNING" } } } }
      end, function(api)
        local run, earlier = assert(jobs.run(api, "M44", { parameters = JSON, name = "Maps", once = true }))
        assert.are.same({ is_it and "5" or "77", is_it }, { run.id, earlier }, name)
      end)
    end
  end)

  it("that Alma may not run now are told, or waited for", function()
    place.change { op = "latency", spec = "0,job=600" }
    local api = client()
    for i = 1, 3 do assert(jobs.run(api, "M30" .. i, { parameters = XML, set_id = set_id() })) end
    local before = posts()
    local _, message, code, detail = jobs.run(api, "M304", { parameters = XML, set_id = set_id() })
    assert.are.equal("conflict", code)
    assert.is_false(detail.unclear)
    assert.truthy(message:find("at most 3 jobs", 1, true), message)
    assert.are.equal(before + 1, posts())
    local waiting = task.spawn(jobs.run, api, "M304", { parameters = XML, set_id = set_id(), wait = 600, pause = 0.05 })
    while posts() == before + 1 do task.sleep(0.02) end   -- it was refused once
    place.change { op = "clock", seconds = ahead + 1000 }
    assert(waiting:await())
  end)

  it("that overlap or come too often are told so", function()
    local api = client()
    place.change { op = "latency", spec = "0,job=600" }
    assert(jobs.run(api, "S403"))
    local _, message = jobs.run(api, "S403")
    assert.truthy(message:find("runs already", 1, true), message)
    place.change { { op = "latency", spec = "0,job=0" }, { op = "clock", seconds = ahead + 1000 } }
    for _ = 1, 5 do assert(jobs.run(api, "M307", { parameters = XML, set_id = set_id() })) end
    _, message = jobs.run(api, "M307", { parameters = XML, set_id = set_id() })
    assert.truthy(message:find("5 times an hour", 1, true), message)
  end)

  it("without what they need are refused in Alma's words, and nothing is unclear", function()
    local api = client()
    local run, message, code, detail = jobs.run(api, "M44", { parameters = { set_id = "1" } })
    assert.is_nil(run)
    assert.are.equal("status", code)
    assert.is_false(detail.unclear)
    assert.truthy(message:find("402228", 1, true), message)
    for _, job in ipairs { "M48", "M301", "M304" } do
      run, message = jobs.run(api, job, { parameters = JSON, set_id = set_id() })
      assert.is_nil(run)
      assert.truthy(message:find("402228", 1, true), message)
    end
    run, message = jobs.run(api, "M44", { parameters = "<jobs/>" })
    assert.is_nil(run)
    assert.truthy(message:find("is no <job>", 1, true))
  end)

  it("have their runs by day and status", function()
    local api = client()
    local run = assert(jobs.run(api, "M305", { parameters = XML, set_id = set_id() }))
    local all = { from = "2020-01-01", to = "2100-01-01" }
    assert.are.equal(run.id, assert(jobs.instances(api, "M305", all))[1].id)
    all.status = "COMPLETED_FAILED"
    assert.are.same({}, assert(jobs.instances(api, "M305", all)))
    assert.are.same({}, assert(jobs.instances(api, "M305", { from = "2020-01-01", to = "2020-01-02" })))
  end)

  it("of an import leave records, matches and, for users, events", function()
    local api = client()
    local run = assert(profiles.run(api, "MARC records by FTP"))
    local instance = assert(jobs.follow(api, run))
    assert.are.equal("S402", instance.job_info.id)
    assert.are.equal("CREATE_SET", instance.action[1].type.value)
    local folder <close> = setmetatable({ path = core.files.temp_folder() },
      { __close = function(self) core.files.remove(self.path, { tree = true }) end })
    for format, first in pairs { XML = "<?xml", BINARY = "00" } do
      local path = assert(jobs.download(api, run, folder.path .. "/" .. format, { format = format }))
      assert.are.equal(first, core.files.head(path, #first))
    end
    local _, records = assert(core.files.read(folder.path .. "/BINARY")):gsub("\29", "")
    assert.are.equal(10, records)
    assert.are.equal(10, #assert(jobs.matches(api, run, "SINGLE_MATCHES")))
    assert.are.same({}, assert(jobs.matches(api, run, "MULTI_MATCHES")))
    local _, message = jobs.events(api, run)
    assert.truthy(message:find("60332", 1, true), message)
  end)

  it("are not missing in Alma when their records have no folder to go to", function()
    local api = client()
    local run = assert(jobs.run(api, "S401"))
    local path, _, code = jobs.download(api, run, "/none/such/folder/x.xml")
    assert.are.same({ nil, "io" }, { path, code })
  end)

  it("of import profiles are found by the profile", function()
    local api = client()
    assert.are.equal(5, #assert(profiles.list(api)))
    local digital = assert(profiles.list(api, { type = "REPOSITORY", ie_type = "DIGITAL" }))
    assert.are.equal(4, #digital)
    assert.are.equal("Digital ingest", digital[1].name)
    assert.are.equal("S401", profiles.job(api, assert(profiles.find(api, digital[1].id))))
    assert.are.equal("S401", profiles.job(api, { id = digital[1].id }))
    local _, _, code = profiles.get(api, "1")
    assert.are.equal("missing", code)
  end)

  it("answer as Alma's schemas say", function()
    if not schema.available() then return pending "../shared is absent" end
    assert(jobs.run(client(), "S401"))
    place.change { op = "latency", spec = "0,job=600" }
    assert(jobs.run(client(), "M306", { parameters = XML, set_id = set_id() }))
    local days = "?submit_date_from=2020-01-01&submit_date_to=2100-01-01&status="
    for path, name in pairs { ["/conf/jobs?limit=100"] = "rest_jobs", ["/conf/jobs/M44"] = "rest_job",
      ["/conf/jobs/S401/instances" .. days] = "rest_job_instances", ["/conf/jobs/M306/instances" .. days] = "rest_job_instances",
      ["/conf/md-import-profiles"] = "rest_import_profiles", ["/conf/md-import-profiles/3152547460009001"] = "rest_import_profile" } do
      local answer = place.call("GET", path)
      assert.are.equal(200, answer.status, path)
      assert(schema.json(answer.data, name))
    end
  end)

  it("need the right on Configuration", function()
    local api = alma.new { url = place.url, key = "rehearsal-read-only", rate = 5000 }
    assert(jobs.list(api))
    local _, message, code = jobs.run(api, "M44", { parameters = XML })
    assert.are.equal("auth", code)
    assert.truthy(message:find("Configuration", 1, true), message)
  end)
end)

describe("the status of a run", function()
  it("says whether it is over, and whether well", function()
    for _, status in ipairs { "QUEUED", "PENDING", "INITIALIZING", "RUNNING", "FINALIZING", "SOMETHING_NEW", "" } do
      assert.is_false(jobs.is_final(status), status)
    end
    for _, status in ipairs { "COMPLETED_SUCCESS", "COMPLETED_WARNING", "COMPLETED_NO_BULKS" } do
      assert.is_true(jobs.is_final(status) and jobs.ended_well(status), status)
    end
    for _, status in ipairs { "COMPLETED_FAILED", "FAILED", "FAILED_X", "USER_ABORTED", "SYSTEM_ABORTED", "MANUAL_HANDLING_REQUIRED",
      "SKIPPED" } do
      assert.is_true(jobs.is_final { status = { value = status } }, status)
      assert.is_false(jobs.ended_well { status = { value = status } }, status)
    end
  end)

  it("and its progress are taken as Alma gives them, but no more than 100", function()
    for given, wanted in pairs { [101.3] = 100, [-1] = 0, [55.5] = 55.5 } do
      scripted.alma(function()
        return { id = "1", progress = given, status = { value = "RUNNING" }, action = { "string" } }
      end, function(client)
        assert.are.equal(wanted, assert(jobs.instance(client, "1", "M1")).progress)
      end)
    end
  end)

  it("is left out of the question for all runs where Alma refuses an empty one", function()
    scripted.run(function(request)
      if request:query():find "status=" then
        return request:reply { status = 400, body = scripted.error_body("40166410", "Invalid status.") }
      end
      request:reply { status = 200, body = '{"job_instance":[{"id":"1"}],"total_record_count":1}' }
    end, function(url)
      local api = alma.new { url = url, key = "k", rate = 10000 }
      assert.are.equal("1", assert(jobs.instances(api, "M1"))[1].id)
      local list, message = jobs.instances(api, "M1", { status = "WRONG" })
      assert.is_nil(list)
      assert.truthy(message:find("40166410", 1, true), message)
    end)
  end)

  it("comes with counters that are text or numbers, and with none", function()
    assert.are.same({}, (jobs.counters {}))
    local by_code, list = jobs.counters { counter = { { type = { value = "FTP has failed.", desc = "" }, value = "Download zip" },
      { type = { value = "4", desc = "New" }, value = "66" } } }
    assert.are.same({ ["FTP has failed."] = "Download zip", ["4"] = 66 }, by_code)
    assert.are.equal("FTP has failed.", list[1].label)
  end)
end)
