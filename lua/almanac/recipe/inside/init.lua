-- Runs in the process of a recipe, inside core/guard/inside.c: loads the
-- recipe and answers questions about its rules until nobody asks any more.
-- What goes back is plain data; a failure is { failed = message }.
local arguments = require "almanac.recipe.inside.arguments"
local columns = require "almanac.recipe.inside.columns"
local core = require "almanac.core"
local load_recipe = require "almanac.recipe.inside.load"
local objects = require "almanac.recipe.inside.objects"
local readings = require "almanac.reading"
local record = require "almanac.record"
local remarks = require "almanac.recipe.inside.remarks"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.inside.rules"
local source_record = require "almanac.recipe.inside.source_record"
local environment = require "almanac.recipe.inside.environment"

local inside = core.inside
local recipe            -- the one of this process
local asked             -- its rules about files, titles and records, in the order in which they are asked
local seen              -- those whose answers `changes` sees
local sees_sidecars     -- whether files come with them
local titles = {}       -- batches of titles that `changes` is still to be asked for
local ops = {}
local NONE = environment.read_only({}, "file.sidecars")

environment.enclose(inside)
record.prepare()

local function visible(args)
  local names = {}
  for i, entry in ipairs(recipe.args or {}) do names[i] = entry[1] end
  return environment.read_only(args, "args", names)
end

local function failed(message)
  return { failed = message }
end

-- What takes out of names what does not count; nil when all counts.
local function cleaner(args)
  local words = remarks.given(recipe.args or {}, args)
  return words and remarks.cleaner(words)
end

-- A file for `changes`: names as the other rules see them, its place as it is.
local function file_of(data, clean)
  local file = objects.file(data.path, data.size, clean)
  if clean then file.path, file.folder = data.path, data.path:match "^(.*)/" or "" end
  return rulebook.show(file, data)
end

-- A file for the rules that see sidecars; `list`: of environment.frozen.
local function file_with(path, size, list, clean)
  local file = objects.file(path, size, clean)
  if sees_sidecars then file.sidecars = list or NONE end
  return file
end

-- A sidecar to be read only, its folder named as files below it are.
local function frozen_card(card, clean)
  if clean then card.folder = clean(card.folder .. "/"):gsub("/$", "") end
  return environment.frozen(card, "a sidecar")
end

-- Lists of sidecars as they came, each sidecar once: { cards, lists of their places }.
local function sidecar_lists(cards, places, clean)
  local lists = {}
  for i, card in ipairs(cards) do cards[i] = frozen_card(card, clean) end
  for i, list in ipairs(places) do
    lists[i] = {}
    for n, place in ipairs(list) do lists[i][n] = cards[place] end
    lists[i] = environment.read_only(lists[i], "file.sidecars")
  end
  return lists
end

local function title_of(data, args)
  data.clean = cleaner(args)
  return objects.title(data.mms_id, data.title, data)
end

-- { "load", sources } -> { recipe = … }, or { need = name } of a source that is missing
function ops.load(sources)
  local raw, answer = load_recipe(sources)
  recipe = raw
  if raw then
    asked = { file = rulebook.asked(raw, "file"), title = rulebook.asked(raw, "title"), record = rulebook.asked(raw, "record") }
    seen = rulebook.seen(raw)
    sees_sidecars = arguments.first(raw.args or {}, "sidecar") ~= nil
  end
  return answer
end

-- { "budget", seconds } -> {}: for the calls from now on together; 0: as ever
function ops.budget(seconds)
  inside.budget(seconds)
  return {}
end

local ask_about = {}

-- { rule, args, file } -> { value, more }
function ask_about.file(rule)
  return function(args, file)
    local clean = not rule.whole_names and cleaner(args) or nil
    for i, card in ipairs(file.sidecars or {}) do file.sidecars[i] = frozen_card(card, clean) end
    local list = file.sidecars and environment.read_only(file.sidecars, "file.sidecars")
    local ok, value, more = rules.ask(rule, recipe, file_with(file.path, file.size, list, clean), visible(args))
    return ok and { value, more } or failed(value)
  end
end

-- { rule, args, title } -> { value, more }
function ask_about.title(rule)
  return function(args, title)
    local ok, value, more = rules.ask(rule, recipe, title_of(title, args), visible(args))
    return ok and { value, more } or failed(value)
  end
end

-- { rule, args, record } -> { value, more }
function ask_about.record(rule)
  return function(args, data)
    local ok, value, more = rules.ask(rule, recipe, source_record.new(data), visible(args))
    return ok and { value, more } or failed(value)
  end
end

for _, of in ipairs { "file", "title", "record" } do
  for _, rule in ipairs(rulebook.about(of)) do ops[rule.name] = ask_about[of](rule) end
end

local function records_of(list)
  local records = {}
  for i, data in ipairs(list or {}) do records[i] = source_record.new(data) end
  return records
end

