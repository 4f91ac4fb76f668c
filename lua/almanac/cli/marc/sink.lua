-- Writes what `almanac marc` gives to standard output or into a file.
local core = require "almanac.core"
local whole = require "almanac.whole"

local m = {}

local BUFFER = 1 << 16
local BROKEN_PIPE = 32   -- EPIPE

-- Shows control characters as the pictures that Unicode has for them, so that no record can
-- steer a terminal.
local function harmless(text)
  text = text:gsub("[\0-\8\11-\31]", function(c) return utf8.char(0x2400 + c:byte()) end)
  return (text:gsub("\127", "\u{2421}"):gsub("\xC2[\x80-\x9F]", "\u{FFFD}"))
end

---@class almanac.cli.marc.sink
local methods = {}

-- When the reader of a pipe has enough (`| head`), the work ends without a message.
local function failed(self, message, number)
  if number == BROKEN_PIPE then
    self.enough = true
  else
    self.problem = ("%s can't be written: %s"):format(self.path or "standard output", message)
  end
  return false
end

---Writes the texts.
---@param ... string
---@return boolean more false when nothing more can be written
function methods:put(...)
  local ok, message, number = self.file:write(...)
  if ok then return true end
  return failed(self, message, number)
end

local function put_harmless(self, ...)
  return methods.put(self, harmless(table.concat { ... }))
end

---Says that all is written: now the file gets its name.
---@return true|nil ok
---@return string? message
---@return string? code
function methods:complete()
  if not self.problem and not self.enough then
    if self.whole then return self.whole:complete() end
    local ok, message, number = self.file:flush()
    if not ok then failed(self, message, number) end
  end
  if self.problem then return nil, self.problem, "io" end
  return true
end

local meta = { __index = methods }

function meta:__close()
  if self.whole then self.whole:close() end
end

---@param path string? standard output when there is none
---@return almanac.cli.marc.sink|nil
---@return string? message
---@return string? code
function m.open(path)
  if not path then
    local terminal = core.sys.is_terminal(1)
    if not terminal then io.stdout:setvbuf("full", BUFFER) end
    return setmetatable({ file = io.stdout, put = terminal and put_harmless or nil }, meta)
  end
  local out, message, code = whole.open(path)
  if not out then return nil, message, code end
  out.file:setvbuf("full", BUFFER)
  return setmetatable({ file = out.file, path = path, whole = out }, meta)
end

return m
