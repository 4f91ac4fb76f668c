-- Every call to Alma goes through here: this adds the API key, keeps the pace, repeats and
-- logs. GET, PUT and DELETE are repeated until they are answered. A POST is sent again only
-- when it surely did not happen: Alma refused it as too fast, or not a byte of it was sent.
-- When nobody can tell, the failure says `unclear`, and the caller has to look in Alma.
local answers = require "almanac.alma.answers"
local address = require "almanac.address"
local core = require "almanac.core"
local errors = require "almanac.alma.errors"
local fields = require "almanac.fields"
local json = require "almanac.json"
local oversight = require "almanac.oversight"
local pace = require "almanac.pace"
local patience = require "almanac.patience"
local requests = require "almanac.alma.request"
local task = require "almanac.task"

local m = {}

local PREFIX = "/almaws/v1"
-- In seconds. Attaching a file takes Alma time in proportion to the file's size, and nothing
-- comes meanwhile (OpenAPI, POST files). Alma's documentation names no time-out of its own.
local TIMEOUTS = { connect = 10, stall = 90, total = 180, file = 600 }
local BACKOFF = { tries = 6, first = 0.5, longest = 20 }
local LONGEST_SEGMENT = 255   -- bytes of one segment of a path
local HEAD = 4096             -- bytes of an answer in a file that are looked at for a refusal
local GATEWAY = { [502] = true, [503] = true, [504] = true }   -- a gateway before Alma sends these; Alma itself may still be at work
local TRANSIENT = { connect = true, timeout = true, io = true, parse = true, closed = true }

local methods = {}
local meta = { __index = methods }

local NUMBERS = { timeouts = { connect = "number", stall = "number", total = "number", file = "number" },
  backoff = { tries = "number", first = "number", longest = "number" } }
local OPTIONS = { url = "string", key = "string", rate = "number", log = "function", timeouts = "table", backoff = "table",
  pace = "table", journaled = "boolean" }

local function check_options(options)
  fields.check("alma.new", options, OPTIONS, 3)
  for _, name in ipairs { "url", "key" } do
    if not options[name] then error("alma.new: " .. name .. " must be a string", 3) end
  end
  for name, known in pairs(NUMBERS) do fields.check("alma.new: " .. name, options[name] or {}, known, 3) end
end

-- Options that people type or paste are wrong often, so the first call says what is wrong.
local function unfit(options)
  if not options.url:find "^https?://[^/%s]+[^%s]*$" then
    return { message = ("%q is no http(s) address of an Alma server"):format(address.shown(options.url)), code = "connect" }
  elseif address.unsafe(options.url) then
    return { message = ("%s: %s"):format(address.shown(options.url), address.unsafe(options.url)), code = "auth" }
  elseif not options.key:find "^[%w_%-%.]+$" then
    return { message = "the API key holds characters that no key has: copy it again", code = "auth" }
  end
end

---A client for one institution's API.
---@param options almanac.alma.options
---@return almanac.alma.client
function m.new(options)
  check_options(options)
  local backoff, timeouts = patience.of(options, BACKOFF, TIMEOUTS)
  local client = {
    unfit = unfit(options),
    url = options.url:gsub("/+$", ""):gsub(PREFIX .. "$", "") .. PREFIX,
    log = options.log or function() end,
    timeouts = timeouts, backoff = backoff,
    pace = options.pace or pace.new { rate = options.rate or 20 },
    journaled = options.journaled or false, calls = {}, remaining = nil, segment = m.segment,
  }
  -- The API key is kept in a function: whoever prints the client's table does not print it.
  function client.authorization() return "apikey " .. options.key end
  local plain = options.key:gsub("%p", "%%%0")
  function client.hide(text) return plain ~= "" and text:gsub(plain, "(key)") or text end
  return setmetatable(client, meta)
end

---Encodes one segment of a path. Ids come from spreadsheets, so an impossible one is a failure
---that is returned, not a mistake of the program that raises.
---@param id string
---@return string|nil segment
---@return string? message
---@return string? code "parse"
function m.segment(id)
  if type(id) ~= "string" then error("alma: an id must be a string, got " .. type(id), 2) end
  if id == "" or #id > LONGEST_SEGMENT or id:find "^%.+$" or id:find "[/%c]" then
    return nil, ("%q can't be an id"):format(id:sub(1, LONGEST_SEGMENT)), "parse"
  end
  return address.encode(id)
end

local function path_of(path)
  if type(path) == "string" then return path end
  local parts = {}
  for i, id in ipairs(path) do
    local part, message, code = m.segment(id)
    if not part then return nil, message, code end
    parts[i] = part
  end
  return "/" .. table.concat(parts, "/")
end

