-- Says why a title or a file is where it is in a plan: the rule, the match keys,
-- the candidates, what is planned. All of it comes from the run file.
local consequence_words = require "almanac.run.consequence_words"
local consequences = require "almanac.run.consequences"
local detail = require "almanac.report.show_detail"
local details = require "almanac.run.details"
local json = require "almanac.json"
local kinds = require "almanac.apply.kinds"
local notes = require "almanac.run.notes"
local pages = require "almanac.run.pages"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local record_report = require "almanac.report.records"
local sidecars = require "almanac.run.sidecars"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local thumbnails = require "almanac.apply.thumbnails"
local titles = require "almanac.run.titles"
local words = require "almanac.words"

local m = {}

local CANDIDATES = [[SELECT title_key.key, file.path, file.size, file.problem, file_key.page
  FROM title_key LEFT JOIN file_key USING(key) LEFT JOIN file ON file.id = file_key.file_id
  WHERE title_key.title_id = ? ORDER BY title_key.key, file.path LIMIT 200]]
local CHANGES = [[SELECT change.seq, spec.kind, spec.spec, change.representation_id, change.pid
  FROM change JOIN spec ON spec.id = change.spec_id WHERE change.title_id = ? ORDER BY change.seq]]
local TITLES_OF_KEY = [[SELECT title.mms_id, title.title, title.state, title.reason_code, title.reason_data FROM title_key
  JOIN title ON title.id = title_key.title_id WHERE title_key.key = ? ORDER BY title.id LIMIT 50]]

local NAMED = "SELECT * FROM file WHERE substr(path, -1 - length(?1)) = '/' || ?1 ORDER BY path LIMIT 20"
local SENT = "SELECT ended, result FROM step WHERE title_id = ? AND change = ? AND kind = 'thumbnail' AND page = ?"
local THUMBNAIL_OF = [[SELECT thumbnail.path, suffix, file.path AS owner FROM thumbnail LEFT JOIN file ON file.id = of
  WHERE file_id = ?]]
local USED_BY = [[SELECT DISTINCT title.id, title.mms_id FROM page JOIN title ON title.id = page.title_id
  WHERE page.file_id = ?1 OR page.file_id = (SELECT of FROM thumbnail WHERE file_id = ?1)]]

local function rows(db, sql, ...)
  local list = {}
  for row in db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

-- Says what became of a page's thumbnail that was uploaded.
local function sent_words(db, title, page)
  local step = title.state ~= states.UNDONE and db:row(SENT, title.id, page.change, page.seq)
  if not (step and step.ended) then return nil end
  return thumbnails.words(step.result and json.decode(step.result))
end

---A title of the run with all that led to its state.
---@param db table
---@param mms_id string
---@return table|nil title { mms_id, title, state, reason, reading, keys, changes, pages, notes, consequences }; reason: in words
---  keys: { key, path, size, problem, page }[], a row for each candidate
function m.title(db, mms_id)
  local title = db:row("SELECT * FROM title WHERE mms_id = ?", mms_id)
  if not title then return nil end
  reasons.tell(title)
  title.consequences = json.array(consequences.of_title(db, title))
  title.reading = title.reading and readings.decode(title.reading)
  if title.reading then details.add(db, title.id, title.reading) end
  title.keys = json.array(rows(db, CANDIDATES, title.id))
  title.records = json.array(record_report.of_title(db, title.id))
  title.notes = json.array(notes.of_title(db, title.id))
  title.pages = json.array(pages.of(db, title))
  for _, page in ipairs(title.pages) do
    page.file_id, page.mtime_ns = nil, nil   -- more digits than JSON holds
    local thumbnail = page.thumbnail
    if thumbnail then
      thumbnail.file_id, thumbnail.mtime_ns = nil, nil
      thumbnail.told = sent_words(db, title, page)
    end
  end
  title.changes = json.array(rows(db, CHANGES, title.id))
  for _, change in ipairs(title.changes) do change.spec = json.decode(change.spec) end
  return title
end

