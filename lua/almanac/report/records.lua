-- The records of a run in words: where they came from, how many were read, passed over, changed or deleted, which
-- can't be read, and why one goes with no title.
local detail = require "almanac.report.show_detail"
local json = require "almanac.json"
local reasons = require "almanac.run.reasons"
local records = require "almanac.run.records"
local row_of = require "almanac.row"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

local m = {}

local EXAMPLES = 3
local LONGEST = 160     -- bytes of a line

-- ---- in numbers ----

local function count(db, where) return db:value("SELECT count(*) FROM record WHERE " .. where) end

local LAST = "id %s (SELECT record_id FROM record_last%s)"

-- What an earlier run knew, and what became of it since.
local function since_of(db, meta)
  if not meta.since then return nil end
  return {
    run = meta.since, changes_only = json.decode(meta.records_given or "{}").since ~= nil,
    passed = count(db, LAST:format("IN", " WHERE finished = 1 AND came = 'same'")),
    changed = count(db, "deleted = 0 AND " .. LAST:format("IN", " WHERE came = 'changed'")),
    new = count(db, LAST:format("NOT IN", "")),
    open = count(db, LAST:format("IN", " WHERE finished = 0 AND came IS NOT 'changed'")),
    not_come = count(db, LAST:format("IN", " WHERE came IS NULL")),
  }
end

local GROUPS = [[SELECT reason_code, reason_data FROM record WHERE title_id IS NULL AND reason_code IS NOT NULL
  AND reason_code NOT IN ('record_unchanged', 'record_not_come') ORDER BY id]]

