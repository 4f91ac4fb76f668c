-- Reads lists completely, or fails. Alma gives ten entries unless asked for more, and it
-- ignores misspelt parameters. So only the total is believed: pages of 100 are read until it
-- is reached. No documentation promises that a page is full, so the rest of a short page is
-- asked for. When the count still differs, that is an error, never a shorter list.
local answers = require "almanac.alma.answers"
local json = require "almanac.json"
local task = require "almanac.task"

local m = {}

m.LIMIT = 100          -- entries a page at most (OpenAPI: 0-100)
local PARALLEL = 8     -- pages in flight; the pace limits the calls anyway

local function wrong(where, words)
  return nil, ("%s: %s"):format(where, words), "parse"
end

---The entries and the total of an answer.
---@param answer table
---@param key string name of the list, e.g. "representation"; absent when it is empty
---@param where string for messages
---@return table[]|nil entries
---@return integer|string total; the message when there are no entries
---@return string? code
function m.entries(answer, key, where)
  local list = answer[key] or {}
  local total = answers.count(answer.total_record_count)
  if not total then return wrong(where, "the answer has no total_record_count") end
  if type(list) ~= "table" or (next(list) ~= nil and list[1] == nil) then
    return wrong(where, ("'%s' of the answer is no list"):format(key))
  end
  return list, total
end

---Says so when an entry has no id, or comes twice because the list changed while it was
---read.
---@param entries table[]
---@param identify fun(entry: table): string?
---@param seen table<string, boolean>? the entries of the pages before; gets these
---@return string? words
function m.repeated(entries, identify, seen)
  seen = seen or {}
  for _, entry in ipairs(entries) do
    local id = identify(entry)
    if type(id) ~= "string" or id == "" then return "an entry has no id" end
    if seen[id] then return ("entry %s comes twice"):format(id) end
    seen[id] = true
  end
end

