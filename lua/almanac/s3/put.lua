-- Puts a file into the bucket. The request is signed with the SHA-256 of the file's bytes, so
-- that the server refuses any others; afterwards size or checksum are read back. When the file
-- changes meanwhile, that is an error, and what was stored of it is removed.
local core = require "almanac.core"
local multipart = require "almanac.s3.multipart"
local request = require "almanac.s3.request"
local watch = require "almanac.s3.watch"

local m = {}

local function checksum(hex)
  return core.text.base64((hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)))
end

local function about_object(headers)
  return {
    size = math.tointeger(tonumber(headers["content-length"])) or 0, etag = (headers.etag or ""):gsub('"', ""),
    modified = headers["last-modified"], content_type = headers["content-type"],
  }
end

-- Asks the server what it stored: the size, and the checksum where the server keeps one.
local function read_back(store, key, size, sum)
  local result, message, code = request.send(store, {
    method = "HEAD", key = key, headers = { ["x-amz-checksum-mode"] = "ENABLED" },
  })
  if not result then return nil, message, code end
  local about = about_object(result.headers)
  local given = result.headers["x-amz-checksum-sha256"]
  if about.size ~= size then
    return nil, ("%s: the server stored %d bytes of %d"):format(key, about.size, size), "io"
  elseif given and given ~= sum then
    return nil, ("%s: the server stored other bytes than were sent"):format(key), "io"
  end
  return { etag = about.etag, size = size }
end

local function sum_of(file)
  if file.sha256 then return file.sha256 end
  if file.text then return core.hash.sha256(file.text) end
  return core.files.sha256(file.path)
end

local function put_whole(store, key, file, options, unchanged)
  local sha256, message, code = sum_of(file)
  if not sha256 then return nil, message, code end
  local sum = checksum(sha256)
  local result
  result, message, code = request.send(store, {
    method = "PUT", key = key, sha256 = sha256, ready = unchanged, body = file.text,
    file = file.path and { path = file.path, offset = 0, length = file.size },
    headers = { ["content-type"] = options.content_type, ["x-amz-checksum-sha256"] = sum },
  })
  if not result then
    local same, words, conflict = unchanged()
    if not same then return nil, words, conflict end
    return nil, message, code
  end
  return read_back(store, key, file.size, sum)
end

---What the bucket tells of an object.
---@param store table
---@param key string
---@return { size: integer, etag: string, modified: string?, content_type: string? }|nil
---@return string? message
---@return string? code "missing" when there is none
function m.head(store, key)
  local result, message, code = request.send(store, { method = "HEAD", key = key })
  if not result then return nil, message, code end
  return about_object(result.headers)
end

---Removes an object. That there is none is no failure.
---@param store table
---@param key string
---@return true|nil
---@return string? message
---@return string? code
function m.delete(store, key)
  local result, message, code = request.send(store, { method = "DELETE", key = key })
  if result or code == "missing" then return true end
  return nil, message, code
end

---Says why the bucket takes no file of this size.
---@param _ table
---@param _path string
---@param size integer bytes
---@return string? words nil when it takes it
function m.refuses(_, _path, size)
  if size <= multipart.largest then return nil end
  return ("has %d bytes; S3 takes at most %d"):format(size, multipart.largest)
end

---The sizes that the bucket takes, and whether it also depends on a file's type.
---@return integer smallest
---@return integer largest
---@return boolean by_type
function m.bounds()
  return 0, multipart.largest, false
end

-- Text is what it is: nobody can change it meanwhile.
local function put_text(store, key, file, options)
  local text = { text = file.text, size = #file.text }
  local words = m.refuses(store, key, text.size)
  if words then return nil, ("%s %s"):format(key, words), "limit" end
  return put_whole(store, key, text, options, function() return true end)
end

---Puts a file, or a text, into the bucket and reads back what was stored.
---@param store table
---@param key string
---@param file { path: string?, text: string?, size: integer?, sha256: string? } either path or text; size and SHA-256 of a
---  file as they were planned
---@param options { content_type: string?, resume: boolean? }? resume: an earlier try may have left parts of it
---@return { etag: string, size: integer }|nil
---@return string? message
---@return string? code "conflict" when the file is not, or no longer, the planned one
function m.put(store, key, file, options)
  options = options or {}
  if watch.is_text(file) then return put_text(store, key, file, options) end
  local unchanged, size, code = watch.file(file)
  if not unchanged then return nil, size, code end
  local planned = { path = file.path, size = size, sha256 = file.sha256 }
  local way = size > store.multipart_above and multipart.put or put_whole
  local stored, same, message
  stored, message, code = way(store, key, planned, options, unchanged)
  if not stored then return nil, message, code end
  same, message, code = unchanged()
  if same then return stored end
  m.delete(store, key)
  return nil, message, code
end

return m
