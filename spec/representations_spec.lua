-- Representations and files: made once, changed, deleted, downloaded; against the rehearsal, every request held against
-- Alma's descriptions.
local alma = require "almanac.alma"
local core = require "almanac.core"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local s3 = require "almanac.s3"

local TITLES = "mms_id,title,usage_type,file_name,size,collection\n990000011234,Map,,,,Maps\n"

describe("representations and files", function()
  local place, client, folder, seen, maps, OTHER
  local representations, files = alma.representations, alma.files

  local function connect()
    client = openapi.hold(alma.new { url = place.url, key = place.key, rate = 5000, backoff = { first = 0.001, longest = 0.005 },
      log = function(event) seen[event.method] = (seen[event.method] or 0) + 1 end })
  end

  local function start(...)
    return rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0", ... } }
  end

  setup(function()
    place = start()
    maps = place.state().collections[1].pid
    folder = assert(core.files.temp_folder())
  end)

  teardown(function()
    if place then place.stop() end
    if folder then core.files.remove(folder, { tree = true }) end
  end)

  -- Each has a title of its own.
  before_each(function()
    seen = {}
    OTHER = place.change({ op = "add_bib", title = "View", collection = maps }).mms_id
    connect()
  end)

  after_each(function()
    place.change { op = "faults", spec = "" }
    place.change { op = "latency", spec = "0" }
    assert(core.files.remove(folder, { tree = true }))
    assert(core.files.make_folder(folder))
  end)

  local function faults(spec) place.change { op = "faults", spec = spec } end

  local function all(mms_id) return place.state("?mms_id=" .. mms_id).representations end

  local NEW = { label = "JPG", library = "MAIN", usage_type = "DERIVATIVE_COPY", public_note = "for readers" }

  local function with(more)
    local rep = {}
    for _, fields in ipairs { NEW, more } do
      for name, value in pairs(fields) do rep[name] = value end
    end
    return rep
  end

  describe("a representation is created", function()
    it("with what was asked for, and once", function()
      local made, there = assert(representations.create(client, OTHER, NEW))
      assert.is_false(there)
      assert.are.same({ "JPG", "MAIN", "DERIVATIVE_COPY", "for readers", false },
        { made.label, made.library.value, made.usage_type.value, made.public_note, made.is_remote })
      local again
      again, there = representations.create(client, OTHER, with { public_note = "other" })
      assert.is_true(there)
      assert.are.equal(made.id, again.id)
      assert(representations.create(client, OTHER, with { usage_type = "AUXILIARY" }))
      assert.are.equal(2, #all(OTHER))
    end)

    it("with all that describes a part of a work", function()
      local made = assert(representations.create(client, OTHER, with { entity_type = "ARTICLE", author = "A", title = "T",
        volume = "1", issue = "2", date = "1893", start_page = "3", end_page = "4", access_rights_policy_id = "29923706960004146" }))
      local got = representations.get(client, OTHER, made.id)
      assert.are.same({ "ARTICLE", "A", "T", "1", "2", "1893", "3", "4", "29923706960004146" }, { got.entity_type.value, got.author,
        got.title, got.volume, got.issue, got.date, got.start_page, got.end_page, got.access_rights_policy_id.value })
    end)

    local REMOTE = { is_remote = true, repository = "CONTENTDM", originating_record_id = "oai:x:p1/7", linking_parameter_1 = "p1",
      linking_parameter_2 = "7", linking_parameter_5 = "z", label = "" }

    it("remote, known by its record in the repository", function()
      local made, there = assert(representations.create(client, OTHER, with(REMOTE)))
      assert.is_false(there)
      assert.are.same({ true, "CONTENTDM", "oai:x:p1/7", "p1", "7", "", "z" }, { made.is_remote, made.repository.value,
        made.originating_record_id, made.linking_parameter_1, made.linking_parameter_2, made.linking_parameter_3,
        made.linking_parameter_5 })
      local found = assert(representations.find(client, OTHER, { originating_record_id = "oai:x:p1/7" }))
      assert.are.equal(made.id, found.id)
      local again
      again, there = representations.create(client, OTHER, with(REMOTE))
      assert.is_true(there)
      assert.are.equal(made.id, again.id)
      local none, _, code = representations.find(client, OTHER, { originating_record_id = "oai:x:p1/8" })
      assert.is_nil(none)
      assert.are.equal("missing", code)
    end)

    for _, fault in ipairs { "lost", "500after", "cut", "relabel", "late=0.01" } do
      it("once when the answer is spoilt: " .. fault, function()
        faults("POST representations=@1:" .. fault)
        client.backoff.first = 0.1   -- time for what comes late
        local made = assert(representations.create(client, OTHER, NEW))
        assert.are.equal(1, #all(OTHER))
        assert.are.equal(made.id, all(OTHER)[1].id)
        assert.are.equal(1, seen.POST)
      end)
    end

    it("once while lists lag behind", function()
      place.change { op = "latency", spec = "lag=0.03" }
      faults "POST representations=@1:lost"
      client.backoff.first = 0.1
      assert(representations.create(client, OTHER, NEW))
      assert.are.equal(1, #all(OTHER))
    end)

    it("never in place of what somebody else made meanwhile", function()
      faults "POST representations=@1:filled"
      local made, message, _, detail = representations.create(client, OTHER, NEW)
      assert.is_nil(made)
      assert.is_true(detail.unclear)
      assert.truthy(message:find("nobody can tell whether the representation 'JPG' of title " .. OTHER .. " was made", 1, true))
    end)

    it("without a name only when it shall be new", function()
      assert.error_matches(function() representations.create(client, OTHER, with { label = "" }) end, "as_new")
      assert.error_matches(function() representations.create(client, OTHER, NEW, { generate_label = true }) end, "as_new")
      local made = assert(representations.create(client, OTHER, NEW, { as_new = true, generate_label = true }))
      assert.are.equal("Derivative", made.label)
      faults "POST representations=@1:lost"
      assert(representations.create(client, OTHER, with { label = "" }, { as_new = true }))
      assert.are.equal(2, #all(OTHER))
    end)

    it("not for a title without a collection", function()
      local none = place.change({ op = "add_bib", title = "Nowhere" }).mms_id
      local made, _, code, detail = representations.create(client, none, NEW)
      assert.is_nil(made)
      assert.are.equal("missing", code)
      assert.is_true(alma.has_code(detail, "402260"))
    end)

    it("not with a library or usage type that Alma has not, which the message says at once", function()
      for words, wrong in pairs { ["no library 'MIAN', did you mean 'MAIN'?"] = { library = "MIAN" },
        ["no usage type 'THUMB'"] = { usage_type = { value = "THUMB" } } } do
        local before = seen.POST or 0
        local made, message, code, detail = representations.create(client, OTHER, with(wrong))
        assert.are.same({ nil, "status", false, before + 1 }, { made, code, detail.unclear, seen.POST })
        assert.truthy(message:find("there is " .. words, 1, true) and message:find("401652", 1, true), message)
        assert.is_nil(message:find("nobody can tell", 1, true))
      end
      assert.are.same({}, all(OTHER))
    end)

    -- No call of Alma's lists the repositories.
    it("and nobody can tell when library and usage type are right and Alma says no more than that it failed", function()
      local made, message, _, detail = representations.create(client, OTHER, with { is_remote = true, repository = "NOWHERE",
        originating_record_id = "oai:1" })
      assert.are.same({ nil, true }, { made, detail.unclear })
      assert.truthy(message:find("nobody can tell", 1, true), message)
    end)

    it("not with a misspelt field", function()
      assert.error_matches(function() representations.create(client, OTHER, with { usagetype = "X" }) end, "did you mean 'usage_type'")
    end)
  end)

  it("two of one label are a conflict", function()
    for _ = 1, 2 do assert(representations.create(client, OTHER, NEW, { as_new = true })) end
    local made, message, code = representations.create(client, OTHER, NEW)
    assert.is_nil(made)
    assert.are.equal("conflict", code)
    assert.truthy(message:find("has 2 representations 'JPG'", 1, true))
  end)

  it("a brief list is no hindrance to finding one", function()
    local usual <const>, brief <close> = place, start "--brief"
    place = brief
    connect()
    place = usual
    local made = assert(representations.create(client, "990000011234", NEW))
    local found = assert(representations.find(client, "990000011234", { label = "JPG", usage_type = "DERIVATIVE_COPY" }))
    assert.are.equal(made.id, found.id)
  end)

  it("a representation changes in what is given, and a title without an active one can be suppressed", function()
    local made = assert(representations.create(client, OTHER, NEW))
    local changed = assert(representations.update(client, OTHER, made.id, { label = "new", usage_type = "AUXILIARY" }))
    assert.are.same({ "new", "AUXILIARY", "for readers" }, { changed.label, changed.usage_type.value, changed.public_note })
    assert.are.equal("Auxiliary", assert(representations.update(client, OTHER, made.id, {}, { generate_label = true })).label)
    assert(representations.update(client, OTHER, made.id, { active = "false" }, { bibs = "suppress" }))
    assert.is_true(place.state("?mms_id=" .. OTHER).bibs[1].suppressed)
  end)

  it("a representation is deleted with its title when that is asked for, also when the answer is lost", function()
    local made = assert(representations.create(client, OTHER, NEW))
    faults "DELETE representations=@1:lost"
    assert.is_true(representations.delete(client, OTHER, made.id, { bibs = "delete" }))
    assert.are.same({}, place.state("?mms_id=" .. OTHER).bibs)
  end)

  it("a representation with files is deleted only when warnings don't count", function()
    local other = place.change({ op = "add_bib", title = "Full", collection = maps }).mms_id
    local id = place.change({ op = "add_representation", mms_id = other, files = { { name = "a.tif" } } }).id
    assert.is_nil((representations.delete(client, other, id, { override = false })))
    assert.is_true(representations.delete(client, other, id))
    assert.error_matches(function() representations.delete(client, other, id, { bib = "delete" }) end, "did you mean 'bibs'")
  end)

  describe("a file is", function()
    local rep, bucket

    before_each(function()
      rep = assert(representations.create(client, OTHER, NEW))
      bucket = assert(s3.new { endpoint = place.url, bucket = place.bucket, region = place.region,
        access_key = place.access_key, secret_key = place.secret_key, backoff = { first = 0.001, longest = 0.005 } })
    end)

    local function upload(name, text)
      local key = place.inst .. "/upload/spec/" .. name
      assert(core.files.write(folder .. "/" .. name, text))
      assert(bucket:put(key, { path = folder .. "/" .. name }))
      return key
    end

    local function count() return #place.state("?mms_id=" .. OTHER).representations[1].files end

    it("created once", function()
      local file, there = assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abc"), label = "A", size = 3 }))
      assert.is_false(there)
      assert.are.same({ "A", "a.jpg", 3 }, { file.label, files.name(file), file.size })
      local again
      again, there = files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abc"), label = "A", size = 3 })
      assert.is_true(there)
      assert.are.equal(file.pid, again.pid)
      assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abcd"), label = "B", size = 4 }))
      assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abcd"), label = "B" }, { as_new = true }))
      assert.are.equal(3, count())
      local _, _, code = files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abcd"), label = "B" })
      assert.are.equal("conflict", code)
    end)

    it("not created of a name by itself, or of a key outside of the upload folder", function()
      for _, path in ipairs { "x.tif", "upload/x.tif", place.inst .. "/storage/x.tif", place.inst .. "/upload/" } do
        for _, call in ipairs { files.create, files.post } do
          assert.error_matches(function() call(client, OTHER, rep.id, { path = path }) end, "it begins with INST/upload/, ", 1, true)
        end
      end
      assert.are.equal(1, seen.POST)   -- that of the representation
    end)

    for _, fault in ipairs { "lost", "500after", "cut", "relabel", "unlabel", "rename", "late=0.01" } do
      it("created once when the answer is spoilt: " .. fault, function()
        faults(("POST files=@1:%s"):format(fault))
        client.backoff.first = 0.1
        assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abc"), label = "A", size = 3 }))
        assert.are.same({ 1, 2 }, { count(), seen.POST })
      end)
    end

    it("given another label", function()
      local file = assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abc"), label = "A" }))
      assert.are.equal("B", assert(files.update(client, OTHER, rep.id, file.pid, { label = "B" })).label)
      assert.are.equal("B", files.get(client, OTHER, rep.id, file.pid).label)
    end)

    it("deleted with its representation when that is asked for", function()
      local file = assert(files.create(client, OTHER, rep.id, { path = upload("a.jpg", "abc") }))
      assert.is_true(files.delete(client, OTHER, rep.id, file.pid, { representations = "delete" }))
      assert.are.same({}, all(OTHER))
    end)
  end)

  describe("a file is downloaded", function()
    local rep, list

    before_each(function()
      rep = place.change { op = "add_representation", mms_id = OTHER, usage_type = "PRESERVATION_MASTER",
        files = { { name = "page 1.tif", size = 70001 }, { name = "page 2.tif", size = 0 } } }
      list = assert(files.list(client, OTHER, rep.id))
    end)

    local function download(n, to) return files.download(client, OTHER, rep.id, list[n].pid, folder .. "/" .. (to or "x.tif")) end

    local function left()
      local names, walk = {}, assert(core.files.walk(folder))
      for name in function() return (walk:next()) end do names[#names + 1] = name end
      return names
    end

    it("whole, with its checksums", function()
      local got = assert(download(1))
      assert.are.same({ 70001, "page 1.tif", folder .. "/x.tif" }, { got.size, got.name, got.path })
      local bytes = core.files.read(got.path)
      assert.are.same({ core.hash.sha256(bytes), core.hash.md5(bytes), 70001 }, { got.sha256, got.md5, #bytes })
      assert.are.same({ "x.tif" }, left())
    end)

    it("also when it is empty", function()
      assert.are.equal(0, assert(download(2)).size)
    end)

    it("by a new address when the old one is refused", function()
      faults "GET s3.object=@1:denied,GET s3.object=@2:denied"
      assert.are.equal(70001, assert(download(1)).size)
      faults "GET s3.object=1:denied"
      local got, message, code = download(1, "y.tif")
      assert.is_nil(got)
      assert.are.equal("status", code)
      assert.truthy(message:find("status 403 (AccessDenied)", 1, true))
      assert.is_nil(message:find("Signature", 1, true))
      assert.are.same({ "x.tif" }, left())
    end)

    it("in spite of a server that fails now and then", function()
      faults "GET s3.object=@1:500,GET s3.object=@2:reset"
      assert.are.equal(70001, assert(download(1)).size)
    end)

    it("not when fewer bytes come than Alma lists", function()
      place.change { op = "break_file", pid = list[1].pid, left = 500 }
      local got, message, code = download(1)
      assert.is_nil(got)
      assert.are.equal("parse", code)
      assert.truthy(message:find("500 bytes came of the 70001", 1, true))
      assert.are.same({}, left())
    end)

    it("never over a run", function()
      assert(core.files.write(folder .. "/a.run", "SQLite format 3\0"))
      local got, _, code = download(1, "a.run")
      assert.is_nil(got)
      assert.are.equal("conflict", code)
    end)

    it("not into a folder that is not there, which is no lack of Alma's", function()
      local got, message, code = download(1, "none/x.tif")
      assert.are.same({ nil, "io" }, { got, code })
      assert.truthy(message:find("none/x.tif", 1, true), message)
      assert.are_not.equal("io", select(3, files.download(client, OTHER, rep.id, "23999999999990001", folder .. "/x.tif")))
    end)

    it("not without an address", function()
      local usual <const>, other <close> = place, start()
      place = other
      connect()
      place = usual
      other.change { op = "no_addresses" }
      local made = other.change { op = "add_representation", mms_id = "990000011234", files = { { name = "a.tif" } } }
      local got, _, code = files.download(client, "990000011234", made.id, made.files[1], folder .. "/x.tif")
      assert.is_nil(got)
      assert.are.equal("missing", code)
    end)
  end)
end)
