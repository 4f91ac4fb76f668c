-- Whether this run file is an older copy of a run that went on elsewhere. Then titles
-- that it has not begun hold what the run makes: Alma is asked before they count as
-- titles without anything to take back. Runs go through their titles in order, so the
-- first ones that are not begun tell.
local kinds = require "almanac.change_kinds"
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
local UNBEGUN = ([[%s AND EXISTS (SELECT 1 FROM change JOIN spec ON spec.id = spec_id
  WHERE title_id = title.id AND %s AND representation_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM step WHERE step.title_id = title.id AND step.kind = 'represent'))]])
  :format(states.OPEN, kinds.sql_makes())

local function look(run, title)
  local job = title_work.load(run, title)
  local list, message, code = representation.list(job)
  if not list then return code == "missing" and false or nil, message, code end
  return representation.made_elsewhere(job, list)
end

---Looks for what this run made without knowing it.
---@param run almanac.run
---@return { mms_id: string, representation_id: string }[] found titles that could not be read are passed over
function m.find(run)
  local next_title, found, since = titles.each(run.db, UNBEGUN), {}, 0
  local function more() return since < ENOUGH and next_title() or nil end
  local failures = task.each(more, IN_FLIGHT, function(title)
    local rep = look(run, title)
    since = rep and 0 or since + 1
    if rep then found[#found + 1] = { mms_id = title.mms_id, representation_id = rep.id } end
  end)
  if failures[1] then error(failures[1].message, 0) end
  table.sort(found, function(a, b) return a.mms_id < b.mms_id end)
  return found
end

local function words_of(found, run_path)
  local first = found[1]
  return ("%s that %s has not begun %s in Alma what this run makes (%s of title %s%s): this looks like an older copy of the run. " ..
    "Bring the newest copy of the run file, and use that one"):format(words.count(#found, "title"), run_path,
    #found == 1 and "holds" or "hold", first.representation_id, first.mms_id, found[2] and ", …" or "")
end

---What tells that this run file is an older copy, in Alma and in the run's folder of the bucket.
---@param run table db, client, journal, path; storage when the bucket can be looked at; unbegun: what m.find
---  gave before the states of titles changed
---@return string[] texts none: nothing tells so
---@return string? problem why the bucket could not be looked at
function m.told(run)
  local found = run.unbegun or m.find(run)
  local texts = { found[1] and words_of(found, run.path) }
  local sent, problem = strays.sent_elsewhere(run)
  texts[#texts + 1] = sent
  return texts, problem
end

return m
