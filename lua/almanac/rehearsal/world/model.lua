-- Changes what the rehearsal holds: bibs, representations, files. Each change is one transaction;
-- the contents of deleted files are removed with it.
local json = require "almanac.json"

local m = {}

local REPRESENTATION = [[SELECT r.*, (SELECT count(*) FROM file WHERE rep_id = r.id) AS files
  FROM representation r ]]
local LISTED = REPRESENTATION:gsub("FROM ", "FROM listed_")

-- Few representations have these fields, so they are kept together in one column.
m.rare = { "entity_type", "author", "title", "volume", "issue", "date", "start_page", "end_page", "track",
  "start_time", "end_time", "number", "year", "season_month", "day_in_month", "request_id",
  "linking_parameter_1", "linking_parameter_2", "linking_parameter_3", "linking_parameter_4",
  "linking_parameter_5" }

---Linking parameters as `more` keeps them.
---@param list string[]
---@return table<string, string>
function m.links(list)
  local more = {}
  for i = 1, 5 do more["linking_parameter_" .. i] = list[i] ~= "" and list[i] or nil end
  return more
end

---@param world table
---@param mms_id string
---@return table? row
function m.bib(world, mms_id)
  return world.db:row("SELECT * FROM bib WHERE mms_id = ?", mms_id)
end

---@param bib { mms_id: string?, title: string, format: string?, oclc: string?, call_number: string? }
---@return string mms_id
function m.add_bib(world, bib)
  local mms_id, today = world:given_id(bib.mms_id, "99"), world:today()
  world.db:run("INSERT INTO bib(mms_id, title, format, oclc, call_number, created, modified) VALUES(?, ?, ?, ?, ?, ?, ?)",
    mms_id, bib.title, bib.format or "marc21", bib.oclc, bib.call_number, today, today)
  return mms_id
end

local function remove_blobs(world, sql, id)
  for row in world.db:rows("SELECT blob FROM file WHERE blob IS NOT NULL AND " .. sql, id) do
    world:discard(row.blob)
  end
end

---@param mms_id string
function m.delete_bib(world, mms_id)
  remove_blobs(world, "rep_id IN (SELECT id FROM representation WHERE mms_id = ?)", mms_id)
  world.db:run("DELETE FROM bib WHERE mms_id = ?", mms_id)
end

local MERGE = {
  "UPDATE representation SET mms_id = ?2 WHERE mms_id = ?1",
  "UPDATE holding SET mms_id = ?2 WHERE mms_id = ?1",
  "UPDATE user_request SET mms_id = ?2 WHERE mms_id = ?1",
  "UPDATE OR IGNORE item SET mms_id = ?2 WHERE mms_id = ?1",
  "INSERT OR IGNORE INTO membership(pid, mms_id) SELECT pid, ?2 FROM membership WHERE mms_id = ?1",
  "INSERT OR REPLACE INTO meta(key, value) VALUES('merged ' || ?1, ?2)",
}

---Merges two bibs: the inventory of one goes with its ids to the other, which stays. No source says that its
---collections go along; it follows from the rule that a title with representations is in one.
---@param from string MMS ID that is no more
---@param into string MMS ID that survives
function m.merge(world, from, into)
  for _, mms_id in ipairs { from, into } do
    if not m.bib(world, mms_id) then error(("there is no title '%s'"):format(mms_id), 0) end
  end
  if from == into then error("a title can't be merged into itself", 0) end
  world:atomically(function()
    for _, sql in ipairs(MERGE) do world.db:run(sql, from, into) end
    world.db:run("DELETE FROM bib WHERE mms_id = ?", from)
    world.db:run("UPDATE bib SET modified = ? WHERE mms_id = ?", world:today(), into)
  end)
end

---@param id string
---@param mms_id string? the title it must belong to
---@return table? row with the number of `files`
function m.representation(world, id, mms_id)
  local row = world.db:row(REPRESENTATION .. "WHERE r.id = ?", id)
  if row and (not mms_id or row.mms_id == mms_id) then return row end
end

