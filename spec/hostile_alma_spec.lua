-- A whole run against an Alma that answers what no Alma does: nothing is
-- written where it does not belong, nothing ends in a traceback, and the exit
-- status says what happened.
local core = require "almanac.core"
local desk_module = require "support.desk"
local hostile = require "almanac.rehearsal.api.hostile"
local oai = require "almanac.oai"
local program = require "support.program"
local sru = require "almanac.sru"

local TITLES = 12                             -- one and more for each form
local EACH = ("@1-%d:hostile"):format(#hostile.forms)
local OUTSIDE = "/tmp/almanac-hostile"        -- where the form "path" leads

describe("against a hostile Alma", function()
  local desk = desk_module.each(before_each, after_each)

  local function almanac(...)
    local result = desk.almanac("exec", program.client, "", ...)
    assert.is_nil((result.out .. result.err):find "traceback", result.out .. result.err)
    assert.is_nil(result.err:find "%.lua:%d", result.err)
    assert.is_nil(core.files.stat(OUTSIDE))
    return result
  end

  local function faults(spec) desk.alma.change { op = "faults", spec = spec } end

  local function plan()
    return almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
  end

  -- Representations by usage type, and the names of files of masters.
  local function state()
    local counts, masters = { PRESERVATION_MASTER = 0, DERIVATIVE_COPY = 0 }, {}
    for _, rep in ipairs(desk.alma.state().representations) do
      counts[rep.usage_type] = counts[rep.usage_type] + 1
      for _, file in ipairs(rep.usage_type == "PRESERVATION_MASTER" and rep.files or {}) do masters[#masters + 1] = file.name end
    end
    return counts, masters
  end

  local function masters_are_untouched()
    local counts, masters = state()
    assert.equal(TITLES, counts.PRESERVATION_MASTER)
    assert.equal(TITLES, #masters)
    for _, name in ipairs(masters) do assert.matches("%.tif$", name) end
    return counts.DERIVATIVE_COPY
  end

  it("a run is planned, applied, verified and taken back, each title once", function()
    desk.start(desk_module.single(TITLES))
    faults(("GET representations=%s,GET files=%s"):format(EACH, EACH))
    assert.equal(2, plan().status)
    faults ""
    os.remove(desk.folder .. "/a.run")
    assert.equal(0, plan().status)

    faults(("POST representations=1:hostile,POST files=1:hostile,GET representations=%s"):format(EACH))
    local applied = almanac("apply", "a.run", "--settle", "0.1")
    assert.is_true(applied.status == 0 or applied.status == 2, applied.err)
    masters_are_untouched()

    faults ""
    assert.equal(0, almanac("apply", "a.run", "--settle", "0.1").status)
    assert.equal(TITLES, masters_are_untouched())
    faults(("GET representations=%s,GET files=%s"):format(EACH, EACH))
    assert.equal(2, almanac("verify", "a.run").status)
    faults ""
    assert.equal(0, almanac("verify", "a.run").status)

    faults(("GET representations=%s,GET files=%s"):format(EACH, EACH))
    assert.equal(2, almanac("undo", "a.run", "--yes").status)
    faults ""
    assert.equal(0, almanac("undo", "a.run", "--yes").status)
    assert.equal(0, masters_are_untouched())
  end)

  it("an answer that spoils the first call says that nothing was started", function()
    desk.start(desk_module.single(1))
    for _, form in ipairs { "path", "null", "type", "nul", "nan", "deep", "empty", "list" } do
      faults("GET conf=@1-9:hostile=" .. form)
      local result = plan()
      assert.equal(1, result.status, form)
      assert.matches("^almanac: GET /conf/general: ", result.err)
    end
  end)

  it("lists of OAI and SRU end, whatever they are told", function()
    desk.start(desk_module.single(3))
    local quick = { tries = 2, first = 0.01, longest = 0.01 }
    for _, form in ipairs(hostile.forms) do
      faults(("GET oai=1:hostile=%s,GET sru=@2-99:hostile=%s"):format(form[1], form[1]))
      for _, list in ipairs {
        assert(assert(oai.new { url = ("%s/view/oai/%s/request"):format(desk.alma.url, desk.alma.inst), rate = 1e6, backoff = quick })
          :list { prefix = "marc21", set = "all_digital_titles" }),
        assert(assert(sru.new { url = ("%s/view/sru/%s"):format(desk.alma.url, desk.alma.inst), rate = 1e6, backoff = quick })
          :search { query = "alma.title=Title" }),
      } do
        local entry, message, code
        repeat entry, message, code = list:next() until not entry
        if message then assert.equal(form[1] == "deep" and "limit" or "parse", code, form[1] .. ": " .. message) end
        assert.is_true(list.count <= 300)
      end
    end
  end)

  it("is to be had by a word, and its forms by theirs", function()
    desk.start(desk_module.single(1), "--faults", "hostile")
    local rules = {}
    for i, rule in ipairs(desk.alma.calls().faults) do rules[i] = rule.rule end
    assert.same({ "*=0.1:hostile", "* oai=0.1:hostile", "* sru=0.1:hostile" }, rules)
    for _, spec in ipairs { "GET=1:hostile=nothing", "GET=1:500=path", "hostile=path" } do
      local refused = program.run { "rehearsal", "--port", "0", "--faults", spec }
      assert.equal(1, refused.status)
      assert.matches("^almanac: %-%-faults: '" .. spec:gsub("%p", "%%%0"), refused.err)
    end
  end)
end)