-- Finds the pages that a file is planned for.
local function uses(db, file_id)
  local list = {}
  for _, title in ipairs(rows(db, USED_BY, file_id)) do
    for _, page in ipairs(pages.of(db, title)) do
      for _, one in ipairs { page, page.thumbnail } do
        if one.file_id == file_id then
          list[#list + 1] = { mms_id = title.mms_id, seq = page.seq, upload_key = one.upload_key, thumbnail = one ~= page or nil }
        end
      end
    end
  end
  return list
end

-- Finds a file by its path as the shell completes it, from wherever it was typed: "jpg/x.jpg",
-- "../scans/jpg/x.jpg" or absolute. What is in front of the file's own path has to be the end of the folder.
local function by_typed_path(db, path)
  local folder, rest = store.meta(db, "folder"), path:gsub("//+", "/")
  if not folder then return {} end
  if rest:sub(1, #folder + 1) == folder .. "/" then rest = rest:sub(#folder + 2) end
  while rest:find "^%.%.?/" do rest = rest:gsub("^%.%.?/", "", 1) end
  local list = rows(db, "SELECT * FROM file WHERE path = ?", rest)
  for slash in rest:gmatch "()/" do
    local before = rest:sub(1, slash - 1)
    if list[1] then break end
    if folder:sub(-#before - 1) == "/" .. before then
      list = rows(db, "SELECT * FROM file WHERE path = ?", rest:sub(slash + 1))
    end
  end
  return list
end

---A file of the run, by its path (below the run's folder, or as the shell completes it) or, when there is one of it, its name.
---@param db table
---@param path string
---@return table|nil file { path, size, problem, reason, key, keys, page, titles, used_by, sidecars, thumbnail_of, notes, part }; keys: all
---  of them; sidecars: { path, sha256, problem }[], nearest first; thumbnail_of: { path, suffix, owner }
---@return string? message several files have the name
function m.file(db, path)
  local list = rows(db, "SELECT * FROM file WHERE path = ?", path)
  if not list[1] then list = by_typed_path(db, path) end
  if not list[1] then list = rows(db, NAMED, path) end
  if #list > 1 then
    local paths = {}
    for i, file in ipairs(list) do paths[i] = file.path end
    return nil, ("there are several files '%s': %s"):format(path, table.concat(paths, ", "))
  end
  local file = list[1] and reasons.tell(list[1])
  if not file then return nil end
  local keys = rows(db, "SELECT key, page FROM file_key WHERE file_id = ? ORDER BY key", file.id)
  file.key, file.page, file.keys, file.titles = nil, nil, json.array {}, json.array {}
  for i, row in ipairs(keys) do
    file.key, file.page, file.keys[i] = file.key or row.key, row.page, row.key
    for _, title in ipairs(rows(db, TITLES_OF_KEY, row.key)) do file.titles[#file.titles + 1] = reasons.tell(title) end
  end
  file.sidecars = json.array(sidecars.kept(db, file.path))
  file.thumbnail_of = db:row(THUMBNAIL_OF, file.id)
  file.used_by = json.array(uses(db, file.id))
  file.notes = json.array(notes.of_file(db, file.id))
  file.part = db:value("SELECT part FROM part WHERE file_id = ?", file.id)
  file.id, file.mtime_ns, file.mark = nil, nil, nil   -- of no use outside, and more digits than JSON holds
  return file
end

-- Where a remote representation is: what its rules go by.
local function whereabouts_of(rep)
  if not rep.remote then return "" end
  local links = table.concat(rep.linking_parameters or {}, "', '")
  return ("  remote%s%s%s"):format(rep.repository and ", " .. rep.repository or "",
    rep.originating_record_id and (" '%s'"):format(rep.originating_record_id) or "", links ~= "" and (" ('%s')"):format(links) or "")
end

local function say_reading(out, reading)
  out.say "Alma has:"
  for _, rep in ipairs(reading.representations) do
    out.say(("  representation %s%s  %s  %s%s"):format(rep.id, rep.label and " '" .. rep.label .. "'" or "",
      rep.usage_type or "(usage type not told)", rep.library or "", whereabouts_of(rep)))
    for _, file in ipairs(rep.files) do
      out.say(("    %s%s"):format(file.name, file.size and "  " .. words.bytes(file.size) or ""))
    end
  end
  if not reading.representations[1] then out.say "  no representation" end
end

local function say_details(out, reading)
  if reading.record then out.say "Its record:" end
  for _, line in ipairs(reading.record and detail.record(reading.record) or {}) do out.say("  " .. line) end
  if reading.items then out.say(reading.items[1] and "Its items:" or "Its items: none") end
  for _, line in ipairs(reading.items and detail.items(reading.items) or {}) do out.say("  " .. line) end
end

-- A run without a folder says nothing about files.
local function say_keys(out, keys, has_folder)
  if not keys[1] then return out.say "It has no match key." end
  out.say "Its match keys:"
  local last
  for _, row in ipairs(keys) do
    if row.key ~= last then out.say(("  '%s'%s"):format(row.key, (row.path or not has_folder) and "" or "   no file")) end
    last = row.key
    if row.path then
      out.say(("    %s%s%s"):format(row.path, row.page and "  page " .. row.page or "",
        row.problem and "  (" .. row.problem .. ")" or row.size and "  " .. words.bytes(row.size) or ""))
    end
  end
end

local function say_thumbnail(out, thumbnail)
  if not thumbnail then return end
  out.say(("     thumbnail %s  %s%s"):format(thumbnail.path, words.bytes(thumbnail.size or 0),
    thumbnail.told and "  " .. thumbnail.told or ""))
end

local function say_plan(out, title)
  if not title.changes[1] then return out.say "Planned: nothing" end
  for _, change in ipairs(title.changes) do
    out.say(("Planned: " .. kinds.of(change).describe(change.spec, change)))
    for _, page in ipairs(title.pages) do
      if page.change == change.seq then
        out.say(("  %d. %s  %s%s"):format(page.seq, page.path, words.bytes(page.size or 0), page.pid and "  file " .. page.pid or ""))
        say_thumbnail(out, page.thumbnail)
      end
    end
  end
  for _, text in ipairs(consequence_words.lines(title.consequences)) do out.say("Consequence: " .. text) end
end

local function say_rule(out, db)
  local meta = store.meta(db)
  out.say(("Rule: %s %s (sha256 %s)"):format(meta.recipe, meta.recipe_version, (meta.recipe_sha256 or ""):sub(1, 12)))
end

---Prints a title.
---@param title table from m.title
---@param db table
---@param out table almanac.cli.out
function m.say_title(title, db, out)
  out.say(("%s  %s"):format(title.mms_id, title.title or ""))
  out.say(("State: %s%s"):format(states.words(title.state), title.reason and "; " .. title.reason or ""))
  for _, text in ipairs(title.notes) do out.say("Note: " .. text) end
  say_rule(out, db)
  if titles.is_new(title) then out.say "Alma has: not yet, the run creates it"
  elseif title.reading then say_reading(out, title.reading) else out.say "Alma has: not read" end
  if title.reading then say_details(out, title.reading) end
  if title.reading then say_keys(out, title.keys, store.meta(db, "folder") ~= nil) end
  if title.records[1] then out.say "Its records in the source:" end
  for _, line in ipairs(title.records) do out.say("  " .. line) end
  say_plan(out, title)
end

local function place_of(file)
  return (file.page and ", page " .. file.page or "") .. (file.part and (", part '%s'"):format(file.part) or "")
end

---Prints a file.
---@param file table from m.file
---@param db table
---@param out table almanac.cli.out
function m.say_file(file, db, out)
  out.say(("%s  %s"):format(file.path, file.size and words.bytes(file.size) or "size unknown"))
  if file.problem then out.say("Problem: it " .. file.problem) end
  for _, text in ipairs(file.notes) do out.say("Note: " .. text) end
  say_rule(out, db)
  for _, sidecar in ipairs(file.sidecars) do out.say(("Sidecar: %s"):format(sidecar.path)) end
  local of = file.thumbnail_of
  out.say(of and ("Thumbnail of: %s, sent as its %s"):format(of.owner or ("'%s'"):format(of.path), of.suffix)
    or file.key and ("%s: '%s'%s"):format(file.keys[2] and "Match keys" or "Match key", table.concat(file.keys, "', '"),
      place_of(file)) or "Match key: none, the recipe leaves the file out")
  for _, title in ipairs(file.titles) do
    out.say(("  fits %s  %s  %s%s"):format(title.mms_id, title.title or "", states.words(title.state),
      title.reason and "; " .. title.reason or ""))
  end
  for _, use in ipairs(file.used_by) do
    out.say(("Planned: %spage %d of %s, uploaded as %s"):format(use.thumbnail and "thumbnail of " or "", use.seq, use.mms_id,
      use.upload_key))
  end
  if not file.used_by[1] then out.say("Planned: nothing" .. (file.reason and "; " .. file.reason or "")) end
end

local LISTS = {
  files = [[SELECT path AS name, problem, reason_code, reason_data FROM file
    WHERE ]] .. pages.UNUSED .. " ORDER BY path",
}
for _, state in ipairs { states.READY, states.ASK, states.SKIP, states.FAILED, states.GONE } do
  LISTS[state] = ("SELECT mms_id AS name, title, reason_code, reason_data FROM title WHERE %s ORDER BY id"):format(states.is(state))
end

---Prints all titles of a state, or all files without a title, a line each.
---@param which "ready"|"ask"|"skip"|"failed"|"gone"|"files"|"records"
---@param db table
---@param out table
function m.say_list(which, db, out)
  if which == "records" then return record_report.say_list(db, out) end
  for row in db:rows(LISTS[which]) do
    reasons.tell(row)
    row.reason, row.problem = row.problem or row.reason, nil
    out.event("row", row)
    local line = ("%s  %s%s"):format(row.name, row.title and row.title .. "  " or "", row.reason or "")
    out.say((line:gsub(" +$", "")))
  end
end

return m
