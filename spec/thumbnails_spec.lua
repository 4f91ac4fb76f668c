-- Thumbnails beside their files, with the built program against the rehearsal,
-- which takes the harder reading: it leaves them in the upload folder.
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local masters = require "support.masters"
local program = require "support.program"
local s3 = require "almanac.s3"
local s3rver = require "support.s3rver"

local VERSION = require("almanac.run.migration").TO   -- of run files

describe("a thumbnail", function()
  local at = desk.each(before_each, after_each)

  local function small(name, bytes)
    program.write(at.folder .. "/jpg/" .. name, bytes or desk.JPEG .. "small " .. name)
  end

  local function run(...)
    local result = at.almanac(...)
    assert.equal(0, result.status, result.out .. result.err)
    return result
  end

  local function plan(recipe, ...)
    local result = at.almanac("plan", recipe or "thumbnails", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run",
      "--rate", "500", ...)
    assert.is_true(result.status == 0 or result.status == 2, result.out .. result.err)
    return result
  end

  local function start(titles)
    at.start(titles or { { "p1" }, { "p2_1", "p2_2" } })
    for _, name in ipairs { "p1.jpg.clientThumb", "p2_1.jpg.clientThumb.jpg", "p2_2.jpg.thumb" } do small(name) end
  end

  local function apply() return run("apply", "a.run", "--rate", "500", "--settle", "0.05", masters(at.folder .. "/a.run")) end

  -- What is in the upload folder: TITLE/NAME of each.
  local function uploads()
    local list = {}
    for i, object in ipairs(at.alma.state().objects) do list[i] = object.key:match "[^/]+/[^/]+$" end
    return list
  end

  local THUMBNAILS = { desk.id(1) .. "/p1.jpg.clientThumb", desk.id(2) .. "/p2_1.jpg.clientThumb", desk.id(2) .. "/p2_2.jpg.clientThumb" }

  -- Names of the files that each title got.
  local function attached()
    local list = {}
    for _, rep in ipairs(at.alma.state().representations) do
      local names = {}
      for i, file in ipairs(rep.files) do names[i] = file.name end
      if rep.usage_type == "DERIVATIVE_COPY" then list[#list + 1] = table.concat(names, " ") end
    end
    table.sort(list)
    return list
  end

  local function sent()
    local routes = at.alma.calls().routes
    return (routes["S3 PostObject"] or 0) + (routes["S3 PutObject"] or 0)
  end

  local function rows()
    return json.decode(run("report", "a.run", "--format", "json").out).rows
  end

  describe("is planned with its file", function()
    it("and shown, counted, and not left over", function()
      start()
      local told = plan().out
      assert.matches("2 titles: 2 ready (3 files, 46 bytes), 0 to decide", told, 1, true)
      assert.matches("\n  3 thumbnails go with their files, 110 bytes\n", told, 1, true)
      assert.matches("and sends 156 bytes", told, 1, true)
      assert.is_nil(told:find("has no thumbnail", 1, true))
      assert.is_nil(told:find("Files without a title", 1, true))
      assert.matches("1. p2_1.jpg  16 bytes\n     thumbnail p2_1.jpg.clientThumb.jpg  42 bytes\n",
        run("show", "a.run", desk.id(2)).out, 1, true)
      local file = run("show", "a.run", "p2_2.jpg.thumb").out
      assert.matches("Thumbnail of: p2_2.jpg, sent as its .clientThumb", file, 1, true)
      assert.matches("Planned: thumbnail of page 2 of " .. desk.id(2) .. ", uploaded as [^\n]*/p2_2%.jpg%.clientThumb\n", file)
    end)

    it("while files without one and thumbnails without a file are told", function()
      start { { "p1" }, { "p2_1", "p2_2" }, { "p3" } }
      small "lost.jpg.thumb"
      local told = plan().out
      assert.matches("\n  3 thumbnails go with their files, 110 bytes\n  1 file has no thumbnail: p3.jpg\n", told, 1, true)
      assert.matches("lost.jpg.thumb: a thumbnail without its file: 'lost.jpg' is not there", told, 1, true)
    end)

    it("and with --every a title waits for it", function()
      start { { "p1" }, { "p2_1", "p2_2" }, { "p3" } }
      plan(nil, "--every")
      assert.matches("skipped; nothing to do: p3.jpg has no thumbnail", run("show", "a.run", desk.id(3)).out, 1, true)
    end)

    it("whose very name goes before its name without extension", function()
      start { { "p1" } }
      program.write(at.folder .. "/jpg/p1.jpg.mp3", "sound")
      plan()
      assert.matches("1. p1.jpg  14 bytes\n     thumbnail p1.jpg.clientThumb", run("show", "a.run", desk.id(1)).out, 1, true)
    end)

    it("whatever form its accents and case have", function()
      start { { "caf\u{E9}" } }
      small "cafe\u{301}.JPG.ClientThumb"
      plan()
      assert.matches("thumbnail cafe\u{301}.JPG.ClientThumb", run("show", "a.run", desk.id(1)).out, 1, true)
      apply()
      assert.same({ desk.id(1) .. "/caf\u{E9}.jpg.clientThumb" }, uploads())
    end)

    it("which recipe explain tells", function()
      start { { "p1" } }
      local function explained(what)
        return run("recipe", "explain", "thumbnails", what, "--folder", "jpg", "--titles", "titles.csv").out
      end
      assert.matches("thumbnail_of 'p1.jpg', sent as its .clientThumb", explained "p1.jpg.clientThumb", 1, true)
      assert.matches("add.representation with p1.jpg (thumbnail p1.jpg.clientThumb)", explained(desk.id(1)), 1, true)
    end)

    it("whatever else it is called", function()
      start { { "p1" }, { "p2_1", "p2_2" }, { "p3" } }
      small "P3_thumb.jpg"
      plan(nil, "--suffix", "_thumb.jpg", "--as", "thumb")
      assert.matches("thumbnail P3_thumb.jpg", run("show", "a.run", desk.id(3)).out, 1, true)
      apply()
      assert.same(desk.id(3) .. "/p3.jpg.thumb", uploads()[4])
    end)
  end)

  describe("that is not right makes its title a question:", function()
    local function asks(...)
      start { { "p1" } }
      small("p1.jpg.clientThumb", ...)
      local told = plan().out
      assert.matches("1 title: 0 ready", told)
      return told
    end

    it("empty", function()
      assert.matches("p1.jpg has a thumbnail that can't be used: p1.jpg.clientThumb is empty (0 bytes)", asks "", 1, true)
    end)

    it("too large", function()
      assert.matches("p1.jpg.clientThumb has 1.0 MB, too many for a thumbnail: 1.0 MB at most",
        asks(desk.JPEG .. ("."):rep(1000000)), 1, true)
    end)

    it("no JPEG and no PNG", function()
      assert.matches("p1.jpg.clientThumb is a PDF, not a JPEG or PNG", asks "%PDF-1.4", 1, true)
    end)

    it("one of two", function()
      start { { "p1" } }
      small "p1.jpg.thumb"
      assert.matches("p1.jpg has several thumbnails: p1.jpg.clientThumb, p1.jpg.thumb", plan().out, 1, true)
    end)

    it("of two files", function()
      start { { "p1" } }
      program.write(at.folder .. "/jpg/p1.mp3", "sound")
      os.remove(at.folder .. "/jpg/p1.jpg.clientThumb")
      small "p1_thumb.jpg"
      local told = plan(nil, "--suffix", "_thumb.jpg").out
      assert.matches("p1.jpg shares its thumbnail p1_thumb.jpg: it fits p1.jpg, p1.mp3", told, 1, true)
    end)

    it("changed on disk since the plan", function()
      start { { "p1" } }
      plan()
      small("p1.jpg.clientThumb", desk.JPEG .. "another, longer thumbnail")
      local result = at.almanac("apply", "a.run", "--rate", "500")
      assert.equal(2, result.status)
      assert.matches("p1.jpg.clientThumb changed on disk since the plan", result.err, 1, true)
      assert.same({}, attached())
      program.write(at.folder .. "/d.csv", "mms_id,decision,file\n" .. desk.id(1) .. ",use,p1.jpg.clientThumb\n")
      assert.matches("p1.jpg.clientThumb is a thumbnail: name the file that it belongs to",
        at.almanac("decide", "a.run", "d.csv").err, 1, true)
      program.write(at.folder .. "/d.csv", "mms_id,decision,file\n" .. desk.id(1) .. ",use,p1.jpg\n")
      run("decide", "a.run", "d.csv")
      apply()
      assert.same({ "p1.jpg" }, attached())
      assert.same({ THUMBNAILS[1] }, uploads())
    end)
  end)

  for _, way in ipairs { "with the upload form", "with AWS keys" } do
    it("is uploaded beside its file and never attached, " .. way, function()
      start()
      if way == "with AWS keys" then at.use_aws() end
      plan()
      apply()
      assert.same({ "p1.jpg", "p2_1.jpg p2_2.jpg" }, attached())
      assert.same(THUMBNAILS, uploads())
      assert.equal(way == "with AWS keys" and 7 or 6, sent())   -- one tries the bucket
      local row = rows()[2]
      assert.same({ "p2_1.jpg.clientThumb.jpg", "uploaded; Alma doesn't say whether it took it" },
        { row.files[1].thumbnail, row.files[1].thumbnail_state })
      assert.matches("3 attached (46 bytes), 3 thumbnails uploaded, 0 without a title", run("report", "a.run").out, 1, true)
      assert.matches("p1.jpg.clientThumb,uploaded; Alma doesn't say whether it took it,",
        run("report", "a.run", "--format", "csv").out, 1, true)
    end)
  end

  describe("of which Alma says nothing: verify tells", function()
    local function verify() return run("verify", "a.run").out end

    it("that it is still in the upload folder, and undo takes it away", function()
      start()
      at.use_aws()
      plan()
      apply()
      local told = verify()
      assert.matches("verified 2 titles; 0 differ", told, 1, true)
      assert.matches("3 thumbnails uploaded: 3 still in the upload folder; Alma doesn't say whether it took them, look at one there\n",
        told, 1, true)
      assert.matches("uploaded, still in the upload folder; Alma doesn't say whether it took it, it shows another image",
        run("show", "a.run", desk.id(1)).out, 1, true)
      assert.matches("would delete thumbnail p1.jpg.clientThumb from the upload folder of " .. desk.id(1), run("undo",
        "a.run").out, 1, true)
      assert.same(THUMBNAILS, uploads())
      assert.equal("", run("undo", "a.run", "--yes").err)
      assert.same({}, uploads())
      assert.same({}, attached())
      assert.is_nil(rows()[1].files[1].thumbnail_state)
    end)

    it("that it is gone from there, or that Alma shows it", function()
      start()
      at.use_aws()
      plan()
      apply()
      local objects = at.alma.state().objects
      at.alma.change { op = "delete_object", key = objects[1].key }
      for _, row in ipairs(rows()) do
        for i, file in ipairs(row.mms_id == desk.id(2) and row.files or {}) do
          at.alma.change { op = "take_thumbnail", key = objects[i + 1].key, pid = file.pid }
        end
      end
      assert.matches("3 thumbnails uploaded: Alma shows 2, 1 no longer in the upload folder; Alma doesn't say", verify(), 1, true)
      assert.equal("uploaded; Alma shows it", rows()[2].files[2].thumbnail_state)
      assert.matches("uploaded, no longer in the upload folder; Alma doesn't say", rows()[1].files[1].thumbnail_state, 1, true)
      assert.is_nil(run("undo", "a.run").out:find("thumbnail", 1, true))
    end)

    it("that it can't be looked for without AWS keys, and undo leaves it there and says so", function()
      start()
      plan()
      apply()
      assert.matches("3 thumbnails uploaded: 3 can't be looked for, that takes AWS keys; Alma doesn't say", verify(), 1, true)
      assert.matches("would leave thumbnail p1.jpg.clientThumb in the upload folder, where nothing can be deleted",
        run("undo", "a.run").out, 1, true)
      assert.matches("p2_1.jpg.clientThumb and 1 more stays in the upload folder: only AWS keys can delete there",
        run("undo", "a.run", "--yes").err, 1, true)
      assert.same({}, attached())
      assert.same(THUMBNAILS, uploads())
    end)

    it("that it stays when the keys may not delete", function()
      start()
      at.use_aws()
      plan()
      apply()
      at.alma.change { op = "faults", spec = "DELETE s3.object=1:denied" }
      assert.matches("p2_1.jpg.clientThumb and 1 more stays in the upload folder: ", run("undo", "a.run", "--yes").err, 1, true)
      assert.same({}, attached())
      assert.same(THUMBNAILS, uploads())
    end)
  end)

  describe("is uploaded once when apply is killed", function()
    local function wait_until(holds)
      for _ = 1, 1000 do
        if holds() then return end
        core.sys.sleep(0.02)
      end
      error "it never happened"
    end

    -- Whether a step of this kind was begun, and not ended.
    local function is_open(kind)
      local db <close> = core.runfile.open(at.folder .. "/a.run", { mode = "read", kind = "run", version = VERSION })
      return db ~= nil and db:value("SELECT count(*) FROM step WHERE kind = ? AND ended IS NULL", kind) == 1
    end

    local function kill_at(kind, faults)
      plan()
      at.alma.change { op = "faults", spec = faults }
      local running <close> = program.start({ "apply", "a.run", "--rate", "500", "--settle", "0.05" },
        { folder = at.folder, env = at.env })
      wait_until(function() return is_open(kind) end)
      running.signal "KILL"
      running.wait()
      at.alma.change { op = "faults", spec = "" }
    end

    local function go_on()
      apply()
      assert.same({ "p1.jpg" }, attached())
      assert.same({ THUMBNAILS[1] }, uploads())
      run("verify", "a.run")
    end

    it("between its upload and the attaching of its file", function()
      start { { "p1" } }
      kill_at("attach", "POST files=1:stall=30")
      go_on()
      assert.equal(2, sent())
    end)

    it("before the answer to its upload came", function()
      start { { "p1" } }
      kill_at("thumbnail", "POST s3.form=@2:stall=30")
      go_on()
    end)

    it("before the answer to its upload came, with AWS keys", function()
      start { { "p1" } }
      at.use_aws()
      kill_at("thumbnail", "PUT s3.object=@3:stall=30")   -- the first tries the bucket
      go_on()
    end)

    it("after its upload, before that was written down", function()
      start { { "p1" } }
      at.use_aws()
      kill_at("attach", "POST files=1:stall=30")
      do
        local db <close> = core.runfile.open(at.folder .. "/a.run", { mode = "write", kind = "run", version = VERSION })
        assert.equal(1, (db:run "UPDATE step SET ended = NULL WHERE kind = 'thumbnail'"))
      end
      local before = sent()
      go_on()
      assert.equal(before + 1, sent())   -- one tries the bucket
    end)

    it("and again with its file, once decided, when the upload folder was emptied meanwhile", function()
      start { { "p1" } }
      at.use_aws()
      kill_at("attach", "POST files=1:stall=30")
      for _, object in ipairs(at.alma.state().objects) do at.alma.change { op = "delete_object", key = object.key } end
      -- A call counts as one that may still be at work for 20 times --settle: long enough for a slow machine to get here.
      assert.equal(2, at.almanac("apply", "a.run", "--rate", "500", "--settle", "3").status)
      program.write(at.folder .. "/d.csv", "mms_id,decision,file\n9900000000104146,use,\n")
      run("decide", "a.run", "d.csv")
      go_on()
    end)
  end)

  -- s3rver is an S3 server by others; the rehearsal finds nothing in its own bucket to attach.
  it("is put and taken away again at another S3 server", function()
    local absent = s3rver.missing()
    if absent then return pending(absent) end
    start { { "p1" } }
    local server <close> = s3rver.start(at.alma.bucket)
    at.use_aws(server.access_key, server.secret_key)
    at.env.ALMANAC_S3_URL = server.url
    local store = s3.new { endpoint = server.url, region = at.alma.region, bucket = server.bucket, access_key = server.access_key,
      secret_key = server.secret_key }
    local function there()
      local names = {}
      for i, object in ipairs(assert(store:list(at.alma.inst .. "/upload/"))) do names[i] = object.key:match "[^/]+$" end
      return names
    end
    plan()
    assert.equal(2, at.almanac("apply", "a.run", "--rate", "500", "--settle", "0.05").status)
    assert.same({ "p1.jpg", "p1.jpg.clientThumb" }, there())
    assert.matches("would delete thumbnail p1.jpg.clientThumb", run("undo", "a.run").out, 1, true)
    run("undo", "a.run", "--yes")
    assert.same({}, there())
  end)

  describe("goes with a file of any recipe that says which it is:", function()
    local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = { "add", "delete-master" },
  args = { { "folder", "dir" } },
  file_key = function(file) return file.ext == "jpg" and key.digits(file.name, 1) or nil end,
  page = function(file) return key.digits(file.name, 2) end,
  thumbnail_of = function(file) return key.before(file.path, ".thumb"), ".thumb" end,
  title_keys = function(title) return { title.mms_id } end,
]]

    local function start_with(changes)
      at.start { { "a" } }
      at.use_aws()
      program.write(("%s/jpg/%s_1.jpg"):format(at.folder, desk.id(1)), desk.JPEG)
      small(desk.id(1) .. "_1.jpg.thumb")
      program.write(at.folder .. "/recipe.lua", HEAD .. changes .. "}\n")
      plan "./recipe.lua"
      apply()
      assert.same({ desk.id(1) .. "/" .. desk.id(1) .. "_1.jpg.thumb" }, uploads())
      assert.matches("1 thumbnail uploaded: 1 still in the upload folder", run("verify", "a.run").out, 1, true)
      assert.matches("would delete thumbnail", run("undo", "a.run").out, 1, true)
      run("undo", "a.run", "--yes")
      assert.same({}, uploads())
    end

    it("add.file", function()
      start_with [[ changes = function(title, files)
        assert(files[1].thumbnail.name == files[1].name .. ".thumb")
        return add.file { representation = title:representations()[1], files = files } end, ]]
    end)

    it("replace.file", function()
      start_with [[ changes = function(title, files)
        return replace.file { file = title:files "tif" (), with = files[1] } end, ]]
    end)
  end)

  describe("rule that gives nonsense ends the plan:", function()
    local function refused(rule)
      start { { "p1" } }
      program.write(at.folder .. "/recipe.lua", ([[
-- almanac-recipe: 1
return extend "jpg-derivatives 1" { name = "r", thumbnail_of = function(file) %s end }
]]):format(rule))
      local result = at.almanac("plan", "./recipe.lua", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
      assert.equal(1, result.status)
      return result.err
    end

    it("no path", function()
      assert.matches("gives a number, not the path of the file that it belongs to (rule thumbnail_of", refused "return 12", 1, true)
    end)

    it("the file itself", function()
      assert.matches("says that a file is its own thumbnail", refused "return file.path", 1, true)
    end)

    it("a suffix that no uploader writes", function()
      assert.matches("sends a thumbnail as .clientThumb or .thumb", refused 'return "x", ".jpg"', 1, true)
    end)
  end)
end)
