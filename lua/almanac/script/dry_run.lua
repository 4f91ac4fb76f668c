-- `almanac exec --dry-run`: a write is printed in place of being sent, and answered so that scripts go
-- on: with the body that was sent and the id of its thing, made up for what a POST makes. What was "made"
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

-- What else Alma puts into what it makes, and scripts go on with.
local function fill_in(answer, path)
  local mms_id, holding_id = path:match "^/bibs/([^/]+)/holdings/([^/]+)/items$"
  if mms_id then
    answer.bib_data = { mms_id = mms_id }
    answer.holding_data = type(answer.holding_data) == "table" and answer.holding_data or {}
    answer.holding_data.holding_id = holding_id
  elseif path == "/conf/sets" then
    answer.number_of_members = answer.number_of_members or { value = 0 }
  end
end

local function made_by(self, call)
  local kind, id = call.path:match "[^/]+$", new_id(self)
  local answer = made.with_id(copy(call.request.body or {}), kind, id)
  if type(answer) == "table" then fill_in(answer, call.path) end
  self.things[call.path .. "/" .. id] = answer
  return answer
end

-- What is named by op= happens to a thing: the answer is that thing as it is.
local function answer_to_post(self, call, read)
  if is_run(call) then return run_of_job(self, call) end
  if makes(call) then return made_by(self, call) end
  local query = call.request.query
  if query and query.op then return read(call.path) end
  return copy(call.request.body or {})
end

-- Of a thing that was made in this dry run, the change is kept with it.
local function answer_to_put(self, call)
  local kind, id = call.path:match "([^/]+)/([^/]+)$"
  local answer, before = copy(call.request.body or {}), self.things[call.path]
  if made.has_id(kind) then answer = made.with_id(answer, kind, id) end
  if not before then return answer end
  if type(answer) == "table" and type(before) == "table" then
    for name, value in pairs(before) do
      if answer[name] == nil then answer[name] = value end
    end
  end
  self.things[call.path] = answer
  return answer
end

---Prints a write, and answers it.
---@param call { method: string, path: string, request: table }
---@param read fun(path: string): any, string?, string?, table? reads a thing
---@return any answer
---@return string? message
---@return string? code
---@return table? detail
function methods:write(call, read)
  print_write(self, written.line_of(call), call.request.body)
  if call.method == "DELETE" then return true end
  if call.method == "POST" then return answer_to_post(self, call, read) end
  return answer_to_put(self, call)
end

-- A bib is sent as XML, and read as JSON with the record in it.
local function as_wanted(thing, call)
  local request = call.request
  if type(thing) ~= "string" or request.raw or request.accept then return copy(thing) end
  return { mms_id = made.id_in(thing, "bibs"), record_format = thing:match "<record_format>(.-)</record_format>" or "marc21",
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
