-- The helper that takes remarks out of text: part of what a recipe has as `key`.
local remarks = require "almanac.recipe.inside.remarks"

local m = {}

---A name or path without words that do not count, as an argument of type `words`
---takes them out of the names of files: clean("scan 7 (final).jpg", { "(final)" }) is
---"scan 7.jpg". For text from elsewhere, such as the cells of a list.
---@param name string
---@param words string[]
---@return string
function m.clean(name, words)
  if type(name) ~= "string" then error(("key.clean: text expected, got %s"):format(type(name)), 2) end
  if type(words) ~= "table" then error("key.clean: a list of words expected, e.g. { \"(final)\", \"copy\" }", 2) end
  for _, word in ipairs(words) do
    local problem = type(word) ~= "string" and "each word is text" or remarks.problem(word)
    if problem then error("key.clean: " .. problem, 2) end
  end
  return words[1] and remarks.cleaner(words)(name) or name
end

return m
