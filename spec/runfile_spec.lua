local core = require "almanac.core"
local other = require "support.other"
local runfile, files = core.runfile, core.files

local SCHEMA = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE UNIQUE INDEX t_a ON t(a)"

describe("core.runfile", function()
  local folder, path

  before_each(function()
    folder = assert(files.temp_folder())
    path = folder .. "/a.run"
  end)
  after_each(function()
    collectgarbage()
    files.remove(folder, { tree = true })
  end)

  local function open(mode, change)
    local options = { mode = mode, kind = "run", version = 2, schema = SCHEMA }
    for name, value in pairs(change or {}) do options[name] = value end
    options.path = nil
    return runfile.open(change and change.path or path, options)
  end

  local function create(change) return assert(open("create", change)) end

  local function insert(db, value) return assert(db:run("INSERT INTO t(a) VALUES(?)", value)) end

  local function count(db) return db:value "SELECT count(*) FROM t" end

  describe("statements", function()
    local db

    before_each(function() db = assert(runfile.open(":memory:", { kind = "run", schema = SCHEMA })) end)
    after_each(function() db:close() end)

    it("keep integers, numbers, texts of any bytes and nil as they are", function()
      for _, value in ipairs { 0, -1, math.maxinteger, math.mininteger, 2.5, 2.0, 1e300, math.huge, "", "a\0b",
        "\xe9\xff", "1", "9912345678901234567890", ("x"):rep(1 << 20) } do
        local row = db:row("SELECT ? AS v", value)
        assert.equal(value, row.v)
        assert.equal(math.type(value), math.type(row.v))
      end
      assert.same({ y = 1 }, db:row("SELECT ? AS x, 1 AS y", nil))
      assert.same({ x = 1, y = 0 }, db:row("SELECT ? AS x, ? AS y", true, false))
      assert.equal("bytes", db:value "SELECT CAST('bytes' AS BLOB)")
    end)

    it("give changes and the last id", function()
      assert.same({ 1, 1 }, { db:run("INSERT INTO t(a) VALUES(?)", "x") })
      assert.same({ 1, 7 }, { db:run "INSERT INTO t(id, a) VALUES(7, 'y')" })
      assert.equal(2, (db:run("UPDATE t SET b = ?", 1)))
      assert.equal(0, (db:run "DELETE FROM t WHERE id = 99"))
    end)

    it("give the first row, the first value, all rows", function()
      for i = 1, 5 do insert(db, i * 10) end
      assert.same({ id = 2, a = 20 }, db:row("SELECT * FROM t WHERE id >= ? ORDER BY id", 2))
      assert.same({ nil }, { db:row "SELECT * FROM t WHERE id = 99" })
      assert.equal(50, db:value "SELECT max(a) FROM t")
      assert.same({ nil }, { db:value "SELECT b FROM t" })
      local seen = {}
      for row in db:rows("SELECT id, a FROM t WHERE id > ? ORDER BY id DESC", 3) do seen[#seen + 1] = row end
      assert.same({ { id = 5, a = 50 }, { id = 4, a = 40 } }, seen)
    end)

    it("take and give many rows as columns", function()
      assert.equal(3, db:run_many("INSERT INTO t(a, b) VALUES(?, ?)", 3, { "x", "y", 7 }, "same"))
      assert.equal(1, db:run_many("INSERT OR IGNORE INTO t(a, b) VALUES(?, ?)", 2, { "x", "z" }, { true, false }))
      assert.same({ { 1, 2, 2 }, { "z", "x", "y" }, { false, "same", "same" } },
        { db:columns("SELECT a, b FROM t WHERE a = ?1 OR b = ?2 AND a <> 7 ORDER BY id", 2, { "z", "none" }, { "none", "same" }) })
      assert.same({ {}, {} }, { db:columns("SELECT a FROM t WHERE a = ?", 1, { "none" }) })
      assert.same({ { 1 }, { 4 } }, { db:columns("SELECT count(*) FROM t", 1) })
      assert.equal(0, db:run_many("DELETE FROM t WHERE a = ?", 0, {}))
    end)

    it("stop at the row of a column that can't be taken", function()
      local done, message, code = db:run_many("INSERT INTO t(a) VALUES(?)", 3, { 1, 1, 2 })
      assert.same({ nil, "conflict" }, { done, code })
      assert.matches("UNIQUE constraint failed: t.a", message, 1, true)
      assert.equal(1, count(db))
      for _, wrong in ipairs { {}, 0 / 0 } do
        assert.has_error(function() db:run_many("INSERT INTO t(a) VALUES(?)", 1, { wrong }) end, "runfile: column 1 holds no value")
      end
      assert.has_error(function() db:run_many("INSERT INTO t(a, b) VALUES(?, ?)", 1, { 1 }) end,
        "runfile: the SQL has not 1 parameters, one for each column")
      assert.has_error(function() db:columns("SELECT", 1) end)
      assert.equal(1, count(db))
    end)

    it("keep the values of a loop while other statements run", function()
      insert(db, "x")
      insert(db, "y")
      local function value() return ("z"):rep(100) end
      local list = {}
      for row in db:rows("SELECT id, ? AS v FROM t ORDER BY id", value()) do
        collectgarbage()
        list[#list + 1] = row.v == value() and db:value("SELECT ?", "other" .. row.id)
      end
      assert.same({ "other1", "other2" }, list)
    end)

    it("nest with the same SQL", function()
      insert(db, 1)
      insert(db, 2)
      local SQL, pairs_seen = "SELECT a FROM t ORDER BY a", {}
      for one in db:rows(SQL) do
        for two in db:rows(SQL) do pairs_seen[#pairs_seen + 1] = one.a .. two.a end
      end
      assert.same({ "11", "12", "21", "22" }, pairs_seen)
    end)

    -- a table can't be dropped while a statement still reads it
    local function drop() return db:exec "DROP TABLE t" end

    it("end with a loop that is left early", function()
      insert(db, 1)
      insert(db, 2)
      for row in db:rows "SELECT * FROM t ORDER BY id" do
        assert.equal("conflict", select(3, drop()))
        if row.id == 1 then break end
      end
      assert.is_true(drop())
    end)

    it("end with a loop whose body raises", function()
      insert(db, 1)
      insert(db, 2)
      pcall(function()
        for _ in db:rows "SELECT * FROM t" do error "no" end
      end)
      assert.is_true(drop())
    end)

    it("end with a loop whose coroutine is forgotten", function()
      insert(db, 1)
      insert(db, 2)
      coroutine.wrap(function()
        for row in db:rows "SELECT * FROM t" do coroutine.yield(row) end
      end)()
      collectgarbage()
      collectgarbage()
      assert.is_true(drop())
    end)

    it("raise in a loop over a run file that was closed", function()
      insert(db, 1)
      insert(db, 2)
      assert.has_error(function()
        for _ in db:rows "SELECT * FROM t" do db:close() end
      end, "runfile: the run file is closed")
    end)

    it("are prepared once, and kept up to a bound", function()
      local COUNT = "SELECT count(*) FROM sqlite_stmt"
      if not pcall(db.value, db, COUNT) then pending "this SQLite does not list its statements" return end
      local function kept() return db:value(COUNT) end
      local before = kept()
      for i = 1, 100 do db:value("SELECT ? + 1", i) end
      assert.equal(before + 1, kept())
      for i = 1, 500 do db:value("SELECT " .. i) end
      assert.is_true(kept() <= 64 + 1)
      assert.equal(3, db:value("SELECT ? + 1", 2))
    end)

    it("raise for SQL that is none, for more than one, for values that don't fit", function()
      local function message(...)
        local ok, text = pcall(...)
        assert.is_false(ok)
        return text
      end
      assert.equal("runfile: no such table: none", message(db.run, db, "INSERT INTO none VALUES(1)"))
      assert.matches("syntax error", message(db.value, db, "SELEC 1"))
      assert.equal("runfile: the SQL is empty", message(db.run, db, " "))
      assert.matches("more than one SQL statement", message(db.run, db, "SELECT 1; SELECT 2"))
      assert.equal("runfile: the SQL has 2 parameters, got 1 values", message(db.run, db, "SELECT ?, ?", 1))
      assert.equal("runfile: the SQL has 0 parameters, got 1 values", message(db.rows, db, "SELECT 1", nil))
      assert.matches("bad argument #3 to '%?' %(string, number, boolean or nil expected, got table%)",
        message(db.run, db, "SELECT ?", {}))
      assert.has_error(function() db:run("SELECT ?", {}) end,
        "bad argument #2 to 'run' (string, number, boolean or nil expected, got table)")
      assert.matches("not a number", message(db.run, db, "SELECT ?", 0 / 0))
      assert.matches("no such column", message(db.value, db, 'SELECT "a text in the wrong quotes"'))
      assert.is_true(pcall(db.value, db, "SELECT 1; "))
    end)

    it("say which constraint is hurt", function()
      insert(db, "x")
      assert.same({ nil, ":memory:: UNIQUE constraint failed: t.a", "conflict" },
        { db:run("INSERT INTO t(a) VALUES(?)", "x") })
      assert.equal(1, count(db))
    end)
  end)

  describe("transactions", function()
    it("are there wholly or not at all", function()
      local db <close> = create()
      db:begin()
      assert.is_true(db:in_transaction())
      insert(db, 1)
      assert.is_true(db:commit())
      assert.is_false(db:in_transaction())
      db:begin()
      insert(db, 2)
      assert.is_true(db:rollback())
      assert.equal(1, count(db))
    end)

    it("don't nest, and can't end before they begin", function()
      local db <close> = create()
      assert.has_error(function() db:commit() end, "runfile: no transaction is open")
      assert.is_true(db:rollback())
      db:begin()
      assert.has_error(function() db:begin() end, "runfile: a transaction is open already")
    end)

    it("are rolled back by a close", function()
      local db = create()
      db:begin()
      insert(db, 1)
      db:close()
      local again <close> = assert(open "read")
      assert.equal(0, count(again))
    end)

    it("that are committed stay when the process is killed, others don't", function()
      create():close()
      local id = other.start(folder, [[
        local db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 2 }))
        db:begin()
        db:run("INSERT INTO t(a) VALUES('kept')")
        db:commit()
        db:begin()
        db:run("INSERT INTO t(a) VALUES('lost')")
        wait()]])
      finally(function() other.kill(id) end)
      other.kill(id)
      local db <close> = assert(open "write")
      assert.equal("kept", db:value "SELECT group_concat(a) FROM t")
      insert(db, "more")
    end)
  end)

  describe("a full disk", function()
    local function fill(db)
      db:begin()
      for i = 1, 100000 do
        local ok, message, code = db:run("INSERT INTO t(a, b) VALUES(?, ?)", "fill" .. i, ("x"):rep(1000))
        if not ok then return message, code end
      end
    end

    local function check_recovery(db)
      local message, code = fill(db)
      assert.same({ db and path .. ": the disk is full; make room and go on", "io" }, { message, code })
      -- nothing of the transaction may be written by what comes after
      if not db:in_transaction() then
        assert.same({ nil, path .. ": the transaction was undone; roll it back first", "io" },
          { db:run "INSERT INTO t(a) VALUES('half')" })
      end
      assert.is_true(db:rollback())
      assert.equal(1, count(db))
      assert.equal("before", db:value "SELECT a FROM t")
      assert.equal("ok", db:value "PRAGMA integrity_check")
    end

    it("is told, leaves the file whole and the handle in use", function()
      local db <close> = create()
      insert(db, "before")
      db:exec "PRAGMA max_page_count = 20"
      check_recovery(db)
      db:exec "PRAGMA max_page_count = 100000"
      insert(db, "after")
      assert.equal(2, count(db))
    end)

    describe("that is really full", function()
      local mounted

      before_each(function()
        mounted = folder .. "/disk"
        assert(files.make_folder(mounted))
        if not os.execute("mount -t tmpfs -o size=1m almanac '" .. mounted .. "' 2>/dev/null") then mounted = nil end
        path = folder .. "/disk/a.run"
      end)
      after_each(function()
        collectgarbage()
        if mounted then assert(os.execute("umount -l '" .. mounted .. "'")) end
      end)

      local function use_up()
        os.execute("dd if=/dev/zero of='" .. mounted .. "/ballast' bs=4k 2>/dev/null")
      end

      it("is told, leaves the file whole and the handle in use", function()
        if not mounted then pending "nothing can be mounted here" return end
        local db <close> = create()
        insert(db, "before")
        check_recovery(db)
        use_up()
        local message, code = fill(db)
        assert.same({ path .. ": the disk is full; make room and go on", "io" }, { message, code })
        assert.is_true(db:rollback())
        assert(files.remove(mounted .. "/ballast"))
        insert(db, "after")
        db:close()
        local again <close> = assert(open "write")
        assert.equal(2, count(again))
      end)

      it("leaves no half-made file behind", function()
        if not mounted then pending "nothing can be mounted here" return end
        use_up()
        assert.same({ nil, path .. ": the disk is full; make room and go on", "io" }, { open "create" })
        assert.is_nil(files.stat(path))
        assert(files.remove(mounted .. "/ballast"))
        create():close()
        use_up()
        local reader <close> = assert(open "read")
        assert.equal(0, count(reader))
        local db, message, code = open "write"
        assert.same({ nil, "io" }, { db, code })
        assert.matches("the disk is full", message)
      end)
    end)
  end)

  describe("one writer, any number of readers:", function()
    it("a second writer in this process is refused", function()
      local db <close> = create()
      local again, message, code = open "write"
      assert.same({ nil, "conflict" }, { again, code })
      assert.matches(("is in use by process %d on %s since %%d%%d%%d%%d%%-.* UTC; wait for it or stop it$")
        :format(core.sys.pid(), core.sys.hostname():gsub("%p", "%%%0")), message)
      db:close()
      assert(open "write"):close()
    end)

    it("a second writer in another process is refused until the first has ended, however it ends", function()
      create():close()
      local id = other.start(folder, [[
        db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 2 }))
        wait()]])
      finally(function() other.kill(id) end)
      local db, message, code = open "write"
      assert.same({ nil, "conflict" }, { db, code })
      assert.matches("is in use by process " .. id .. " on ", message)
      local reader <close> = assert(open "read")
      assert.equal(0, count(reader))
      other.kill(id)
      assert(open "write"):close()
    end)

    it("readers see what was committed", function()
      local db <close> = create()
      local reader <close> = assert(open "read")
      db:begin()
      insert(db, 1)
      assert.equal(0, count(reader))
      db:commit()
      assert.equal(1, count(reader))
    end)

    it("a reader can't write", function()
      create():close()
      local reader <close> = assert(open "read")
      assert.has_error(function() reader:run "DELETE FROM t" end, "runfile: the file is open for reading only")
      assert.has_error(function() reader:exec "CREATE TABLE x(y)" end, "runfile: the file is open for reading only")
    end)

    it("closing one handle takes no lock away from another", function()
      local db <close> = create()
      local function locks()
        local number, list = 0, assert(io.open "/proc/locks")
        for line in list:lines() do
          if line:find("POSIX.* " .. core.sys.pid() .. " ") then number = number + 1 end
        end
        list:close()
        return number
      end
      insert(db, 1)
      local before = locks()
      assert.is_true(before > 0)
      assert(open "read"):close()
      open "write"
      open("read", { kind = "rehearsal" })
      collectgarbage()
      assert.equal(before, locks())
      local said = other.run(folder, [[
        print(select(3, core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 2 })))]])
      assert.equal("conflict\n", said)
    end)

    it("the holder is gone from a file that was closed", function()
      create():close()
      local reader <close> = assert(open "read")
      assert.equal(0, reader:value "SELECT count(*) FROM holder")
    end)
  end)

  describe("open says what is wrong:", function()
    local function refused(code, words, mode, change)
      local db, message, got = open(mode or "read", change)
      assert.same({ nil, code }, { db, got })
      assert.equal(path .. words, message)
    end

    it("a file that exists already", function()
      create():close()
      refused("conflict", " exists already", "create")
    end)

    it("a file that does not", function()
      refused("missing", " does not exist")
      refused("missing", " does not exist", "write")
      local deep = folder .. "/none/a.run"
      assert.same({ nil, "can't write in the folder of " .. deep .. ": No such file or directory", "missing" },
        { open("create", { path = deep }) })
    end)

    it("a folder, an empty file, a file of anything else", function()
      assert(files.make_folder(path))
      refused("io", " is a folder")
      assert(files.remove(path))
      assert(files.write(path, ""))
      refused("parse", " is empty, not a run file")
      assert(files.write(path, ("text\n"):rep(100)))
      refused("parse", " is not a run file", "write")
      assert(files.write(path, "SQLite format 3\0"))
      refused("parse", " is not a run file")
    end)

    it("a database of another program or of another kind", function()
      create({ kind = "rehearsal" }):close()
      refused("parse", " is the state of a rehearsal, not a run file")
      local bytes = files.read(path)
      assert(files.write(path, bytes:sub(1, 68) .. "\0\0\0\0" .. bytes:sub(73)))
      refused("parse", " is a database of another program, not a run file", "write")
    end)

    it("an older or a newer version", function()
      create():close()
      refused("parse", " has format 2, this almanac needs 3; an older almanac made it: use that one, or start anew "
        .. "with this one", "write", { version = 3 })
      refused("parse", " has format 2, this almanac needs 1; a newer almanac made it: use that one", "read",
        { version = 1 })
    end)

    it("a file that is cut off", function()
      local db = create()
      for i = 1, 2000 do insert(db, "name" .. i) end
      db:close()
      local bytes = files.read(path)
      for _, keep in ipairs { #bytes - 1, #bytes // 2, 4096, 100 } do
        assert(files.write(path, bytes:sub(1, keep)))
        refused("parse", (" is cut off: %d of %d bytes are there; copy it again or take a backup"):format(keep, #bytes))
        refused("parse", (" is cut off: %d of %d bytes are there; copy it again or take a backup"):format(keep, #bytes),
          "write")
      end
      assert(files.write(path, bytes:sub(1, 99)))
      refused("parse", " is not a run file")
    end)

    it("a file that is damaged, at the latest when the damage is read", function()
      local db = create()
      for i = 1, 2000 do insert(db, "name" .. i) end
      db:close()
      local bytes = files.read(path)
      assert(files.write(path, bytes:sub(1, 100) .. ("\xff"):rep(3996) .. bytes:sub(4097)))
      refused("parse", " is damaged; copy it again or take a backup")
      assert(files.write(path, bytes:sub(1, 4096) .. ("\xff"):rep(#bytes - 4096)))
      local damaged <close> = assert(open "read")
      assert.same({ nil, path .. " is damaged; copy it again or take a backup", "parse" },
        { damaged:value "SELECT count(*) FROM t" })
      assert.has_error(function()
        for row in damaged:rows "SELECT * FROM t" do assert(row) end
      end, "runfile: " .. path .. " is damaged; copy it again or take a backup")
    end)

    it("a folder or a file that can't be written to; reading works all the same", function()
      create():close()
      assert(os.execute(("cd %s && mkdir in && cp a.run in/b.run && chmod 644 in/b.run && chmod 555 in"):format(folder)))
      local said = other.run(folder, [[
        local function try(name, mode)
          local options = { mode = mode, kind = "run", version = 2 }
          local db, message, code = core.runfile.open(folder .. "/in/" .. name, options)
          print(db and db:value "SELECT count(*) FROM t" or message, code)
        end
        try("b.run", "read")
        try("b.run", "write")
        try("c.run", "create")]], true)
      assert(os.execute("chmod 755 " .. folder .. "/in"))
      assert.equal("0\tnil\n"
        .. "can't write in the folder of " .. folder .. "/in/b.run: Permission denied\tio\n"
        .. "can't write in the folder of " .. folder .. "/in/c.run: Permission denied\tio\n", said)
    end)

    it("a file without the right to write", function()
      create():close()
      assert(os.execute(("cd %s && mkdir in && chmod 777 in && mv a.run in && chmod 444 in/a.run"):format(folder)))
      local said = other.run(folder, [[
        print(select(2, core.runfile.open(folder .. "/in/a.run", { mode = "write", kind = "run", version = 2 })))]], true)
      assert.equal(folder .. "/in/a.run: can't lock it for writing: Permission denied\tio\n", said)
    end)

    it("options that are none, by raising", function()
      local function message(options)
        local ok, text = pcall(runfile.open, path, options)
        assert.is_false(ok)
        return text
      end
      assert.matches("field 'kind' is missing", message {})
      assert.matches("field 'kind' can't be 'runs'", message { kind = "runs" })
      assert.matches("field 'mode' can't be 'append'", message { kind = "run", mode = "append" })
      assert.matches("field 'version' is out of range", message { kind = "run", version = 0 })
      assert.matches("unknown field 'shema'", message { kind = "run", shema = "" })
      assert.has_error(function() open("create", { schema = "CREATE TABEL x" }) end)
      assert.is_nil(files.stat(path))
    end)
  end)

  it("takes paths with every kind of character", function()
    for _, name in ipairs { "a b?c#d%41&e=f'g\"h.run", "\u{e9}\u{65e5}.run", "\xe9.run", "/double.run", "file:x.run",
      ("n"):rep(240) .. ".run" } do
      local at = folder .. "/" .. name
      local db = create { path = at }
      insert(db, name)
      db:close()
      assert.equal("file", files.stat(at).kind)
      local again <close> = assert(open("read", { path = at }))
      assert.equal(name, again:value "SELECT a FROM t")
    end
  end)

  it("waits for the disk at every commit when it is to be safe", function()
    local db <close> = create()
    local loose <close> = create { path = folder .. "/loose.run", safe = false }
    assert.same({ 2, 1, "wal", 1 }, { db:value "PRAGMA synchronous", loose:value "PRAGMA synchronous",
      db:value "PRAGMA journal_mode", db:value "PRAGMA foreign_keys" })
  end)

  it("is nobody else's, and so is its log", function()
    local db <close> = create()
    insert(db, 1)
    assert.same({ 6 * 64, 6 * 64 }, { files.stat(path).mode & 511, files.stat(path .. "-wal").mode & 511 })
  end)

  describe("that a killed process left", function()
    local moved

    before_each(function() moved = folder .. "/moved.run" end)

    -- Makes the file, lets another process go on with it in `program` and kills that; gives its id.
    local function leave(program)
      if not files.stat(path) then create():close() end
      local id = other.start(folder, ([[
        db = assert(core.runfile.open(folder .. "/a.run", { mode = "write", kind = "run", version = 2 }))
        local function insert(n) assert(db:run("INSERT INTO t(b) VALUES(?)", ("x"):rep(n))) end
        %s
        wait()]]):format(program))
      other.kill(id)
      return id
    end

    local function copy(to, ...)
      for _, ending in ipairs { "", ... } do assert(files.write(to .. ending, files.read(path .. ending))) end
    end

    local function refused(words, name)
      for _, mode in ipairs { "read", "write", "read" } do
        local db, message, code = open(mode, { path = name or moved })
        assert.same({ nil, "parse" }, { db, code })
        assert.matches(words, message)
      end
    end

    it("is refused without its log, and goes on when that is brought", function()
      local id = leave "insert(1)"
      copy(moved)
      local words = "moved.run is only a part of its run: the newest of it was written by process " .. id ..
        " on .* since %d.* UTC into moved.run%-wal, which is not here.*put it beside this file as moved.run%-wal"
      refused(words)
      assert.is_nil(files.stat(moved .. "-wal"))
      local db <close> = assert(open("create", { path = folder .. "/whole.run" }))
      assert.matches(words, select(2, db:attach(moved, "part")))
      assert(files.write(moved .. "-wal", ""))
      refused(words)
      copy(moved, "-wal")
      local whole <close> = assert(open("write", { path = moved }))
      assert.equal(1, count(whole))
    end)

    it("is refused without its log by the names of links to it too", function()
      leave "insert(1)"
      copy(moved)
      assert(os.execute(("cd %s && mkdir -p links && ln -s ../moved.run links/m.run && ln -s ../a.run links/a.run"):format(folder)))
      refused("m.run is only a part of its run", folder .. "/links/m.run")
      local db <close> = assert(open("write", { path = folder .. "/links/a.run" }))
      assert.equal(1, count(db))
    end)

    it("is refused without its log when most of it was brought in", function()
      leave "for _ = 1, 40 do db:begin() for _ = 1, 50 do insert(3000) end db:commit() end insert(1)"
      copy(moved)
      assert.is_true(files.stat(moved).size > 3e6)
      refused "is only a part of its run"
      local db <close> = assert(open "read")
      assert.equal(2001, count(db))
    end)

    it("is refused without its log when somebody read all the time", function()
      leave [[insert(1)
        reader = assert(core.runfile.open(folder .. "/a.run", { mode = "read", kind = "run", version = 2 }))
        next_row, state, first, cursor = reader:rows "SELECT id FROM t UNION ALL SELECT 2"
        next_row(state, first)
        for _ = 1, 40 do db:begin() for _ = 1, 50 do insert(3000) end db:commit() end]]
      copy(moved)
      assert.is_true(files.stat(path .. "-wal").size > 6e6)
      refused "is only a part of its run"
      local db <close> = assert(open "read")
      assert.equal(2001, count(db))
    end)

    it("is whole when another program brought its log in", function()
      leave "insert(1)"
      local another <close> = create { path = ":memory:" }
      assert(another:exec(("ATTACH '%s' AS a; PRAGMA a.wal_checkpoint(TRUNCATE); DETACH a"):format(path)))
      copy(moved)
      local db <close> = assert(open("write", { path = moved }))
      assert.equal(1, count(db))
    end)

    it("is refused with the log of another copy, which is left as it is", function()
      leave "insert(1)"
      copy(moved, "-wal")
      assert(open "write"):close()
      leave "insert(2)"
      assert(files.write(path .. "-wal", files.read(moved .. "-wal")))
      local bytes = files.read(path)
      refused("a.run and the a.run%-wal beside it are of different copies of the run", path)
      assert.equal(bytes, files.read(path))
    end)

    it("goes on wherever it was killed", function()
      create():close()
      for n = 1, 2 do
        leave "insert(1) insert(1)"
        leave ""
        leave "db:close()"
        local db <close> = assert(open "read")
        assert.equal(2 * n, count(db))
      end
    end)
  end)

  it("is one file after a close", function()
    local db = create()
    insert(db, "x")
    db:close()
    assert.is_nil(files.stat(path .. "-wal"))
    assert.is_nil(files.stat(path .. "-shm"))
  end)

  describe("attach", function()
    local second

    before_each(function()
      second = folder .. "/second ?.run"
      local db = create { path = second }
      insert(db, "from second")
      db:close()
    end)

    it("lets another file of the kind be read, and only read", function()
      local db <close> = create()
      assert.is_true(db:attach(second, "old"))
      db:run "INSERT INTO t SELECT * FROM old.t"
      assert.equal("from second", db:value "SELECT a FROM t")
      assert.equal("io", select(3, db:run "DELETE FROM old.t"))
    end)

    it("refuses what open would refuse", function()
      local db <close> = create()
      assert.same({ nil, folder .. "/none does not exist", "missing" }, { db:attach(folder .. "/none", "old") })
      create({ path = folder .. "/state", kind = "rehearsal" }):close()
      assert.equal("parse", select(3, db:attach(folder .. "/state", "old")))
      create({ path = folder .. "/new", version = 3 }):close()
      assert.equal("parse", select(3, db:attach(folder .. "/new", "old")))
      assert.is_true(db:attach(second, "old"))
      assert.has_error(function() db:attach(second, "old") end)
    end)
  end)

  it("raises for every use after the close, and closes twice", function()
    local db = create()
    db:close()
    db:close()
    for _, name in ipairs { "run", "row", "value", "rows", "exec" } do
      assert.has_error(function() db[name](db, "SELECT 1") end, "bad argument #1 to '?' (the run file is closed)")
    end
    assert.has_error(function() db:run "SELECT 1" end, "calling 'run' on bad self (the run file is closed)")
    for _, name in ipairs { "begin", "commit", "rollback", "in_transaction" } do
      assert.has_error(function() db[name](db) end)
    end
  end)

  it("can call nothing that a file from elsewhere would like to call", function()
    local db <close> = create()
    assert.has_error(function() db:value "SELECT load_extension('x')" end)
    assert.has_error(function() db:run "UPDATE sqlite_schema SET sql = 'x'" end)
  end)
end)
