-- One round: a collection, a rehearsal, a plan, then `apply` again and again
-- under its fate until it is done, then the checks, then `undo` likewise.
local changes = require "torture.changes"
local check = require "torture.check"
local collection = require "torture.collection"
local commands = require "torture.commands"
local core = require "almanac.core"
local fates = require "torture.fates"
local judge = require "torture.judge"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local strokes = require "torture.strokes"
local undisturbed = require "torture.undisturbed"

local m = {}

-- A person decides to go on with every title that asks; nothing disturbs that.
local function decide(round, asking)
  if not next(asking) then return end
  round.alma.change { op = "latency", spec = round.latency }
  judge.expect(round, "decide", round:decide("a.run", asking))
  judge.expect(round, "apply, decided,", round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q",
    round:masters()))
end

local function apply(round)
  local status = strokes.call(round, "apply", "a.run", "--settle", round.fate.settle, "-q", round:masters())
  if not (round:is_disturbed() or round:is_doubtful()) then judge.expect(round, "apply", status) end
  local asking = judge.done(round, { rivals = round.fate.rivals, doubts = round:is_doubtful() })
  if not round.fate.merges and next(asking) and not round.violations[1] then
    decide(round, asking)
    judge.done(round, { decided = true })
  end
  judge.verify(round, ("verified %d title"):format(#round.titles))
end

local function undo(round)
  local status = strokes.call(round, "undo", "a.run", "--yes", "-q")
  if not (round.fate.merges or round.change.stays and status == 2) then judge.expect(round, "undo", status) end
  -- What arrived when undo had ended is for another one.
  if round.fate.late > 0 then judge.expect(round, "undo, once more,", round:call("", "undo", "a.run", "--yes", "-q")) end
  -- An undo that says so may leave what it made for titles that were merged away.
  local left_out = status == 0 and round.half_done or undisturbed.merged(round.alma.state())
  judge.compare(round, "undone", { objects = round.fate.keys, left_out = left_out })
  if status == 0 and round.half_done then
    judge.add(round, check.names(round.before, undisturbed.of(round.alma.state()), round.half_done))
  end
  if not round.change.stays then judge.verify(round, ("looked at %d titles? taken back"):format(#round.titles)) end
end

-- Where a hostile answer's path leads, out of any folder of a round.
local OUTSIDE = "ls -d /tmp/almanac-hostile* 2>/dev/null"

local function look_outside(round)
  local pipe <close> = assert(io.popen(OUTSIDE))
  for path in pipe:lines() do round:tell("written outside of the round's folder: %s", path) end
end

local function go(round)
  round.collection = round.alma.change { op = "add_collection", name = "Tortured" }.pid
  if round.change.prepare then round.change.prepare(round) end
  round.before = round.alma.state()
  round.sums = judge.sums(round, round.before)
  if round.fate.go then return round.fate.go(round) end
  if round.change.go then return round.change.go(round) end
  round:plan "a.run"
  apply(round)
  if not round.violations[1] then undo(round) end
  if round.fate.hostile then look_outside(round) end
end

-- A rehearsal comes up again on its port, which nobody may take meanwhile: so
-- it is none of those that the system gives to whoever connects.
local function rehearse(options)
  local first = 10000 + core.sys.pid() % 20000
  for port = first, first + 9 do
    options.port = port
    local ok, alma = pcall(rehearsal.start, options)
    if ok then return alma end
    if port == first + 9 then error(alma, 0) end
  end
end

-- The kind of change that the seed picks, among those that fit the fate.
local function change_of(options, random)
  local fits = {}
  for _, change in ipairs(changes.kinds()) do
    if fates.fits(options.kind, change) then fits[#fits + 1] = change end
  end
  local picked = fits[random(1, #fits)]
  return options.change and changes.of(options.change) or picked
end

local function keep(round, folder)
  local from, to = program.quote(round.folder), program.quote(folder)
  os.execute(("rm -rf %s && mkdir -p %s && rmdir %s && cp -r %s %s"):format(to, to, to, from, to))
  program.write(folder .. "/rehearsal.log", round.alma.output())
end

---Runs a round.
---@param options { seed: integer, kind: string, change: string?, titles: integer?, quick: boolean?, blind: string?, keep: string? }
---  quick: calls take no time; change: what the run is about, else the seed picks it; blind: what the client can't see, "looks" or "intents";
---  keep: where the folder of a failing round stays
---@return { change: table, kills: integer, restarts: integer, faults: table<string, integer>, violations: string[] } result
function m.run(options)
  math.randomseed(options.seed)
  local random = math.random
  local change = change_of(options, random)
  local fate = fates.of(options.kind, random, change.writes)
  local folder = program.folder()
  local round = setmetatable({ folder = folder, random = random, fate = fate, change = change,
    blind = options.blind and "blind=" .. options.blind, client = program.client,
    latency = options.quick and "0" or ("%.3f,file=%.3f"):format(random(5, 40) / 1000, random(20, 250) / 1000),
    kills = 0, restarts = 0, faults = {}, rules = {}, violations = {} }, { __index = commands })
  round.titles = collection.make(folder, options.titles or fate.titles, random, change.holds, fate.pages)
  round.alma = rehearse { titles = folder .. "/titles.csv", args = { "--rate", "0", "--seed", options.seed } }
  local ok, message = xpcall(go, debug.traceback, round)
  if not ok then table.insert(round.violations, message) end
  if options.keep and round.violations[1] then keep(round, options.keep) end
  pcall(round.alma.stop)
  program.remove(folder)
  return round
end

return m
