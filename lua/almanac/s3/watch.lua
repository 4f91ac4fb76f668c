-- Makes sure that a file is the planned one when it is sent, and stays so until the end.
local core = require "almanac.core"

local m = {}

---Whether it is a text that is to be stored, and not a file of the disk. Raises when it is neither.
---@param file { path: string?, text: string? }
---@return boolean
function m.is_text(file)
  if type(file) ~= "table" or (type(file.text) == "string") == (type(file.path) == "string") then
    error("s3: put takes a table with either path or text", 3)
  end
  return file.text ~= nil
end

---Looks at a file before it is sent.
---@param file { path: string, size: integer? } size as it was planned
---@return (fun(): true|nil, string?, string?)|nil unchanged tells whether the file is still as it was
---@return integer|string size in bytes; the message when there is no function
---@return string? code "conflict" when it has another size than planned
function m.file(file)
  local before, message, code = core.files.stat(file.path)
  if not before then return nil, message, code end
  if before.kind ~= "file" then return nil, file.path .. " is no file", "io" end
  if file.size and before.size ~= file.size then
    return nil, ("%s has %d bytes, %d were planned: it changed on disk"):format(file.path,
      before.size, file.size), "conflict"
  end
  return function()
    local now = core.files.stat(file.path)
    if now and now.size == before.size and now.mtime_ns == before.mtime_ns then return true end
    return nil, ("%s changed while it was uploaded: upload it again"):format(file.path), "conflict"
  end, before.size
end

return m
