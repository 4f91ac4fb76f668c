-- Objects of the bucket: what was uploaded, and the files that Alma keeps in
-- storage. Put, get with ranges, head, delete, list.
local core = require "almanac.core"
local dates = require "almanac.rehearsal.world.dates"
local xml = require "almanac.rehearsal.s3.xml"

local m = {}

local refuse = xml.refuse
local LARGEST_PUT = 5 << 30

---Drops the last byte of a content: the fault "short".
---@param world table
---@param kept { name: string, size: integer }
function m.shorten(world, kept)
  if kept.size == 0 then return end
  local short = world.blobs:keep_part(world.blobs:path(kept.name), 0, kept.size - 1)
  world:discard(kept.name)
  kept.name, kept.size = short.name, short.size
end

---Stores a content as an object, in place of one that was there.
---@param world table
---@param object { key: string, size: integer, etag: string, blob: string, sha256: string?, checksum: string?,
---  type: string? }
function m.store(world, object)
  world:atomically(function()
    local old = world.db:value("SELECT blob FROM object WHERE key = ?", object.key)
    world.db:run([[INSERT OR REPLACE INTO object(key, size, etag, sha256, checksum, type, blob, modified)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?)]], object.key, object.size, object.etag, object.sha256, object.checksum,
      object.type, object.blob, world:time() // 1 | 0)
    world:discard(old)
  end)
end

