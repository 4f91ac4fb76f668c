-- Answers that no Alma gives, for jobs, profiles, analytics, tables, libraries, deposits and requests: each call ends with a
-- value or with a message, never with an error of the program.
local alma = require "almanac.alma"
local hostile = require "almanac.rehearsal.api.hostile"
local rehearsal = require "support.rehearsal"

local MMS = "991000000010009001"
local REPORT = "/shared/Rehearsal Library/Reports/Titles"

describe("hostile answers", function()
  local place, run, folder

  setup(function()
    place = rehearsal.start { memory = true, args = { "--rate", "0", "--latency", "0,job=0" } }
    local api = alma.new { url = place.url, key = place.key, rate = 5000 }
    run = assert(alma.profiles.run(api, "MARC records by FTP"))
    folder = place.folder
  end)
  teardown(function() if place then place.stop() end end)

  local READS = {
    function(api) return alma.jobs.list(api) end, function(api) return alma.jobs.find(api, "Export Bibliographic Records") end,
    function(api) return alma.jobs.instances(api, "S402") end, function(api) return alma.jobs.instance(api, run.id) end,
    function(api) return alma.jobs.follow(api, run, { pause = 0.001, wait = 0.01 }) end,
    function(api)
      local instance, message = alma.jobs.instance(api, run.id)
      if not instance then return nil, message end
      return { alma.jobs.counters(instance), alma.jobs.alerts(instance), alma.jobs.ended_well(instance) }
    end,
    function(api) return alma.jobs.matches(api, run, "SINGLE_MATCHES") end,
    function(api) return alma.jobs.download(api, run, folder .. "/records", { format = "XML" }) end,
    function(api) return alma.jobs.run(api, "S403") end,
    function(api) return alma.profiles.list(api) end, function(api) return alma.profiles.run(api, "Digital ingest") end,
    function(api) return alma.analytics.rows(api, REPORT, { pause = 0.001, wait = 0.01 }) end,
    function(api) return alma.analytics.paths(api, "/shared") end,
    function(api) return alma.tables.list(api) end, function(api) return alma.tables.get(api, "SetType") end,
    function(api) return alma.tables.list(api, "mapping") end,
    function(api) return alma.tables.update(api, "RepresentationUsageType", function(rows) rows[1].description = "x" end) end,
    function(api) return alma.tables.get(api, "WorkOrderTypeStatuses", { kind = "mapping" }) end,
    function(api) return alma.libraries.list(api) end, function(api) return alma.libraries.locations(api, "MAIN") end,
    function(api) return alma.libraries.desks(api, "MAIN") end, function(api) return alma.libraries.departments(api) end,
    function(api)
      return alma.libraries.create_location(api, "MAIN", { code = "x", name = "X", type = { value = "OPEN" } })
    end,
    function(api) return alma.libraries.delete_location(api, "MAIN", "x") end,
    function(api) return alma.deposits.list(api, "student") end, function(api) return alma.deposits.profiles(api) end,
    function(api) return alma.deposits.create(api, "student", { mms_id = MMS, rep_id = "1" }) end,
    function(api) return alma.requests.list(api, { mms_id = MMS }) end,
    function(api) return alma.requests.list(api, { user_id = "student" }) end,
    function(api)
      return alma.requests.create(api, { mms_id = MMS }, { request_type = "DIGITIZATION", partial_digitization = false })
    end,
  }

  for _, form in ipairs(hostile.forms) do
    it("of the form " .. form[1] .. " end each call in order", function()
      local api = alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.0001, longest = 0.0002, tries = 2 } }
      for i, read in ipairs(READS) do
        place.change { op = "faults", spec = "*=1:hostile=" .. form[1] }
        local ok, value, message = pcall(read, api)
        assert.is_true(ok, ("%d: %s"):format(i, tostring(value)))
        assert.is_true(value ~= nil or type(message) == "string", ("%d: neither value nor message"):format(i))
      end
    end)
  end
end)
