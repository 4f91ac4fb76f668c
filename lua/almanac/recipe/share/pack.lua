-- Writes and reads a recipe as one file to send. A person can read it in any editor:
--   almanac recipe pack 1
--   file text 1234 SHA256 recipe.lua
--   … 1234 bytes …
--   file base64 5678 SHA256 sample/files/a.jpg
--   … 5678 bytes of base64 …
--   end
-- The number counts the bytes behind the line, and the hash is that of the file.
local core = require "almanac.core"
local parcels = require "almanac.recipe.share.parcel"

local m = {}

local FIRST = "almanac recipe pack 1\n"
local COLUMNS = 76

-- A file goes as base64 when a reader of the pack would not see all of it as it is.
local function is_plain(text)
  return core.text.valid(text) and not text:find "[\0-\8\11-\31\127]"
end

local function in_lines(base64)
  local lines = {}
  for i = 1, #base64, COLUMNS do lines[#lines + 1] = base64:sub(i, i + COLUMNS - 1) end
  return table.concat(lines, "\n")
end

---@param parcel almanac.recipe.parcel
---@return string text
function m.encode(parcel)
  local parts = { FIRST }
  for _, file in ipairs(parcel.files) do
    local plain = is_plain(file.text)
    local body = plain and file.text or in_lines(core.text.base64(file.text))
    parts[#parts + 1] = ("file %s %d %s %s\n"):format(plain and "text" or "base64", #body, core.hash.sha256(file.text), file.path)
    parts[#parts + 1] = body .. "\n"
  end
  parts[#parts + 1] = "end\n"
  return table.concat(parts)
end

---True when a text begins as a pack does.
---@param text string
---@return boolean
function m.is_pack(text)
  return text:find "^almanac recipe pack %d+\r?\n" ~= nil
end

local function file_at(text, position)
  local kind, size, sha256, path, first = text:match("^file (%w+) (%d+) (%x+) ([^\n]+)\n()", position)
  size = math.tointeger(tonumber(size))
  if not size or first + size > #text or text:sub(first + size, first + size) ~= "\n" then return nil end
  local body = text:sub(first, first + size - 1)
  if kind == "base64" then body = core.text.unbase64((body:gsub("\n", ""))) end
  return path, body, sha256, first + size + 1
end

---@param text string
---@param place string for messages
---@return almanac.recipe.parcel|nil parcel
---@return string? message
---@return string? code "parse" | "limit"
function m.decode(text, place)
  if text:sub(1, #FIRST) ~= FIRST then
    return nil, place .. ": is a pack that this almanac can't read, or its line ends were changed on the way", "parse"
  end
  local parcel, position = parcels.new(), #FIRST + 1
  while text:sub(position) ~= "end\n" do
    local path, body, sha256, after = file_at(text, position)
    if not body then return nil, ("%s: the pack is cut or was changed (byte %d); get it again"):format(place, position), "parse" end
    if core.hash.sha256(body) ~= sha256:lower() then
      return nil, ("%s: '%s' in the pack was changed on the way; get it again"):format(place, path:gsub("%c", "?")), "parse"
    end
    local ok, message, code = parcels.add(parcel, path, body)
    if not ok then return nil, place .. ": " .. message, code end
    position = after
  end
  return parcel
end

return m
