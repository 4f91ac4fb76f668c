-- Scripts that come with almanac, against the rehearsal: masters of a set, broken representations, a set from barcodes.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

describe("the script", function()
  local at = desk.each(before_each, after_each)

  local function read(name) return program.read(at.folder .. "/" .. name) end

  local function lines(text)
    local list = {}
    for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
    return list
  end

  describe("download-masters", function()
    local function download(...) return at.almanac("exec", "download-masters", "--set", "All digital titles", "--folder", "out", ...) end

    local function gets() return at.alma.calls().routes["S3 GetObject"] end

    it("fetches every master, and none twice, with checksums that hold", function()
      at.start { { "a", "b" }, { "c" }, { "d" } }
      at.alma.change { op = "add_representation", mms_id = desk.id(2), usage_type = "DERIVATIVE_COPY", files = { { name = "c.jpg" } } }
      local result = download()
      assert.same({ 0, "4 files downloaded, 0 were there, 0 failed; out/checksums.csv\n", "" }, { result.status, result.out, result.err })
      local rows = lines(read "out/checksums.csv")
      assert.equal("mms_id,representation_id,file_id,path,label,size,sha256,md5", rows[1])
      assert.equal(5, #rows)
      assert.matches(("'?%s,'?12%%d+,'?13%%d+,%s/a.tif,a.tif,'?1000,"):format(desk.id(1), desk.id(1)), rows[2])
      assert.truthy(os.execute(("cd %s/out && sha256sum --quiet --check SHA256SUMS"):format(program.quote(at.folder))))
      assert.is_nil(core.files.stat(at.folder .. "/out/" .. desk.id(2) .. "/c.jpg"))
      assert.equal(4, gets())
      result = download()
      assert.same({ 0, "0 files downloaded, 4 were there, 0 failed; out/checksums.csv\n" }, { result.status, result.out })
      assert.same(rows, lines(read "out/checksums.csv"))
      assert.equal(4, gets())
    end)

    it("goes on where it was interrupted, and mends what changed", function()
      at.start { { "a", "b" }, { "c" } }
      assert.equal(0, download().status)
      local list = read "out/checksums.csv"
      program.write(at.folder .. "/out/checksums.csv", list:sub(1, -20))   -- killed while it wrote the last line
      os.remove(("%s/out/%s/a.tif"):format(at.folder, desk.id(1)))
      assert.equal("2 files downloaded, 1 were there, 0 failed; out/checksums.csv\n", download().out)
      assert.equal(list, read "out/checksums.csv")
      program.write(("%s/out/%s/b.tif"):format(at.folder, desk.id(1)), ("x"):rep(1000))
      assert.matches("^0 files downloaded, 3 were there", download().out)
      assert.matches("^1 files downloaded, 2 were there", download("--again").out)
      assert.truthy(os.execute(("cd %s/out && sha256sum --quiet --check SHA256SUMS"):format(program.quote(at.folder))))
    end)

    it("is recorded without a secret, and played again without network", function()
      at.start { { "a", "b" } }
      local result = at.almanac("exec", "--record", "r.jsonl", "download-masters", "--set", "All digital titles", "--folder", "out")
      assert.equal("2 files downloaded, 0 were there, 0 failed; out/checksums.csv\n", result.out)
      assert.is_nil(read("r.jsonl"):find "X%-Amz%-Signature=%x%x%x")
      at.alma.change { op = "faults", spec = "*=1:reset" }
      result = at.almanac("exec", "--replay", "r.jsonl", "download-masters", "--set", "All digital titles", "--folder", "again")
      assert.same({ 0, "2 files downloaded, 0 were there, 0 failed; again/checksums.csv\n" }, { result.status, result.out })
      assert.equal(read "out/SHA256SUMS", read "again/SHA256SUMS")
    end)

    it("keeps files of one name apart, and says which can't be had", function()
      at.start { { "a" } }
      local made = at.alma.change { op = "add_representation", mms_id = desk.id(1), usage_type = "PRESERVATION_MASTER",
        files = { { name = "a.tif", size = 7 }, { name = "gone.tif", size = 9 } } }
      at.alma.change { op = "break_file", pid = made.files[2], left = 3 }
      local result = download()
      assert.equal(2, result.status)
      assert.equal("2 files downloaded, 0 were there, 1 failed; out/checksums.csv\n", result.out)
      assert.matches("^" .. desk.id(1) .. ": gone.tif: file %d+: 3 bytes came of the 9 that Alma lists\n$", result.err)
      assert.equal(7, core.files.stat(("%s/out/%s/a-%s.tif"):format(at.folder, desk.id(1), made.files[1])).size)
    end)
  end)

  describe("broken-representations", function()
    it("names each problem, and nothing that is well", function()
      at.start { { "a" }, { "b" }, { "c" } }
      local empty = at.alma.change({ op = "add_representation", mms_id = desk.id(1), label = "JPG", files = {} }).id
      local nothing = at.alma.change { op = "add_representation", mms_id = desk.id(2), label = "JPG",
        files = { { name = "b.jpg", size = 0 } } }
      local twin = at.alma.change({ op = "add_representation", mms_id = desk.id(2), label = "JPG", files = { { name = "b2.jpg" } } }).id
      at.alma.change { op = "change_representation", id = twin, usage_type = "" }
      local again = at.alma.change({ op = "add_representation", mms_id = desk.id(2), label = "JPG", files = { { name = "b3.jpg" } } }).id
      local result = at.almanac("exec", "broken-representations", "--collection", "Digital titles")
      assert.equal(0, result.status)
      assert.equal("3 titles looked at: 4 problems, 0 titles could not be read\n", result.err)
      local rows = lines((result.out:gsub("'", "")))
      assert.same({ "mms_id,title,representation_id,usage_type,label,file_id,file,problem",
        ("%s,Title 1,%s,DERIVATIVE_COPY,JPG,,,no file"):format(desk.id(1), empty),
        ("%s,Title 2,%s,DERIVATIVE_COPY,JPG,%s,b.jpg,the file has 0 bytes"):format(desk.id(2), nothing.id, nothing.files[1]),
        ("%s,Title 2,%s,,JPG,,,no usage type"):format(desk.id(2), twin),
        ("%s,Title 2,%s,DERIVATIVE_COPY,JPG,,,the same usage type and label as %s"):format(desk.id(2), again, nothing.id) }, rows)
    end)

    it("takes a set, and tells of titles without any when asked", function()
      at.start { { "a" } }
      local bare = at.alma.change({ op = "add_bib", title = "Bare" }).mms_id
      at.alma.change { op = "add_set", name = "Both", members = { desk.id(1), bare } }
      assert.equal(1, #lines(at.run("exec", "broken-representations", "--set", "Both").out))
      at.run("exec", "broken-representations", "--set", "Both", "--none", "--output", "out.csv")
      assert.matches(bare .. ",,,,,,,no representation\n$", read "out.csv")
      local result = at.almanac("exec", "broken-representations")
      assert.same({ 1, "" }, { result.status, result.out })
    end)
  end)

  describe("set-from-barcodes", function()
    local function start(...)
      at.start({ { "a" }, { "b" }, { "c" } }, ...)
      for i = 1, 3 do at.alma.change { op = "add_item", mms_id = desk.id(i), barcode = "3000" .. i } end
      at.alma.change { op = "add_item", mms_id = desk.id(1), barcode = "30009" }
    end

    local function list(...)
      program.write(at.folder .. "/list.csv", "Barcode;Note\n" .. table.concat({ ... }, ";x\n") .. ";x\n")
    end

    local function make(...) return at.almanac("exec", "set-from-barcodes", "--list", "list.csv", "--name", "Box 7", ...) end

    local function made()
      local sets = {}
      for _, set in ipairs(at.alma.state().sets) do
        if set.name == "Box 7" then sets[#sets + 1] = set end
      end
      return sets
    end

    it("makes a set of items once, and says which barcodes are unknown", function()
      start()
      list("30001", "30009", "777", "30001", "30002")
      local result = make()
      assert.same({ 2, "unknown: 777\n" }, { result.status, result.err })
      assert.matches("^set 'Box 7' %(%d+%): 3 added, 0 were in it, 1 of 4 barcodes unknown\n$", result.out)
      assert.same({ 1, "ITEM", 3 }, { #made(), made()[1].content, #made()[1].members })
      result = make("--unknown", "unknown.csv")
      assert.matches(": 0 added, 3 were in it, 1 of 4", result.out)
      assert.equal("barcode\n777\n", (read "unknown.csv":gsub("'", "")))
      assert.equal(1, #made())
    end)

    it("makes a set of titles", function()
      start()
      list("30003", "30001", "30009", "777")
      assert.matches(": 2 added, 0 were in it, 1 of 4", make("--titles").out)
      assert.same({ desk.id(3), desk.id(1) }, made()[1].members)
      local result = make()
      assert.equal(1, result.status)
      assert.matches("there is a set 'Box 7' already", result.err)
    end)

    it("makes nothing twice when answers are lost", function()
      start("--faults", "POST sets=@1:lost,POST sets=@2:lost")
      list("30001", "30002", "30003")
      local result = make()
      assert.same({ 0, "" }, { result.status, result.err })
      assert.matches(": 3 added, 0 were in it", result.out)
      assert.same({ 1, 3 }, { #made(), #made()[1].members })
    end)

    it("makes nothing twice when it is killed and run again, and what it sent comes late", function()
      start("--faults", "POST sets=@2:stall=1")
      list("30001", "30002", "30003")
      do
        local killed <close> = program.start({ "exec", "set-from-barcodes", "--list", "list.csv", "--name", "Box 7" },
          { folder = at.folder, env = at.env })
        while not made()[1] do core.sys.sleep(0.01) end
        killed.signal "KILL"
      end
      assert.equal(0, make().status)
      assert.matches("0 added, 3 were in it", make().out)
      assert.same({ 1, 3 }, { #made(), #made()[1].members })
    end)

    it("changes nothing in a dry run, and makes no set of nothing", function()
      start()
      list("30001", "30002")
      local result = at.almanac("exec", "--dry-run", "set-from-barcodes", "--list", "list.csv", "--name", "Box 7")
      assert.equal(0, result.status)
      assert.matches("would POST /conf/sets", result.out .. result.err)
      assert.same({}, made())
      list("777", "778")
      result = make "--titles"
      assert.equal(1, result.status)
      assert.matches("none of the barcodes is known: no set was made", result.err)
      assert.same({}, made())
      result = make()
      assert.equal(2, result.status)
      assert.matches("none of the barcodes is known: the new set was deleted again", result.err)
      assert.same({}, made())
    end)
  end)
end)
