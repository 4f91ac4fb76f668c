-- Looks at pictures, decodes them whole, makes derivatives: in processes of their own that have no
-- rights (core.pictures), several at once. A picture that ends its process is named, and the
-- next one goes on.
--   local workers <close> = pictures.open { workers = 2 }
--   local what, message = workers:look "scan.tif"
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local MEMORY = 1 << 30     -- bytes that one process may take
local SILENCE = 120        -- seconds

local methods = {}
local meta = { __index = methods }

-- An answer's lines as a table; `tonumber` of those that are numbers.
local function fields_of(text)
  local fields = {}
  for name, value in text:gmatch "([^ \n]+) ([^\n]*)\n" do
    fields[name:gsub("%-", "_")] = tonumber(value) or value
  end
  return fields
end

-- What decoders say of a file that was cut off; a librarian looks for the whole one.
local CUT = { "Premature end", "bad seek", "Failed to read directory", "Read error on strip", "Seek error", "not enough data" }

-- libvips says several things one behind the other, of which the last ones only repeat.
local function told(words)
  words = words:gsub("%s+", " "):match "^%s*(.-)%s*$"
  if words:find "^picture: " then return (words:gsub("^picture: ", "")) end
  local lead = "it does not decode"
  for _, sign in ipairs(CUT) do
    if words:find(sign, 1, true) then lead = "it is cut off or broken" end
  end
  return ("%s (%s)"):format(lead, #words > 160 and words:sub(1, 160) .. " …" or words)
end

local function read(result)
  if result.message then return nil, result.message, result.code end
  local fields = fields_of(result.answer)
  if fields.refused then return nil, told(tostring(fields.refused)), "parse" end
  fields.done = nil
  return fields
end

local function listen(self)
  if self.listener then return end
  self.listener = task.spawn(task.serve, self.pool, function(result)
    local wake = self.waiting[result.number]
    self.waiting[result.number] = nil
    if wake then wake(result) end
  end)
end

-- Waits while all processes are at work.
local function wait_for_room(self)
  while self.pool:free() == 0 do
    task.wait(function(wake)
      self.queue[#self.queue + 1] = wake
      return function() end
    end)
  end
end

local function leave(self)
  local wake = table.remove(self.queue, 1)
  if wake then wake() end
end

local function request_of(verb, options)
  local lines = { verb }
  for name, value in pairs(options or {}) do
    if value == true then value = 1 end
    if value then lines[#lines + 1] = ("%s %s"):format(name:gsub("_", "-"), value) end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function ask(self, verb, paths, options)
  wait_for_room(self)
  local number, message, code = self.pool:ask(request_of(verb, options), paths)
  if not number then return nil, message, code end
  listen(self)
  local result = task.wait(function(wake)
    self.waiting[number] = wake
    return function() self.waiting[number] = nil end
  end)
  leave(self)
  return read(result)
end

---What a picture is, from its header.
---@class almanac.picture
---@field format "tiff"|"jpeg"|"png"|"jp2"|"webp"|"gif"
---@field width integer
---@field height integer
---@field bands integer with alpha
---@field bits integer of one sample
---@field space string libvips's name: "srgb", "b-w", "cmyk", "lab", "rgb16", …
---@field alpha integer 1: its last band is one
---@field pages integer
---@field orientation integer of EXIF, 1 to 8: 1 is upright
---@field dpi number 25.4 when it does not say
---@field profile integer? bytes of its ICC profile
---@field mean number? grey, 0 to 255; only of check
---@field deviation number? of the grey values; next to 0 when it is blank
---@field fingerprint string? 64 bits in hex: pictures that look alike differ in few of them
---@field made_width integer? of a derivative
---@field made_height integer?
---@field made_bytes integer?

---Reads the header of a picture.
---@param path string
---@return almanac.picture?
---@return string? message
---@return string? code "parse": it is no picture, or broken; "closed", "timeout": it ended its process
function methods:look(path)
  return ask(self, "look", { picture = path })
end

---Decodes all of a picture; what a decoder would only warn about is an error.
---@param path string
---@return almanac.picture? picture with mean, deviation and fingerprint
---@return string? message
---@return string? code as of look
function methods:check(path)
  return ask(self, "check", { picture = path })
end

---Makes a derivative.
---@param path string
---@param out string a new file
---@param options { format: "jpg"|"jp2"|"webp"|nil, quality: integer?, long_edge: integer?, page: integer?,
---  keep_profile: boolean?, bare: boolean? }? long_edge: pixels, never more than the picture has; page: from 0;
---  keep_profile: colours stay as they are; bare: without EXIF, IPTC and XMP
---@param scratch string? a folder for the pixels of one that has to be turned
---@return almanac.picture? picture with made_width, made_height, made_bytes
---@return string? message
---@return string? code as of look; "conflict": there is a file `out`
function methods:derive(path, out, options, scratch)
  return ask(self, "derive", { picture = path, out = out, scratch = scratch }, options)
end

---Ends the processes. Closing again is fine.
function methods:close()
  if not self.pool then return end
  if self.listener then task.unserve(self.pool) end
  self.pool:close()
  self.pool = nil
end

meta.__close = methods.close

---Opens workers; a process is started when it is needed.
---@param options { workers: integer?, memory: integer?, silence: number? }? workers: at most so many at once (one for each processor);
---  memory: bytes of each; silence: seconds without a sign of life that end one
---@return table? workers
---@return string? message
---@return string? code "missing": almanac was built without them
function m.open(options)
  options = options or {}
  local pool, message, code = core.pictures.open {
    workers = options.workers or 0, memory = options.memory or MEMORY, silence = options.silence or SILENCE,
  }
  if not pool then return nil, message, code end
  return setmetatable({ pool = pool, size = pool:free(), waiting = {}, queue = {} }, meta)
end

return m
