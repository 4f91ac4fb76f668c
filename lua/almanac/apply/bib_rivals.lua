-- Titles of the same record that somebody else, or another run, has made, or is making: they are looked for before a title is
-- created and right after it. Which of them stays, a person decides.
local new_bib = require "almanac.apply.new_bib"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local DOUBT = "title "    -- with the MMS ID of the one that a person was asked about

local function ask_about(job, change, mms_id, reason)
  local doubt = DOUBT .. (mms_id or "unknown")
  if steps.is_decided(job, change, doubt) then return false end
  return steps.ask(job, change, { doubts = { doubt } }, reason)
end

---Looks, before the first call, whether something else was made of the same record.
---@param job almanac.job
---@param change almanac.change
---@param new almanac.apply.new_bib `there` gets what was there
---@return false|nil
---@return almanac.run.reason|string|nil message
---@return string? code "conflict": for a person to decide
function m.before(job, change, new)
  local other, message, code = new_bib.made_by_others(job, new)
  if not other and code ~= "missing" then return nil, message, code end
  if other then
    local asked, why, kind = ask_about(job, change, other.mms_id,
      reasons.new("bib_by_other_run", { title = other.mms_id, number = other.key }))
    if asked == nil then return nil, why, kind end
  end
  for _, number in ipairs(new.numbers) do
    local list
    list, message, code = new_bib.with_number(job, number)
    if not list then return nil, message, code end
    for _, bib in ipairs(list) do new.there[bib.mms_id] = true end
    if list[1] then
      local asked, why, kind = ask_about(job, change, list[1].mms_id, reasons.new("bib_there", { title = list[1].mms_id,
        name = list[1].title or "", number = number, profile = change.spec.import_profile }))
      if asked == nil then return nil, why, kind end
    end
  end
  return false
end

---Another title with a number of the source's, which may have been made at the same moment, on another machine.
---@param job almanac.job
---@param new almanac.apply.new_bib
---@return table|false|nil bib false: none
---@return string? message
---@return string? code
function m.find(job, new)
  for _, number in ipairs(new.numbers) do
    local list, message, code = new_bib.with_number(job, number)
    if not list then return nil, message, code end
    for _, bib in ipairs(list) do
      if bib.mms_id ~= job.mms_id and not new.there[bib.mms_id] then return bib end
    end
  end
  return false
end

---Whether a person decided to go on beside a title.
---@param job almanac.job
---@param change almanac.change
---@param bib table
---@return boolean
function m.is_decided(job, change, bib) return steps.is_decided(job, change, DOUBT .. bib.mms_id) end

---Looks once more when the title is made, before anything goes into it.
---@param job almanac.job
---@param change almanac.change
---@return true|nil
---@return almanac.run.reason|string|nil message
---@return string? code "conflict": for a person to decide
function m.beside(job, change)
  local new = assert(new_bib.of(job, change))
  if not new.numbers[1] or steps.is_done(job, change, "alone") then return true end
  local rival, message, code = m.find(job, new)
  if rival == nil then return nil, message, code end
  local met
  if rival then
    met, message, code = ask_about(job, change, rival.mms_id, reasons.new("bib_rival", { title = rival.mms_id, name = rival.title or "",
      own = job.mms_id }))
    if met == nil then return nil, message, code end
  end
  local done
  done, message, code = steps.perform(job, { change = change.seq, kind = "alone", page = 0, during = states.CHANGING,
    after = states.CHANGING, call = function() return {} end, keep = function(result) return result end })
  return done and true, message, code
end

return m
