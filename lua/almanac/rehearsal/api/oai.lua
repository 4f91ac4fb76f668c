-- The OAI-PMH provider, with the sets of titles as Alma publishes them. Every set of /conf/sets
-- is published as MARC. One more, dublin_core, holds what is catalogued in Dublin Core. For a
-- set in another format the answer is "no publishing profile", as Alma's. A title that is gone
-- or suppressed is a deleted header.
local core = require "almanac.core"
local hostile = require "almanac.rehearsal.api.hostile"
local formats = require "almanac.rehearsal.api.formats"
local record = require "almanac.rehearsal.api.record"

local m = {}

local PAGE = 100
local DUBLIN_CORE = "dublin_core"
local FORMATS = {
  marc21 = { "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", "http://www.loc.gov/MARC21/slim", record.marcxml },
  oai_dc = { "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/", record.oai_dc },
  oai_qdc = { "http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd", "http://worldcat.org/xmlschemas/qdc-1.0/", record.oai_qdc },
  mods = { "http://www.loc.gov/standards/mods/v3/mods-3-5.xsd", "http://www.loc.gov/mods/v3" },
}
local ORDER = { "mods", "oai_dc", "oai_qdc", "marc21" }
local escape = core.xml.escape

local function element(name, value)
  return ("<%s>%s</%s>"):format(name, escape(value), name)
end

local function refuse(code, words)
  error({ code = code, words = words }, 0)
end

local function spec_of(name)
  return (name:lower():gsub("[^%w]+", "_"))
end

-- Titles are published, and other things not.
local SETS = "SELECT id, name FROM title_set WHERE type = 'ITEMIZED' AND content IN ('BIB_MMS', 'IED') ORDER BY n"

local function find_set(world, spec)
  if spec == DUBLIN_CORE then return { spec = spec } end
  for row in world.db:rows(SETS) do
    if spec_of(row.name) == spec then return { spec = spec, id = row.id } end
  end
end

local function is_published(set, prefix)
  if set.spec == DUBLIN_CORE then return prefix == "oai_dc" or prefix == "oai_qdc" end
  return prefix == "marc21"
end

local MEMBERS = [[SELECT set_member.n AS place, set_member.id AS id, bib.* FROM set_member LEFT JOIN bib ON bib.mms_id = set_member.id
  WHERE set_id = ?1 ORDER BY set_member.n]]
local OWN = ("SELECT n AS place, mms_id AS id, bib.* FROM bib WHERE format NOT IN %s AND ?1 IS NULL ORDER BY n")
  :format(formats.MARC_LIST)

local function stamp_of(world, row)
  return (row.modified or world:today()):gsub("Z$", "T00:00:00Z")
end

