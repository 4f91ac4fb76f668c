local core = require "almanac.core"
local other = require "support.other"
local files, hash = core.files, core.hash

describe("core.files", function()
  local folder

  before_each(function() folder = assert(files.temp_folder()) end)
  after_each(function()
    assert(files.remove(folder, { tree = true }))
  end)

  local function path(name) return folder .. "/" .. name end

  local function shell(command) assert(os.execute("cd '" .. folder .. "' && " .. command)) end

  local function put(name, bytes)
    local parent = name:match "^(.*)/"
    if parent then assert(files.make_folder(path(parent))) end
    local file <close> = assert(io.open(path(name), "wb"))
    file:write(bytes or name)
  end

  local function as_nobody(program) return other.run(folder, program, true) end

  describe("walk", function()
    local function all(at)
      local walk <close> = assert(files.walk(at or folder))
      local found, problems = {}, {}
      for name, size, more in walk.next, walk do
        if size then found[#found + 1] = name else problems[#problems + 1] = name .. ": " .. more end
      end
      return found, problems
    end

    it("gives all files in the order of their bytes, folder by folder", function()
      for _, name in ipairs { "b/2", "b/10", "a.jpg", "b.jpg", "B.jpg", "a/z/y", "\u{e9}", "a b" } do put(name) end
      assert.same({ "B.jpg", "a/z/y", "a b", "a.jpg", "b/10", "b/2", "b.jpg", "\u{e9}" }, (all()))
    end)

    it("tells size and time of change", function()
      put("x", "12345")
      shell "touch -d '2020-02-03 04:05:06.789 UTC' x"
      local walk <close> = assert(files.walk(folder))
      assert.same({ "x", 5, 1580702706789000000 }, { walk:next() })
      assert.is_nil(walk:next())
      assert.is_nil(walk:next())
    end)

    it("takes names of any bytes", function()
      local names = { " ", "\n", "'", '"', "%41", "+=:()&#", "-rf", "\x01", "\xc9t\xe9.jpg", ("n"):rep(255) }
      for _, name in ipairs(names) do put(name) end
      table.sort(names)
      assert.same(names, (all()))
    end)

    it("takes paths longer than the system's longest", function()
      local chain = (("d"):rep(250) .. "/"):rep(15)
      put("under/" .. chain .. "end")
      assert(files.make_folder(path("upper/" .. chain)))
      assert(files.rename(path "under", path("upper/" .. chain .. "under")))
      assert.same({ "upper/" .. chain .. "under/" .. chain .. "end" }, (all()))
    end)

    it("says where folders are nested too deeply, and goes on", function()
      put(("d/"):rep(127) .. "fine")
      put(("d/"):rep(128) .. "deep")
      put "z"
      local found, problems = all()
      assert.same({ ("d/"):rep(127) .. "fine", "z" }, found)
      assert.same({ ("d/"):rep(128):sub(1, -2) .. ": folders nested too deeply" }, problems)
    end)

    it("leaves out hidden names, pipes and devices", function()
      put "seen"
      put ".hidden"
      put ".folder/file"
      shell "mkfifo pipe; ln -s /dev/null null"
      assert.same({ "seen" }, (all()))
    end)

    it("follows links, and ends where they lead back", function()
      put "a/file"
      shell "ln -s ../../a a/again; ln -s . here; ln -s a also; ln -s a/file link; ln -s .. a/up"
      local found, problems = all()
      assert.same({ "a/file", "also/file", "link" }, found)
      assert.same({ "a/up: a link back to a folder above it", "also/up: a link back to a folder above it",
        "here: a link back to a folder above it" }, { problems[2], problems[4], problems[5] })
      assert.matches("^a/again: ", problems[1])
    end)

    it("reports broken links and goes on", function()
      put "z"
      shell "ln -s nowhere broken; ln -s self self"
      local found, problems = all()
      assert.same({ "z" }, found)
      assert.same({ "broken: a link that leads nowhere", "self: a link that leads to itself" }, problems)
    end)

    it("within a folder follows no link that leads out of it, whether file or folder", function()
      put "in/a"
      put "in/real/b"
      put "out/secret"
      put "inside-not/c"
      shell("cd " .. folder .. "/in && ln -s ../out/secret x && ln -s ../out y && ln -s $PWD/a abs && ln -s real again && " ..
        "ln -s ../inside-not z && ln -s . self && ln -s /dev/null null && " ..
        "ln -s ../../../in/a real/none && ln -s ../../out/secret real/deep")
      local found = {}
      local walk <close> = assert(files.walk(path "in", nil, { within = true }))
      for name, size, problem in walk.next, walk do found[#found + 1] = name .. (size and "" or ": " .. problem) end
      local out = ": a link that leads out of the folder"
      assert.same({ "a", "abs", "again/b", "again/deep" .. out, "again/none: a link that leads nowhere", "null" .. out, "real/b",
        "real/deep" .. out, "real/none: a link that leads nowhere", "self: a link back to a folder above it", "x" .. out, "y" .. out,
        "z" .. out }, found)
      assert.has_error(function() files.walk(folder, nil, { wihtin = true }) end)
    end)

    it("reports what may not be read and goes on", function()
      put "closed/file"
      put "secret"
      put "shut/a"
      put "z"
      shell "chmod 000 closed secret; chmod 444 shut"
      local said = as_nobody [[
        local walk = core.files.walk(folder)
        for name, size, more in walk.next, walk do print(name, size ~= nil, size and "" or more) end]]
      shell "chmod 755 closed secret shut"
      assert.equal("closed\tfalse\tcan't open the folder: Permission denied\n"
        .. "secret\tfalse\tcan't be read: Permission denied\n"
        .. "shut\tfalse\tcan't read the folder: Permission denied\n"
        .. "z\ttrue\t\n", said)
    end)

    it("fails for what is no folder", function()
      put "file"
      assert.same({ nil, path "file" .. " is not a folder", "io" }, { files.walk(path "file") })
      assert.same({ nil, "can't open the folder " .. path "none" .. ": No such file or directory", "missing" },
        { files.walk(path "none") })
    end)

    it("sees a folder as it was when it came there, and can be left early", function()
      for i = 1, 1100 do put(("f%04d"):format(i)) end
      local walk = assert(files.walk(folder))
      assert.equal("f0001", (walk:next()))
      assert(files.remove(path "f1100"))
      local name, size, message
      for _ = 2, 1100 do name, size, message = walk:next() end
      assert.same({ "f1100", nil, "can't look at it: No such file or directory" }, { name, size, message })
      walk:close()
      walk:close()
      assert.has_error(function() walk:next() end, "calling 'next' on bad self (the walk is closed)")
    end)

    it("gives many at a time, as columns", function()
      put "a/1"
      put "b"
      shell("ln -s nowhere " .. folder .. "/c")
      local walk <close> = assert(files.walk(folder))
      local paths, sizes, times = walk:batch(2)
      assert.same({ { "a/1", "b" }, { 3, 1 } }, { paths, sizes })
      assert.equal(files.stat(path "b").mtime_ns, times[2])
      paths, sizes, times = walk:batch(2)
      assert.same({ { "c" }, { false }, { "a link that leads nowhere" } }, { paths, sizes, times })
      assert.same({ {}, {}, {}, {} }, { walk:batch(2) })
      assert.has_error(function() walk:batch(0) end, "bad argument #1 to 'batch' (out of range)")
    end)

    it("leaves no descriptor open", function()
      put "a/b/c/d"
      local function open()
        shell(("ls /proc/%d/fd > .open"):format(core.sys.pid()))
        return select(2, files.read(path ".open"):gsub("\n", ""))
      end
      local before = open()
      for _ = 1, 20 do all() end
      for _ = 1, 20 do
        local walk <close> = assert(files.walk(folder))
        walk:next()
      end
      assert.equal(before, open())
    end)
  end)

  describe("reading", function()
    it("looks at files, folders and the rest", function()
      put("x", "abc")
      shell "mkfifo pipe; ln -s x link"
      assert.equal(3, files.stat(path "link").size)
      assert.equal("file", files.stat(path "link").kind)
      assert.equal("folder", files.stat(folder).kind)
      assert.equal("other", files.stat(path "pipe").kind)
      assert.same({ nil, "can't look at " .. path "none" .. ": No such file or directory", "missing" },
        { files.stat(path "none") })
    end)

    it("reads the head, or all up to a limit", function()
      put("x", "a\0bc")
      assert.equal("a\0", files.head(path "x", 2))
      assert.equal("a\0bc", files.head(path "x", 100))
      assert.equal("", files.head(path "x", 0))
      assert.equal("a\0bc", files.read(path "x"))
      assert.equal("a\0bc", files.read(path "x", 4))
      assert.same({ nil, path "x" .. " has more than 3 bytes", "limit" }, { files.read(path "x", 3) })
      assert.same({ nil, folder .. " is a folder, not a file", "io" }, { files.read(folder) })
    end)

    it("reads how many files begin, and says which can't be read", function()
      local paths = {}
      for i = 1, 200 do
        paths[i] = ("d/%d"):format(i)
        put(paths[i], ("%03d and more"):format(i))
      end
      paths[201], paths[202] = "none", "d"
      local job = assert(files.heads(folder, paths, 3))
      local heads, messages = job:take()
      for i = 1, 200 do assert.equal(("%03d"):format(i), heads[i]) end
      assert.same({ false, false }, { heads[201], heads[202] })
      assert.same({ [201] = "can't open none: No such file or directory", [202] = "d is a folder, not a file" }, messages)
      assert.same({ {}, {}, {}, {} }, { files.heads(folder, {}, 3):take() })
      assert.has_error(function() job:take() end, "calling 'take' on bad self (they were taken already)")
      job:close()
      for _ = 1, 20 do files.heads(folder, paths, 64) end   -- dropped under way
      collectgarbage()
      assert.same({ nil, "can't open the folder " .. path "none" .. ": No such file or directory", "missing" },
        { files.heads(path "none", {}, 3) })
      for wrong, words in pairs { [""] = "empty", ["a\0b"] = "NUL" } do
        assert.has_error(function() files.heads(folder, { wrong }, 3) end, "bad argument #2 to 'heads' (the path " ..
          (words == "NUL" and "holds a NUL)" or "is empty)"))
      end
    end)

    it("tells files apart by how they begin and end, as those of many files are", function()
      local middle = ("m"):rep(5000)
      put("a", "begin" .. middle .. "end")
      for name, text in pairs { first = "Begin" .. middle .. "end", last = "begin" .. middle .. "enD",
        longer = "begin" .. middle .. "m" .. "end", short = "s", other = "t", none = "" } do
        put(name, text)
      end
      local paths = { "a", "first", "last", "longer", "short", "other", "none" }
      local _, _, marks = files.heads(folder, paths, 3):take()
      local seen = {}
      for i, name in ipairs(paths) do
        local stat = files.stat(path(name))
        assert.same({ marks[i], stat.size, stat.mtime_ns }, { files.mark(path(name), folder) })
        assert.is_nil(seen[marks[i]])
        seen[marks[i]] = name
      end
      assert.equal(-3383921951045505424, (files.mark(path "a", folder)))   -- run files keep it
      shell "mkdir in; ln -s ../a in/out; ln -s ../in/b in/inside; cp a in/b; ln -s none in/nowhere"
      assert.equal(marks[1], (files.mark(path "in/inside", path "in")))
      assert.same({ nil, path "in/out" .. " is a link that leads out of the folder", "conflict" },
        { files.mark(path "in/out", path "in") })
      assert.equal("missing", select(3, files.mark(path "in/nowhere", path "in")))
      assert.same({ nil, path "in" .. " is a folder, not a file", "io" }, { files.mark(path "in", folder) })
    end)

    it("follows no link out of a folder that it is to stay in", function()
      shell "mkdir in in/a; printf text > in/x; printf text > out"
      shell "ln -s ../x in/a/good; ln -s ../out in/bad; ln -s none in/none; ln -s / in/root"
      local inside = path "in"
      for _, name in ipairs { "/x", "/a/good" } do assert.equal("te", files.head(inside .. name, 2, inside)) end
      assert.equal("te", files.head(inside .. "/bad", 2))
      assert.equal("te", files.head(inside .. "/bad", 2, "/"))
      local BAD = { ["/bad"] = " is a link that leads out of the folder", ["/none"] = " is a link that leads nowhere",
        ["/root"] = " is a link that leads out of the folder", ["/a"] = " is a folder, not a file" }
      for name, words in pairs(BAD) do
        assert.same({ nil, inside .. name .. words, "io" }, { files.head(inside .. name, 2, inside) })
      end
      assert.equal("missing", select(3, files.head(inside .. "/y", 2, inside)))
    end)

    it("reads all of a pipe, but waits for none where a file is expected", function()
      shell "mkfifo pipe; (printf hello > pipe) &"
      assert.equal("hello", files.read(path "pipe"))
      assert.same({ nil, path "pipe" .. " is not an ordinary file", "io" }, { files.sha256(path "pipe") })
      assert.same({ nil, path "pipe" .. " is not an ordinary file", "io" }, { files.head(path "pipe", 1) })
    end)

    it("computes digests of files and of parts of them", function()
      local bytes = ("0123456789abcdef"):rep(100000) .. "end"
      put("x", bytes)
      assert.same({ hash.sha256(bytes), #bytes }, { files.sha256(path "x") })
      assert.same({ hash.md5(bytes), #bytes }, { files.md5(path "x") })
      assert.same({ hash.sha256(bytes:sub(11, 1000010)), 1000000 }, { files.sha256(path "x", 10, 1000000) })
      assert.same({ hash.sha256 "end", 3 }, { files.sha256(path "x", #bytes - 3) })
      assert.same({ hash.sha256 "", 0 }, { files.sha256(path "x", #bytes) })
      assert.same({ hash.sha256 "", 0 }, { files.sha256(path "x", 5, 0) })
    end)

    it("fails when the file ends before the part does", function()
      put("x", "abc")
      local short = { nil, path "x" .. " is shorter than it should be", "io" }
      assert.same(short, { files.sha256(path "x", 0, 4) })
      assert.same(short, { files.sha256(path "x", 4) })
      assert.same(short, { files.sha256(path "x", 3, 1) })
    end)

    it("fails for a file that may not be read", function()
      put "x"
      shell "chmod 000 x"
      assert.matches("^nil\tcan't open [^\n]*/x: Permission denied\tio\n",
        as_nobody "print(core.files.sha256(folder .. '/x'))")
    end)

    it("knows how much room there is", function()
      assert.is_true(files.free_space(folder) > 0)
      assert.equal("missing", select(3, files.free_space(path "none")))
    end)
  end)

  describe("writing", function()
    it("makes folders with their parents, again and again", function()
      assert.is_true(files.make_folder(path "a/b/c"))
      assert.is_true(files.make_folder(path "a/b/c/"))
      put "file"
      local ok, message = files.make_folder(path "file/x")
      assert.is_nil(ok)
      assert.matches("/file: File exists$", message)
    end)

    it("writes a file with the rights that are asked for", function()
      assert.is_true(files.write(path "x", "a\0b", tonumber("600", 8)))
      assert.equal("a\0b", files.read(path "x"))
      shell "[ $(stat -c %a x) = 600 ]"
      assert.is_true(files.write(path "x", "new"))
      shell "[ $(stat -c %a x) = 600 ]"
      assert.equal("new", files.read(path "x"))
    end)

    it("keeps the old file and leaves nothing behind when it can't write", function()
      shell "mkdir full"
      put("full/x", "old")
      -- a name that can't be renamed to: a folder stands there
      shell "mkdir full/sub; chmod 555 full"
      assert.equal("io", select(3, files.write(path "full/sub", "new")))
      local said = as_nobody "print(core.files.write(folder .. '/full/x', 'new'))"
      assert.matches("^nil\tcan't write [^\n]*/full/x: Permission denied\tio\n", said)
      assert.equal("old", files.read(path "full/x"))
      shell "chmod 755 full; [ \"$(ls -A full)\" = \"$(printf 'sub\\nx')\" ]"
    end)

    it("replaces the target of a link and keeps the link", function()
      put "target"
      shell "ln -s target link"
      assert.is_true(files.write(path "link", "new"))
      assert.equal("new", files.read(path "target"))
      shell "[ -L link ]"
    end)

    it("writes to devices instead of replacing them", function()
      assert.is_true(files.write("/dev/null", "x"))
      assert.equal("other", files.stat("/dev/null").kind)
      assert.same({ nil, "can't write /dev/full: No space left on device", "io" }, { files.write("/dev/full", "x") })
    end)

    it("fails where there is no folder", function()
      assert.equal("missing", select(3, files.write(path "none/x", "a")))
    end)

    it("renames, replacing what is there", function()
      put("a", "1")
      put("b", "2")
      assert.is_true(files.rename(path "a", path "b"))
      assert.equal("1", files.read(path "b"))
      assert.equal("missing", select(3, files.rename(path "a", path "b")))
    end)

    it("removes files, empty folders and, if told so, trees", function()
      put "tree/a/b"
      put ".keep"
      shell "ln -s ../.keep tree/link; ln -s tree to_tree"
      assert.equal("io", select(3, files.remove(path "tree")))
      assert.is_true(files.remove(path "to_tree", { tree = true }))
      assert.equal("folder", files.stat(path "tree").kind)
      assert.is_true(files.remove(path "tree", { tree = true }))
      assert.is_nil(files.stat(path "tree"))
      assert.is_true(files.remove(path ".keep"))
      assert.equal("missing", select(3, files.remove(path ".keep")))
      assert.equal("missing", select(3, files.remove(path ".keep", { tree = true })))
    end)

    it("makes temporary folders that nobody else may enter", function()
      local second = assert(files.temp_folder())
      finally(function() files.remove(second) end)
      assert.not_equal(folder, second)
      assert(os.execute("[ $(stat -c %a " .. second .. ") = 700 ]"))
    end)
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() files.stat(nil) end)
    assert.has_error(function() files.stat "" end)
    assert.has_error(function() files.read("a\0b") end)
    assert.has_error(function() files.head("a", -1) end)
    assert.has_error(function() files.sha256("a", -1) end)
    assert.has_error(function() files.sha256("a", 0, -1) end)
    assert.has_error(function() files.remove("a", { tre = true }) end)
  end)
end)
