-- Works out what the changes of a title lead to, from what Alma had when the plan
-- was made: what is deleted and whether it is a master, files that become another
-- type, access rights and usage types from old to new, what patrons see first.
-- Plans, reports and checks all say what is found here.
local json = require "almanac.json"
local ingest_metadata = require "almanac.ingest_metadata"
local kinds = require "almanac.change_kinds"
local objects = require "almanac.recipe.inside.objects"
local details = require "almanac.run.details"
local readings = require "almanac.reading"
local record_changes = require "almanac.run.record_changes"
local states = require "almanac.run.states"
local usage = require "almanac.run.usage"

local m = {}

---@class almanac.run.consequence
---@field what "delete"|"order"|"type"|"set"|"viewer"|"request"|"create"|"record" order: undo can't give back the order of its files;
---  request: it is moved on from a step; create: a title is made; record: what becomes of a field of one
---@field of "file"|"representation"|"changed"|"added"|"gone"|"moved"|nil what is deleted, or what becomes of a field of the record
---@field name string? of the file; label of the representation
---@field id string? of the file or representation
---@field files integer? how many files are deleted; of an order: how many stay behind a deleted one
---@field usage_type string? of the representation; nil: Alma did not tell
---@field master boolean? whether a master is concerned, or may be
---@field remote string? what is deleted is remote: the code of its repository, where the files are, or ""
---@field field string? the field that is set, also of the record: tag or name of an element; of a new title "suppressed" or nil
---@field before string? the record's field as it is
---@field after string? as it will be
---@field from string? type, old value or what the page opened with before; nil: not known, or nothing
---@field to string? type, new value or what the page opens with

-- Only these fields matter to patrons or to preservation when they change.
local TELLING = { "access_rights", "usage_type" }

local function by_id(list, field, id)
  for _, item in ipairs(list) do
    if item[field] == id then return item end
  end
end

