-- OAI-PMH 2.0 as a provider speaks it, whoever it is: arguments, pages, tokens, errors. What its
-- records, sets and formats are, a provider says. Alma is one (almanac.rehearsal.api.oai), and the
-- repositories beside it are others (almanac.rehearsal.remote).
local core = require "almanac.core"
local hostile = require "almanac.rehearsal.api.hostile"

local m = {}

local escape = core.xml.escape

---@class almanac.rehearsal.oai.list what was asked for, on each of its pages
---@field verb string
---@field prefix string
---@field set string? nil: of all sets
---@field from string "" or a date
---@field to string "" or a date
---@field after integer entries that were given before

---@class almanac.rehearsal.oai.provider
---@field name string? of the repository; the institution's otherwise
---@field page integer entries on a page
---@field days boolean? its dates are days, without a time
---@field empty_token boolean? the last page has an empty token also when it is the only one
---@field address fun(world: table): string
---@field identity fun(world: table): string the elements of Identify between its address and its granularity
---@field formats fun(world: table): { prefix: string, schema: string, namespace: string }[]
---@field sets fun(world: table): { spec: string, name: string }[]
---@field check fun(world: table, list: almanac.rehearsal.oai.list) refuses what it can't give
---@field rows fun(world: table, list: almanac.rehearsal.oai.list): table[] with identifier, stamp (to the second), deleted, sets
---@field write fun(world: table, row: table, prefix: string): string the record
---@field find fun(world: table, identifier: string, prefix: string?): table? row, nil: not there, or not in this format
---@field token fun(world: table, list: almanac.rehearsal.oai.list, next_row: table?, mark: string?): string without next_row the page
---  begins again; mark: digits that make the token another one
---@field resume fun(world: table, text: string, verb: string): almanac.rehearsal.oai.list? nil: it is no token
---@field start (fun(list: almanac.rehearsal.oai.list, rows: table[]): integer)? entries before the page, when `after` does not say it
---@field expires (fun(world: table): number)? seconds since 1970 at which its tokens expire

---@param name string
---@param value string
---@return string xml
function m.element(name, value)
  return ("<%s>%s</%s>"):format(name, escape(value), name)
end
local element = m.element

---Answers with an error of the protocol.
---@param code string
---@param words string
function m.refuse(code, words)
  error({ code = code, words = words }, 0)
end
local refuse = m.refuse

---@param provider almanac.rehearsal.oai.provider
---@param prefix string?
---@return table? format
function m.format_of(provider, world, prefix)
  for _, format in ipairs(provider.formats(world)) do
    if format.prefix == prefix then return format end
  end
end

---Whether a date is what a list is about. A day means all of it.
---@param stamp string to the second
---@param list almanac.rehearsal.oai.list
---@return boolean
function m.lies_between(stamp, list)
  local function day_or_second(limit) return stamp:sub(1, #limit == 10 and 10 or #stamp) end
  return (list.from == "" or day_or_second(list.from) >= list.from)
    and (list.to == "" or day_or_second(list.to) <= list.to)
end

-- ---- entries ----

local function header(provider, row)
  local sets = {}
  for i, set in ipairs(row.sets) do sets[i] = element("setSpec", set) end
  return ("<header%s>%s%s%s</header>"):format(row.deleted and ' status="deleted"' or "", element("identifier", row.identifier),
    element("datestamp", provider.days and row.stamp:sub(1, 10) or row.stamp), table.concat(sets))
end

local function entry(provider, world, row, list)
  local head = header(provider, row)
  if list.verb == "ListIdentifiers" then return head end
  if row.deleted then return ("<record>%s</record>"):format(head) end
  return ("<record>%s<metadata>%s</metadata></record>"):format(head, provider.write(world, row, list.prefix))
end

-- ---- tokens ----

-- Makes up tokens that were never used before, for the page that they stand on.
local made_up = 0
local function endless_token(provider, world, list)
  made_up = made_up + 1
  return provider.token(world, list, nil, ("%d"):format(made_up))
end

local function token_element(provider, world, page, asked, fault)
  local list, next_row = page.list, page.rows[page.last + 1]
  if fault == "endless" then
    return ("<resumptionToken>%s</resumptionToken>"):format(escape(endless_token(provider, world, list)))
  end
  if not next_row and page.first == 1 and not provider.empty_token then return "" end
  list.after = page.last
  local token = next_row and provider.token(world, list, next_row) or ""
  if fault == "sametoken" and asked then token = asked end
  if fault == "notoken" then token = "" end
  local expires = token ~= "" and provider.expires and (' expirationDate="%s"'):format(
    os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(provider.expires(world)))) or ""
  return ('<resumptionToken%s completeListSize="%d" cursor="%d">%s</resumptionToken>'):format(expires, #page.rows, page.first - 1,
    escape(token))
end

-- ---- arguments ----

local KNOWN = {
  Identify = {}, ListMetadataFormats = { identifier = true }, ListSets = { resumptionToken = true },
  ListIdentifiers = { from = true, ["until"] = true, metadataPrefix = true, set = true, resumptionToken = true },
  GetRecord = { identifier = true, metadataPrefix = true },
}
KNOWN.ListRecords = KNOWN.ListIdentifiers

