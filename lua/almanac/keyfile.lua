-- Tells who else can read or change a file that holds a secret key.
local core = require "almanac.core"

local m = {}

local OTHERS, ANYBODY_WRITES, GROUP_WRITES = 63, 2, 16   -- permission bits: octal 077, 002, 020

---Says how other users can get at a file that holds a secret key.
---@param path string
---@return string? words nil when it is its owner's alone, or not there
---@return string? code "auth" when it can't be used: anybody could have put other settings into it
function m.exposed(path)
  local about = core.files.stat(path)
  if not about or about.mode & OTHERS == 0 then return nil end
  if about.mode & ANYBODY_WRITES ~= 0 then
    return ("%s holds a secret key and every user of this computer can change it: look at it, then chmod 600 %s"):format(path, path), "auth"
  end
  return ("%s holds a secret key and other users can %s it: chmod 600 %s"):format(path,
    about.mode & GROUP_WRITES ~= 0 and "change" or "read", path)
end

return m