local function add_deletion(list, rep, entry)
  entry.what, entry.usage_type, entry.master = "delete", rep.usage_type, not rep.remote and usage.is_master(rep.usage_type)
  entry.remote = rep.remote and (rep.repository or "") or nil
  list[#list + 1] = entry
end

local function add_deleted_file(list, rep, change)
  local file = by_id(rep.files, "pid", change.pid) or {}
  add_deletion(list, rep, { of = "file", name = file.name, id = change.pid, files = 1 })
end

-- Notes when a file is replaced by one of another type.
local function add_type(list, rep, change)
  local deleted = list[#list]
  local _, from = objects.split_extension(deleted.name or "")
  local _, to = objects.split_extension(change.files[1].name)
  if from ~= to then
    list[#list + 1] = { what = "type", from = from, to = to, name = change.files[1].name, usage_type = rep.usage_type,
      master = deleted.master }
  end
end

local function add_settings(list, rep, change)
  for _, field in ipairs(TELLING) do
    if change[field] and change[field] ~= rep[field] then
      list[#list + 1] = { what = "set", field = field, from = rep[field], to = change[field], id = rep.id }
    end
  end
end

-- Adds what a change does to a representation that Alma has.
local function add_change(list, rep, change)
  local kind, deleted = kinds.kinds[change.kind], kinds.deleted(change.kind, change)
  if deleted == "representation" then
    add_deletion(list, rep, { of = "representation", name = rep.label, id = rep.id, files = rep.file_count or #rep.files })
  elseif deleted then
    add_deleted_file(list, rep, change)
    if kind.fields.with then add_type(list, rep, change) end
  end
  if kind.sets then add_settings(list, rep, change) end
end

-- Adds what a change does to the title's record, or that it makes the title.
local function add_record(list, record, change)
  if kinds.makes_title(change) then
    list[#list + 1] = { what = "create", field = change.suppress and "suppressed" or nil, to = change.collection }
  elseif kinds.kinds[change.kind].edits and record then
    for _, one in ipairs(record_changes.planned(record, change) or {}) do
      list[#list + 1] = { what = "record", of = one.kind, field = one.field, before = one.before, after = one.after }
    end
  end
end

-- The files of a representation that are deleted one by one, by id.
local function deleted_files(changes, rep)
  local pids = {}
  for _, change in ipairs(changes) do
    if kinds.deleted(change.kind, change) == "file" and change.representation == rep.id then pids[change.pid] = true end
  end
  return pids
end

-- Undo puts files back behind those that stayed, and never deletes masters to mend
-- their order (almanac.apply.order).
local function add_order(list, reading, changes)
  for _, rep in ipairs(reading.representations) do
    local deleted, seen, behind = deleted_files(changes, rep), false, 0
    for _, file in ipairs(usage.is_master(rep.usage_type) and rep.files or {}) do
      seen = seen or deleted[file.pid] ~= nil
      if seen and not deleted[file.pid] then behind = behind + 1 end
    end
    if behind > 0 then
      list[#list + 1] = { what = "order", usage_type = rep.usage_type, id = rep.id, files = behind, master = true }
    end
  end
end

-- The representations that the title will have; new ones count as having the highest ids.
local function afterwards(reading, changes)
  local list = {}
  local function without(id)
    for i, rep in ipairs(list) do
      if rep.id == id then return table.remove(list, i) end
    end
  end
  for i, rep in ipairs(reading.representations) do list[i] = rep end
  for i, change in ipairs(changes) do
    local kind = kinds.kinds[change.kind]
    local rep = kinds.makes_representation(change) and { id = ("9"):rep(30) .. i, usage_type = change.usage_type, is_new = true,
      remote = change.originating_record_id ~= nil }
    if kind.deletes == "representation" then
      without(change.representation)
    elseif kind.sets and change.usage_type then
      local old = without(change.representation)
      rep = old and { id = old.id, usage_type = change.usage_type, remote = old.remote }
    end
    list[#list + 1] = rep or nil
  end
  return list
end

local function add_viewer(list, reading, changes)
  local before, from = usage.opens_with(reading.representations)
  local after, to = usage.opens_with(afterwards(reading, changes))
  if (before and before.id) == (after and after.id) and from == to then return end
  list[#list + 1] = { what = "viewer", from = from, to = to }
end

---Lists what changes of a title lead to.
---@param reading { representations: table[], record: string? } what Alma had (almanac.reading); record: as a run file keeps it
---@param changes table[] of a recipe (almanac.recipe.inside.changes), or from m.planned
---@return almanac.run.consequence[]
function m.of(reading, changes)
  local list = {}
  for _, change in ipairs(changes) do
    local rep = change.representation and by_id(reading.representations, "id", change.representation)
    if rep then add_change(list, rep, change) end
    if kinds.kinds[change.kind].moves then list[#list + 1] = { what = "request", id = change.request, from = change.from } end
    add_record(list, reading.record, change)
  end
  add_order(list, reading, changes)
  add_viewer(list, reading, changes)
  return list
end

---Finds the first deletion that the recipe does not declare; to delete a master needs an effect of its own.
---@param recipe { effects: table<string, boolean> }
---@param reading { representations: table[] }
---@param changes table[]
---@return string? words
function m.undeclared(recipe, reading, changes)
  for _, change in ipairs(changes) do
    local describing = change.metadata and not reading.new and ingest_metadata.describes(change.metadata)
    if describing and not recipe.effects["update-bib"] then
      return ("sends %s for a title that is there, which can take the place of its description, but its effects do not declare " ..
        "'update-bib': send ids and file names alone, or declare it"):format(describing == "a record" and describing or
        ("'%s'"):format(describing))
    end
    for _, found in ipairs(kinds.deleted(change.kind, change) and m.of(reading, { change }) or {}) do
      local effect = found.master and "delete-master" or "delete"
      if found.what == "delete" and not recipe.effects[effect] then
        return ("proposes %s, which deletes %s%s, but its effects do not declare '%s'"):format(change.kind,
          found.master and "a master" or "what is no master", found.usage_type and " (" .. found.usage_type .. ")" or
          " as far as is known (Alma did not tell the usage type)", effect)
      end
    end
  end
end

-- ---- of a run ----

-- Titles that a plan does not carry out (any more) lead to nothing.
local NOTHING = { [states.SKIP] = true, [states.GONE] = true, [states.UNDONE] = true, [states.UNDOING] = true }

local CHANGES = [[SELECT change.title_id, change.seq, spec.kind, spec.spec, change.representation_id, change.pid
  FROM change JOIN spec ON spec.id = change.spec_id WHERE change.title_id = ? ORDER BY change.seq]]
local NAME = [[SELECT file.path FROM page JOIN file ON file.id = page.file_id
  WHERE page.title_id = ? AND page.change = ? AND page.seq = 1]]

-- Makes of a row of CHANGES the change as the recipe described it.
local function change_of(db, row, specs)
  local change = {}
  specs[row.spec] = specs[row.spec] or json.decode(row.spec)
  for name, value in pairs(specs[row.spec]) do change[name] = value end
  change.kind, change.representation, change.pid, change.seq = row.kind, row.representation_id, row.pid, row.seq
  if kinds.kinds[row.kind].fields.with then
    change.files = { { name = objects.last_part(db:value(NAME, row.title_id, row.seq) or "") } }
  end
  return change
end

---The planned changes of a title, as a recipe describes them.
---@param db table
---@param title_id integer
---@param specs table<string, table>? specs that were read already
---@return table[]
function m.planned(db, title_id, specs)
  local list = {}
  for row in db:rows(CHANGES, title_id) do list[#list + 1] = change_of(db, row, specs or {}) end
  return list
end

---Lists what the plan of a title leads to.
---@param db table
---@param title { id: integer, state: string, reading: string? } a row
---@param specs table<string, table>?
---@return almanac.run.consequence[]
function m.of_title(db, title, specs)
  if NOTHING[title.state] or not title.reading then return {} end
  local changes = m.planned(db, title.id, specs)
  if not changes[1] then return {} end
  local reading = readings.decode(title.reading)
  if kinds.edits_record(changes) then details.add(db, title.id, reading) end
  return m.of(reading, changes)
end

local TITLES = "SELECT id, state, reading FROM title WHERE id IN (SELECT title_id FROM change) AND NOT " ..
  states.is(states.ASK, states.SKIP) .. " ORDER BY id"

-- Consequences that agree in these fields are counted together.
local ALIKE = { "what", "of", "usage_type", "field", "from", "to", "remote" }

local function sort_of(one)
  local parts = {}
  for i, name in ipairs(ALIKE) do parts[i] = one[name] or "" end
  return table.concat(parts, "\0")
end

---Counts what the plan of a run leads to.
---@param db table
---@return table[] totals consequences without what belongs to one title, each with `n` (how many), `files` (deleted) and
---  `titles` (of how many); what deletes masters first
function m.totals(db)
  local list, seen, specs = {}, {}, {}
  for title in db:rows(TITLES) do
    for _, one in ipairs(m.of_title(db, title, specs)) do
      local sort = sort_of(one)
      local total = seen[sort]
      if not total then
        total = { n = 0, files = 0, titles = 0, master = one.master }
        for _, name in ipairs(ALIKE) do total[name] = one[name] end
        seen[sort], list[#list + 1] = total, total
      end
      total.n, total.files = total.n + 1, total.files + (one.files or 0)
      total.titles = total.titles + (total.last == title.id and 0 or 1)
      total.last = title.id
    end
  end
  for _, total in ipairs(list) do total.last = nil end
  return m.sorted(list)
end

local RANK = { delete = 1, order = 2, type = 3, create = 4, record = 5, set = 6, request = 7, viewer = 8 }

---Puts consequences in the order in which people are told: what deletes masters first.
---@param list table[]
---@return table[] list the same
function m.sorted(list)
  local function rank(one) return RANK[one.what] * 2 + (one.master and 0 or 1) end
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return sort_of(a) < sort_of(b)
  end)
  return list
end

return m
