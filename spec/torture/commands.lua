-- What people do in a round: the client's commands, run in the round's folder.
-- These are the methods of a round.
local core = require "almanac.core"
local json = require "almanac.json"
local masters = require "support.masters"
local program = require "support.program"
local store = require "almanac.run.store"

local methods = {}

---Notes what must not be.
---@param ... any as string.format takes them
function methods:tell(...)
  table.insert(self.violations, string.format(...))
end

-- The command line of a client, its output in the round's folder. Two at a time are
-- of two `sides`, each with its own output and maybe its own claims.
local function command(round, switches, arguments, prefix, side)
  local parts = { "cd " .. program.quote(round.folder) .. " &&", "env -u AWS_PROFILE",
    "HOME=" .. program.quote(round.folder), "XDG_CONFIG_HOME=/nonexistent",
    "ALMANAC_API_URL=" .. round.alma.url, "ALMA_API_KEY=" .. round.alma.key,
    "ALMANAC_CLAIMS=" .. program.quote(side and side.claims or round.folder) }
  if round.fate.keys or round.change.keys then
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

local KILLED = 137
-- 1: nothing was started; 2: some are to decide or failed; 75: stopped early, the same command goes on.
local STATUS = { [0] = true, [1] = true, [2] = true, [75] = true, [KILLED] = true }

-- Whatever happens, a program ends as it says, and tells it in words of people. One that
-- began a step can't say that nothing was started.
local function look_at_end(round, status, name)
  local text = round:read "err" .. round:read "out"
  if text:find "stack traceback" or text:find "%.lua:%d+:" then
    round:tell("%s prints an error of the program: %s", name, text:match "[^\n]*%.lua:%d+:[^\n]*")
    program.write(round.folder .. "/err", "")
  end
  local begun = round:steps()
  if not STATUS[status] or status == 1 and begun ~= round.begun then
    round:tell("%s ends with %s, and something was started", name, status)
  end
  round.begun = begun
end

---Starts the client, killed after some seconds if it has not ended.
---@param side { name: string?, claims: string? }
---@param seconds number? until it is killed
---@return fun(): integer wait gives its status
function methods:start(side, seconds, ...)
  local name = ...
  local prefix = seconds and ("timeout --preserve-status --foreground -s KILL %.3f"):format(seconds)
  local pipe = assert(io.popen(("(%s; echo $?) 2>/dev/null"):format(command(self, "", { ... }, prefix, side))))
  return function()
    local status = pipe:read "n"
    pipe:close()
    if not side.name and not self.fate.restarts then look_at_end(self, status, name) end
    return status
  end
end

---Runs the client to its end.
---@return integer status
function methods:call(switches, ...)
  -- The shell behind the line tells of kills on stderr: not here.
  local line = ("(%s; exit $?) 2>/dev/null"):format(command(self, switches, { ... }))
  local _, _, status = os.execute(line)
  look_at_end(self, status, (...))
  return status
end

function methods:must(...)
  local status = self:call("", ...)
  if status ~= 0 then error(("%s ended with %d: %s"):format(..., status, program.read(self.folder .. "/err"))) end
  return program.read(self.folder .. "/out")
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
  if round.fate.collection and change.name == "add" then
    table.move({ "--collection", round.collection }, 1, 2, #arguments + 1, arguments)
  end
  if change.source then program.write(round.folder .. "/recipe.lua", change.source) end
  local status = round:call("", "plan", change.recipe or "./recipe.lua", "--titles", "titles.csv", "-o", file, "-q",
    table.unpack(arguments))
  if status == 2 then return use_all(round, file) end
  if status ~= 0 then error(("plan ended with %d: %s"):format(status, program.read(round.folder .. "/err"))) end
end

---The yes for masters that a run file means to delete.
---@param file string? the run file
---@return string ... arguments of apply
function methods:masters(file)
  return masters(self.folder .. "/" .. (file or "a.run"))
end

---@param name "out"|"err" what commands print; `out` of the last one, `err` of all
---@return string
function methods:read(name) return program.read(self.folder .. "/" .. name) end

---How many steps of the run were begun.
---@return integer
function methods:steps()
  local db <close> = store.open(self.folder .. "/a.run", "read")
  return db and db:value "SELECT count(*) FROM step" or 0
end

---Whether nothing of the run was begun.
---@return boolean
function methods:is_untouched() return self:steps() == 0 end

---@param file string? the run file
---@return table
function methods:report(file)
  return json.decode(self:must("report", file or "a.run", "--format", "json"))
end

---Titles that wait for a person.
---@param state "ask"|"undoing" waiting to be carried out, or to be taken back
---@return table<string, boolean> titles by MMS ID
function methods:in_doubt(state)
  local path, titles = self.folder .. "/template.csv", {}
  os.remove(path)
  self:must("decide", "a.run", "--template", "template.csv")
  local template = core.files.read(path) or ""
  for _, row in ipairs(self:report().rows) do
    if row.state == state and template:find(row.mms_id, 1, true) then titles[row.mms_id] = true end
  end
  return titles
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

function methods:nothing_failed()
  return program.read(self.folder .. "/out"):find("%f[%d]0 failed") ~= nil
end

-- Whether somebody else changes titles, so that some are to be decided.
function methods:is_disturbed()
  return self.fate.rivals or self.fate.merges
end

-- Whether answers to writes may be lost for good: then a person has to look.
function methods:is_doubtful()
  return self.change.asks or self.fate.rules[1] ~= nil or self.fate.restarts ~= nil or self.fate.latency ~= nil
end

function methods:let_late_things_happen()
  if self.fate.late > 0 then core.sys.sleep(self.fate.late) end
end

return methods
