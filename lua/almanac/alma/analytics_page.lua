-- Reads one page of a report of Alma Analytics, as XML. What was recorded differs: headings or
-- none, elements in another order, a token on the first page or on all and broken over two
-- lines, no word on whether it is the end.
local core = require "almanac.core"
local xml = require "almanac.xml"

local m = {}

local LARGEST = 64 << 20   -- bytes of a page; a thousand rows of long texts have some megabytes

---@class almanac.alma.column
---@field position integer of ColumnN: Column0 is Analytics' own, and 0 in every row
---@field heading string? as the report shows it
---@field table string? the heading above it
---@field type string? of the database: varchar, integer, timestamp, double
---@field key string? by which a row has it: the heading; where the report has the heading twice, "TABLE.HEADING" for the later ones

---@class almanac.alma.page
---@field token string?
---@field finished boolean? nil: the page does not say
---@field columns almanac.alma.column[]? by their place; nil when the page has no headings
---@field rows string[][] by position

-- Headings come with blanks in front that nobody sees.
local function attribute(node, name)
  for key, value in pairs(node.attributes) do
    if key == name or key:match ":(.*)$" == name then return value:match "^%s*(.-)%s*$":match ".+" end
  end
end

local function position_of(name)
  return math.tointeger(tonumber((name or ""):match "^Column(%d+)$"))
end

-- Two columns may have one heading. The first keeps it, another one has the name of its table before it.
local function name_columns(columns)
  local taken = {}
  for _, column in ipairs(columns) do
    local key, heading = column.heading, column.heading
    if key and taken[key] and column.table then key = column.table .. "." .. heading end
    local plain, n = key, 1
    while key and taken[key] do
      n = n + 1
      key = ("%s (%d)"):format(plain, n)
    end
    column.key = key
    if key then taken[key] = true end
  end
  return columns
end

local function columns_of(rowset)
  local schema = xml.child(rowset, "schema")
  local sequence = schema and xml.find(schema, "sequence")
  if not sequence then return nil end
  local columns = {}
  for _, element in ipairs(xml.children(sequence, "element")) do
    local position = position_of(element.attributes.name)
    if position then
      columns[#columns + 1] = { position = position, heading = attribute(element, "columnHeading"),
        table = attribute(element, "tableHeading"), type = attribute(element, "type") }
    end
  end
  return name_columns(columns)
end

local function row_of(node)
  local row = {}
  for _, item in ipairs(node) do
    local position = position_of(item.name)
    if position then row[position] = item.text end
  end
  return row
end

local FINISHED = { ["true"] = true, ["false"] = false }

---Reads a page.
---@param text string
---@return almanac.alma.page|nil page
---@return string? message
function m.read(text)
  local root, message = core.xml.parse(text, { max_size = LARGEST })
  if not root then return nil, message end
  local result = root.name == "QueryResult" and root or xml.child(root, "QueryResult")
  if not result then return nil, ("<%s> is no report"):format(root.name) end
  local token = (xml.text(result, "ResumptionToken") or ""):gsub("%s+", "")
  local page = { token = token ~= "" and token or nil, rows = {}, finished = FINISHED[xml.text(result, "IsFinished") or ""] }
  local rowset = xml.find(result, "rowset")
  if not rowset then return page end
  page.columns = columns_of(rowset)
  for i, node in ipairs(xml.children(rowset, "Row")) do page.rows[i] = row_of(node) end
  return page
end

return m
