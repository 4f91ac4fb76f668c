-- One round: a collection, a rehearsal, a plan, then `apply` again and again
-- under its fate until it is done, then the checks, then `undo`.
local check = require "torture.check"
local collection = require "torture.collection"
local core = require "almanac.core"
local fates = require "torture.fates"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local m = {}

local QUIET_TRIES = 12    -- times `apply` is called without a kill until faults are switched off
local KILLED = 137

local function absolute(path)
  local pipe <close> = assert(io.popen "pwd")
  return pipe:read "l" .. "/" .. path
end

local CLIENT = absolute "spec/torture/client.lua"

local methods = {}
local meta = { __index = methods }

-- The command line of a client, its output in the round's folder.
local function command(round, switches, arguments, prefix)
  local parts = { "cd " .. program.quote(round.folder) .. " &&", "env -u LD_PRELOAD -u AWS_PROFILE",
    "HOME=" .. program.quote(round.folder), "XDG_CONFIG_HOME=/nonexistent",
    "ALMANAC_API_URL=" .. round.alma.url, "ALMA_API_KEY=" .. round.alma.key }
  if round.fate.keys then
    table.insert(parts, "AWS_ACCESS_KEY_ID=" .. round.alma.access_key)
    table.insert(parts, "AWS_SECRET_ACCESS_KEY=" .. round.alma.secret_key)
  end
  if round.fate.parts then switches = "parts " .. switches end
  if round.fate.patience then switches = ("patience=%g %s"):format(round.fate.patience, switches) end
  if round.blind then switches = "blind " .. switches end
  table.insert(parts, prefix or "")
  for _, word in ipairs { program.path(), "exec", round.client, switches, table.unpack(arguments) } do
    table.insert(parts, program.quote(word))
  end
  return table.concat(parts, " ") .. " </dev/null >out 2>>err"
end

---Runs the client to its end.
---@return integer status
function methods:call(switches, ...)
  -- The shell behind the line tells of kills on stderr: not here.
  local line = ("(%s; exit $?) 2>/dev/null"):format(command(self, switches, { ... }))
  local _, _, status = os.execute(line)
  return status
end

function methods:must(...)
  local status = self:call("", ...)
  if status ~= 0 then error(("%s ended with %d: %s"):format(..., status, program.read(self.folder .. "/err"))) end
  return program.read(self.folder .. "/out")
end

-- Runs it and kills it after a while, unless it ends before.
local function call_and_kill(round, ...)
  local seconds = ("timeout --foreground -s KILL %.3f"):format(round.random(30, 400) / 1000)
  local line = ("(%s; exit $?) 2>/dev/null"):format(command(round, "", { ... }, seconds))
  local _, _, status = os.execute(line)
  if status == KILLED then round.kills = round.kills + 1 end
  return status
end

-- Runs it while the rehearsal goes down and comes up again.
local function call_and_restart(round, ...)
  local pipe = assert(io.popen(command(round, "", { ... }) .. "; echo $?"))
  core.sys.sleep(round.random(50, 700) / 1000)
  round:note_faults()
  round.alma.restart(round.random(1, 2) == 1)
  round:set_faults()
  round.restarts = round.restarts + 1
  local status = tonumber(pipe:read "l")
  pipe:close()
  return status
end

-- A start for each commit, killed there, until one ends by itself.
local function call_and_kill_at_commits(round, ...)
  local when = round.random(1, 2) == 1 and ",before" or ""
  for last = 1, 500 do
    local status = round:call(("kill=%d%s"):format(last, when), ...)
    if status ~= KILLED then return status end
    round.kills = round.kills + 1
  end
  error "a run of five titles does not end within 500 commits"
end

function methods:set_faults()
  self.alma.change { op = "latency", spec = self.latency }
  self.alma.change { op = "faults", spec = table.concat(self.rules, ",") }
end

-- Faults that struck so far, by kind; a restart or new rules begin to count anew.
function methods:note_faults()
  for _, rule in ipairs(self.alma.calls().faults) do
    local kind = rule.rule:match ":([%w]+)"
    self.faults[kind] = (self.faults[kind] or 0) + rule.hits
  end
end

function methods:nothing_failed()
  return program.read(self.folder .. "/out"):find("%f[%d]0 failed") ~= nil
end

function methods:let_late_things_happen()
  if self.fate.late > 0 then core.sys.sleep(self.fate.late) end
end

