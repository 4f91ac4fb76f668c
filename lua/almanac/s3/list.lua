-- Lists what is in the bucket below a prefix (ListObjectsV2), all pages of it.
local core = require "almanac.core"
local etag = require "almanac.etag"
local request = require "almanac.s3.request"

local m = {}

local MOST_PAGES = 10000

local function fields_of(node)
  local fields = {}
  for _, item in ipairs(node) do fields[item.name] = item.text end
  return fields
end

-- XML can't hold every character of an object's name, so names are asked for in encoded form.
-- A server that can't do that leaves EncodingType out of its answer.
local function decoded(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function page(store, prefix, delimiter, token)
  local query = { { "list-type", "2" }, { "encoding-type", "url" }, { "prefix", prefix } }
  if delimiter then query[#query + 1] = { "delimiter", delimiter } end
  if token then query[#query + 1] = { "continuation-token", token } end
  local result, message, code = request.send(store, { method = "GET", of_bucket = true, query = query })
  if not result then return nil, message, code end
  local root
  root, message, code = core.xml.parse(result.body or "")
  if not root then return nil, "list of " .. store.bucket .. ": " .. message, code end
  if root.name ~= "ListBucketResult" then
    return nil, ("list of %s: the answer is no list but %s"):format(store.bucket, root.name), "parse"
  end
  return root
end

local function read_page(root, objects, folders)
  local about = fields_of(root)
  local function name_of(text)
    return about.EncodingType == "url" and decoded(text or "") or text or ""
  end
  for _, node in ipairs(root) do
    local fields = fields_of(node)
    if node.name == "CommonPrefixes" then
      folders[#folders + 1] = name_of(fields.Prefix)
    elseif node.name == "Contents" then
      objects[#objects + 1] = {
        key = name_of(fields.Key),
        size = math.tointeger(tonumber(fields.Size)) or 0,
        etag = (fields.ETag or ""):gsub('"', ""), modified = fields.LastModified,
      }
    end
  end
  return about.IsTruncated == "true", about.NextContinuationToken
end

---Lists all objects whose name begins with `prefix`. With a delimiter it lists one folder: the objects in it, and beside
---them the folders in it.
---@param store table
---@param prefix string? "" for all; of a folder with its "/" at the end
---@param options { delimiter: string? }? delimiter: "/", what stands between folders
---@return { key: string, size: integer, etag: string, modified: string? }[]|nil objects in the order of their keys
---@return string[]|string folders each with the prefix, and the delimiter at its end; or the message
---@return string? code
function m.list(store, prefix, options)
  local objects, folders, token = {}, {}, nil
  for _ = 1, MOST_PAGES do
    local root, message, code = page(store, prefix or "", options and options.delimiter, token)
    if not root then return nil, message, code end
    local more, following = read_page(root, objects, folders)
    if not more then return objects, folders end
    if not following or following == "" or following == token then
      return nil, ("list of %s: the answer says there is more, not where"):format(store.bucket), "parse"
    end
    token = following
  end
  return nil, ("list of %s does not end"):format(store.bucket), "limit"
end

-- What is wrong with a body that came without a failure.
local function damaged(key, result)
  local announced = tonumber(result.headers["content-length"])
  if announced and announced ~= result.size then return ("GET %s: %d bytes of %d came"):format(key, result.size, announced) end
  local words = etag.problem(result)
  return words and ("GET %s: %s"):format(key, words)
end

---Downloads an object. The file appears whole or not at all, with the MD5 that the storage gives, where it gives one.
---@param store table
---@param key string
---@param to_path string
---@param options { unsynced: boolean? }? unsynced: the file need not be on the disk yet, see core.files.sync_disk
---@return { size: integer, etag: string, sha256: string?, md5: string? }|nil sha256, md5: hex, of the file; nil when
---  somebody stood in for the storage (almanac.oversight)
---@return string? message
---@return string? code
function m.get(store, key, to_path, options)
  local part = to_path .. ".part"
  local result, message, code = request.send(store, { method = "GET", key = key, to = part,
    unsynced = options and options.unsynced })
  local ok = result ~= nil
  local words = result and damaged(key, result)
  if words then ok, message, code = false, words, "parse" end
  if ok then ok, message, code = core.files.rename(part, to_path) end
  if not ok then
    core.files.remove(part)
    return nil, message, code
  end
  return { size = result.size, etag = (result.headers.etag or ""):gsub('"', ""), sha256 = result.sha256, md5 = result.md5 }
end

return m
