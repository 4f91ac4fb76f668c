-- Fetches titles out of Alma into a folder: records, representations and files, as a bag or plain folders. What is found and
-- what is here stands in a state beside the folder, so the same command goes on after whatever ended it, a finished fetch
-- costs no call, and a later fetch takes only what changed. It changes nothing in Alma.
local attempt = require "almanac.run.attempt"
local arguments = require "almanac.recipe.inside.arguments"
local bag = require "almanac.fetch.bag"
local bytes = require "almanac.fetch.bytes"
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local journal = require "almanac.run.journal"
local limits = require "almanac.run.limits"
local lists = require "almanac.fetch.lists"
local origin = require "almanac.plan.origin"
local since = require "almanac.fetch.since"
local state = require "almanac.fetch.state"
local streaks = require "almanac.run.streak"
local work_of = require "almanac.fetch.work"

local need = attempt.need

local m = {}

local TRANSFERS = 8    -- files at a time, unless said

---What a fetch is made of, as it was asked for.
---@class almanac.fetch.order
---@field to string the folder
---@field titles string? as of almanac.order, like sheet, charset, titles_id, oai…, sru…
---@field set string? id or name
---@field plain boolean? no bag
---@field usage "all"|"masters"|"derivatives"|"none" which files
---@field recipe table? that has the rule save_as
---@field since string? a day, or an earlier fetch
---@field check boolean? compares what is here with its checksums
---@field incomplete boolean? makes a bag although something is missing
---@field transfers integer? files at a time
---@field reserve string? calls kept for others, as typed
---@field keep_going boolean? also when ten in a row fail alike
---@field settings fun(): table|nil, string?
---@field on { phase: fun(text: string), note: fun(text: string), reading: fun(total: integer), finish: fun(id: string, ok: boolean,
---  message: string?, code: string?), problem: fun(file: table, message: string, code: string?) }

---A fetch at work.
---@class almanac.fetch.work
---@field order almanac.fetch.order
---@field folder string
---@field root string of the payload, below the folder: "data/", or "" for plain folders
---@field db table the state
---@field client table of almanac.alma
---@field storage table? the bucket, when AWS keys reach it
---@field by_address boolean bytes come by addresses that Alma signs
---@field recipe table?
---@field args table of the recipe: its defaults
---@field usage string
---@field since table? of almanac.fetch.since
---@field streak almanac.run.streak
---@field limits table
---@field transfers integer
---@field bytes integer that came now
---@field on table
---@field stop { message: string, code: string? }? why it ends early
local methods = {}

---Writes to the state. A state that can't be written ends the work.
---@param write fun(db: table): any, string?, string?
---@return boolean written
function methods:write(write)
  local ok, message, code = self.journal:write(write)
  if not ok and code ~= "cancelled" then self.stop = self.stop or { message = message, code = "io" } end
  return ok ~= nil
end

---Notes that something failed; ten in a row of one cause end the work.
---@param title { mms_id: string }
---@param message string
---@param code string?
---@param fatal boolean? the next one would fail as well
function methods:failed(title, message, code, fatal)
  local stop = self.streak:failed(message, code) or fatal and { message = message, code = code }
  if stop then self.stop = self.stop or stop end
  if title.title == nil then self.on.finish(title.mms_id, false, message, code) end
end

