-- Brings a planned file into the bucket, and its thumbnail beside it. What an
-- interrupted run may have put there already is looked at first, where AWS keys
-- allow that.
local core = require "almanac.core"
local identity = require "almanac.run.identity"
local images = require "almanac.run.images"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local function path_of(job, page)
  return job.folder .. "/" .. page.path
end

-- Fails with what is wrong with a planned file. When the whole folder is not the planned
-- one, nothing is to be decided about the title, and the run ends.
local function doubt(job, page, message)
  local away = not job.copying_back and images.away(job.db, job.folder, page.path)
  if not away then return nil, message, "conflict" end
  job.images_away = true
  return nil, away, "io"
end

-- The file must be the one that was planned.
local function same_file(job, page)
  local now, message, code = identity.look(job.folder, page.path)
  if not now and code ~= "missing" and code ~= "conflict" then return nil, message, code end
  local reason = not now and message or identity.difference(job.db, page, now)
  if reason then return doubt(job, page, reason) end
  return true
end

-- The digest of the file, which must be the same as when it was read before.
local function digest(job, page)
  local sha256, message, code = core.files.sha256(path_of(job, page))
  if not sha256 then return nil, message, code end
  if page.sha256 and page.sha256 ~= sha256 then
    return nil, reasons.new("disk_file_reread", { file = page.path }), "conflict"
  end
  return sha256
end

-- Whether the bucket holds these very bytes. The ETag of an object that came in
-- one piece is its MD5; any other is no proof.
local function is_in_place(job, page, path)
  if not job.storage.head then return false end
  local object = job.storage:head(page.upload_key)
  return object ~= nil and object.size == page.size and object.etag == core.files.md5(path)
end

local NO_STORAGE = "there is no way into Alma's bucket now: see what `almanac doctor` says of it"

local function put(job, page, maybe_there)
  if not job.storage then return nil, NO_STORAGE, "io" end
  local path = path_of(job, page)
  local ok, message, code = same_file(job, page)
  if not ok then return nil, message, code end
  page.sha256, message, code = digest(job, page)
  if not page.sha256 then return nil, message, code end
  if not (maybe_there and is_in_place(job, page, path)) then
    ok, message, code = job.storage:put(page.upload_key,
      { path = path, size = page.size, sha256 = page.sha256 }, { resume = maybe_there })
  end
  if ok then ok, message, code = same_file(job, page) end
  if not ok then return nil, message, code end
  return { sha256 = page.sha256 }
end

---Whether an upload is no longer in its folder; only AWS keys can see that.
---@param job almanac.job
---@param page almanac.planned_file
---@return boolean|nil
---@return string? message
---@return string? code
function m.is_gone(job, page)
  local object, message, code = job.storage:head(page.upload_key)
  if object then return false end
  if code == "missing" then return true end
  return nil, message, code
end

local function restore(job, page)
  if job.storage and job.storage.head then
    local gone, message, code = m.is_gone(job, page)
    if not gone then return gone, message, code end
  end
  local ok, message, code = put(job, page, true)
  return ok and true, message, code
end

---Sends a page once more that may be gone from the upload folder; with AWS keys only
---when it is gone. Its thumbnail may have gone with it, so that is sent before.
---@param job almanac.job
---@param page almanac.planned_file
---@return boolean|nil sent
---@return string? message
---@return string? code
function m.restore(job, page)
  if page.thumbnail then
    local sent, message, code = restore(job, page.thumbnail)
    if sent == nil then return nil, message, code end
  end
  return restore(job, page)
end

---Uploads one page of a change, or its thumbnail.
---@param job almanac.job
---@param change almanac.change
---@param page almanac.planned_file or its `thumbnail`
---@param kind "upload"|"thumbnail"? of the step; "upload" when absent
---@return table|nil result
---@return string? message
---@return string? code
function m.page(job, change, page, kind)
  kind = kind or "upload"
  local maybe_there = steps.is_open(job, change, kind, page.seq)
  return steps.perform(job, {
    change = change.seq, kind = kind, page = page.seq,
    during = states.UPLOADING, after = states.UPLOADED,
    call = function() return put(job, page, maybe_there) end,
    keep = function(stored) return stored end, recorded = { sha256 = page.sha256 },
    record = function(db, result)
      return db:run("UPDATE file SET sha256 = ? WHERE id = ?", result.sha256, page.file_id)
    end,
  })
end

---Uploads all pages of a change, with their thumbnails.
---@param job almanac.job
---@param change almanac.change
---@return true|nil
---@return string? message
---@return string? code
function m.all(job, change)
  for _, page in ipairs(change.pages) do
    local ok, message, code = m.page(job, change, page)
    if ok and page.thumbnail then ok, message, code = m.page(job, change, page.thumbnail, "thumbnail") end
    if not ok then return nil, message, code end
  end
  return true
end

return m
