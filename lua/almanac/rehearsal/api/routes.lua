-- Finds the call that a path means: its handler, the values in the path, the parameters that
-- it knows, the area whose right it needs, and the name that --faults and --latency call it by.
local m = {}

local MODULES = { "bibs", "bibs_write", "holdings", "items", "items_write", "collections", "representations", "files", "sets",
  "sets_members", "conf", "jobs", "runs", "profiles", "analytics", "tables", "libraries", "deposits", "requests" }

local AREA = { ["/items"] = "bibs" }    -- where the area is not the first word of the path

local deep = {}      -- routes whose last variable, {name...}, takes all the rest of a path
local by_size = {}   -- method .. number of segments -> routes; those with fixed segments come first

local function split(path)
  local segments = {}
  for segment in path:gmatch "[^/]+" do segments[#segments + 1] = segment end
  return segments
end

-- What a path's call is called by, the first that fits. All others have the name of their area.
local KINDS = {
  { "/test$", "test" }, { "/requests", "requests" }, { "/deposit", "deposits" }, { "/jobs", "jobs" },
  { "/md%-import%-profiles", "profiles" }, { "/items", "items" }, { "/holdings", "holdings" },
  { "/collections", "collections" }, { "/files", "files" }, { "/representations", "representations" }, { "/sets", "sets" },
}

---@param path string the template of a call
---@return string name test, requests, …; or bibs, conf, users, analytics
local function kind_of(path)
  for _, kind in ipairs(KINDS) do
    if path:find(kind[1]) then return kind[2] end
  end
  return path:match "^/(%w+)"
end

local function variables(segments)
  local count = 0
  for _, segment in ipairs(segments) do
    if segment:find "^{" then count = count + 1 end
  end
  return count
end

local function add(definition)
  local method, path = definition[1]:match "^(%u+) (.+)$"
  local route = {
    name = definition[1], method = method, run = definition[2], segments = split(path), known = {},
    kind = kind_of(path), area = AREA[path] or path:match "^/(%w+)",
  }
  for parameter in definition[3]:gmatch "%S+" do route.known[parameter] = true end
  route.variables = variables(route.segments)
  local key = method .. #route.segments
  by_size[key] = by_size[key] or {}
  table.insert(by_size[key], route)
  if path:find "%.%.%.}$" then deep[#deep + 1] = route end
end

for _, name in ipairs(MODULES) do
  for _, definition in ipairs(require("almanac.rehearsal.api." .. name).routes) do add(definition) end
end
for _, list in pairs(by_size) do
  table.sort(list, function(a, b) return a.variables < b.variables end)
end

local function unescape(segment)
  return (segment:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function match(route, segments)
  local values = {}
  for i, pattern in ipairs(route.segments) do
    local name = pattern:match "^{(.-)%.*}$"
    if name then
      values[name] = unescape(segments[i])
    elseif pattern ~= segments[i] then
      return nil
    end
  end
  return values
end

-- The segments of a path that is longer than its route, the rest of it as the last one.
local function folded(segments, count)
  local result = table.move(segments, 1, count - 1, 1, {})
  result[count] = table.concat(segments, "/", count)
  return result
end

---@param method string
---@param path string raw, below /almaws/v1
---@return table? route
---@return table<string, string>? values of the variables in the path
function m.find(method, path)
  local segments = split(path)
  for _, route in ipairs(by_size[method .. #segments] or {}) do
    local values = match(route, segments)
    if values then return route, values end
  end
  for _, route in ipairs(deep) do
    local values = route.method == method and #segments > #route.segments and match(route, folded(segments, #route.segments))
    if values then return route, values end
  end
end

---@param query string raw
---@return table<string, string> parameters the last of a name counts
---@return string[][] pairs { name, value } as sent, decoded
function m.query(query)
  local parameters, list = {}, {}
  for pair in query:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=(.*)$"
    name, value = unescape((name or pair):gsub("%+", " ")), unescape((value or ""):gsub("%+", " "))
    parameters[name] = value
    list[#list + 1] = { name, value }
  end
  return parameters, list
end

return m
