-- Makes a BagIt bag (RFC 8493) of what was fetched: payload in data/, its manifest, what the bag is, and the manifest of
-- these. bagit.txt comes last and goes first: a folder without it is no bag, so nobody takes a bag in the making for one.
-- The checksums are SHA-256, which every tool for bags of version 1.0 must know.
local core = require "almanac.core"
local names = require "almanac.fetch.names"
local state = require "almanac.fetch.state"
local whole = require "almanac.whole"
local words = require "almanac.words"

local m = {}

---Where the payload of a bag lies.
m.PAYLOAD = "data/"

local DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
local MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"
local SUMS = "SHA256SUMS"
local TAG_FILES = { "bag-info.txt", "bagit.txt", MANIFEST }
local PAYLOAD = [[SELECT path, sha256, size FROM file WHERE path IS NOT NULL AND state = 'done' ORDER BY path]]

-- RFC 8493, 2.1.3: a line ends at CR or LF, so these are written as %0D and %0A, and % itself as %25. bagit-python 1.9
-- does not read %25, and takes a bag with % in a name for invalid; the RFC is followed here.
local function encoded(path)
  return (path:gsub("[%%\r\n]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- As `sha256sum` writes names with line ends or backslashes in them.
local function summed(path)
  local escaped = path:gsub("[\\\r\n]", { ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r" })
  return escaped == path and "" or "\\", escaped
end

-- Writes a line for each file that is here; gives how many there are, and their bytes.
local function write_payload(work, name, line)
  local file <close>, message, code = whole.open(work.folder .. "/" .. name)
  if not file then return nil, message, code end
  local count, size = 0, 0
  for row in work.db:rows(PAYLOAD) do
    local ok
    ok, message = file:write(line(row))
    if not ok then return nil, message, "io" end
    count, size = count + 1, size + row.size
  end
  local ok
  ok, message, code = file:complete()
  if not ok then return nil, message, code end
  return count, size
end

-- One line of bag-info.txt: no line end may stand in a value.
local function label(name, value)
  return value and ("%s: %s\n"):format(name, (tostring(value):gsub("%s+", " "))) or ""
end

local function about(work, count, size, counts)
  local meta = state.meta(work.db)
  local lacking = counts.failed_titles + counts.open_titles + counts.failed + counts.open + counts.refused + counts.gone_files
  return label("Source-Organization", meta.institution) .. label("Bagging-Date", os.date "!%Y-%m-%d")
    .. label("External-Description", ("%s, from Alma of %s (%s)%s"):format(meta.source, meta.institution, meta.environment,
      meta.since and "; only what changed since " .. meta.since or ""))
    .. label("Bag-Size", words.bytes(size)) .. label("Payload-Oxum", ("%d.%d"):format(size, count))
    .. label("Bag-Software-Agent", "almanac " .. core.version)
    .. label("Missing", lacking > 0 and ("%d of what Alma has, see metadata/missing.csv"):format(lacking) or nil)
end

local function tag_files(work)
  local list = { table.unpack(TAG_FILES) }
  local walk = core.files.walk(work.folder .. "/" .. names.LISTS)
  while walk do
    local path = walk:next()
    if not path then break end
    list[#list + 1] = names.LISTS .. "/" .. path
  end
  table.sort(list)
  return list
end

local function write_tags(work)
  local lines = {}
  for i, path in ipairs(tag_files(work)) do
    local sha256, message, code
    if path == "bagit.txt" then
      sha256 = core.hash.sha256(DECLARATION)   -- it is written when all else is
    else
      sha256, message, code = core.files.sha256(work.folder .. "/" .. path)
    end
    if not sha256 then return nil, message, code end
    lines[i] = ("%s  %s\n"):format(sha256, encoded(path))
  end
  return core.files.write(work.folder .. "/" .. TAGS, table.concat(lines))
end

local function write_bag(work, counts)
  local count, size, code = write_payload(work, MANIFEST, function(row) return ("%s  %s\n"):format(row.sha256, encoded(row.path)) end)
  if not count then return nil, size, code end
  local ok, message
  ok, message, code = core.files.sync(work.folder .. "/" .. MANIFEST)
  if ok then ok, message, code = core.files.write(work.folder .. "/bag-info.txt", about(work, count, size, counts)) end
  if ok then ok, message, code = write_tags(work) end
  if ok then ok, message, code = core.files.write(work.folder .. "/bagit.txt", DECLARATION) end
  return ok, message, code
end

---Says what is in the payload that this fetch did not bring: a bag with it would not be valid.
---@param work almanac.fetch.work
---@return string[] paths
function m.foreign(work)
  local list, folder = {}, work.folder .. "/" .. m.PAYLOAD
  local walk = work.root ~= "" and core.files.stat(folder) and core.files.walk(folder)
  while walk do
    local path = walk:next()
    if not path then break end
    if not work.db:value("SELECT 1 FROM file WHERE path = ? AND state = 'done'", m.PAYLOAD .. path) then list[#list + 1] = path end
  end
  return list
end

---From here on the folder is no bag, until it is finished again.
---@param folder string
function m.open(folder)
  for _, name in ipairs { "bagit.txt", TAGS, MANIFEST, SUMS } do core.files.remove(folder .. "/" .. name) end
end

---Finishes the folder: the files of a bag, or of plain folders a list of checksums for `sha256sum --check`.
---@param work almanac.fetch.work
---@param counts table of almanac.fetch.state
---@return any ok
---@return string? message
---@return string? code
function m.finish(work, counts)
  local ok, message, code = core.files.make_folder(work.folder .. "/" .. work.root)
  if not ok then return nil, message, code end
  if work.root ~= "" then return write_bag(work, counts) end
  local count
  count, message, code = write_payload(work, SUMS, function(row)
    local mark, path = summed(row.path)
    return ("%s%s  %s\n"):format(mark, row.sha256, path)
  end)
  return count and true, message --[[@as string]], code
end

return m
