-- A note is what a person should know of a title or a file though it is no reason to
-- stop: the plan shows it, and the title keeps its state. Texts have the form "what
-- it is: the particulars", so that a summary can count them.
local attempt = require "almanac.run.attempt"

local m = {}

local SHOWN = 3     -- examples of one kind

---The statement that writes one down, for `db:run(m.ADD, what, id, text)`; what: "run" (id 0), "title" or "file",
---or "bib": of the title's record, from Alma.
m.ADD = "INSERT OR IGNORE INTO note(what, id, text) VALUES(?, ?, ?)"

local KIND = "substr(text, 1, instr(text || ': ', ': ') - 1)"
-- Notes of files count only for files that are planned for something.
local SEEN = [[what <> 'file' OR id IN (SELECT file_id FROM page)]]
local GROUPS = ("SELECT %s AS kind, what, count(*) AS n FROM note WHERE %s GROUP BY kind, what ORDER BY what = 'run' DESC, n DESC, kind")
  :format(KIND, SEEN)
local OF_GROUP = ([[SELECT text, CASE WHEN what IN ('title', 'bib') THEN (SELECT mms_id FROM title WHERE title.id = note.id) END AS mms_id
  FROM note WHERE (%s) AND %s = ? AND what = ? ORDER BY note.id LIMIT %d]]):format(SEEN, KIND, SHOWN)
local OF_TITLE = [[SELECT text FROM note WHERE what IN ('title', 'bib') AND id = ?1
  UNION ALL SELECT text FROM note WHERE what = 'file' AND id IN (SELECT file_id FROM page WHERE title_id = ?1)]]

local function rows(db, sql, ...)
  local list = {}
  for row in db:rows(sql, ...) do list[#list + 1] = row end
  return list
end

local function texts(list)
  for i, row in ipairs(list) do list[i] = row.text end
  return list
end

---@param db table
---@return { kind: string, n: integer, examples: { text: string, mms_id: string? }[] }[]
function m.groups(db)
  local list = rows(db, GROUPS)
  for _, group in ipairs(list) do
    group.examples = rows(db, OF_GROUP, group.kind, group.what)
    for _, example in ipairs(group.examples) do example.text = example.text:sub(#group.kind + 3) end
  end
  return list
end

---The notes of a title and of the files that are planned for it.
---@param db table
---@param title_id integer
---@return string[]
function m.of_title(db, title_id)
  return texts(rows(db, OF_TITLE, title_id))
end

---The notes of a file.
---@param db table
---@param file_id integer
---@return string[]
function m.of_file(db, file_id)
  return texts(rows(db, "SELECT text FROM note WHERE what = 'file' AND id = ?", file_id))
end

---Copies what an earlier run, attached as `base`, knows of the records of its titles.
---@param db table
function m.copy(db)
  attempt.run(db, [[INSERT OR IGNORE INTO note(what, id, text) SELECT 'bib', title.id, old.text FROM base.note AS old
    JOIN base.title AS was ON was.id = old.id JOIN title ON title.mms_id = was.mms_id WHERE old.what = 'bib']])
end

return m
