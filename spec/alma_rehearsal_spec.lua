-- The clients against the rehearsal: whole flows as a run has them, every
-- request held against Alma's own descriptions.
local alma = require "almanac.alma"
local core = require "almanac.core"
local openapi = require "support.openapi"
local rehearsal = require "support.rehearsal"
local s3 = require "almanac.s3"
local task = require "almanac.task"

local TITLES = { "mms_id,title,usage_type,file_name,size,collection" }
for i = 1, 130 do
  TITLES[i + 1] = ("99%06d1234,Title %d,PRESERVATION_MASTER,tiff_%d.tif,%d,Maps"):format(i, i, i, 1000 + i)
end
TITLES = table.concat(TITLES, "\n") .. "\n"

local function mms(i) return ("99%06d1234"):format(i) end

local BODY = { label = "JPG", library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } }

describe("the clients with a rehearsal", function()
  local place, folder

  setup(function()
    place = rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0" } }
    folder = core.files.temp_folder()
  end)

  teardown(function()
    if place then place.stop() end
    if folder then core.files.remove(folder, { tree = true }) end
  end)

  after_each(function()
    place.change { op = "faults", spec = "" }
    place.change { op = "rate", rate = 0 }
  end)

  local function client(options)
    local given = { url = place.url, key = place.key, rate = 5000,
      backoff = { first = 0.001, longest = 0.005 } }
    for name, value in pairs(options or {}) do given[name] = value end
    return openapi.hold(alma.new(given))
  end

  local function file(name, bytes)
    assert(core.files.write(folder .. "/" .. name, bytes))
    return { path = folder .. "/" .. name, size = #bytes }
  end

  local function bucket(options)
    local given = { endpoint = place.url, bucket = place.bucket, region = place.region,
      access_key = place.access_key, secret_key = place.secret_key, backoff = { first = 0.001, longest = 0.005 } }
    for name, value in pairs(options or {}) do given[name] = value end
    return assert(s3.new(given))
  end

  it("know the institution, its tables, libraries, sets and collections", function()
    local api = client()
    local general = assert(alma.conf.general(api, { ingest_form = true }))
    assert.are.equal(place.inst, general.institution.value)
    assert.are.equal(place.bucket, general.digital.bucket)
    assert.are.equal(place.inst, alma.test(api, "bibs", true))
    assert.are.equal(place.inst, alma.test(api, "conf"))
    assert.truthy(alma.conf.libraries(api)[1].code)
    local codes = {}
    for _, row in ipairs(alma.conf.code_table(api, "RepresentationUsageType")) do codes[row.code] = true end
    assert.is_true(codes.DERIVATIVE_COPY)
    local set = assert(alma.sets.find(api, "TIFF only"))
    assert.are.equal(130, #alma.sets.members(api, set.id))
    local maps = assert(alma.collections.find(api, "Maps"))
    assert.are.equal(130, #assert(alma.collections.bibs(api, maps.pid.value)))
    assert.is_true(api.remaining > 0)
  end)

  it("find titles in batches, with those that are not there", function()
    local ids = {}
    for i = 1, 130 do ids[i] = mms(i) end
    table.insert(ids, 17, "999999991234")
    local list, missing = alma.bibs.get(client(), ids)
    assert.are.equal(130, #list)
    assert.are.same({ "999999991234" }, missing)
    local full = alma.bibs.get(client(), { mms(1) }, { view = "full" })
    assert.are.equal("string", type(full[1].anies[1]))
  end)

  it("report a set's broken member by its name", function()
    local set = place.change { op = "add_set", name = "Broken", members = { mms(1), mms(2), mms(3) } }
    local gone = place.change { op = "break_member", set = set.id, mms_id = mms(2) }
    local members, broken = alma.sets.members(client(), set.id)
    assert.are.same({ mms(1), mms(3) }, { members[1].id, members[2].id })
    assert.are.equal(1, broken[1].offset)
    assert.truthy(broken[1].message:find(gone.mms_id, 1, true))
  end)

  for name, store_of in pairs {
    ["AWS keys"] = function() return bucket() end,
    ["the signed form"] = function(api)
      local general = assert(alma.conf.general(api, { ingest_form = true }))
      return assert(s3.form { ingest = general.digital, refresh = function()
        return alma.conf.general(api, { ingest_form = true }).digital
      end })
    end,
  } do
    it("give a title a representation with files, through " .. name .. ", and take it back", function()
      local api, title = client(), mms(name == "AWS keys" and 10 or 11)
      local store = store_of(api)
      local rep = assert(alma.representations.post(api, title, BODY))
      local pids = {}
      for i, label in ipairs { "page 1 (a+b)=c.jpg", "caf\u{e9}.jpg" } do
        local key = ("%s/upload/almanac-spec/%s/%s"):format(place.inst, title, label)
        local source = file("page" .. i, ("\255\216\255"):rep(100 * i))
        assert(store:put(key, source, { content_type = "image/jpeg" }))
        local made = assert(alma.files.post(api, title, rep.id, { label = label, path = key }))
        assert.are.equal(source.size, made.size)
        pids[i] = made.pid
      end
      local list = alma.files.list(api, title, rep.id, { url = true })
      assert.are.same(pids, { list[1].pid, list[2].pid })
      assert.are.equal("string", type(list[1].url))
      assert.are.equal(2, #alma.representations.list(api, title))
      assert.are.equal("DERIVATIVE_COPY", alma.representations.get(api, title, rep.id).usage_type.value)
      assert.is_true(alma.files.delete(api, title, rep.id, pids[2]))
      assert.is_true(alma.representations.delete(api, title, rep.id))
      assert.are.equal(1, #alma.representations.list(api, title))
      assert.is_true(alma.representations.delete(api, title, rep.id))
    end)
  end

  it("put a title into a collection before it can get a representation", function()
    local api = client()
    local title = place.change { op = "add_bib", title = "Alone" }.mms_id
    local made, _, code, detail = alma.representations.post(api, title, BODY)
    assert.is_nil(made)
    assert.are.equal("missing", code)
    assert.is_true(alma.has_code(detail, "402260"))
    local maps = alma.collections.find(api, "Maps").pid.value
    assert.is_true(alma.collections.add_bib(api, maps, title))
    assert.is_true(alma.collections.add_bib(api, maps, title))
    assert.truthy(alma.representations.post(api, title, BODY))
  end)

  it("read everything although every third call fails", function()
    place.change { op = "faults", spec = "GET=0.1:500,GET=0.1:reset,GET=0.1:html" }
    local api = client()
    for i = 1, 40 do assert.are.equal(1, #assert(alma.representations.list(api, mms(20 + i)))) end
  end)

  for _, kind in ipairs { "500", "500after", "reset", "lost", "cut" } do
    it(("call a POST unclear after '%s', and send it once"):format(kind), function()
      local api, title = client(), mms(1)
      local before = #alma.representations.list(api, title)
      place.change { op = "faults", spec = "POST representations=@1:" .. kind }
      local made, _, _, detail = alma.representations.post(api, title, BODY)
      assert.is_nil(made)
      assert.is_true(detail.unclear)
      assert.are.equal(1, api.calls.POST)
      local after = #alma.representations.list(api, title)
      local happened = kind == "500after" or kind == "lost" or kind == "cut"
      assert.are.equal(happened and before + 1 or before, after)
    end)
  end

  it("repeat a POST that was refused as too fast, once in Alma", function()
    local api, title = client(), mms(2)
    place.change { op = "faults", spec = "POST representations=@1:429" }
    assert(alma.representations.post(api, title, BODY))
    assert.are.equal(2, #alma.representations.list(api, title))
    assert.are.equal(2, api.calls.POST)
  end)

  it("have a deletion done whose answer was lost", function()
    local api, title = client(), mms(3)
    local rep = assert(alma.representations.post(api, title, BODY))
    place.change { op = "faults", spec = "DELETE=@1:lost" }
    assert.is_true(alma.representations.delete(api, title, rep.id))
    assert.are.equal(1, #alma.representations.list(api, title))
  end)

  it("never pass the rate of an institution, with 64 tasks at once", function()
    place.change { op = "rate", rate = 25 }
    local before = place.calls().refused or 0
    local api = client { rate = 20 }
    local list = {}
    for i = 1, 64 do list[i] = mms(i) end
    local failures = task.run(task.each, list, 64, function(id) assert(alma.bibs.get(api, { id })) end)
    assert.are.same({}, failures)
    assert.are.equal(before, place.calls().refused or 0)
    assert.are.same({ GET = 64 }, api.calls)
  end)

  it("say which right a key lacks", function()
    local limited = rehearsal.start { memory = true, args = { "--key", "reader=bibs:r" } }
    local ok, message = pcall(function()
      local api = client { url = limited.url, key = "reader" }
      assert.are.equal(limited.inst, alma.test(api, "bibs"))
      local _, words, code = alma.test(api, "bibs", true)
      assert.are.equal("auth", code)
      assert.truthy(words:find("read/write right for Bibs", 1, true))
      _, words, code = alma.conf.general(api)
      assert.are.equal("auth", code)
      assert.truthy(words:find("Configuration", 1, true))
      _, words, code = alma.conf.general(client { url = limited.url, key = "nobody" })
      assert.are.equal("auth", code)
      assert.truthy(words)
    end)
    limited.stop()
    assert.is_true(ok, message)
  end)

  describe("bucket", function()
    it("takes keys of any characters, signed as the server checks them", function()
      local store = bucket()
      for _, name in ipairs { "a b", "a+b", "a=b:c", "(x)&[y]", "q?r#s%41", "d//e", "caf\u{e9}", "cafe\u{301}",
        "'\"`\\", "\u{65e5}\u{672c}", ("n"):rep(255), "tab\tbell\7" } do
        local key = place.inst .. "/upload/keys/" .. name
        local put = assert(store:put(key, file("k", name)))
        assert.are.equal(#name, put.size)
        assert.are.equal(#name, assert(store:head(key)).size)
        assert(store:get(key, folder .. "/back"))
        assert.are.equal(name, core.files.read(folder .. "/back", 1000))
        assert.are.equal(#name, assert(store:list(place.inst .. "/upload/keys/"))[1].size)
        assert.is_true(store:delete(key))
      end
    end)

    it("takes large files in parts, through faults", function()
      place.change { op = "faults", spec = "PUT s3.part=@2:reset,PUT s3.part=@4:500,POST s3.complete=@1:in200" }
      local bytes = ("0123456789abcdef"):rep(1 << 16):rep(12)
      local source = file("large", bytes)
      local store = bucket { multipart_above = 6 << 20, part_size = 5 << 20 }
      assert.are.equal(#bytes, assert(store:put(place.inst .. "/upload/large.tif", source)).size)
      assert(store:get(place.inst .. "/upload/large.tif", folder .. "/large.back"))
      assert.are.equal((core.files.sha256(source.path)), (core.files.sha256(folder .. "/large.back")))
      assert.are.equal(0, place.state("?counts=1").counts.uploads)
    end)

    it("notices an object that lost its last byte", function()
      place.change { op = "faults", spec = "PUT s3.object=@1:short" }
      local stored, message = bucket():put(place.inst .. "/upload/short.jpg", file("s", "0123456789"))
      assert.is_nil(stored)
      assert.truthy(message:find "stored")
    end)

    it("says that the secret key is wrong", function()
      local stored, message, code = bucket { secret_key = "wrong" }:put(place.inst .. "/upload/x", file("x", "x"))
      assert.is_nil(stored)
      assert.are.equal("auth", code)
      assert.truthy(message:find("SignatureDoesNotMatch", 1, true))
    end)

    it("says that the clock is wrong", function()
      local ahead = rehearsal.start { memory = true, args = { "--clock", "3600" } }
      local stored, message, code = bucket { endpoint = ahead.url }:put(place.inst .. "/upload/x", file("x", "x"))
      ahead.stop()
      assert.is_nil(stored)
      assert.are.equal("auth", code)
      assert.truthy(message:find "this computer's clock is", message)
    end)
  end)

  it("replace an upload form that expires", function()
    local brief = rehearsal.start { memory = true, args = { "--form-life", "60" } }
    local ok, message = pcall(function()
      local api = client { url = brief.url, key = brief.key }
      local fetched = 0
      local function digital()
        fetched = fetched + 1
        return assert(alma.conf.general(api, { ingest_form = true })).digital
      end
      local store = assert(s3.form { ingest = digital(), refresh = digital })
      assert(store:put(brief.inst .. "/upload/a", file("a", "a")))
      brief.change { op = "clock", seconds = 1000 }
      assert(store:put(brief.inst .. "/upload/b", file("b", "b")))
      assert.are.equal(2, fetched)
    end)
    brief.stop()
    assert.is_true(ok, message)
  end)
end)
