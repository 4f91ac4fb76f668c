---@meta
-- core.text: Unicode, natural order, base64. See ../core.d.lua.

---@class almanac.core
local core = {}

-- Bytes that are not UTF-8 pass through unchanged, each by itself.
core.text = {}

---Is it well-formed UTF-8?
---@param text string
---@return boolean
function core.text.valid(text) end

---Is it well-formed UTF-8 without control characters (U+0000 to U+001F, U+007F to U+009F)?
---@param text string
---@return boolean
function core.text.plain(text) end

---Normalization Form C (Unicode Standard Annex 15).
---@param text string
---@return string
function core.text.nfc(text) end

---NFC, full case folding (Unicode 3.13), NFC again. Accents stay.
---@param text string
---@return string
function core.text.fold(text) end

---Makes a sort key: sorting by it (plain <) gives natural order. The folded text counts first,
---runs of 0-9 by their value ("page2" < "page10"); then leading zeros ("a1" < "a01"); then the
---bytes. Different texts have different keys.
---@param text string
---@return string key bytes
function core.text.natural(text) end

---Encodes by RFC 4648 section 4, padded, on one line.
---@param bytes string
---@return string
function core.text.base64(bytes) end

---Decodes base64. Blanks are ignored, padding may be missing.
---@param text string
---@return string? bytes
---@return string? message
---@return almanac.code? code "parse"
function core.text.unbase64(text) end

---Bytes of any charset that the system's iconv knows (`iconv -l`) as UTF-8.
---@param bytes string
---@param charset string one that has ASCII's letters and digits, as "windows-1251", "shift_jis"
---@return string? text
---@return string? message
---@return almanac.code? code "missing": the charset is not known; "parse": a byte is no character of it
function core.text.decode(bytes, charset) end

---@param bytes string
---@return string hex lower case
function core.text.hex(bytes) end
