local rehearsal = require "support.rehearsal"
local task = require "almanac.task"

local MMS = "991000000010009001"
local PATH = ("/bibs/%s/representations"):format(MMS)
local BODY = { label = "JPG", library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } }

describe("a rehearsal with --faults", function()
  local alma

  local function start(...) alma = rehearsal.start { args = { "--rate", "0", ... } } end

  after_each(function()
    if alma then alma.stop() end
    alma = nil
  end)

  local function create() return alma.call("POST", PATH, { body = BODY }) end

  local function made()
    local labels = 0
    for _, rep in ipairs(alma.state("?mms_id=" .. MMS).representations) do
      if rep.label == "JPG" then labels = labels + 1 end
    end
    return labels
  end

  -- Until there is one; a minute at most.
  local function wait_until_made()
    for _ = 1, 600 do
      if made() > 0 then return end
      task.sleep(0.1)
    end
  end

  -- One POST under a fault: its result, and how many representations there are after.
  local function post_with(kind)
    start("--faults", "POST representations=@1:" .. kind)
    local result = create()
    return result, made()
  end

  it("fails before anything happened: 500", function()
    local result, count = post_with "500"
    assert.same({ 500, 0 }, { result.status, count })
    assert.matches("INTERNAL_SERVER_ERROR", result.body)
    assert.equal(200, create().status)
  end)

  it("fails after it happened: 500after", function()
    local result, count = post_with "500after"
    assert.same({ 500, 1 }, { result.status, count })
  end)

  it("resets the connection before anything happened", function()
    local result, count = post_with "reset"
    assert.is_string(result.error)
    assert.is_nil(result.unsent)
    assert.equal(0, count)
  end)

  it("loses the answer of what happened", function()
    local result, count = post_with "lost"
    assert.is_string(result.error)
    assert.equal(1, count)
  end)

  it("lets it happen after the connection is gone: late", function()
    start("--faults", "POST representations=@1:late=1")
    local result = create()
    assert.is_string(result.error)
    assert.equal(0, made())
    wait_until_made()
    assert.equal(1, made())
  end)

  it("breaks off in the middle of an answer", function()
    local result, count = post_with "cut"
    assert.is_string(result.error)
    assert.equal(1, count)
  end)

  it("stalls", function()
    start("--faults", "POST representations=@1:stall=1.5")
    local result = task.fetch { method = "POST", url = alma.url .. "/almaws/v1" .. PATH, timeout = 0.2, once = true,
      headers = { Authorization = "apikey " .. alma.key, ["Content-Type"] = "application/json" },
      body = require("almanac.json").encode(BODY) }
    assert.equal("timeout", result.code)
    assert.equal(0, made())
    wait_until_made()
    assert.equal(1, made())
  end)

  it("refuses as too fast: 429", function()
    local result, count = post_with "429"
    assert.same({ 429, 0 }, { result.status, count })
    assert.matches("PER_SECOND_THRESHOLD", result.body)
  end)

  it("answers with a page of HTML, or calls its answer one", function()
    local result, count = post_with "html"
    assert.same({ 502, "text/html", 0 }, { result.status, result.headers["content-type"], count })
    alma.change { op = "faults", spec = "POST=1:type" }
    result = create()
    assert.same({ 200, "text/html", 1 }, { result.status, result.headers["content-type"], made() })
  end)

  it("lets somebody else do the same at the same moment: rival", function()
    local result, count = post_with "rival"
    assert.same({ 200, 2 }, { result.status, count })
    assert.equal("somebody else", alma.state("?mms_id=" .. MMS).representations[2].created_by)
  end)

  it("lets somebody put a file into what was made, and loses the answer: filled", function()
    local result, count = post_with "filled"
    assert.is_string(result.error)
    assert.equal(1, count)
    assert.equal(200, create().status)
    local _, rep, empty = table.unpack(alma.state("?mms_id=" .. MMS).representations)
    assert.same({ "JPG", "exl_api", 1, "other.jpg" }, { rep.label, rep.created_by, #rep.files, rep.files[1].name })
    assert.same({}, empty.files)
  end)

  it("fills nothing where nothing was made: filled", function()
    start("--faults", "POST representations=@1:filled,GET=@1:filled")
    local refused = alma.call("POST", PATH, { body = { label = "JPG" } })
    assert.same({ 400, 0 }, { refused.status, made() })
    assert.equal(200, alma.call("GET", PATH).status)
    assert.equal(0, made())
  end)

  it("loses the upload that a file is to be made of: gone", function()
    start("--faults", "POST files=@1:gone")
    local rep = create().data.id
    local key = alma.inst .. "/upload/a"
    local function attach()
      alma.s3("PUT", key, { body = "12345" })
      return alma.call("POST", PATH .. "/" .. rep .. "/files", { body = { label = "a", path = key } })
    end
    assert.matches("401652", attach().body)
    assert.same({}, alma.state().objects)
    assert.equal(200, attach().status)
  end)

  it("meets S3 as well, and only where it is told to", function()
    start("--faults", "PUT s3=@1:429,PUT s3=@2:500,PUT s3=@3:short,PUT s3=@4:lost")
    local key = alma.inst .. "/upload/a"
    local function put() return alma.s3("PUT", key, { body = "12345" }) end
    local slow, failed, short, lost = put(), put(), put(), put()
    assert.equal(503, slow.status)
    assert.matches("<Code>SlowDown</Code>", slow.body, 1, true)
    assert.equal(500, failed.status)
    assert.matches("<Code>InternalError</Code>", failed.body, 1, true)
    assert.equal(200, short.status)
    assert.is_string(lost.error)
    assert.equal("12345", alma.s3("GET", key).body)
    alma.change { op = "faults", spec = "PUT s3=1:short" }
    put()
    assert.equal("4", alma.s3("HEAD", key).headers["content-length"])
    alma.change { { op = "faults", spec = "" }, { op = "shorten_object", key = key } }
    assert.equal("123", alma.s3("GET", key).body)
  end)

  it("fails inside a 200 of a multipart completion", function()
    start("--faults", "POST s3.complete=@1:in200")
    local key = alma.inst .. "/upload/a"
    local id = alma.s3("POST", key, { query = { { "uploads" } } }).body:match "<UploadId>(.-)<"
    local etag = alma.s3("PUT", key, { query = { { "partNumber", "1" }, { "uploadId", id } }, body = "x" }).headers.etag
    local function complete()
      return alma.s3("POST", key, { query = { { "uploadId", id } }, body =
        ("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part></CompleteMultipartUpload>")
          :format(etag) })
    end
    local result = complete()
    assert.equal(200, result.status)
    assert.matches("<Error><Code>InternalError</Code>", result.body, 1, true)
    assert.equal(404, alma.s3("HEAD", key).status)
    assert.matches("CompleteMultipartUploadResult", complete().body)
  end)

  it("throws the same dice for the same seed", function()
    local function fates(seed)
      start("--faults", "GET=0.5:500", "--seed", tostring(seed))
      local list = {}
      for i = 1, 24 do list[i] = alma.call("GET", "/bibs/test").status end
      alma.stop()
      return list
    end
    local first = fates(7)
    assert.same(first, fates(7))
    assert.not_same(first, fates(8))
    local struck = 0
    for _, status in ipairs(first) do struck = struck + (status == 500 and 1 or 0) end
    assert.is_true(struck > 4 and struck < 20)
  end)

  it("counts what struck, and never touches other calls", function()
    start("--faults", "POST files=1:500,GET bibs=@2-3:500")
    local statuses = {}
    for i = 1, 4 do statuses[i] = alma.call("GET", "/bibs/" .. MMS).status end
    assert.same({ 200, 500, 500, 200 }, statuses)
    assert.equal(200, alma.call("GET", PATH).status)
    assert.same({ { rule = "POST files=1:500", calls = 0, hits = 0 },
      { rule = "GET bibs=@2-3:500", calls = 4, hits = 2 } }, alma.calls().faults)
  end)
end)

describe("a rehearsal with --latency", function()
  it("answers many at a time, none before its time", function()
    local alma <close> = rehearsal.start { args = { "--latency", "0.3", "--rate", "0" } }
    local begun = task.now()
    local list = {}
    for i = 1, 40 do list[i] = i end
    task.each(list, 40, function()
      local sent = task.now()
      assert.equal(200, alma.call("GET", "/bibs/test").status)
      assert.is_true(task.now() - sent >= 0.3)
    end)
    assert.is_true(task.now() - begun < 40 * 0.3)
  end)

  it("takes longer for a file, and the longer the larger it is", function()
    local latency = require("almanac.rehearsal.latency").parse "0.3,file=3"
    assert.equal(0.3, latency.call)
    assert.equal(3, latency:of_file(0))
    assert.equal(6, latency:of_file(100e6))
    assert.equal(0, latency.s3)
  end)
end)
