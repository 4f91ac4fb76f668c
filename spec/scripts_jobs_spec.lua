-- Scripts that come with almanac, against the rehearsal: a report of Analytics, a job on a set, open digitization requests,
-- deposits to review.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

local REPORT = "/shared/Rehearsal Library/Reports/Titles"
local PARAMETERS = [[<job><parameters><parameter><name>set_id</name><value>1</value></parameter>
  <parameter><name>job_name</name><value>saved</value></parameter></parameters></job>]]

describe("the script", function()
  local at = desk.each(before_each, after_each)

  local function script(name, ...) return at.almanac("exec", name, ...) end

  -- The runs that were started.
  local function started() return at.alma.calls().routes["POST /conf/jobs/{job_id}"] or 0 end

  describe("analytics-report", function()
    it("writes all rows under the report's headings", function()
      at.start(desk.single(60))
      local result = script("analytics-report", "--report", REPORT)
      assert.are.equal(0, result.status)
      assert.truthy(result.out:find("^MMS Id,Title,Bibliographic Format\n"), result.out)
      assert.truthy(result.out:find(desk.id(60) .. ",Title 60,marc21", 1, true), result.out)
      assert.are.equal("60 rows\n", result.err)
      at.run("exec", "analytics-report", "--report", REPORT, "--output", "out.csv")
      assert.are.equal(result.out, program.read(at.folder .. "/out.csv"))
    end)

    it("writes a list of one's own that the rehearsal serves, empty cells and quotes too", function()
      program.write(at.folder .. "/r.csv", 'Name,Note\n"A, B",\n=1+1,"say ""x"""\n')
      at.start(desk.single(1), "--report", "/shared/x/Mine=" .. at.folder .. "/r.csv")
      local result = script("analytics-report", "--report", "/shared/x/Mine")
      assert.are.equal("Name,Note\n\"A, B\",\n'=1+1,\"say \"\"x\"\"\"\n", result.out)
    end)

    it("takes a filter from a file", function()
      at.start(desk.single(3))
      program.write(at.folder .. "/f.xml", ([[<sawx:expr xsi:type="sawx:comparison" op="equal"
        xmlns:sawx="com.siebel.analytics.web/expression/v1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        xmlns:xsd="http://www.w3.org/2001/XMLSchema"><sawx:expr xsi:type="sawx:sqlExpression">"Bibliographic Details"."MMS Id"</sawx:expr>
        <sawx:expr xsi:type="xsd:string">%s</sawx:expr></sawx:expr>]]):format(desk.id(2)))
      assert.are.equal("1 rows\n", script("analytics-report", "--report", REPORT, "--filter", "f.xml").err)
      program.write(at.folder .. "/f.xml", "no")
      local result = script("analytics-report", "--report", REPORT, "--filter", "f.xml")
      assert.are.same({ 1, "" }, { result.status, result.out })
      assert.truthy(result.err:find("f.xml: is no XML", 1, true), result.err)
    end)

    it("leaves no file that is not complete", function()
      at.start(desk.single(3))
      at.alma.change { op = "faults", spec = "GET analytics=@3-99:500" }
      local result = script("analytics-report", "--report", "/shared/none", "--output", "out.csv")
      assert.are.equal(1, result.status)
      assert.truthy(result.err:find("path not found (/shared/none)", 1, true), result.err)
      assert.is_nil(io.open(at.folder .. "/out.csv"))
    end)
  end)

  describe("run-job", function()
    local function start(...)
      at.start(desk.single(4), "--latency", "0,job=0", ...)
      program.write(at.folder .. "/job.xml", PARAMETERS)
      at.alma.change { op = "add_set", name = "Mine", members = { desk.id(1), desk.id(2) } }
    end

    local JOB = { "run-job", "--job", "Export Bibliographic Records", "--set", "Mine", "--parameters", "job.xml" }

    it("runs a job on a set, waits and tells what it counted", function()
      start()
      local result = script(table.unpack(JOB))
      assert.are.equal(0, result.status, result.err)
      assert.are.equal("Total records processed: 2\nRecords succeeded: 2\nRecords failed: 0\n", result.out)
      assert.truthy(result.err:find("of Export Bibliographic Records was started", 1, true), result.err)
    end)

    it("follows the same run when it is called again, and starts another with --again", function()
      start()
      script(table.unpack(JOB))
      local result = script(table.unpack(JOB))
      assert.are.equal(0, result.status, result.err)
      assert.truthy(result.err:find("was started before, under the name Export Bibliographic Records - Mine - ", 1, true), result.err)
      assert.are.equal(1, started())
      local again = table.move(JOB, 1, #JOB, 1, {})
      again[#again + 1] = "--again"
      assert.are.equal(0, script(table.unpack(again)).status)
      assert.are.equal(2, started())
    end)

    it("starts it once when the answer is lost", function()
      start("--faults", "POST jobs=@1:lost")
      local result = script(table.unpack(JOB))
      assert.are.equal(0, result.status, result.err)
      assert.are.equal(1, started())
    end)

    it("follows the same run when it was killed and is called again", function()
      start()
      at.alma.change { op = "latency", spec = "0,job=3600" }
      local running <close> = program.start({ "exec", table.unpack(JOB) }, { folder = at.folder, env = at.env })
      while started() == 0 do core.sys.sleep(0.01) end
      while at.alma.call("GET", "/conf/jobs/M44/instances?submit_date_from=&submit_date_to=&status=").data.total_record_count == 0 do
        core.sys.sleep(0.01)
      end
      running.signal "KILL"
      running.wait()
      at.alma.change { op = "clock", seconds = 7200 }
      local result = script(table.unpack(JOB))
      assert.are.equal(0, result.status, result.err)
      assert.truthy(result.err:find("was started before", 1, true), result.err)
      assert.are.equal(1, started())
    end)

    it("ends with status 2 when the job ended badly", function()
      start("--faults", "POST jobs=@1:fails")
      local result = script(table.unpack(JOB))
      assert.are.equal(2, result.status)
      assert.truthy(result.out:find("Records failed: 1", 1, true), result.out)
      assert.truthy(result.err:find("the run ended badly (COMPLETED_FAILED)", 1, true), result.err)
    end)

    it("runs a scheduled job without parameters, and says what a manual one lacks", function()
      start()
      assert.are.equal(0, script("run-job", "--job", "S403").status)
      local result = script("run-job", "--job", "M44", "--set", "Mine")
      assert.are.equal(1, result.status)
      assert.truthy(result.err:find("Export Bibliographic Records needs its parameters", 1, true), result.err)
      assert.truthy(script("run-job", "--job", "Export Bibliographic").err:find("did you mean 'Export Bibliographic Records'", 1, true))
    end)

    it("can be replayed on another day than it was recorded", function()
      start()
      local replayed = { "exec", "--replay", "tape", table.unpack(JOB) }
      local result = at.almanac("exec", "--record", "tape", table.unpack(JOB))
      assert.are.equal(0, result.status, result.err)
      assert.are.equal(result.out, at.almanac(table.unpack(replayed)).out)
      local function earlier(text, days)
        return (text:gsub("(%d%d%d%d)%-(%d%d)%-(%d%d)", function(year, month, day)
          return os.date("%Y-%m-%d", os.time { year = year, month = month, day = day - days, hour = 12 })
        end))
      end
      program.write(at.folder .. "/tape", earlier(program.read(at.folder .. "/tape"), 40))
      local again = at.almanac(table.unpack(replayed))
      assert.are.equal(0, again.status, again.err)
      assert.are.equal(result.out, again.out)
    end)

    it("sends nothing in a dry run", function()
      start()
      local result = at.almanac("exec", "--dry-run", table.unpack(JOB))
      assert.are.equal(0, started())
      assert.truthy((result.out .. result.err):find("POST /conf/jobs/M44", 1, true), result.out .. result.err)
    end)
  end)

  describe("open-digitization-requests", function()
    local HEAD = "mms_id,title,request_id,for,status,step,date,partial,comment\n"

    it("lists those of a set, a list or a report of Analytics", function()
      at.start(desk.single(3))
      at.alma.change { { op = "add_request", mms_id = desk.id(1), comment = "For the exhibition" },
        { op = "add_request", mms_id = desk.id(3), user_id = "student" },
        { op = "add_request", mms_id = desk.id(2), type = "HOLD", user_id = "student" },
        { op = "add_set", name = "All", members = { desk.id(1), desk.id(2), desk.id(3) } } }
      program.write(at.folder .. "/list.csv", ("mms_id\n%s\n%s\n%s\n"):format(desk.id(1), desk.id(2), desk.id(3)))
      local result = script("open-digitization-requests", "--set", "All")
      assert.are.equal(0, result.status, result.err)
      assert.are.equal(HEAD, result.out:match "^[^\n]*\n")
      assert.truthy(result.out:find(desk.id(1) .. ",Title 1,'?%d+,,NOT_STARTED,Pickup From Shelf,[^,]+,no,For the exhibition\n"),
        result.out)
      assert.truthy(result.out:find(desk.id(3) .. ",Title 3,'?%d+,student,NOT_STARTED"), result.out)
      assert.are.equal(3, select(2, result.out:gsub("\n", "")))
      assert.are.equal(result.out, script("open-digitization-requests", "--list", "list.csv").out)
      assert.are.equal(result.out, script("open-digitization-requests", "--report", REPORT).out)
      assert.are.equal(result.out, script("open-digitization-requests", "--report",
        "/shared/Rehearsal Library/Reports/Digitization requests").out)
    end)

    it("says which titles Alma does not tell about, and ends with status 2", function()
      at.start(desk.single(1))
      program.write(at.folder .. "/list.csv", ("mms_id\n%s\n%s\n"):format(desk.id(1), desk.id(9)))
      local result = script("open-digitization-requests", "--list", "list.csv")
      assert.are.equal(2, result.status)
      assert.are.equal(HEAD, result.out)
      assert.truthy(result.err:find(desk.id(9) .. ": ", 1, true), result.err)
    end)

    it("needs titles from one place", function()
      at.start(desk.single(1))
      assert.truthy(script("open-digitization-requests").err:find("give a set or a list", 1, true))
      local result = script("open-digitization-requests", "--report", REPORT, "--set", "x")
      assert.truthy(result.err:find("give one of --set, --list and --report", 1, true), result.err)
    end)
  end)

  describe("deposits-to-review", function()
    it("lists what waits, of people that are named or in a list", function()
      at.start(desk.single(1))
      at.alma.change { { op = "add_deposit", user_id = "student", title = "A thesis", notes = "Chapter 3" },
        { op = "add_deposit", user_id = "student", title = "Not yet", status = "DRAFT" },
        { op = "add_deposit", user_id = "archivist", title = "Gone", status = "WITHDRAWN" } }
      program.write(at.folder .. "/people.csv", "Name,User ID\nSam,student\nAda,archivist\nSam,student\n")
      local result = script("deposits-to-review", "--list", "people.csv")
      assert.are.equal(0, result.status, result.err)
      assert.are.equal(2, select(2, result.out:gsub("\n", "")))
      assert.truthy(result.out:find("\n'?student,'?%d+,A thesis,Theses,Submitted,[^,]+,[^,]+,,,Chapter 3\n"), result.out)
      assert.are.equal(result.out, script("deposits-to-review", "--user", "student,archivist").out)
      assert.truthy(script("deposits-to-review", "--user", "student", "--status", "DRAFT").out:find("Not yet", 1, true))
    end)

    it("says which people Alma does not know", function()
      at.start(desk.single(1))
      local result = script("deposits-to-review", "--user", "student", "--user", "nobody")
      assert.are.equal(2, result.status)
      assert.truthy(result.err:find("nobody: ", 1, true), result.err)
      result = script "deposits-to-review"
      assert.are.equal(1, result.status)
      assert.truthy(result.err:find("give people", 1, true), result.err)
    end)
  end)

  it("that may not read what it needs ends with one line that names the area", function()
    at.start(desk.single(1))
    at.env.ALMA_API_KEY = "rehearsal-bibs-only"
    for name, area in pairs { ["analytics-report"] = "Analytics", ["deposits-to-review"] = "Users", ["run-job"] = "Configuration" } do
      local arguments = { ["analytics-report"] = { "--report", REPORT }, ["deposits-to-review"] = { "--user", "student" },
        ["run-job"] = { "--job", "M44" } }
      local result = script(name, table.unpack(arguments[name]))
      assert.are.equal(1, result.status, name)
      assert.truthy(result.err:find(area, 1, true), result.err)
    end
  end)
end)
