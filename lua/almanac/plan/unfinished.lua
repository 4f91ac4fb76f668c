-- At the path of a new plan an older one may stand that was never finished: killed,
-- interrupted or stopped. It is no run, and must not stand in the way of the next
-- try. What it has read cost calls, so a file with readings is set aside; one
-- without is removed.
local core = require "almanac.core"
local look_up = require "almanac.plan.look_up"
local records = require "almanac.plan.records.read"
local store = require "almanac.run.store"

local m = {}

local ENDINGS = { "", "-wal", "-shm", "-journal" }
local MOST_ASIDE = 100
local EXISTS = "%s exists already; a plan never overwrites one: give another name with -o"

local function remove(path)
  for _, ending in ipairs(ENDINGS) do core.files.remove(path .. ending) end
end

-- How many titles, records and look-ups an unfinished plan has read; nil when it is none, or is in use.
local function titles_read(path)
  local stat = core.files.stat(path)
  if stat.kind ~= "file" then return nil end
  if stat.size == 0 then return 0 end    -- killed before anything stood in it
  local db <close>, message, code = store.open(path, "write")
  if not db then return nil, code == "conflict" and message or nil end
  if store.meta(db, "planned") or db:value "SELECT 1 FROM step LIMIT 1" or db:value "SELECT 1 FROM page LIMIT 1" then return nil end
  return db:value "SELECT count(*) FROM title WHERE reading IS NOT NULL" + records.kept(db) + look_up.kept(db)
end

local function free_name(path)
  for i = 1, MOST_ASIDE do
    local name = path .. ".unfinished" .. (i > 1 and i or "")
    if not core.files.stat(name) then return name end
  end
end

-- Only a run file without a log beside it can be renamed; closing it has emptied its log.
local function set_aside(path)
  local name = free_name(path)
  if not name or core.files.stat(path .. "-wal") then return nil, EXISTS:format(path), "conflict" end
  local ok, message = os.rename(path, name)
  if not ok then return nil, message, "io" end
  return name
end

---Whether a new plan may be written at a path.
---@param path string
---@param base string? the run that the plan takes its titles from: it stays
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.check(path, base)
  if not core.files.stat(path) then return true end
  local read, message
  if base ~= path then read, message = titles_read(path) end
  if read then return true end
  return nil, message or EXISTS:format(path), "conflict"
end

---Makes room for a new plan.
---@param path string
---@param base string? as for check
---@return string|nil words what became of an unfinished plan; "" when there was none
---@return string? message
---@return string? code
function m.make_room(path, base)
  local ok, message, code = m.check(path, base)
  if not ok then return nil, message, code end
  local read = core.files.stat(path) and titles_read(path)
  if read == 0 then remove(path) end
  if not read or read == 0 then return "" end
  local name
  name, message, code = set_aside(path)
  if not name then return nil, message, code end
  return ("%s was a plan that was not finished; what it had read is in %s now (--from %s --missing goes on with it)")
    :format(path, name, name)
end

return m
