-- /analytics: reports of Alma Analytics, from --report and two of the rehearsal's own, page by page.
--
-- A token is the same for all pages of a report, so Alma keeps how far it is. Its documentation does not say whether a page
-- can be had again: here it can't. The first answer is that Alma is still working; its token is broken over two lines, as
-- was recorded, and no later page has one.
local core = require "almanac.core"
local failure = require "almanac.rehearsal.api.failure"
local json = require "almanac.json"

local m = {}

local LOWEST, MOST, STEP = 25, 1000, 25
local DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
local ROWSET = "urn:schemas-microsoft-com:xml-analysis:rowset"

-- ---- what reports there are ----

local function from_query(headings, sql)
  return function(world)
    local report = { columns = {}, rows = {} }
    for i, heading in ipairs(headings) do report.columns[i] = { heading = heading[1], table = heading[2] } end
    for row in world.db:rows(sql) do
      local values = {}
      for i = 1, #headings do values[i] = row["c" .. i] and tostring(row["c" .. i]) end
      report.rows[#report.rows + 1] = values
    end
    return report
  end
end

local BIB, REQUEST = "Bibliographic Details", "Request Details"

local OWN = {
  ["/shared/Rehearsal Library/Reports/Titles"] = from_query({ { "MMS Id", BIB }, { "Title", BIB }, { "Bibliographic Format", BIB } },
    "SELECT mms_id AS c1, title AS c2, format AS c3 FROM bib ORDER BY n"),
  ["/shared/Rehearsal Library/Reports/Digitization requests"] = from_query({ { "Request Id", REQUEST }, { "MMS Id", BIB },
    { "Title", BIB } }, "SELECT r.id AS c1, r.mms_id AS c2, bib.title AS c3 FROM user_request r JOIN bib USING(mms_id) " ..
    "WHERE r.type = 'DIGITIZATION' AND NOT r.ended ORDER BY r.n"),
}

local function report_at(world, path)
  local given = world.reports and world.reports[path]
  return given or OWN[path] and OWN[path](world)
end

-- ---- filters ----

local function leaf(node, kind)
  for name, value in pairs(node.attributes) do
    if name:match "([^:]+)$" == "type" and value:find(kind, 1, true) then return node.text end
  end
  for _, item in ipairs(node) do
    local text = leaf(item, kind)
    if text then return text end
  end
end

-- Of all that a filter can say, only that a column equals a text: op="equal", an sqlExpression and a value.
local function filtered(report, text)
  local root = core.xml.parse(text)
  local column = root and (leaf(root, "sqlExpression") or ""):match '"([^"]+)"%s*$'
  local value = root and leaf(root, "string")
  if not column or not value or not text:find 'op="equal"' then return nil end
  local rows = {}
  for _, row in ipairs(report.rows) do
    for i, each in ipairs(report.columns) do
      if each.heading == column and row[i] == value then rows[#rows + 1] = row end
    end
  end
  return { columns = report.columns, rows = rows }
end

-- ---- writing ----

local function schema(columns)
  local parts = {}
  for i = 0, #columns do
    local column = columns[i] or { heading = "0", table = "" }
    parts[#parts + 1] = ('<xsd:element maxOccurs="1" minOccurs="0" name="Column%d" saw-sql:columnHeading="%s" ' ..
      'saw-sql:displayFormula="saw_%d" saw-sql:tableHeading="%s" saw-sql:type="%s" type="%s"/>'):format(i,
      core.xml.escape(column.heading), i, core.xml.escape(column.table), i == 0 and "integer" or "varchar",
      i == 0 and "xsd:int" or "xsd:string")
  end
  return ('<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:saw-sql="urn:saw-sql" targetNamespace="%s">' ..
    '<xsd:complexType name="Row"><xsd:sequence>%s</xsd:sequence></xsd:complexType></xsd:schema>'):format(ROWSET, table.concat(parts))
end

-- An empty value is left out, as Analytics does with what is NULL.
local function row_xml(row, columns)
  local parts = { "<Row><Column0>0</Column0>" }
  for i = 1, #columns do
    if row[i] and row[i] ~= "" then parts[#parts + 1] = ("<Column%d>%s</Column%d>"):format(i, core.xml.escape(row[i]), i) end
  end
  parts[#parts + 1] = "</Row>"
  return table.concat(parts)
end

local function answer(call, token, finished, content)
  local text = ("%s<report><QueryResult>%s<IsFinished>%s</IsFinished>%s</QueryResult></report>"):format(DECLARATION,
    token and ("<ResumptionToken>%s\n  %s</ResumptionToken>"):format(token:sub(1, 60), token:sub(61)) or "", finished,
    content and "<ResultXml>" .. content .. "</ResultXml>" or "<ResultXml/>")
  if call.format == "json" then
    return { type = "application/json;charset=UTF-8", body = json.encode { anies = { text } } }
  end
  return { type = "application/xml;charset=UTF-8", body = text }
end

-- ---- calls ----

local function limit_of(query)
  local limit = math.tointeger(tonumber(query.limit or LOWEST))
  return limit and limit >= LOWEST and limit <= MOST and limit % STEP == 0 and limit or nil
end

local function begin(world, call)
  local path, filter = call.query.path or "", call.query.filter
  local report = report_at(world, path)
  if not path:find "^/shared/" then
    return failure.new("500", ("access denied for user to path %s - make sure the report is saved in a shared folder."):format(path))
  elseif not report then
    return failure.new("INTERNAL_SERVER_ERROR", ("Path not found (%s)"):format(path))
  end
  if filter and filter ~= "" then
    report = filtered(report, filter)
    if not report then return failure.new("402119", "General error.") end
  end
  local token = core.text.hex(core.hash.random(64)):upper()
  world.readings = world.readings or {}
  world.readings[token] = { report = report, at = 0 }
  return answer(call, token, false)
end

local function page(call, reading, limit)
  local report, first = reading.report, reading.at + 1
  if reading.over then return failure.new("420033", "No more rows to fetch") end
  local last = math.min(first + limit - 1, #report.rows)
  local parts = { ('<rowset xmlns="%s">'):format(ROWSET), call.query.col_names ~= "false" and schema(report.columns) or "" }
  for i = first, last do parts[#parts + 1] = row_xml(report.rows[i], report.columns) end
  parts[#parts + 1] = "</rowset>"
  reading.at, reading.over = last, last == #report.rows
  return answer(call, nil, reading.over, table.concat(parts))
end

---@type almanac.rehearsal.handler
function m.report(world, call)
  local limit, token = limit_of(call.query), call.query.token
  if not limit then return failure.new("402119", "General error.") end
  if not token or token == "" then return begin(world, call) end
  local reading = world.readings and world.readings[token]
  if not reading then return failure.new("402119", "General error.") end
  return page(call, reading, limit)
end

local function paths_of(world)
  local paths = {}
  for path in pairs(OWN) do paths[#paths + 1] = path end
  for path in pairs(world.reports or {}) do paths[#paths + 1] = path end
  table.sort(paths)
  return paths
end

-- How the answer looks is not public: here each entry is an element with its path as text.
---@type almanac.rehearsal.handler
function m.paths(world, call)
  local folder = call.path.path and "/" .. call.path.path:gsub("^/", ""):gsub("/$", "") or ""
  local entries, seen = {}, {}
  for _, path in ipairs(paths_of(world)) do
    local name, rest = path:sub(#folder + 1):match "^(/[^/]+)(.*)$"
    if path:sub(1, #folder) == folder and name and not seen[name] then
      seen[name] = true
      entries[#entries + 1] = ('<path type="%s">%s</path>'):format(rest == "" and "Report" or "Folder", core.xml.escape(folder .. name))
    end
  end
  if not entries[1] then return failure.new("90109", "Given path is invalid.") end
  return { type = "application/xml;charset=UTF-8",
    body = DECLARATION .. "<analytics_paths>" .. table.concat(entries) .. "</analytics_paths>" }
end

m.routes = {
  { "GET /analytics/reports", m.report, "path filter limit col_names token" },
  { "GET /analytics/paths", m.paths, "" },
  { "GET /analytics/paths/{path...}", m.paths, "" },
}

return m
