-- Reads files that people write as a Lua table: settings, and profiles of MARC. The file may
-- be anybody's, so no function can be called in it, and it ends.
local core = require "almanac.core"

local m = {}

local LARGEST = 1 << 20      -- bytes
local STEPS = 1000000

-- Texts have no methods meanwhile: a pattern may take for ever, and counts as one step.
local function run_bounded(chunk, path)
  local function stop() error(path .. " does not end", 0) end
  local texts = getmetatable ""
  local methods = texts.__index
  texts.__index = {}
  debug.sethook(stop, "", STEPS)
  local _ <close> = setmetatable({}, { __close = function()
    debug.sethook()
    texts.__index = methods
  end })
  return chunk()
end

---Reads a file that returns a table.
---@param path string
---@return table|nil
---@return string? message Lua's, with what stands at the place
---@return string? code "parse" for a mistake of Lua, whose message quotes the file; else as core.files.read, or nil
function m.read(path)
  local text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, message, code end
  local chunk, syntax = load(text, "@" .. path, "t", {})
  if not chunk then return nil, syntax, "parse" end
  local ok, result = pcall(run_bounded, chunk, path)
  if not ok then return nil, tostring(result), "parse" end
  if type(result) ~= "table" then return nil, path .. ": does not return a table" end
  return result
end

return m
