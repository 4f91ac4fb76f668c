-- Keeps the contents of objects, a file for each in one folder; the database names them. The
-- content of seeded files is made up when somebody reads it, so that a large collection takes no
-- room: a magic number, then a pattern up to the size.
local core = require "almanac.core"

local files, hash = core.files, core.hash

local m = {}

local methods = {}
local meta = { __index = methods }

local IN_MEMORY = 8 << 20     -- bytes; made-up content that is larger goes through a file
local MOST_MADE = 8           -- files with made-up content that are kept
local PRIVATE = 448           -- permission bits, octal 700: what is uploaded for trial may be restricted
local PATTERN = ("rehearsal of almanac, not a real file. "):rep(1680)   -- about 64 KiB
local MAGIC = {
  tif = "II*\0\8\0\0\0", tiff = "II*\0\8\0\0\0", jpg = "\xFF\xD8\xFF\xE0", jpeg = "\xFF\xD8\xFF\xE0",
  pdf = "%PDF-1.7\n", png = "\x89PNG\r\n\x1A\n", mp3 = "ID3\3\0",
}

---@param folder string? where contents are kept; nil: a temporary folder, removed by close
---@return table|nil blobs `scratch` in it is a folder on the same disk, for bodies on their way
---@return string? message, string? code
function m.open(folder)
  local self = setmetatable({ made = {}, folder = folder }, meta)
  local ok, message, code
  if not folder then
    self.folder, message, code = files.temp_folder()
    if not self.folder then return nil, message, code end
    self.temporary = true
  end
  self.scratch = self.folder .. "/.scratch"
  files.remove(self.scratch, { tree = true })   -- left by a rehearsal that was killed
  ok, message, code = files.make_folder(self.folder, PRIVATE)
  if ok then ok, message, code = files.make_folder(self.scratch, PRIVATE) end
  if not ok then return nil, message, code end
  return self
end

---@param name string
---@return string path
function methods:path(name)
  return self.folder .. "/" .. name
end

---@return string name of a content that does not exist yet
function m.fresh()
  return core.text.hex(hash.random(12))
end

---Keeps `text` as a new content.
---@return string name
function methods:keep(text)
  local name = m.fresh()
  local file <close> = assert(io.open(self:path(name), "wb"))
  assert(file:write(text))
  return name
end

---Keeps the body of a request: a spooled one is moved, not copied.
---@param request table of core.serve
---@return { name: string, size: integer, md5: string, sha256: string }
function methods:keep_body(request)
  local spooled = request:body_path()
  local kept = { size = request:body_size(), sha256 = request:body_sha256() }
  if spooled then
    kept.name = m.fresh()
    kept.md5 = assert(files.md5(spooled))
    assert(files.rename(spooled, self:path(kept.name)))
  else
    local body = request:body() or ""
    kept.name, kept.md5 = self:keep(body), hash.md5(body)
  end
  return kept
end

---Copies `length` bytes of a file from `offset` as a new content.
---@param path string
---@param offset integer
---@param length integer
---@return { name: string, size: integer, md5: string, sha256: string }
function methods:keep_part(path, offset, length)
  local name = m.fresh()
  do
    local from <close> = assert(io.open(path, "rb"))
    local to <close> = assert(io.open(self:path(name), "wb"))
    from:seek("set", offset)
    local left = length
    while left > 0 do
      local piece = assert(from:read(math.min(left, 1 << 20)), "the spooled body is short")
      to:write(piece)
      left = left - #piece
    end
  end
  return { name = name, size = length, md5 = assert(files.md5(self:path(name))),
    sha256 = (assert(files.sha256(self:path(name)))) }
end

---@param name string?
function methods:remove(name)
  if name then os.remove(self:path(name)) end
end

local function made_up_text(size, extension)
  local head = (MAGIC[extension] or ""):sub(1, size)
  local left = size - #head
  return head .. PATTERN:rep(left // #PATTERN) .. PATTERN:sub(1, left % #PATTERN)
end

local function write_made_up(path, size, extension)
  local file <close> = assert(io.open(path, "wb"))
  local head = (MAGIC[extension] or ""):sub(1, size)
  file:write(head)
  local left = size - #head
  while left > 0 do
    file:write(PATTERN:sub(1, math.min(left, #PATTERN)))
    left = left - #PATTERN
  end
end

---Made-up content, the same for all files of one size and type. Large content is a file; the
---last few of these files are kept for clients that read ranges.
---@param size integer
---@param name string a file name; its extension decides the magic number
---@return string|nil path
---@return string? text when there is no path
function methods:made_up(size, name)
  local extension = (name:match "%.(%w+)$" or ""):lower()
  if size <= IN_MEMORY then return nil, made_up_text(size, extension) end
  local path = ("%s/made-up-%d.%s"):format(self.scratch, size, MAGIC[extension] and extension or "bin")
  for _, known in ipairs(self.made) do
    if known == path then return path end
  end
  write_made_up(path, size, extension)
  table.insert(self.made, path)
  if #self.made > MOST_MADE then os.remove(table.remove(self.made, 1)) end
  return path
end

---Removes contents for which `is_used(name)` is false: a rehearsal that was killed left them.
---@param is_used fun(name: string): any
function methods:sweep(is_used)
  local walk = assert(files.walk(self.folder))
  for name in function() return (walk:next()) end do
    if not is_used(name) then self:remove(name) end
  end
end

---Removes the folder when it is not to be kept.
function methods:close()
  files.remove(self.temporary and self.folder or self.scratch, { tree = true })
end

return m
