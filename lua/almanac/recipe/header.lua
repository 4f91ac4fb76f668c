-- The first line of a recipe, read before anything of it runs: it says which
-- format the rest is in. The comment below it is its description.
local m = {}

local FORMAT = 1

---Checks the first line and takes a byte-order mark off.
---@param text string the recipe's source
---@param path string for messages
---@return string|nil source
---@return string? message
---@return string? code "parse"
function m.check(text, path)
  if text:sub(1, 3) == "\xEF\xBB\xBF" then text = text:sub(4) end
  if text:sub(1, 1) == "\27" then
    return nil, path .. ": is compiled Lua; a recipe is text that people can read", "parse"
  end
  local valid, position = utf8.len(text)
  if not valid then
    return nil, ("%s: is not UTF-8 text (byte %d); save it as UTF-8"):format(path, position), "parse"
  end
  local format = text:match "^%-%- almanac%-recipe: (%d+)[ \t]*\r?\n"
  if not format then
    return nil, path .. ": line 1 must be `-- almanac-recipe: 1`", "parse"
  elseif tonumber(format) ~= FORMAT then
    return nil, ("%s: is in recipe format %s; this almanac reads format %d"):format(path, format, FORMAT), "parse"
  end
  return text
end

---The comment that follows the first line, without its dashes.
---@param text string the recipe's source
---@return string
function m.description(text)
  local lines = {}
  local first = true
  for line in text:gmatch "([^\r\n]*)\r?\n" do
    if not first then
      local words = line:match "^%-%-%s?(.*)$"
      if not words then break end
      lines[#lines + 1] = words
    end
    first = false
  end
  return (table.concat(lines, "\n"):gsub("^%s+", ""):gsub("%s+$", ""))
end

return m
