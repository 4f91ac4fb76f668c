-- Multipart uploads that were begun and never completed, as a killed program leaves them. They
-- can be continued. Otherwise they have to be aborted, since their parts cost money unseen.
local core = require "almanac.core"
local request = require "almanac.s3.request"

local m = {}

local MOST_PAGES = 100

local function fields_of(node)
  local fields = {}
  for _, item in ipairs(node) do fields[item.name] = item.text end
  return fields
end

local function ask(store, target, name)
  local result, message, code = request.send(store, target)
  if not result then return nil, message, code end
  local root
  root, message, code = core.xml.parse(result.body or "")
  if not root then return nil, message, code end
  if root.name == name then return root end
  return nil, ("%s: the answer is no %s but %s"):format(store.bucket, name, root.name), "parse"
end

---Unfinished uploads of objects whose name begins with `prefix`, oldest first; a thousand at most.
---@param store table
---@param prefix string
---@return { key: string, id: string }[]|nil uploads
---@return string? message
---@return string? code
function m.below(store, prefix)
  local root, message, code = ask(store, {
    method = "GET", of_bucket = true, query = { { "uploads", "" }, { "prefix", prefix } },
  }, "ListMultipartUploadsResult")
  if not root then return nil, message, code end
  local found = {}
  for _, node in ipairs(root) do
    local upload = node.name == "Upload" and fields_of(node) or {}
    if upload.Key and upload.UploadId then
      found[#found + 1] = { key = upload.Key, id = upload.UploadId, begun = upload.Initiated or "" }
    end
  end
  table.sort(found, function(a, b) return a.begun < b.begun end)
  return found
end

---The unfinished uploads of one object, oldest first.
---@param store table
---@param key string
---@return string[]|nil ids
---@return string? message
---@return string? code
function m.uploads(store, key)
  local list, message, code = m.below(store, key)
  if not list then return nil, message, code end
  local ids = {}
  for _, upload in ipairs(list) do
    if upload.key == key then ids[#ids + 1] = upload.id end
  end
  return ids
end

local function parts_page(store, key, id, after)
  return ask(store, {
    method = "GET", key = key, query = { { "uploadId", id }, { "part-number-marker", after } },
  }, "ListPartsResult")
end

---The parts that the bucket has of an upload.
---@param store table
---@param key string
---@param id string
---@return table<integer, { etag: string, size: integer }>|nil parts by number
---@return string? message
---@return string? code
function m.parts(store, key, id)
  local parts, after = {}, "0"
  for _ = 1, MOST_PAGES do
    local root, message, code = parts_page(store, key, id, after)
    if not root then return nil, message, code end
    for _, node in ipairs(root) do
      local part = node.name == "Part" and fields_of(node) or {}
      local number = math.tointeger(tonumber(part.PartNumber))
      if number then parts[number] = { etag = part.ETag or "", size = math.tointeger(tonumber(part.Size)) } end
    end
    local about = fields_of(root)
    if about.IsTruncated ~= "true" then return parts end
    after = about.NextPartNumberMarker or after
  end
  return nil, ("the list of parts of %s does not end"):format(key), "limit"
end

---Aborts one upload.
---@param store table
---@param key string
---@param id string
---@return true|nil
---@return string? message
---@return string? code
function m.abort(store, key, id)
  local ok, message, code = request.send(store, { method = "DELETE", key = key, query = { { "uploadId", id } } })
  if ok or code == "missing" then return true end
  return nil, message, code
end

---Aborts all unfinished uploads of an object.
---@param store table
---@param key string
---@return true|nil
---@return string? message
---@return string? code
function m.remove(store, key)
  local ids, message, code = m.uploads(store, key)
  if not ids then return nil, message, code end
  for _, id in ipairs(ids) do
    local ok
    ok, message, code = m.abort(store, key, id)
    if not ok then return nil, message, code end
  end
  return true
end

return m