-- Asks for the rest of a short list. It is not documented whether such a list knows limit and
-- offset: a server that does not know them gives the same entries again.
local function follow(client, request, key, list, total, where)
  local seen = {}
  for _, entry in ipairs(list) do seen[json.encode(entry)] = true end
  while #list < total do
    local query = { limit = m.LIMIT, offset = #list }
    for name, value in pairs(request.query or {}) do query[name] = value end
    local answer, message, code, detail = client:call { path = request.path, query = query, kind = request.kind, id = request.id,
      unchecked = true }
    if not answer then return nil, message, code, detail end
    local more, now
    more, now, code = m.entries(answer, key, where)
    if not more then return nil, now, code end
    local one = more[1] and json.encode(more[1])
    if now ~= total or not one or seen[one] then break end
    seen[one] = true
    table.move(more, 1, #more, #list + 1, list)
  end
  return list
end

---Reads a list that Alma gives in one piece: its length must equal the total. When it is
---short, the rest is asked for.
---@param client almanac.alma.client
---@param request table as for client:call
---@param key string
---@param identify (fun(entry: table): string?)? entries that come twice are an error then
---@return table[]|nil entries
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.whole(client, request, key, identify)
  local answer, message, code, detail = client:call(request)
  if not answer then return nil, message, code, detail end
  local where = "GET /" .. table.concat(request.path, "/")
  local list, total
  list, total, code = m.entries(answer, key, where)
  if not list then return nil, total, code end
  if #list > 0 and #list < total then
    list, message, code, detail = follow(client, request, key, list, total, where)
    if not list then return nil, message, code, detail end
  end
  if #list ~= total then
    return wrong(where, ("the list is not complete: %d of %d"):format(#list, total))
  end
  local words = identify and m.repeated(list, identify)
  if words then return wrong(where, words .. ": try again") end
  return list
end

local function with(query, limit, offset)
  local result = { limit = limit, offset = offset }
  for name, value in pairs(query or {}) do result[name] = value end
  return result
end

---Checks one answer against the total of those before it. It may hold fewer entries than
---were asked for.
---@param client almanac.alma.client
---@param list { path: string[], query: table?, kind: string, key: string, unchecked: boolean? } kind, unchecked: as for client:call
---@param offset integer
---@param limit integer
---@param expected integer? total that other pages gave
---@return table[]|nil entries
---@return integer|string total or message
---@return string? code
---@return almanac.alma.detail? detail
function m.page(client, list, offset, limit, expected)
  local answer, message, code, detail = client:call {
    path = list.path, query = with(list.query, limit, offset), kind = list.kind, unchecked = list.unchecked,
  }
  if not answer then return nil, message, code, detail end
  local where = ("GET /%s (from %d)"):format(table.concat(list.path, "/"), offset)
  local entries, total
  entries, total, code = m.entries(answer, list.key, where)
  if not entries then return nil, total, code end
  if expected and total ~= expected then
    return nil, ("%s: the list changed while it was read (%d entries, now %d): try again"):format(
      where, expected, total), "conflict"
  end
  local due = math.max(0, math.min(limit, total - offset))
  if #entries > due then return wrong(where, ("the page has %d entries, not %d"):format(#entries, due)) end
  return entries, total
end

-- A full page, in as many answers as the server needs for it.
local function full_page(client, list, offset, expected)
  local page, total, code, detail = m.page(client, list, offset, m.LIMIT, expected)
  if not page then return nil, total, code, detail end
  local due = math.max(0, math.min(m.LIMIT, total - offset))
  while #page < due do
    local more, words
    more, words, code, detail = m.page(client, list, offset + #page, due - #page, total)
    if not more then return nil, words, code, detail end
    if not more[1] then
      return wrong(("GET /%s (from %d)"):format(table.concat(list.path, "/"), offset),
        ("the page has %d entries, not %d"):format(#page, due))
    end
    table.move(more, 1, #more, #page + 1, page)
  end
  return page, total
end

---True when an entry of the list has this value as its `field`.
---@param list table[]
---@param field string
---@param value string
---@return boolean
function m.holds(list, field, value)
  for _, entry in ipairs(list) do
    if entry[field] == value then return true end
  end
  return false
end

-- Goes through the places where the pages behind the first one begin. They are counted and
-- not listed, since the server says how many there are.
local function offsets_until(total, is_over)
  local offset = 0
  return function()
    offset = offset + m.LIMIT
    if offset < total and not is_over() then return offset end
  end
end

---True when something is gone. A list may lag behind a write, so the object itself is asked
---for; where "not found" has no code of its own, the list must lack it as well. That there is a
---list says that the refusal is not about the title, which may have been merged into another one.
---@param get fun(): table?, string?, string? the object
---@param read fun(): table[]? a whole list that would hold it
---@param field string
---@param value string
---@return boolean
function m.is_gone(get, read, field, value)
  local found, _, code = get()
  if found or code ~= "missing" and code ~= "status" then return false end
  local list = read()
  return list ~= nil and (code == "missing" or not m.holds(list, field, value))
end

---Reads the pages behind the first one with `read(offset)`, several at a time.
---@param total integer
---@param read fun(offset: integer): table|nil, string?, string?, table?
---@return table<integer, table>|nil results by page number; the first is left to the caller
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.rest(total, read)
  local results, failure = {}, nil
  local raised = task.each(offsets_until(total, function() return failure end), PARALLEL, function(offset)
    local result, message, code, detail = read(offset)
    if result then
      results[offset // m.LIMIT + 1] = result
    else
      failure = failure or { message, code, detail }
    end
  end)
  if raised[1] then error(raised[1].message, 0) end
  if failure then return nil, table.unpack(failure, 1, 3) end
  return results
end

---Reads a list completely.
---@param client almanac.alma.client
---@param list { path: string[], query: table?, kind: string, key: string, identify: fun(entry: table): string? }
---@return table[]|nil entries
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.all(client, list)
  local seen = {}
  -- A page that comes again ends the reading at once: such a server might go on without end.
  local function read(offset, expected)
    local page, total, code, detail = full_page(client, list, offset, expected)
    if not page then return nil, total, code, detail end
    local words = m.repeated(page, list.identify, seen)
    if words then return wrong("GET /" .. table.concat(list.path, "/"), words .. ": try again") end
    return page, total
  end
  local first, total, code, detail = read(0)
  if not first then return nil, total, code, detail end
  local pages, message
  pages, message, code, detail = m.rest(total, function(offset) return read(offset, total) end)
  if not pages then return nil, message, code, detail end
  pages[1] = first
  local entries = {}
  for _, page in ipairs(pages) do table.move(page, 1, #page, #entries + 1, entries) end
  return entries
end

return m
