-- Every call of Alma's bibs, conf, users and analytics APIs, as OpenAPI describes it. A call has
-- a name, so that a program can say it ("get_bib"), and is found by method and path as well.
--
-- It is named verb_thing. The thing is the last word of the path, singular when it is about one:
-- /bibs/{mms_id} is a bib, GET /conf/sets gives sets. The verb is list (GET of many), get, create
-- (POST to many), update, delete; a POST to one thing is act_on, or its operation when there is
-- only one and that is a verb: run_job, scan_item. Where the same thing hangs on several others,
-- or where its word says too little, what stands before it in the path comes before:
-- list_bib_requests, list_item_requests, get_job_instance. The places of a path have one name
-- everywhere: mms_id, holding_id, item_pid, rep_id, where Alma's descriptions write mmsId as well.
--
-- An area's table is read when the first call of that area is made, and a row of it is spelled
-- out when that call is made first: starting costs nothing, a run pays for what it uses.
--
-- The rows are in one file for each area. A query is written as words, each a parameter:
--
--     limit:0-100=10        a whole number in these limits; Alma takes 10 when it is left out
--     limit:25-1000/25      in steps of 25
--     offset:int            a whole number
--     validate:bool=false   true or false
--     from:date             2026-01-31
--     view:full|brief       one of these
--     expand:p_avail+e_avail   any of these, with commas between
--     mms_id:ids100         ids with commas between, 100 at most
--     q                     text
--     op!:run               ! it has to be there
--
-- OpenAPI calls what has no default "required", also where the description says when it may be
-- left out; here the description counts. `more` holds parameters that OpenAPI does not have.
local by_hand = require "almanac.alma.calls.by_hand"

local m = {}

local AREAS = { "bibs", "conf", "users", "analytics" }
local FULL = {}
for _, area in ipairs(AREAS) do FULL[area] = true end

-- A place that takes the rest of a path, slashes and all: folders of Analytics.
local REST = "{path}"

local loaded = {}        -- area: its rows
local trees = {}         -- first segment of a path: node
local by_name = {}

local function parameter_of(word, more)
  local name, must, kind, default = word:match "^([%w_]+)(!?):?([^=]*)=?(.*)$"
  local parameter = { name = name, kind = "text", required = must == "!", default = default ~= "" and default or nil,
    described = not more }
  local low, high, step = kind:match "^(%d+)%-(%d+)/?(%d*)$"
  if low then
    parameter.kind, parameter.low, parameter.high = "int", tonumber(low), tonumber(high)
    parameter.step = tonumber(step)
  elseif kind == "int" or kind == "bool" or kind == "date" then parameter.kind = kind
  elseif kind:find "^ids%d" then parameter.kind, parameter.most = "ids", tonumber(kind:sub(4))
  elseif kind ~= "" then
    parameter.kind, parameter.values = kind:find("+", 1, true) and "any" or name == "expand" and "any" or "one", {}
    for value in kind:gmatch "[^|+]+" do table.insert(parameter.values, value) end
  end
  return parameter
end

