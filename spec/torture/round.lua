-- One round: a collection, a rehearsal, a plan, then `apply` again and again
-- under its fate until it is done, then the checks, then `undo` likewise.
local changes = require "torture.changes"
local check = require "torture.check"
local collection = require "torture.collection"
local core = require "almanac.core"
local fates = require "torture.fates"
local json = require "almanac.json"
local moved = require "torture.moved"
local masters = require "support.masters"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local twins = require "torture.twins"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

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

-- The command line of a client, its output in the round's folder. Two at a time are
-- of two `sides`, each with its own output and maybe its own claims.
local function command(round, switches, arguments, prefix, side)
  local parts = { "cd " .. program.quote(round.folder) .. " &&", "env -u LD_PRELOAD -u AWS_PROFILE",
    "HOME=" .. program.quote(round.folder), "XDG_CONFIG_HOME=/nonexistent",
    "ALMANAC_API_URL=" .. round.alma.url, "ALMA_API_KEY=" .. round.alma.key,
    "ALMANAC_CLAIMS=" .. program.quote(side and side.claims or round.folder) }
  if round.fate.keys then
    table.insert(parts, "AWS_ACCESS_KEY_ID=" .. round.alma.access_key)
    table.insert(parts, "AWS_SECRET_ACCESS_KEY=" .. round.alma.secret_key)
  end
  if round.fate.parts then switches = "parts " .. switches end
  if round.fate.patience then switches = ("patience=%g %s"):format(round.fate.patience, switches) end
  if round.blind then switches = round.blind .. " " .. switches end
  switches = ("settle=%g %s"):format(round.fate.settle, switches)
  table.insert(parts, prefix or "")
  for _, word in ipairs { program.path(), "exec", round.client, switches, table.unpack(arguments) } do
    table.insert(parts, program.quote(word))
  end
  return ("%s </dev/null >out%s 2>>err"):format(table.concat(parts, " "), side and side.name or "")
end

---Starts the client, killed after some seconds if it has not ended.
---@param side { name: string, claims: string }
---@param seconds number? until it is killed
---@return fun(): integer wait gives its status
function methods:start(side, seconds, ...)
  local prefix = seconds and ("timeout --foreground -s KILL %.3f"):format(seconds)
  local pipe = assert(io.popen(("(%s; echo $?) 2>/dev/null"):format(command(self, "", { ... }, prefix, side))))
  return function()
    local status = pipe:read "n"
    pipe:close()
    return status
  end
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
  if status == KILLED and round.fate.moves then moved.without_log(round) end
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
  self.alma.change { op = "latency", spec = self.latency .. "," .. (self.fate.latency or "") }
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

-- Whether somebody else changes titles, so that some are to be decided.
function methods:is_disturbed()
  return self.fate.rivals or self.fate.merges
end

-- Whether answers to writes may be lost for good: then a person has to look.
function methods:is_doubtful()
  return self.fate.rules[1] ~= nil or self.fate.restarts ~= nil or self.fate.latency ~= nil
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
    -- Some titles ask until somebody decides; those that failed are tried again.
    local asks = ({ ... })[1] == "apply" and (round:is_disturbed() or round:is_doubtful()) or round.fate.merges
    if status == 0 or status == 2 and asks and round:nothing_failed() then return status end
    if status == 2 then round:let_late_things_happen() end   -- a person looks at what `undo` left before it is called again
  end
  return status
end

local function carry_on(round, ...)
  if round.fate.moves then moved.unmounted(round, ...) end
  if round.fate.commits then return call_and_kill_at_commits(round, ...) end
  return until_done(round, round.fate.kills, round.fate.restarts or 0, ...)
end

-- Under its fate, then what is on its way arrives.
local function under_fate(round, ...)
  round.rules = round.fate.rules
  round:set_faults()
  local status = carry_on(round, ...)
  round:note_faults()
  round.alma.change { op = "faults", spec = "" }
  round:let_late_things_happen()
  return status
end

