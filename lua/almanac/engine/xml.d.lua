---@meta
-- core.xml: bounded XML. See ../core.d.lua.

---@class almanac.core
local core = {}

core.xml = {}

---@class almanac.xml.node its child elements are 1, 2, …
---@field name string without prefix
---@field namespace? string its address
---@field attributes table<string, string> with a namespace "prefix:name"
---@field prefixes? table<string, string> namespaces that the element declares for prefixes
---@field text string directly in it, those of children left out, as it is
---@field [integer] almanac.xml.node

---Reads XML without network, DOCTYPE and entities other than XML's own five. UTF-8 whose
---declaration says UTF-16 is read as UTF-8.
---@param text string
---@param limits? { max_depth?: integer, max_size?: integer } default 64 elements in each other, 32 MiB
---@return almanac.xml.node? root
---@return string? message ends in line and column
---@return almanac.code? code "parse" or "limit"
function core.xml.parse(text, limits) end

---Escapes text for content and attributes. What XML can't hold becomes U+FFFD.
---@param text string
---@return string
function core.xml.escape(text) end
