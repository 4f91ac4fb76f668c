-- Makes a plan: reads titles and files, matches them, writes it all down. Whatever
-- can be refused is refused before titles are read; when something fails later,
-- what was read is kept.
local attempt = require "almanac.run.attempt"
local audit = require "almanac.run.audit"
local codes = require "almanac.run.codes"
local core = require "almanac.core"
local details = require "almanac.run.details"
local folder = require "almanac.plan.folder"
local images = require "almanac.run.images"
local join = require "almanac.plan.join"
local json = require "almanac.json"
local look_up = require "almanac.plan.look_up"
local orders = require "almanac.plan.order"
local origin = require "almanac.plan.origin"
local provenance = require "almanac.recipe.provenance"
local read = require "almanac.plan.read"
local read_records = require "almanac.plan.records.read"
local recipes = require "almanac.recipe"
local record_keys = require "almanac.plan.record_keys"
local reuse = require "almanac.plan.reuse"
local since = require "almanac.plan.records.since"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local unfinished = require "almanac.plan.unfinished"
local uploads = require "almanac.run.uploads"
local words = require "almanac.words"

local need = attempt.need

local m = {}

-- Keys don't come in the order of their index, so with a million of them all its pages must stay in memory. KiB.
local CACHE = "PRAGMA cache_size=-400000"

local function check_codes(plan)
  local wrong = codes.probe(plan.codes, plan.recipe, plan.args)
  if wrong then attempt.fail(wrong, "missing") end
end

local function check_quota(plan, n)
  local wanted = read.calls_for(n, plan.recipe.reads)
  if plan.limits:allow(wanted) then return end
  attempt.fail(("reading %s takes about %s, but Alma allows %s more today and %d of them are kept for the library's other " ..
    "services (--reserve): plan fewer titles, or after midnight"):format(words.count(n, "title"), words.count(wanted, "call"),
    words.count(plan.client.remaining, "call"), plan.limits:kept()), "quota")
end

local function new_id()
  return os.date "!%Y%m%d" .. "-" .. core.text.hex(core.hash.random(3))
end

local function meta_of(plan, source)
  local recipe = plan.recipe
  plan.id = new_id()
  return {
    run = plan.id, recipe = recipe.name, recipe_version = recipe.version, recipe_sha256 = recipe.sha256,
    recipe_sources = json.encode(json.array(recipe.sources)),
    recipe_files = json.encode(json.array(provenance.of(recipe))), recipe_effects = json.encode(json.array(provenance.effects(recipe))),
    recipe_notes = json.encode(json.array(recipes.notes(recipe))), args = json.encode(plan.args),
    institution = plan.institution, environment = plan.environment, url = plan.url, rate = plan.rate,
    folder = plan.folder, collection = plan.collection, codes = json.encode(plan.codes),
    exclude = plan.exclude[1] and json.encode(json.array(plan.exclude)), reads = details.words(recipe.reads),
    records = source.spool and "source" or plan.base and plan.base.meta.records,
    since = plan.since and plan.since.meta.run, find = plan.find and plan.find.text,
    source = source.words, from_run = plan.base and plan.base.meta.run, created = os.date "!%Y-%m-%dT%H:%M:%SZ",
    version = core.version, user = core.sys.user(), host = core.sys.hostname(),
  }
end

local function note_problems(db, source)
  for _, member in ipairs(source.broken) do
    attempt.run(db, "INSERT INTO problem(kind, text) VALUES('set member', ?)",
      ("member %d of the %s: %s"):format(member.offset + 1, source.words, member.message))
  end
  for _, text in ipairs(source.notes or {}) do
    attempt.run(db, "INSERT INTO problem(kind, text) VALUES('source', ?)", text)
  end
end

-- Writes titles and files as rows; nothing is read from Alma yet.
local function fill(plan)
  local db, source = plan.db, plan.source
  if plan.base then
    reuse.copy(db, plan.base, plan.recipe.reads, plan.order.refresh, plan.reads and states.ASK or states.READY,
      plan.find and plan.find.text)
  else
    read.add(db, source.ids)
    details.fill(db, source)
  end
  if plan.since then since.copy(db) end
  note_problems(db, source)
  if plan.folder then
    plan.order.on.phase("looking at the files in " .. plan.folder)
    folder.scan(db, plan.folder, plan.recipe, plan.args, { exclude = plan.exclude })
    attempt.call(images.remember, db, plan.folder)
    if plan.storage then uploads.mark(db, plan.storage) end
  end
end

