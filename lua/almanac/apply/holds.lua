-- What a title holds that this run did not make: then a title that it created stays.
local alma = require "almanac.alma"
local change_kinds = require "almanac.change_kinds"
local edit = require "almanac.record_edit"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"

local m = {}

-- Whether a representation is that of a change, or may be what a call without a clear answer made. Whether it is as it was
-- made, the change itself finds out.
local function is_own(job, rep)
  for _, change in ipairs(job.changes) do
    if change.representation_id == rep.id then return true end
    local may_be = change_kinds.makes_representation(change) and not change.representation_id
    if may_be and reconcile.new_representations({ rep }, {}, change.spec)[1] then return true end
  end
  return false
end

---Says what a title holds that is not of this run.
---@param job almanac.job
---@param bib table with its record
---@param list table[] the title's representations
---@return almanac.run.reason? reason nil: nothing, or it can't be told
---@return string? message why not
---@return string? code
function m.others(job, bib, list)
  for _, rep in ipairs(list) do
    if not is_own(job, rep) then return reasons.new("holds_other", { what = "representation " .. rep.id }) end
  end
  local holdings, message, code = alma.holdings.list(job.client, bib.mms_id)
  if not holdings then return nil, message, code end
  if holdings[1] then return reasons.new("holds_other", { what = "holding " .. tostring(holdings[1].holding_id) }) end
  local whole
  whole, message, code = alma.bibs.read(job.client, bib.mms_id, { expand = "e_avail,requests" })
  if not whole then return nil, message, code end
  if edit.is_marc(whole.record) and whole.record:fields "AVE"[1] then return reasons.new("holds_other", { what = "a portfolio" }) end
  local requests = type(whole.requests) == "table" and whole.requests.value or whole.requests
  if (tonumber(requests) or 0) > 0 then return reasons.new("holds_other", { what = "a request" }) end
  return nil
end

return m
