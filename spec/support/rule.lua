-- One rule with a body that a spec gives, run as recipes run.
local objects = require "almanac.recipe.inside.objects"
local program = require "support.program"
local recipe = require "almanac.recipe"
local rules = require "almanac.recipe.rules"

local m = {}

local TEXT = [[
-- almanac-recipe: 1
%s
return {
  name = "attack", summary = "r", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "string" }, { "set", "string" } },
  title_keys = function(title) %s end,
  changes = function(title, files, args) %s end,
  file_key = function(file, args)
    %s
  end,
  %s
}
]]

local loaded = {}   -- by text, so that the next call meets what the last one left

---The text of a recipe.
---@param body string of file_key
---@param more { before: string?, title_keys: string?, changes: string?, fields: string? }?  bodies and pieces of text
---@return string
function m.text(body, more)
  more = more or {}
  return TEXT:format(more.before or "", more.title_keys or "", more.changes or "", body, more.fields or "")
end

---Loads a recipe with this text.
---@return table|nil recipe
---@return string? message
function m.load(folder, text)
  if loaded[text] then return loaded[text] end
  program.write(folder .. "/rule.lua", text)   -- a name that messages can be compared with
  local found, message = recipe.load(folder .. "/rule.lua")
  loaded[text] = found
  return found, message
end

---What file_key gives for "a.jpg", or false and the message.
---@param folder string
---@param body string
---@param more { before: string?, args: table? }?
---@return boolean ok
---@return string? key or message
function m.run(folder, body, more)
  local found, message = m.load(folder, m.text(body, more))
  if not found then return false, message end
  return rules.file_key(found, objects.file("a.jpg", 1), more and more.args or {})
end

---Ends all processes.
function m.close()
  for _, found in pairs(loaded) do recipe.close(found) end
  loaded = {}
end

return m
