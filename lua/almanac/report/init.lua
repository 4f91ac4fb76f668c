-- Reports what a run did, from the run file alone: one row a title, streamed, so
-- that a run of any size can be reported.
local audit = require "almanac.run.audit"
local causes = require "almanac.run.causes"
local consequence_words = require "almanac.run.consequence_words"
local consequences = require "almanac.run.consequences"
local core = require "almanac.core"
local json = require "almanac.json"
local objects = require "almanac.recipe.inside.objects"
local pages = require "almanac.run.pages"
local record_report = require "almanac.report.records"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local thumbnails = require "almanac.apply.thumbnails"
local words = require "almanac.words"

local m = {}

local ROWS = [[SELECT title.id, title.mms_id, title.title, title.state, title.reason_code, title.reason_data, title.reading,
    (SELECT representation_id FROM change WHERE title_id = title.id ORDER BY seq LIMIT 1) AS representation_id
  FROM title ORDER BY title.id]]
local FILES = [[SELECT file.path, file.size, file.sha256, page.pid, small.path AS thumbnail, step.ended, step.result
  FROM page JOIN file ON file.id = page.file_id
  LEFT JOIN thumbnail ON thumbnail.of = page.file_id LEFT JOIN file AS small ON small.id = thumbnail.file_id
  LEFT JOIN step ON step.title_id = page.title_id AND step.change = page.change AND step.kind = 'thumbnail'
    AND step.page = page.seq AND thumbnail.file_id IS NOT NULL
  WHERE page.title_id = ? ORDER BY page.change, page.seq]]
local ATTACHED = [[FROM page JOIN file ON file.id = page.file_id
  JOIN title ON title.id = page.title_id WHERE pid IS NOT NULL AND NOT title.]] .. states.is(states.UNDONE)
-- Files of the folder that no title took, grouped by their reasons.
local UNMATCHED = ([[SELECT path, problem, reason_code, reason_data, why IS NULL AS unexplained, count(*) OVER (PARTITION BY why) AS n,
    min(path) OVER (PARTITION BY why) AS first
  FROM (SELECT *, coalesce(problem, reason_code || coalesce(reason_data, '')) AS why FROM file WHERE %s)
  ORDER BY iif(why IS NULL, path, first), why, path]]):format(pages.UNUSED)

---Counts what a run did: the head of `report --format json`.
---@param db table
---@return table head
function m.head(db)
  local meta = store.meta(db)
  local calls = {}
  for row in db:rows "SELECT method, sum(calls) AS n FROM tally GROUP BY method" do calls[row.method] = row.n end
  local counts = store.counts(db)
  return {
    run = meta.run, institution = meta.institution,
    recipe = { name = meta.recipe, version = meta.recipe_version, sha256 = meta.recipe_sha256,
      effects = json.array(json.decode(meta.recipe_effects or "[]")), files = json.array(json.decode(meta.recipe_files or "[]")) },
    titles = counts, consequences = json.array(consequences.totals(db)),
    files = {
      planned = db:value "SELECT count(*) FROM page",
      attached = db:value("SELECT count(*) " .. ATTACHED),
      thumbnails = thumbnails.uploaded(db),
      unmatched = db:value("SELECT count(*) FROM file WHERE " .. pages.UNUSED),
    },
    bytes = db:value("SELECT coalesce(sum(file.size), 0) " .. ATTACHED),
    records = record_report.event(record_report.of(db)), calls = calls,
  }
end

-- Makes a file of the report from a row of FILES.
local function file_of(row, undone)
  local found = row.result and json.decode(row.result) or nil
  return { name = objects.last_part(row.path), path = row.path, size = row.size, sha256 = row.sha256, pid = row.pid,
    thumbnail = row.thumbnail, thumbnail_state = row.ended and not undone and thumbnails.words(found) or nil }
end