local function unread(db)
  local ids = {}
  for row in db:rows("SELECT mms_id FROM title WHERE reading IS NULL AND " .. states.is(states.ASK) .. " ORDER BY id") do
    ids[#ids + 1] = row.mms_id
  end
  return ids
end

local function read_titles(plan)
  local ids = unread(plan.db)
  check_quota(plan, #ids)
  local on = plan.order.on.reading(#ids)
  local outcome = read.titles(plan.db, plan.client, ids, on, plan.recipe.reads, {
    sparing = not next(plan.recipe.effects), whole = provenance.deletes_or_sets(plan.recipe),
    of_alma = plan.recipe.effects["update-bib"], keep_going = plan.order.keep_going,
    allow = function(calls) return plan.limits:allow(calls) end,
  })
  on.close(outcome.stop)
  need(store.add_calls(plan.db, "plan", plan.client.calls))
  return outcome.stop
end

local function match(plan)
  join.match(plan)
  since.explain(plan.db)
  local wrong = codes.check_plan(plan.codes, plan.db)
  if wrong then attempt.fail(wrong, "missing") end
  attempt.call(store.set, plan.db, { planned = os.date "!%Y-%m-%dT%H:%M:%SZ", left = plan.client and plan.client.remaining,
    highest = plan.limits and plan.limits.highest })
end

local function discard(plan)
  plan.audit:close()
  plan.db:close()
  for _, ending in ipairs { "", "-wal", "-shm" } do core.files.remove(plan.order.output .. ending) end
end

local function titles_read(plan)
  return plan.reads and plan.db:value "SELECT count(*) FROM title WHERE reading IS NOT NULL" or 0
end

-- What was read and costs something to read again, in words; nil when there is nothing.
local function kept_words(plan)
  local parts = {}
  local function add(n, what)
    if n > 0 then parts[#parts + 1] = words.count(n, what) end
  end
  add(titles_read(plan), "title")
  add(plan.reads and read_records.kept(plan.db) or 0, "record")
  add(plan.reads and look_up.kept(plan.db) or 0, "look-up")
  return parts[1] and table.concat(parts, " and ")
end

-- A run file without anything read in it is of no use to anybody, so it goes.
local function give_up(plan, message, code)
  local kept = kept_words(plan)
  if not kept then
    discard(plan)
    return nil, message, code
  end
  local missing = plan.records and not store.meta(plan.db, "records_ended") and " --missing" or ""
  plan.audit:close()
  plan.db:close()
  return nil, ("%s\nwhat was read of %s is kept: correct this and plan again with --from %s%s -o NEW")
    :format(message, kept, plan.order.output, missing), code
end

local function stopped(plan, stop)
  local done = kept_words(plan)
  if not done then
    discard(plan)
    return nil, stop.message .. "; nothing was read, so there is no run file: the same command begins again", stop.code
  end
  return { db = plan.db, stop = stop, read = titles_read(plan), kept = done }
end

-- Reads with a function; the last result says why that ended early.
local function read_between(plan, reading)
  local stop
  local ok, message, code = attempt.try(function()
    stop = reading(plan)
    return true
  end)
  return ok, message, code, stop
end

local function read_source_of_records(plan)
  return read_records.read(plan, plan.records)
end

-- Asks the recipe about the records, once they and the files are known.
local function ask_about_records(plan)
  if not plan.recipe.record_key then return end
  plan.order.on.phase "matching records"
  record_keys.ask(plan)
end

local function add_found(plan)
  if plan.find then look_up.add_titles(plan.db) end
end

local function in_transaction(plan, ...)
  local list = { ... }
  return attempt.transaction(plan.db, function()
    for _, step in ipairs(list) do step(plan) end
    return true
  end)
end

local function match_all(plan)
  plan.order.on.phase "matching titles and files"
  match(plan)
end

local function read_and_match(plan, source)
  plan.source = source
  local ok, message, code = true, nil, nil
  if plan.base then ok, message, code = plan.db:attach(plan.order.from, "base") end
  if ok and plan.since then ok, message, code = plan.db:attach(plan.since.path, "last") end
  if ok and not (plan.reads or plan.records) then
    ok, message, code = in_transaction(plan, fill, ask_about_records, add_found, match_all)
  elseif ok then
    local stop
    ok, message, code = in_transaction(plan, fill)
    if ok and plan.records then ok, message, code, stop = read_between(plan, read_source_of_records) end
    if ok and not stop then ok, message, code = in_transaction(plan, ask_about_records) end
    if ok and not stop and plan.reads and plan.find then ok, message, code, stop = read_between(plan, look_up.all) end
    if ok and not stop then ok, message, code = in_transaction(plan, add_found) end
    if ok and not stop and plan.reads then ok, message, code, stop = read_between(plan, read_titles) end
    if stop then return stopped(plan, stop) end
    if ok then ok, message, code = in_transaction(plan, match_all) end
  end
  if not ok then return give_up(plan, message, code) end
  return { db = plan.db, source = source }
end

local function begin_plan(plan, order)
  orders.begin(plan, order)
  plan.audit = audit.new()
  orders.locate(plan)
  check_codes(plan)
  local source = origin.find(plan)
  if source.ids then check_quota(plan, #source.ids) end
  local moved = need(unfinished.make_room(order.output, order.from))
  if moved ~= "" then order.on.phase(moved) end
  plan.db = need(store.create(order.output, meta_of(plan, source)))
  plan.db:exec(CACHE)
  plan.audit:open(plan.db, { command = "plan", args = order.given, url = plan.client and plan.url })
  return source
end

local function make_plan(plan, order)
  local source, message, code = attempt.try(begin_plan, plan, order)
  if not source then
    if plan.db then discard(plan) end
    return nil, message, code
  end
  local _ <close> = plan.audit
  return read_and_match(plan, source)
end

-- A mistake of the program, or an interrupt, leaves no run file either, unless it has something read in it.
local function leave_nothing_empty(plan, ok, ...)
  if ok then return ... end
  if plan.db and not kept_words(plan) then discard(plan) end
  error(..., 0)
end

---Makes a plan and writes it to a new run file.
---@param order almanac.order
---@return { db: table, source: table?, stop: { message: string, code: string }?, read: integer?, kept: string? }|nil result `db`: the
---  open run file; `stop`: reading ended early and the plan is not finished; read: titles by then; kept: what was
---  read, in words
---@return string? message
---@return string? code
function m.make(order)
  local plan = {}
  return leave_nothing_empty(plan, pcall(make_plan, plan, order))
end

return m
