-- Brings one file onto the disk: by the AWS keys from the storage itself, else by an address that Alma signs. It grows in a
-- folder beside the others and gets its place when it is whole: with the size that Alma tells, and the MD5 that the storage
-- tells where it does. Addresses are asked for a representation at a time, and anew when one has expired.
local alma = require "almanac.alma"
local core = require "almanac.core"
local downloads = require "almanac.alma.files_download"
local task = require "almanac.task"
local words_of = require "almanac.words"

local m = {}

local TRIES = 3             -- of a file that came otherwise than it is told
local SPARE = 64 << 20      -- bytes that stay free on the disk

---The folder in which files grow.
---@param folder string of the fetch
---@return string path
function m.parts(folder) return folder .. "/.almanac-parts" end

-- The files of a representation with fresh addresses; whoever asks meanwhile gets the same answer.
local function list_anew(work, file)
  local id = file.rep_id
  work.listing[id] = work.listing[id] or task.spawn(function()
    local list, message, code, detail = alma.files.list(work.client, file.mms_id, id, { url = true })
    work.listing[id] = nil
    if not list then return nil, message, code, detail end
    local by_pid = {}
    for _, each in ipairs(list) do by_pid[each.pid] = each end
    file.title.listed = file.title.listed or {}
    file.title.listed[id] = true
    work.listed[id] = { number = (work.listed[id] and work.listed[id].number or 0) + 1, by_pid = by_pid }
    return work.listed[id]
  end)
  return work.listing[id]:await()
end

-- Gives the file with an address that was not tried yet: the newest that is known, then a new one.
local function addresses(work, file)
  local used, first = 0, file.url
  return function()
    local listed = work.listed[file.rep_id]
    if first and not listed then
      local url = first
      first = nil
      return { pid = file.pid, path = file.place, size = file.size, url = url }
    end
    if not listed or listed.number <= used then
      local message, code, detail
      listed, message, code, detail = list_anew(work, file)
      if not listed then return nil, message, code, detail end
    end
    used = listed.number
    local now = listed.by_pid[file.pid]
    if now then return now end
    return nil, "Alma has it no more", "gone"
  end
end

local function by_address(work, file, part)
  return downloads.download(work.client, addresses(work, file), part, true)
end

-- The keys may be for uploads alone: whether they read the storage at every institution is not documented.
local function by_keys(work, file, part)
  local got, message, code = work.storage:get(file.place, part, { unsynced = true })
  if got or code ~= "auth" then return got, message, code end
  if not work.by_address then
    work.by_address = true
    work.on.note(("the AWS keys may not read Alma's storage, so Alma is asked for addresses: %s"):format(message))
  end
  return by_address(work, file, part)
end

local function get(work, file, part)
  if work.by_address or not file.place then return by_address(work, file, part) end
  return by_keys(work, file, part)
end

-- Whether what came has the size that Alma tells, which may be none.
local function is_whole(file, got)
  if not file.size or got.size == file.size then return true end
  return nil, ("%d bytes came of the %d that Alma lists"):format(got.size, file.size), "parse"
end

local function get_whole(work, file, part)
  local got, message, code
  for _ = 1, TRIES do
    got, message, code = get(work, file, part)
    local ok = got
    if got then ok, message, code = is_whole(file, got) end
    if ok then return got end
    if code ~= "parse" then break end
  end
  return nil, message, code
end

---Says when the disk has no room for so many bytes.
---@param folder string
---@param size integer?
---@return string? words
function m.full(folder, size)
  local free = core.files.free_space(folder)
  if not free or free > (size or 0) + SPARE then return nil end
  return ("%s has no space for %s: %s are free, and %s of the disk are left for others"):format(folder, words_of.bytes(size or 0),
    words_of.bytes(free), words_of.bytes(SPARE))
end

-- Gives what came its place. A disk that took the bytes and takes no such name will never take it.
local function place(work, file, part)
  local path = work.folder .. "/" .. file.path
  local ok, message, code = core.files.make_folder(path:match "^(.*)/")
  if ok then ok, message, code = core.files.rename(part, path) end
  if ok then return true end
  if m.full(work.folder) then return nil, message, "io" end
  return nil, ("the disk takes no file of this name: %s"):format(message), "refused", code
end

---Fetches a file.
---@param work almanac.fetch.work
---@param file { id: integer, mms_id: string, rep_id: string, pid: string, place: string?, size: integer?, path: string, url: string? }
---@return { size: integer, sha256: string, md5: string? }|nil got
---@return string? message
---@return string? code "gone": Alma has it no more; "refused": the disk takes no such name; "io": the disk is full
function m.fetch(work, file)
  local full = m.full(work.folder, file.size)
  if full then return nil, full, "io" end
  local part = ("%s/%d"):format(m.parts(work.folder), file.id)
  local got, message, code = get_whole(work, file, part)
  local ok = got
  if got then ok, message, code = place(work, file, part) end
  if ok then return got end
  core.files.remove(part)
  return nil, message, code
end

---Makes the folder in which files grow, without what a killed fetch left in it.
---@param folder string
---@return true|nil
---@return string? message
---@return string? code
function m.begin(folder)
  m.finish(folder)
  return core.files.make_folder(m.parts(folder))
end

---Removes that folder.
---@param folder string
function m.finish(folder)
  core.files.remove(m.parts(folder), { tree = true })
end

return m
