-- A plan in numbers and words: what `almanac plan` and `almanac show` print.
local causes = require "almanac.run.causes"
local consequence_words = require "almanac.run.consequence_words"
local consequences = require "almanac.run.consequences"
local json = require "almanac.json"
local kinds = require "almanac.change_kinds"
local limits = require "almanac.run.limits"
local notes = require "almanac.run.notes"
local pages = require "almanac.run.pages"
local plain = require "almanac.recipe.inside.plain"
local provenance = require "almanac.recipe.provenance"
local reason_groups = require "almanac.run.reason_groups"
local record_report = require "almanac.report.records"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local titles = require "almanac.run.titles"
local words = require "almanac.words"

local m = {}

local GROUPS_SHOWN = 8
local EXAMPLES = 3
local PROBLEMS_SHOWN = 10

local UNMATCHED = [[SELECT path, problem, reason_code, reason_data FROM file
  WHERE ]] .. pages.UNUSED .. " ORDER BY problem IS NULL, path"
local PLANNED = [[SELECT count(*) AS files, coalesce(sum(file.size), 0) AS bytes
  FROM page JOIN file ON file.id = page.file_id WHERE page.pid IS NULL]]
local NEW_TITLES = "SELECT count(*) FROM change JOIN spec ON spec.id = change.spec_id JOIN title ON title.id = title_id WHERE " ..
  kinds.sql_makes "title" .. " AND " .. titles.IS_NEW
local THUMBNAILS = [[SELECT count(*) AS n, coalesce(sum(file.size), 0) AS bytes FROM page
  JOIN thumbnail ON thumbnail.of = page.file_id JOIN file ON file.id = thumbnail.file_id WHERE page.pid IS NULL]]
local WITHOUT = [[SELECT file.path FROM page JOIN file ON file.id = page.file_id
  WHERE page.pid IS NULL AND page.file_id NOT IN (SELECT of FROM thumbnail WHERE of IS NOT NULL) ORDER BY file.path LIMIT 5]]

local CHANGES = ([[SELECT spec.kind, %s AS deletes, count(*) AS n
  FROM change JOIN spec ON spec.id = change.spec_id GROUP BY 1, 2]]):format(kinds.sql_deletes())

-- Counts changes by kind. A change that deletes nothing though its kind does counts apart, as "replace.file keep".
local function changes(db)
  local list = {}
  for row in db:rows(CHANGES) do
    local spares = kinds.kinds[row.kind].spares
    local name = spares and row.deletes == 0 and row.kind .. " " .. spares or row.kind
    list[name] = (list[name] or 0) + row.n
  end
  return list
end

local function rows(db, sql, ...)
  local list = {}
  for row in db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

local function groups(db, state)
  local list = reason_groups.of(db, state)
  for i, group in ipairs(list) do
    if i <= GROUPS_SHOWN then group.examples = reason_groups.examples(db, state, group, EXAMPLES) end
  end
  return list
end

-- The days that calls take, when each day allows as many as were left when the plan
-- was made, less those kept for others (apply --reserve).
local function days_of(calls, left)
  local own = left and left - limits.reserved(left)
  return own and own > 0 and math.ceil(calls / own) or nil
end

-- A new title takes two looks, by its own number and by its source's, the call that creates it, and a collection.
local OF_NEW_TITLE = 4
-- A title takes a look, a representation, a look after it and perhaps a collection;
-- each page takes one call for its file.
local function forecast(meta, ready, planned)
  local calls = ready * (meta.collection and 4 or 3) + planned.files + planned.new_titles * OF_NEW_TITLE
  local bytes = planned.bytes + (planned.thumbnail_bytes or 0)
  return { calls = calls, seconds = calls / (tonumber(meta.rate) or 20), bytes = bytes, left = tonumber(meta.left),
    days = days_of(calls, tonumber(meta.left)) }
end

-- Counts what is planned to be uploaded. Thumbnails are no files of their own, but their bytes are sent.
local function planned_of(db, meta)
  local planned = db:row(PLANNED)
  planned.new_titles = db:value(NEW_TITLES)
  if not meta.thumbnails then return planned end
  local small = db:row(THUMBNAILS)
  planned.thumbnails, planned.thumbnail_bytes = small.n, small.bytes
  planned.without_thumbnail = {}
  for row in db:rows(WITHOUT) do table.insert(planned.without_thumbnail, row.path) end
  return planned
end

