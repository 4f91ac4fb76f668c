-- Tells the type of a file by its first bytes. A file that is not what its name
-- says would be attached and shown broken in Alma, so it is found before.
local objects = require "almanac.recipe.inside.objects"

local m = {}

-- Extension -> how it is called, and what such a file begins with.
local FORMATS = {
  jpg = { "a JPEG", "\xFF\xD8\xFF" },
  tif = { "a TIFF", "II*\0", "MM\0*", "II+\0", "MM\0+" },
  png = { "a PNG", "\x89PNG\r\n\x1A\n" },
  gif = { "a GIF", "GIF87a", "GIF89a" },
  pdf = { "a PDF", "%PDF-" },
  jp2 = { "a JPEG 2000", "\0\0\0\x0CjP  ", "\xFF\x4F\xFF\x51" },
}
-- Uploaders write thumbnails with these extensions; a recipe may read other names.
FORMATS.thumb = { "a JPEG or PNG", FORMATS.jpg[2], FORMATS.png[2] }
FORMATS.clientthumb = FORMATS.thumb
-- These formats turn up under a wrong name.
local STRANGERS = {
  { "a web page", "<!DOCTYPE html", "<!doctype html", "<html" }, { "an XML file", "<?xml" },
  { "a WebP or WAV", "RIFF" }, { "a ZIP or Office file", "PK\3\4" },
  { "a HEIC or MP4", "\0\0\0\x18ftyp", "\0\0\0\x1Cftyp", "\0\0\0\x20ftyp", "\0\0\0\x24ftyp" },
  { "a Windows thumbnail cache", "\xD0\xCF\x11\xE0" }, { "a macOS companion file (AppleDouble)", "\0\5\x16\7" },
  { "a BMP", "BM" },
}

---How many bytes of a file `check` needs.
m.enough = 16

-- A JPEG without a picture, from its first marker to its last.
local JPEG = "\xFF\xD8\xFF\xE0\0\16JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xD9"

---Makes the bytes of a stand-in for a file: its type is what the extension says, and
---no two names have the same bytes.
---@param name string
---@return string bytes
function m.specimen(name)
  local _, ext = objects.split_extension(name)
  local beginning = FORMATS[ext] and FORMATS[ext][2] or ""
  return (beginning == FORMATS.jpg[2] and JPEG or beginning) .. name
end

local function begins(head, format)
  for i = 2, #format do
    if head:sub(1, #format[i]) == format[i] then return true end
  end
  return false
end

local function recognised(head)
  for _, format in pairs(FORMATS) do
    if format ~= FORMATS.thumb and begins(head, format) then return format[1] end
  end
  for _, format in ipairs(STRANGERS) do
    if begins(head, format) then return format[1] end
  end
end

local function in_hex(head)
  return (head:sub(1, 4):gsub(".", function(byte) return ("%02X "):format(byte:byte()) end):gsub(" $", ""))
end

---Compares a file's first bytes with its extension.
---@param ext string as objects.split_extension gives it
---@param head string
---@return string? words what is wrong; nil when nothing is, or the extension is not known
function m.check(ext, head)
  local format = FORMATS[ext]
  if not format or begins(head, format) then return nil end
  if head:find "^%z+$" then return ("holds only zero bytes, it is not %s"):format(format[1]) end
  local other = recognised(head)
  if other then return ("is %s, not %s"):format(other, format[1]) end
  return ("is not %s: it begins with the bytes %s"):format(format[1], in_hex(head))
end

return m