local function transfer(client, call)
  local request, waits = call.request, client.timeouts
  local headers, body = requests.content(call.method, request)
  headers.Authorization = client.authorization()
  return task.fetch {
    method = call.method, url = client.url .. call.path .. requests.query(request.query), headers = headers, body = body,
    -- curl would send these again by itself when a kept connection turns out dead.
    once = call.method == "DELETE" or not call.repeatable, to = request.to,
    connect_timeout = waits.connect,
    stall_timeout = math.max(waits.stall, request.timeout or 0),
    timeout = request.timeout or waits.total,
  }
end

-- What became of one try. It gives `answer`, or `message` and `code`; then `again` is true
-- when the call may be sent again, and `unclear` when a write may have happened.
local function failed(call, result)
  local read_only = call.method == "GET"
  return {
    message = ("%s %s: %s"):format(call.method, call.path, result.error),
    code = result.code == "missing" and "io" or result.code,   -- of a file on the disk; "missing" is said of what Alma lacks
    status = result.status, errors = {}, unsent = result.unsent or false,
    again = TRANSIENT[result.code] and (call.repeatable or result.unsent),
    unclear = not read_only and not result.unsent,
  }
end

-- A web page in place of Alma's refusal tells nothing about the API key, and not whether a
-- write came through.
local function foreign(call, result, body)
  local words = result.status ~= 429 and errors.foreign(result.status, body)
  return words and {
    message = ("%s %s: %s"):format(call.method, call.path, words), code = "status", status = result.status, errors = {},
    unsent = false, again = result.status >= 500 and call.repeatable, unclear = call.method ~= "GET",
  }
end

local function refused(call, result, list)
  local message, code = errors.explain(call.method, call.path, result.status, list)
  local too_fast = errors.is_too_fast(list, result.status)
  local broken = result.status >= 500 and not too_fast
  return {
    message = message, code = code, status = result.status, errors = list, unsent = false,
    too_fast = too_fast, retry_after = tonumber(result.headers["retry-after"]),
    again = too_fast or (broken and call.repeatable),
    unclear = call.method ~= "GET" and not too_fast and code ~= "auth" and code ~= "quota"
      and (broken or errors.is_general(list)),
    answered = list[1] ~= nil and not GATEWAY[result.status],
  }
end

local function unreadable(call, result, why)
  return {
    message = ("%s %s: can't read the answer: %s (status %d)"):format(call.method, call.path, why, result.status),
    code = "parse", status = result.status, errors = {}, unsent = false,
    again = call.repeatable, unclear = call.method ~= "GET",
  }
end

-- The answer is JSON, but not what this call should get. Alma sent it so and would do it
-- again, so the call is not repeated.
local function unusable(call, result, why)
  local outcome = unreadable(call, result, why)
  outcome.message, outcome.again = ("%s %s: the answer is none of Alma's: %s"):format(call.method, call.path, why), false
  return outcome
end

local function judge(client, call, result)
  if result.error then return failed(call, result) end
  local good = result.status >= 200 and result.status <= 299
  local body = result.body or good and call.request.to and core.files.head(call.request.to, HEAD) or ""
  if not good then body = client.hide(body) end   -- a refusal may quote the API key
  local list = (not good or body:find("errorsExist", 1, true)) and errors.read(body) or nil
  if list or not good then
    if good and call.request.to then core.files.remove(call.request.to) end
    return not list and foreign(call, result, body) or refused(call, result, list or {})
  elseif result.status == 204 then
    return { answer = true, status = 204 }
  elseif call.request.to then
    return { answer = call.request.to, status = result.status }
  elseif requests.wants_text(call.request) then
    return { answer = body, status = result.status }
  elseif body == "" and call.method == "DELETE" then
    return { answer = true, status = result.status }
  end
  local answer, why = json.decode(body)
  if type(answer) ~= "table" then return unreadable(call, result, why or "it is no object") end
  why = call.request.kind and answers.problem(call.request.kind, answer, call.request.id)
  if why then return unusable(call, result, why) end
  return { answer = answer, status = result.status }
end

local function note(client, call, result, outcome, try)
  if not result.unsent then
    local sent = math.max(1, result.sent or 1)   -- each redirect costs a call as well
    client.calls[call.method] = (client.calls[call.method] or 0) + sent
  end
  local remaining = result.headers and tonumber(result.headers["x-exl-api-remaining"])
  if remaining then client.remaining = math.tointeger(remaining) end
  local date = result.headers and result.headers.date
  if date then client.dated = { text = date, at = core.sys.time() } end
  local first = outcome.errors and outcome.errors[1]
  local event = {
    method = call.method, path = call.path, query = call.request.query, body = call.request.body,
    status = result.status, tracking = first and first.tracking, ms = math.floor((result.seconds or 0) * 1000 + 0.5),
    try = try, remaining = remaining and client.remaining, error = outcome.message, code = outcome.code,
  }
  client.log(event)
  if oversight.event then oversight.event(event) end
end

local function attempt(client, call, try)
  local departed = client.pace:wait()
  local result = transfer(client, call)
  local outcome = judge(client, call, result)
  if outcome.too_fast then client.pace:slow(departed, outcome.retry_after) end
  note(client, call, result, outcome, try)
  return outcome
end

