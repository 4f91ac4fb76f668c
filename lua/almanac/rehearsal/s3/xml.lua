-- Writes the XML that S3 answers with, and its refusals.
local core = require "almanac.core"

local m = {}

local DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
local NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

---@param status integer
---@param code string S3's error code
---@param message string
---@return table answer
function m.refuse(status, code, message)
  return { status = status, s3_failure = { code = code, message = message } }
end

---@param name string
---@param content any
---@param raw boolean? the content is XML or escaped already
---@return string
function m.element(name, content, raw)
  content = tostring(content)
  return ("<%s>%s</%s>"):format(name, raw and content or core.xml.escape(content), name)
end

---Encodes a name as encoding-type=url demands.
---@param text string
---@return string
function m.encode(text)
  return (text:gsub("[^%w%-._~/*]", function(c) return ("%%%02X"):format(c:byte()) end))
end

---@param root string
---@param content string XML
---@return string
function m.document(root, content)
  return ('%s<%s xmlns="%s">%s</%s>'):format(DECLARATION, root, NAMESPACE, content, root)
end

---@param root string
---@param content string XML
---@return table answer
function m.answer(root, content)
  return { status = 200, body = m.document(root, content), type = "application/xml" }
end

---@param failure { code: string, message: string, more: string[][]? }
---@param path string
---@param id string
---@return string xml
function m.failure(failure, path, id)
  local parts = { m.element("Code", failure.code), m.element("Message", failure.message) }
  for _, pair in ipairs(failure.more or {}) do parts[#parts + 1] = m.element(pair[1], pair[2]) end
  parts[#parts + 1] = m.element("Resource", path) .. m.element("RequestId", id)
  return DECLARATION .. m.element("Error", table.concat(parts), true)
end

return m
