-- What is looked at before the first write, with the built program against
-- the rehearsal: each thing that is missing is named, and nothing is written.
local program = require "support.program"
local rehearsal = require "support.rehearsal"

describe("preflight", function()
  local folder, alma, env

  before_each(function() folder = program.folder() end)
  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local function start(...)
    program.write(folder .. "/titles.csv", "mms_id,title,usage_type,file_name,size,representation_id\n" ..
      "9900000000104146,One,PRESERVATION_MASTER,a.tif,1000,1200000000104146\n")
    program.write(folder .. "/jpg/a.jpg", "\xFF\xD8\xFF\xE0 a")
    alma = rehearsal.start { titles = folder .. "/titles.csv", args = { "--rate", "200", ... } }
    env = { HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      AWS_SECRET_ACCESS_KEY = false, AWS_SESSION_TOKEN = false, ALMANAC_S3_URL = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
  end

  local function use_aws_keys(secret)
    env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY = alma.access_key, secret or alma.secret_key
  end

  local function almanac(...)
    return program.run({ ... }, { folder = folder, env = env })
  end

  local function plan(...)
    local result = almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", ...)
    assert.equal(0, result.status, result.err .. result.out)
  end

  -- apply does not start, and says so in these words.
  local function assert_refused(...)
    local result = almanac("apply", "a.run")
    assert.equal(1, result.status, result.err)
    for _, words in ipairs { ... } do assert.matches(words, result.err) end
    assert.equal(1, #alma.state().representations)
  end

  local function change_plan(sql)
    local core = require "almanac.core"
    local db <close> = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 1, schema = "" }))
    assert(db:run(sql))
  end

  local function calls()
    local n = 0
    for _, count in pairs(alma.calls().routes) do n = n + count end
    return n
  end

  it("names the right that the key lacks, and where it is given", function()
    start()
    plan()
    env.ALMA_API_KEY = "rehearsal-read-only"
    assert_refused("Bibs", "read/write", "developers.exlibrisgroup.com > Build > API Keys")
  end)

  it("names the right to read the configuration", function()
    start()
    plan()
    env.ALMA_API_KEY = "rehearsal-bibs-only"
    assert_refused("Configuration", "API Keys")
  end)

  it("names a library and a usage type that no longer exist", function()
    start()
    plan()
    change_plan "UPDATE change SET spec = json_set(spec, '$.library', 'MAIM')"
    assert_refused("library 'MAIM' does not exist", "did you mean 'MAIN'", "Configuration > General > Libraries")
    change_plan "UPDATE change SET spec = json_set(spec, '$.library', 'MAIN', '$.usage_type', 'DERIVATE')"
    assert_refused("usage type 'DERIVATE' does not exist", "RepresentationUsageType")
  end)

  it("names a collection that does not exist", function()
    start()
    plan()
    change_plan "UPDATE change SET spec = json_set(spec, '$.collection', '81999')"
    assert_refused("collection 81999 can't be read", "Manage Collections")
  end)

  it("refuses what can't be an access rights policy", function()
    start()
    plan()
    change_plan "UPDATE change SET spec = json_set(spec, '$.access_rights', 'open')"
    assert_refused("'open' can't be an access rights policy", "Access Rights")
  end)

  it("tells of all that is wrong at once", function()
    start()
    plan()
    use_aws_keys "wrong"
    change_plan "UPDATE change SET spec = json_set(spec, '$.library', 'MAIM')"
    assert_refused("library 'MAIM'", "secret key does not belong")
  end)

  it("tries the bucket with AWS keys and leaves nothing in it", function()
    start()
    use_aws_keys()
    plan()
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    local listing = alma.s3("GET", "", { query = { { "list-type", "2" }, { "prefix", alma.inst .. "/upload/" } } })
    assert.equal(200, listing.status)
    assert.not_matches("probe", listing.body)
  end)

  it("says that the AWS secret is wrong, and where keys are made", function()
    start()
    plan()
    use_aws_keys "wrong"
    assert_refused("the bucket takes no file", "secret key does not belong")
  end)

  it("says how far the clock is off", function()
    start("--clock", "3600")
    plan()
    use_aws_keys()
    assert_refused("clock is 3[56]%d%d s", "set it")
  end)

  it("only remarks on the clock where the upload form is used", function()
    start("--clock", "120")
    plan()
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
    assert.matches("clock is .* behind of Alma's: set it", result.err)
  end)

  it("goes on when a test call fails in passing", function()
    start("--faults", "POST test=@1:500,GET test=@1:reset")
    plan()
    local result = almanac("apply", "a.run")
    assert.equal(0, result.status, result.err)
  end)

  it("spends at most eight calls", function()
    start()
    plan("--collection", alma.state().collections[1].pid)
    change_plan "UPDATE title SET state = 'skip'"
    local before = calls()
    assert.equal(0, almanac("apply", "a.run").status)
    assert.is_true(calls() - before <= 8, calls() - before)
  end)
end)
