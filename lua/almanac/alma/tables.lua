-- Code tables and mapping tables (OpenAPI conf; schema rest_code_table). Alma knows only how to
-- change a table as a whole, and has no version of it: a change is read, made and sent at once,
-- and what somebody else changes in between is lost. So keep that time short.
local fields = require "almanac.fields"
local json = require "almanac.json"
local paging = require "almanac.alma.paging"
local unknown = require "almanac.alma.unknown"

local m = {}

local KINDS = {
  code = { path = "code-tables", key = "code_table", one = "code_table", many = "code_tables", words = "code table" },
  mapping = { path = "mapping-tables", key = "mapping_table", one = "mapping_table", many = "mapping_tables",
    words = "mapping table" },
}
local OPTIONS = { kind = "string", scope = "string", lang = "string" }

local function kind_of(who, name)
  local kind = KINDS[name or "code"]
  if not kind then error(who .. ": kind is \"code\" or \"mapping\"", 3) end
  return kind
end

local function list(client, of)
  return paging.whole(client, { path = { "conf", of.path }, kind = of.many }, of.key, function(entry) return entry.name end)
end

---The tables of the institution, without their rows perhaps.
---Source: OpenAPI conf, GET /conf/code-tables and GET /conf/mapping-tables.
---@param client almanac.alma.client
---@param kind "code"|"mapping"|nil "code" when absent
---@return { name: string, description: string? }[]|nil tables
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, kind)
  return list(client, kind_of("tables.list", kind))
end

---The rows of a table as Alma gave it, to be read or changed in place. In JSON that was made from XML they come wrapped once more.
---@param answer table as `get` gives it
---@return table[]? rows nil when it has none
function m.rows(answer)
  local rows = answer.row
  if type(rows) == "table" and type(rows.row) == "table" then rows = rows.row end
  return type(rows) == "table" and rows or nil
end

local function get(client, of, name, options)
  local query = { scope = options.scope, lang = options.lang }
  local known = { { what = of.words, code = name, key = "name", list = function() return list(client, of) end } }
  local answer, message, code, detail = unknown.told(known, client:call { path = table.pack("conf", of.path, name), kind = of.one,
    query = next(query) and query })
  if not answer then return nil, message, code, detail end
  if not m.rows(answer) then return nil, ("table %s: the answer has no rows"):format(name), "parse" end
  return answer
end

---A table with its rows.
---Source: OpenAPI conf, GET /conf/code-tables/{codeTableName} and GET /conf/mapping-tables/{mappingTableName}.
---@param client almanac.alma.client
---@param name string e.g. "RepresentationUsageType"
---@param options { kind: "code"|"mapping"|nil, scope: string?, lang: string? }? scope: code of the institution (as without it) or of a
---  library; lang: of a code table's descriptions, e.g. "en"
---@return table|nil answer name, description, scope, … and in `row` { code, description, enabled, default } of a code table, { column0,
---  column1, …, enabled } of a mapping table
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, name, options)
  options = options or {}
  fields.check("tables.get", options, OPTIONS)
  return get(client, kind_of("tables.get", options.kind), name, options)
end

---The rows of a code table as a list.
---@param client almanac.alma.client
---@param name string
---@return { code: string, description: string?, enabled: boolean?, default: boolean? }[]|nil rows
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.codes(client, name)
  local answer, message, code, detail = m.get(client, name)
  if not answer then return nil, message, code, detail end
  return m.rows(answer)
end

-- What Alma would refuse, or take in a way that nobody means.
local function wrong(rows, name)
  local seen, defaults = {}, 0
  for i, row in ipairs(rows) do
    if type(row) ~= "table" then return ("row %d of %s is no row"):format(i, name) end
    local code = row.code or row.column0
    if type(code) ~= "string" or code == "" then return ("row %d of %s has no code"):format(i, name) end
    if row.code and seen[code] then return ("the code '%s' stands twice in %s"):format(code, name) end
    seen[code] = true
    if row.default == true or row.default == "true" then defaults = defaults + 1 end
  end
  if defaults > 1 then return ("%s has %d default codes, and can have one"):format(name, defaults) end
end

local function put_rows(answer, rows)
  if type(answer.row.row) == "table" then answer.row.row = rows else answer.row = rows end
end

---Changes rows of a table: reads it, calls `change` with its rows, sends it. When nothing was changed, nothing is sent.
---Source: OpenAPI conf, PUT /conf/code-tables/{codeTableName} (which can't bring back a deleted row) and PUT
---/conf/mapping-tables/{mappingTableName}.
---@param client almanac.alma.client
---@param name string
---@param change fun(rows: table[], answer: table): table[]? changes them in place, or gives others in their place
---@param options { kind: "code"|"mapping"|nil, scope: string?, lang: string? }? as for `get`; a code table's descriptions are
---  changed in the language that was read
---@return table|nil answer the table as Alma has it now
---@return boolean|string changed false: it was so already; or the message
---@return string? code "parse": what `change` left is no table; nothing was sent
---@return almanac.alma.detail? detail
function m.update(client, name, change, options)
  options = options or {}
  fields.check("tables.update", options, OPTIONS)
  if type(change) ~= "function" then error("tables.update: give a function that changes the rows", 2) end
  local of = kind_of("tables.update", options.kind)
  local answer, message, code, detail = get(client, of, name, options)
  if not answer then return nil, message, code, detail end
  local before = json.encode(answer)
  local rows = change(m.rows(answer), answer) or m.rows(answer)
  local words = wrong(rows, name)
  if words then return nil, words .. ": nothing was changed", "parse" end
  put_rows(answer, rows)
  if json.encode(answer) == before then return answer, false end
  local lang = of == KINDS.code and (options.lang or type(answer.language) == "table" and answer.language.value) or nil
  local now
  now, message, code, detail = client:call { method = "PUT", path = table.pack("conf", of.path, name), body = answer, kind = of.one,
    query = lang and lang ~= "" and { lang = lang } or nil }
  if not now then return nil, message, code, detail end
  return now, true
end

return require("almanac.alma.area").of("tables", m)
