-- OAI-PMH 2.0 (openarchives.org/OAI/openarchivesprotocol.html): reads the records of a
-- repository. Alma as provider is one, at
-- https://DOMAIN.alma.exlibrisgroup.com/view/oai/INSTITUTION/request. It demands a set for
-- every list, publishes most sets in one format only, and gives 100 records a page.
--   local client = oai.new { url = … }
--   local list = client:list { prefix = "marc21", set = "maps" }
--   for entry in list:entries() do print(entry.identifier, entry.deleted) end
local harvest = require "almanac.harvest"
local lists = require "almanac.oai.list"
local xml = require "almanac.xml"

local m = {}

local VERBS = { Identify = true, ListMetadataFormats = true, ListSets = true, ListIdentifiers = true,
  ListRecords = true, GetRecord = true }
local ROOT = "OAI-PMH"

-- almanac's code for each error (OAI-PMH 3.6).
local MEANING = {
  badVerb = { "parse", "the server does not know this verb" },
  badArgument = { "parse", "the server refuses what it was asked" },
  badResumptionToken = { "conflict", "the list expired while it was read; begin again" },
  cannotDisseminateFormat = { "missing", "the server has no records in this format" },
  idDoesNotExist = { "missing", "there is no such record, or not in this format" },
  noRecordsMatch = { "missing", "no records" },
  noMetadataFormats = { "missing", "this record has no formats" },
  noSetHierarchy = { "missing", "this server has no sets" },
}

local methods = {}
local meta = { __index = methods }

---Makes a client of one repository.
---@param options almanac.harvest.options
---@return almanac.oai.client|nil client
---@return string? message
---@return string? code "parse": the address is none
function m.new(options)
  local server, message, code = harvest.new("OAI", options)
  if not server then return nil, message, code end
  server.records = lists.records
  server.is_answer = function(root) return root.name == ROOT end
  return setmetatable({ server = server, shown = server.shown }, meta)
end

-- Alma says noRecordsMatch also when a set is not published in the wanted format. There are
-- records then, so "none" would be wrong.
local function is_empty(error_node)
  return error_node.attributes.code == "noRecordsMatch" and not error_node.text:lower():find("profile", 1, true)
end

local function failed(client, verb, node)
  local name = node.attributes.code or "error"
  local meaning = MEANING[name] or { "status", "the server says no" }
  local words = node.text:gsub("%s+", " "):match "^%s*(.-)%s*$"
  return nil, ("%s %s: %s (%s%s)"):format(client.shown, verb, meaning[2], name, words ~= "" and ": " .. words or ""),
    meaning[1], name
end

