-- The SRU server: searches in titles, 50 records a page, 10,000 in all. A query by an index
-- that it does not have finds everything, as in Alma.
local core = require "almanac.core"
local cql = require "almanac.sru.cql"
local record = require "almanac.rehearsal.api.record"

local m = {}

local PAGE = 50
local DEFAULT_PAGE = 10
local MOST = 10000
local SCHEMAS = { marcxml = record.marcxml, dc = record.oai_dc }
local escape = core.xml.escape

local function refuse(number, message, details)
  error({ number = number, message = message, details = details }, 0)
end

-- ---- CQL to SQL ----

local function words_in(columns)
  return function(term, values)
    local parts = {}
    for word in term:lower():gmatch "%S+" do
      values[#values + 1] = "%" .. word .. "%"
      parts[#parts + 1] = ("lower(%s) LIKE ?%d"):format(columns, #values)
    end
    return parts[1] and table.concat(parts, " AND ") or "0"
  end
end

local function same(column)
  return function(term, values)
    values[#values + 1] = term
    return ("%s = ?%d"):format(column, #values)
  end
end

local function barcode(term, values)
  values[#values + 1] = term
  return ("EXISTS (SELECT 1 FROM item WHERE item.mms_id = bib.mms_id AND barcode = ?%d)"):format(#values)
end

-- Numbers of other systems: those of a record of its own, and the OCLC number of a made-up one.
local function system_number(term, values)
  values[#values + 1] = "%" .. term:lower() .. "%"
  return ([[lower(coalesce(oclc, '')) LIKE ?%d OR EXISTS (SELECT 1 FROM network_number n WHERE n.mms_id = bib.mms_id
    AND lower(n.number) LIKE ?%d)]]):format(#values, #values)
end

local INDEXES = {
  ["alma.mms_id"] = same "mms_id", ["rec.id"] = same "mms_id", ["alma.title"] = words_in "title",
  ["alma.all_for_ui"] = words_in "title || ' ' || mms_id || ' ' || coalesce(oclc, '')", ["alma.barcode"] = barcode,
  ["alma.other_system_number"] = system_number,
}
local JOINED = { ["and"] = " AND ", ["or"] = " OR ", ["not"] = " AND NOT " }

local function invalid(query)
  refuse(200812, "Invalid query", query)
end

local expression

local function clause(state)
  local tokens, at = state.tokens, state.at
  local token = tokens[at]
  if not token then invalid(state.query) end
  if token.text == "(" and not token.quoted then
    state.at = at + 1
    local inner = expression(state)
    if not (tokens[state.at] and tokens[state.at].text == ")") then invalid(state.query) end
    state.at = state.at + 1
    return "(" .. inner .. ")"
  end
  local term = tokens[at + 2]
  if not cql.is_relation(tokens[at + 1]) or not term or term.text == "" then invalid(state.query) end
  state.at = at + 3
  local name = token.text:lower()
  local search = INDEXES[name] or INDEXES["alma." .. name]
  return search and "(" .. search(term.text, state.values) .. ")" or "1"
end

function expression(state)
  local sql = clause(state)
  while cql.is_boolean(state.tokens[state.at]) do
    local joined = JOINED[state.tokens[state.at].text:lower()]
    state.at = state.at + 1
    sql = ("(%s%s%s)"):format(sql, joined or " AND ", clause(state))
  end
  return sql
end

local function where(query)
  local tokens = cql.tokens(query or "")
  if not tokens or not tokens[1] then invalid(query or "") end
  local state = { query = query, tokens = tokens, at = 1, values = {} }
  local sql = expression(state)
  local rest = tokens[state.at]
  if rest and rest.text:lower() ~= "sortby" then invalid(query) end
  return sql .. " AND NOT suppressed", state.values
end

-- ---- answers ----

local function record_element(world, row, schema, position)
  return ("<record><recordSchema>%s</recordSchema><recordPacking>xml</recordPacking><recordData>%s</recordData>" ..
    "<recordIdentifier>%s</recordIdentifier><recordPosition>%d</recordPosition></record>")
    :format(schema, SCHEMAS[schema](world, row), row.mms_id, position)
end

local function positive(text, default)
  local number = math.tointeger(tonumber(text or default))
  if not number or number < 0 then refuse(6, "Unsupported parameter value", text) end
  return number
end

local function search(world, query)
  local schema = query.recordSchema or "marcxml"
  if not SCHEMAS[schema] then refuse(66, "Unknown schema for retrieval", schema) end
  local start, count = positive(query.startRecord, 1), math.min(PAGE, positive(query.maximumRecords, DEFAULT_PAGE))
  if start + count - 1 > MOST then refuse(61, "First record position out of range", "10000 records at most") end
  local sql, values = where(query.query)
  local total = world.db:value("SELECT count(*) FROM bib WHERE " .. sql, table.unpack(values))
  local parts = {}
  for row in world.db:rows(("SELECT * FROM bib WHERE %s ORDER BY n LIMIT %d OFFSET %d"):format(sql, count, start - 1),
      table.unpack(values)) do
    parts[#parts + 1] = record_element(world, row, schema, start + #parts)
  end
  local next_position = start + #parts
  return ("<numberOfRecords>%d</numberOfRecords><records>%s</records>%s"):format(total, table.concat(parts),
    parts[1] and next_position <= total and ("<nextRecordPosition>%d</nextRecordPosition>"):format(next_position) or "")
end

local function explain()
  local names, parts = {}, {}
  for name in pairs(INDEXES) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = ('<index><map><name set="%s">%s</name></map></index>'):format(name:match "^(.-)%.(.*)$")
  end
  return ('<explainResponse xmlns="http://www.loc.gov/zing/srw/"><version>1.2</version><record>' ..
    "<recordSchema>http://explain.z3950.org/dtd/2.0/</recordSchema><recordPacking>xml</recordPacking><recordData>" ..
    '<explain xmlns="http://explain.z3950.org/dtd/2.0/"><serverInfo/><indexInfo>%s</indexInfo><schemaInfo>' ..
    '<schema name="marcxml"/><schema name="dc"/></schemaInfo><configInfo><setting type="maximumRecords">%d</setting>' ..
    "</configInfo></explain></recordData></record></explainResponse>"):format(table.concat(parts), PAGE)
end

local function answer(world, call)
  local query = call.query
  if query.operation == "explain" or not query.operation then return explain() end
  if query.operation ~= "searchRetrieve" then refuse(4, "Unsupported operation", query.operation) end
  if query.version ~= "1.2" then refuse(5, "Unsupported version", "1.2") end
  return search(world, query)
end

local function diagnostics(refusal)
  return ('<numberOfRecords>0</numberOfRecords><diagnostics><diagnostic xmlns="http://www.loc.gov/zing/srw/diagnostic/">' ..
    "<uri>info:srw/diagnostic/1/%d</uri><details>%s</details><message>%s</message></diagnostic></diagnostics>")
    :format(refusal.number, escape(refusal.details or ""), escape(refusal.message))
end

---@return string xml
function m.run(world, call)
  local ok, content = pcall(answer, world, call)
  if not ok then
    if type(content) ~= "table" then error(content, 0) end
    content = diagnostics(content)
  end
  if content:find "^<explainResponse" then return content end
  return '<?xml version="1.0" encoding="UTF-8"?>\n<searchRetrieveResponse xmlns="http://www.loc.gov/zing/srw/"><version>1.2</version>' ..
    content .. "</searchRetrieveResponse>"
end

return m
