-- Reads an OAI-PMH list page after page by resumption tokens (section 3.5 of the protocol). An
-- absent or empty token ends it. A server may make up tokens without end. So these are errors,
-- whatever the tokens say: a page that comes again, pages in a row that bring nothing new, and
-- pages in a row without an entry.
local core = require "almanac.core"
local pages = require "almanac.pages"
local record = require "almanac.record"
local xml = require "almanac.xml"

local m = {}

local MOST_EMPTY = 100      -- pages without an entry in a row
local MOST_KNOWN = 3        -- pages in a row with entries that all came before: a record that is changed meanwhile may come twice
local MOST_ENTRIES = 100000000   -- of a list; the largest repositories have some ten million

-- ---- entries ----

local entry_methods = {}
local entry_meta = { __index = entry_methods }

---What a record is, for almanac.salvage.
m.records = { names = { record = true }, begins = "header[%s>]", parts = { "header" } }

---The record as XML text; nil when it is deleted, broken, or the list has headers only.
---@return string?
function entry_methods:text()
  return self.node and xml.write(self.node)
end

---Reads the record.
---@return any record of core.marc, or almanac.dc.record
---@return string? format or message
---@return string? code
function entry_methods:record()
  local text = self:text()
  if not text then return nil, self.problem or "there is no record in it", self.problem and "parse" or "missing" end
  return record.parse(text)
end

---Makes an entry of a <record> or <header>.
---@param node almanac.xml.node
---@return almanac.oai.entry
function m.entry(node)
  local header = node.name == "header" and node or xml.child(node, "header") or { attributes = {} }
  local sets = {}
  for i, item in ipairs(xml.children(header, "setSpec")) do sets[i] = item.text end
  local metadata = xml.child(node, "metadata")
  return setmetatable({
    identifier = xml.text(header, "identifier") or "", datestamp = xml.text(header, "datestamp"), sets = sets,
    deleted = header.attributes.status == "deleted", node = metadata and metadata[1],
    problem = node.broken,
  }, entry_meta)
end

-- ---- pages ----

local meta = {}

---Makes a list; no request is sent yet.
---@param client table
---@param verb string
---@param parameters table[]
---@param element string name of what it lists
---@param token string? of an earlier list, which is gone on with
---@return almanac.oai.list
function m.new(client, verb, parameters, element, token)
  return setmetatable({ client = client, verb = verb, parameters = parameters, element = element, token = token,
    page = {}, at = 0, seen = {}, had = {}, count = 0, pages = 0, empty = 0, stale = 0 }, meta)
end

local function id_of(node)
  local header = xml.child(node, "header") or node
  return xml.text(header, "identifier") or xml.text(header, "setSpec") or ""
end

-- An entry is remembered as eight bytes, so that a million of them fit into memory.
local function mark_of(text)
  return math.tointeger(tonumber("0x" .. core.hash.sha256(text):sub(1, 16)))
end

-- Two pages are the same when they hold the same entries; without entries, when
-- they have the same token.
local function goes_in_circles(list, token)
  local ids = {}
  for i, node in ipairs(list.page) do ids[i] = id_of(node) end
  local mark = mark_of(ids[1] and table.concat(ids, "\n") or "token " .. (token or ""))
  if list.seen[mark] then return true end
  list.seen[mark] = true
end

-- Counts how many pages in a row brought nothing new.
local function note_entries(list)
  local new = not list.page[1]
  for _, node in ipairs(list.page) do
    local mark = mark_of(id_of(node))
    new = new or not list.had[mark]
    list.had[mark] = true
  end
  list.stale = new and 0 or list.stale + 1
  list.empty = list.page[1] and 0 or list.empty + 1
end

-- Says why this page shows that the list has no end.
local function endless(list, asked)
  if goes_in_circles(list, asked) then return "the server gives the same page again, so the list has no end" end
  if list.empty > MOST_EMPTY then return "nothing but empty pages, so the list has no end" end
  if list.stale > MOST_KNOWN then return "the server gives entries again that it gave before, so the list has no end" end
  if list.count > MOST_ENTRIES then return "more entries than any repository has, so the list has no end" end
end

local function where(list)
  return ("%s %s, after %d entries"):format(list.client.shown, list.verb, list.count)
end

local function note_token(list, answer)
  local node = xml.child(answer, "resumptionToken")
  list.token = node and node.text:match "^%s*(.-)%s*$"
  if list.token == "" then list.token = nil end
  local size = node and math.tointeger(tonumber(node.attributes.completeListSize))
  list.size = size or list.size
end

-- Reads the next page; false when there is none.
local function turn(list)
  local asked, parameters = list.token, list.parameters
  if list.pages > 0 and not asked then return false end
  if asked then parameters = { { "resumptionToken", asked } } end   -- the protocol allows no other parameter beside it
  local answer, message, code, name = list.client:ask(list.verb, parameters)
  if not answer then return nil, message, code, name end
  list.page, list.at, list.pages = xml.children(answer, list.element), 0, list.pages + 1
  note_token(list, answer)
  note_entries(list)
  local words = endless(list, asked)
  if words then return nil, where(list) .. ": " .. words, "parse" end
  return true
end

meta.__index = pages.methods(turn, m.entry)

---@class almanac.oai.entry
---@field identifier string
---@field datestamp string? of the last change
---@field sets string[]
---@field deleted boolean then there is no record
---@field node almanac.xml.node? the record
---@field problem string? the record is no XML, and this is what is wrong with it
---@field text fun(self: almanac.oai.entry): string?
---@field record fun(self: almanac.oai.entry): any, string?, string?

---@class almanac.oai.list
---@field count integer entries given so far
---@field pages integer read so far
---@field size integer? entries in all, as the server estimates (completeListSize)
---@field next fun(self: almanac.oai.list): almanac.oai.entry|nil, string?, string?
---@field entries fun(self: almanac.oai.list): fun(): almanac.oai.entry?

return m
