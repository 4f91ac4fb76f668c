-- Finds out whether this run file is an older copy of a run that went on elsewhere. Then
-- titles that it has not begun, or not done, hold what the run makes, so Alma is asked
-- before they count as titles with nothing to take back. Runs go through their titles in
-- order, so it is enough to look at the first ones.
local change_kinds = require "almanac.change_kinds"
local kinds = require "almanac.apply.kinds"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local strays = require "almanac.apply.strays"
local task = require "almanac.task"
local title_work = require "almanac.apply.title"
local states = require "almanac.run.states"
local titles = require "almanac.run.titles"
local words = require "almanac.words"

local m = {}

local IN_FLIGHT = 16
local ENOUGH = 64      -- titles in a row without anything
-- Titles that are to decide because Alma has there what this run would make: another copy
-- of the run may have been at work. What they hold counts as seen by then, so only the
-- reason tells.
local TO_DECIDE = ("SELECT mms_id, count(*) OVER () AS n FROM title WHERE %s AND %s ORDER BY id LIMIT 1"):format(
  states.is(states.ASK), reasons.MAY_BE_OLDER)

-- Finds what Alma has of the first change that this run file has not begun, since changes
-- are carried out in their order: a new representation, or true for a change of what the
-- title has. Some kinds leave nothing that shows who did them.
local function what_is_there(job, list)
  for _, change in ipairs(job.changes) do
    local kind = kinds.of(change)
    if not kind.begun(job, change) then
      if change_kinds.makes_representation(change) then return representation.made_elsewhere(job, list) end
      if kind.done_elsewhere then return kind.done_elsewhere(job, change, list) end
    end
  end
end

local function look_at_title(run, title)
  local job = title_work.load(run, title)
  local list = representation.list(job)
  return list and what_is_there(job, list)
end

-- Finds titles with something of the run that this run file does not know; titles that
-- can't be read are passed over.
local function find_unbegun(run)
  local next_title, found, since = titles.each(run.db, states.OPEN), {}, 0
  local function more() return since < ENOUGH and next_title() or nil end
  local failures = task.each(more, IN_FLIGHT, function(title)
    local there = look_at_title(run, title)
    since = there and 0 or since + 1
    if there then found[#found + 1] = { mms_id = title.mms_id, representation_id = there ~= true and there.id or nil } end
  end)
  if failures[1] then error(failures[1].message, 0) end
  table.sort(found, function(a, b) return a.mms_id < b.mms_id end)
  return found
end

local function words_of(found, run_path)
  local first = found[1]
  local example = (first.representation_id and first.representation_id .. " of " or "") .. "title " .. first.mms_id
  return ("%s that %s has not begun %s in Alma what this run makes (%s%s): this looks like an older copy of the run. " ..
    "Bring the newest copy of the run file, and use that one"):format(words.count(#found, "title"), run_path,
    #found == 1 and "holds" or "hold", example, found[2] and ", …" or "")
end

local function words_of_doubts(run)
  local first = run.db:row(TO_DECIDE)
  if not first then return nil end
  return ("%s to decide may hold what another copy of this run did (%s%s), and this run file knows nothing of it: if it is an older " ..
    "copy of the run, bring the newest copy of the run file, and use that one"):format(words.count(first.n, "title"), first.mms_id,
    first.n > 1 and ", …" or "")
end

---Looks for work of the run that this run file does not know, in Alma and in its reasons.
---@param run almanac.run
---@return { unbegun: { mms_id: string, representation_id: string? }[], doubts: string? } look
function m.look(run)
  return { unbegun = find_unbegun(run), doubts = words_of_doubts(run) }
end

---Says what shows that this run file is an older copy, in Alma and in the run's folder of the bucket.
---@param run table db, client, journal, path; storage when the bucket can be looked at; elsewhere: what m.look gave
---  before the states of titles changed
---@return string[] texts none: nothing tells so
---@return string? problem why the bucket could not be looked at
function m.told(run)
  local seen = run.elsewhere or m.look(run)
  local texts = { seen.unbegun[1] and words_of(seen.unbegun, run.path) }
  texts[#texts + 1] = seen.doubts
  local sent, problem = strays.sent_elsewhere(run)
  texts[#texts + 1] = sent
  return texts, problem
end

return m
