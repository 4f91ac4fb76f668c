-- Makes the tables of calls in lua/almanac/alma/calls from Alma's OpenAPI descriptions.
local by_hand = require "almanac.alma.calls.by_hand"
local core = require "almanac.core"
local json = require "almanac.json"
local names = require "support.call_names"
local values = require "support.call_values"

local m = {}

m.FOLDER = "../shared/alma/openapi"
m.AREAS = { "bibs", "conf", "users", "analytics" }

local WIDTH = 132   -- of a line, at most
local METHODS = { "get", "post", "put", "delete" }
local PREFIX = "/almaws/v1"

-- One name for one thing: the descriptions write mmsId and mms_id, item_id and item_pid.
local SAME = { item_id = "item_pid" }

local function parameter_name(name)
  local snake = name:gsub("(%l)(%u)", "%1_%2"):lower()
  return SAME[snake] or snake
end

-- Two of the paths end in /, which means nothing more.
local function path_of(path)
  return (path:sub(#PREFIX + 1):gsub("/$", ""):gsub("{(.-)}", function(name) return "{" .. parameter_name(name) .. "}" end))
end

local function query_of(operation)
  local list = {}
  for _, parameter in ipairs(operation.parameters or {}) do
    if parameter["in"] == "query" then list[#list + 1] = values.notation(parameter) end
  end
  return list
end

-- "rest_set" of ".../schemas/rest_set-post.json#/rest_set-post"; "object" where none is named.
local function type_of(content)
  for _, kind in ipairs { "application/json", "application/xml" } do
    local schema = content[kind] and content[kind].schema
    if schema then return schema["$ref"] and schema["$ref"]:match "/([%w_]+)[%w-]*$" or "object" end
  end
end

local function operations_of(query)
  for _, notation in ipairs(query) do
    local list = {}
    for word in (notation:match "^op!?:([^=]*)" or ""):gmatch "[^|]+" do list[#list + 1] = word end
    if list[1] then return list end
  end
  return {}
end

local function call_of(area, method, path, operation)
  local request = operation.requestBody and operation.requestBody.content
  local answer = operation.responses["200"]
  local call = { area = area, method = method:upper(), path = path_of(path), query = query_of(operation),
    body = request and type_of(request), xml = request and not request["application/json"],
    answer = answer and answer.content and type_of(answer.content) }
  call.operations = operations_of(call.query)
  for _, more in ipairs(by_hand.MORE) do
    if more.method == call.method and more.path == call.path then call.more = more.query end
  end
  return call
end

local function calls_of(folder, area)
  local calls = {}
  local text = assert(core.files.read(("%s/%s.json"):format(folder, area), 1 << 26))
  for path, operations in pairs(assert(json.decode(text)).paths) do
    for _, method in ipairs(METHODS) do
      if operations[method] then calls[#calls + 1] = call_of(area, method, path, operations[method]) end
    end
  end
  local order = { GET = 1, POST = 2, PUT = 3, DELETE = 4 }
  table.sort(calls, function(a, b)
    if a.path ~= b.path then return a.path < b.path end
    return order[a.method] < order[b.method]
  end)
  return calls
end

-- Text in quotes, on several lines where it is long.
local function quoted(words)
  local lines, line = {}, ""
  for _, word in ipairs(words) do
    if #line + #word > WIDTH - 20 then
      lines[#lines + 1], line = line .. " \\z", ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return '"' .. table.concat(lines, "\n      ") .. '"'
end

local function fields_of(call)
  local fields = {}
  for _, name in ipairs { "body", "answer", "more" } do
    if call[name] then fields[#fields + 1] = ('%s = "%s"'):format(name, call[name]) end
  end
  if call.xml then table.insert(fields, 2, "xml = true") end
  if call.query[1] then fields[#fields + 1] = "query = " .. quoted(call.query) end
  return fields
end

local function row(call)
  local text = ('  { "%s", "%s", "%s"'):format(call.name, call.method, call.path)
  local length = #text
  for _, field in ipairs(fields_of(call)) do
    local fits = length + #field + 6 <= WIDTH and not field:find "\n"
    text = text .. (fits and ", " or ",\n    ") .. field
    length = fits and length + #field + 2 or #field + 4
  end
  return text .. " },"
end

local HEAD = [[
-- The calls of Alma's %s API, a row each: name, method, path below /almaws/v1; what body it takes
-- (`xml`: only as XML), what it answers, what its query may hold (the notation stands in init.lua).
-- Made by `make calls` from Alma's OpenAPI description; not edited by hand.
return {
]]

---The text of each area's table.
---@param folder string? of the descriptions
---@return table<string, string> texts by area
function m.make(folder)
  local all, of_area, texts = {}, {}, {}
  for _, area in ipairs(m.AREAS) do
    of_area[area] = calls_of(folder or m.FOLDER, area)
    table.move(of_area[area], 1, #of_area[area], #all + 1, all)
  end
  names.give(all)
  for _, area in ipairs(m.AREAS) do
    local lines = {}
    for i, call in ipairs(of_area[area]) do lines[i] = row(call) end
    texts[area] = HEAD:format(area) .. table.concat(lines, "\n") .. "\n}\n"
  end
  return texts
end

return m
