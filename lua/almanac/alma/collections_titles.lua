-- Puts many titles into a collection, or takes them out: a call for each.
local fields = require "almanac.fields"
local task = require "almanac.task"

local m = {}

local TRIES = 4     -- for one title
-- These end the whole, since the next title would fail in the same way.
local FATAL = { auth = true, quota = true, connect = true, tls = true }

---@class almanac.alma.collection_change
---@field done string[] titles that were put in, or taken out
---@field already string[] titles that were in it before; for remove: that were not in it
---@field failed { mms_id: string, message: string, code: string }[] titles that Alma refused, such as one that would be
---  in no collection any more and has representations

-- Alma refuses what is so already, so doing it again after a lost answer does nothing twice.
local function surely(client, pid, mms_id, do_it)
  local lost = false
  for try = 1, TRIES do
    local ok, message, code, detail = do_it(client, pid, mms_id)
    if ok then return true, lost or detail.added or detail.removed end
    if not detail.unclear or try == TRIES then return nil, message, code end
    lost = true
    task.sleep(client.backoff.first * 2 ^ try)
  end
end

---@param client almanac.alma.client
---@param pid string
---@param mms_ids string[]
---@param do_it fun(client: almanac.alma.client, pid: string, mms_id: string): true?, string?, string?, table?
---@return almanac.alma.collection_change|nil result
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.each(client, pid, mms_ids, do_it)
  local result = { done = {}, already = {}, failed = {} }
  fields.list("collections: mms_ids", mms_ids, 3)
  for _, mms_id in ipairs(mms_ids) do
    local ok, changed, code = surely(client, pid, mms_id, do_it)
    if ok then
      table.insert(changed and result.done or result.already, mms_id)
    elseif FATAL[code] then
      return nil, changed, code, { errors = {}, unclear = false, result = result }
    else
      table.insert(result.failed, { mms_id = mms_id, message = changed, code = code })
    end
  end
  return result
end

return m
