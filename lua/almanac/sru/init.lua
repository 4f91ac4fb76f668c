-- SRU 1.2 (loc.gov/standards/sru) as Alma answers it, at
-- https://DOMAIN.alma.exlibrisgroup.com/view/sru/INSTITUTION: 50 records a page, 10,000 for a
-- query in all. When Alma does not have the index that a query names, it gives its whole
-- catalogue and says nothing. So the indexes of a query are looked up first.
--   local client = sru.new { url = … }
--   local list = client:search { query = 'alma.title="maps"' }
--   for entry in list:entries() do print(entry.identifier) end
local cql = require "almanac.sru.cql"
local harvest = require "almanac.harvest"
local lists = require "almanac.sru.list"
local words = require "almanac.words"
local xml = require "almanac.xml"

local m = {}

local VERSION = "1.2"

-- Diagnostics (loc.gov/standards/sru/diagnostics) whose code here is not "status". Numbers 10
-- to 49 are about the query.
local MEANING = { ["5"] = "parse", ["6"] = "parse", ["7"] = "parse", ["61"] = "limit", ["60"] = "limit",
  ["66"] = "missing", ["67"] = "missing", ["200812"] = "parse" }

local methods = {}
local meta = { __index = methods }

local function is_answer(root)
  return root.name == "searchRetrieveResponse" or root.name == "explainResponse" or root.name == "explain"
end

---Makes a client of one server.
---@param options almanac.harvest.options
---@return almanac.sru.client|nil client
---@return string? message
---@return string? code "parse": the address is none
function m.new(options)
  local server, message, code = harvest.new("SRU", options)
  if not server then return nil, message, code end
  server.records, server.is_answer = lists.records, is_answer
  return setmetatable({ server = server, shown = server.shown }, meta)
end

---Reads what a <diagnostic> says.
---@param node almanac.xml.node
---@return string words
---@return string code
function m.diagnostic(node)
  local uri, message, details = xml.text(node, "uri"), xml.text(node, "message"), xml.text(node, "details")
  local number = uri and uri:match "%d+$" or ""
  local about_query = tonumber(number) and tonumber(number) >= 10 and tonumber(number) <= 49
  local parts = { message or "the server says no" }
  if details and details ~= message then parts[2] = details end
  local text = table.concat(parts, ": "):gsub("%s+", " ")
  return ("%s (diagnostic %s)"):format(text, number ~= "" and number or uri or "?"),
    about_query and "parse" or MEANING[number] or "status"
end

---Sends one request.
---@param operation string
---@param parameters table[] { name, value } pairs
---@return almanac.xml.node|nil root
---@return string? message
---@return string? code
function methods:ask(operation, parameters)
  local query = { { "version", VERSION }, { "operation", operation } }
  for _, pair in ipairs(parameters) do query[#query + 1] = pair end
  local root, message, code = self.server:get(query)
  if not root then return nil, message, code end
  if not is_answer(root) then
    return nil, ("%s: this is no SRU server: it answers <%s>"):format(self.shown, root.name), "parse"
  end
  local refused = xml.child(xml.child(root, "diagnostics"), "diagnostic")
  if refused then
    message, code = m.diagnostic(refused)
    return nil, ("%s: %s"):format(self.shown, message), code
  end
  return root
end

local function add_index(indexes, node)
  for _, map in ipairs(xml.children(node, "map")) do
    local name = xml.child(map, "name")
    if name then indexes[((name.attributes.set or "alma") .. "." .. name.text:match "^%s*(.-)%s*$"):lower()] = true end
  end
end

---What the server says that it can do; it is asked only once.
---@return { indexes: table<string, boolean>, schemas: string[] }|nil indexes: "alma.title" and so on, in lower case
---@return string? message
---@return string? code
function methods:explain()
  if self.explained then return self.explained end
  local root, message, code = self:ask("explain", {})
  if not root then return nil, message, code end
  local result = { indexes = {}, schemas = {} }
  for _, node in ipairs(xml.find(root, "indexInfo") or {}) do
    if node.name == "index" then add_index(result.indexes, node) end
  end
  for i, node in ipairs(xml.find(root, "schemaInfo") or {}) do result.schemas[i] = node.attributes.name end
  self.explained = result
  return result
end

local function unknown(name, indexes)
  local names = {}
  for index in pairs(indexes) do names[#names + 1] = index end
  table.sort(names)
  local near = words.nearest(name, names)
  return ("the server has no index '%s'%s; it would answer with its whole catalogue"):format(name,
    near and (", did you mean '" .. near .. "'?") or "")
end

---Says whether the server has all indexes that a query names.
---@param query string CQL
---@return true|nil
---@return string? message
---@return string? code "parse"
function methods:check(query)
  local named, wrong = cql.indexes(query)
  if not named then return nil, wrong, "parse" end
  local explained, message, code = self:explain()
  if not explained then return nil, message, code end
  for _, name in ipairs(named) do
    local full = name:find(".", 1, true) and name or "alma." .. name
    if next(explained.indexes) and not explained.indexes[full:lower()] then
      return nil, unknown(name, explained.indexes), "parse"
    end
  end
  return true
end

---Searches. Only the indexes are looked up at once; the query is sent when the first entry is
---asked for.
---@param options { query: string, schema: string? } query: CQL; schema: "marcxml" (default), "dc", "mods", …
---@return almanac.sru.list|nil
---@return string? message
---@return string? code "parse": the query is no CQL, or names an index that is not there
function methods:search(options)
  if type(options.query) ~= "string" then error("sru: query must be a string", 2) end
  local ok, message, code = self:check(options.query)
  if not ok then return nil, message, code end
  return lists.new(self, options.query, options.schema or "marcxml", m.diagnostic)
end

---@class almanac.sru.client
---@field shown string address for messages
---@field server almanac.harvest
---@field ask fun(self: almanac.sru.client, operation: string, parameters: table[]): almanac.xml.node|nil, string?, string?
---@field explain fun(self: almanac.sru.client): table|nil, string?, string?
---@field check fun(self: almanac.sru.client, query: string): true|nil, string?, string?
---@field search fun(self: almanac.sru.client, options: table): almanac.sru.list|nil, string?, string?

return m