---A page of a title's representations in the order in which they were made.
---@param filter { origin: string?, limit: integer?, offset: integer?, listed: boolean? } listed: as lists know them
---@return table[] rows
---@return integer total
function m.representations(world, mms_id, filter)
  local rows = {}
  for row in world.db:rows((filter.listed and LISTED or REPRESENTATION) .. [[WHERE r.mms_id = ?1 AND (?2 IS NULL OR r.origin = ?2)
      ORDER BY r.n LIMIT ?3 OFFSET ?4]], mms_id, filter.origin, filter.limit or -1, filter.offset or 0) do
    rows[#rows + 1] = row
  end
  local total = world.db:value(("SELECT count(*) FROM %s WHERE mms_id = ?1 AND (?2 IS NULL OR origin = ?2)")
    :format(filter.listed and "listed_representation" or "representation"), mms_id, filter.origin)
  return rows, total
end

---@param rep table mms_id, library, usage_type; label, public_note, policy, remote, repository, origin, more, by
---@return string id
function m.add_representation(world, rep)
  local id, today = world:given_id(rep.id, rep.remote and "32" or "12"), world:today()
  world.db:run([[INSERT INTO representation(id, mms_id, remote, library, usage_type, label, public_note,
      policy, repository, origin, more, created_by, created_date, modified_by, modified_date)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]],
    id, rep.mms_id, rep.remote or false, rep.library, rep.usage_type, rep.label or "", rep.public_note or "",
    rep.policy, rep.repository, rep.origin, rep.more and json.encode(rep.more),
    rep.created_by or "System", today, rep.modified_by or "System", today)
  return id
end

---Replaces the fields that may be changed.
function m.update_representation(world, id, rep)
  world.db:run([[UPDATE representation SET library = ?2, usage_type = ?3, label = ?4, public_note = ?5,
      policy = ?6, more = ?7, active = coalesce(?8, active), modified_by = ?9, modified_date = ?10
    WHERE id = ?1]], id, rep.library, rep.usage_type, rep.label or "", rep.public_note or "", rep.policy,
    rep.more and json.encode(rep.more), rep.active, rep.modified_by, world:today())
end

-- Decides what becomes of a title that lost its last (active) representation.
local function left_over(world, mms_id, what, condition)
  local left = world.db:value("SELECT count(*) FROM representation WHERE mms_id = ? AND " .. condition, mms_id)
  if left > 0 or what == "retain" then return end
  if what == "delete" then return m.delete_bib(world, mms_id) end
  world.db:run("UPDATE bib SET suppressed = 1, modified = ? WHERE mms_id = ?", world:today(), mms_id)
end

---@param bibs "retain"|"suppress"|"delete"
function m.delete_representation(world, row, bibs)
  world:atomically(function()
    remove_blobs(world, "rep_id = ?", row.id)
    world.db:run("DELETE FROM representation WHERE id = ?", row.id)
    left_over(world, row.mms_id, bibs, "1")
  end)
end

---Does what follows when a representation became inactive.
---@param bibs "retain"|"suppress"
function m.deactivated(world, mms_id, bibs)
  left_over(world, mms_id, bibs, "active")
end

---@param listed boolean? as lists know them
---@return table[] rows in page order
function m.files(world, rep_id, listed)
  local rows = {}
  local sql = ("SELECT * FROM %s WHERE rep_id = ? ORDER BY n"):format(listed and "listed_file" or "file")
  for row in world.db:rows(sql, rep_id) do rows[#rows + 1] = row end
  return rows
end

---@param pid string
---@param rep_id string? the representation it must belong to
---@return table? row
function m.file(world, pid, rep_id)
  local row = world.db:row("SELECT * FROM file WHERE pid = ?", pid)
  if row and (not rep_id or row.rep_id == rep_id) then return row end
end

---@param file table rep_id, name, size; pid, label, etag, sha256, blob
---@return string pid
function m.add_file(world, file)
  local pid = world:given_id(file.pid, "13")
  world.db:run([[INSERT INTO file(pid, rep_id, label, path, size, etag, sha256, blob, modified)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)]], pid, file.rep_id, file.label or file.name,
    world:storage_path(pid, file.name), file.size, file.etag, file.sha256, file.blob, world:time() // 1 | 0)
  return pid
end

---@param key string in upload/
---@return table? row
function m.object(world, key)
  return world.db:row("SELECT * FROM object WHERE key = ?", key)
end

-- The object that lies at the key now goes. Its content goes as well, unless the file is made of it.
local function leave_upload(world, object)
  local blob = world.db:value("SELECT blob FROM object WHERE key = ?", object.key)
  world.db:run("DELETE FROM object WHERE key = ?", object.key)
  if blob ~= object.blob then world:discard(blob) end
end

---Makes a file of an uploaded object: the object leaves upload/ (unless it has `moved` already), and the file is in storage/.
---@param as { name: string, label: string? }
---@return string pid
function m.attach(world, rep_id, object, as)
  return world:atomically(function()
    if not object.moved then leave_upload(world, object) end
    return m.add_file(world, { rep_id = rep_id, label = as.label, name = as.name, size = object.size,
      etag = object.etag, sha256 = object.sha256, blob = object.blob })
  end)
end

---@param options { representations: string, bibs: string }
function m.delete_file(world, row, options)
  world:atomically(function()
    world.db:run("DELETE FROM file WHERE pid = ?", row.pid)
    world:discard(row.blob)
    local rep = m.representation(world, row.rep_id)
    if rep and rep.files == 0 and options.representations == "delete" then
      m.delete_representation(world, rep, options.bibs)
    end
  end)
end

return m
