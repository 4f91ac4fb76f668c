-- Multipart uploads: parts come in any order and number, and become an object
-- when the list of them is sent. Only the last part may be smaller than 5 MiB.
local blobs = require "almanac.rehearsal.world.blobs"
local core = require "almanac.core"
local dates = require "almanac.rehearsal.world.dates"
local objects = require "almanac.rehearsal.s3.objects"
local task = require "almanac.task"
local xml = require "almanac.rehearsal.s3.xml"

local m = {}

local element, refuse = xml.element, xml.refuse
local SMALLEST = 5 << 20
local MOST_PARTS = 10000
local LONGEST_LIST = 16 << 20
local PIECE = 4 << 20     -- bytes copied before other requests get their turn

local function find(world, call)
  local upload = world.db:row("SELECT * FROM upload WHERE id = ? AND key = ?", call.query.uploadId, call.object_key)
  if upload then return upload end
  return nil, refuse(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, " ..
    "or the upload may have been aborted or completed.")
end

local function names(world, key, id)
  return element("Bucket", world.bucket) .. element("Key", key) .. element("UploadId", id)
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local id = core.text.hex(core.hash.random(20))
  world.db:run("INSERT INTO upload(id, key, type, checksum, begun) VALUES(?, ?, ?, ?, ?)", id, call.object_key,
    call.request:header "Content-Type", call.request:header "x-amz-checksum-algorithm", world:time() // 1 | 0)
  return xml.answer("InitiateMultipartUploadResult", names(world, call.object_key, id))
end

---@type almanac.rehearsal.handler
function m.put_part(world, call)
  local upload, refusal = find(world, call)
  if not upload then return refusal end
  local number = math.tointeger(tonumber(call.query.partNumber))
  if not number or number < 1 or number > MOST_PARTS then
    return refuse(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
  end
  local kept = world.blobs:keep_body(call.request)
  refusal = objects.check_sums(call.request, kept)
  if refusal then
    world.blobs:remove(kept.name)
    return refusal
  end
  if call.fault and call.fault.kind == "short" then objects.shorten(world, kept) end
  local checksum = call.request:header "x-amz-checksum-sha256"
  world:atomically(function()
    world:discard(world.db:value("SELECT blob FROM part WHERE upload_id = ? AND number = ?", upload.id, number))
    world.db:run([[INSERT OR REPLACE INTO part(upload_id, number, size, etag, checksum, blob, modified)
      VALUES(?, ?, ?, ?, ?, ?, ?)]], upload.id, number, kept.size, kept.md5, checksum, kept.name,
      world:time() // 1 | 0)
  end)
  return { status = 200, headers = { ETag = '"' .. kept.md5 .. '"', ["x-amz-checksum-sha256"] = checksum } }
end

local function stored_parts(world, id)
  local parts = {}
  for row in world.db:rows("SELECT * FROM part WHERE upload_id = ? ORDER BY number", id) do parts[#parts + 1] = row end
  return parts
end

---@type almanac.rehearsal.handler
function m.parts(world, call)
  local upload, refusal = find(world, call)
  if not upload then return refusal end
  local most = math.min(math.tointeger(tonumber(call.query["max-parts"] or "1000")) or 1000, 1000)
  local after = math.tointeger(tonumber(call.query["part-number-marker"] or "0")) or 0
  local list, last, more = {}, nil, false
  for _, part in ipairs(stored_parts(world, upload.id)) do
    if part.number > after then
      more = #list == most
      if more then break end
      last = part.number
      list[#list + 1] = element("Part", element("PartNumber", part.number) ..
        element("LastModified", dates.iso(part.modified)) .. element("ETag", '"' .. part.etag .. '"') ..
        (part.checksum and element("ChecksumSHA256", part.checksum) or "") .. element("Size", part.size), true)
    end
  end
  return xml.answer("ListPartsResult", names(world, upload.key, upload.id) .. element("MaxParts", most) ..
    element("PartNumberMarker", after) .. (more and element("NextPartNumberMarker", last) or "") ..
    element("IsTruncated", more) .. table.concat(list))
end

---@type almanac.rehearsal.handler
function m.uploads(world, call)
  local prefix, list = call.query.prefix or "", {}
  for row in world.db:rows "SELECT * FROM upload ORDER BY key, begun" do
    if row.key:sub(1, #prefix) == prefix then
      list[#list + 1] = element("Upload", element("Key", row.key) .. element("UploadId", row.id) ..
        element("Initiated", dates.iso(row.begun)), true)
    end
  end
  return xml.answer("ListMultipartUploadsResult", element("Bucket", world.bucket) .. element("Prefix", prefix) ..
    element("IsTruncated", false) .. table.concat(list))
end

local function remove(world, id)
  local parts = stored_parts(world, id)
  world.db:run("DELETE FROM upload WHERE id = ?", id)
  for _, part in ipairs(parts) do world:discard(part.blob) end
end

---@type almanac.rehearsal.handler
function m.abort(world, call)
  local upload, refusal = find(world, call)
  if not upload then return refusal end
  remove(world, upload.id)
  return { status = 204 }
end

-- The list of ten thousand parts is so long that it may lie on disk.
local function text_of(request)
  local path = request:body_path()
  return path and core.files.read(path, LONGEST_LIST) or request:body() or ""
end

local function child(node, name)
  for _, inner in ipairs(node) do
    if inner.name == name then return inner.text end
  end
end

-- The parts that the client names, each with what is stored of it.
local function wanted_parts(world, upload, body)
  local root = core.xml.parse(body)
  if not root or root.name ~= "CompleteMultipartUpload" then
    return nil, refuse(400, "MalformedXML", "The XML you provided was not well-formed or did not validate")
  end
  local stored, list, last = {}, {}, 0
  for _, part in ipairs(stored_parts(world, upload.id)) do stored[part.number] = part end
  for _, node in ipairs(root) do
    local number = math.tointeger(tonumber(child(node, "PartNumber") or ""))
    local part, etag = stored[number or 0], (child(node, "ETag") or ""):gsub('"', "")
    if number and number <= last then
      return nil, refuse(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
    elseif not part or part.etag ~= etag then
      return nil, refuse(400, "InvalidPart", "One or more of the specified parts could not be found.")
    end
    list[#list + 1], last = part, number
  end
  if #list == 0 then return nil, refuse(400, "MalformedXML", "A complete request lists at least one part") end
  return list
end

local function check_sizes(list)
  for i = 1, #list - 1 do
    if list[i].size < SMALLEST then
      return refuse(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
    end
  end
end

-- Joins the contents of all parts, in pieces so that no other request waits for it.
local function join(world, list)
  local name = blobs.fresh()
  local to <close> = assert(io.open(world.blobs:path(name), "wb"))
  local size = 0
  for _, part in ipairs(list) do
    local from <close> = assert(io.open(world.blobs:path(part.blob), "rb"))
    for piece in function() return from:read(PIECE) end do
      to:write(piece)
      size = size + #piece
      task.pause()
    end
  end
  return name, size
end

-- S3 makes the ETag of such an object so: the MD5 of the parts' MD5s, and their number.
local function etag_of(list)
  local sums = {}
  for i, part in ipairs(list) do
    sums[i] = part.etag:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  end
  return core.hash.md5(table.concat(sums)) .. "-" .. #list
end

local function checksum_of(list)
  local sums = {}
  for i, part in ipairs(list) do
    if not part.checksum then return nil end
    sums[i] = core.text.unbase64(part.checksum)
  end
  local digest = core.hash.sha256(table.concat(sums))
  return core.text.base64((digest:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)))
    .. "-" .. #list
end

local INTERNAL = { code = "InternalError", message = "We encountered an internal error. Please try again." }

---@type almanac.rehearsal.handler
function m.complete(world, call)
  local upload, refusal = find(world, call)
  if not upload then return refusal end
  if call.fault and call.fault.kind == "in200" then
    return { status = 200, body = xml.failure(INTERNAL, call.request:path(), "in200"), type = "application/xml" }
  end
  local list
  list, refusal = wanted_parts(world, upload, text_of(call.request))
  refusal = refusal or check_sizes(list)
  if refusal then return refusal end
  local blob, size = join(world, list)
  if not find(world, call) then   -- somebody completed or aborted it meanwhile
    world.blobs:remove(blob)
    return select(2, find(world, call))
  end
  local etag, checksum = etag_of(list), upload.checksum and checksum_of(list)
  world:atomically(function()
    objects.store(world, { key = upload.key, size = size, etag = etag, checksum = checksum, type = upload.type,
      blob = blob })
    remove(world, upload.id)
  end)
  return xml.answer("CompleteMultipartUploadResult", element("Location", "http://" .. world.host ..
    call.request:path()) .. element("Bucket", world.bucket) .. element("Key", upload.key) ..
    element("ETag", '"' .. etag .. '"') .. (checksum and element("ChecksumSHA256", checksum) or ""))
end

return m
