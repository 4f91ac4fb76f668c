-- Deposits as records: what people handed in, perhaps those of one status.
local alma = require "almanac.alma"
local asked = require "almanac.plan.records.asked"
local core = require "almanac.core"
local objects = require "almanac.plan.records.objects"
local people = require "almanac.plan.records.people"
local words = require "almanac.words"

local m = { takes = "people status" }

local FIRST = { "deposit_id", "title", "user_primary_id", "status", "deposit_profile", "mms_id", "rep_id", "submission_date",
  "modification_date", "notes", "delivery_url" }

-- The codes of a status are not documented, so its word as Alma shows it counts as well.
local function has_status(deposit, wanted)
  local status = deposit.status
  local code, word = status, nil
  if type(status) == "table" then code, word = status.value, status.desc end
  local folded = core.text.fold(wanted)
  return core.text.fold(code or "") == folded or core.text.fold(word or "") == folded, code
end

local function entry_of(deposit)
  local id = objects.text(deposit, "deposit_id")
  return { identifier = id, datestamp = objects.text(deposit, "modification_date"), deleted = false, format = "row",
    content = objects.row(deposit, FIRST), place = ("deposit of %s"):format(objects.text(deposit, "user_primary_id") or "?") }
end

local function of_status(source, list, wanted)
  local kept = {}
  for _, deposit in ipairs(list) do
    local fits, code = has_status(deposit, wanted)
    if fits then kept[#kept + 1] = deposit else source.others[code or "?"] = true end
  end
  return kept
end

local function why_none(source)
  local names = {}
  for name in pairs(source.others) do names[#names + 1] = name end
  table.sort(names)
  return ("no deposit%s"):format(names[1] and " has this status; there are some with " .. table.concat(names, ", ") or "")
end

---@param plan almanac.plan
---@param given almanac.plan.records.given
---@param place string?
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(plan, given, _, place)
  if not given.people then
    return nil, "--records deposits: whose? Alma gives deposits person by person: give --records-people FILE, IDs with commas " ..
      "between, or set:NAME for a set of users in Alma", "missing"
  end
  local ids, message, code = people.list(plan.client, given.people)
  if not ids then return nil, message, code end
  local source
  source = asked.new({
    items = ids, entry_of = entry_of, others = {}, allow = function(calls) return plan.limits:allow(calls) end,
    words = ("deposits of %s%s"):format(words.count(#ids, "person", "persons"),
      given.status and (" with status '%s'"):format(given.status) or ""),
    ask = function(id)
      local list, wrong, kind, detail = alma.deposits.list(plan.client, id)
      if not list then return nil, wrong, kind, detail end
      return given.status and of_status(source, list, given.status) or list
    end,
  }, place)
  source.why_none = why_none
  return source
end

return m
