-- What a plan is made of, and how it begins: before anything is read, what was asked
-- for is checked, and the institution is found that the plan is for.
local alma = require "almanac.alma"
local arguments = require "almanac.recipe.inside.arguments"
local attempt = require "almanac.run.attempt"
local codes = require "almanac.run.codes"
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local guard = require "almanac.recipe.guard"
local json = require "almanac.json"
local limits = require "almanac.run.limits"
local look_up = require "almanac.plan.look_up"
local origin = require "almanac.plan.origin"
local records = require "almanac.plan.records"
local reuse = require "almanac.plan.reuse"
local since = require "almanac.plan.records.since"
local examples_of = require "almanac.recipe.examples"
local unfinished = require "almanac.plan.unfinished"

local need = attempt.need

local m = {}

---What a plan is made of, as it was asked for.
---@class almanac.order
---@field recipe table from almanac.recipe
---@field given table<string, string> the recipe's arguments as typed
---@field output string path of the new run file
---@field titles string? a list or file of MMS IDs, or a MARC file
---@field sheet string? of a workbook
---@field charset string? of that list or file, else found out
---@field titles_id string? MARCspec of the id in a MARC file
---@field oai string? a set of OAI-PMH; oai_url, oai_prefix, oai_from: where, in which format, since when
---@field oai_url string?
---@field oai_prefix string?
---@field oai_from string?
---@field sru string? a query; sru_url: where
---@field sru_url string?
---@field records almanac.plan.records.given? a source of records
---@field since string? an earlier run that this one follows
---@field find string? how titles are looked up by the keys of records: other_system_id, mms_id, sru:INDEX
---@field collection string? id or name; new representations go into it
---@field from string? a run whose titles, as they were read, are used
---@field refresh boolean? reads all of them again
---@field missing boolean? reads those that could not be read
---@field exclude string[]? patterns of gitignore(5) for what takes no part
---@field reserve string? calls kept for others, as typed
---@field keep_going boolean? also when titles in a row fail alike
---@field settings fun(): table|nil, string? called only when Alma is needed
---@field on { phase: fun(text: string), reading: fun(total: integer): table } reading: gives { begin, finish, close }

---A plan in the making.
---@class almanac.plan
---@field order almanac.order
---@field recipe table
---@field args table<string, any> of the recipe, converted
---@field folder string? absolute; the images
---@field exclude string[]
---@field set string? a set in Alma that an argument names
---@field base { meta: table<string, string>, args: table }? the run of order.from
---@field reads boolean titles are read from Alma
---@field records almanac.plan.records.given? what is to be read; nil: no records, or those of order.from
---@field since almanac.plan.since? the earlier run that this one follows
---@field find almanac.plan.way? how titles are looked up by the keys of records
---@field collection string? id
---@field client table? of almanac.alma; nil when Alma is not asked
---@field limits table? of almanac.run.limits
---@field storage table? the bucket, to see what it refuses
---@field institution string code
---@field environment string as Alma names it
---@field url string of the API
---@field rate number calls a second
---@field codes table from almanac.run.codes
---@field audit table of almanac.run.audit
---@field id string of the run
---@field db table the run file, since it was made
---@field source table from almanac.plan.origin

-- Makes a path absolute, because the plan may be carried out from another folder.
local function absolute(path)
  if path:sub(1, 1) == "/" then return path end
  local full = need(core.files.real_path ".") .. "/" .. path
  return (full:gsub("/%./", "/"):gsub("/%.?$", ""))
end

local UNFILTERED = "this system filters no system calls (seccomp): the recipe's process is held by limits alone"

local function check_examples(recipe)
  local wrong = examples_of.check(recipe, arguments.defaults(recipe.args))
  if wrong[1] then
    attempt.fail(("%s: its own examples do not hold: %s"):format(recipe.path, table.concat(wrong, "; ")), "parse")
  end
end