local function from_hex(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

---Compares the checksums that a client sent with the bytes that came.
---@param request table
---@param kept { md5: string, sha256: string }
---@return table? refusal
function m.check_sums(request, kept)
  local md5, sha256 = request:header "Content-MD5", request:header "x-amz-checksum-sha256"
  if md5 and md5 ~= core.text.base64(from_hex(kept.md5)) then
    return refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
  elseif sha256 and sha256 ~= core.text.base64(from_hex(kept.sha256)) then
    return refuse(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
  end
end

---@type almanac.rehearsal.handler
function m.put(world, call)
  local request, key = call.request, call.object_key
  if request:header "x-amz-copy-source" then return m.copy(world, call) end
  if request:body_size() > LARGEST_PUT then
    return refuse(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
  end
  if request:header "If-None-Match" == "*" and world.db:value("SELECT 1 FROM object WHERE key = ?", key) then
    return refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
  end
  local kept = world.blobs:keep_body(request)
  local refusal = m.check_sums(request, kept)
  if refusal then
    world.blobs:remove(kept.name)
    return refusal
  end
  if call.fault and call.fault.kind == "short" then m.shorten(world, kept) end
  local checksum = request:header "x-amz-checksum-sha256"
  m.store(world, { key = key, size = kept.size, etag = kept.md5, sha256 = kept.sha256, checksum = checksum,
    type = request:header "Content-Type", blob = kept.name })
  return { status = 200, headers = { ETag = '"' .. kept.md5 .. '"', ["x-amz-checksum-sha256"] = checksum } }
end

local function find(world, key)
  return world.db:row("SELECT * FROM object WHERE key = ?", key)
    or world.db:row([[SELECT path AS key, coalesce(stored, size) AS size, etag, sha256, blob, modified
      FROM file WHERE path = ? AND stored IS NOT 0]], key)
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The content of an object, as a file.
local function content_of(world, object)
  if object.blob then return world.blobs:path(object.blob) end
  local path, text = world.blobs:made_up(object.size, object.key)
  return path or world.blobs:path(world.blobs:keep(text)), path == nil
end

---Copies an object of this bucket; the keys may read it where they may read anything.
---@type almanac.rehearsal.handler
function m.copy(world, call)
  local bucket, key = decoded(call.request:header "x-amz-copy-source"):match "^/?([^/]+)/(.+)$"
  local upload, storage = world.inst .. "/upload/", world.inst .. "/storage/"
  if bucket ~= world.bucket or key:sub(1, #upload) ~= upload and key:sub(1, #storage) ~= storage then
    return refuse(403, "AccessDenied", "Access Denied")
  end
  local source = find(world, key)
  if not source then return refuse(404, "NoSuchKey", "The specified key does not exist.") end
  local path, made = content_of(world, source)
  local kept = world.blobs:keep_part(path, 0, source.size)
  if made then os.remove(path) end
  m.store(world, { key = call.object_key, size = kept.size, etag = kept.md5, sha256 = kept.sha256, type = source.type, blob = kept.name })
  return xml.answer("CopyObjectResult", xml.element("LastModified", dates.iso(world:time() // 1 | 0)) ..
    xml.element("ETag", '"' .. kept.md5 .. '"'))
end

-- "bytes=0-99", "bytes=100-", "bytes=-50" -> offset, length; nil when there is no usable range.
local function range_of(header, size)
  local first, last = (header or ""):match "^bytes=(%d*)%-(%d*)$"
  if not first or first == "" and last == "" then return nil end
  if first == "" then
    local length = math.min(tonumber(last), size)
    return size - length, length
  end
  first, last = tonumber(first), tonumber(last) or size - 1
  return first, math.min(last, size - 1) - first + 1
end

-- A file that was only declared has the ETag of a multipart upload. Nobody can compare that with
-- the bytes, so the bytes need not be made for it.
local function etag_of(object)
  return object.etag or core.hash.md5(object.key .. object.size) .. "-2"
end

-- The answer with an object's bytes; for HEAD only with their number.
local function body_of(world, object, offset, length, is_head)
  if is_head then return { length = length } end
  local path = object.blob and world.blobs:path(object.blob)
  if not path then
    local body
    path, body = world.blobs:made_up(object.size, object.key)
    if body then return { body = body:sub(offset + 1, offset + length) } end
  end
  return { path = path, offset = offset, length = length }
end

---@type almanac.rehearsal.handler
function m.get(world, call)
  local object = find(world, call.object_key)
  if not object then return refuse(404, "NoSuchKey", "The specified key does not exist.") end
  local offset, length = range_of(call.request:header "Range", object.size)
  if offset and (offset >= object.size or length <= 0) then
    return refuse(416, "InvalidRange", "The requested range is not satisfiable")
  end
  local answer = body_of(world, object, offset or 0, length or object.size, call.method == "HEAD")
  answer.status = offset and 206 or 200
  answer.type = object.type or "binary/octet-stream"
  answer.headers = {
    ETag = '"' .. etag_of(object) .. '"', ["Last-Modified"] = dates.http(object.modified), ["Accept-Ranges"] = "bytes",
    ["Content-Range"] = offset and ("bytes %d-%d/%d"):format(offset, offset + length - 1, object.size) or nil,
    ["x-amz-checksum-sha256"] = call.request:header "x-amz-checksum-mode" == "ENABLED" and object.checksum or nil,
  }
  return answer
end

---@type almanac.rehearsal.handler
function m.delete(world, call)
  local blob = world.db:value("SELECT blob FROM object WHERE key = ?", call.object_key)
  world.db:run("DELETE FROM object WHERE key = ?", call.object_key)
  world:discard(blob)
  return { status = 204 }
end

---@type almanac.rehearsal.handler
function m.head_bucket(world)
  return { status = 200, headers = { ["x-amz-bucket-region"] = world.region } }
end

-- All keys that begin with `prefix` and come behind `after`, in order.
local function keys(world, prefix, after)
  return world.db:rows([[
    SELECT key, size, etag, modified FROM object WHERE key >= ?1 AND key < ?1 || char(0x10FFFF) AND key > ?2
    UNION ALL
    SELECT path, coalesce(stored, size), etag, modified FROM file
      WHERE path >= ?1 AND path < ?1 || char(0x10FFFF) AND path > ?2 AND stored IS NOT 0
    ORDER BY 1]], prefix, after)
end

local function entry(row, name)
  return xml.element("Contents", xml.element("Key", name(row.key), true) ..
    xml.element("LastModified", dates.iso(row.modified)) .. xml.element("ETag", '"' .. etag_of(row) .. '"') ..
    xml.element("Size", row.size) .. xml.element("StorageClass", "STANDARD"), true)
end

-- One page of objects. With a delimiter also the common beginnings of the others.
local function page(world, query, most, name)
  local prefix, delimiter = query.prefix or "", query.delimiter or ""
  local after = query["continuation-token"] and core.text.unbase64(query["continuation-token"])
    or query["start-after"] or query.marker or ""
  local parts, count, last, folder = {}, 0, after, nil
  for row in keys(world, prefix, after) do
    local cut = delimiter ~= "" and row.key:find(delimiter, #prefix + 1, true)
    local group = cut and row.key:sub(1, cut + #delimiter - 1)
    if not group or group ~= folder then
      if count == most then return parts, count, last end
      count, folder = count + 1, group
      parts[count] = group and xml.element("CommonPrefixes", xml.element("Prefix", name(group), true), true)
        or entry(row, name)
    end
    last = row.key
  end
  return parts, count
end

-- The older and the newer form of the call go on after `last` in different ways.
local function next_page(query, last, name)
  if query["list-type"] ~= "2" then return xml.element("NextMarker", name(last), true) end
  return xml.element("NextContinuationToken", core.text.base64(last))
end

---@type almanac.rehearsal.handler
function m.list(world, call)
  local query = call.query
  local most = math.min(math.tointeger(tonumber(query["max-keys"] or "1000")) or 1000, 1000)
  local name = query["encoding-type"] == "url" and xml.encode or core.xml.escape
  local parts, count, last = page(world, query, most, name)
  local head = {
    xml.element("Name", world.bucket), xml.element("Prefix", name(query.prefix or ""), true),
    query.delimiter and xml.element("Delimiter", name(query.delimiter), true) or "",
    query["encoding-type"] == "url" and xml.element("EncodingType", "url") or "",
    xml.element("KeyCount", count), xml.element("MaxKeys", most), xml.element("IsTruncated", last ~= nil),
    last and next_page(query, last, name) or "",
  }
  return xml.answer("ListBucketResult", table.concat(head) .. table.concat(parts))
end

return m
