-- Where what comes with almanac lies.
local core = require "almanac.core"

local m = {}

---A folder of what comes with almanac: PREFIX/share/almanac/PATH when the library is in PREFIX/share/lua/5.4, PATH beside
---lua/ in the source tree.
---@param path string "recipes" or "recipes/scripts"
---@param what string for the message: "recipes"
---@return string|nil folder
---@return string? message
---@return string? code "missing"
function m.folder(path, what)
  local here = package.searchpath("almanac.shipped", package.path) or ""
  local base = here:match "^(.*)almanac/shipped%.lua$" or ""
  local folder, installed = base:gsub("share/lua/5%.4/$", "share/almanac/" .. path)
  if installed == 0 then folder = base .. "../" .. path end
  local real = core.files.real_path(folder)
  if real then return real end
  return nil, ("the %s that come with almanac are not in %s; install almanac again"):format(what, folder), "missing"
end

return m
