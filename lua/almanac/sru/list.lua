-- Reads the records of an SRU search page after page. A page may be shorter than asked for.
-- A list that ends before its own total is an error, and so is one that is longer than Alma
-- gives.
local pages = require "almanac.pages"
local record = require "almanac.record"
local xml = require "almanac.xml"

local m = {}

local PAGE = 50          -- records a page; Alma gives no more and does not say so (its explain does)
m.MOST = 10000           -- records of a query (Ex Libris: SRU/SRW Search)
local LONGEST_NUMBER = 15 -- digits of a number of records; a longer one is nonsense
local DIAGNOSTICS = "info:srw/schema/1/diagnostics"

---What a record is, for almanac.salvage.
m.records = { names = { record = true }, begins = "record%a+[%s>]", parts = { "recordIdentifier", "recordPosition" } }

local entry_methods = {}
local entry_meta = { __index = entry_methods }

---The record as XML text.
---@return string? text nil when the server gave a diagnostic instead
function entry_methods:text()
  return self.packed or self.node and xml.write(self.node)
end

---Reads the record.
---@return any record of core.marc, or almanac.dc.record
---@return string? format or message
---@return string? code
function entry_methods:record()
  local text = self:text()
  if not text then return nil, self.problem or "there is no record in it", "missing" end
  return record.parse(text)
end

-- recordData holds the record as XML, or as text in which the XML is escaped.
local function entry_of(node, list)
  local data = xml.child(node, "recordData") or { text = "" }
  local entry = { identifier = xml.text(node, "recordIdentifier"), schema = xml.text(node, "recordSchema"),
    position = math.tointeger(tonumber(xml.text(node, "recordPosition"))), problem = node.broken }
  if (entry.schema or ""):sub(1, #DIAGNOSTICS) == DIAGNOSTICS or data[1] and data[1].name == "diagnostic" then
    entry.problem = list.explain(data[1] or { text = "" })
  elseif data[1] then
    entry.node = data[1]
  elseif data.text:find "^%s*<" then
    entry.packed = data.text
  end
  return setmetatable(entry, entry_meta)
end

local meta = {}

---Makes a list; no request is sent yet.
---@param client table
---@param query string
---@param schema string
---@param explain fun(node: almanac.xml.node): string
---@return almanac.sru.list
function m.new(client, query, schema, explain)
  return setmetatable({ client = client, query = query, schema = schema, explain = explain,
    page = {}, at = 0, count = 0 }, meta)
end

local function wrong(list, words, code)
  return nil, ("%s: %s"):format(list.client.shown, words), code
end

local function check_total(list, root)
  local text = xml.text(root, "numberOfRecords") or ""
  local total = #text <= LONGEST_NUMBER and text:find "^%s*%d+%s*$" and math.tointeger(tonumber(text))
  if not total then return wrong(list, "the answer has no numberOfRecords", "parse") end
  if list.total and total ~= list.total then
    return wrong(list, ("the result changed while it was read (%d records, now %d): try again"):format(
      list.total, total), "conflict")
  end
  list.total = total
  return true
end

-- True when a page begins with the same record as the page before. Such a server ignores the
-- place where a page should begin.
local function is_repeated(list)
  local first = list.page[1]
  local id = first and xml.text(first, "recordIdentifier")
  local again = list.count > 0 and id ~= nil and id == list.began_with
  list.began_with = id
  return again
end

-- The next page; false when all that the query finds was given.
local function turn(list)
  if list.total and list.count >= list.total then return false end
  if list.count == m.MOST then
    return wrong(list, ("the query finds %d records, and the server gives %d of them: narrow it, or use OAI-PMH"):format(
      list.total, m.MOST), "limit")
  end
  local root, message, code = list.client:ask("searchRetrieve", {
    { "recordSchema", list.schema }, { "startRecord", list.count + 1 },
    { "maximumRecords", math.min(PAGE, m.MOST - list.count) }, { "query", list.query },
  })
  if not root then return nil, message, code end
  local ok
  ok, message, code = check_total(list, root)
  if not ok then return nil, message, code end
  list.page, list.at = xml.children(xml.child(root, "records"), "record"), 0
  if is_repeated(list) then
    return wrong(list, ("the server gives the same page again, after %d of %d records"):format(list.count, list.total), "parse")
  elseif #list.page > list.total - list.count then
    return wrong(list, ("the server gives more records than the %d that it found"):format(list.total), "parse")
  end
  if #list.page == 0 and list.count < list.total then
    return wrong(list, ("the list ends after %d of %d records"):format(list.count, list.total), "parse")
  end
  return true
end

meta.__index = pages.methods(turn, entry_of)

---@class almanac.sru.entry
---@field identifier string? recordIdentifier; Alma's is the MMS ID
---@field position integer?
---@field schema string?
---@field problem string? what the server says instead of this record, or what is wrong with its XML
---@field node almanac.xml.node?
---@field text fun(self: almanac.sru.entry): string?
---@field record fun(self: almanac.sru.entry): any, string?, string?

---@class almanac.sru.list
---@field total integer? records that the query finds, once the first page is read
---@field count integer entries given so far
---@field next fun(self: almanac.sru.list): almanac.sru.entry|nil, string?, string?
---@field entries fun(self: almanac.sru.list): fun(): almanac.sru.entry?

return m
