-- The files of a representation (OpenAPI bibs). A file is made of an object in the
-- bucket's upload folder; Alma moves that object to its storage.
local paging = require "almanac.alma.paging"

local m = {}

local function path(mms_id, rep_id, ...)
  return { "bibs", mms_id, "representations", rep_id, "files", ... }
end

---All files of a representation, in their order. Alma gives this list in one piece; a list
---that is shorter than its total is an error.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param options { url: boolean? }? url: with a signed, short-lived download address each
---@return table[]|nil files { pid, label, path, size, url, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id, rep_id, options)
  local request = {
    path = path(mms_id, rep_id), kind = "files", query = options and options.url and { expand = "url" } or nil,
  }
  return paging.whole(client, request, "representation_file", function(file) return file.pid end)
end

---One file of a representation.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param pid string file id
---@param options { url: boolean? }? url: with a signed, short-lived download address
---@return table|nil file { pid, label, path, size, url, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, mms_id, rep_id, pid, options)
  return client:call { path = path(mms_id, rep_id, pid), kind = "file", id = pid,
    query = options and options.url and { expand = "url" } or nil }
end

---Attaches an object of the upload folder. Alma takes time in proportion to its size. The call
---must not simply be repeated: when `detail.unclear` is set, look in Alma first.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param file { label: string?, path: string } path: the key in the bucket, from the institution code on
---@return table|nil file as Alma made it, with `pid` and `size`
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.post(client, mms_id, rep_id, file)
  if type(file.path) ~= "string" or file.path:find "^/" then
    error("alma.files.post: path must be a key without a leading slash", 2)
  end
  return client:call {
    method = "POST", path = path(mms_id, rep_id), timeout = client.timeouts.file,
    body = { label = file.label, path = file.path }, kind = "file",
  }
end

---Deletes a file; its representation and title stay. After an unclear answer Alma is asked
---for the file, and when it says that there is none, the file is deleted.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param pid string
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, rep_id, pid)
  local ok, message, code, detail = client:call {
    method = "DELETE", path = path(mms_id, rep_id, pid),
    query = { representations = "retain", bibs = "retain" },
  }
  if ok or not detail.unclear then return ok, message, code, detail end
  if paging.is_gone(function() return m.get(client, mms_id, rep_id, pid) end,
    function() return m.list(client, mms_id, rep_id) end, "pid", pid) then return true, nil, nil, detail end
  return nil, message, code, detail
end

return m