local function lies_between(stamp, list)
  local function day_or_second(limit) return stamp:sub(1, #limit == 10 and 10 or #stamp) end
  return (list.from == "" or day_or_second(list.from) >= list.from)
    and (list.to == "" or day_or_second(list.to) <= list.to)
end

-- The members of a list, each with its date of change.
local function members(world, list)
  local set, rows = find_set(world, list.set), {}
  for row in world.db:rows(set.id and MEMBERS or OWN, set.id) do
    row.stamp = stamp_of(world, row)
    if lies_between(row.stamp, list) then rows[#rows + 1] = row end
  end
  return rows
end

local function header(world, row, set)
  local deleted = not row.mms_id or row.suppressed == 1
  return ("<header%s>%s%s%s</header>"):format(deleted and ' status="deleted"' or "",
    element("identifier", ("oai:alma.%s:%s"):format(world.inst, row.id)), element("datestamp", row.stamp),
    element("setSpec", set)), deleted
end

local function entry(world, row, list)
  local head, deleted = header(world, row, list.set)
  if list.verb == "ListIdentifiers" then return head end
  if deleted then return ("<record>%s</record>"):format(head) end
  return ("<record>%s<metadata>%s</metadata></record>"):format(head, FORMATS[list.prefix][3](world, row))
end

-- ---- resumption tokens: they hold the whole state of the list, and signs that need encoding ----

local function token_of(list, after)
  return table.concat({ list.verb, list.prefix, list.set, list.from, list.to, after }, "$") .. "$+/&=%20"
end

local function from_token(verb, text)
  local list = { after = 0 }
  list.verb, list.prefix, list.set, list.from, list.to, list.after =
    text:match "^(%a+)%$(%w+_?%w*)%$([%w_]+)%$([^$]*)%$([^$]*)%$(%d+)%$%+/&=%%20%d*$"
  if list.verb ~= verb or not FORMATS[list.prefix or ""] then
    refuse("badResumptionToken", "The value of the resumptionToken argument is invalid or expired.")
  end
  list.after = math.tointeger(tonumber(list.after))
  return list
end

-- Makes up tokens that were never used before, for the page that they stand on.
local made_up = 0
local function endless_token(list)
  made_up = made_up + 1
  return token_of(list, list.after) .. made_up
end

local function token_element(list, total, last, asked, fault)
  if fault == "endless" then return ("<resumptionToken>%s</resumptionToken>"):format(escape(endless_token(list))) end
  if not last and list.after == 0 then return "" end
  local token = last and token_of(list, last) or ""
  if fault == "sametoken" and asked then token = asked end
  if fault == "notoken" then token = "" end
  return ('<resumptionToken completeListSize="%d" cursor="%d">%s</resumptionToken>'):format(total, list.after, escape(token))
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

local function check_dates(list)
  for _, date in ipairs { list.from, list.to } do
    if date ~= "" and not date:find "^%d%d%d%d%-%d%d%-%d%d$" and not date:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$" then
      refuse("badArgument", "Invalid date: " .. date)
    end
  end
  if list.from ~= "" and list.to ~= "" and (#list.from ~= #list.to or list.from > list.to) then
    refuse("badArgument", "from and until do not fit together.")
  end
end

local function asked_list(world, call, verb)
  local query = call.query
  if query.resumptionToken then return from_token(verb, query.resumptionToken) end
  local list = { verb = verb, prefix = query.metadataPrefix, set = query.set, from = query.from or "",
    to = query["until"] or "", after = 0 }
  if not list.prefix then refuse("badArgument", "metadataPrefix is missing.") end
  if not FORMATS[list.prefix] then refuse("cannotDisseminateFormat", "The metadata format is not supported.") end
  if not list.set then refuse("badArgument", "set is missing.") end
  check_dates(list)
  local set = find_set(world, list.set)
  if not set or not is_published(set, list.prefix) then
    refuse("noRecordsMatch", "No Publishing profile exists for this combination of set and metadata prefix.")
  end
  return list
end

-- ---- verbs ----

local verbs = {}

function verbs.Identify(world)
  return element("repositoryName", world.name) .. element("baseURL", m.address(world)) ..
    "<protocolVersion>2.0</protocolVersion><adminEmail>library@example.org</adminEmail>" ..
    "<earliestDatestamp>2001-01-01T00:00:00Z</earliestDatestamp><deletedRecord>transient</deletedRecord>" ..
    "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity>"
end

local function find_record(world, identifier)
  local mms_id = (identifier or ""):match("^oai:alma%." .. world.inst:gsub("%p", "%%%0") .. ":(%d+)$")
  return mms_id and world.db:row("SELECT mms_id AS id, * FROM bib WHERE mms_id = ?", mms_id)
end

function verbs.ListMetadataFormats(world, call)
  if call.query.identifier and not find_record(world, call.query.identifier) then
    refuse("idDoesNotExist", "The identifier is unknown.")
  end
  local parts = {}
  for i, prefix in ipairs(ORDER) do
    parts[i] = ("<metadataFormat>%s%s%s</metadataFormat>"):format(element("metadataPrefix", prefix),
      element("schema", FORMATS[prefix][1]), element("metadataNamespace", FORMATS[prefix][2]))
  end
  return table.concat(parts)
end

function verbs.ListSets(world)
  local parts = {}
  local function add(spec, name)
    parts[#parts + 1] = ("<set>%s%s</set>"):format(element("setSpec", spec), element("setName", name))
  end
  for row in world.db:rows(SETS) do add(spec_of(row.name), row.name) end
  add(DUBLIN_CORE, "Dublin Core records")
  return table.concat(parts)
end

function verbs.ListIdentifiers(world, call, verb)
  local fault = call.fault and call.fault.kind
  if fault == "hostile" then fault = hostile.form(call.fault) end
  if fault == "badtoken" and call.query.resumptionToken then
    refuse("badResumptionToken", "The value of the resumptionToken argument is invalid or expired.")
  end
  local list = asked_list(world, call, verb or "ListIdentifiers")
  local rows, parts = members(world, list), {}
  if not rows[1] then
    refuse("noRecordsMatch", "The combination of the values of the from, until, set and metadataPrefix arguments " ..
      "results in an empty list.")
  end
  local last = math.min(list.after + PAGE, #rows)
  for i = list.after + 1, last do parts[#parts + 1] = entry(world, rows[i], list) end
  return table.concat(parts) ..
    token_element(list, #rows, last < #rows and last or nil, call.query.resumptionToken, fault)
end

function verbs.ListRecords(world, call)
  return verbs.ListIdentifiers(world, call, "ListRecords")
end

function verbs.GetRecord(world, call)
  local query = call.query
  if not (query.identifier and query.metadataPrefix) then refuse("badArgument", "identifier or metadataPrefix is missing.") end
  local row = find_record(world, query.identifier)
  local own = row and record.is_dublin_core(row) and DUBLIN_CORE or "all_digital_titles"
  if not row or not is_published({ spec = query.metadataPrefix == "marc21" and "all_digital_titles" or own }, query.metadataPrefix) then
    refuse("idDoesNotExist", "The value of the identifier argument is unknown or illegal in this repository.")
  end
  row.stamp = stamp_of(world, row)
  return entry(world, row, { verb = "GetRecord", prefix = query.metadataPrefix, set = own })
end

---@return string url of the provider
function m.address(world)
  return ("http://%s/view/oai/%s/request"):format(world.host, world.inst)
end

local function answer(world, call)
  local verb = call.query.verb or ""
  if not verbs[verb] then refuse("badVerb", "Illegal OAI verb") end
  check_arguments(call, KNOWN[verb])
  return ("<%s>%s</%s>"):format(verb, verbs[verb](world, call), verb)
end

---@return string xml
function m.run(world, call)
  local ok, content = pcall(answer, world, call)
  if not ok then
    if type(content) ~= "table" then error(content, 0) end
    content = ('<error code="%s">%s</error>'):format(content.code, escape(content.words))
  end
  return ('<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" ' ..
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ ' ..
    'http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"><responseDate>%s</responseDate><request>%s</request>%s</OAI-PMH>')
    :format(os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(world:time())), escape(m.address(world)), content)
end

return m