---Gathers the numbers of a plan.
---@param db table
---@return table summary { meta, counts, ask, skip: groups { kind, n, examples }, planned { files, bytes, thumbnails?, thumbnail_bytes?, without_thumbnail? },
---  changes: how many of each kind, consequences: of almanac.run.consequences.totals, unmatched: integer, unmatched_examples, problems: string[], notes: groups { kind, n, examples }, forecast { calls, seconds, bytes, left, days } }
function m.of(db)
  local meta = store.meta(db)
  local counts = store.counts(db)
  local planned = planned_of(db, meta)
  local problems = {}
  for row in db:rows "SELECT text FROM problem ORDER BY id" do problems[#problems + 1] = row.text end
  return {
    meta = meta, counts = counts, planned = planned, problems = problems, changes = changes(db),
    consequences = consequences.totals(db), records = record_report.of(db),
    notes = notes.groups(db), ask = groups(db, states.ASK), skip = groups(db, states.SKIP),
    unmatched = db:value ("SELECT count(*) FROM file WHERE " .. pages.UNUSED),
    unmatched_examples = rows(db, UNMATCHED .. " LIMIT 5"),
    forecast = forecast(meta, counts.ready, planned),
  }
end

local function say_done(out, n, done)
  if n and done then out.say("  " .. words.count(n, done[1], done[2])) end
end

-- Says what would be done besides new representations; deletions are among the consequences.
local function say_changes(out, summary)
  for _, name in ipairs(kinds.names) do
    local kind = kinds.kinds[name]
    say_done(out, summary.changes[name], kind.done)
    if kind.spares then say_done(out, summary.changes[name .. " " .. kind.spares], kind.spared) end
  end
  for _, one in ipairs(summary.consequences) do out.say("  " .. consequence_words.total(one)) end
end

local function say_thumbnails(out, planned)
  if not planned.thumbnails or planned.files == 0 then return end
  out.say(("  %s with %s, %s"):format(words.count(planned.thumbnails, "thumbnail goes", "thumbnails go"),
    planned.thumbnails == 1 and "its file" or "their files", words.bytes(planned.thumbnail_bytes)))
  local without = planned.files - planned.thumbnails
  if without == 0 then return end
  out.say(("  %s no thumbnail: %s%s"):format(words.count(without, "file has", "files have"), table.concat(planned.without_thumbnail, ", "),
    without > #planned.without_thumbnail and (" and %d more"):format(without - #planned.without_thumbnail) or ""))
end

local function say_group(out, group)
  out.say(("  %7d  %s"):format(group.n, group.kind))
  for _, title in ipairs(group.examples) do
    out.say(("           %s%s"):format(title.mms_id, title.particulars ~= "" and "  " .. title.particulars or ""))
  end
  if group.n > #group.examples then out.say(("           and %d more"):format(group.n - #group.examples)) end
end

local function say_groups(out, list)
  local others = 0
  for i, group in ipairs(list) do
    if i <= GROUPS_SHOWN then say_group(out, group) else others = others + group.n end
  end
  if others > 0 then out.say(("  %7d  for %d other reasons"):format(others, #list - GROUPS_SHOWN)) end
end

local function say_files(out, summary)
  if summary.unmatched == 0 then return end
  out.say("")
  out.say("Files without a title: " .. summary.unmatched)
  for _, file in ipairs(summary.unmatched_examples) do
    local why = file.problem or reasons.sentence(file)
    out.say(("           %s%s"):format(file.path, why and ": " .. why or ""))
  end
  if summary.unmatched > #summary.unmatched_examples then
    out.say(("           and %d more"):format(summary.unmatched - #summary.unmatched_examples))
  end
end

-- Prints what should be known though it is no reason to stop.
local function say_notes(out, list)
  if not list[1] then return end
  out.say ""
  out.say "To be known:"
  for _, group in ipairs(list) do
    out.say(("  %7d  %s"):format(group.n, group.kind))
    for _, example in ipairs(group.examples) do
      local line = (example.mms_id and example.mms_id .. "  " or "") .. example.text
      if line ~= "" then out.say("           " .. line) end
    end
    if group.n > #group.examples then out.say(("           and %d more"):format(group.n - #group.examples)) end
  end
end

local function say_forecast(out, summary)
  local will = summary.forecast
  if summary.counts.ready == 0 then return end
  out.say("")
  out.say(("Carrying it out takes about %s%s, %s at %g a second, and sends %s."):format(
    words.count(will.calls, "call"), will.left and (" (Alma allows %s more today%s)"):format(words.count(will.left, "call"),
      will.days and will.days > 1 and (", with 10%% kept for others: %d days"):format(will.days) or "") or "",
    words.duration(math.max(1, will.seconds)), tonumber(summary.meta.rate) or 20, words.bytes(will.bytes)))
end

local function say_titles(out, summary)
  local counts = summary.counts
  local total = counts.ready + counts.ask + counts.skip + counts.done + counts.failed
  out.say(("%s: %d ready (%s, %s), %d to decide, %d skipped%s"):format(words.count(total, "title"), counts.ready,
    words.count(summary.planned.files, "file"), words.bytes(summary.planned.bytes), counts.ask, counts.skip,
    counts.done + counts.failed > 0 and (", %d done, %d failed"):format(counts.done, counts.failed) or ""))
  say_changes(out, summary)
  say_thumbnails(out, summary.planned)
  if counts.ask > 0 then
    out.say ""
    out.say("To decide: " .. counts.ask)
    say_groups(out, summary.ask)
  end
  if counts.skip > 0 then
    out.say ""
    out.say("Skipped: " .. counts.skip)
    say_groups(out, summary.skip)
  end
end

-- Prints problems, those of one cause in one line.
local function say_problems(out, problems)
  local alike, shown = causes.group(problems), 0
  out.say("")
  out.say("Problems: " .. #problems)
  for i = 1, math.min(#alike, PROBLEMS_SHOWN) do
    local group = alike[i]
    shown = shown + group.n
    out.say(("           %s%s"):format(problems[group.first], group.n > 1 and (" (and %d more like it)"):format(group.n - 1) or ""))
  end
  if #problems > shown then out.say(("           and %d more"):format(#problems - shown)) end
end

-- Prints whose rules these are, and what they may do.
local function say_recipe(out, meta)
  for _, one in ipairs(json.decode(meta.recipe_files or "[]")) do out.say("Recipe: " .. plain.line(provenance.line(one))) end
  for _, note in ipairs(json.decode(meta.recipe_notes or "[]")) do out.say("Recipe: " .. plain.line(note)) end
  local effects = meta.recipe_effects and json.decode(meta.recipe_effects)
  if effects then out.say("Effects: " .. (effects[1] and table.concat(effects, ", ") or "none, it changes nothing")) end
end

local function say_records(out, found)
  for i, line in ipairs(record_report.lines(found)) do
    if i == 1 then out.say "" end
    out.say(line)
  end
end

---Prints a summary.
---@param summary table from m.of
---@param out table almanac.cli.out
function m.say(summary, out)
  local meta = summary.meta
  out.say(("Plan %s: %s %s at %s (%s)"):format(meta.run, meta.recipe, meta.recipe_version, meta.institution, meta.environment))
  out.say(("Titles: %s · Files: %s%s"):format(meta.source or "-", meta.folder or "-",
    meta.records_source and " · Records: " .. meta.records_source or ""))
  say_recipe(out, meta)
  if not meta.planned then
    out.say("This plan is not finished: not all titles were read.")
    return
  end
  out.say ""
  say_titles(out, summary)
  say_records(out, summary.records)
  say_files(out, summary)
  say_notes(out, summary.notes)
  if summary.problems[1] then
    say_problems(out, summary.problems)
  end
  say_forecast(out, summary)
end

---Prints the commands that make sense now.
---@param summary table
---@param out table
---@param path string the run file
function m.say_next(summary, out, path)
  out.say ""
  if summary.counts.ask > 0 then
    out.say("Decide:     almanac decide " .. path .. " --template decisions.csv")
  end
  if summary.records and summary.records.unanswered > 0 then
    out.say(("Look up:    almanac plan %s --from %s --missing -o NEW   (the records that could not be looked up)"):format(
      summary.meta.recipe, path))
  end
  out.say("Look:       almanac show " .. path .. " MMS_ID   (or a file; --list ready|to-decide|skipped|files for all)")
  if summary.counts.ready > 0 then out.say("Carry out:  almanac apply " .. path) end
end

---Makes an event of a summary, for JSON output.
---@param summary table
---@param path string
---@return table
function m.event(summary, path)
  local planned = summary.planned
  return { run = summary.meta.run, path = path, titles = summary.counts, files = planned.files, bytes = planned.bytes,
    thumbnails = planned.thumbnails, changes = summary.changes,
    consequences = json.array(summary.consequences), effects = json.array(json.decode(summary.meta.recipe_effects or "[]")),
    recipe_files = json.array(json.decode(summary.meta.recipe_files or "[]")), unmatched = summary.unmatched,
    records = record_report.event(summary.records), problems = #summary.problems,
    calls = summary.forecast.calls, seconds = summary.forecast.seconds, days = summary.forecast.days }
end

return m
