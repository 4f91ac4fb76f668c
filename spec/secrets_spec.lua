-- Keys never leave: every command runs with marked keys, well and failing in
-- many ways, and the mark is in nothing that it prints, writes or shows.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

local MARK = "MaRkEd5eCrEt"
local KEY = "l8xx" .. MARK .. "A"
local SECRET = "wJalr/" .. MARK .. "+B"
local TOKEN = "FwoG" .. MARK .. "/C="

describe("secrets", function()
  local at = desk.each(before_each, after_each)

  local function start(...)
    at.start({ { "a" }, { "b" } }, "--key", KEY .. "=", ...)
    at.env.ALMA_API_KEY = KEY
  end

  -- No form of a secret: as it is, in base64, percent-encoded.
  local function assert_unmarked(where, text)
    for _, form in ipairs { MARK, core.text.base64(KEY):sub(1, 20), core.text.base64(SECRET):sub(1, 16) } do
      assert(not text:find(form, 1, true), where .. " holds a key:\n" .. text:sub(1, 2000))
    end
    assert(not text:find("X-Amz-Signature=%x%x%x"), where .. " holds a signature")
  end

  -- What was written into the folder since, the run file with its log too.
  local function assert_files_unmarked()
    local pipe <close> = assert(io.popen("find " .. program.quote(at.folder) .. " -type f"))
    for path in pipe:lines() do
      if not path:find "almanac%.conf%.lua$" then assert_unmarked(path, program.read(path)) end
    end
  end

  local ran

  local function almanac(...)
    local result = at.almanac(...)
    local name = table.concat({ ... }, " ")
    assert_unmarked("stdout of " .. name, result.out)
    assert_unmarked("stderr of " .. name, result.err)
    assert_files_unmarked()
    ran = ran or {}
    ran[#ran + 1] = result.status
    return result
  end

  local function plan()
    return almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
  end

  -- Every command, one after the other, whatever comes of each.
  local function all_commands()
    ran = {}
    almanac("doctor", "a.run")
    almanac("doctor", "--json")
    almanac("show", "a.run", "9900000000104146")
    almanac("apply", "a.run", "--settle", "0.1", "--json")
    almanac("apply", "a.run", "--settle", "0.1")
    almanac("verify", "a.run")
    almanac("report", "a.run")
    almanac("report", "a.run", "--format", "json", "-o", "report.json")
    almanac("report", "a.run", "--calls", "-o", "calls.csv")
    almanac("decide", "a.run", "--template", "decisions.csv")
    almanac("undo", "a.run")
    almanac("undo", "a.run", "--yes")
    return ran
  end

  it("are nowhere when all goes well", function()
    start()
    assert.equal(0, plan().status)
    for i, status in ipairs(all_commands()) do assert.equal(0, status, "command " .. i) end
  end)

  it("are nowhere when the bucket refuses the AWS secret", function()
    start()
    plan()
    at.use_aws(at.alma.access_key, SECRET)
    assert.equal(1, almanac("apply", "a.run").status)
    assert.equal(1, almanac "doctor".status)
  end)

  it("are nowhere when the bucket does not know access key and token", function()
    start()
    plan()
    at.use_aws("AKIA" .. MARK:upper(), SECRET, TOKEN)
    all_commands()
  end)

  it("are nowhere when Alma does not know the key", function()
    start()
    plan()
    at.env.ALMA_API_KEY = KEY .. "x"
    assert.equal(1, plan().status)
    all_commands()
    at.env.ALMA_API_KEY = KEY .. " typed?&wrong"
    assert.equal(1, almanac "doctor".status)
  end)

  it("are nowhere when the server is gone", function()
    start()
    plan()
    local url = at.alma.url
    at.alma.stop()
    at.env.ALMANAC_API_URL = url
    assert.equal(75, almanac("apply", "a.run").status)
    almanac("report", "a.run", "--calls")
    assert.equal(1, almanac("doctor", "a.run").status)
  end)

  it("are nowhere when answers are HTML, cut, of the wrong type or reset", function()
    start("--seed", "3", "--faults", "GET=0.06:html,*=0.06:cut,*=0.06:type,*=0.06:reset,* s3=0.1:500")
    plan()
    at.use_aws(at.alma.access_key, at.alma.secret_key)
    if core.files.stat(at.folder .. "/a.run") then
      almanac("apply", "a.run", "--settle", "0.1")
      almanac("verify", "a.run")
      almanac("report", "a.run", "--calls")
    end
    almanac "doctor"
  end)

  -- A server that puts the request's headers into each part of its refusals.
  local ECHO = [[
    local core, task, json = require "almanac.core", require "almanac.task", require "almanac.json"
    local server = assert(core.serve.listen {})
    core.files.write((...), server:port() .. " " .. core.sys.pid())
    local n = 0
    task.run(task.serve, server, function(request)
      n = n + 1
      local all = {}
      for name, value in pairs(request:headers()) do all[#all + 1] = name .. ": " .. value end
      local text = table.concat(all, " ")
      local errors = { errorsExist = true, errorList = { error = { { errorCode = text, errorMessage = text, trackingId = text } } } }
      local xml = "<?xml version='1.0'?><Error><Code>X</Code><Message>" .. core.xml.escape(text) .. "</Message></Error>"
      local forms = { json.encode(errors), "Invalid API Key " .. text, "<html>" .. text, xml }
      request:reply { status = n % 2 == 0 and 400 or 403, body = forms[n % #forms + 1] }
    end)
  ]]

  it("are nowhere when a server sends them back", function()
    start()
    plan()
    program.write(at.folder .. "/echo.lua", ECHO)
    os.execute(("%s exec %s/echo.lua %s/port >/dev/null 2>&1 &"):format(
      program.quote(program.path()), at.folder, at.folder))
    for _ = 1, 500 do
      if core.files.stat(at.folder .. "/port") then break end
      core.sys.sleep(0.02)
    end
    local port, pid = program.read(at.folder .. "/port"):match "(%d+) (%d+)"
    local _ <close> = setmetatable({}, { __close = function() os.execute("kill -9 " .. pid) end })
    local alma_url = at.env.ALMANAC_API_URL
    at.env.ALMANAC_API_URL = "http://127.0.0.1:" .. port
    for _ = 1, 3 do
      assert.equal(1, almanac("apply", "a.run").status)
      assert.equal(1, almanac("doctor", "a.run").status)
    end
    at.env.ALMANAC_API_URL = alma_url
    at.env.ALMANAC_S3_URL = "http://127.0.0.1:" .. port
    at.use_aws("AKIAX", SECRET, TOKEN)
    for _ = 1, 3 do assert.equal(1, almanac("apply", "a.run").status) end
    assert.matches("apply", almanac("report", "a.run", "--calls").out)
  end)

  it("are nowhere in messages about a configuration that can't be read", function()
    start()
    at.env.ALMA_API_KEY = false
    for _, text in ipairs {
      ("return { profiles = { a = { key = %q } }"):format(KEY),
      ("return { profiles = { a = { key = %s } } }"):format(KEY),
      ("return { profiles = { a = { kay = %q, s3 = { secret_key = %q } } } }"):format(KEY, SECRET),
      ("return { default = 'a', profiles = { a = { key = %q, url = 'http://127.0.0.1:1', rate = 'x' } } }"):format(KEY),
      ("error(%q)"):format(KEY),
      ("return %q .. nil"):format(KEY),
      ("return %q"):format(KEY),
    } do
      program.write(at.folder .. "/almanac.conf.lua", text)
      os.execute("chmod 644 " .. at.folder .. "/almanac.conf.lua")
      assert.equal(1, almanac("doctor", "--profile", "a").status, text)
    end
  end)

  it("are not in the command line of a running apply, nor in its audit trail", function()
    start("--latency", "0.05,file=1.5")
    plan()
    at.use_aws(at.alma.access_key, at.alma.secret_key)
    local script = ("cd %s && export HOME=%s ALMANAC_API_URL=%s ALMA_API_KEY=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s; " ..
      "%s apply a.run -q >out 2>err & echo $! >pid; sleep 0.6; cat /proc/$!/cmdline | tr '\\0' ' ' >seen; " ..
      "pgrep -P $! -a >>seen; wait $!"):format(program.quote(at.folder), program.quote(at.folder), at.alma.url, KEY, at.alma.access_key,
      at.alma.secret_key, program.quote(program.path()))
    local _, _, status = os.execute("bash -c " .. program.quote(script))
    assert.equal(0, status, program.read(at.folder .. "/err"))
    local seen = program.read(at.folder .. "/seen")
    assert.matches("apply a%.run", seen)
    assert_unmarked("the command line", seen)
    assert_files_unmarked()
    for _, name in ipairs { "out", "err" } do
      assert(not program.read(at.folder .. "/" .. name):find(at.alma.secret_key, 1, true))
    end
    assert(not program.read(at.folder .. "/a.run"):find(at.alma.secret_key, 1, true))
  end)

  it("would be found: the mark is seen where it is", function()
    program.write(at.folder .. "/leak", "Authorization: apikey " .. KEY)
    assert.has_error(assert_files_unmarked)
  end)
end)
