-- `almanac exec --record` and `--replay`: calls with their answers in a file, a JSON object on each
-- line, and a script that gets them from there, without network and key. What is asked for
-- in the same words several times is answered in the recorded order; the last answer to a read is
-- given again and again, as a script may look more often than it did. A date around today is the
-- one so far from the day of the record.
local core = require "almanac.core"
local dates = require "almanac.dates"
local json = require "almanac.json"
local words = require "almanac.words"
local written = require "almanac.script.written"

local m = {}

local HEAD = "almanac_record"
local FORMAT = 1
local LARGEST = 1 << 30   -- bytes
-- Of the signed upload form: who has these can put files into the bucket for an hour.
local SECRET = { "signature", "security%-token" }
local HIDDEN = "hidden"
local PRIVATE = 384       -- permission bits, octal 600: answers may be about people
local IN_FILE = 1 << 20   -- bytes of an object that are recorded
local HEADERS = { "etag", "content-length", "content-type", "last-modified" }

local DAY = 86400         -- seconds
local NEAR = 31           -- days from today within which a date in a call is taken to mean one so far from today

local UNSENT = { errors = {}, unclear = false, unsent = true }

local recorder, player = {}, {}
local day_text

-- ---- one entry ----

local function name_of(call)
  if call.bucket then return ("%s s3://%s/%s"):format(call.form and "PUT" or call.method, call.bucket, call.key or "") end
  local accept = call.request.accept
  return written.line_of(call) .. (accept and (" (%s)"):format(accept) or "")
end

local function body_of(call)
  local body = call.request and call.request.body
  return type(body) == "table" and json.encode(body) or body
end

-- An address that is signed works for whoever reads it.
local function unsigned(text)
  return (text:gsub("([?&]X%-Amz%-Signature=)[^&\"]+", "%1" .. HIDDEN):gsub("([?&]X%-Amz%-Security%-Token=)[^&\"]+", "%1" .. HIDDEN))
end

