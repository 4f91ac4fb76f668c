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

-- Titles that are to decide since they are not as the plan read them, in a way in which
-- this run leads to: another copy of it may have been at work. They are not begun here,
-- and what they hold counts as seen, so only the reason tells.
local TO_DECIDE = ([[SELECT mms_id, count(*) OVER () AS n FROM title WHERE state = '%s' AND (json_extract(reason_data, '$.older')
  OR reason_code IN ('file_lost', 'file_replaced', 'files_came', 'pages_elsewhere')) ORDER BY id LIMIT 1]]):format(states.ASK)

local function look(run, title)
  local job = title_work.load(run, title)
  local list, message, code = representation.list(job)
  if not list then return code == "missing" and false or nil, message, code end
  return representation.made_elsewhere(job, list)
end

-- What this run made without knowing it; titles that could not be read are passed over.
local function find(run)
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

local function words_of_doubts(run)
  local first = run.db:row(TO_DECIDE)
  if not first then return nil end
  return ("%s to decide may hold what another copy of this run did (%s%s), and this run file knows nothing of it: if it is an older " ..
    "copy of the run, bring the newest copy of the run file, and use that one"):format(words.count(first.n, "title"), first.mms_id,
    first.n > 1 and ", …" or "")
end

---What Alma and the run file tell of work that this run file does not know.
---@param run almanac.run
---@return { unbegun: { mms_id: string, representation_id: string }[], doubts: string? } look
function m.look(run)
  return { unbegun = find(run), doubts = words_of_doubts(run) }
end

---What tells that this run file is an older copy, in Alma and in the run's folder of the bucket.
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
