-- What people do with a run between two commands: after a kill, the run file is moved
-- without its log, which has to be told, and then with it; and a command is called
-- while the share with the images is not mounted, which decides nothing.
local core = require "almanac.core"
local program = require "support.program"

local m = {}

local OUTAGE = 75

local function place(round, name) return round.folder .. "/" .. name end

local function size_of(path)
  local stat = core.files.stat(path)
  return stat and stat.size or 0
end

---Moves the run file of a killed command away without its log and back again.
---@param round table
function m.without_log(round)
  local run, away = place(round, "a.run"), place(round, "away.run")
  if size_of(run .. "-wal") == 0 then return end
  core.files.rename(run, away)
  local status = round:call("", "report", "away.run", "--format", "json")
  -- Killed before anything stood in the log, or after it was brought in, the file is whole.
  if status ~= 0 and not program.read(place(round, "err")):find "is only a part of its run" then
    round:tell("a run file without its log: %d", status)
  end
  if core.files.stat(away .. "-wal") then round:tell("a new log was begun beside a part of a run") end
  core.files.rename(away, run)
end

---Calls a command while the image folder is an empty mount point.
---@param round table
function m.unmounted(round, ...)
  local images, away = place(round, "jpg"), place(round, "jpg.away")
  if not core.files.stat(images) then return end
  core.files.rename(images, away)
  core.files.make_folder(images)
  local status = round:call("", ...)
  local asks = program.read(place(round, "out")):match "(%d+) to decide"
  core.files.remove(images)
  core.files.rename(away, images)
  local stays = round.change.stays and status == 2
  if status ~= 0 and status ~= OUTAGE and not stays then round:tell("an image folder that is not mounted: %d", status) end
  if asks and asks ~= "0" then round:tell("an image folder that is not mounted: %s to decide", asks) end
end

return m
