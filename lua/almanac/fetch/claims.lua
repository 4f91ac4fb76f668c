-- Gives each file that is wanted its place below the folder, once: a file keeps its path over all tries, and no two have
-- one that some disk can't tell apart.
local describe = require "almanac.fetch.describe"
local names = require "almanac.fetch.names"
local objects = require "almanac.recipe.inside.objects"
local rules = require "almanac.recipe.rules"
local since = require "almanac.fetch.since"

local m = {}

local FILE = [[INSERT INTO file(title_id, kind, rep_id, pid, name, label, place, size, path, folded, state, message)
  VALUES(?, 'file', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]]
local AGAIN = [[UPDATE file SET rep_id = ?, name = ?, label = ?, place = ?, size = ?, state = ?, message = ? WHERE id = ?]]

local function text(field) return type(field) == "string" and field ~= "" and field or nil end

local function stored_name(file) return text(file.path) and file.path:match "[^/]+$" or text(file.label) or file.pid end

-- A title as rules see it.
local function title_of(title, bib, record, held)
  local reading = { representations = {}, record = record }
  for i, each in ipairs(held) do
    local files = {}
    for n, file in ipairs(each.files) do
      files[n] = { pid = file.pid, name = stored_name(file), label = text(file.label), size = tonumber(file.size) }
    end
    reading.representations[i] = { id = each.rep.id, label = text(each.rep.label), usage_type = describe.value(each.rep.usage_type),
      library = describe.value(each.rep.library), remote = describe.is_remote(each.rep), files = files }
  end
  return objects.title(title.mms_id, bib.title, reading)
end

-- The paths that the recipe gives, in the order of the files.
local function by_rule(work, title, bib, record, held)
  local ok, answers, code = rules.save_as(work.recipe, title_of(title, bib, record, held), work.args)
  if not ok then return nil, answers, code end
  return answers
end

local function row_of(each, file)
  return { rep_id = each.rep.id, pid = file.pid, name = stored_name(file), label = text(file.label), place = text(file.path),
    size = tonumber(file.size), state = "open" }
end

local function by_default(work, title, each, file)
  return ("%s/%s/%s"):format(names.folder_of(work, title.mms_id), each.rep.id, names.plain(file))
end

local function name_by_rule(work, row, path)
  if not path then
    row.state = "left"
    return
  end
  local words = names.problem(path)
  if words then
    row.state, row.message = "refused", ("the recipe names it '%s': %s"):format(path, words)
  else
    row.path = work.root .. path
  end
end

---The files of a title that are wanted, each with the path that it is to have.
---@param work almanac.fetch.work
---@param title { id: integer, mms_id: string }
---@param bib table
---@param record string
---@param held { rep: table, files: table[] }[]
---@return table[]|nil rows
---@return string? message
---@return string? code
function m.wanted(work, title, bib, record, held)
  local answers, message, code, rows
  if work.recipe then
    answers, message, code = by_rule(work, title, bib, record, held)
    if not answers then return nil, message, code end
  end
  rows = {}
  for _, each in ipairs(held) do
    for _, file in ipairs(each.files) do
      local row = row_of(each, file)
      rows[#rows + 1] = row
      if since.has(work, title, row) then
        row.state = "same"
      elseif answers then
        name_by_rule(work, row, answers[#rows])
      else
        row.path, row.free = by_default(work, title, each, file), true
      end
    end
  end
  return rows
end

-- A name that almanac chose makes room for one that is there; one that a rule chose is refused.
local function settle(db, row)
  local words = row.path and names.taken(db, row.path)
  if words and row.free then
    row.path = row.path:gsub("[^/]+$", function(name) return (names.with_id(name, row.pid):gsub("%%", "%%%%")) end)
    words = names.taken(db, row.path)
  end
  if words then row.state, row.message, row.path = "refused", words, nil end
end

-- Of a title that is read again: a file that is here stays.
local function again(db, row, known)
  local state = row.state
  if state == "open" and known.state == "done" and known.size == row.size and known.place == row.place then state = "done" end
  return db:run(AGAIN, row.rep_id, row.name, row.label, row.place, row.size, state, row.message, known.id)
end

---Writes rows of m.wanted down. Called inside a transaction.
---@param db table
---@param title { id: integer }
---@param rows table[]
---@return any ok
---@return string? message
---@return string? code
function m.keep(db, title, rows)
  local ok, message, code = true, nil, nil
  for _, row in ipairs(rows) do
    local known = db:row("SELECT id, path, state, size, place FROM file WHERE title_id = ? AND pid = ?", title.id, row.pid)
    if known and (known.path or row.state ~= "open") then
      ok, message, code = again(db, row, known)
    else
      if known then ok, message, code = db:run("DELETE FROM file WHERE id = ?", known.id) end
      settle(db, row)
      if ok then
        ok, message, code = db:run(FILE, title.id, row.rep_id, row.pid, row.name, row.label, row.place, row.size, row.path,
          row.path and names.folded(row.path), row.state, row.message)
      end
    end
    if not ok then return nil, message, code end
  end
  return ok
end

return m
