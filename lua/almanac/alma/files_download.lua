-- Downloads a file of Alma's storage by a signed address. The address is a secret for as long as it works, so no message
-- holds it.
local answers = require "almanac.alma.answers"
local core = require "almanac.core"
local etag = require "almanac.etag"
local oversight = require "almanac.oversight"
local patience = require "almanac.patience"
local task = require "almanac.task"
local whole = require "almanac.whole"

local m = {}

local TRANSIENT = { connect = true, timeout = true, closed = true, parse = true }
local ADDRESSES = 3    -- asked for, for one file

---@param file table as Alma gives it
---@return string
function m.name(file)
  local name = type(file.path) == "string" and file.path:match "[^/\\]+$"
  return name and name ~= "." and name ~= ".." and not name:find "%c" and name or file.pid
end

-- S3 refuses an address that is too old with 403, like one that is wrong.
local function refused(result)
  local code = (result.body or ""):match "<Code>(%w+)</Code>"
  return { message = ("the storage answered with status %d%s"):format(result.status, code and " (" .. code .. ")" or ""),
    code = result.status == 404 and "missing" or "status", status = result.status,
    again = result.status >= 500 or result.status == 429 }
end

-- A folder that is not there is a fault of the disk: "missing" is said of what Alma lacks.
local function disk(code) return code == "missing" and "io" or code end

local function fetch(client, url, part, unsynced)
  local result = task.fetch { url = url, to = part, digests = true, unsynced = unsynced, redirects = 0,
    connect_timeout = client.timeouts.connect, stall_timeout = client.timeouts.stall, timeout = 0 }
  if result.error then
    return nil, { message = result.error, code = disk(result.code), again = TRANSIENT[result.code] }
  elseif result.status ~= 200 then
    return nil, refused(result)
  end
  local words = etag.problem(result)
  if words then return nil, { message = words, code = "parse", again = true } end
  return result
end

-- Tries an address until it gives the file or is of no use.
local function insist(client, url, part, unsynced)
  local failed
  for try = 1, client.backoff.tries do
    local result
    if try > 1 then task.sleep(patience.pause(client.backoff, try - 1)) end
    result, failed = fetch(client, url, part, unsynced)
    if result then return result end
    if not failed.again then break end
  end
  return nil, failed.message, failed.code, { errors = {}, unclear = false, status = failed.status }
end

-- The object that an address is of; what stands behind the ? is secret.
local function object_of(url)
  local bucket, key = url:match "^%a+://[^/]+/([^/?]+)/([^?]*)"
  return bucket or "storage", key or ""
end

local function get_by(client, url, part, unsynced)
  local function send() return insist(client, url, part, unsynced) end
  if not oversight.s3 then return send() end
  local bucket, key = object_of(url)
  return oversight.s3(client, { method = "GET", bucket = bucket, key = key, to = part }, send)
end

local function addressed(get)
  local file, message, code, detail = get()
  if not file then return nil, message, code, detail end
  if type(file.url) == "string" and file.url ~= "" then return file end
  return nil, ("file %s: Alma gives no address to download it from"):format(file.pid), "missing"
end

-- Fetches it with as many addresses as it takes; gives the file and what the transfer gave.
local function transfer(client, get, part, unsynced)
  for round = 1, ADDRESSES do
    local file, message, code, detail = addressed(get)
    if not file then return nil, message, code, detail end
    local result, words, kind, more = get_by(client, file.url, part, unsynced)
    if result then return file, result end
    if not (more and more.status == 403) or round == ADDRESSES then
      return nil, ("file %s can't be downloaded: %s"):format(file.pid, words), kind
    end
  end
end

-- Measures what came, and gives it its name.
local function finish(file, result, part, to)
  local stat, announced = core.files.stat(part), answers.count(file.size)
  if not stat then return nil, ("file %s: nothing came"):format(file.pid), "parse" end
  if announced and stat.size ~= announced then
    return nil, ("file %s: %d bytes came of the %d that Alma lists"):format(file.pid, stat.size, announced), "parse"
  end
  local ok, message, code = core.files.rename(part, to)   -- unless it may be later, it is on the disk by then
  if not ok then return nil, message, disk(code) end
  local sums = result.sha256 and result or { sha256 = core.files.sha256(to), md5 = core.files.md5(to) }   -- of a replayed download
  return { path = to, pid = file.pid, name = m.name(file), label = file.label, size = stat.size, sha256 = sums.sha256, md5 = sums.md5 }
end

---@param client almanac.alma.client
---@param get fun(): table|nil, string?, string?, almanac.alma.detail? the file with a fresh address
---@param to string
---@param unsynced boolean? the file need not be on the disk yet, see core.files.sync_disk
---@return table|nil download
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.download(client, get, to, unsynced)
  local free, message, code = whole.check(to)
  if not free then return nil, message, code end
  local part = ("%s.%s.part"):format(to, core.text.hex(core.hash.random(4)))
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(part) end })
  local file, result, detail
  file, result, code, detail = transfer(client, get, part, unsynced)
  if not file then return nil, result --[[@as string]], code, detail end
  return finish(file, result, part, to)
end

return m
