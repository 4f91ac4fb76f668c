-- Runs in the process of a recipe, inside core/guard/inside.c: loads the
-- recipe and answers questions about its rules until nobody asks any more.
-- What goes back is plain data; a failure is { failed = message }.
local arguments = require "almanac.recipe.inside.arguments"
local core = require "almanac.core"
local load_recipe = require "almanac.recipe.inside.load"
local objects = require "almanac.recipe.inside.objects"
local readings = require "almanac.reading"
local record = require "almanac.record"
local remarks = require "almanac.recipe.inside.remarks"
local rules = require "almanac.recipe.inside.rules"
local environment = require "almanac.recipe.inside.environment"

local inside = core.inside
local recipe            -- the one of this process
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
  local file, thumbnail = objects.file(data.path, data.size, clean), data.thumbnail
  if clean then file.path, file.folder = data.path, data.path:match "^(.*)/" or "" end
  file.page, file.part = data.page, data.part
  file.thumbnail = thumbnail and objects.file(thumbnail.path, thumbnail.size) or nil
  return file
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
  sees_sidecars = raw and arguments.first(raw.args or {}, "sidecar") ~= nil
  return answer
end

-- { "budget", seconds } -> {}: for the calls from now on together; 0: as ever
function ops.budget(seconds)
  inside.budget(seconds)
  return {}
end

-- { "file_key" | "page" | "part" | "thumbnail_of", args, file } -> { value, further keys or the suffix }
local function ask_about_file(rule)
  return function(args, file)
    local clean = rule ~= "thumbnail_of" and cleaner(args) or nil     -- that one gives a path
    for i, card in ipairs(file.sidecars or {}) do file.sidecars[i] = frozen_card(card, clean) end
    local list = file.sidecars and environment.read_only(file.sidecars, "file.sidecars")
    local ok, value, more = rules[rule](recipe, file_with(file.path, file.size, list, clean), visible(args))
    return ok and { value, more } or failed(value)
  end
end

for _, rule in ipairs { "file_key", "page", "part", "thumbnail_of" } do ops[rule] = ask_about_file(rule) end

-- { "title_keys" | "wants", args, title } -> { value, reason }
local function ask_about_title(rule)
  return function(args, title)
    local ok, value, reason = rules[rule](recipe, title_of(title, args), visible(args))
    return ok and { value, reason } or failed(value)
  end
end

ops.title_keys, ops.wants = ask_about_title "title_keys", ask_about_title "wants"

-- { "changes", args, title, files } -> list of changes, files as numbers
function ops.changes(args, title, files)
  local list = {}
  for i, file in ipairs(files) do list[i] = file_of(file, cleaner(args)) end
  local ok, changes = rules.changes(recipe, title_of(title, args), list, visible(args))
  return ok and changes or failed(changes)
end

-- What the rules say of a file: key and page, false for none, further keys, and its part;
-- of a thumbnail, which goes where its file goes, nothing but that file and the
-- suffix. nil and a message when a rule fails.
local function ask_file(as_it_is, file, view)
  local ok, key, page, owner, suffix, others, part
  ok, owner, suffix = rules.thumbnail_of(recipe, as_it_is, view)
  if not ok then return nil, owner end
  if owner then return false, false, nil, { owner, suffix } end
  ok, key, others = rules.file_key(recipe, file, view)
  if not ok then return nil, key end
  if not key then return false, false end
  ok, page = rules.page(recipe, file, view)
  if not ok then return nil, page end
  ok, part = rules.part(recipe, file, view)
  if not ok then return nil, part end
  return key, page or false, others, nil, part
end

-- { "files", args, paths, sizes, sidecars } -> { keys, pages, further keys by place, { path, suffix } of thumbnails by
-- place, parts by place }, false for none; sidecars: { cards, lists, the place of each file's list }
function ops.files(args, paths, sizes, sidecars)
  local view, clean, keys, pages, others, owners, parts = visible(args), cleaner(args), {}, {}, {}, {}, {}
  local lists = sidecars and sidecar_lists(sidecars[1], sidecars[2], clean)
  for i, path in ipairs(paths) do
    local list = lists and lists[sidecars[3][i]]
    local file = file_with(path, sizes[i] or nil, list)
    local key, page, more, owner, part = ask_file(file, clean and file_with(path, file.size, list, clean) or file, view)
    if key == nil then return failed(page) end
    keys[i], pages[i], others[i], owners[i], parts[i] = key, page, more, owner, part
  end
  return { keys, pages, others, owners, parts }
end

local function settle(title, args)
  local ok, keys = rules.title_keys(recipe, title, args)
  if not ok then return nil, keys end
  local wanted, reason
  ok, wanted, reason = rules.wants(recipe, title, args)
  if not ok then return nil, wanted end
  return keys, wanted, reason
end

-- A title of a run file, with what belongs to it besides.
local function kept_title(id, name, text, details, clean)
  local reading = readings.decode(text)
  reading.clean = clean
  for what, value in pairs(details or {}) do reading[what] = value end
  return objects.title(id, name or nil, reading)
end

-- { "titles", args, batch, ids, names, readings, details } -> { keys of all, how many each has, wanted, reasons by place }
function ops.titles(args, batch, ids, names, texts, details)
  local view, clean, held, all = visible(args), cleaner(args), {}, {}
  local counts, wants, reasons = {}, {}, {}
  for i, id in ipairs(ids) do
    local title = kept_title(id, names[i], texts[i], details and details[i], clean)
    local keys, wanted, reason = settle(title, view)
    if not keys then return failed(wanted) end
    for _, key in ipairs(keys) do all[#all + 1] = key end
    held[i], counts[i], wants[i], reasons[i] = title, #keys, wanted, reason
  end
  titles[batch] = held
  return { all, counts, wants, reasons }
end

local function files_of(flat, thumbnails, parts, clean)
  local list = {}
  for i = 1, #flat, 3 do
    local n = #list + 1
    list[n] = file_of({ path = flat[i], size = flat[i + 1] or nil, page = flat[i + 2] or nil,
      thumbnail = thumbnails and thumbnails[n] or nil, part = parts and parts[n] or nil }, clean)
  end
  return list
end

-- { "proposals", args, batch, { place in the batch, … }, { { path, size, page, … }, … }, thumbnails, parts } -> changes of each;
-- thumbnails: { path, size } or false for each of those files, when the recipe has any; parts: the same of their parts
function ops.proposals(args, batch, places, files, thumbnails, parts)
  local view, clean, held, answers = visible(args), cleaner(args), titles[batch], {}
  titles[batch] = nil
  for i, place in ipairs(places) do
    local given = files_of(files[i], thumbnails and thumbnails[i], parts and parts[i], clean)
    local ok, changes = rules.changes(recipe, held[place], given, view)
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
