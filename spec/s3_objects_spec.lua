-- What scripts do with a bucket: texts, copies, signed addresses, folders. Against the rehearsal, which checks every
-- signature, and against s3rver, an S3 server by others.
local core = require "almanac.core"
local rehearsal = require "support.rehearsal"
local s3 = require "almanac.s3"
local s3rver = require "support.s3rver"
local task = require "almanac.task"

local TITLES = "mms_id,title,usage_type,file_name,size,collection\n990000011234,Map,PRESERVATION_MASTER,page 1.tif,70001,Maps\n"

local function store_of(place, options)
  local given = { endpoint = place.url, bucket = place.bucket, region = place.region, access_key = place.access_key,
    secret_key = place.secret_key, backoff = { first = 0.001, longest = 0.005 } }
  for name, value in pairs(options or {}) do given[name] = value end
  return assert(s3.new(given))
end

local function describe_bucket(what, start, absent)
  describe("a bucket of " .. what, function()
    if absent then return pending(absent) end
    local place, bucket, folder, at

    setup(function()
      place = start()
      folder = assert(core.files.temp_folder())
      at = (place.inst or "01UNI_INST") .. "/upload/spec/"
      bucket = store_of(place)
    end)

    teardown(function()
      if place then place.stop() end
      if folder then core.files.remove(folder, { tree = true }) end
    end)

    local function text_at(key)
      assert(bucket:get(key, folder .. "/got"))
      return core.files.read(folder .. "/got")
    end

    it("takes a text", function()
      local stored = assert(bucket:put(at .. "values.csv", { text = "mms_id\n99\n" }, { content_type = "text/csv" }))
      assert.are.same({ etag = core.hash.md5 "mms_id\n99\n", size = 10 }, stored)
      assert.are.equal("text/csv", bucket:head(at .. "values.csv").content_type)
      assert.are.equal("mms_id\n99\n", text_at(at .. "values.csv"))
      assert.are.equal(0, bucket:put(at .. ".lock", { text = "" }).size)
    end)

    it("takes either a text or a file", function()
      for _, file in ipairs { {}, { text = "a", path = "b" }, "text" } do
        assert.error_matches(function() bucket:put(at .. "x", file) end, "either path or text")
      end
    end)

    it("copies an object with its type", function()
      -- s3rver leaves %2B in the name of the source as it is.
      local from, to = at .. (place.inst and "caf\u{e9} + a.txt" or "caf\u{e9} a.txt"), at .. "b (1).txt"
      assert(bucket:put(from, { text = "abc" }, { content_type = "text/plain" }))
      assert.are.same({ etag = core.hash.md5 "abc", size = 3 }, assert(bucket:copy(from, to)))
      assert.are.equal("abc", text_at(to))
      assert.are.equal("text/plain", bucket:head(to).content_type)
      local copy, _, code = bucket:copy(at .. "nothing", to)
      assert.is_nil(copy)
      assert.are.equal("missing", code)
      assert.is_nil((bucket:copy("a/../b", to)))
    end)

    it("gives an object to whoever has a signed address", function()
      local key = at .. "signed (1) & more.txt"
      assert(bucket:put(key, { text = "abc" }))
      local url = assert(bucket:presign(key, { expires = 60 }))
      assert.are.equal("abc", task.fetch { url = url }.body)
      local put = assert(bucket:presign(at .. "new.txt", { method = "PUT" }))
      assert.are.equal(200, task.fetch { method = "PUT", url = put, body = "new" }.status)
      assert.are.equal("new", text_at(at .. "new.txt"))
      assert.error_matches(function() bucket:presign(key, { method = "LIST" }) end, "no method 'LIST'")
      assert.error_matches(function() bucket:presign(key, { expires = 0 }) end, "1 to 604800")
    end)

    it("lists a folder: its objects, and the folders in it", function()
      local base = at .. "tree/"
      for _, name in ipairs { "a.txt", "b c/1.txt", "b c/2.txt", "d/3.txt", "f+g/4.txt" } do
        assert(bucket:put(base .. name, { text = name }))
      end
      local objects, folders = bucket:list(base, { delimiter = "/" })
      assert.are.same({ base .. "a.txt" }, { objects[1].key, objects[2] })
      assert.are.same({ base .. "b c/", base .. "d/", base .. "f+g/" }, folders)
      assert.are.equal(5, #bucket:list(base))
    end)
  end)
end

describe_bucket("the rehearsal", function()
  return rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0" } }
end)

describe_bucket("s3rver", function()
  local server = s3rver.start()
  server.region = "us-east-1"
  return server
end, s3rver.missing())

describe("in the rehearsal's bucket", function()
  local place, bucket

  setup(function()
    place = rehearsal.start { titles = TITLES, memory = true, args = { "--latency", "0", "--rate", "0", "--session-token", "TOKENTOKEN" } }
    bucket = store_of(place, { session_token = "TOKENTOKEN" })
  end)

  teardown(function() if place then place.stop() end end)

  it("a master can be copied out of storage, and nothing into it", function()
    local master = place.state().representations[1].files[1].path
    local to = place.inst .. "/upload/spec/copy.tif"
    assert.are.equal(70001, assert(bucket:copy(master, to)).size)
    assert.are.equal(70001, bucket:head(to).size)
    local copy, _, code = bucket:copy(to, master)
    assert.is_nil(copy)
    assert.are.equal("auth", code)
    copy, _, code = bucket:copy("01OTHER_INST/upload/x", to)
    assert.is_nil(copy)
    assert.are.equal("auth", code)
  end)

  it("an address of keys with a session token works, and one that is over does not", function()
    local key = place.inst .. "/upload/spec/a.txt"
    assert(bucket:put(key, { text = "abc" }))
    local url = assert(bucket:presign(key))
    assert.truthy(url:find("X-Amz-Security-Token=TOKENTOKEN", 1, true))
    assert.are.equal("abc", task.fetch { url = url }.body)
    assert.are.equal(403, task.fetch { url = url .. "0" }.status)
    assert.are.equal(403, task.fetch { method = "DELETE", url = url }.status)
  end)

  it("more than a page of folders comes whole", function()
    local changes = {}
    for i = 1, 1100 do changes[i] = { op = "add_object", key = ("%s/upload/many/%04d/deeper/a.txt"):format(place.inst, i) } end
    place.change(changes)
    local objects, folders = bucket:list(place.inst .. "/upload/many/", { delimiter = "/" })
    assert.are.same({}, objects)
    assert.are.equal(1100, #folders)
    assert.are.equal(place.inst .. "/upload/many/1100/", folders[1100])
  end)

  it("the upload form takes texts as well, and says what it can't do", function()
    local general = place.call("GET", "/conf/general?expand=ingest_form").data
    local form = assert(s3.form { ingest = general.digital, backoff = { first = 0.001, longest = 0.005 } })
    local key = place.inst .. "/upload/spec/form.csv"
    assert.are.same({ etag = core.hash.md5 "a\0b", size = 3 }, assert(form:put(key, { text = "a\0b" })))
    assert.are.equal(3, bucket:head(key).size)
    for _, name in ipairs { "get", "copy", "presign" } do
      local got, message, code = form[name](form, key, key)
      assert.is_nil(got)
      assert.are.equal("auth", code)
      assert.truthy(message:find("use AWS keys", 1, true))
    end
  end)
end)
