-- `almanac exec --dry-run`: a write is printed in place of being sent, and answered so that scripts go
-- on: with the body that was sent, and with a made-up id for what a POST makes. What was "made"
-- so can be read again, and is empty; all else is read as it is in Alma.
local bucket = require "almanac.script.dry_bucket"
local json = require "almanac.json"
local made = require "almanac.script.made"
local written = require "almanac.script.written"

local m = {}

local methods = {}

---@param say fun(line: string)
---@return table dry
function m.new(say)
  return setmetatable({ say = say, count = 0, ids = 0, things = {}, bucket = bucket.new() }, { __index = methods })
end

-- ---- what is printed ----

local function indented(value, depth)
  if type(value) ~= "table" or next(value) == nil or getmetatable(value) then return json.encode(value) end
  local lines, inside, list = {}, ("  "):rep(depth + 1), value[1] ~= nil
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  if not list then table.sort(keys) end
  for _, key in ipairs(keys) do
    lines[#lines + 1] = inside .. (list and "" or json.encode(key) .. ": ") .. indented(value[key], depth + 1)
  end
  local open, close = table.unpack(list and { "[", "]" } or { "{", "}" })
  return ("%s\n%s\n%s%s"):format(open, table.concat(lines, ",\n"), ("  "):rep(depth), close)
end

local function body_lines(body)
  local text = type(body) == "table" and indented(body, 0) or tostring(body):gsub(">%s*<", ">\n<")
  return (text:gsub("[^\n]+", "  %0"))
end

local function print_write(self, line, body)
  self.count = self.count + 1
  self.say("would " .. line)
  if body ~= nil and body ~= "" then self.say(body_lines(body)) end
end

-- ---- what is answered ----

-- An id that looks like one, and is none of Alma's: those never begin with a zero.
local function new_id(self)
  self.ids = self.ids + 1
  return ("%016d"):format(self.ids)
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local same = {}
  for key, item in pairs(value) do same[key] = copy(item) end
  return same
end

-- A job that was "run" has ended well at once.
local function run_of_job(self, call)
  local id = new_id(self)
  local path = ("%s/instances/%s"):format(call.path, id)
  self.things[path] = { id = id, status = { value = "COMPLETED_SUCCESS" }, progress = 100, counter = {}, alert = {} }
  return { id = call.path:match "[^/]+$", additional_info = { value = "dry run", link = path } }
end

local function is_run(call)
  local query = call.request.query
  return call.path:find "^/conf/jobs/[^/]+$" and query and query.op == "run"
end

-- Whether a POST makes a thing of its own: it goes to a list, and does nothing named to what is there.
local function makes(call)
  local query = call.request.query
  return not (query and query.op) and not call.path:find "^/bibs/collections/[^/]+/bibs$" and not call.path:find "/test$"
end

local function answer_to_post(self, call)
  local body = call.request.body
  if is_run(call) then return run_of_job(self, call) end
  local answer = type(body) == "string" and body or copy(body or {})
  if not makes(call) then return answer end
  local kind, id = call.path:match "[^/]+$", new_id(self)
  if type(answer) == "string" then answer = made.put_text(answer, kind, id) else made.put(answer, kind, id) end
  self.things[call.path .. "/" .. id] = answer
  return answer
end

---Prints a write, and answers it.
---@param call { method: string, path: string, request: table }
---@return any answer
function methods:write(call)
  print_write(self, written.line_of(call), call.request.body)
  if call.method == "DELETE" then return true end
  if call.method == "POST" then return answer_to_post(self, call) end
  return type(call.request.body) == "string" and call.request.body or copy(call.request.body or {})
end

-- A bib is sent as XML, and read as JSON with the record in it.
local function as_wanted(thing, call)
  local request = call.request
  if type(thing) ~= "string" or request.raw or request.accept then return copy(thing) end
  return { mms_id = made.id_in(thing), record_format = thing:match "<record_format>(.-)</record_format>" or "marc21",
    anies = { thing:match "<record[%s>].*</record>" or thing } }
end

---Answers a read of something that was made in this dry run.
---@param call { method: string, path: string, request: table }
---@return any answer nil: it has to be read in Alma
function methods:read(call)
  local thing = self.things[call.path]
  if thing then return as_wanted(thing, call) end
  for path in pairs(self.things) do
    if call.path:sub(1, #path + 1) == path .. "/" then return { total_record_count = 0 } end
  end
end

-- ---- the bucket ----

---Prints a write to the bucket, and answers it; a read only of what was put in this dry run.
---@param request table of almanac.oversight
---@return table|nil result nil: it has to be read in the bucket
function methods:s3(request)
  local result, line = self.bucket:answer(request)
  if line then print_write(self, line) end
  return result
end

return m