-- The arguments that name a collection, where one is given.
local function collection_arguments(plan)
  local list = {}
  for _, entry in ipairs(plan.recipe.args or {}) do
    if entry[2] == "collection" and plan.args[entry[1]] then list[#list + 1] = entry[1] end
  end
  return list
end

-- A plan from an earlier one needs no call, unless a collection is given by its name.
local function asks_alma(plan)
  if plan.reads or plan.records and records.asks_alma(plan.records) then return true end
  local named = (plan.order.collection or ""):find "%D"
  for _, name in ipairs(collection_arguments(plan)) do named = named or plan.args[name]:find "%D" end
  return named
end

-- Gathers the patterns of what takes no part, with those of the earlier run. A wrong
-- one is refused before anything is read.
local function excluded(plan)
  local before = plan.base or plan.since
  local list = json.decode(before and before.meta.exclude or "[]")
  for _, pattern in ipairs(plan.order.exclude or {}) do list[#list + 1] = pattern end
  local walk, message, code
  if plan.folder and list[1] then
    walk, message, code = core.files.walk(plan.folder, list)
    if not walk then attempt.fail(code == "parse" and "--exclude: " .. message or message, code) end
    walk:close()
  end
  return list
end

-- The records of an earlier plan come with its titles. Those that were not all read are gone on with. To titles
-- that were planned without records, records may be added.
local function records_of_base(plan)
  local order, meta = plan.order, plan.base.meta
  if order.records and not meta.records_given and not order.since then return order.records end
  local before = meta.records_given and json.decode(meta.records_given)
  if order.records and order.records.from[1] and not order.since and plan.reads and not meta.records_ended
    and records.kept(order.records).from[1] == before.from[1] then
    before.from = order.records.from   -- named again, since a run file keeps no password
    return before
  end
  if order.records and order.records.from[1] or order.since then
    attempt.fail(("the records come from %s: leave out %s, or leave out --from"):format(order.from,
      order.since and "--since" or "--records"), "conflict")
  end
  if not meta.records_given or meta.records_ended then return nil end
  if not plan.reads then attempt.fail(("not all records of %s were read: add --missing, which goes on"):format(order.from), "missing") end
  return before
end

local function given_records(plan)
  local order = plan.order
  if plan.base then return records_of_base(plan) end
  if plan.since then return since.given(plan.since, order.records) end
  return order.records
end

-- The run that this one follows: what is not given again is as it was there.
local function open_since(plan)
  local order = plan.order
  if not order.since or plan.base then return end
  plan.since = need(since.open(order.since))
  need(since.check(plan.since, plan))
end

-- Records go with rules about records, and need a way to their titles.
local function check_records(plan)
  local order, recipe, base = plan.order, plan.recipe, plan.base and plan.base.meta or {}
  local find = order.find or base.find or plan.since and plan.since.meta.find
  plan.find = find and need(look_up.way(find))
  if plan.find and plan.records then plan.reads = true end   -- their titles are looked up in Alma
  if not recipe.record_key then
    if order.records or order.since or order.find then
      attempt.fail(("%s: the recipe has no rule about records (record_key)"):format(order.find and "--find" or "--records"), "conflict")
    end
    return
  end
  if not (plan.records or base.records_given) then
    attempt.fail("the recipe matches records: give --records FILE (or oai:URL, sru:QUERY, deposits, requests)", "missing")
  elseif not (recipe.title_keys or plan.find) then
    attempt.fail("the recipe finds titles by the keys of records: give --find other_system_id, or --find sru:INDEX", "missing")
  end
end

---Begins a plan with all that can be checked without Alma. Called inside an attempt.
---@param plan almanac.plan empty
---@param order almanac.order
function m.begin(plan, order)
  local recipe = order.recipe
  plan.recipe, plan.order, plan.collection = recipe, order, order.collection
  need(unfinished.check(order.output, order.from))
  if not (recipe.title_keys or recipe.record_key) then
    attempt.fail(("the recipe '%s' only names files for `almanac fetch`, and plans nothing"):format(recipe.name), "parse")
  end
  check_examples(recipe)
  if guard.filtered == false then order.on.phase(UNFILTERED) end
  if order.from then plan.base = need(reuse.open(order.from)) end
  open_since(plan)
  local before = plan.base or plan.since
  plan.args = need(arguments.convert(recipe.args, order.given, before and before.args))
  local name = arguments.first(recipe.args, "dir")
  plan.folder = name and plan.args[name] and absolute(plan.args[name])
  plan.exclude = excluded(plan)
  plan.set = plan.args[arguments.first(recipe.args, "set") or ""]
  plan.reads = not plan.base or order.refresh or order.missing
  plan.records = given_records(plan)
  if plan.records then need(records.check(plan.records)) end
  check_records(plan)
  origin.check(plan)
end

local function collection_id(plan, given)
  local found = need(alma.collections.find(plan.client, given))
  return type(found.pid) == "table" and found.pid.value or found.pid or given
end

local function reach_alma(plan)
  local order = plan.order
  local settings = need(order.settings())
  plan.url, plan.rate = settings.url, settings.rate
  plan.client = connect.alma(settings, plan.audit:log())
  plan.limits = limits.new { client = plan.client, reserve = need(limits.reserve(order.reserve)),
    highest = tonumber(plan.base and plan.base.meta.highest) }
  local general = need(connect.general(plan.client))
  plan.institution, plan.environment, plan.alma_url = general.institution, general.environment, general.alma_url
  plan.storage = plan.folder and connect.storage(plan.client, general, settings)   -- doctor and apply say why there is none
  local base = plan.base and plan.base.meta or plan.since and plan.since.meta
  if base and (base.institution ~= plan.institution or base.environment ~= plan.environment) then
    attempt.fail(("%s was read from %s (%s), but the API key belongs to %s (%s)"):format(order.from or order.since,
      base.institution, base.environment, plan.institution, plan.environment), "conflict")
  end
  plan.codes = need(codes.load(plan.client))
  plan.collection = plan.collection or base and base.collection
  if plan.collection then plan.collection = collection_id(plan, plan.collection) end
  for _, name in ipairs(collection_arguments(plan)) do plan.args[name] = collection_id(plan, plan.args[name]) end
end

local function take_from_base(plan)
  local meta = plan.base.meta
  plan.institution, plan.environment, plan.url = meta.institution, meta.environment, meta.url
  plan.rate = tonumber(meta.rate) or 20
  plan.codes = json.decode(meta.codes or "{}")
  plan.collection = plan.collection or meta.collection
end

---Finds the institution that the plan is for: from Alma, or from the earlier run when
---no call is needed. Called inside an attempt, once `audit` is set.
---@param plan almanac.plan
function m.locate(plan)
  if asks_alma(plan) then reach_alma(plan) else take_from_base(plan) end
  if plan.since then need(since.check(plan.since, plan)) end
end

return m