local function check_arguments(call, known)
  local seen = {}
  for _, pair in ipairs(call.pairs) do
    local name = pair[1]
    if name ~= "verb" and not known[name] or seen[name] then
      refuse("badArgument", ("The request includes illegal arguments or repeats them: %s"):format(name))
    end
    seen[name] = true
  end
  if seen.resumptionToken and #call.pairs > 2 then
    refuse("badArgument", "resumptionToken is an exclusive argument.")
  end
end

local function check_dates(provider, list)
  for _, date in ipairs { list.from, list.to } do
    if date ~= "" and not date:find "^%d%d%d%d%-%d%d%-%d%d$"
      and (provider.days or not date:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$") then
      refuse("badArgument", "Invalid date: " .. date)
    end
  end
  if list.from ~= "" and list.to ~= "" and (#list.from ~= #list.to or list.from > list.to) then
    refuse("badArgument", "from and until do not fit together.")
  end
end

local function bad_token()
  refuse("badResumptionToken", "The value of the resumptionToken argument is invalid or expired.")
end

local function asked_list(provider, world, call, verb)
  local query = call.query
  if query.resumptionToken then return provider.resume(world, query.resumptionToken, verb) or bad_token() end
  local list = { verb = verb, prefix = query.metadataPrefix, set = query.set, from = query.from or "",
    to = query["until"] or "", after = 0 }
  if not list.prefix then refuse("badArgument", "metadataPrefix is missing.") end
  if not m.format_of(provider, world, list.prefix) then
    refuse("cannotDisseminateFormat", "The metadata format is not supported.")
  end
  provider.check(world, list)
  check_dates(provider, list)
  return list
end

local function no_records()
  refuse("noRecordsMatch", "The combination of the values of the from, until, set and metadataPrefix arguments " ..
    "results in an empty list.")
end

-- ---- verbs ----

local verbs = {}

function verbs.Identify(provider, world)
  return element("repositoryName", provider.name or world.name) .. element("baseURL", provider.address(world)) ..
    "<protocolVersion>2.0</protocolVersion><adminEmail>library@example.org</adminEmail>" .. provider.identity(world) ..
    element("granularity", provider.days and "YYYY-MM-DD" or "YYYY-MM-DDThh:mm:ssZ")
end

function verbs.ListMetadataFormats(provider, world, call)
  if call.query.identifier and not provider.find(world, call.query.identifier) then
    refuse("idDoesNotExist", "The identifier is unknown.")
  end
  local parts = {}
  for i, format in ipairs(provider.formats(world)) do
    parts[i] = ("<metadataFormat>%s%s%s</metadataFormat>"):format(element("metadataPrefix", format.prefix),
      element("schema", format.schema), element("metadataNamespace", format.namespace))
  end
  return table.concat(parts)
end

function verbs.ListSets(provider, world)
  local parts = {}
  for i, set in ipairs(provider.sets(world)) do
    parts[i] = ("<set>%s%s</set>"):format(element("setSpec", set.spec), element("setName", set.name))
  end
  return table.concat(parts)
end

local function fault_of(call)
  local fault = call.fault and call.fault.kind
  return fault == "hostile" and hostile.form(call.fault) or fault
end

function verbs.ListIdentifiers(provider, world, call, verb)
  local fault = fault_of(call)
  if fault == "badtoken" and call.query.resumptionToken then bad_token() end
  local list = asked_list(provider, world, call, verb or "ListIdentifiers")
  local page = { list = list, rows = provider.rows(world, list) }
  if fault == "nothing" or not page.rows[1] then no_records() end
  page.first = (provider.start and provider.start(list, page.rows) or list.after) + 1
  page.last = math.min(page.first + provider.page - 1, #page.rows)
  local parts = {}
  for i = page.first, page.last do parts[#parts + 1] = entry(provider, world, page.rows[i], list) end
  return table.concat(parts) .. token_element(provider, world, page, call.query.resumptionToken, fault)
end

function verbs.ListRecords(provider, world, call)
  return verbs.ListIdentifiers(provider, world, call, "ListRecords")
end

function verbs.GetRecord(provider, world, call)
  local query = call.query
  if not (query.identifier and query.metadataPrefix) then refuse("badArgument", "identifier or metadataPrefix is missing.") end
  local row = provider.find(world, query.identifier, query.metadataPrefix)
  if not row then
    refuse("idDoesNotExist", "The value of the identifier argument is unknown or illegal in this repository.")
  end
  return entry(provider, world, row, { verb = "GetRecord", prefix = query.metadataPrefix })
end

local function answer(provider, world, call)
  local verb = call.query.verb or ""
  if not verbs[verb] then refuse("badVerb", "Illegal OAI verb") end
  check_arguments(call, KNOWN[verb])
  return ("<%s>%s</%s>"):format(verb, verbs[verb](provider, world, call), verb)
end

---Answers a request.
---@param provider almanac.rehearsal.oai.provider
---@param world table
---@param call almanac.rehearsal.call
---@return string xml
function m.run(provider, world, call)
  local ok, content = pcall(answer, provider, world, call)
  if not ok then
    if type(content) ~= "table" then error(content, 0) end
    content = ('<error code="%s">%s</error>'):format(content.code, escape(content.words))
  end
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" ' ..
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ ' ..
    'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"><responseDate>%s</responseDate><request>%s</request>%s</OAI-PMH>')
    :format(os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(world:time())), escape(provider.address(world)), content)
end

return m