-- { "changes", args, title, files, records } -> list of changes, files as numbers; title false: what the first record
-- lacks, of the rule `missing`
function ops.changes(args, title, files, records)
  local list, given, view = {}, records_of(records), visible(args)
  for i, file in ipairs(files) do list[i] = file_of(file, cleaner(args)) end
  local function ask()
    if not title then return rules.missing(recipe, given, list, view) end
    return rules.changes(recipe, title_of(title, args), list, view, given)
  end
  local ok, changes = ask()
  return ok and changes or failed(changes)
end

-- { "save_as", args, title } -> { paths of its files, representation by representation; false: the rule gives none }
function ops.save_as(args, title)
  local ok, paths = rules.save_as(recipe, title_of(title, args), visible(args))
  return ok and { paths } or failed(paths)
end

-- A column for each rule that is asked, by its name.
local function new_columns(of)
  local list = {}
  for _, rule in ipairs(asked[of]) do list[rule.name] = columns.new(rulebook.shape(rule)) end
  return list
end

-- Asks the rules about the file at a place until one of them ends that; words when one fails.
local function ask_file(answers, place, as_it_is, file, view)
  local open = true
  for _, rule in ipairs(asked.file) do
    local value, more
    if open then
      local ok
      ok, value, more = rules.ask(rule, recipe, rule.whole_names and as_it_is or file, view)
      if not ok then return value end
      open = not rulebook.ends(rule, value)
    end
    columns.add(answers[rule.name], place, value, more)
  end
end

-- { "files", args, paths, sizes, sidecars } -> a column for each rule by its name; sidecars: { cards, lists, the place of each file's list }
function ops.files(args, paths, sizes, sidecars)
  local view, clean, answers = visible(args), cleaner(args), new_columns "file"
  local lists = sidecars and sidecar_lists(sidecars[1], sidecars[2], clean)
  for i, path in ipairs(paths) do
    local list = lists and lists[sidecars[3][i]]
    local file = file_with(path, sizes[i] or nil, list)
    local words = ask_file(answers, i, file, clean and file_with(path, file.size, list, clean) or file, view)
    if words then return failed(words) end
  end
  return answers
end

-- Asks the rules about the title or record at a place; words when one fails.
local function ask_all(of, answers, place, subject, view)
  for _, rule in ipairs(asked[of]) do
    local ok, value, more = rules.ask(rule, recipe, subject, view)
    if not ok then return value end
    columns.add(answers[rule.name], place, value, more)
  end
end

-- { "records", args, list of what the source gave } -> a column for each rule by its name
function ops.records(args, list)
  local view, answers = visible(args), new_columns "record"
  for i, data in ipairs(list) do
    local words = ask_all("record", answers, i, source_record.new(data), view)
    if words then return failed(words) end
  end
  return answers
end

-- A title of a run file, with what belongs to it besides.
local function kept_title(id, name, text, details, clean)
  local reading = readings.decode(text)
  reading.clean = clean
  for what, value in pairs(details or {}) do reading[what] = value end
  return objects.title(id, name or nil, reading)
end

-- { "titles", args, batch, ids, names, readings, details } -> a column for each rule by its name
function ops.titles(args, batch, ids, names, texts, details)
  local view, clean, held, answers = visible(args), cleaner(args), {}, new_columns "title"
  for i, id in ipairs(ids) do
    held[i] = kept_title(id, names[i], texts[i], details and details[i], clean)
    local words = ask_all("title", answers, i, held[i], view)
    if words then return failed(words) end
  end
  titles[batch] = held
  return answers
end

-- Files as they came in one list: path, size, and the answers that `changes` sees of each.
local function files_of(flat, clean)
  local list = {}
  for at = 1, #flat, 2 + #seen do
    local data = { path = flat[at], size = flat[at + 1] or nil }
    for n, rule in ipairs(seen) do data[rule.seen_as] = flat[at + 1 + n] or nil end
    list[#list + 1] = file_of(data, clean)
  end
  return list
end

-- { "proposals", args, batch, { place in the batch, … }, files of each, records of each } -> changes of each
function ops.proposals(args, batch, places, files, records)
  local view, clean, held, answers = visible(args), cleaner(args), titles[batch], {}
  titles[batch] = nil
  for i, place in ipairs(places) do
    local ok, changes = rules.changes(recipe, held[place], files_of(files[i], clean), view, records_of(records and records[i]))
    if not ok then return failed(changes) end
    answers[i] = changes
  end
  return answers
end

-- { "lacking", args, records of each, files of each } -> changes of each, by the rule `missing`
function ops.lacking(args, records, files)
  local view, clean, answers = visible(args), cleaner(args), {}
  for i, list in ipairs(records) do
    local ok, changes = rules.missing(recipe, records_of(list), files_of(files[i], clean), view)
    if not ok then return failed(changes) end
    answers[i] = changes
  end
  return answers
end

local function answer(request)
  local ok, reply = pcall(ops[request[1]], table.unpack(request, 2, 8))
  if not ok then reply = failed(tostring(reply)) end
  local sent, message = pcall(inside.send, reply)
  if not sent then inside.send(failed("the recipe gives what almanac can't take: " .. message)) end
end

return function(filtered)
  inside.send { filtered = filtered }
  while true do answer(inside.receive()) end
end
