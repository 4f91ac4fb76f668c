-- A round in which a script makes things with the library's own create functions: it is killed, the rehearsal goes
-- down and comes up, answers are lost; it is run again at once, from its first line, until it has made all. What must
-- hold: each thing is there exactly once, also when what a killed run sent takes effect after that.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"

local m = {}

local SCRIPT = program.absolute "spec/torture/creator.lua"
local QUIET = 15          -- runs under faults, until these are switched off
local TRIES = 25
local BLIND_TRIES = 4     -- of one that does not see what it made: it makes more with each
local KILLED = 9          -- by SIGKILL, as the system tells it
-- 1: nothing was written; 2: something was; 75: stopped.
local STATUS = { [0] = true, [1] = true, [2] = true, [75] = true, [KILLED] = true }

---Calls that write, as fates know them.
m.WRITES = { "POST collections", "POST bibs", "POST representations", "POST files", "POST holdings", "POST items", "POST requests",
  "POST sets" }

local function set_faults(round, rules)
  round.alma.change { op = "latency", spec = round.latency .. (round.fate.latency and "," .. round.fate.latency or "") }
  round.alma.change { op = "faults", spec = table.concat(rules, ",") }
end

local function start(round)
  local env = desk.environment(round.alma, round.folder, round.fate.keys and
    { AWS_ACCESS_KEY_ID = round.alma.access_key, AWS_SECRET_ACCESS_KEY = round.alma.secret_key } or nil)
  local arguments = { "exec", "--rate", "1000", "--settle", round.blind and "0" or tostring(round.fate.settle), SCRIPT,
    "--titles", tostring(round.fate.titles), round.blind and "--blind" or nil }
  return program.start(arguments, { folder = round.folder, env = env })
end

local function note_faults(round)
  for _, rule in ipairs(round.alma.calls().faults) do
    local kind = rule.rule:match ":([%w]+)"
    round.faults[kind] = (round.faults[kind] or 0) + rule.hits
  end
end

local strokes = {}

function strokes.kill(round, started)
  core.sys.sleep(round.random(60, 900) / 1000)
  started.signal "KILL"
end

function strokes.restart(round)
  core.sys.sleep(round.random(60, 700) / 1000)
  note_faults(round)
  round.alma.restart(round.random(1, 2) == 1)
  set_faults(round, round.rules)
  round.restarts = round.restarts + 1
end

function strokes.none() end

local function judge_end(round, result)
  if not STATUS[result.status] then round:tell("the script ends with %s: %s", result.status, result.err) end
  if result.err:find "stack traceback" then round:tell("the script prints an error of the program: %s", result.err) end
  if result.status == 1 and result.err:find "\n  POST" then round:tell("1, and something was written: %s", result.err) end
  if result.status == KILLED then round.kills = round.kills + 1 end
end

-- Runs the script once under its fate.
local function once(round, stroke)
  local started <close> = start(round)
  strokes[stroke](round, started)
  local result = started.wait()
  judge_end(round, result)
  return result
end

local function stroke_of(round, try)
  if try <= (round.fate.kills or 0) then return "kill" end
  if try <= (round.fate.kills or 0) + (round.fate.restarts or 0) then return "restart" end
  return "none"
end

-- ---- what is there ----

local function count(round, what, list, wanted)
  if #list ~= wanted then round:tell("%d %s, and %d were to be made", #list, what, wanted) end
end

local function list_at(round, path, key)
  local result = round.alma.call("GET", path)
  local data = result.data or {}
  if result.status ~= 200 or #(data[key] or {}) ~= data.total_record_count then round:tell("GET %s: %s", path, result.body) end
  return data[key] or {}
end

local function by_name(list, name)
  local found = {}
  for _, one in ipairs(list) do
    if one.name == name then found[#found + 1] = one end
  end
  return found
end

local function check_title(round, bib)
  local path, name = "/bibs/" .. bib.mms_id, bib.title
  local reps = list_at(round, path .. "/representations?limit=100", "representation")
  count(round, "representations of " .. name, reps, 1)
  for _, rep in ipairs(reps) do
    local files = list_at(round, ("%s/representations/%s/files?limit=100"):format(path, rep.id), "representation_file")
    count(round, "files of " .. name, files, 2)
  end
  local holdings = round.alma.call("GET", path .. "/holdings").data.holding or {}
  count(round, "holdings of " .. name, holdings, 1)
  count(round, "items of " .. name, list_at(round, path .. "/holdings/ALL/items?limit=100", "item"), 1)
  count(round, "requests of " .. name, list_at(round, path .. "/requests?limit=100", "user_request"), 1)
end

local function check(round)
  local state = round.alma.state()
  local bibs = {}
  for _, bib in ipairs(state.bibs) do
    if bib.title:find "^Tortured %d" then bibs[#bibs + 1] = bib end
  end
  count(round, "titles", bibs, round.fate.titles)
  for _, bib in ipairs(bibs) do check_title(round, bib) end
  count(round, "collections", by_name(state.collections, "Tortured"), 1)
  local sets = by_name(state.sets, "Tortured")
  count(round, "sets", sets, 1)
  for _, set in ipairs(sets) do
    count(round, "members of the set", list_at(round, ("/conf/sets/%s/members?limit=100"):format(set.id), "member"), round.fate.titles)
  end
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  round.rules = round.fate.rules
  set_faults(round, round.rules)
  local result
  for try = 1, round.blind and BLIND_TRIES or TRIES do
    if try == QUIET then
      note_faults(round)
      round.rules = {}
      set_faults(round, {})
    end
    result = once(round, stroke_of(round, try))
    if result.status == 0 then break end
  end
  if result.status ~= 0 then round:tell("the script is never done: %s", result.err) end
  note_faults(round)
  round.alma.change { op = "latency", spec = "0" }
  round.alma.change { op = "faults", spec = "" }
  check(round)
end

return m
