-- What is looked at before the first write, with the built program against
-- the rehearsal: each thing that is missing is named, and nothing is written.
local desk = require "support.desk"
local program = require "support.program"
local store = require "almanac.run.store"

describe("preflight", function()
  local at = desk.each(before_each, after_each)

  local function plan(...)
    local result = at.plan(...)
    assert.equal(0, result.status, result.err .. result.out)
  end

  -- apply does not start, and says so in these words.
  local function assert_refused(...)
    local result = at.almanac("apply", "a.run")
    assert.equal(1, result.status, result.err)
    for _, words in ipairs { ... } do assert.matches(words, result.err) end
    assert.equal(1, #at.alma.state().representations)
  end

  local function change_plan(sql)
    local db <close> = assert(store.open(at.folder .. "/a.run", "write"))
    assert(db:run(sql))
  end

  local function calls()
    local n = 0
    for _, count in pairs(at.alma.calls().routes) do n = n + count end
    return n
  end

  it("names the right that the key lacks, and where it is given", function()
    at.start { { "a" } }
    plan()
    at.env.ALMA_API_KEY = "rehearsal-read-only"
    assert_refused("Bibs", "read/write", "developers.exlibrisgroup.com > Build > API Keys")
  end)

  it("names the right to read the configuration", function()
    at.start { { "a" } }
    plan()
    at.env.ALMA_API_KEY = "rehearsal-bibs-only"
    assert_refused("Configuration", "API Keys")
  end)

  it("names a library and a usage type that no longer exist", function()
    at.start { { "a" } }
    plan()
    change_plan "UPDATE spec SET spec = json_set(spec, '$.library', 'MAIM')"
    assert_refused("library 'MAIM' does not exist", "did you mean 'MAIN'", "Configuration > General > Libraries")
    change_plan "UPDATE spec SET spec = json_set(spec, '$.library', 'MAIN', '$.usage_type', 'DERIVATE')"
    assert_refused("usage type 'DERIVATE' does not exist", "RepresentationUsageType")
  end)

  it("names a collection that does not exist", function()
    at.start { { "a" } }
    plan()
    change_plan "UPDATE spec SET spec = json_set(spec, '$.collection', '81999')"
    assert_refused("collection 81999 can't be read", "Manage Collections")
  end)

  it("refuses what can't be an access rights policy", function()
    at.start { { "a" } }
    plan()
    change_plan "UPDATE spec SET spec = json_set(spec, '$.access_rights', 'open')"
    assert_refused("'open' can't be an access rights policy", "Access Rights")
  end)

  it("tells of all that is wrong at once", function()
    at.start { { "a" } }
    plan()
    at.use_aws(nil, "wrong")
    change_plan "UPDATE spec SET spec = json_set(spec, '$.library', 'MAIM')"
    assert_refused("library 'MAIM'", "secret key does not belong")
  end)

  it("tries the bucket with AWS keys and leaves nothing in it", function()
    at.start { { "a" } }
    at.use_aws()
    plan()
    local result = at.almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    local listing = at.alma.s3("GET", "", { query = { { "list-type", "2" }, { "prefix", at.alma.inst .. "/upload/" } } })
    assert.equal(200, listing.status)
    assert.not_matches("probe", listing.body)
  end)

  it("says that the AWS secret is wrong, and where keys are made", function()
    at.start { { "a" } }
    plan()
    at.use_aws(nil, "wrong")
    assert_refused("the bucket takes no file", "secret key does not belong")
  end)

  it("says how far the clock is off", function()
    at.start({ { "a" } }, "--clock", "3600")
    plan()
    at.use_aws()
    assert_refused("clock is 3[56]%d%d s", "set it")
  end)

  it("only remarks on the clock where the upload form is used", function()
    at.start({ { "a" } }, "--clock", "120")
    plan()
    local result = at.almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("clock is .* behind of Alma's: set it", result.err)
  end)

  it("goes on when a test call fails in passing", function()
    at.start({ { "a" } }, "--faults", "POST test=@1:500,GET test=@1:reset")
    plan()
    local result = at.almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
  end)

  it("spends at most eight calls", function()
    at.start { { "a" } }
    plan("--collection", at.alma.state().collections[1].pid)
    change_plan "UPDATE title SET state = 'skip'"
    local before = calls()
    assert.equal(0, at.almanac("apply", "a.run").status)
    assert.is_true(calls() - before <= 8, calls() - before)
  end)

  -- The bucket is where nobody answers, with keys that are wrong.
  local function lose_the_bucket()
    at.env.ALMANAC_S3_URL = "http://127.0.0.1:1"
    at.use_aws("AKIAWRONG", "wrong")
  end

  it("looks at no bucket, and undo needs none, when nothing is to be uploaded", function()
    at.start { { "a" } }
    lose_the_bucket()
    local result = at.almanac("plan", "relabel", "--titles", "titles.csv", "--label", "{title} anew", "-o", "a.run")
    assert.equal(0, result.status, result.err .. result.out)
    result = at.almanac("doctor", "a.run")
    assert.equal(0, result.status, result.out .. result.err)
    assert.matches("ok    nothing is to be uploaded", result.out)
    result = at.almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.equal("Title 1 anew", at.alma.state().representations[1].label)
    result = at.almanac("undo", "a.run", "--yes")
    assert.equal(0, result.status, result.err)
    assert.not_matches("bucket", result.err)
    assert.equal("1 title", (result.out:match "took back (1 title)"))
  end)

  it("has doctor say that the bucket is not there without a plan, and with one that uploads", function()
    at.start { { "a" } }
    plan()
    at.use_aws("AKIAWRONG", "wrong")
    assert.equal(1, at.almanac("doctor").status)
    assert.equal(1, at.almanac("doctor", "a.run").status)
    assert_refused "the bucket takes no file"
  end)

  it("refuses a region that is none", function()
    at.start { { "a" } }
    plan()
    at.use_aws()
    at.env.ALMANAC_S3_REGION = "evil.example.org/"
    assert_refused("is no region of AWS", "ALMANAC_S3_REGION")
  end)

  it("names the region that the bucket is in, and takes it from the environment and the configuration", function()
    at.start({ { "a" } }, "--region", "eu-west-1")
    plan()
    at.use_aws()
    at.env.ALMANAC_S3_REGION = "us-east-1"
    assert_refused "ALMANAC_S3_REGION=eu%-west%-1"
    at.env.ALMANAC_S3_REGION = "eu-west-1"
    assert.equal(0, at.almanac("doctor", "a.run").status)
    at.env.ALMANAC_S3_REGION = false
    local function region(name)
      program.write(at.folder .. "/almanac.conf.lua",
        ('return { default = "p", profiles = { p = { s3 = { region = %q } } } }'):format(name))
    end
    region "us-east-1"
    assert_refused 's3 = { region = "eu%-west%-1" } in almanac.conf.lua'
    region "eu-west-1"
    assert.equal(0, at.almanac("apply", "a.run").status)
  end)
end)