---Sends one request.
---@param verb string
---@param parameters table[]? { name, value } pairs
---@return almanac.xml.node|nil answer the element named as the verb; without children when no records match
---@return string? message
---@return string? code
---@return string? name OAI-PMH's own name of the error, e.g. "badResumptionToken"
function methods:ask(verb, parameters)
  if not VERBS[verb] then error("oai: there is no verb " .. tostring(verb), 2) end
  local query = { { "verb", verb } }
  for _, pair in ipairs(parameters or {}) do
    if pair[2] ~= nil then query[#query + 1] = pair end
  end
  local root, message, code = self.server:get(query)
  if not root then return nil, message, code end
  if root.name ~= ROOT then
    return nil, ("%s: this is no OAI-PMH server: it answers <%s>"):format(self.shown, root.name), "parse"
  end
  local refused = xml.child(root, "error")
  if refused and is_empty(refused) then return { name = verb, attributes = {}, text = "" } end
  if refused then return failed(self, verb, refused) end
  local answer = xml.child(root, verb)
  if not answer then return nil, ("%s %s: the answer has no <%s>"):format(self.shown, verb, verb), "parse" end
  return answer
end

local function texts(node, name)
  local list = {}
  for i, item in ipairs(xml.children(node, name)) do list[i] = item.text:match "^%s*(.-)%s*$" end
  return list
end

---What the repository says about itself; it is asked only once.
---@return { name: string?, url: string?, protocol: string?, earliest: string?, deleted: string?, granularity: string?, admins: string[] }|nil
---@return string? message
---@return string? code
function methods:identify()
  if self.identity then return self.identity end
  local answer, message, code = self:ask "Identify"
  if not answer then return nil, message, code end
  self.identity = {
    name = xml.text(answer, "repositoryName"), url = xml.text(answer, "baseURL"),
    protocol = xml.text(answer, "protocolVersion"), earliest = xml.text(answer, "earliestDatestamp"),
    deleted = xml.text(answer, "deletedRecord"), granularity = xml.text(answer, "granularity"),
    admins = texts(answer, "adminEmail"),
  }
  return self.identity
end

---The formats of the repository, or of one record. Alma lists all that it could write; which
---one a set is published in shows only when its records are asked for.
---@param identifier string?
---@return { prefix: string, schema: string?, namespace: string? }[]|nil
---@return string? message
---@return string? code
function methods:formats(identifier)
  local answer, message, code, name = self:ask("ListMetadataFormats", { { "identifier", identifier } })
  if not answer and name == "noMetadataFormats" then return {} end
  if not answer then return nil, message, code end
  local list = {}
  for i, item in ipairs(xml.children(answer, "metadataFormat")) do
    list[i] = { prefix = xml.text(item, "metadataPrefix"), schema = xml.text(item, "schema"),
      namespace = xml.text(item, "metadataNamespace") }
  end
  return list
end

---The sets of the repository; an empty list when it has none.
---@return { spec: string, name: string? }[]|nil
---@return string? message
---@return string? code
function methods:sets()
  local list, sets = lists.new(self, "ListSets", {}, "set"), {}
  while true do
    local item, message, code, name = list:next_node()
    if not item then
      if name == "noSetHierarchy" then return {} end
      if code then return nil, message, code end
      return sets
    end
    sets[#sets + 1] = { spec = xml.text(item, "setSpec"), name = xml.text(item, "setName") }
  end
end

-- Every repository takes a day; only one that counts in seconds takes a time.
local function check_dates(client, options)
  for _, name in ipairs { "from", "to" } do
    local date = options[name]
    if date and not (date:find "^%d%d%d%d%-%d%d%-%d%d$" or date:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$") then
      return nil, ("'%s' is no date: 2024-01-31, or 2024-01-31T12:00:00Z (UTC)"):format(date), "parse"
    end
  end
  local from, to = options.from or options.to, options.to or options.from
  if not from then return true end
  if #from ~= #to then return nil, ("'%s' and '%s': give both as days, or both with a time"):format(from, to), "parse" end
  if from > to then return nil, ("'%s' is after '%s': nothing lies between"):format(from, to), "parse" end
  if #from == #"2024-01-31" then return true end
  local identity, message, code = client:identify()
  if not identity then return nil, message, code end
  if identity.granularity == "YYYY-MM-DD" then
    return nil, ("%s counts in days: give %s"):format(client.shown, from:sub(1, 10)), "parse"
  end
  return true
end

---Lists records, page after page. The first request is sent when the first entry is asked for.
---@param options { prefix: string, set: string?, from: string?, to: string?, headers_only: boolean?, token: string? } from, to:
---  dates of the last change, a day or a second in UTC, both inclusive; token: goes on with an earlier list, whose next
---  page had this token
---@return almanac.oai.list|nil
---@return string? message
---@return string? code
function methods:list(options)
  if type(options.prefix) ~= "string" then error("oai: prefix must be a string, such as \"marc21\"", 2) end
  local ok, message, code = check_dates(self, options)
  if not ok then return nil, message, code end
  local verb = options.headers_only and "ListIdentifiers" or "ListRecords"
  return lists.new(self, verb, { { "metadataPrefix", options.prefix }, { "set", options.set },
    { "from", options.from }, { "until", options.to } }, options.headers_only and "header" or "record", options.token)
end

---One record.
---@param identifier string
---@param prefix string
---@return almanac.oai.entry|nil
---@return string? message
---@return string? code "missing": Alma says so also when it is not published in this format
function methods:record(identifier, prefix)
  local answer, message, code = self:ask("GetRecord", { { "identifier", identifier }, { "metadataPrefix", prefix } })
  if not answer then return nil, message, code end
  local node = xml.child(answer, "record")
  if not node then return nil, ("%s GetRecord: the answer holds no record"):format(self.shown), "parse" end
  return lists.entry(node)
end

---@class almanac.oai.client
---@field shown string address for messages
---@field server almanac.harvest
---@field ask fun(self: almanac.oai.client, verb: string, parameters: table[]?): almanac.xml.node|nil, string?, string?, string?
---@field identify fun(self: almanac.oai.client): table|nil, string?, string?
---@field formats fun(self: almanac.oai.client, identifier: string?): table[]|nil, string?, string?
---@field sets fun(self: almanac.oai.client): table[]|nil, string?, string?
---@field list fun(self: almanac.oai.client, options: table): almanac.oai.list|nil, string?, string?
---@field record fun(self: almanac.oai.client, identifier: string, prefix: string): almanac.oai.entry|nil, string?, string?

return m
