---@meta
-- core.unpack: gzip, tar and zip. See ../core.d.lua.

---@class almanac.core
local core = {}

core.unpack = {}

---Does something that is packed with gzip, as tar or as zip begin so?
---@param head string 512 bytes, or all of it
---@return boolean
function core.unpack.looks(head) end

---Takes one file out of an archive.
---@param bytes string the archive
---@param name string path in it
---@param most integer bytes that the file may have, up to 1 GiB
---@return string? content
---@return string? message
---@return almanac.code? code "missing" no such file, or no libarchive; "limit", "parse"
function core.unpack.read(bytes, name, most) end
