-- Bad input: keys, names, lists, settings, servers and run files that are not
-- what they should be. Each is told in a line that says what to do.
local core = require "almanac.core"
local program = require "support.program"
local tried = require "support.tried"

local id, refused = tried.id, tried.refused
local OURS = { "--folder", "jpg", "--titles", "titles.csv" }

-- Answers every request alike until the file is there.
local function answer_until(path, server, type, text)
  while not (core.files.read(path) or ""):find "\n" do
    for _, request in ipairs(server:wait(0.1)) do
      request:reply { status = 200, headers = { ["Content-Type"] = type }, body = text }
    end
  end
end

describe("bad input:", function()
  local trial

  before_each(function() trial = tried.start { "a", "b" } end)
  after_each(function() trial.close() end)

  local function plan(...)
    return trial.plan({ "--folder", "jpg", ... })
  end

  local function write(name, text) program.write(trial.folder .. "/" .. name, text) end

  describe("a key", function()
    it("that is missing or wrong is refused, with where to get one", function()
      refused(trial.plan(OURS, { ALMA_API_KEY = false }), "no API key: set ALMA_API_KEY.*Build > API Keys")
      refused(trial.plan(OURS, { ALMA_API_KEY = "" }), "no API key")
      refused(trial.plan(OURS, { ALMA_API_KEY = "l8xxWrong" }), "does not know this API key: check the key")
      refused(trial.plan(OURS, { ALMA_API_KEY = "l8xxWrong key" }), "holds characters that no key has: copy it again")
      assert.is_nil(core.files.stat(trial.folder .. "/a.run"))
    end)

    it("that may only read can plan, and is refused before the first write", function()
      local env = { ALMA_API_KEY = "rehearsal-read-only" }
      assert.equal(0, trial.plan(OURS, env).status)
      local result = trial.apply(env)
      refused(result, "no read/write right for Bibs: add it at developers.exlibrisgroup.com > Build > API Keys")
      assert.equal(0, trial.writes())
      assert.equal(0, trial.apply().status)
    end)

    it("without Configuration is refused by name of the right", function()
      local env = { ALMA_API_KEY = "rehearsal-bibs-only" }
      refused(trial.plan(OURS, env), "no read right for Configuration: add it at .* > API Keys")
      trial.plan()
      refused(trial.apply(env), "no read right for Configuration")
      assert.equal(0, trial.writes())
    end)
  end)

  it("what does not exist in Alma is told, with the nearest that does", function()
    refused(plan("--set", "nothing of ours"), "there is no set 'nothing of ours'; give its id, or its name")
    refused(plan("--titles", "titles.csv", "--collection", "none of ours"), "there is no collection 'none of ours'; give its id")
    refused(plan("--titles", "titles.csv", "--library", "MIAN"), "library 'MIAN' does not exist.*did you mean 'MAIN'")
    refused(plan("--titles", "titles.csv", "--usage", "DERIVATIVE"), "usage type 'DERIVATIVE' does not exist.*DERIVATIVE_COPY")
    refused(trial.run { "plan", "jpg-derivativse", "-o", "a.run" }, "no recipe 'jpg%-derivativse', did you mean 'jpg%-derivatives'")
  end)

  it("a folder that can't be used is told before Alma is asked", function()
    os.execute("cd " .. program.quote(trial.folder) .. " && ln -s nowhere dangling && ln -s jpg/a.jpg link")
    for folder, words in pairs { nowhere = "does not exist", dangling = "does not exist", link = "is no folder",
      ["titles.csv"] = "is no folder", [""] = "no folder is named", ["\xE9"] = "not UTF%-8 text: rename" } do
      refused(trial.plan { "--folder", folder, "--titles", "titles.csv" }, words)
    end
    assert.equal(0, trial.alma.calls().total or 0)
  end)

  describe("a list of titles", function()
    local function list(text)
      write("t.csv", text)
      return plan("--titles", "t.csv")
    end

    it("may have a byte-order mark and # lines", function()
      local result = list("\xEF\xBB\xBF# from us\nmms_id,x\n# more\n" .. id(1) .. ",1\n")
      assert.equal(0, result.status, result.err)
      assert.matches("1 title: 1 ready", result.out)
    end)

    it("with ids that a spreadsheet rounded is refused by line", function()
      refused(list("mms_id\n" .. id(1) .. "\n9.90000000104146E+14\n"),
        "line 3: '9.90000000104146E%+14' was rounded by a spreadsheet; format")
      refused(list("mms_id\n" .. id(1) .. "\n991000000000000000\n"), "line 3: .* was rounded by a spreadsheet %(zeros after 15 digits%)")
    end)

    it("without ids says what it needs", function()
      for _, text in ipairs { "", "\n\n", "# only\n", "mms_id\n", "\xEF\xBB\xBF", '"mms_id\n99,"x' } do
        refused(list(text), "holds no MMS ID; give one a line, or a list with a column mms_id")
      end
      refused(list "a,b\n1,2\n", "no column is headed mms_id or MMS ID; there are 'a', 'b'")
      refused(list "PK\3\4xx", "t.csv: the archive is damaged")
      refused(list "SQLite format 3\0", "is a run file, not a list; to plan with what it has read, give it as %-%-from")
      refused(list "\xFF\xFEm\0x", "UTF%-16 text that ends within a character; save it")
      refused(plan("--titles", "jpg"), "'jpg' is a folder; give the list itself")
      refused(plan("--titles", "none.csv"), "there is no file 'none.csv'; give a file")
      refused(plan("--titles", ""), "there is no file ''")
    end)

    it("that is not UTF-8 is told, in JSON too", function()
      write("t.csv", "mms_id\n\xE9\xFF\n")
      local result = plan("--titles", "t.csv", "--json")
      refused(result, "is no MMS ID: those have digits only")
      assert.matches("'éÿ' is no MMS ID", result.out)
    end)
  end)

  it("an almanac.conf.lua that is wrong is told without a word of what it holds", function()
    for text, words in pairs {
      ["return {"] = "almanac.conf.lua:1: unexpected symbol: correct it",
      ["return 1"] = "does not return a table",
      ["return { profils = {} }"] = "no setting 'profils', did you mean 'profiles'",
      ["return { profiles = { p = { regoin = 'na' } } }"] = "profile 'p': there is no setting 'regoin', did you mean 'region'",
      ["return { profiles = { p = { rate = 'x' } } }"] = "'rate' is a number, not a string",
      ["return { default = 'q', profiles = {} }"] = "there is no profile 'q'",
      ["return { profiles = { p = { key = l8xxWrong-1 } } }"] =
        "conf.lua:1: attempt to perform arithmetic .*: correct it %(texts stand in quotes%)",
      ["return { profiles = { p = { key = 'l8xxWrong } } }"] = "conf.lua:1: unfinished string: correct it",
      ["while true do end"] = "does not end",
      ["return ('a'):rep(200000):find(('.-'):rep(9) .. 'b')"] = "attempt to call a nil value: correct it",
    } do
      write("almanac.conf.lua", text)
      refused(trial.plan(), words)
    end
    write("almanac.conf.lua", "return { default = 'p', profiles = { p = { region = 'nowhere' } } }")
    refused(trial.plan(OURS, { ALMANAC_API_URL = "" }), "no region 'nowhere'; regions are na")
  end)

  describe("a server", function()
    it("that is not there is told with where the address comes from", function()
      refused(trial.plan(OURS, { ALMANAC_API_URL = "http://127.0.0.1:1" }), "127.0.0.1:1.*is this your Alma server.*%-%-url")
      refused(trial.run({ "plan", "jpg-derivatives", "--titles", "titles.csv", "--folder", "jpg", "-o", "a.run" },
        { ALMANAC_API_URL = "nonsense" }), '"nonsense" is no http%(s%) address of an Alma server')
    end)

    it("that speaks HTML, or other JSON, is told as another one", function()
      for type, text in pairs { ["text/html"] = "<html><body>Welcome", ["application/json"] = '{"a":1}' } do
        local server <close> = assert(core.serve.listen { host = "127.0.0.1", port = 0 })
        local output = trial.folder .. "/" .. type:match "%a+"
        os.execute(("cd %s && { ALMANAC_API_URL=http://127.0.0.1:%d ALMA_API_KEY=%s timeout 60 %s plan jpg-derivatives --folder jpg " ..
          "--titles titles.csv -o a.run >%s.out 2>&1; echo $? >%s.status; } &"):format(program.quote(trial.folder), server:port(),
          tried.KEY, program.quote(program.path()), output, output))
        answer_until(output .. ".status", server, type, text)
        assert.equal("1\n", program.read(output .. ".status"))
        local said = program.read(output .. ".out")
        assert.matches("is this your Alma server", said)
        assert.is_nil(said:find(tried.KEY, 1, true))
      end
    end)
  end)

  it("numbers that make no sense are told with the option's name", function()
    trial.plan()
    for _, case in ipairs { { "--limit", "x" }, { "--limit", "0" }, { "--limit=-1" }, { "--limit", "1.5" }, { "--limit", "inf" },
      { "--rate", "x" }, { "--rate", "0" }, { "--rate=-1" }, { "--settle", "x" }, { "--reserve", "x" }, { "--until", "25:00" } } do
      refused(trial.run { "apply", "a.run", table.unpack(case) }, "%" .. case[1]:match "^(%-%-%a+)":gsub("%-", "%%-"):sub(2))
    end
    refused(trial.run { "apply", "a.run", "--limit", "-1" }, "numbers are not negative here")
    assert.equal(0, trial.writes())
  end)

  describe("a run file", function()
    local COMMANDS = { "apply", "verify", "show", "report", "undo" }

    local function each(name, pattern)
      for _, command in ipairs(COMMANDS) do refused(trial.run { command, name }, pattern) end
    end

    it("that is none is told as such", function()
      write("empty.run", "")
      each("none.run", "none.run does not exist; `almanac plan … %-o RUN` makes")
      each("titles.csv", "titles.csv is not a run file")
      each("empty.run", "empty.run is empty, not a run file")
      each("jpg", "jpg is a folder")
      each("", "no run file is named")
    end)

    it("that is cut off, or of another version, is told as such and stays as it is", function()
      trial.plan()
      local whole = program.read(trial.folder .. "/a.run")
      write("cut.run", whole:sub(1, #whole // 2))
      each("cut.run", "cut.run is cut off: %d+ of %d+ bytes are there; copy it again")
      assert.equal(whole:sub(1, #whole // 2), program.read(trial.folder .. "/cut.run"))
      local older = whole:sub(1, 60) .. ("\0\0\0\1") .. whole:sub(65)
      write("older.run", older)
      each("older.run", "older.run has format 1, this almanac needs 4; an older almanac made it: use that one, or start anew")
      local newer = whole:sub(1, 60) .. ("\0\0\0\x63") .. whole:sub(65)
      write("newer.run", newer)
      each("newer.run", "newer.run has format 99, this almanac needs 4; a newer almanac made it")
      assert.equal(newer, program.read(trial.folder .. "/newer.run"))
    end)

    it("that another process works on is refused to a second, and can be looked at", function()
      trial.plan()
      local db <close> = assert(require("almanac.run.store").open(trial.folder .. "/a.run", "write"))
      refused(trial.apply(), "a.run is in use by process " .. core.sys.pid() .. ".*; wait for it or stop it")
      assert.equal(0, trial.run({ "show", "a.run" }).status)
      assert.is_true(db ~= nil)
    end)
  end)
end)
