-- Uploads in parts that an earlier program began: what is there is kept, as far
-- as it is the same.
local core = require "almanac.core"
local rehearsal = require "support.rehearsal"
local s3 = require "almanac.s3"
local s3rver = require "support.s3rver"
local task = require "almanac.task"

local MIB = 1 << 20
local PART = 5 * MIB

describe("an upload in parts, gone on with", function()
  local alma, folder, bucket, key, file

  before_each(function()
    alma = rehearsal.start { args = { "--rate", "0" } }
    folder = core.files.temp_folder()
    key = alma.inst .. "/upload/large.tif"
    bucket = s3.new { endpoint = alma.url, region = alma.region, bucket = alma.bucket, access_key = alma.access_key,
      secret_key = alma.secret_key, multipart_above = PART, part_size = PART, backoff = { first = 0.001, longest = 0.01 } }
    file = { path = folder .. "/large.tif", size = 13 * MIB }
    assert(core.files.write(file.path, ("almanac "):rep(file.size // 8)))
  end)

  after_each(function()
    alma.stop()
    core.files.remove(folder, { tree = true })
  end)

  local function bytes(number)
    local handle <close> = assert(io.open(file.path, "rb"))
    handle:seek("set", (number - 1) * PART)
    return handle:read(PART)
  end

  -- Begins an upload as a program does that dies after some parts.
  local function begin(parts)
    local id = alma.s3("POST", key, { query = { { "uploads", "" } } }).body:match "<UploadId>(.-)<"
    for number, content in pairs(parts) do
      local query = { { "partNumber", tostring(number) }, { "uploadId", id } }
      assert.equal(200, alma.s3("PUT", key, { query = query, body = content }).status)
    end
  end

  local function parts_sent() return alma.calls().routes["S3 UploadPart"] or 0 end

  -- Puts the file; gives how many parts that sent.
  local function put(options)
    local before = parts_sent()
    local stored, message = bucket:put(key, file, options)
    assert.is_table(stored, message)
    assert.equal(file.size, stored.size)
    assert(bucket:get(key, folder .. "/back"))
    assert.equal((core.files.sha256(file.path)), (core.files.sha256(folder .. "/back")))
    assert.same({}, alma.state().uploads)
    return parts_sent() - before
  end

  it("sends only the parts that are not there", function()
    begin { bytes(1), bytes(2) }
    assert.equal(1, put { resume = true })
  end)

  it("sends none when all are there", function()
    begin { bytes(1), bytes(2), bytes(3) }
    assert.equal(0, put { resume = true })
  end)

  it("sends those again that have other bytes or another size", function()
    begin { bytes(1), ("x"):rep(PART), "short" }
    assert.equal(2, put { resume = true })
  end)

  it("takes the newest of several, and takes the others back", function()
    begin { bytes(1) }
    core.sys.sleep(1.1)   -- a bucket tells them apart by the second
    begin { bytes(1), bytes(2) }
    assert.equal(1, put { resume = true })
  end)

  it("goes on with what was cancelled", function()
    alma.change { op = "faults", spec = "PUT s3.part=@3:stall=30" }
    local work = task.spawn(function() return bucket:put(key, file) end)
    for _ = 1, 1000 do
      task.sleep(0.02)
      local upload = alma.state().uploads[1]
      if upload and upload.parts == 2 then break end
    end
    work:cancel()
    assert.equal("cancelled", select(3, work:await()))
    assert.equal(1, put { resume = true })
  end)

  it("is begun anew where unfinished ones can't be listed", function()
    begin { bytes(1), bytes(2) }
    alma.change { op = "faults", spec = "GET s3.list=1:html" }
    local stored, message = bucket:put(key, file, { resume = true })
    assert.is_table(stored, message)
    assert.equal(5, parts_sent())
  end)
end)

describe("an upload in parts, gone on with at a server without lists of them", function()
  if s3rver.missing() then
    pending(s3rver.missing())
    return
  end

  it("is begun anew", function()
    local server <close> = s3rver.start()
    local folder = core.files.temp_folder()
    finally(function() core.files.remove(folder, { tree = true }) end)
    local path = folder .. "/large.tif"
    assert(core.files.write(path, ("almanac "):rep(12 * MIB // 8)))
    local bucket = s3.new { endpoint = server.url, bucket = server.bucket, access_key = server.access_key,
      secret_key = server.secret_key, multipart_above = PART, part_size = PART,
      backoff = { first = 0.001, longest = 0.01 } }
    local stored, message = bucket:put("large.tif", { path = path }, { resume = true })
    assert.is_table(stored, message)
    assert.equal((core.files.md5(path)), stored.etag)
  end)
end)
