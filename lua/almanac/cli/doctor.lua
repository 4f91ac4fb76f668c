-- almanac doctor: says in one line each whether everything is there that a run needs.
local address = require "almanac.address"
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local preflight = require "almanac.apply.preflight"
local recipes = require "almanac.recipe"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = { summary = "Look whether everything is there that a run needs; nothing is changed." }

local MARKS = { ok = "ok  ", note = "note", bad = "BAD " }

function m.configure(parser)
  parser:argument("run", "a run file: its plan is looked at as well"):args "?"
  parser:epilog("Rights of the API key, codes, bucket (a small file is put there and deleted again), clock, space,\n" ..
    "calls left today, versions. Exit status: 0 all is well, 1 something is missing.")
end

local function versions()
  local db <close> = assert(core.runfile.open(":memory:", { mode = "create", kind = "run", version = 1, schema = "" }))
  return { name = "versions", state = "ok", text = ("almanac %s, %s, SQLite %s"):format(core.version, _VERSION,
    db:value "SELECT sqlite_version()") }
end

local function shipped()
  local _, message = recipes.folders()
  if message then return { name = "recipes", state = "bad", text = message } end
end

local function quota(client)
  if not client.remaining then return nil end
  return { name = "quota", state = client.remaining > 0 and "ok" or "bad",
    text = words.count(client.remaining, "call is", "calls are") .. " left today" }
end

-- The run file is opened for reading only, since its run may be at work.
local function same_place(db, general)
  local meta = store.meta(db)
  local same = meta.institution == general.institution and meta.environment == general.environment
  return { name = "plan", state = same and "ok" or "bad", code = "conflict",
    text = ("the plan was made for %s (%s)"):format(meta.institution, meta.environment),
    remedy = not same and "use the API key of that institution and environment, or plan again" or nil }
end

-- Checks everything that these settings allow to check.
local function look(args, context, findings)
  local function add(finding) findings[#findings + 1] = finding end
  local settings, message = context.settings.load(args)
  if not settings then return add { name = "settings", state = "bad", text = message } end
  add { name = "settings", state = "ok", text = ("%s%s"):format(address.shown(settings.url),
    settings.profile and ", profile " .. settings.profile or "") }
  local exposed = context.settings.exposed()
  if exposed then add { name = "settings", state = "note", text = exposed } end
  local place = { client = connect.alma(settings), settings = settings, path = args.run }
  local db <close> = args.run and store.open(args.run, "read") or nil
  local general, why, code = connect.general(place.client)
  place.general, place.refused, place.db = general, { message = why, code = code }, db
  if db and general then add(same_place(db, general)) end
  for _, finding in ipairs(preflight.run(place)) do add(finding) end
  local left = quota(place.client)
  if left then add(left) end
end

function m.run(args, context)
  local out, findings, wrong = context.out, { versions() }, 0
  if args.run then
    local db, message, code = store.open(args.run, "read")
    if not db then return nil, message, code end
    db:close()
  end
  findings[#findings + 1] = shipped()
  look(args, context, findings)
  for _, finding in ipairs(findings) do out.event("finding", finding) end
  for _, one in ipairs(preflight.alike(findings)) do
    if one.finding.state == "bad" then wrong = wrong + 1 end
    out.say(MARKS[one.finding.state] .. "  " .. one.words)
  end
  if wrong == 0 then return 0 end
  out.fail(words.count(wrong, "thing is", "things are") .. " to be put right before a run")
  return 1
end

return m
