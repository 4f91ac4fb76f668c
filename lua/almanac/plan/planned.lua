-- Writes what is planned for titles as rows: their changes, and the pages of these.
local attempt = require "almanac.run.attempt"
local changes_of = require "almanac.recipe.inside.changes"
local core = require "almanac.core"
local json = require "almanac.json"
local kinds = require "almanac.change_kinds"

local m = {}

local CHANGE = "INSERT INTO change(title_id, seq, spec_id, representation_id, pid) VALUES(?, ?, ?, ?, ?)"
local PAGE = "INSERT INTO page(title_id, change, seq, file_id, name) VALUES(?, ?, ?, ?, ?)"

local nfc = core.text.nfc

-- The last part of a file's key in S3: the name in NFC, with the page number in front
-- when an earlier file has that name, or the name of its thumbnail (with a suffix).
local function upload_name(name, page, taken, suffix)
  local result = nfc(name)
  while taken[result] or suffix and taken[result .. suffix] do result = page .. "-" .. result end
  taken[result] = true
  if suffix then taken[result .. suffix] = true end
  return result
end

-- The row that says what is to be made. Mostly the title before has the same change at
-- the same place; then its row is used again.
local function spec_of(run, seq, change)
  run.specs = run.specs or {}
  local last = run.specs[seq]
  if last and changes_of.is_alike(last.change, change) then return last.id end
  local spec = changes_of.spec(change)
  if kinds.makes_representation(change) then spec.collection = run.collection end
  if kinds.makes_title(change) then spec.collection = spec.collection or run.collection end
  local _, id = attempt.run(run.db, "INSERT INTO spec(kind, spec) VALUES(?, ?)", change.kind, json.encode(spec))
  run.specs[seq] = { change = change, id = id }
  return id
end

-- The changes of a title share a folder in S3. A file whose name an earlier change of
-- the title uses (`names`) goes into a folder below, so that it keeps its name.
local function add_pages(pages, title_id, seq, change, rows, names)
  local taken, own = {}, {}
  for page, file in ipairs(change.files or {}) do
    local name, n = file.name, #pages.ids + 1
    local given = upload_name(name, page, taken, (rows[file].thumbnail or {}).suffix)
    own[#own + 1] = given
    if names[given] then given = seq .. "/" .. given end
    pages.ids[n], pages.changes[n], pages.seqs[n], pages.files[n] = title_id, seq, page, rows[file].id
    pages.names[n] = given ~= name and given
  end
  for _, given in ipairs(own) do names[given] = true end
end

---Writes down what is planned for titles.
---@param run { db: table, collection: string? }
---@param entries { id: integer, changes: table[], rows: table<table, { id: integer }> }[] id: of the title; changes: of
---  a recipe; rows: file object -> row of `file`
function m.write(run, entries)
  local ids, seqs, specs, representations, pids = {}, {}, {}, {}, {}
  local pages = { ids = {}, changes = {}, seqs = {}, files = {}, names = {} }
  for _, entry in ipairs(entries) do
    local names = {}
    for seq, change in ipairs(entry.changes) do
      local n = #ids + 1
      ids[n], seqs[n], specs[n] = entry.id, seq, spec_of(run, seq, change)
      representations[n], pids[n] = change.representation or false, change.pid or false
      add_pages(pages, entry.id, seq, change, entry.rows, names)
    end
  end
  attempt.run_many(run.db, CHANGE, #ids, ids, seqs, specs, representations, pids)
  attempt.run_many(run.db, PAGE, #pages.ids, pages.ids, pages.changes, pages.seqs, pages.files, pages.names)
end

---Takes back what is planned for a title.
---@param db table
---@param title_id integer
function m.erase(db, title_id)
  attempt.run(db, "DELETE FROM page WHERE title_id = ?", title_id)
  attempt.run(db, "DELETE FROM change WHERE title_id = ?", title_id)
end

return m
