local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local zip = require "support.zip"

local HEADER = "mms_id,title,usage_type,file_name,size,representation_id,collection,format\n"

describe("a rehearsal's titles", function()
  local alma

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  local function refused(csv, ...)
    local folder = program.folder()
    program.write(folder .. "/t.csv", csv)
    local result = program.run { "rehearsal", "--port", "0", "--titles", folder .. "/t.csv", ... }
    program.remove(folder)
    return result
  end

  it("come from the sheet of a workbook that --sheet names", function()
    local folder = program.folder()
    local function cells(...)
      local row = {}
      for i, text in ipairs { ... } do row[i] = ('<c t="inlineStr"><is><t>%s</t></is></c>'):format(text) end
      return "<row>" .. table.concat(row) .. "</row>"
    end
    program.write(folder .. "/t.xlsx", zip.xlsx { { "Notes", cells "nothing here" },
      { "Mine", cells("mms_id", "title", "usage_type", "file_name") .. cells("991", "One", "PRESERVATION_MASTER", "a.tif") } })
    local result = program.run { "rehearsal", "--port", "0", "--titles", folder .. "/t.xlsx", "--sheet", "Yours" }
    alma = rehearsal.start { titles = folder .. "/t.xlsx", args = { "--sheet", "mine" } }
    program.remove(folder)
    assert.same({ 1, 1 }, { result.status, alma.state().counts.bibs })
    assert.matches("there is no sheet 'Yours'", result.err)
  end)

  it("come from a list, rows of one representation in their order", function()
    alma = rehearsal.start { titles = HEADER .. [[
991,One,PRESERVATION_MASTER,b_2.tif,20,,,
992,"Two, with a comma",PRESERVATION_MASTER,c.tif,30,,,dc
991,One,PRESERVATION_MASTER,b_10.tif,21,,,
991,One,DERIVATIVE_COPY,b.jpg,5,,,
]] }
    local state = alma.state()
    assert.same({ bibs = 2, representations = 3, files = 4, collections = 1, sets = 2, objects = 0, uploads = 0 },
      state.counts)
    assert.equal("Two, with a comma", state.bibs[2].title)
    local names = {}
    for i, file in ipairs(state.representations[1].files) do names[i] = file.name .. " " .. file.size end
    assert.same({ "b_2.tif 20", "b_10.tif 21" }, names)
    assert.equal("DERIVATIVE_COPY", state.representations[3].usage_type)
    assert.equal("991", state.representations[3].mms_id)
  end)

  it("come from columns in any order, after a BOM and comments", function()
    alma = rehearsal.start { titles = "\xEF\xBB\xBF# our list, \"as of\" today\nfile_name,usage_type,title,mms_id\n" ..
      "# more, words\na.tif,PRESERVATION_MASTER,A,9911\n" }
    local state = alma.state()
    assert.equal("9911", state.bibs[1].mms_id)
    assert.equal("a.tif", state.representations[1].files[1].name)
    assert.equal("Digital titles", state.collections[1].name)
    assert.same({ state.collections[1].pid }, state.bibs[1].collections)
  end)

  it("may have their own representation ids, collections, or none, and no files", function()
    alma = rehearsal.start { titles = HEADER .. [[
9911234,A,PRESERVATION_MASTER,a.tif,,121234,Maps,
9921234,B,,,,,none,
9931234,C,PRESERVATION_MASTER,c.tif,,,8177,
]] }
    local state = alma.state()
    assert.equal("121234", state.representations[1].id)
    assert.equal(2, #state.representations)
    assert.same({}, state.bibs[2].collections)
    assert.same({ "8177" }, state.bibs[3].collections)
    assert.equal("Maps", state.collections[1].name)
    assert.matches("^13%d+1234$", state.representations[1].files[1].pid)
  end)

  it("are a small sample without a list", function()
    alma = rehearsal.start {}
    local state = alma.state()
    assert.is_true(#state.bibs >= 10)
    assert.equal("All digital titles", state.sets[1].name)
    assert.equal(#state.bibs, #state.sets[1].members)
    assert.equal("TIFF only", state.sets[2].name)
    assert.is_true(#state.sets[2].members < #state.bibs)
  end)

  it("are refused with the line that is wrong", function()
    local cases = {
      ["line 3: '9.91E+17' is no MMS id"] = HEADER .. "991,A,,,,,,\n9.91E+17,B,,,,,,\n",
      ["line 2: 'Master' is no usage type"] = HEADER .. "991,A,Master,a.tif,,,,\n",
      ["line 2: '12 MB' is no size"] = HEADER .. "991,A,PRESERVATION_MASTER,a.tif,12 MB,,,\n",
      ["line 2: 'mods' is no format"] = HEADER .. "991,A,PRESERVATION_MASTER,a.tif,,,,mods\n",
      ["no column 'usage_type'"] = "mms_id,title,file_name\n991,A,a.tif\n",
      ["no header line"] = "# nothing\n",
    }
    for words, csv in pairs(cases) do
      local result = refused(csv)
      assert.equal(1, result.status)
      assert.is_truthy(result.err:find(words, 1, true), words .. " / " .. result.err)
    end
    assert.matches("none.csv", program.run({ "rehearsal", "--titles", "none.csv" }).err)
  end)

  it("need no room on disk and are read as the files that they claim to be", function()
    alma = rehearsal.start { titles = HEADER .. "991,A,PRESERVATION_MASTER,a.tif,16000000,,,\n" ..
      "991,A,DERIVATIVE_COPY,a.jpg,1000,,,\n" }
    local state = alma.state()
    local tif = alma.s3("GET", state.representations[1].files[1].path)
    assert.equal(200, tif.status)
    assert.equal(16000000, #tif.body)
    assert.equal("II*\0", tif.body:sub(1, 4))
    assert.matches('^"%x+%-2"$', tif.headers.etag)
    local head = alma.s3("HEAD", state.representations[1].files[1].path)
    assert.same({ "16000000", tif.headers.etag }, { head.headers["content-length"], head.headers.etag })
    local jpg = alma.s3("GET", state.representations[2].files[1].path)
    assert.equal("\xFF\xD8\xFF", jpg.body:sub(1, 3))
    assert.equal(1000, #jpg.body)
  end)

  it("load by the thousand", function()
    local lines = { HEADER }
    for i = 1, 5000 do
      lines[#lines + 1] = ("99%09d1234,Title %d,PRESERVATION_MASTER,t%d.tif,16000000,,,\n"):format(i, i, i)
    end
    alma = rehearsal.start { titles = table.concat(lines), memory = true }
    local counts = alma.state("?counts=1").counts
    assert.same({ 5000, 5000, 5000 }, { counts.bibs, counts.representations, counts.files })
  end)
end)

describe("a rehearsal", function()
  local alma

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  local function upload(name, body)
    return alma.s3("PUT", alma.inst .. "/upload/" .. name, { body = body })
  end

  it("keeps everything over a restart", function()
    alma = rehearsal.start {}
    upload("a.jpg", "contents")
    local before, url = alma.state(), alma.url
    alma.restart()
    assert.equal(url, alma.url)
    assert.same(before, alma.state())
    assert.equal("contents", alma.s3("GET", alma.inst .. "/upload/a.jpg").body)
  end)

  it("loses nothing when it is killed, and forgets no id", function()
    alma = rehearsal.start {}
    local mms = alma.state().bibs[1].mms_id
    local made = alma.change { op = "add_representation", mms_id = mms, files = { { name = "x.jpg" } } }
    upload("a.jpg", "contents")
    local before = alma.state()
    alma.restart(true)
    assert.same(before, alma.state())
    alma.change { op = "delete_representation", id = made.id }
    assert.not_equal(made.id, alma.change({ op = "add_representation", mms_id = mms }).id)
  end)

  it("keeps no contents that belong to nothing", function()
    alma = rehearsal.start {}
    upload("a.jpg", "contents")
    local function kept()
      local walk, names = assert(core.files.walk(alma.folder .. "/state.objects")), {}
      for name in function() return (walk:next()) end do names[#names + 1] = name end
      return names
    end
    local mine = kept()
    assert.equal(1, #mine)
    program.write(alma.folder .. "/state.objects/orphan", "x")
    alma.restart(true)
    assert.same(mine, kept())
    upload("a.jpg", "other contents")
    assert.equal(1, #kept())
    alma.s3("DELETE", alma.inst .. "/upload/a.jpg")
    assert.same({}, kept())
  end)

  it("says where it is, in words and in a file", function()
    alma = rehearsal.start {}
    assert.matches("rehearsal: " .. alma.url, alma.output(), 1, true)
    assert.matches("rehearsal%-key", alma.output())
    assert.is_true(alma.port > 0)
  end)

  -- The text of a file that somebody else is about to write.
  local function wait_for(path)
    for _ = 1, 2000 do
      local text = core.files.read(path)
      if text and text ~= "" then return text end
      core.sys.sleep(0.01)
    end
    error(path .. " does not come")
  end

  it("ends cleanly on SIGTERM", function()
    local folder = program.folder()
    os.execute(("(%s rehearsal --port 0 --ready %s/ready >%s/out 2>&1; echo $? >%s/status) &"):format(
      program.quote(program.path()), folder, folder, folder))
    local about = json.decode(wait_for(folder .. "/ready"))
    os.execute("kill " .. about.pid)
    assert.equal("0\n", wait_for(folder .. "/status"))
    program.remove(folder)
  end)

  it("says who has its port or its state", function()
    alma = rehearsal.start {}
    local taken = program.run { "rehearsal", "--until-eof", "--port", alma.port }
    assert.equal(1, taken.status)
    assert.matches(tostring(alma.port), taken.err)
    local held = program.run { "rehearsal", "--until-eof", "--port", "0", "--state", alma.folder .. "/state" }
    assert.equal(1, held.status)
    assert.matches("in use by process " .. alma.pid(), held.err, 1, true)
    assert.equal(448, core.files.stat(alma.folder .. "/state.objects").mode & 511)   -- octal 700: uploads may be restricted
  end)

  it("leaves nothing behind when its list is wrong", function()
    local folder = program.folder()
    program.write(folder .. "/t.csv", HEADER .. "x,A,,,,,,\n")
    assert.equal(1, program.run({ "rehearsal", "--titles", folder .. "/t.csv", "--state", folder .. "/state" }).status)
    assert.is_nil(core.files.stat(folder .. "/state"))
    assert.is_nil(core.files.stat(folder .. "/state.objects"))
    program.remove(folder)
  end)

  it("ends when its stdin does", function()
    local result = program.run { "rehearsal", "--port", "0", "--until-eof" }
    assert.equal(0, result.status)
    assert.equal("", result.err)
  end)

  it("names what is wrong with its options", function()
    local function err(...)
      local result = program.run { "rehearsal", "--port", "0", "--until-eof", ... }
      assert.equal(1, result.status)
      return result.err
    end
    assert.matches("'GET=2:500' has no rate", err("--faults", "GET=2:500"), 1, true)
    assert.matches("'FETCH=0.1:500' has no method", err("--faults", "FETCH=0.1:500"), 1, true)
    assert.matches("unknown kind 'explode'; kinds are 500, 500after, reset, lost, late=N, 504=N, ",
      err("--faults", "GET=0.1:explode"), 1, true)
    assert.matches("names no place", err("--faults", "GET nowhere=0.1:500"), 1, true)
    assert.matches("'slow' is none of SECONDS, file=SECONDS, ", err("--latency", "slow"), 1, true)
    assert.matches("'lag=6' is none of page=N, short=N", err("--lists", "lag=6"), 1, true)
    assert.matches("'image/*' is none of FIELD=VALUE, ", err("--form-policy", "image/*"), 1, true)
    assert.matches("not an area", err("--key", "k=everything"), 1, true)
  end)

  it("writes a line a request, without secrets", function()
    local folder = program.folder()
    alma = rehearsal.start { args = { "--log", folder .. "/log" } }
    alma.call("GET", "/bibs/test?apikey=rehearsal-key&x=1", { key = false })
    local log = program.read(folder .. "/log")
    program.remove(folder)
    assert.matches("GET /almaws/v1/bibs/test?apikey=…&x=1 200", log, 1, true)
    assert.matches("unknown parameter 'x' ignored", log, 1, true)
    assert.is_nil(log:find("apikey=rehearsal", 1, true))
  end)
end)
