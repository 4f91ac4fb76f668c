-- Writes a file for people so that it appears whole or not at all. A link stays and its
-- target is replaced; a device or a pipe is written to directly. A run file is the proof
-- of what was done, so this module never overwrites one.
local core = require "almanac.core"

local m = {}

local RUN_FILE = "SQLite format 3"
local LOGS = { "", "%-wal$", "%-shm$", "%-journal$" }   -- endings of a run file and of what SQLite keeps beside it

local function is_run_file(path)
  local stat = core.files.stat(path)
  if not stat or stat.kind ~= "file" then return false end
  return core.files.head(path, #RUN_FILE) == RUN_FILE
end

---Whether a file may be written at a path.
---@param path string
---@return true|nil
---@return string? message
---@return string? code "conflict": a run file is there
function m.check(path)
  for _, ending in ipairs(LOGS) do
    local main = ending == "" and path or path:gsub(ending, "")
    if (ending == "" or main ~= path) and is_run_file(main) then
      return nil, ("%s is %s; give another name"):format(path, main == path and "a run file" or "part of a run file"), "conflict"
    end
  end
  return true
end

---@class almanac.whole
---@field path string as it was given
---@field file file*? what is written to, until it is complete
---@field target string? what gets replaced; nil when a device or pipe is written to
---@field partial string? where it grows until then
local methods = {}

local function problem(path, message)
  return nil, ("%s can't be written: %s"):format(path, (message:gsub("^.*: ", ""))), "io"
end

---@param ... string
---@return true|nil
---@return string? message
---@return integer? number as io.open's files give it
function methods:write(...)
  local ok, message, number = self.file:write(...)
  if ok then return true end
  return nil, message, number
end

---Says that all is written: now the file gets its name.
---@return true|nil
---@return string? message
---@return string? code "io"
function methods:complete()
  local file = self.file
  self.file = nil
  local ok, message = file:close()
  if ok and self.partial then ok, message = core.files.rename(self.partial, self.target) end
  if not ok then return problem(self.path, message) end
  self.partial = nil
  return true
end

---Ends the writing; an incomplete file is removed.
function methods:close()
  if self.file then self.file:close() end
  if self.partial then core.files.remove(self.partial) end
  self.file, self.partial = nil, nil
end

local meta = { __index = methods, __close = methods.close }

---Begins a file; hold it in a <close> variable.
---@param path string
---@return almanac.whole|nil
---@return string? message
---@return string? code "conflict": a run file is there, "io"
function m.open(path)
  local free, why, code = m.check(path)
  if not free then return nil, why, code end
  local stat = core.files.stat(path)
  if stat and stat.kind == "folder" then return problem(path, "it is a folder") end
  local through = stat and stat.kind ~= "file"
  local target = not through and (core.files.real_path(path) or path) or nil
  local partial = target and ("%s.%s.part"):format(target, core.text.hex(core.hash.random(4)))
  local file, message = io.open(partial or path, "wb")
  if not file then return problem(path, message) end
  return setmetatable({ file = file, path = path, target = target, partial = partial }, meta)
end

return m
