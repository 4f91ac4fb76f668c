-- What a fetch before has already, or what a date tells of it. With the state of a fetch before, records, representations
-- and files are compared one by one. With a date only what Alma dates can be told: records and representations. Its
-- documentation does not say that a representation's date changes when files are added to it or replaced.
local state = require "almanac.fetch.state"

local m = {}

---Opens what --since names.
---@param given string a day as 2026-11-30, the folder of a fetch, or its state
---@param recipe string SHA-256 of the recipe, "" for none: what another one left out is wanted now
---@return { day: string?, db: table?, path: string?, same_rules: boolean? }|nil since
---@return string? message
---@return string? code
function m.open(given, recipe)
  if given:find "^%d%d%d%d%-%d%d%-%d%d$" then return { day = given } end
  local path = given:find "%.fetch$" and given or state.path(given)
  local db, message, code = state.open(path, "read")
  if not db then
    return nil, ("--since %s: %s; give a day as 2026-11-30, or the folder of an earlier fetch"):format(given, message), code
  end
  return { db = db, path = path, same_rules = (state.meta(db, "recipe_sha256") or "") == recipe }
end

local function title_before(work, mms_id)
  return work.since.db:row("SELECT id, mms_id, mark FROM title WHERE mms_id = ? AND state IN ('read', 'same')", mms_id)
end

local function row_of(file) return { pid = file.pid, place = file.path, size = tonumber(file.size) } end

local function same_representations(work, before, held)
  local n = work.since.db:value("SELECT count(*) FROM representation WHERE title_id = ?", before.id)
  if n ~= #held then return false end
  for _, each in ipairs(held) do
    local mark = work.since.db:value("SELECT mark FROM representation WHERE title_id = ? AND rep_id = ?", before.id, each.rep.id)
    if mark ~= each.mark then return false end
    for _, file in ipairs(each.files) do
      if not m.has(work, before, row_of(file)) then return false end
    end
  end
  return true
end

-- A date that Alma does not tell may be any.
local function is_older(date, day)
  return type(date) == "string" and date:find "^%d%d%d%d%-%d%d%-%d%d" ~= nil and date:sub(1, 10) < day
end

local function older_than(day, bib, held)
  if not is_older(bib.last_modified_date, day) then return false end
  for _, each in ipairs(held) do
    if not is_older(each.rep.last_modified_date, day) then return false end
  end
  return true
end

---Whether a title is as it was.
---@param work almanac.fetch.work
---@param title { mms_id: string }
---@param bib table
---@param mark string of the record
---@param held { rep: table, files: table[], mark: string }[]
---@return boolean
function m.is_same(work, title, bib, mark, held)
  if not work.since then return false end
  if work.since.day then return older_than(work.since.day, bib, held) end
  local before = title_before(work, title.mms_id)
  if not before or before.mark ~= mark then return false end
  return same_representations(work, before, held)
end

local HAS = [[SELECT 1 FROM file JOIN title ON title.id = title_id WHERE mms_id = ? AND pid = ? AND place IS ? AND size IS ?
  AND (file.state IN ('done', 'same') OR file.state = 'left' AND ?)]]

---Whether the fetch before has a file.
---@param work almanac.fetch.work
---@param title { mms_id: string }
---@param row { pid: string, place: string?, size: integer? }
---@return boolean
function m.has(work, title, row)
  local db = work.since and work.since.db
  return db ~= nil and db:value(HAS, title.mms_id, row.pid, row.place, row.size, work.since.same_rules or false) ~= nil
end

---The files of a title that is as it was, as rows of almanac.fetch.claims.
---@param held { rep: table, files: table[] }[]
---@return table[] rows
function m.all_same(held)
  local rows = {}
  for _, each in ipairs(held) do
    for _, file in ipairs(each.files) do
      rows[#rows + 1] = { rep_id = each.rep.id, pid = file.pid, name = file.path and file.path:match "[^/]+$", label = file.label,
        place = file.path, size = tonumber(file.size), state = "same" }
    end
  end
  return rows
end

---What the fetch before had and Alma has no more: titles that are no longer asked for or known, and files of others.
---@param db table the state of this fetch
---@param path string of the state before
---@return { mms_id: string, pid: string?, name: string? }[]|nil gone
---@return string? message
---@return string? code
function m.gone(db, path)
  local ok, message, code = db:attach(path, "last")
  if not ok then return nil, message, code end
  local list = {}
  for row in db:rows [[SELECT was.mms_id, NULL AS pid, was.title AS name FROM last.title AS was WHERE was.state IN ('read', 'same')
      AND NOT EXISTS (SELECT 1 FROM main.title AS now WHERE now.mms_id = was.mms_id AND now.state <> 'gone')
    UNION ALL SELECT was.mms_id, old.pid, old.name FROM last.file AS old JOIN last.title AS was ON was.id = old.title_id
      JOIN main.title AS now ON now.mms_id = was.mms_id
      WHERE old.kind = 'file' AND old.state IN ('done', 'same') AND now.state IN ('read', 'same')
      AND NOT EXISTS (SELECT 1 FROM main.file AS new WHERE new.title_id = now.id AND new.pid = old.pid)
    ORDER BY 1, 2]] do
    list[#list + 1] = row
  end
  return list
end

return m
