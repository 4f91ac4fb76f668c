-- The files of a run: walks the folder, asks the recipe for the key of each,
-- looks at those that have one, and writes everything down.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local left_out = require "almanac.plan.left_out"
local notes = require "almanac.run.notes"
local objects = require "almanac.recipe.inside.objects"
local pictures = require "almanac.plan.pictures"
local reasons = require "almanac.run.reasons"
local sidecars = require "almanac.run.sidecars"
local store = require "almanac.run.store"
local stream = require "almanac.recipe.guard_stream"
local thumbnail_pairs = require "almanac.plan.thumbnail_pairs"
local twins = require "almanac.plan.twins"
local count = require "almanac.words".count

local m = {}

local printable = sidecars.printable

local FILE = [[INSERT OR IGNORE INTO file(id, path, size, mtime_ns, mark, problem, reason_code, reason_data)
  VALUES(?, ?, ?, ?, ?, ?, ?, ?)]]
local KEY = "INSERT OR IGNORE INTO file_key(key, file_id, page) VALUES(?, ?, ?)"
local PART = "INSERT OR IGNORE INTO part(file_id, part) VALUES(?, ?)"
-- Names with odd bytes may be shown alike. Then only the first file has a row, and the
-- keys of the others go.
local ORPHANS = "DELETE FROM file_key WHERE file_id NOT IN (SELECT id FROM file)"

local BATCH = 500

local LINK_OUT = "a link that leads out of the folder"   -- as the walk says it
local LINKS_SHOWN = 5
local NO_KEY = reasons.new "no_key_given"

local plain, valid = core.text.plain, core.text.valid

local function wrong_name(path)
  if plain(path) then return nil end
  if not valid(path) then return "its name is not UTF-8 text; rename it" end
  return "its name holds a control character; rename it"
end

local function unreadable(message)
  return "can't be read: " .. (message:match "[^:]+$" or message):gsub("^ ", "")
end

local function add_unreadable(db, path, message)
  local words = unreadable(message)
  attempt.run(db, "INSERT INTO problem(kind, text) VALUES('unreadable', ?)", printable(path) .. ": " .. words)
  return words
end

-- Nobody meant to send what lies elsewhere, so such a link is noted and not followed.
local function add_link_out(scan, path)
  local links = scan.links
  links.n = links.n + 1
  if links.n <= LINKS_SHOWN then links[links.n] = printable(path) end
  return "is left out: " .. LINK_OUT
end

