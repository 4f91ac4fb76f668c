-- The rows of ingests in the run file. Run files of earlier versions have no such tables, so nothing here is
-- asked before it is known that the plan has an ingest at all.
local json = require "almanac.json"
local kinds = require "almanac.change_kinds"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"

local m = {}

---@class almanac.ingest a row of `ingest`
---@field id integer
---@field profile string
---@field job string
---@field stage "filling"|"filled"|"starting"|"running"|"ended"|"done"
---@field before string? JSON
---@field sent integer
---@field begun integer
---@field instance string?
---@field report string? JSON

local TOGETHER = "spec." .. kinds.sql_together()
-- Changes of titles that are carried out together and whose end is not known.
local OPEN = ([[SELECT 1 FROM change JOIN spec ON spec.id = change.spec_id AND %s
  LEFT JOIN ingest_title AS t ON t.title_id = change.title_id AND t.change = change.seq
  WHERE change.title_id = title.id AND t.ended IS NULL]]):format(TOGETHER)

---Whether the plan has ingests.
---@param db table
---@return boolean
function m.planned(db)
  return db:value("SELECT 1 FROM spec WHERE " .. kinds.sql_together() .. " LIMIT 1") ~= nil
end

---The import profiles of what is still to be done.
---@param db table
---@return string[] ids or names
function m.profiles(db)
  local list = {}
  local sql = "SELECT DISTINCT json_extract(spec, '$.profile') AS id FROM spec WHERE %s ORDER BY 1"
  for row in db:rows(sql:format(kinds.sql_together())) do
    list[#list + 1] = row.id
  end
  return list
end

---SQL: titles that apply can do on their own, since what is done together is done.
---@param db table
---@return string where
function m.alone(db)
  if not m.planned(db) then return states.OPEN end
  return ("%s AND NOT EXISTS (%s)"):format(states.OPEN, OPEN)
end

---SQL: open titles that are in no ingest yet.
m.WAITING = ([[%s AND EXISTS (SELECT 1 FROM change JOIN spec ON spec.id = change.spec_id AND %s
  LEFT JOIN ingest_title AS t ON t.title_id = change.title_id AND t.change = change.seq
  WHERE change.title_id = title.id AND t.ingest_id IS NULL)]]):format(states.OPEN, TOGETHER)

---The ingests whose end is not known, the first one first.
---@param db table
---@return almanac.ingest[]
function m.open(db)
  local list = {}
  for row in db:rows "SELECT * FROM ingest WHERE stage <> 'done' ORDER BY id" do list[#list + 1] = row end
  return list
end

---@param db table
---@param id integer
---@return almanac.ingest?
function m.get(db, id)
  return db:row("SELECT * FROM ingest WHERE id = ?", id)
end

---Whether an ingest of a profile ended before: then one title has shown what the profile does.
---@param db table
---@param profile string
---@return boolean
function m.is_tried(db, profile)
  return db:value("SELECT 1 FROM ingest WHERE profile = ? AND stage = 'done' LIMIT 1", profile) ~= nil
end

---The titles of an ingest, rows of `title` with `change`.
---@param db table
---@param id integer
---@return table[]
function m.titles(db, id)
  local list = {}
  for row in db:rows([[SELECT title.*, t.change FROM ingest_title AS t JOIN title ON title.id = t.title_id
      WHERE t.ingest_id = ? ORDER BY title.id, t.change]], id) do
    list[#list + 1] = row
  end
  return list
end

---What is known of a title in its ingest.
---@param db table
---@param title_id integer
---@param change integer
---@return table? row of ingest_title
function m.title(db, title_id, change)
  return db:row("SELECT * FROM ingest_title WHERE title_id = ? AND change = ?", title_id, change)
end

---The representations that were made for a change.
---@param db table
---@param title_id integer
---@param change integer
---@return { id: string, fields: table, labels: table<string, string> }[] labels: of files, by the place of the page
function m.made(db, title_id, change)
  local list = {}
  for row in db:rows("SELECT id, fields FROM ingest_made WHERE title_id = ? AND change = ? ORDER BY id", title_id, change) do
    local kept = json.decode(row.fields)
    list[#list + 1] = { id = row.id, fields = kept.fields, labels = kept.labels or {} }
  end
  return list
end

-- ---- writing ----

-- What Alma made of a representation: its fields, and the labels of its files.
local function kept_of(made)
  local labels = {}
  for _, each in ipairs(made.pages) do
    if each.label and each.label ~= each.page.name then labels[tostring(each.page.seq)] = each.label end
  end
  return json.encode { fields = made.fields, labels = next(labels) and labels or nil }
end

---Writes values of an ingest, in the next transaction.
---@param run almanac.run
---@param ingest almanac.ingest
---@param values table<string, any>
---@return true|nil
---@return string? message
---@return string? code
function m.set(run, ingest, values)
  local ok, message, code = run.journal:write(function(db)
    for name, value in pairs(values) do
      local done, why, kind = db:run(("UPDATE ingest SET %s = ? WHERE id = ?"):format(name), value, ingest.id)
      if not done then return nil, why, kind end
    end
    return true
  end)
  if not ok then return nil, message, code end
  for name, value in pairs(values) do ingest[name] = value end
  return true
end

---Adds an ingest with its titles.
---@param run almanac.run
---@param ingest { profile: string, job: string, begun: integer }
---@param members { title_id: integer, change: integer, below: string, number: string? }[]
---@return almanac.ingest|nil
---@return string? message
---@return string? code
function m.add(run, ingest, members)
  local id
  local ok, message, code = run.journal:write(function(db)
    local done, new, kind = db:run("INSERT INTO ingest(profile, job, stage, begun) VALUES(?, ?, 'filling', ?)", ingest.profile,
      ingest.job, ingest.begun)
    if not done then return nil, new, kind end
    id = new
    for _, each in ipairs(members) do
      done, new, kind = db:run("INSERT INTO ingest_title(title_id, change, ingest_id, below, number) VALUES(?, ?, ?, ?, ?)",
        each.title_id, each.change, id, each.below, each.number)
      if not done then return nil, new, kind end
    end
    return true
  end)
  if not ok then return nil, message, code end
  return m.get(run.db, id)
end

---Takes a title out of an ingest that is not submitted. Inside a transaction.
---@param db table
---@param title_id integer
---@param change integer
---@return any, string?, string?
function m.drop(db, title_id, change)
  return db:run("DELETE FROM ingest_title WHERE title_id = ? AND change = ?", title_id, change)
end

---Removes an ingest without titles. Inside a transaction.
---@param db table
---@param id integer
---@return any, string?, string?
function m.remove(db, id)
  return db:run("DELETE FROM ingest WHERE id = ?", id)
end

---Writes down what a title had before. Inside a transaction.
---@param db table
---@param row table of ingest_title
---@param seen { present: string[], record: string? }
---@return any, string?, string?
function m.note_before(db, row, seen)
  return db:run("UPDATE ingest_title SET present = ?, before = ? WHERE title_id = ? AND change = ?",
    json.encode(json.array(seen.present)), seen.record, row.title_id, row.change)
end

---Writes down the end of a title in its ingest. Inside a transaction.
---@param db table
---@param row table of ingest_title
---@param found { made: { id: string, fields: table, pages: { page: almanac.planned_file, pid: string, label: string? }[] }[], after: string?,
---  reason: almanac.run.reason? }
---@param now integer
---@return any, string?, string?
function m.note_end(db, row, found, now)
  local code, data = reasons.columns(found.reason)
  local ok, message, kind = db:run([[UPDATE ingest_title SET ended = ?, after = ?, reason_code = ?, reason_data = ?
    WHERE title_id = ? AND change = ?]], now, found.after, code, data, row.title_id, row.change)
  for i, made in ipairs(found.made) do
    if ok then
      ok, message, kind = db:run("INSERT OR REPLACE INTO ingest_made(title_id, change, id, fields) VALUES(?, ?, ?, ?)", row.title_id,
        row.change, made.id, kept_of(made))
    end
    if ok and i == 1 then
      ok, message, kind = db:run("UPDATE change SET representation_id = ? WHERE title_id = ? AND seq = ?", made.id, row.title_id,
        row.change)
    end
    for _, each in ipairs(made.pages) do
      if ok then
        ok, message, kind = db:run("UPDATE page SET pid = ? WHERE title_id = ? AND change = ? AND seq = ?", each.pid, row.title_id,
          row.change, each.page.seq)
      end
    end
  end
  return ok, message, kind
end

return m