-- Sends a call until it is answered for good.
local function send(client, call)
  local lost, earlier, outcome = false, false, nil
  for try = 1, client.backoff.tries do
    if try > 1 then task.sleep(patience.pause(client.backoff, try - 1)) end
    outcome = attempt(client, call, try)
    if outcome.answer then return outcome.answer end
    earlier, lost = lost, lost or outcome.unclear
    if not outcome.again then break end
  end
  local write = call.method ~= "GET"
  return nil, outcome.message, outcome.code, {
    status = outcome.status, errors = outcome.errors, unsent = outcome.unsent, answered = outcome.answered or false,
    unclear = write and (outcome.unclear or lost), earlier = write and earlier,
  }
end

---Calls Alma, by name and places (`{ name = "get_bib", at = { mms_id = id } }`) or by method and
---path. Raises when the request is not as Alma describes the call, before anything is sent: an
---unknown field, path or parameter, a value out of its limits, a body that is missing.
---@param request almanac.alma.request
---@return table|string|true|nil answer text when `raw` or when the body was text; true when there is none to give
---@return string? message ends with Alma's code and tracking id
---@return string? code
---@return almanac.alma.detail? detail
function methods:call(request)
  local method, asked, code = requests.check(request)
  local path, message
  if method then path, message, code = path_of(asked) else message = asked end
  if path and self.unfit then path, message, code = nil, self.unfit.message, self.unfit.code end
  if not path then return nil, message, code, { errors = {}, unclear = false, unsent = true } end
  local call = { method = method, path = path, request = request, repeatable = requests.repeatable(method, request) }
  if oversight.alma then return oversight.alma(self, call, send) end
  return send(self, call)
end

---True when this code of Alma is among the reasons of a failure.
---@param detail table? fourth value of `call`
---@param code string
---@return boolean
function m.has_code(detail, code)
  for _, item in ipairs(detail and detail.errors or {}) do
    if item.code == code then return true end
  end
  return false
end

---@class almanac.alma.options
---@field url string of the server, without /almaws/v1
---@field key string
---@field rate number? calls a second (20)
---@field log fun(event: almanac.alma.event)? called after every try
---@field timeouts { connect: number?, stall: number?, total: number?, file: number? }? seconds
---@field backoff { tries: integer?, first: number?, longest: number? }? seconds
---@field pace almanac.pace? one that several clients share
---@field journaled boolean? the program itself remembers what it sends, as a run does in its run file

---@class almanac.alma.request
---@field name string? of a call in almanac.alma.calls, instead of method and path
---@field at table<string, string>? what stands in the places of that call's path, as it is
---@field method string? GET (default), POST, PUT or DELETE
---@field path string|string[]? below /almaws/v1, from its / on and encoded; or a list of its segments as they are
---@field query table<string, string|number|boolean>?
---@field body table|string? of a POST or PUT: a table is sent as JSON; text is sent as it is, and answered with text
---@field content_type string? of a body of text: "application/xml" for bibs and holdings
---@field timeout number? seconds for the whole call, in which the server may be silent
---@field kind string? what the answer must be, a name of almanac.alma.answers; without it any object
---@field id string? of the thing that is asked for: the answer must have it
---@field raw boolean? the answer as text
---@field unchecked boolean? not held against the table of calls: for what Alma got after it was made
---@field accept string? the format of the answer, which is then given as text: "application/xml" where Alma's JSON holds less
---@field once boolean? never sent again when nobody can tell whether Alma got it: each such call moves something on in Alma
---@field to string? a file that gets the answer, once it is complete; then the call gives this path

---@class almanac.alma.detail
---@field status integer? of the answer
---@field errors { code: string, message: string, tracking: string? }[] as Alma gave them
---@field unclear boolean a write may have happened although no readable answer says so
---@field earlier boolean? a try before the last one may have happened
---@field unsent boolean surely not a byte of it was sent
---@field held number? seconds: it was not sent, since an earlier run sent the same so shortly before
---@field answered boolean Alma itself answered, with an error: it no longer works on the call

---One try of a call, for logs. No field ever holds a secret.
---@class almanac.alma.event
---@field method string
---@field path string below /almaws/v1
---@field query table? as given
---@field body table|string? as given
---@field status integer? nil when there was no answer
---@field tracking string? Alma's tracking id, for its support
---@field ms integer
---@field try integer 1 for the first
---@field remaining integer? calls left until midnight
---@field error string?
---@field code string?

---@class almanac.alma.client
---@field url string with /almaws/v1
---@field remaining integer? calls left until midnight, as Alma last said (X-Exl-Api-Remaining)
---@field dated { text: string, at: number }? the last Date header, and this computer's time when it came
---@field calls table<string, integer> requests sent, by method
---@field pace almanac.pace
---@field timeouts { connect: number, stall: number, total: number, file: number }
---@field segment fun(id: string): string?, string?, string?
---@field call fun(self: almanac.alma.client, request: table): any, string?, string?, table?

return m