---Iterates over the titles in the order of the plan, one row each.
---@param db table
---@return fun(): table? rows { mms_id, title, state, reason, reason_code, representation_id, consequences: almanac.run.consequence[],
---  files }; files { name, path, size, sha256,
---  pid, thumbnail, thumbnail_state }
function m.rows(db)
  local step, titles = db:rows(ROWS)
  local specs = {}
  return function()
    local row = step(titles)
    if not row then return nil end
    local files, undone = json.array {}, row.state == states.UNDONE
    for file in db:rows(FILES, row.id) do files[#files + 1] = file_of(file, undone) end
    row.consequences = json.array(consequences.of_title(db, row, specs))
    row.id, row.reading, row.files = nil, nil, files
    return reasons.tell(row)
  end
end

-- Every row has every key, because readers count on them. A hundred thousand rows
-- are written twice as fast by pattern.
local FILE = '{"name":%s,"path":%s,"pid":%s,"sha256":%s,"size":%s,"thumbnail":%s,"thumbnail_state":%s}'
local ROW = '{"consequences":%s,"files":[%s],"mms_id":%s,"reason":%s,"reason_code":%s,"representation_id":%s,"state":%s,"title":%s}'

local ODD = '[^]-~ !#-[]'   -- in a string: not ASCII, or to be escaped

local function text(value)
  if value == nil then return "null" end
  if type(value) == "string" and not value:find(ODD) then return '"' .. value .. '"' end
  return json.encode(value)
end

local function row_text(row)
  local files = {}
  for i, file in ipairs(row.files) do
    files[i] = FILE:format(text(file.name), text(file.path), text(file.pid), text(file.sha256), text(file.size),
      text(file.thumbnail), text(file.thumbnail_state))
  end
  return ROW:format(row.consequences[1] and json.encode(row.consequences) or "[]", table.concat(files, ","), text(row.mms_id),
    text(row.reason), text(row.reason_code), text(row.representation_id), text(row.state), text(row.title))
end

-- Rows are written as they are read: the head first, then a row a line.
local function write_json(db, write)
  local head = json.encode(m.head(db))
  write(head:sub(1, -2) .. ',"rows":[')
  local separator = "\n"
  for row in m.rows(db) do
    write(separator .. row_text(row))
    separator = ",\n"
  end
  write "\n]}\n"
end

local CSV_HEAD = { "mms_id", "title", "state", "reason", "representation_id", "page", "file", "size", "sha256", "pid",
  "thumbnail", "thumbnail_state", "consequences", "reason_code" }

-- A spreadsheet rounds long numbers: an apostrophe keeps them text, and the
-- plan's reader knows it.
local function id_text(id)
  return id and "'" .. id or ""
end

local function csv_line(row, consequences_of, page, file)
  return core.csv.line {
    id_text(row.mms_id), row.title or "", row.state, row.reason or "", id_text(row.representation_id),
    file and tostring(page) or "", file and file.path or "", file and tostring(file.size or "") or "",
    file and file.sha256 or "", file and id_text(file.pid) or "",
    file and file.thumbnail or "", file and file.thumbnail_state or "", consequences_of, row.reason_code or "",
  }
end

-- Writes the titles that failed, as a list for `plan --titles`.
local function write_failed(db, write)
  write(core.csv.line { "mms_id", "title", "reason" })
  for row in m.rows(db) do
    if states.group(row.state, row.reason_code) == "failed" then
      write(core.csv.line { id_text(row.mms_id), row.title or "", row.reason or "" })
    end
  end
end

local function utc(time, form)
  return os.date(form or "!%Y-%m-%d %H:%M:%S", math.floor(time))
end

local function write_calls(db, write)
  write(core.csv.line { "time", "session", "command", "method", "path", "status", "ms", "try", "tracking_id" })
  for call in audit.calls(db) do
    write(core.csv.line { utc(call.at, "!%Y-%m-%dT%H:%M:%S") .. (".%03dZ"):format(call.at % 1 * 1000 // 1), tostring(call.session),
      call.command, call.method, call.path, tostring(call.status), tostring(call.ms), tostring(call.try), call.tracking or "" })
  end
end

local function write_csv(db, write)
  write(core.csv.line(CSV_HEAD))
  for row in m.rows(db) do
    local told = table.concat(consequence_words.lines(row.consequences), "; ")
    for page, file in ipairs(row.files) do write(csv_line(row, page == 1 and told or "", page, file)) end
    if not row.files[1] then write(csv_line(row, told)) end
  end
end

local function total_calls(calls)
  local total, parts = 0, {}
  for method, n in pairs(calls) do
    total = total + n
    parts[#parts + 1] = n .. " " .. method
  end
  table.sort(parts)
  return total, table.concat(parts, ", ")
end

local SESSIONS_SHOWN = 12

-- Writes who did what, when, from where, with which almanac.
local function write_sessions(db, write)
  local list = audit.sessions(db)
  local first = math.max(1, #list - SESSIONS_SHOWN + 1)
  if first > 1 then write(("        %d earlier commands\n"):format(first - 1)) end
  for i = first, #list do
    local one = list[i]
    write(("%-7s %s to %s UTC  %s@%s  almanac %s  %s %s\n"):format(i == first and "By:" or "", utc(one.began),
      one.ended and utc(one.ended, "!%H:%M:%S") or "?", one.user or "?", one.host or "?", one.version, one.command, one.arguments))
  end
end

local function write_head(head, meta, write)
  local calls, by_method = total_calls(head.calls)
  write(("Run %s: %s %s at %s (%s), planned %s\n"):format(head.run, head.recipe.name, head.recipe.version,
    head.institution, meta.environment, meta.created))
  write(("Rules:  SHA-256 %s\n"):format(head.recipe.sha256 or "-"))
  write(("Titles: %d done, %d to do, %d to decide, %d skipped, %d failed\n"):format(head.titles.done,
    head.titles.ready, head.titles.ask, head.titles.skip, head.titles.failed))
  if head.titles.gone then write(("        %d gone, Alma no longer has them\n"):format(head.titles.gone)) end
  if head.titles.undone then write(("        %d taken back\n"):format(head.titles.undone)) end
  if head.titles.undoing then
    write(("        %d taken back in part; `almanac undo RUN --yes` goes on\n"):format(head.titles.undoing))
  end
  local small = head.files.thumbnails
  write(("Files:  %d planned, %d attached (%s)%s, %d without a title\n"):format(head.files.planned,
    head.files.attached, words.bytes(head.bytes), small > 0 and (", %s uploaded"):format(words.count(small, "thumbnail")) or "",
    head.files.unmatched))
  for i, one in ipairs(head.consequences) do
    write(("%s %s\n"):format(i == 1 and "Leads to:" or "        ", consequence_words.total(one)))
  end
  write(("Calls:  %d%s\n"):format(calls, calls > 0 and " (" .. by_method .. ")" or ""))
end

local function write_problems(db, write)
  local problems, heading = {}, "\nProblems\n"
  for row in db:rows "SELECT text FROM problem ORDER BY id" do problems[#problems + 1] = row.text end
  for _, group in ipairs(causes.group(problems)) do
    write(("%s    %s%s\n"):format(heading, problems[group.first],
      group.n > 1 and (" (and %d more like it)"):format(group.n - 1) or ""))
    heading = ""
  end
end

-- For these states people read other words than the run file has.
local STATE_WORDS = { [states.ASK] = "to decide", [states.SKIP] = "skipped" }
local NOT_DONE = { "failed", "ask", "skip" }

-- Writes the reasons that several titles share, with their number; each title has its own below.
local function write_reasons(db, write)
  local met, label = { failed = {}, ask = {}, skip = {} }, "Why:"
  for row in db:rows "SELECT state, reason_code, reason_data FROM title WHERE reason_code IS NOT NULL ORDER BY id" do
    local list = met[states.group(row.state, row.reason_code)]
    if list then list[#list + 1] = reasons.sentence(row) end
  end
  for _, state in ipairs(NOT_DONE) do
    for _, group in ipairs(causes.group(met[state])) do
      if group.n > 1 then
        write(("%-7s %d %s: %s\n"):format(label, group.n, STATE_WORDS[state] or state, group.words))
        label = ""
      end
    end
  end
end

-- Writes the files without a title; those with the same reason stand together below it.
local function write_unmatched(db, write)
  local heading, said = "\nFiles without a title\n", nil
  for file in db:rows(UNMATCHED) do
    local why = file.problem or reasons.sentence(file)
    write(heading)
    heading = ""
    if file.n == 1 or not why then
      write(("    %s%s\n"):format(file.path, why and ": " .. why or ""))
    else
      if why ~= said then write(("    %d files: %s\n"):format(file.n, why)) end
      write(("        %s\n"):format(file.path))
    end
    said = why
  end
end

local function write_records(db, write)
  for i, line in ipairs(record_report.lines(record_report.of(db))) do write((i == 1 and "\n" or "") .. line .. "\n") end
end

local function write_text(db, write)
  write_head(m.head(db), store.meta(db), write)
  write_reasons(db, write)
  write_sessions(db, write)
  for row in m.rows(db) do
    local files = #row.files == 1 and row.files[1].path or row.files[1] and #row.files .. " files" or ""
    write(("\n%s  %-9s %s\n"):format(row.mms_id, STATE_WORDS[row.state] or row.state, row.title or ""))
    if files ~= "" then
      write(("    %s%s\n"):format(files, row.representation_id and " -> representation " .. row.representation_id or ""))
    end
    for _, file in ipairs(row.files) do
      if file.thumbnail_state then write(("    thumbnail %s: %s\n"):format(file.thumbnail, file.thumbnail_state)) end
    end
    for _, line in ipairs(consequence_words.lines(row.consequences)) do write(("    %s\n"):format(line)) end
    if row.reason then write("    " .. row.reason .. "\n") end
  end
  write_records(db, write)
  write_unmatched(db, write)
  write_problems(db, write)
end

local WRITERS = { text = write_text, csv = write_csv, json = write_json, failed = write_failed, calls = write_calls }

---Writes a report.
---@param db table
---@param format "text"|"csv"|"json"|"failed"|"calls" failed: CSV for `plan --titles`; calls: CSV of every call
---@param write fun(text: string)
function m.write(db, format, write)
  WRITERS[format](db, write)
end

return m