-- The records that go with no title, by the heading of why.
local function groups_of(db)
  local list, by_kind = {}, {}
  for row in db:rows(GROUPS) do
    local kind, particulars = reasons.parts(reasons.of(row))
    local group = by_kind[kind]
    if not group then
      group = { kind = kind, n = 0, examples = {} }
      by_kind[kind], list[#list + 1] = group, group
    end
    group.n = group.n + 1
    if group.n <= EXAMPLES then group.examples[group.n] = particulars end
  end
  table.sort(list, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    return a.kind < b.kind
  end)
  return list
end

-- Records that go with no title, and not because that is how they are.
local OPEN = [[title_id IS NULL AND reason_code IN ('look_up_failed', 'record_unreadable', 'record_fits_several', 'no_identifier',
  'identifier_twice', 'named_file_missing', 'named_file_twice', 'file_of_several_records', 'record_begun', 'record_renamed')]]

---@class almanac.report.records
---@field source string
---@field all integer
---@field read integer from the source, this time
---@field with_title integer
---@field deleted integer
---@field unreadable integer
---@field since { run: string, passed: integer, changed: integer, new: integer, open: integer, not_come: integer,
---  changes_only: boolean }?
---@field unanswered integer those that could not be looked up
---@field open integer those without a title that somebody has to look at
---@field groups { kind: string, n: integer, examples: string[] }[] those that go with no title

---Counts the records of a run.
---@param db table
---@return almanac.report.records|nil counts nil: the run has none
function m.of(db)
  local meta = store.meta(db)
  if not meta.records_source then return nil end
  return { source = meta.records_source, all = records.count(db), read = math.tointeger(tonumber(meta.records_read)) or 0,
    with_title = count(db, "title_id IS NOT NULL"), deleted = count(db, "deleted = 1 AND " .. records.TAKES_PART),
    unreadable = count(db, "problem IS NOT NULL"), unanswered = count(db, "reason_code = 'look_up_failed'"),
    open = count(db, OPEN), since = since_of(db, meta), groups = groups_of(db) }
end

---The same for JSON.
---@param found almanac.report.records|nil
---@return table|nil
function m.event(found)
  if not found then return nil end
  local without = json.array {}
  for i, group in ipairs(found.groups) do without[i] = { reason = group.kind, records = group.n } end
  return { source = found.source, read = found.read, with_title = found.with_title, deleted = found.deleted,
    unreadable = found.unreadable, unanswered = found.unanswered, open = found.open, since = found.since, without_title = without }
end

-- ---- in words ----

-- What is worth a line, as pairs of a number and words.
local function parts_of(found)
  local parts = {}
  local function part(n, one, many)
    if n > 0 then parts[#parts + 1] = { n, n == 1 and one or many or one } end
  end
  local since = found.since
  if since then
    part(since.passed, "as it was and finished in run " .. since.run .. ": passed over",
      "as they were and finished in run " .. since.run .. ": passed over")
    part(since.changed, "changed since, goes with the title it had", "changed since, go with the titles they had")
    part(since.new, "new since")
    part(since.open, "was left open there and comes along", "were left open there and come along")
    part(since.not_come, since.changes_only and "of that run: not named as changed" or
      "of that run did not come this time: nothing is concluded from that")
  end
  part(found.deleted, "deleted in its source", "deleted in their source")
  part(found.unreadable, "can't be read")
  return parts
end

---The records in lines.
---@param found almanac.report.records|nil
---@return string[] lines the first one is the heading
function m.lines(found)
  if not found then return {} end
  local lines = { ("Records: %d read, %s with a title"):format(found.read, found.with_title) }
  for _, part in ipairs(parts_of(found)) do lines[#lines + 1] = ("%7d  %s"):format(part[1], part[2]) end
  for _, group in ipairs(found.groups) do
    lines[#lines + 1] = ("%7d  without a title; %s"):format(group.n, group.kind)
    for _, example in ipairs(group.examples) do
      if example ~= "" then lines[#lines + 1] = "         " .. example end
    end
    if group.n > #group.examples then lines[#lines + 1] = ("         and %d more"):format(group.n - #group.examples) end
  end
  return lines
end

-- ---- one record ----

local NAMED = "SELECT * FROM record WHERE identifier = ?1 OR place = ?1 ORDER BY id"
local FILES = [[SELECT record_file.name, file.path FROM record_file LEFT JOIN file ON file.id = file_id WHERE record_id = ? ORDER BY seq]]
local KEYS = "SELECT key, mms_ids, message FROM record_key LEFT JOIN look_up USING(key) WHERE record_id = ? ORDER BY key"

local function rows(db, sql, ...)
  local list = {}
  for row in db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

---Records by their identifier, or by their place in the source ("row 12").
---@param db table
---@param name string
---@return table[] found { identifier, place, datestamp, deleted, sets, format, content, problem, reason, reason_code, title, keys,
---  files, last }; several when they have one identifier
function m.find(db, name)
  if not records.any(db) then return {} end
  local list = rows(db, NAMED, name)
  for _, row in ipairs(list) do
    row.title = row.title_id and reasons.tell(db:row("SELECT mms_id, title, state, reason_code, reason_data FROM title WHERE id = ?",
      row.title_id))
    row.keys, row.files = json.array(rows(db, KEYS, row.id)), json.array(rows(db, FILES, row.id))
    for _, key in ipairs(row.keys) do key.mms_ids = key.mms_ids and json.decode(key.mms_ids) end
    row.last = db:row("SELECT mms_id, finished, came FROM record_last WHERE record_id = ?", row.id)
    row.sets = row.sets and json.array(json.decode(row.sets))
    row.deleted, row.title_id = row.deleted == 1, nil
    reasons.tell(row)
  end
  return list
end

local function say_line(out, text)
  out.say(#text <= LONGEST and text or text:sub(1, utf8.offset(text, 0, LONGEST) - 1) .. "…")
end

local function say_content(out, row)
  if row.problem then return out.say("Problem: it can't be read: " .. row.problem) end
  if not row.content then return out.say "Its content is not kept" end
  out.say "It holds:"
  if row.format ~= "row" then
    for _, line in ipairs(detail.record(row.content)) do out.say("  " .. line) end
    return
  end
  for _, pair in ipairs(row_of.decode(row.content)) do
    if pair[2] ~= "" then say_line(out, ("  %s  %s"):format(pair[1], pair[2])) end
  end
end

local CAME = { same = "came again as it was", changed = "came again, changed" }

local function say_last(out, last)
  if not last then return end
  out.say(("Earlier run: %s%s; this time it %s"):format(last.finished == 1 and "finished" or "left open",
    last.mms_id and " with title " .. last.mms_id or "", CAME[last.came] or "did not come"))
end

local function say_key(out, key)
  local found = key.mms_ids
  out.say(("  '%s'%s"):format(key.key, found and (found[1] and "   Alma has " .. table.concat(found, ", ") or "   Alma has no title")
    or key.message and "   could not be looked up: " .. key.message or ""))
end

---Prints a record.
---@param row table from m.find
---@param out table
function m.say(row, out)
  local title = row.title
  out.say(("%s%s"):format(records.name(row), row.identifier and row.place and "  " .. row.place or ""))
  out.say(("Record: %s%s%s%s"):format(row.format or "no content", row.datestamp and ", changed " .. row.datestamp or "",
    row.sets and row.sets[1] and ", of set " .. table.concat(row.sets, ", ") or "", row.deleted and ", deleted in its source" or ""))
  out.say(title and ("Title: %s  %s  %s%s"):format(title.mms_id, title.title or "", states.words(title.state),
    title.reason and "; " .. title.reason or "") or
    "Title: none" .. (row.reason and "; " .. row.reason or ""))
  if title and row.reason then out.say("Note: " .. row.reason) end
  say_last(out, row.last)
  if row.keys[1] then out.say "Its match keys:" end
  for _, key in ipairs(row.keys) do say_key(out, key) end
  if row.files[1] then out.say "Files that it names:" end
  for _, file in ipairs(row.files) do
    out.say(("  %s%s"):format(file.name, file.path and (file.path ~= file.name and "   is " .. file.path or "") or "   is not there"))
  end
  say_content(out, row)
end

---The records of a title, a line each.
---@param db table
---@param title_id integer
---@return string[] lines
function m.of_title(db, title_id)
  local lines = {}
  if not records.any(db) then return lines end
  for i, row in ipairs(records.of_title(db, title_id)) do
    lines[i] = ("%s%s%s"):format(records.name(row), row.datestamp and "  " .. row.datestamp or "", row.deleted == 1 and "  deleted" or "")
  end
  return lines
end

---Prints a line for each record that goes with no title.
---@param db table
---@param out table
function m.say_list(db, out)
  if not records.any(db) then return end
  for row in records.each(db, "title_id IS NULL AND " .. records.TAKES_PART) do
    local event = reasons.tell { name = records.name(row), place = row.place, reason_code = row.reason_code, reason_data = row.reason_data }
    out.event("row", event)
    out.say(("%s  %s"):format(event.name, row.problem and "can't be read: " .. row.problem or event.reason or ""))
  end
end

return m
