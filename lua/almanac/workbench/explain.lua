-- Says what each rule gave for a file or title, after what `show` tells of its place in a plan.
local chosen_records = require "almanac.plan.chosen_records"
local details = require "almanac.run.details"
local json = require "almanac.json"
local judge = require "almanac.plan.judge"
local match_files = require "almanac.plan.match_files"
local objects = require "almanac.recipe.inside.objects"
local readings = require "almanac.reading"
local record_report = require "almanac.report.records"
local record_titles = require "almanac.plan.record_titles"
local records = require "almanac.run.records"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.rules"
local show = require "almanac.report.show"
local sidecars = require "almanac.run.sidecars"
local store = require "almanac.run.store"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"
local titles = require "almanac.run.titles"

local m = {}

local function in_order(list)
  local parts = {}
  for i, value in ipairs(list) do parts[i] = "'" .. value .. "'" end
  return parts[1] and table.concat(parts, ", ") or "none"
end

-- One entry of the list: { rule, gave } or { rule, gave, failed = true }.
local function gave(name, ok, words)
  return { rule = name, gave = words, failed = not ok or nil }
end

-- The entry for a rule's answer; nil when the rule gave nothing, since that needs no line.
local function told(answer)
  local rule, value = answer.rule, answer.value
  if not answer.ok then return gave(rule.name, false, value) end
  local words = rule.of == "file" and not value and rule.nothing or rule.of == "record" and not value[1] and rule.nothing
  if rule.of == "file" and not value and not words then return nil end
  return gave(rule.name, true, words or rulebook.shape(rule).told(value, answer.more))
end

-- Gives the file its sidecars, as the plan found them, and says which.
local function seen_sidecars(recipe, file, args, folder)
  local reader = sidecars.reader(nil, folder, recipe, args)
  if not reader then return nil end
  local problem = reader:add_to(file, file.path)
  local paths = {}
  for i, sidecar in ipairs(file.sidecars) do paths[i] = sidecar.path end
  return gave("sidecars", not problem, problem or in_order(paths))
end

---What the rules about files give for a name.
---@param recipe table
---@param path string
---@param size integer?
---@param args table
---@param folder string? where it lies: then with its sidecars
---@return { rule: string, gave: string, failed: boolean? }[]
function m.file_rules(recipe, path, size, args, folder)
  local file, list = objects.file(path, size), {}
  if folder then list[1] = seen_sidecars(recipe, file, args, folder) end
  for _, answer in ipairs(rules.of_file(recipe, file, args)) do list[#list + 1] = told(answer) end
  return list
end

local function told_changes(changes)
  local parts = {}
  for i, change in ipairs(changes) do
    local names = {}
    for n, file in ipairs(change.files or {}) do
      names[n] = file.path .. (file.thumbnail and " (thumbnail " .. file.thumbnail.path .. ")" or "")
    end
    parts[i] = change.kind .. (names[1] and " with " .. table.concat(names, ", ") or "")
  end
  return parts[1] and table.concat(parts, "; ") or "nothing: " .. (changes.reason or "it proposes no change")
end

local FILES = [[SELECT file.id, file.path, file.size, file_key.page FROM file_key JOIN file ON file.id = file_key.file_id
  WHERE file_key.key = ? ORDER BY file.path LIMIT 500]]

-- The files that a title's records name, or with these match keys, as `changes` would get them if all of them were used.
local function files_for(db, keys, own)
  local list, taken = {}, {}
  local named = own[1] and chosen_records.named_files(db, own)
  if named then return (match_files.objects(thumbnail_pairs.add_to(db, named))) end
  for i, key in ipairs(keys) do
    for row in db:rows(FILES, key) do
      row.group = i
      if not taken[row.path] then list[#list + 1] = row end
      taken[row.path] = true   -- a file with several match keys comes once
    end
  end
  return (match_files.objects(thumbnail_pairs.add_to(db, judge.in_page_order(list))))
end

---What the rules about titles give for a title of the plan.
---@param recipe table
---@param db table a planned run
---@param mms_id string
---@param args table
---@return { rule: string, gave: string, failed: boolean? }[]|nil nil: the plan has no such title, or it was not read
function m.title_rules(recipe, db, mms_id, args)
  local row = db:row("SELECT id, title, reading FROM title WHERE mms_id = ? AND reading IS NOT NULL", mms_id)
  if not row then return nil end
  local reading = readings.decode(row.reading)
  details.add(db, row.id, reading)
  local title, list = objects.title(mms_id, row.title, reading), {}
  local keys
  for i, answer in ipairs(rules.of_title(recipe, title, args)) do
    list[i] = told(answer)
    if answer.ok and answer.rule.name == "title_keys" then keys = answer.value end
  end
  local own = chosen_records.of(db, { id = row.id, mms_id = mms_id })
  local files = files_for(db, keys or {}, own)
  if titles.is_new { mms_id = mms_id } then
    local ok, changes = rules.missing(recipe, mms_id, record_titles.entries(own), files, args)
    return { gave("missing", ok, ok and told_changes(changes) or changes) }
  end
  if recipe.changes and (files[1] or own[1]) then
    local ok, changes = rules.changes(recipe, title, files, args, record_titles.entries(own))
    list[#list + 1] = gave("changes", ok, ok and told_changes(changes) or changes)
  end
  return list
end

---What the rules about records give for a record of the plan.
---@param recipe table
---@param entry almanac.run.entry
---@param args table
---@return { rule: string, gave: string, failed: boolean? }[]
function m.record_rules(recipe, entry, args)
  local list = {}
  for _, answer in ipairs(rules.of_record(recipe, entry, args)) do list[#list + 1] = told(answer) end
  return list
end

local function say_rules(list, out)
  out.say "\nRules:"
  for _, entry in ipairs(list) do
    out.say(("  %-11s %s%s"):format(entry.rule, entry.failed and "failed: " or "", entry.gave))
  end
end

local function say_record(recipe, row, args, out)
  record_report.say(row, out)
  row.deleted = row.deleted and 1 or 0
  row.sets = row.sets and json.encode(row.sets)
  local list = row.problem and {} or m.record_rules(recipe, records.entry(row), args)
  out.event("record", { identifier = row.identifier, reason = row.reason, reason_code = row.reason_code, rules = json.array(list) })
  if list[1] then say_rules(list, out) end
end

---Explains a title, a record or a file of a plan.
---@param recipe table
---@param db table
---@param what string MMS ID, path or name, identifier or place of a record
---@param args table values of the recipe's arguments
---@param out table almanac.cli.out
---@return boolean|nil found
---@return string? message
function m.say(recipe, db, what, args, out)
  local title = show.title(db, what)
  if title then
    show.say_title(title, db, out)
    local list = m.title_rules(recipe, db, what, args)
    out.event("title", { mms_id = what, state = title.state, reason = title.reason, reason_code = title.reason_code,
      rules = json.array(list or {}) })
    if list then say_rules(list, out) end
    return true
  end
  local list = recipe.record_key and record_report.find(db, what) or {}
  for _, row in ipairs(list) do say_record(recipe, row, args, out) end
  if list[1] then return true end
  local file, message = show.file(db, what)
  if not file then return nil, message end
  show.say_file(file, db, out)
  list = m.file_rules(recipe, file.path, file.size, args, store.meta(db, "folder"))
  out.event("file", { path = file.path, reason = file.reason, reason_code = file.reason_code, rules = json.array(list) })
  say_rules(list, out)
  return true
end

return m
