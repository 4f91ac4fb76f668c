-- Finds out, before anything is sent, whether a command needs the bucket at all and
-- which files it will not take.
local attempt = require "almanac.run.attempt"
local kinds = require "almanac.change_kinds"
local states = require "almanac.run.states"

local m = {}

local PLANNED = ([[page JOIN file ON file.id = page.file_id JOIN title ON title.id = page.title_id
  LEFT JOIN thumbnail ON thumbnail.of = page.file_id LEFT JOIN file AS small ON small.id = thumbnail.file_id
  WHERE page.pid IS NULL AND title.%s]]):format(states.OPEN)
local TO_SEND = "SELECT file.path, file.size, small.path AS small_path, small.size AS small_size FROM " .. PLANNED
local USABLE = [[SELECT id, path, size FROM file
  WHERE problem IS NULL AND reason_code IS NULL AND size IS NOT NULL AND (?1 OR size < ?2 OR size > ?3)]]
local PROBLEM = "UPDATE file SET problem = ? WHERE id = ?"
-- Finds a step that sent something, or deleted it with a copy that undo sends again.
local SENT = [[SELECT 1 FROM step JOIN title ON title.id = step.title_id
  WHERE step.kind IN ('upload', 'thumbnail', 'copy', 'delete', 'single') LIMIT 1]]

-- An ingest whose files are all in Alma has a folder that is to be emptied. Run files of earlier versions have no such table.
local function has_open_ingest(db)
  return db:value("SELECT 1 FROM spec WHERE " .. kinds.sql_together() .. " LIMIT 1") ~= nil
    and db:value "SELECT 1 FROM ingest WHERE stage <> 'done' LIMIT 1" ~= nil
end

---Whether apply has files to send for this plan. One that changes labels,
---rights or collections, or changes nothing, needs no bucket.
---@param db table the run file
---@return boolean
function m.planned(db)
  return db:value("SELECT 1 FROM " .. PLANNED .. " LIMIT 1") ~= nil or has_open_ingest(db)
end

---Whether undo has uploads to take away, or copies to send again.
---@param db table
---@return boolean
function m.made(db)
  return db:value(SENT) ~= nil
end

---Gives a problem to files of the plan that the storage does not take, so that their
---titles are to decide. Called inside an attempt.
---@param db table
---@param storage table from connect.storage
function m.mark(db, storage)
  local smallest, largest, by_type = storage:bounds()
  local ids, words, others = {}, {}, storage.delete and "" or "; AWS keys could send it"
  for file in db:rows(USABLE, by_type and 1 or 0, smallest, largest) do
    local why = storage:refuses(file.path, file.size)
    if why then ids[#ids + 1], words[#words + 1] = file.id, why .. others end
  end
  for i, id in ipairs(ids) do attempt.run(db, PROBLEM, words[i], id) end
end

---Counts the files that are to be sent and that the storage does not take.
---@param db table
---@param storage table from connect.storage
---@return integer files
---@return string? words the first of them, and why
function m.refused(db, storage)
  local files, first = 0, nil
  local function count_refused(path, size)
    local why = path and storage:refuses(path, size)
    if not why then return end
    files, first = files + 1, first or path .. " " .. why
  end
  for row in db:rows(TO_SEND) do
    count_refused(row.path, row.size)
    count_refused(row.small_path, row.small_size)
  end
  return files, first
end

return m
