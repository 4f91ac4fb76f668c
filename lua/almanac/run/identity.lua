-- Whether a file is the one that was planned: at its place, of the same size and time,
-- and beginning and ending as it did when the plan looked into it. A change that leaves
-- size, time, the first 4096 and the last 64 bytes as they were goes unnoticed.
local core = require "almanac.core"
local reasons = require "almanac.run.reasons"

local m = {}

local MARK = "SELECT mark FROM file WHERE id = ?"

---Reads size, time and mark of a file as it is now.
---@param folder string
---@param path string below it
---@return { size: integer, mtime_ns: integer, mark: integer }|nil
---@return string? message
---@return string? code "missing"; "conflict": it is a link that leads out of the folder; "io"
function m.look(folder, path)
  local mark, size, mtime_ns = core.files.mark(folder .. "/" .. path, folder)
  if not mark then return nil, size, mtime_ns end
  return { size = size, mtime_ns = mtime_ns, mark = mark }
end

---Says how a file differs from the one that was planned.
---@param db table
---@param page { path: string, size: integer, mtime_ns: integer, file_id: integer? } file_id: nil for what the run copied itself
---@param now table from m.look
---@return almanac.run.reason? reason nil: it is the same, as far as that was looked at
function m.difference(db, page, now)
  if now.size ~= page.size or now.mtime_ns ~= page.mtime_ns then return reasons.new("disk_file_changed", { file = page.path }) end
  local mark = page.file_id and db:value(MARK, page.file_id)
  if not mark or mark == now.mark then return nil end
  return reasons.new("disk_file_other", { file = page.path })
end

return m