-- What tells one fetch into a folder from another.
local function wish_of(order)
  local titles = {}
  for _, name in ipairs { "set", "titles", "sheet", "titles_id", "oai", "oai_url", "oai_prefix", "oai_from", "sru", "sru_url" } do
    if order[name] then titles[#titles + 1] = ("--%s %s"):format(name:gsub("_", "-"), order[name]) end
  end
  return { titles = table.concat(titles, " "), layout = order.plain and "--plain" or "a bag", files = order.usage,
    recipe = order.recipe and order.recipe.name or "no recipe", since_given = order.since and "--since " .. order.since or "everything" }
end

local function check_wish(db, order, path)
  local meta = state.meta(db)
  for name, value in pairs(wish_of(order)) do
    if meta[name] ~= value then
      attempt.fail(("%s was begun otherwise (%s, now %s): give the same options, or another folder; its state is %s"):format(order.to,
        meta[name], value, path), "conflict")
    end
  end
  if (meta.recipe_sha256 or "") ~= (order.recipe and order.recipe.sha256 or "") then
    attempt.fail(("the recipe of %s has changed since it was begun: names that were given would not fit; give another folder"):format(
      order.to), "conflict")
  end
end

-- Only a new or empty folder may be filled.
local function check_folder(work)
  local folder = work.folder
  local stat = core.files.stat(folder)
  if not stat then return end
  if stat.kind ~= "folder" then attempt.fail(("--to: %s is a file"):format(work.order.to), "conflict") end
  local first = need(core.files.walk(folder)):next()
  if not first then return end
  attempt.fail(("--to: %s is not empty ('%s'), and no fetch was begun there (%s is not there): give a new folder"):format(
    work.order.to, first, state.path(folder)), "conflict")
end

-- The titles, as almanac plan finds them.
local function find_titles(work, general)
  local order = work.order
  local wanted = { order = setmetatable({ given = { set = order.set }, on = work.on }, { __index = order }),
    recipe = { args = { { "set", "set" } }, reads = {} }, args = {}, set = order.set, client = work.client,
    institution = general.institution, alma_url = general.alma_url }
  origin.check(wanted)
  return origin.find(wanted)
end

local function create(work, path, general)
  local order = work.order
  check_folder(work)
  local source = find_titles(work, general)
  local meta = wish_of(order)
  meta.source, meta.institution, meta.environment, meta.created = source.words, general.institution, general.environment,
    os.date "!%Y-%m-%dT%H:%M:%SZ"
  meta.recipe_sha256, meta.since = order.recipe and order.recipe.sha256 or nil, order.since
  need(core.files.make_folder(work.folder))
  for _, member in ipairs(source.broken) do
    work.on.note(("member %d of the %s can't be read: %s"):format(member.offset + 1, source.words, member.message))
  end
  for _, text in ipairs(source.notes or {}) do work.on.note(text) end
  meta.broken = #source.broken > 0 and #source.broken or nil
  return state.create(path, meta, source.ids)
end

local function check_place(db, general, path)
  local meta = state.meta(db)
  if meta.institution == general.institution and meta.environment == general.environment then return end
  attempt.fail(("%s was fetched from %s (%s), but the API key belongs to %s (%s)"):format(path, meta.institution, meta.environment,
    general.institution, general.environment), "conflict")
end

local DONE = "SELECT id, title_id, kind, path, size, sha256, synced FROM file WHERE id > ? AND state = 'done' ORDER BY id"
local DAMAGED = "UPDATE file SET state = 'open', message = NULL WHERE id = ?"
local UNREAD = "UPDATE title SET state = 'open' WHERE id = ?"

-- Whether a file is on the disk as it was when it came.
local function is_here(work, row)
  local path = work.folder .. "/" .. row.path
  local stat = core.files.stat(path)
  if not stat or stat.kind ~= "file" or stat.size ~= row.size then return false end
  return row.synced == 1 and not work.order.check or core.files.sha256(path) == row.sha256
end

-- Looks whether all that came is still there; the rest is fetched again.
local function look(work)
  local lost = 0
  for row in state.each(work.db, DONE) do
    if not is_here(work, row) then
      lost = lost + 1
      attempt.run(work.db, row.kind == "file" and DAMAGED or UNREAD, row.kind == "file" and row.id or row.title_id)
    end
  end
  if lost > 0 then work.on.note(("%d of what was fetched is missing or changed on the disk, and is fetched again"):format(lost)) end
end

local function reach_alma(work)
  local settings = need(work.order.settings())
  work.client = connect.alma(settings)
  work.limits = limits.new { client = work.client, reserve = need(limits.reserve(work.order.reserve)) }
  local general = need(connect.general(work.client))
  attempt.checked(connect.expected(settings, general))
  local storage = connect.storage(work.client, general, settings)
  work.storage = storage and storage.secrets and storage or nil   -- the upload form gives nothing back
  work.by_address = not work.storage
  return general
end

-- Whether all is here already; then Alma is not asked.
local function is_done(work)
  return state.meta(work.db, "finished") ~= nil and work_of.total(work.db) == 0
    and work.db:value "SELECT 1 FROM file WHERE state IN ('open', 'failed') LIMIT 1" == nil
    and work.db:value "SELECT 1 FROM title WHERE state = 'failed' LIMIT 1" == nil
end

local function open(work, path)
  local order = work.order
  if order.recipe and not order.recipe.save_as then
    attempt.fail(("the recipe '%s' names no files: it has no rule save_as"):format(order.recipe.name), "parse")
  end
  if core.files.stat(path) then work.db = need(state.reopen(path)) end
  if work.db then
    check_wish(work.db, order, path)
    look(work)
    if is_done(work) then return false end
    check_place(work.db, reach_alma(work), path)
    attempt.call(state.try_again, work.db)
  else
    check_folder(work)
    work.db = create(work, path, reach_alma(work))
  end
  return true
end

-- What the fetch before had and this one does not find.
local function gone_since(work)
  if not (work.since and work.since.path) then return nil end
  return need(since.gone(work.db, work.since.path))
end

-- Writes the lists in any case, which say what is missing; a bag only when nothing is, or somebody wants it so.
local function finish(work, counts, finished)
  local gone = gone_since(work)
  attempt.call(lists.write, work, gone)
  if not finished then return gone end
  local foreign = bag.foreign(work)
  if foreign[1] then
    attempt.fail(("%d files in %s/data are none of this fetch ('%s'): take them away, and give the same command again"):format(#foreign,
      work.order.to, foreign[1]), "conflict")
  end
  attempt.call(bag.finish, work, counts)
  attempt.call(state.set, work.db, { finished = os.date "!%Y-%m-%dT%H:%M:%SZ" })
  return gone
end

local function fetch(work)
  attempt.call(state.set, work.db, { finished = false })
  bag.open(work.folder)
  attempt.call(bytes.begin, work.folder)
  local written <close> = journal.new(work.db)
  work.journal = written
  work.on.reading(work_of.total(work.db))
  work_of.run(work)
  bytes.finish(work.folder)
end

local function result_of(work, counts)
  return { counts = counts, stop = work.stop, bytes = work.bytes, calls = work.client and work.client.calls or {},
    broken = math.tointeger(tonumber(state.meta(work.db, "broken") or 0)), whole = state.is_whole(counts) }
end

local function run(work, path)
  local order = work.order
  if order.since then work.since = need(since.open(order.since, order.recipe and order.recipe.sha256 or "")) end
  local begun = open(work, path)
  local result
  if begun then fetch(work) end
  local counts = state.counts(work.db)
  result = result_of(work, counts)
  if work.stop then return result end
  result.finished = result.whole or order.plain or order.incomplete or false
  if begun then result.gone = finish(work, counts, result.finished) end
  return result
end

---Fetches, or goes on.
---@param order almanac.fetch.order
---@return { counts: table, stop: table?, bytes: integer, calls: table, broken: integer, whole: boolean, finished: boolean?,
---  gone: table[]? }|nil result whole: nothing is missing; finished: the bag, or the lists of plain folders, are written
---@return string? message
---@return string? code
function m.run(order)
  local folder = core.files.real_path(order.to) or order.to:gsub("(.)/+$", "%1")
  local work = setmetatable({ order = order, folder = folder, root = order.plain and "" or bag.PAYLOAD, recipe = order.recipe,
    args = order.recipe and arguments.defaults(order.recipe.args) or {}, usage = order.usage, on = order.on, bytes = 0,
    transfers = order.transfers or TRANSFERS, streak = streaks.new { in_flight = TRANSFERS, keep_going = order.keep_going } },
    { __index = methods })
  local _ <close> = setmetatable({}, { __close = function()
    if work.db then work.db:close() end
    if work.since and work.since.db then work.since.db:close() end
  end })
  return attempt.try(run, work, state.path(folder))
end

return m
