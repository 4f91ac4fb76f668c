-- Puts into words what the markers of a JPEG tell: what makes it unfit, and what a
-- person should know of one that is whole.
local words = require "almanac.words"

local m = {}

local ICON = 16     -- pixels

local ENDS = {
  short = "ends within its own header, after %s: it holds no picture",
  cut = "is no whole JPEG: its end is missing, after %s (a copy that broke off?)",
  zeros = "is no whole JPEG: its last part is zero bytes, of %s (a copy that broke off?)",
}

---Says what is wrong with a JPEG.
---@param picture { ended: string, width: integer, height: integer, components: integer, orientation: integer } of core.files.heads
---@param size integer? bytes
---@return string? words
function m.problem(picture, size)
  return ENDS[picture.ended] and ENDS[picture.ended]:format(words.bytes(size or 0)) or nil
end

---Says what should be known of a JPEG that is whole.
---@param path string
---@param picture table
---@return string[] texts
function m.notes(path, picture)
  local list = {}
  local function add(text, ...) list[#list + 1] = text:format(...) end
  if picture.components == 4 then add("a picture is in CMYK, which browsers show in other colours: %s", path) end
  if picture.orientation > 1 then
    add("a picture is turned by its EXIF only, and viewers that don't read it show it as it lies: %s (orientation %d)", path,
      picture.orientation)
  end
  if picture.width > 0 and picture.width <= ICON and picture.height <= ICON then
    add("a picture is tiny: %s has %d x %d pixels", path, picture.width, picture.height)
  end
  return list
end

return m
