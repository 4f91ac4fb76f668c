-- Sends a large file in parts, several at a time. Each part is signed with its own SHA-256 and
-- sent again by itself when it fails. An upload that can't be completed is aborted, since its
-- parts would cost money unseen.
local core = require "almanac.core"
local request = require "almanac.s3.request"
local task = require "almanac.task"
local unfinished = require "almanac.s3.unfinished"

local m = {}

-- Limits of S3: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
local MOST_PARTS = 10000
local MIB = 1 << 20
local PARALLEL = 4

---The size of the largest object, in bytes.
m.largest = 5 << 40

---The size of a part in bytes, so large that at most 10,000 parts are needed.
---@param size integer of the file
---@param wanted integer
---@return integer
function m.part_size(size, wanted)
  local least = -(-size // MOST_PARTS)
  if least <= wanted then return wanted end
  return -(-least // MIB) * MIB
end

local function text_of(body, name)
  local root = core.xml.parse(body or "")
  for _, item in ipairs(root or {}) do
    if item.name == name then return item.text end
  end
end

local function begin(store, key, options)
  local result, message, code = request.send(store, {
    method = "POST", key = key, query = { { "uploads", "" } }, body = "", may_hold_error = true,
    headers = { ["content-type"] = options.content_type or "application/octet-stream" },
  })
  if not result then return nil, message, code end
  local id = text_of(result.body, "UploadId")
  if id and id ~= "" then return id end
  return nil, ("POST %s: the answer has no UploadId"):format(key), "parse"
end

local function send_part(store, key, upload, part)
  local sha256, message, code = core.files.sha256(upload.path, part.offset, part.length)
  if not sha256 then return nil, message, code end
  local result
  result, message, code = request.send(store, {
    method = "PUT", key = key, sha256 = sha256, ready = upload.unchanged,
    query = { { "partNumber", tostring(part.number) }, { "uploadId", upload.id } },
    file = { path = upload.path, offset = part.offset, length = part.length },
  })
  if not result then return nil, message, code end
  if not result.headers.etag then
    return nil, ("PUT %s, part %d: the answer has no ETag"):format(key, part.number), "parse"
  end
  part.etag = result.headers.etag
  return true
end

local function parts_of(size, length)
  local parts = {}
  for offset = 0, size - 1, length do
    parts[#parts + 1] = { number = #parts + 1, offset = offset, length = math.min(length, size - offset) }
  end
  return parts
end

local function read_range(path, part)
  local file <close> = io.open(path, "rb")
  return file and file:seek("set", part.offset) and file:read(part.length)
end

-- Marks the parts that the bucket has with the same bytes: a part's ETag is its MD5.
local function recognise(upload, there)
  for _, part in ipairs(upload.parts) do
    local stored = there[part.number]
    local bytes = stored and stored.size == part.length and read_range(upload.path, part)
    if bytes and core.hash.md5(bytes) == stored.etag:gsub('"', "") then part.etag = stored.etag end
  end
end

-- Some servers and some keys don't list unfinished uploads. Then a new upload is begun.
local UNLISTED = { auth = true, status = true, missing = true, parse = true }

-- Goes on with an upload of this object that an interrupted program left: the newest one that
-- can still be read. Older ones are aborted.
local function go_on(store, key, upload)
  local ids, message, code = unfinished.uploads(store, key)
  if not ids then return UNLISTED[code], message, code end
  for i = #ids, 1, -1 do
    local there = not upload.id and unfinished.parts(store, key, ids[i])
    if there then
      upload.id = ids[i]
      recognise(upload, there)
    else
      unfinished.abort(store, key, ids[i])
    end
  end
  return true
end

local function send_parts(store, key, upload)
  local failed
  local raised = task.each(upload.parts, PARALLEL, function(part)
    if failed or part.etag then return end
    local ok, message, code = send_part(store, key, upload, part)
    if not ok then failed = failed or { message, code } end
  end)
  if raised[1] then return nil, raised[1].message, "io" end
  if failed then return nil, failed[1], failed[2] end
  return true
end

local function list_xml(parts)
  local lines = { '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' }
  for i, part in ipairs(parts) do
    lines[i + 1] = ("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>"):format(part.number,
      core.xml.escape(part.etag))
  end
  return table.concat(lines) .. "</CompleteMultipartUpload>"
end

-- Completing again may find that the first time already did it.
local function complete(store, key, upload)
  local result, message, code, detail = request.send(store, {
    method = "POST", key = key, query = { { "uploadId", upload.id } }, body = list_xml(upload.parts),
    headers = { ["content-type"] = "application/xml" }, may_hold_error = true, once = true,
  })
  local done_before = detail and detail.unclear and detail.refusal and detail.refusal.code == "NoSuchUpload"
  if not result and not done_before then return nil, message, code end
  result, message, code = request.send(store, { method = "HEAD", key = key })
  if not result then return nil, message, code end
  local size = math.tointeger(tonumber(result.headers["content-length"]))
  if size == upload.size then return { etag = (result.headers.etag or ""):gsub('"', ""), size = size } end
  return nil, ("%s: the server stored %s bytes of %d"):format(key, tostring(size), upload.size), "io"
end

---Puts a large file in parts; after a failure nothing of it is left.
---@param store table
---@param key string
---@param file { path: string, size: integer }
---@param options { content_type: string?, resume: boolean? } resume: goes on with an unfinished upload of this key
---@param unchanged fun(): boolean?, string?, string? whether the file is still as it was
---@return { etag: string, size: integer }|nil
---@return string? message
---@return string? code
function m.put(store, key, file, options, unchanged)
  if file.size > m.largest then
    return nil, ("%s has %d bytes; S3 takes 5 TiB at most"):format(file.path, file.size), "limit"
  end
  local upload = {
    path = file.path, size = file.size, unchanged = unchanged,
    parts = parts_of(file.size, m.part_size(file.size, store.part_size)),
  }
  local ok, stored, message, code = true, nil, nil, nil
  if options.resume then ok, message, code = go_on(store, key, upload) end
  if ok and not upload.id then upload.id, message, code = begin(store, key, options) end
  if not upload.id then return nil, message, code end
  ok, message, code = send_parts(store, key, upload)
  if ok then ok, message, code = unchanged() end
  if ok then stored, message, code = complete(store, key, upload) end
  if stored then return stored end
  request.send(store, { method = "DELETE", key = key, query = { { "uploadId", upload.id } } })
  return nil, message, code
end

return m