local function spell_parameters(call)
  local list, named = {}, {}
  for _, field in ipairs { "query", "more" } do
    for word in (call.row[field] or ""):gmatch "%S+" do
      local parameter = parameter_of(word, field == "more")
      list[#list + 1], named[parameter.name] = parameter, parameter
    end
  end
  call.parameters, call.query = list, named
end

local function paging_of(call)
  if call.query.token then return "token" end
  return call.query.limit and call.query.offset and "offset" or "none"
end

-- What is derived from a row, made when it is asked for.
local LATE = {
  parameters = spell_parameters, query = spell_parameters,
  paging = function(call) call.paging = paging_of(call) end,
  right = function(call) call.right = call.method == "GET" and "read" or "read-write" end,
}

local meta = {
  __index = function(call, field)
    if not LATE[field] then return nil end
    LATE[field](call)
    return rawget(call, field)
  end,
}

local function split(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do parts[#parts + 1] = part end
  return parts
end

local function plant(call)
  local node = trees
  for _, part in ipairs(call.parts) do
    local key = part:sub(1, 1) == "{" and "*" or part
    node[key] = node[key] or {}
    node = node[key]
    node.rest = part == REST or nil
  end
  node.calls = node.calls or {}
  node.calls[call.method] = call
end

local function add(row, area)
  local call = setmetatable({ name = row[1], method = row[2], path = row[3], parts = split(row[3]), area = area, body = row.body,
    xml = row.xml or false, answer = row.answer, row = row }, meta)
  by_name[call.name] = call
  plant(call)
  return call
end

local function load_by_hand()
  if loaded.by_hand then return end
  loaded.by_hand = {}
  for i, row in ipairs(by_hand.CALLS) do loaded.by_hand[i] = add(row, row.area) end
end

local function load(area)
  if loaded[area] then return loaded[area] end
  local calls = {}
  for i, row in ipairs(require("almanac.alma.calls." .. area)) do calls[i] = add(row, area) end
  loaded[area] = calls
  return calls
end

local function load_all()
  load_by_hand()
  for _, area in ipairs(AREAS) do load(area) end
end

local OURS = { ["*"] = true, calls = true, rest = true }   -- keys of a node that are no words of a path

-- Notes in `trail` the calls of each place that fits, a word of the path before an id, so that
-- /bibs/collections is no bib; and how far the path could be followed, and the node there.
local function walk(node, parts, i, trail)
  local over = i > #parts
  if node.calls and (over or node.rest) then
    trail[#trail + 1] = node.calls
    return
  end
  if i > trail.far then trail.far, trail.node = i, node end
  if over then return end
  local named = not OURS[parts[i]] and node[parts[i]]
  if named then walk(named, parts, i + 1, trail) end
  if node["*"] then walk(node["*"], parts, i + 1, trail) end
end

---Finds what Alma has at a path. An id may be a word that stands in another path ("test"), so
---several places can fit.
---@param path string|string[] below /almaws/v1, as for client:call
---@return table<string, almanac.alma.call>[] places calls by method; the likeliest place first
---@return { far: integer, node: table, parts: string[] }? lost where a path leads nowhere; nil when nothing can be
---said, since the area has no table here
function m.places(path)
  local parts = type(path) == "string" and split(path) or path
  local area = parts[1]
  if FULL[area] then load(area) else load_by_hand() end
  local trail = { far = 0 }
  walk(trees, parts, 1, trail)
  if trail[1] or not FULL[area] then return trail end
  trail.parts = parts
  return trail, trail
end

---The calls that Alma has at a path.
---@param path string|string[]
---@return table<string, almanac.alma.call>? calls by method
function m.at(path)
  return m.places(path)[1]
end

---Whether a place takes the rest of the path.
---@param part string "{path}"
---@return boolean
function m.is_rest(part) return part == REST end

---The names of the areas that have a table.
m.AREAS = AREAS

---A call by its name.
---@param name string "get_bib"
---@return almanac.alma.call?
function m.named(name)
  load_all()
  return by_name[name]
end

---All names, sorted.
---@return string[]
function m.names()
  load_all()
  local names = {}
  for name in pairs(by_name) do names[#names + 1] = name end
  table.sort(names)
  return names
end

---The calls of an area, in the order of their paths.
---@param area string bibs, conf, users or analytics; "by_hand": those that OpenAPI does not have
---@return almanac.alma.call[]
function m.of(area)
  load_all()
  return loaded[area] or error("calls.of: no area " .. tostring(area), 2)
end

---@class almanac.alma.call
---@field name string "get_bib"
---@field method string
---@field path string below /almaws/v1, "/bibs/{mms_id}"
---@field parts string[] of the path
---@field area string bibs, conf, users, analytics or acq: what the API key has to be good for
---@field right "read"|"read-write" what the API key has to allow there
---@field body string? type of the body, "rest_set"; nil: it takes none
---@field xml boolean the body is taken as XML only
---@field answer string? type of the answer, "rest_bibs"; "object" when it is not described; nil: empty
---@field query table<string, almanac.alma.parameter> by name
---@field parameters almanac.alma.parameter[] in OpenAPI's order
---@field paging "offset"|"token"|"none"

---@class almanac.alma.parameter
---@field name string
---@field kind "text"|"int"|"bool"|"date"|"one"|"any"|"ids"
---@field low integer?
---@field high integer?
---@field step integer?
---@field values string[]? of "one" and "any"
---@field most integer? of "ids"
---@field required boolean
---@field default string? what Alma takes when it is left out
---@field described boolean? false: OpenAPI does not have it

return m
