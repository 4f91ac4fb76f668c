-- Holds records on their way into a run file. Titles are looked through before that
-- file is made, and a hundred thousand records are too many to keep in memory, so
-- they wait in a temporary file that is removed with the spool.
local core = require "almanac.core"

local m = {}

local methods = {}
---An empty spool.
---@return table|nil spool
---@return string? message
---@return string? code "io"
function m.new()
  local folder, message, code = core.files.temp_folder()
  if not folder then return nil, message, code end
  local file
  file, message = io.open(folder .. "/records", "w+b")
  if not file then
    core.files.remove(folder, { tree = true })
    return nil, message, "io"
  end
  return setmetatable({ folder = folder, file = file }, { __index = methods, __gc = methods.close, __close = methods.close })
end

---@param id string MMS ID
---@param text string
---@return true|nil
---@return string? message
---@return string? code "io": the disk is full
function methods:add(id, text)
  local ok, message = self.file:write(id, " ", #text, "\n", text, "\n")
  if not ok then return nil, "temporary records: " .. message, "io" end
  return true
end

---Iterates over all records in the order in which they came.
---@return fun(): string?, string? next id and text
function methods:each()
  self.file:flush()
  self.file:seek "set"
  return function()
    local head = self.file:read "l"
    if not head then return nil end
    local id, size = head:match "^(%S+) (%d+)$"
    local text = self.file:read(math.tointeger(size))
    self.file:read "l"
    return id, text
  end
end

---Removes the temporary file. Closing again is fine.
function methods:close()
  if not self.file then return end
  self.file:close()
  self.file = nil
  core.files.remove(self.folder, { tree = true })
end

return m