local function without_secrets(value)
  if type(value) == "string" then return unsigned(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do
    local secret = false
    for _, pattern in ipairs(SECRET) do secret = secret or type(name) == "string" and name:lower():find(pattern) ~= nil end
    copy[name] = secret and type(item) == "string" and HIDDEN or without_secrets(item)
  end
  return setmetatable(copy, getmetatable(value))
end

-- An object that was got into a file is recorded with its bytes, unless it is large.
local function of_bucket(request, result)
  local headers = {}
  for _, name in ipairs(HEADERS) do headers[name] = result.headers[name] end
  local bytes = request.to and core.files.read(request.to, IN_FILE)
  return { status = result.status, headers = headers, body = core.text.valid(result.body or "") and result.body or nil,
    size = result.size, bytes = bytes and core.text.base64(bytes) or nil }
end

-- An answer that went into a file is recorded as its text.
local function answer_of(call, answer)
  if call.request.to then return (core.files.read(call.request.to, LARGEST)) end
  local form = call.path == "/conf/general" and type(answer) == "string" and json.decode(answer)
  return form and json.encode(without_secrets(form)) or answer
end

-- The answer as the caller wants it: in a file, when it was to go into one.
local function given(call, answer)
  local to, text = call.to or call.request and call.request.to, answer
  if not to then return without_secrets(answer) end
  if call.to then text = answer.bytes and core.text.unbase64(answer.bytes) end
  if not text then return nil, ("%s was too large to be recorded"):format(call.key), "limit", UNSENT end
  local ok, message, code = core.files.write(to, text)
  if ok then return call.to and answer or to end
  return nil, message, code, UNSENT
end

-- ---- days ----

-- A day so many days from today, as it stands in calls.
function day_text(days)
  return os.date("!%Y-%m-%d", math.floor(core.sys.time()) + days * DAY)
end

-- Days since 1970.
local function day_of(year, month, day)
  return dates.epoch(tonumber(year), tonumber(month), tonumber(day), 0, 0, 0) // DAY
end

-- How many days before today a record was made; nil when it does not say.
local function days_since(day)
  local year, month, of_month = tostring(day or ""):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  return year and day_of(year, month, of_month) - math.floor(core.sys.time()) // DAY
end

-- A text with each date around today moved by some days: "since yesterday" is another date tomorrow.
local function moved(text, days)
  local today = math.floor(core.sys.time()) // DAY
  return (text:gsub("%f[%d](%d%d%d%d)%-(%d%d)%-(%d%d)%f[%D]", function(...)
    local distance = day_of(...) - today
    return math.abs(distance) <= NEAR and day_text(distance + days) or nil
  end))
end

-- ---- recording ----

local function is_tape(path)
  local head = core.files.head(path, 200)
  return head and head:find('^{"' .. HEAD) ~= nil
end

---Begins a record. A file of something else is not written over.
---@param path string
---@return table|nil recorder
---@return string? message
---@return string? code
function m.record(path)
  if core.files.stat(path) and not is_tape(path) then
    return nil, ("--record: %s is there and no record of almanac: name another file"):format(path), "conflict"
  end
  local ok, message, code = core.files.write(path, json.encode { [HEAD] = FORMAT, day = day_text(0) } .. "\n", PRIVATE)
  if not ok then return nil, "--record: " .. message, code end
  local file = assert(io.open(path, "ab"))
  file:setvbuf "line"
  return setmetatable({ file = file }, { __index = recorder })
end

---Writes a call and what came of it.
---@param call table of the client, or a request of almanac.oversight
---@param answer any
function recorder:write(call, answer, message, code, detail)
  local entry = { call = name_of(call), body = body_of(call), message = message, code = code, form = call.form }
  if answer == nil then
    local kept = detail or {}
    entry.detail = { errors = kept.errors, unclear = kept.unclear, unsent = kept.unsent, status = kept.status }
  else
    entry.answer = call.bucket and of_bucket(call, answer) or without_secrets(answer_of(call, answer))
  end
  local ok, line = pcall(json.encode, entry)
  if not ok then line = json.encode { call = entry.call, message = "the answer is no text, and was not recorded", code = "parse" } end
  self.file:write(line, "\n")
end

-- ---- playing ----

local function key_of(name, body) return name .. "\0" .. (body or "") end

local function add(self, entry)
  local key = key_of(entry.call, entry.body)
  local list = self.by_key[key]
  if not list then
    list = { next = 1 }
    self.by_key[key] = list
    self.names[#self.names + 1] = { name = entry.call, body = entry.body }
  end
  list[#list + 1] = entry
  self.form = self.form or entry.form
end

---Reads a record.
---@param path string
---@return table|nil player with `form`: files went up by Alma's form
---@return string? message
---@return string? code
function m.play(path)
  local text, message, code = core.files.read(path, LARGEST)
  if not text then return nil, "--replay: " .. message, code end
  local self = setmetatable({ path = path, by_key = {}, names = {} }, { __index = player })
  for line in text:gmatch "[^\n]+" do
    local entry = json.decode(line)
    if type(entry) ~= "table" or not (entry[HEAD] == FORMAT or type(entry.call) == "string") then
      return nil, ("--replay: %s is no record of almanac (made by --record)"):format(path), "parse"
    end
    if entry[HEAD] then self.days = days_since(entry.day) end
    if entry.call then add(self, entry) end
  end
  return self
end

local function common(a, b)
  local n = 0
  while n < #a and a:byte(n + 1) == b:byte(n + 1) do n = n + 1 end
  return n
end

-- The recorded call that is most like this one.
local function nearest(self, name)
  local names, best = {}, nil
  for i, known in ipairs(self.names) do
    if known.name == name then return name .. ", with another body" end
    names[i] = known.name
    if not best or common(known.name, name) > common(best, name) then best = known.name end
  end
  return words.nearest(name, names) or best
end

-- What is not recorded is not missing in Alma: nobody looked.
local function refuse(self, name)
  local near = nearest(self, name)
  return nil, ("%s: %s is not recorded%s"):format(self.path, name, near and "; the nearest that is: " .. near or ""), "connect",
    { errors = {}, unclear = false, unsent = true }
end

---Answers a call.
---@param call table of the client, or a request of almanac.oversight
---@return any answer
---@return string? message
---@return string? code
---@return table? detail
function player:answer(call)
  local name = name_of(call)
  local key = key_of(name, body_of(call))
  local list = self.by_key[key] or self.days and self.days ~= 0 and self.by_key[moved(key, self.days)]
  if not list then return refuse(self, name) end
  local entry = list[list.next]
  if not entry and call.method ~= "GET" and call.method ~= "HEAD" then return refuse(self, name .. ", once more,") end
  entry = entry or list[#list]
  list.next = list.next + 1
  if entry.answer == nil then return nil, entry.message, entry.code, entry.detail end
  return given(call, entry.answer)
end

return m
