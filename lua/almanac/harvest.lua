-- GETs XML from servers that are read page by page (OAI-PMH, SRU). Requests are paced,
-- sent again when no answer came, and wait as long as a busy server says (503 with
-- Retry-After). Sending one again is safe, since nothing here changes anything.
local address = require "almanac.address"
local core = require "almanac.core"
local dates = require "almanac.dates"
local pace = require "almanac.pace"
local patience = require "almanac.patience"
local salvage = require "almanac.salvage"
local task = require "almanac.task"

local m = {}

local TIMEOUTS = { connect = 10, stall = 120, total = 300 }   -- seconds
local BACKOFF = { tries = 6, first = 0.5, longest = 20 }
local RATE = 10            -- requests a second
local LONGEST_WAIT = 600   -- seconds that a busy server may ask for at once
local PATIENCE = 1800      -- seconds that it may ask for in all, for one request
local TRANSIENT = { connect = true, timeout = true, io = true, parse = true, closed = true }
local LARGEST = 32 << 20   -- bytes of an answer

local methods = {}
local meta = { __index = methods }

---A client of one server.
---@param what string how messages call it: "OAI", "SRU"
---@param options almanac.harvest.options
---@return almanac.harvest|nil client
---@return string? message
---@return string? code "parse": that is no address
function m.new(what, options)
  if type(options.url) ~= "string" then error(what .. ": url must be a string", 3) end
  local url = options.url:gsub("#.*", "")
  if not url:find "^https?://[^/%s]+[^%s]*$" then
    return nil, ("%q is no http(s) address of an %s server"):format(address.shown(options.url), what), "parse"
  end
  local backoff, timeouts = patience.of(options, BACKOFF, TIMEOUTS)
  return setmetatable({
    what = what, url = url, shown = address.shown(url),
    log = options.log or function() end, requests = 0,
    timeouts = timeouts, backoff = backoff,
    pace = options.pace or pace.new { rate = options.rate or RATE },
  }, meta)
end

-- Parameters keep the order given, since people read it in logs; a resumption token
-- may hold any character, so values are encoded.
local function query_of(parameters)
  local parts = {}
  for i, pair in ipairs(parameters) do
    parts[i] = address.encode(pair[1]) .. "=" .. address.encode(tostring(pair[2]))
  end
  return table.concat(parts, "&")
end

-- Seconds from a Retry-After header: a number, or a date.
local function wait_of(headers)
  local text = headers["retry-after"]
  if not text then return nil end
  local date = dates.http(text)
  return tonumber(text) or date and math.max(0, date - core.sys.time())
end

local function shorten(text)
  text = text:gsub("<[^>]*>", " "):gsub("%s+", " "):match "^%s*(.-)%s*$"
  return #text > 120 and text:sub(1, 120) .. "…" or text
end

local function refusal(client, result)
  local words = shorten(result.body or "")
  return {
    message = ("%s: status %d%s"):format(client.shown, result.status, words ~= "" and ": " .. words or ""),
    code = (result.status == 404 or result.status == 410) and "missing"
      or (result.status == 401 or result.status == 403) and "auth" or "status",
    again = result.status >= 500 or result.status == 429,
    wait = (result.status == 503 or result.status == 429) and wait_of(result.headers) or nil,
  }
end

-- Some servers send their errors with a status of 4xx. So an answer that is XML is
-- read whatever its status.
local function judge(client, result)
  if result.error then
    return nil, { message = ("%s: %s"):format(client.shown, result.error), code = result.code, again = TRANSIENT[result.code] }
  end
  local root, message, code = salvage.parse(result.body or "", { max_size = LARGEST }, client.records)
  if root and (result.status < 300 or client.is_answer and client.is_answer(root)) then return root end
  if result.status >= 300 then return nil, refusal(client, result) end
  if (result.headers["content-type"] or ""):find("html", 1, true) then
    return nil, { message = ("%s: this is a web page, no %s server"):format(client.shown, client.what), code = "parse" }
  end
  return nil, { message = ("%s: %s"):format(client.shown, message), code = code, again = code == "parse" }
end

local function attempt(client, query)
  local departed = client.pace:wait()
  local separator = client.url:find("?", 1, true) and "&" or "?"
  local waits = client.timeouts
  local result = task.fetch {
    url = client.url .. separator .. query, headers = { Accept = "application/xml, text/xml" }, max_body = LARGEST,
    connect_timeout = waits.connect, stall_timeout = waits.stall, timeout = waits.total,
  }
  client.requests = client.requests + 1
  local root, failure = judge(client, result)
  if failure and failure.wait then client.pace:slow(departed) end
  client.log { query = query, status = result.status, seconds = result.seconds, error = failure and failure.message }
  return root, failure
end

-- Seconds to wait before the next try: what the server asked for, within LONGEST_WAIT
-- and PATIENCE.
local function pause(client, failure, try, waited)
  local seconds = failure.wait or patience.pause(client.backoff, try)
  if failure.wait and (seconds > LONGEST_WAIT or waited + seconds > PATIENCE) then
    failure.message = ("%s: the server is busy and asks to come back in %d s"):format(client.shown, math.ceil(seconds))
    return nil
  end
  task.sleep(seconds)
  return seconds
end

---Sends the request again until there is an answer. When the server itself said how long
---to wait, that is no failed try.
---@param parameters { [1]: string, [2]: string|integer }[] of the query, in this order
---@return almanac.xml.node|nil root
---@return string? message
---@return string? code
function methods:get(parameters)
  local query, try, waited = query_of(parameters), 1, 0
  while true do
    local root, failure = attempt(self, query)
    if root then return root end
    if not failure.again or try >= self.backoff.tries then return nil, failure.message, failure.code end
    local seconds = pause(self, failure, try, waited)
    if not seconds then return nil, failure.message, failure.code end
    if failure.wait then waited = waited + math.max(seconds, 1) else try = try + 1 end
  end
end

---@class almanac.harvest.options
---@field url string
---@field rate number? requests a second (10)
---@field log fun(event: { query: string, status: integer?, seconds: number?, error: string? })? called after every try
---@field timeouts { connect: number?, stall: number?, total: number? }? seconds
---@field backoff { tries: integer?, first: number?, longest: number? }? seconds
---@field pace almanac.pace?

---@class almanac.harvest
---@field url string
---@field shown string the address without a password, for messages
---@field requests integer sent so far
---@field records almanac.salvage.kind what a record is in its answers
---@field is_answer (fun(root: almanac.xml.node): boolean)? whether an answer with a status of 300 and more is to be read
---@field get fun(self: almanac.harvest, parameters: table[]): almanac.xml.node|nil, string?, string?

return m