-- Calls a command under the round's fate until it has nothing left to do.
local function until_done(round, kills, restarts, ...)
  for i = 1, math.max(kills, restarts) do
    if i <= kills and call_and_kill(round, ...) == 0 then return 0 end
    if i <= restarts then call_and_restart(round, ...) end
  end
  local status
  for try = 1, round.blind and 1 or 2 * QUIET_TRIES do
    if try == QUIET_TRIES then
      round:note_faults()
      round.rules = {}
      round:set_faults()
    end
    status = round:call("", ...)
    -- With rivals some titles ask for ever; those that failed are tried again.
    if status == 0 or status == 2 and round.fate.rivals and round:nothing_failed() then return status end
  end
  return status
end

local function apply(round)
  local arguments = { "apply", "a.run", "--settle", round.fate.settle, "-q" }
  if round.fate.commits then return call_and_kill_at_commits(round, table.unpack(arguments)) end
  return until_done(round, round.fate.kills, round.fate.restarts or 0, table.unpack(arguments))
end

local function undo(round)
  if not round.fate.undo_too then round.rules = {} end
  round:set_faults()
  local kills = round.fate.undo_too and 2 or 0
  return until_done(round, kills, 0, "undo", "a.run", "--yes", "-q")
end

local function add(list, more)
  table.move(more, 1, #more, #list + 1, list)
end

local function plan(round)
  local extra = {}
  if round.fate.collection then
    extra = { "--collection", round.alma.change { op = "add_collection", name = "Tortured" }.pid }
  end
  round:must("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", "-q",
    table.unpack(extra))
end

function methods:report()
  return json.decode(self:must("report", "a.run", "--format", "json"))
end

local function expect(round, what, status)
  if status ~= 0 then table.insert(round.violations, ("%s ends with %s"):format(what, status)) end
end

-- A person decides to go on with every title that asks; nobody disturbs that.
local function decide(round, report)
  local lines, asks = { "mms_id,decision,file\n" }, 0
  for _, row in ipairs(report.rows) do
    if row.state == "ask" then
      asks = asks + 1
      lines[asks + 1] = row.mms_id .. ",use,\n"
    end
  end
  if asks == 0 then return end
  program.write(round.folder .. "/decisions.csv", table.concat(lines))
  expect(round, "decide", round:call("", "decide", "a.run", "decisions.csv"))
  expect(round, "apply, decided,", round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q"))
end

local function go(round)
  local alma, fate, violations = round.alma, round.fate, round.violations
  plan(round)
  local before = alma.state()
  round.rules = fate.rules
  round:set_faults()
  local status = apply(round)
  round:note_faults()
  alma.change { op = "faults", spec = "" }
  round:let_late_things_happen()
  if not fate.rivals then expect(round, "apply", status) end
  local report = round:report()
  add(violations, check.run(before, alma.state(), report, round.planned, { collection = fate.collection }))
  if fate.rivals and not violations[1] then
    decide(round, report)
    add(violations, check.run(before, alma.state(), round:report(), round.planned, { decided = true }))
  end
  if violations[1] then return end
  status = undo(round)
  round:let_late_things_happen()
  expect(round, "undo", status)
  add(violations, check.undo(before, alma.state(), { uploads_stay = not fate.keys }))
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

---Runs a round.
---@param options { seed: integer, kind: string, titles: integer?, blind: boolean?, keep: string? }
---  blind: without reconciling; keep: where the folder of a failing round stays
---@return { kills: integer, restarts: integer, faults: table<string, integer>, violations: string[] } result
function m.run(options)
  math.randomseed(options.seed)
  local random = math.random
  local fate = fates.of(options.kind, random)
  local folder = program.folder()
  local round = setmetatable({ folder = folder, random = random, fate = fate, blind = options.blind,
    client = CLIENT,
    latency = ("%.3f,file=%.3f"):format(random(5, 40) / 1000, random(20, 250) / 1000),
    kills = 0, restarts = 0, faults = {}, rules = {}, violations = {} }, meta)
  round.planned = collection.make(folder, options.titles or fate.titles, random)
  round.alma = rehearse { titles = folder .. "/titles.csv", args = { "--rate", "0", "--seed", options.seed } }
  local ok, message = xpcall(go, debug.traceback, round)
  if not ok then table.insert(round.violations, message) end
  if options.keep and round.violations[1] then
    os.execute(("rm -rf %s && cp -r %s %s"):format(program.quote(options.keep), program.quote(folder),
      program.quote(options.keep)))
    program.write(options.keep .. "/rehearsal.log", round.alma.output())
  end
  pcall(round.alma.stop)
  program.remove(folder)
  return round
end

return m
