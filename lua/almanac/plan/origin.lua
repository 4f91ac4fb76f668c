-- Finds where the titles of a plan come from: a list, a MARC file, a set in Alma, what
-- OAI-PMH publishes, what a search by SRU finds, or an earlier run.
local arguments = require "almanac.recipe.inside.arguments"
local attempt = require "almanac.run.attempt"
local barcodes = require "almanac.plan.barcodes"
local catalogue = require "almanac.plan.catalogue"
local sheet = require "almanac.sheet"
local sources = require "almanac.plan.sources"

local need = attempt.need

local m = {}

local TOLD = 5000     -- entries of a long list between two words of progress

-- The options that were given to name titles.
local function given(plan)
  local order, set, list = plan.order, arguments.first(plan.recipe.args, "set"), {}
  if order.titles then list[1] = "--titles" end
  if set and order.given[set] then list[#list + 1] = "--" .. set:gsub("_", "-") end
  if order.oai then list[#list + 1] = "--oai" end
  if order.sru then list[#list + 1] = "--sru" end
  return list
end

-- A plan from an earlier run has the titles of that run, so no others may be named.
local function check_base(plan)
  local order, name = plan.order, arguments.first(plan.recipe.args, "set")
  local same_set = name and order.given[name] == plan.base.args[name] and "--" .. name:gsub("_", "-")
  for _, option in ipairs(given(plan)) do
    if option ~= same_set then
      attempt.fail(("the titles come from %s: leave out %s, or leave out --from"):format(order.from, option), "conflict")
    end
  end
  local held = plan.base.meta.reads or ""
  for _, name_of in ipairs { "items", "record", "rows" } do
    if plan.recipe.reads[name_of] and not held:find(name_of, 1, true) and (name_of == "rows" or not order.refresh) then
      attempt.fail(("%s was planned without %s, which this recipe reads: %s"):format(order.from,
        name_of == "record" and "records" or name_of,
        name_of == "rows" and "plan with --titles FILE, a CSV with the columns that it needs" or "add --refresh"), "missing")
    end
  end
end

-- One source of titles may be named; a default set of the recipe counts when none is.
local function check_given(plan)
  local list, set = given(plan), arguments.first(plan.recipe.args, "set")
  if plan.order.find then list[#list + 1] = "--find" end
  if #list > 1 then
    attempt.fail(("give %s or %s, not both"):format(list[1], list[2]), "conflict")
  elseif #list == 0 and not plan.set and not plan.find then
    attempt.fail(("which titles? give --titles FILE%s (or --oai SET, --sru QUERY)%s"):format(
      set and " or --" .. set:gsub("_", "-") .. " ID|NAME" or "",
      plan.recipe.record_key and ", or --find other_system_id" or ""), "missing")
  end
end

---Refuses what can be refused without Alma.
---@param plan almanac.plan
function m.check(plan)
  local order = plan.order
  if plan.base then return check_base(plan) end
  check_given(plan)
  local function goes_with(option, value, others, any)
    if value and not any then attempt.fail(("%s goes with %s"):format(option, others), "conflict") end
  end
  goes_with("--sheet", order.sheet, "--titles FILE", order.titles)
  goes_with("--charset", order.charset, "--titles FILE", order.titles)
  goes_with("--titles-id", order.titles_id, "--titles FILE, --oai or --sru", order.titles or order.oai or order.sru)
  for _, name in ipairs { "url", "prefix", "from" } do goes_with("--oai-" .. name, order["oai_" .. name], "--oai SET", order.oai) end
  goes_with("--sru-url", order.sru_url, "--sru QUERY or --find sru:INDEX", order.sru or plan.find and plan.find.by == "sru")
end

-- Makes an address of Alma's own domain, which GET /conf/general tells.
local function address(plan, option, path)
  local base = plan.alma_url
  if not base or base == "" then
    attempt.fail(("Alma does not say its address: give %s URL"):format(option), "missing")
  end
  return base:gsub("/+$", "") .. path:format(plan.institution)
end

local function tell_progress(plan)
  return function(done, total)
    if done % TOLD == 0 then plan.order.on.phase(total and ("%d of %d"):format(done, total) or ("%d"):format(done)) end
  end
end

local function by_oai(plan, options)
  local order = plan.order
  plan.order.on.phase(("reading the OAI-PMH set '%s'"):format(order.oai))
  options.url = order.oai_url or address(plan, "--oai-url", "/view/oai/%s/request")
  options.set, options.prefix, options.from = order.oai, order.oai_prefix, order.oai_from
  return need(catalogue.oai(options))
end

local function by_sru(plan, options)
  plan.order.on.phase "searching by SRU"
  options.url = plan.order.sru_url or address(plan, "--sru-url", "/view/sru/%s")
  options.query = plan.order.sru
  return need(catalogue.sru(options))
end

-- A heading counts in any spelling, and `file_name` stands for file_name_1, file_name_2 as well.
local function has_column(list, column)
  local wanted = sheet.plain(column)
  for _, name in ipairs(list.head or {}) do
    local plain = sheet.plain(name)
    if plain:sub(1, #wanted) == wanted and plain:find("^%d*$", #wanted + 1) then return true end
  end
  return false
end

-- Refuses a list that lacks a column which the recipe's arguments name.
local function check_columns(plan, list)
  for _, entry in ipairs(plan.recipe.args) do
    local column = plan.args[entry[1]]
    if entry[2] == "column" and column and column ~= "" and not has_column(list, column) then
      attempt.fail(("%s: has no column '%s': %s; name one with --%s"):format(list.name, column, list:others(column),
        entry[1]:gsub("_", "-")), "parse")
    end
  end
end

local function by_list(plan, options)
  local path = plan.order.titles
  if path ~= "" and catalogue.is_marc(path) then
    local source = need(catalogue.file(path, options))
    if source.remark then plan.order.on.phase(source.remark) end
    return source
  end
  if plan.order.titles_id then
    attempt.fail(("--titles-id is for MARC files; %s is none"):format(path), "conflict")
  end
  local source = need(sources.list(path, { sheet = plan.order.sheet, charset = plan.order.charset }))
  if source.list then check_columns(plan, source.list) end
  if not plan.recipe.reads.rows then source.rows = nil end
  for _, text in ipairs(source.remarks or {}) do plan.order.on.phase(text) end
  if not source.barcodes then return source end
  plan.order.on.phase(("looking up %d barcodes"):format(#source.barcodes))
  return need(barcodes.source(plan.client, source))
end

---Finds the titles. May ask Alma.
---@param plan almanac.plan
---@return table source { ids, duplicates, empty, broken, words, deleted?, notes?, spool? }; without ids when they are
---  the titles of an earlier run
function m.find(plan)
  local order = plan.order
  local options = { id = order.titles_id, charset = order.charset, records = plan.recipe.reads.record, on = tell_progress(plan) }
  if plan.base then return { words = plan.base.meta.source, broken = {}, duplicates = 0, empty = 0 } end
  if plan.find then
    return { ids = {}, words = ("look-ups by %s"):format(plan.find.text), broken = {}, duplicates = 0, empty = 0 }
  end
  local source = order.titles and by_list(plan, options)
  if plan.recipe.reads.rows and not (source and source.rows) then
    attempt.fail("the recipe reads the rows of a list: give --titles FILE, a CSV with MMS IDs and the columns that it needs", "missing")
  end
  if source then return source end
  if order.oai then return by_oai(plan, options) end
  if order.sru then return by_sru(plan, options) end
  return need(sources.set(plan.client, plan.set))
end

return m