local function note_links_out(scan)
  local links = scan.links
  if links.n == 0 then return end
  attempt.run(scan.db, "INSERT INTO problem(kind, text) VALUES('link', ?)", ("%s out of the folder and %s left out: %s%s"):format(
    count(links.n, "link leads", "links lead"), links.n == 1 and "is" or "are", table.concat(links, ", "),
    links.n > #links and (" and %d more"):format(links.n - #links) or ""))
end

-- Describes a file as far as the walk tells.
local function described(scan, path, size, detail)
  local problem = wrong_name(path)
  local file = { path = problem and printable(path) or path, size = size or nil, problem = problem }
  if size then
    file.mtime = detail
  elseif detail == LINK_OUT then
    file.problem = add_link_out(scan, path)
  else
    file.problem = add_unreadable(scan.db, path, detail)
  end
  if scan.sidecars then scan.sidecars:add_to(file, path) end
  return file
end

-- Writes files down, under the numbers that they have already.
local function write_files(scan, batch)
  local ids, paths, sizes, times, marks, problems, codes, data = {}, {}, {}, {}, {}, {}, {}, {}
  for i, file in ipairs(batch) do
    ids[i], paths[i], sizes[i], times[i], marks[i] = file.id, file.path, file.size or false, file.mtime or false, file.mark or false
    local code, about = reasons.columns(file.reason)
    problems[i], codes[i], data[i] = file.problem or false, code or false, about or false
  end
  local added = attempt.run_many(scan.db, FILE, #batch, ids, paths, sizes, times, marks, problems, codes, data)
  scan.alike = scan.alike or added < #batch
end

local function is_full(scan, batch)
  return #batch == BATCH or scan.sidecars and batch[1] and scan.sidecars:is_much()
end

-- The next file of the walk as path, size, detail.
local function next_file(scan)
  local place = scan.place
  repeat
    place = place + 1
    if not scan.paths[place] then
      scan.paths, scan.sizes, scan.details, scan.excluded = scan.walk:batch(BATCH)
      place = 1
    end
    local excluded = scan.excluded[place]
    if excluded then scan.left_out:add(printable(scan.paths[place]), scan.details[place]) end
  until not excluded
  scan.place = place
  return scan.paths[place], scan.sizes[place], scan.details[place]
end

local function add_to_batch(scan, batch, file)
  scan.last = scan.last + 1
  local fault = scan.faults[file.path]
  file.id, file.reason = scan.last, fault and reasons.new("rule_fails", { message = fault })
  if file.reason then write_files(scan, { file }) else batch[#batch + 1] = file end
end

local function next_batch(scan)
  local batch = {}
  while not is_full(scan, batch) do
    local path, size, detail = next_file(scan)
    if not path then break end
    if not (scan.sidecars and scan.sidecars:is_one(path)) then add_to_batch(scan, batch, described(scan, path, size, detail)) end
  end
  return batch
end

local function wrong_size(file)
  if file.owner then return thumbnail_pairs.wrong_size(file.size) end
  return file.size == 0 and "is empty (0 bytes)" or nil
end

local function wrong_beginning(file, head)
  if file.owner then return thumbnail_pairs.wrong_beginning(head) end
  local _, ext = objects.split_extension(file.path)
  return formats.check(ext, head)
end

-- Begins to look into the files that take part.
local function begin_look(folder, files)
  local paths, opened = {}, {}
  for _, file in ipairs(files) do
    file.problem = wrong_size(file)
    if not file.problem then
      paths[#paths + 1], opened[#opened + 1] = file.path, file
    end
  end
  local heads, message, code = core.files.heads(folder, paths, formats.enough)
  if not heads then attempt.fail(message, code) end
  return { heads = heads, files = opened }
end

-- Notes at a file what a person should know of its picture.
local function note_picture(scan, file, picture)
  if not picture or file.owner or file.problem then return end
  for _, text in ipairs(pictures.notes(file.path, picture)) do attempt.run(scan.db, notes.ADD, "file", file.id, text) end
end

-- Says of each file what is wrong with it.
local function end_look(scan, look)
  local heads, failures, marks, found = look.heads:take()
  for i, file in ipairs(look.files) do
    file.problem = not heads[i] and unreadable(failures[i]) or heads[i] and wrong_beginning(file, heads[i])
      or found[i] and pictures.problem(found[i], file.size) or nil
    file.mark = heads[i] and marks[i] or nil
    note_picture(scan, file, found[i])
    if file.key and not file.problem then scan.twins:add(marks[i], file) end
  end
end

local function write_keys(scan, batch)
  local pages, others = batch.answers.page.values, batch.answers.file_key.more
  local keys, ids, places = {}, {}, {}
  local function add(key, file, page)
    local n = #keys + 1
    keys[n], ids[n], places[n] = key, file.id, page or false
  end
  for i, file in ipairs(batch) do
    if file.key then add(file.key, file, pages[i]) end
    for _, other in ipairs(others[i] or {}) do add(other, file, pages[i]) end
    scan.several = scan.several or others[i] ~= nil
  end
  attempt.run_many(scan.db, KEY, #keys, keys, ids, places)
end

local function write_parts(scan, batch)
  for i, part in ipairs(batch.answers.part.values) do
    if part then attempt.run(scan.db, PART, batch[i].id, part) end
  end
end

-- Collects thumbnails, and the files that they may belong to.
local function write_pairs(scan, batch)
  for _, file in ipairs(scan.pairs and batch or {}) do
    if file.owner then scan.pairs:add_thumbnail(file.id, file.owner) elseif file.key then scan.pairs:add_file(file.id, file.path) end
  end
end

-- For a thumbnail: the path of the file that it belongs to, and the suffix that it is sent with.
local function owner_of(answers, i)
  local owners = answers.thumbnail_of
  return owners.values[i] and { owners.values[i], owners.more[i] } or nil
end

-- Takes what the rules say of a batch and begins to look into its files.
local function take_answers(scan, batch)
  local answers, sound = attempt.checked(scan.stream:take_files(#batch)), {}
  batch.answers = answers
  for i, file in ipairs(batch) do
    file.key, file.owner = answers.file_key.values[i] or nil, owner_of(answers, i)
    local takes_part = file.key or file.owner
    file.reason = not takes_part and NO_KEY or nil
    if takes_part and not file.problem then sound[#sound + 1] = file end
  end
  batch.look = begin_look(scan.folder, sound)
  return batch
end

local function add_all(scan, batch)
  end_look(scan, batch.look)
  write_files(scan, batch)
  write_keys(scan, batch)
  write_pairs(scan, batch)
  write_parts(scan, batch)
  scan.files = scan.files + #batch
end

-- Three batches are under way: one is asked about, one looked into, one written down.
local function scan_all(scan)
  local asked, looked
  repeat
    local batch = next_batch(scan)
    if batch[1] then attempt.checked(scan.stream:ask_files(batch)) end
    local keyed = asked and take_answers(scan, asked)
    if looked then add_all(scan, looked) end
    asked, looked = batch[1] and batch, keyed
  until not asked and not looked
  return scan.files
end

local UNSEEN = "SELECT id, path, size FROM file WHERE id > ? AND problem IS NULL AND mark IS NULL AND (%s) ORDER BY id LIMIT " .. BATCH

---Looks into files that no match key asked for. Called inside an attempt.
---@param db table
---@param folder string
---@param where string SQL
function m.look_at(db, folder, where)
  local scan, last = { db = db }, 0
  repeat
    local batch = {}
    for row in db:rows(UNSEEN:format(where), last) do
      batch[#batch + 1] = { id = row.id, path = row.path, size = row.size }
      last = row.id
    end
    end_look(scan, begin_look(folder, batch))
    for _, file in ipairs(batch) do
      attempt.run(db, "UPDATE file SET mark = ?, problem = ? WHERE id = ?", file.mark, file.problem, file.id)
    end
  until not batch[1]
end

---Writes down all files of the folder with their keys. Called inside an
---attempt: a folder that can't be read or a rule that fails ends it.
---@param db table in a transaction
---@param folder string
---@param recipe table
---@param args table the recipe's arguments
---@param options { faults: table<string, string>?, exclude: string[]? }? faults: path -> why the recipe is not asked about it;
---  exclude: gitignore's patterns of what takes no part
---@return integer files how many the recipe was asked about
function m.scan(db, folder, recipe, args, options)
  options = options or {}
  local walk, message, code = core.files.walk(folder, left_out.patterns(options.exclude), { within = true })
  if not walk then attempt.fail(message, code) end
  local questions <close> = stream.new(recipe, args)
  local scan = { db = db, folder = folder, walk = walk, stream = questions, files = 0, faults = options.faults or {}, links = { n = 0 },
    sidecars = sidecars.reader(db, folder, recipe, args), pairs = recipe.thumbnail_of and thumbnail_pairs.new(db),
    left_out = left_out.new(), twins = twins.new(db, folder), paths = {}, place = 0, excluded = {},
    last = db:value "SELECT coalesce(max(id), 0) FROM file" }
  scan_all(scan)
  note_links_out(scan)
  if scan.sidecars then scan.sidecars:finish() end
  if scan.alike then attempt.run(db, ORPHANS) end
  if scan.pairs then scan.pairs:pair_all() end
  scan.left_out:write(db)
  scan.twins:write_same()
  if scan.several then attempt.call(store.set, db, { several_keys = "files" }) end
  return scan.files
end

return m
