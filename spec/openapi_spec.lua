-- What other specs hold requests and answers against can tell right from wrong.
local alma = require "almanac.alma"
local core = require "almanac.core"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local scripted = require "support.scripted"
local task = require "almanac.task"

local function read(name) return assert(core.files.read("../shared/alma/recorded/" .. name, 1 << 24)) end

describe("Alma's descriptions", function()
  if openapi.missing() then return pending(openapi.missing()) end

  local REPS = "/bibs/99939650000541/representations"

  -- Not those that are older than a field that is required now (a library's id), or that were
  -- copied from a documentation with "string" in place of an object.
  it("take the recorded answers of their calls", function()
    for name, path in pairs {
      ["bibsys/representation.json"] = REPS .. "/1", ["bibsys/representations.json"] = REPS,
      ["bibsys/representation.xml"] = REPS .. "/1", ["bibsys/representations.xml"] = REPS,
      ["harvard/harvard_representation_files_list.xml"] = REPS .. "/1/files",
      ["harvard/harvard_representations_list.xml"] = REPS,
      ["oslo/bib_response.json"] = "/bibs/1", ["oslo/bib_response.xml"] = "/bibs/1", ["oslo/file_response.json"] = REPS .. "/1/files/2",
      ["oslo/files_response.json"] = REPS .. "/1/files", ["oslo/representation_response.json"] = REPS .. "/1",
      ["oslo/representations_response.json"] = REPS, ["oslo/analytics_response.xml"] = "/analytics/reports",
      ["slsp/set_NZ_TEST_RRE_123b1.xml"] = "/conf/sets/1",
      ["temple/item_from_barcode.json"] = "/bibs/1/holdings/2/items/3", ["temple/multiple_bibs.json"] = "/bibs",
      ["princeton/two_bibs.json"] = "/bibs", ["synthetic/set_members_page.json"] = "/conf/sets/1/members",
      ["synthetic/general_ingest_form.json"] = "/conf/general",
      ["oslo/job_response.json"] = "/conf/jobs/1", ["oslo/jobs_response.json"] = "/conf/jobs",
    } do
      assert.is_nil(openapi.answer_problem("GET", path, read(name)), name)
    end
  end)

  it("refuse an answer with what no description has", function()
    for words, case in pairs {
      ["rest_set.member_count is not in the schema"] = { "/conf/sets/1", { id = "1", name = "n", member_count = 3 } },
      ["rest_job.id is a integer, not a string"] = { "/conf/jobs/1", { id = 1 } },
      ["rest_representation has no .labell"] = { REPS .. "/1", { id = "1", labell = "x" } },
      ["rest_representations has no .representation.pid"] = { REPS, { representation = { { pid = "1" } }, total_record_count = 1 } },
      ["rest_holding has no holding/callnumber"] = { "/bibs/1/holdings/2", "<holding><callnumber>x</callnumber></holding>" },
      ["Alma has no path /conf/set"] = { "/conf/set", {} },
    } do
      local wrong = openapi.answer_problem("GET", case[1], case[2])
      assert.truthy(wrong and wrong:find(words, 1, true), wrong)
    end
    assert.truthy(openapi.answer_problem("GET", "/conf/sets", true))
    assert.is_nil(openapi.answer_problem("DELETE", "/conf/sets/1", true))
  end)

  local function problem(method, path, body)
    return openapi.problem { method = method, path = path, body = body,
      query = method == "POST" and path:find "/sets/1$" and { op = "add_members" } or nil }
  end

  it("take bodies that are right: tables and XML", function()
    assert.is_nil(problem("POST", "/conf/sets", { name = "n", type = { value = "ITEMIZED" }, content = { value = "BIB_MMS" } }))
    assert.is_nil(problem("POST", "/conf/sets/1", { members = { member = { { id = "1" } } } }))
    assert.is_nil(problem("POST", "/bibs", "<bib><record_format>dc</record_format><record><x/></record></bib>"))
    assert.is_nil(problem("PUT", "/bibs/1", "<bib><mms_id>1</mms_id><cataloging_level>20</cataloging_level><record/></bib>"))
    assert.is_nil(problem("POST", "/bibs/1/holdings",
      "<holding><suppress_from_publishing>false</suppress_from_publishing><record/></holding>"))
    assert.is_nil(problem("POST", "/bibs/collections/8/bibs", { mms_id = "1" }))
    assert.is_nil(problem("PUT", REPS .. "/1/files/2", { label = "x" }))
  end)

  it("take what others sent to Alma", function()
    for name, case in pairs {
      ["harvard/harvard_post_file_request.json"] = { "POST", REPS .. "/1/files" },
      ["harvard/harvard_post_representation_request.xml"] = { "POST", REPS },
      ["slsp/config_job_parameters1.xml"] = { "POST", "/conf/jobs/M1" },
    } do
      local query = case[2]:find "jobs" and { op = "run" } or nil
      assert.is_nil(openapi.problem { method = case[1], path = case[2], query = query, body = read(name) })
    end
  end)

  it("refuse bodies that are not", function()
    for words, case in pairs {
      ["rest_set-post.nmae is not in the schema"] = { "POST", "/conf/sets", { nmae = "n" } },
      ["rest_set-put.members is not in the schema"] = { "PUT", "/conf/sets/1", { members = {} } },
      ["the XSD has no field labell"] = { "PUT", REPS .. "/1/files/2", { labell = "x" } },
      ["field path can't be sent by PUT"] = { "PUT", REPS .. "/1/files/2", { label = "x", path = "p" } },
      ["mandatory field library is missing"] = { "POST", REPS, { is_remote = false, usage_type = { value = "x" } } },
      ["field mms_id can't be sent by POST"] = { "POST", "/bibs", "<bib><mms_id>1</mms_id><record/></bib>" },
      ["<record> is no rest_bib"] = { "POST", "/bibs", "<record/>" },
      ["this call takes no JSON"] = { "POST", "/bibs", { record = "x" } },
      ["only mms_id goes there, not title"] = { "POST", "/bibs/collections/8/bibs", { title = "1" } },
      ["a body is sent, none is described"] = { "POST", "/conf/test", {} },
    } do
      local wrong = problem(case[1], case[2], case[3])
      assert.truthy(wrong and wrong:find(words, 1, true), words .. ": " .. tostring(wrong))
    end
  end)

  it("hold a client: what it sends, and what it is answered", function()
    local world <close> = rehearsal.start { args = { "--rate", "0" } }
    task.run(function()
      local client = openapi.hold(alma.new { url = world.url, key = world.key })
      assert(client:call { name = "get_general" })
      assert(client:call { path = { "conf", "sets" }, query = { limit = 5 } })
      assert.has_error(function() client:call { path = { "conf", "nothing" }, unchecked = true } end, "Alma has no path /conf/nothing")
    end)
    scripted.run(function(asked)
      asked:reply { status = 200, body = '{"sets":[]}', headers = { ["Content-Type"] = "application/json" } }
    end, function(url)
      local client = openapi.hold(alma.new { url = url, key = "k" })
      assert.has_error(function() client:call { name = "list_sets" } end,
        "GET /almaws/v1/conf/sets: rest_sets.sets is not in the schema")
    end)
  end)
end)
