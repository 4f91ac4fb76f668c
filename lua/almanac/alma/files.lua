-- The files of a representation (OpenAPI bibs). A file is made of an object in the
-- bucket's upload folder; Alma moves that object to its storage.
local downloads = require "almanac.alma.files_download"
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"

local m = {}

local LOOKS = 10       -- for a file whose POST was not answered: moving a large object takes Alma a while
local FILE = { label = "string", path = "string", size = "number" }
local DELETE = { representations = "string", bibs = "string" }

local function path(mms_id, rep_id, ...)
  return table.pack("bibs", mms_id, "representations", rep_id, "files", ...)
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

local function check_path(who, file)
  if type(file.path) ~= "string" or file.path:find "^/" then
    error(("alma.files.%s: path must be a key without a leading slash"):format(who), 3)
  elseif not file.path:find "^[^/]+/upload/." then
    error(("alma.files.%s: '%s' is no key in the upload folder: it begins with INST/upload/, INST being the code of the " ..
      "institution"):format(who, file.path), 3)
  end
end

---Attaches an object of the upload folder with one POST, for a caller that keeps a journal of its own: it must not simply
---be repeated, and when `detail.unclear` is set, look in Alma first. Others use `create`. Alma takes time in proportion to
---the object's size.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/representations/{rep_id}/files.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param file { label: string?, path: string } path: the key in the bucket: INST/upload/…
---@return table|nil file as Alma made it, with `pid` and `size`
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.post(client, mms_id, rep_id, file)
  check_path("post", file)
  return client:call {
    method = "POST", path = path(mms_id, rep_id), timeout = client.timeouts.file,
    body = { label = file.label, path = file.path }, kind = "file",
  }
end

---The name under which Alma keeps a file: the last part of its path. It is safe as the name of a file in a folder.
---@param file table as Alma gives it
---@return string name the file's id when its path says none
function m.name(file)
  return downloads.name(file)
end

local function is_like(file, wanted, name)
  return downloads.name(file) == name and (not wanted.label or file.label == wanted.label)
    and (not wanted.size or tonumber(file.size) == wanted.size)
end

-- Alma may add to a label or name, cut it, or leave it out.
local function is_kept(text, sent)
  text = text or ""
  return text:sub(1, #sent) == sent or sent:sub(1, #text) == text
end

local function could_be(file, sent, name)
  return (not sent.size or tonumber(file.size) == sent.size) and (not sent.label or is_kept(file.label, sent.label))
    and is_kept(downloads.name(file):match "^[^.]*", name:match "^[^.]*")
end

local function one_of(found, rep_id, what)
  if #found == 1 then return found[1] end
  if #found == 0 then return nil, ("representation %s has no file %s"):format(rep_id, what), "missing" end
  return nil, ("representation %s has %d files %s: %s and others"):format(rep_id, #found, what, found[1].pid), "conflict"
end

local function chosen(list, keep)
  local found = {}
  for _, file in ipairs(list) do
    if keep(file) then found[#found + 1] = file end
  end
  return found
end

---Attaches an object of the upload folder, once. A file is known by its name (the last part of `path`) and, where they are
---given, by label and size: when the representation has that one, it is given, and the object stays where it is. With
---`as_new` it is made without looking for one.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/representations/{rep_id}/files.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param file { path: string, label: string?, size: integer? } path: the key in the bucket: INST/upload/…;
---  size: bytes
---@param options { as_new: boolean? }?
---@return table|nil file as Alma has it: Alma may have changed label and name
---@return boolean|string there true: it was there before; the message when there is none
---@return string? code "conflict": the representation has several of these
---@return almanac.alma.detail? detail
function m.create(client, mms_id, rep_id, file, options)
  fields.check("files.create", file, FILE, 2)
  fields.check("files.create", options or {}, { as_new = "boolean" }, 2)
  check_path("create", file)
  local list, message, code, detail = m.list(client, mms_id, rep_id)
  if not list then return nil, message, code, detail end
  local before, name = {}, file.path:match "[^/]*$"
  for _, known in ipairs(list) do before[known.pid] = true end
  return once.make(client, {
    what = ("file '%s' of representation %s"):format(name, rep_id), looks = LOOKS,
    look = not (options and options.as_new) and function()
      local now, words, kind, more = list, nil, nil, nil
      if not now then now, words, kind, more = m.list(client, mms_id, rep_id) end
      list = nil   -- it is read once before the first look, and anew for each further one
      if not now then return nil, words, kind, more end
      return one_of(chosen(now, function(known) return is_like(known, file, name) end), rep_id, ("'%s'"):format(name))
    end or nil,
    find = function()
      local now, words, kind, more = m.list(client, mms_id, rep_id)
      if not now then return nil, words, kind, more end
      return one_of(chosen(now, function(new)
        return not before[new.pid] and could_be(new, file, name)
      end), rep_id, "that is new")
    end,
    post = function() return m.post(client, mms_id, rep_id, file) end,
  })
end

---Changes the label of a file.
---Source: OpenAPI bibs, PUT /bibs/{mms_id}/representations/{rep_id}/files/{file_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param pid string
---@param changes { label: string }
---@return table|nil file as Alma has it now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, mms_id, rep_id, pid, changes)
  fields.check("files.update", changes, { label = "string" }, 2)
  return client:call { method = "PUT", path = path(mms_id, rep_id, pid), body = { label = changes.label }, kind = "file", id = pid }
end

---Downloads a file by the address that Alma signs for it; no AWS keys are needed. It appears at `to` whole or not at all,
---with the size that Alma lists. An address that has expired is asked for anew; it is a secret, and shows nowhere.
---Source: OpenAPI bibs, GET /bibs/{mms_id}/representations/{rep_id}/files/{file_id}?expand=url.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param pid string
---@param to string path of the file; its folder must be there
---@return { path: string, pid: string, name: string, label: string?, size: integer, sha256: string, md5: string? }|nil download
---  sha256, md5: hex, of the file on the disk; no md5 where the machine forbids it (FIPS)
---@return string? message
---@return string? code "missing": there is no such file, or Alma gives no address; "parse": it is not whole; "io": the disk
---@return almanac.alma.detail? detail
function m.download(client, mms_id, rep_id, pid, to)
  fields.text("files.download: to", to)
  return downloads.download(client, function() return m.get(client, mms_id, rep_id, pid, { url = true }) end, to)
end

---Deletes a file. After an unclear answer Alma is asked for the file, and when it says that
---there is none, the file is deleted.
---Source: OpenAPI bibs, DELETE /bibs/{mms_id}/representations/{rep_id}/files/{file_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param rep_id string
---@param pid string
---@param options { representations: "retain"|"delete"|nil, bibs: "retain"|"suppress"|"delete"|nil }? what becomes of a
---  representation that is left without a file, and of a title that is left without a representation (retain)
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, rep_id, pid, options)
  options = options or {}
  fields.check("files.delete", options, DELETE, 2)
  local ok, message, code, detail = client:call {
    method = "DELETE", path = path(mms_id, rep_id, pid),
    query = { representations = options.representations or "retain", bibs = options.bibs or "retain" },
  }
  if ok or not detail.unclear then return ok, message, code, detail end
  if paging.is_gone(function() return m.get(client, mms_id, rep_id, pid) end,
    function() return m.list(client, mms_id, rep_id) end, "pid", pid) then return true, nil, nil, detail end
  return nil, message, code, detail
end

return require("almanac.alma.area").of("files", m)