local function add(list, more)
  table.move(more, 1, #more, #list + 1, list)
end

-- What a plan doubts of a collection like this one is as it is meant.
local function use_all(round, file)
  local lines = { "mms_id,decision,file\n" }
  for _, title in ipairs(round.titles) do
    for _, page in ipairs(title.pages) do table.insert(lines, ("%s,use,%s\n"):format(title.mms_id, page.name)) end
  end
  program.write(round.folder .. "/decisions.csv", table.concat(lines))
  round:must("decide", file, "decisions.csv")
end

---Plans the round's change.
---@param file string the run file
function methods:plan(file)
  local round, change = self, self.change
  local arguments = {}
  for i, word in ipairs(change.arguments or {}) do arguments[i] = word == "INTO" and round.collection or word end
  if round.fate.collection and change.name == "add" then add(arguments, { "--collection", round.collection }) end
  if change.source then program.write(round.folder .. "/recipe.lua", change.source) end
  local status = round:call("", "plan", change.recipe or "./recipe.lua", "--titles", "titles.csv", "-o", file, "-q",
    table.unpack(arguments))
  if status == 2 then return use_all(round, file) end
  if status ~= 0 then error(("plan ended with %d: %s"):format(status, program.read(round.folder .. "/err"))) end
end

---@param file string? the run file
function methods:report(file)
  return json.decode(self:must("report", file or "a.run", "--format", "json"))
end

local function expect(round, what, status)
  if status ~= 0 then table.insert(round.violations, ("%s ends with %s"):format(what, status)) end
end

-- The state that is wanted, and all that differs from it. Nobody can tell what
-- becomes of titles that were merged away before they were done.
local function compare(round, what, options)
  local function judged(state) return undisturbed.without(state, options.left_out) end
  local want = changes.expect(wanted.of(round.before, round.sums), what, round)
  if what == "done" and round.fate.collection and round.change.name == "add" then
    for _, title in ipairs(round.titles) do want:collect(title.mms_id, round.collection) end
  end
  local after = undisturbed.of(round.alma.state())
  add(round.violations, check.state(judged(round.before), judged(want), judged(after), options))
  return want
end

-- The SHA-256 of each file in the storage, by pid.
local function sums_of(round, state)
  local sums = {}
  for _, rep in ipairs(state.representations) do
    for _, file in ipairs(rep.files) do
      sums[file.pid] = file.sha256 or core.hash.sha256(round.alma.s3("GET", file.path).body)
    end
  end
  return sums
end

local function check_copies(round, want, left_out)
  add(round.violations, check.copies(undisturbed.without(round.before, left_out), want, round.sums, function(mms_id, file)
    return core.files.sha256(("%s/a.run.copies/%s/%s/%s"):format(round.folder, mms_id, file.pid, file.name))
  end))
end

-- Everything that must hold once `apply` has nothing left to do.
local function check_done(round, options)
  local state = round.alma.state()
  options.merged = undisturbed.merged(state)
  local said, asking = check.report(round.before, undisturbed.of(state), round:report(), round.titles, options)
  add(round.violations, said)
  local left_out = (round.fate.merges or options.doubts) and asking or nil
  round.half_done = round.fate.merges and asking or nil
  check_copies(round, compare(round, "done", { free = asking, left_out = left_out }), left_out)
  return asking
end

local function verify(round, pattern)
  local status = round:call("", "verify", "a.run")
  local said = program.read(round.folder .. "/out")
  if round:is_disturbed() then return end   -- it tells of what others did
  expect(round, "verify", status)
  if not said:find(pattern) then table.insert(round.violations, "verify says: " .. said) end
end

---Decides to go on with titles.
---@param file string the run file
---@param titles table<string, boolean> MMS IDs
---@return integer status
function methods:decide(file, titles)
  local lines = { "mms_id,decision,file\n" }
  for mms_id in pairs(titles) do table.insert(lines, mms_id .. ",use,\n") end
  program.write(self.folder .. "/decisions.csv", table.concat(lines))
  return self:call("", "decide", file, "decisions.csv")
end

-- A person decides to go on with every title that asks; nothing disturbs that.
local function decide(round, asking)
  if not next(asking) then return end
  round.alma.change { op = "latency", spec = round.latency }
  expect(round, "decide", round:decide("a.run", asking))
  expect(round, "apply, decided,", round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q", masters(round.folder .. "/a.run")))
end

local function apply(round)
  local status = under_fate(round, "apply", "a.run", "--settle", round.fate.settle, "-q", masters(round.folder .. "/a.run"))
  if not (round:is_disturbed() or round:is_doubtful()) then expect(round, "apply", status) end
  local asking = check_done(round, { rivals = round.fate.rivals, doubts = round:is_doubtful() })
  if not round.fate.merges and next(asking) and not round.violations[1] then
    decide(round, asking)
    check_done(round, { decided = true })
  end
  verify(round, ("verified %d title"):format(#round.titles))
end

local function undo(round)
  local status = under_fate(round, "undo", "a.run", "--yes", "-q")
  if not round.fate.merges then expect(round, "undo", status) end
  -- What arrived when undo had ended is for another one.
  if round.fate.late > 0 then expect(round, "undo, once more,", round:call("", "undo", "a.run", "--yes", "-q")) end
  -- An undo that says so may leave what it made for titles that were merged away.
  local left_out = status == 0 and round.half_done or undisturbed.merged(round.alma.state())
  compare(round, "undone", { objects = round.fate.keys, left_out = left_out })
  if status == 0 and round.half_done then
    add(round.violations, check.names(round.before, undisturbed.of(round.alma.state()), round.half_done))
  end
  verify(round, ("looked at %d titles? taken back"):format(#round.titles))
end

local function go(round)
  round.collection = round.alma.change { op = "add_collection", name = "Tortured" }.pid
  round.before = round.alma.state()
  round.sums = sums_of(round, round.before)
  if round.fate.twins then return twins.go(round) end
  round:plan "a.run"
  apply(round)
  if not round.violations[1] then undo(round) end
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
    if options.kind ~= "rivals" or change.rivals then fits[#fits + 1] = change end
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
    blind = options.blind and "blind=" .. options.blind, client = CLIENT,
    latency = options.quick and "0" or ("%.3f,file=%.3f"):format(random(5, 40) / 1000, random(20, 250) / 1000),
    kills = 0, restarts = 0, faults = {}, rules = {}, violations = {} }, meta)
  round.titles = collection.make(folder, options.titles or fate.titles, random, change.holds)
  round.alma = rehearse { titles = folder .. "/titles.csv", args = { "--rate", "0", "--seed", options.seed } }
  local ok, message = xpcall(go, debug.traceback, round)
  if not ok then table.insert(round.violations, message) end
  if options.keep and round.violations[1] then keep(round, options.keep) end
  pcall(round.alma.stop)
  program.remove(folder)
  return round
end

return m
