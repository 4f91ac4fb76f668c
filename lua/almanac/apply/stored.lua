-- Whether a file that Alma lists can be read from its storage: its first byte
-- is fetched from the signed address that Alma gives for it (expand=url), and
-- the answer tells the size of the whole. These are no calls to Alma. What an
-- address is signed with is never told.
local reasons = require "almanac.run.reasons"
local request = require "almanac.s3.request"
local task = require "almanac.task"

local m = {}

local IN_FLIGHT = 4      -- of one title
local ENOUGH = 65536     -- bytes of an answer that holds more than was asked for

-- "bytes 0-0/146515"; a server that knows no ranges sends the whole.
local function size_of(result)
  local headers = result.headers or {}
  return tonumber((headers["content-range"] or ""):match "/(%d+)$" or headers["content-length"])
end

local function fetch(what, url)
  local backoff, timeouts = request.patience {}
  return request.insist(backoff, function()
    local result = task.fetch { url = url, headers = { Range = "bytes=0-0" }, max_body = ENOUGH,
      connect_timeout = timeouts.connect, stall_timeout = timeouts.stall, timeout = timeouts.total }
    if result.code == "limit" and size_of(result) then return result end   -- it came, more than is wanted
    local failure = request.failure(what, result, { by = "address" })
    if failure then return nil, failure end
    return result
  end)
end

---Looks at one file.
---@param page { name: string, size: integer }
---@param url string from Alma
---@return almanac.run.reason|false|nil reason what is wrong; nil when there was no answer
---@return string? message
---@return string? code
function m.look(page, url)
  local what = page.name .. " can't be read from Alma's storage"
  local result, failure = fetch(what, url)
  if not result and failure.again then return nil, failure.message, failure.code end
  if not result then return reasons.new("storage_unreadable", { message = failure.message }) end
  local size = size_of(result)
  if size == page.size then return false end
  return reasons.new("storage_size_differs", { file = page.name, bytes = size, size = page.size })
end

local function pairs_of(pages, files)
  local i = 0
  return function()
    i = i + 1
    return files[i] and { at = i, page = pages[i], url = files[i].url }
  end
end

---Looks at the files of a representation, which are those that were planned.
---@param pages table[]
---@param files { url: string? }[] in the same order
---@return almanac.run.reason|false|nil reason what is wrong with the first that is wrong; nil when one gave no answer
---@return string|integer message_or_unseen with false: files of which Alma gave no address
---@return string? code
function m.check(pages, files)
  local found, unseen = {}, 0
  local failures = task.each(pairs_of(pages, files), IN_FLIGHT, function(one)
    if not one.url then
      unseen = unseen + 1
    else
      found[one.at] = table.pack(m.look(one.page, one.url))
    end
  end)
  if failures[1] then error(failures[1].message, 0) end
  for i = 1, #files do
    if found[i] and found[i][1] ~= false then return table.unpack(found[i], 1, 3) end
  end
  return false, unseen
end

return m
