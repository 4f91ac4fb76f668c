-- Makes the derivatives of one master. Each is written under a name of its own, then its
-- digest is in the run file, then it gets its name: killed at any moment, the run knows
-- what is whole, and what stands in the folder is never half of a picture.
local core = require "almanac.core"
local names = require "almanac.derive.names"

local m = {}

local WRITTEN = "INSERT OR REPLACE INTO derivative(file_id, page, path, width, height, size, sha256, named) VALUES(?, ?, ?, ?, ?, ?, ?, 0)"
local NAMED = "UPDATE derivative SET named = 1 WHERE file_id = ?"
local KNOWN = "SELECT * FROM derivative WHERE file_id = ? AND page = ?"
local TAKEN = "SELECT file.path FROM derivative JOIN file ON file.id = file_id WHERE derivative.path = ?"
local FINISHED = "INSERT OR REPLACE INTO master(file_id, pages, problem) VALUES(?, ?, ?)"
local HASHED = "UPDATE file SET sha256 = ? WHERE id = ?"

local function is_there(path, known)
  local stat = core.files.stat(path)
  return stat and stat.size == known.size and core.files.sha256(path) == known.sha256
end

-- Gives a whole file its name. The run file learns of it with the last page of the master.
local function give_name(run, path)
  return core.files.rename(run.to .. "/" .. names.unfinished(path), run.to .. "/" .. path)
end

-- What an earlier process left: true when the derivative has its name.
local function go_on(run, file, page)
  local known = run.db:row(KNOWN, file.id, page)
  if not known then return false end
  if is_there(run.to .. "/" .. known.path, known) then return true end
  if known.named == 0 and is_there(run.to .. "/" .. names.unfinished(known.path), known) then return give_name(run, known.path) end
  return false
end

-- Somebody else's file is never replaced, nor one that another master made.
local function is_free(run, file, page, path)
  local other = run.making[path] or run.db:value(TAKEN, path)
  if other and other ~= file.path then
    return nil, ("'%s' would have the same name as the derivative of '%s'"):format(path, other), "conflict"
  end
  if core.files.stat(run.to .. "/" .. path) and not run.db:row(KNOWN, file.id, page) then
    return nil, ("'%s' is there already, and this run did not make it"):format(path), "conflict"
  end
  return true
end

local function unchanged(run, file)
  local stat, message, code = core.files.stat(run.masters .. "/" .. file.path)
  if not stat then return nil, message, code end
  if stat.size == file.size and stat.mtime_ns == file.mtime_ns then return true end
  return nil, "it changed since the run was begun", "conflict"
end

local function make(run, file, page, path)
  local part = run.to .. "/" .. names.unfinished(path)
  core.files.make_folder((run.to .. "/" .. path):match "^(.*)/[^/]*$")
  core.files.remove(part)
  local options = { page = page - 1 }
  for name, value in pairs(run.options) do options[name] = value end
  local made, message, code = run.workers:derive(run.masters .. "/" .. file.path, part, options, run.to)
  local ok = made
  if ok then ok, message, code = core.files.sync(part) end
  if ok then ok, message, code = unchanged(run, file) end
  local digest, size
  if ok then digest, size = core.files.sha256(part) end
  if not digest then
    core.files.remove(part)
    return nil, message or size, code
  end
  ok, message, code = run.journal:write(function(db)
    return db:run(WRITTEN, file.id, page, path, made.made_width, made.made_height, size, digest)
  end)
  if not ok then return nil, message, code end
  return give_name(run, path)
end

local function make_page(run, file, page, pages)
  local done, message, code = go_on(run, file, page)
  if done or done == nil then return done, message, code end
  local path = names.derivative(file.path, page, pages, run.options.format)
  local ok
  run.making = run.making or {}
  ok, message, code = is_free(run, file, page, path)
  if not ok then return nil, message, code end
  run.making[path] = file.path
  local _ <close> = setmetatable({}, { __close = function() run.making[path] = nil end })
  return make(run, file, page, path)
end

-- JPEG 2000 counts its resolutions as pages.
local function pages_of(run, what)
  return (run.first or what.format == "jp2") and 1 or what.pages
end

local function carry_out(run, file)
  local ok, message, code = unchanged(run, file)
  if not ok then return nil, message, code end
  local what
  what, message, code = run.workers:look(run.masters .. "/" .. file.path)
  if not what then return nil, message, code end
  local digest, size = core.files.sha256(run.masters .. "/" .. file.path)
  if not digest then return nil, size, "io" end
  local pages = pages_of(run, what)
  for page = 1, pages do
    ok, message, code = make_page(run, file, page, pages)
    if not ok then return nil, pages > 1 and ("page %d: %s"):format(page, message) or message, code end
  end
  return pages, digest
end

-- Writes down that a master is done with.
local function finish(run, file, pages, digest, problem)
  return run.journal:write(function(db)
    local ok, message, code = db:run(FINISHED, file.id, pages, problem)
    if ok and pages then ok, message, code = db:run(NAMED, file.id) end
    if ok and pages then ok, message, code = db:run(HASHED, digest, file.id) end
    return ok, message, code
  end)
end

-- These are of the machine and not of the picture, so the same run may go on later.
local PASSES = { cancelled = true, io = true, missing = true }

---Makes all derivatives of a master that the run has not made yet.
---@param run almanac.derive.run
---@param file { id: integer, path: string, size: integer, mtime_ns: integer }
---@return integer|nil pages derivatives that it has
---@return string? message why it has none, or not all
---@return string? code
function m.carry_out(run, file)
  local pages, message, code = carry_out(run, file)
  if not pages and PASSES[code] then return nil, message, code end
  local ok, why, kind = finish(run, file, pages, pages and message, not pages and message or nil)
  if not ok then return nil, why, kind end
  return pages, not pages and message or nil, code
end

return m
