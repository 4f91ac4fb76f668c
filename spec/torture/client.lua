-- Run by `almanac exec`: the program itself, in a hurry. The first argument says
-- what is different, separated by spaces; the others are a command line.
--   parts                uploads above 8 KiB go in parts
--   patience=N           an answer is waited for N seconds
--   kill=N               SIGKILL just after the Nth commit of the run file
--   kill=N,before        just before it
--   kill=N,disk          just after the Nth time that a file got its name or went
--   settle=N             `undo` waits so long before it looks as well
--   blind=looks          what a lost answer made is not seen: for the spec of the harness itself
--   blind=intents        what an earlier process began is not known
local alma = require "almanac.alma"
local core = require "almanac.core"
local ingests = require "almanac.apply.ingest.submit"
local pace = require "almanac.pace"
local reconcile = require "almanac.apply.reconcile"
local s3 = require "almanac.s3"
local store = require "almanac.run.store"

local switches = ...
local BACKOFF = { tries = 5, first = 0.01, longest = 0.1 }
local patience = tonumber(switches:match "patience=([%d.]+)")
local TIMEOUTS = patience and { connect = 10, stall = patience, total = patience, file = patience }

ingests.pause, ingests.WAIT = 0.05, 0.5   -- seconds, minutes

local new_client, new_store, new_form = alma.new, s3.new, s3.form

function alma.new(options)
  options.pace = pace.new { rate = 1000 }
  options.backoff, options.timeouts = BACKOFF, TIMEOUTS
  return new_client(options)
end

function s3.new(options)
  options.backoff, options.timeouts = BACKOFF, TIMEOUTS
  if switches:find "parts" then options.multipart_above = 8192 end
  return new_store(options)
end

function s3.form(options)
  options.backoff, options.timeouts = BACKOFF, TIMEOUTS
  return new_form(options)
end

local function die()
  os.execute("kill -9 " .. core.sys.pid())
end

-- The methods of all run files are those of the first one.
local function kill_at(db, last, before)
  local methods = getmetatable(db).__index
  local commit, count = methods.commit, 0
  function methods.commit(self)
    count = count + 1
    if before and count == last then die() end
    local ok, message, code = commit(self)
    if count == last then die() end
    return ok, message, code
  end
end

local last, when = switches:match "kill=(%d+),?(%a*)"
if last and when ~= "disk" then
  local open = store.open
  function store.open(...)
    local db, message, code = open(...)
    if db then kill_at(db, tonumber(last), when == "before") end
    return db, message, code
  end
end

-- The state of a fetch is a file of its own.
if last and when ~= "disk" then
  local states = require "almanac.fetch.state"
  local open = states.open
  function states.open(path, mode)
    local db, message, code = open(path, mode)
    if db and mode ~= "read" then kill_at(db, tonumber(last), when == "before") end
    return db, message, code
  end
elseif last then
  local count, files = 0, core.files
  for _, name in ipairs { "rename", "write", "remove", "make_folder" } do
    local fn = files[name]
    files[name] = function(...)
      local results = table.pack(fn(...))
      count = count + 1
      if count == tonumber(last) then die() end
      return table.unpack(results, 1, results.n)
    end
  end
end

local settle = tonumber(switches:match "settle=([%d.]+)")
reconcile.bound = settle or reconcile.bound

if switches:find "blind=looks" then
  reconcile.new_representations = function() return {} end
  reconcile.near_representations = function() return {} end
  reconcile.new_files = function() return {} end
elseif switches:find "blind=intents" then
  local steps = require "almanac.apply.steps"
  local load = steps.load
  function steps.load(db, title_id)
    db:run("DELETE FROM step WHERE title_id = ? AND ended IS NULL", title_id)
    return load(db, title_id)
  end
end

return require "almanac.cli" { select(2, ...) }
