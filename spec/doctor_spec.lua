-- doctor and init, with the built program against the rehearsal.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

describe("doctor", function()
  local at = desk.each(before_each, after_each)

  it("says a line for each thing and ends with 0 when all is well", function()
    at.start()
    local result = at.almanac "doctor"
    assert.equal(0, result.status, result.out .. result.err)
    for _, words in ipairs { "almanac " .. core.version:gsub("%p", "%%%0"), at.alma.inst, "may read Bibs", "may write Bibs",
      "3 libraries", "upload form", "clock agrees", "free for the run file", "calls are left today" } do
      assert.matches("\nok [^\n]*" .. words, "\n" .. result.out)
    end
    assert.not_matches("BAD", result.out)
  end)

  it("tries the bucket with AWS keys", function()
    at.start()
    at.env.AWS_ACCESS_KEY_ID, at.env.AWS_SECRET_ACCESS_KEY = at.alma.access_key, at.alma.secret_key
    local result = at.almanac "doctor"
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("ok    bucket [^\n]* takes files", result.out)
    local listing = at.alma.s3("GET", "", { query = { { "list-type", "2" }, { "prefix", at.alma.inst .. "/upload/" } } })
    assert.not_matches("probe", listing.body)
  end)

  it("says what is missing and where it is given", function()
    at.start()
    at.env.ALMA_API_KEY = "rehearsal-read-only"
    local result = at.almanac "doctor"
    assert.equal(1, result.status)
    assert.matches("BAD   [^\n]*Bibs[^\n]*API Keys", result.out)
    assert.matches("ok    [^\n]*may read Bibs", result.out)
    at.env.ALMA_API_KEY = "rehearsal-bibs-only"
    assert.matches("BAD   [^\n]*Configuration[^\n]*API Keys", at.almanac("doctor").out)
    at.env.ALMA_API_KEY = "unknown"
    assert.matches("BAD   [^\n]*does not know this API key", at.almanac("doctor").out)
  end)

  it("says once, with the count, what several calls meet for the same reason", function()
    at.start()
    at.env.ALMA_API_KEY = "unknown"
    local result = at.almanac "doctor"
    assert.matches("\nBAD   GET /conf/general: Alma does not know this API key[^\n]* %(and 2 more like it%)\n", result.out)
    assert.equal(1, select(2, result.out:gsub("BAD", "")))
    assert.matches("1 thing is to be put right", result.err)
    assert.equal(3, select(2, at.almanac("doctor", "--json").out:gsub('"state":"bad"', "")))
    at.env.ALMA_API_KEY = at.alma.key
    at.alma.change { op = "faults", spec = "GET=1:html,POST=1:html" }
    result = at.almanac "doctor"
    assert.matches("\nBAD   GET /bibs/test: [^\n]*web page[^\n]*%(and 1 more like it%)\n", result.out)
    assert.equal(2, select(2, result.out:gsub("BAD", "")))
  end)

  it("says that there are no settings, and what to do", function()
    at.start()
    at.env.ALMA_API_KEY, at.env.ALMANAC_API_URL = false, false
    local result = at.almanac "doctor"
    assert.equal(1, result.status)
    assert.matches("BAD   no Alma server", result.out)
  end)

  it("tells about a server that nobody answers at, once", function()
    at.start()
    local url = at.alma.url
    at.alma.stop()
    at.env.ALMANAC_API_URL = url
    local result = at.almanac "doctor"
    assert.equal(1, result.status)
    local _, lines = result.out:gsub("BAD", "")
    assert.equal(1, lines, result.out)
  end)

  it("looks at a plan as well", function()
    at.start()
    program.write(at.folder .. "/jpg/a.jpg", require "support.picture".JPEG)
    assert.is_true(at.almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "9910000000104146", "-o", "a.run").status ~= 1)
    assert.matches("ok    the plan was made for " .. at.alma.inst, at.almanac("doctor", "a.run").out)
    assert.equal(1, at.almanac("doctor", "none.run").status)
  end)

  it("writes findings as events", function()
    at.start()
    local result = at.almanac("doctor", "--json")
    assert.matches('"event":"finding"', result.out)
    assert.matches('"name":"bucket"', result.out)
  end)
end)

describe("init", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = { HOME = folder, XDG_CONFIG_HOME = false,
      ALMA_API_KEY = false, ALMANAC_API_URL = false, ALMANAC_PROFILE = false } })
  end

  it("writes a configuration for this user alone, which the program reads", function()
    local result = almanac("init", "--region", "eu")
    assert.equal(0, result.status, result.err)
    assert.equal(384, core.files.stat(folder .. "/almanac.conf.lua").mode)
    assert.matches('region = "eu"', program.read(folder .. "/almanac.conf.lua"))
    assert.matches("no API key", almanac("doctor").out)
    assert.matches("no profile 'other'", almanac("doctor", "--profile", "other").out)
  end)

  it("never overwrites one", function()
    program.write(folder .. "/almanac.conf.lua", "return {}\n")
    local result = almanac "init"
    assert.equal(1, result.status)
    assert.matches("left as it is", result.err)
    assert.equal("return {}\n", program.read(folder .. "/almanac.conf.lua"))
  end)

  it("writes into the user's folder when asked", function()
    assert.equal(0, almanac("init", "--user").status)
    assert.is_table(core.files.stat(folder .. "/.config/almanac/almanac.conf.lua"))
  end)
end)
