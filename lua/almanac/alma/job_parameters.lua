-- The parameters of a job, as Alma's "API information" panel (Run a Job, last step) shows them:
-- XML or JSON, as text or in a file. The names differ from job to job and are not published, so
-- what is saved is sent as it is; only the set and the run's name are put in.
local coded = require "almanac.alma.coded"
local core = require "almanac.core"
local json = require "almanac.json"
local xml = require "almanac.xml"

local m = {}

local LARGEST = 1 << 20   -- bytes of a file with parameters

---@class almanac.alma.parameters
---@field format "xml"|"json" in which they were given, and are sent
---@field [integer] { name: string, value: string } in their order

local function no(words)
  return nil, "the job's parameters: " .. words, "parse"
end

local function add(list, name, value)
  if type(name) ~= "string" or not name:find "%S" then return no(("parameter %d has no name"):format(#list + 1)) end
  if type(value) == "table" then return no(("the value of %s is no text"):format(name)) end
  list[#list + 1] = { name = name:match "^%s*(.-)%s*$", value = value == nil and "" or tostring(value) }
  return true
end

-- A browser's "Save as" saves the page around the panel.
local PAGE = "this is a web page: save the panel's text in a file of its own, from <job> to </job> (or the JSON from { to })"

local function is_page(text)
  local start = text:sub(1, 1000):lower()
  return start:find "<!doctype%s+html" or start:find "<html[%s>]"
end

-- <job><parameters><parameter><name/><value/>…; the panel's text may begin at <parameters>.
local function from_xml(text)
  if is_page(text) then return no(PAGE) end
  local root, message = core.xml.parse(text)
  if not root then return no(message) end
  local list, holder = { format = "xml" }, root.name == "parameters" and root or xml.child(root, "parameters")
  if root.name ~= "job" and root.name ~= "parameters" then return no(("<%s> is no <job>"):format(root.name)) end
  for _, node in ipairs(xml.children(holder, "parameter")) do
    local value = xml.child(node, "value")
    local ok, words, code = add(list, xml.text(node, "name"), value and value.text)
    if not ok then return nil, words, code end
  end
  return list
end

-- {"parameter":[{"name":{"value":"set_id"},"value":"80…"}]}; also with "parameters" around it, as XML has it.
local function from_json(text)
  local root, message = json.decode(text)
  if type(root) ~= "table" then return no(message or "they are no JSON object") end
  root = type(root.job) == "table" and root.job or root
  local entries = root.parameter or root.parameters or root
  if type(entries) == "table" and type(entries.parameter) == "table" then entries = entries.parameter end
  if type(entries) ~= "table" then return no "there is no list of them" end
  local list = { format = "json" }
  for _, one in ipairs(entries) do
    if type(one) ~= "table" then return no(("parameter %d is no object"):format(#list + 1)) end
    local name = coded.value(one.name)
    local ok, words, code = add(list, name, one.value)
    if not ok then return nil, words, code end
  end
  return list
end

local function from_table(given)
  local list, names = { format = "json" }, {}
  for name in pairs(given) do
    if type(name) ~= "string" then error("jobs: parameters are a table of names and values, or text", 4) end
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = { name = name, value = tostring(given[name]) } end
  return list
end

-- The panel shows the call's address above the parameters, and whoever copies all of it has both: XML and JSON begin with
-- the first line that begins like one of them.
local BEGINNINGS = { { "<", from_xml }, { "[{%[]", from_json } }

-- What reads a text, and the part of it that is read.
local function reader(text)
  text = "\n" .. text:gsub("^\u{FEFF}", "")
  local read, at
  for _, beginning in ipairs(BEGINNINGS) do
    local found = text:find("\n%s*" .. beginning[1])
    if found and (not at or found < at) then read, at = beginning[2], found end
  end
  return read, read and text:sub(at)
end

---Reads parameters.
---@param given string|table|nil XML or JSON as text, the path of a file that holds such, a table of names and values, or
---  nil: none, as for a scheduled job
---@return almanac.alma.parameters|nil parameters
---@return string? message
---@return string? code "parse", or as for core.files.read
function m.read(given)
  if given == nil then return { format = "xml" } end
  if type(given) == "table" then return from_table(given) end
  if not given:find "%S" then return no "they are empty" end
  local read, text = reader(given)
  if not read then
    local bytes, message, code = core.files.read(given, LARGEST)
    if not bytes then return nil, message, code end
    read, text = reader(bytes)
    if not read then return no(given .. " holds neither XML nor JSON") end
  end
  return read((text:gsub("^%s+", "")))
end

---@param parameters almanac.alma.parameters
---@param name string
---@return string? value
function m.value(parameters, name)
  for _, one in ipairs(parameters) do
    if one.name == name then return one.value end
  end
end

---Puts a value in place of the saved one; where there was none, it comes at the end.
---@param parameters almanac.alma.parameters
---@param name string
---@param value string
function m.set(parameters, name, value)
  for _, one in ipairs(parameters) do
    if one.name == name then
      one.value = value
      return
    end
  end
  parameters[#parameters + 1] = { name = name, value = value }
end

local function node(name, text, ...)
  return { name = name, attributes = {}, text = text or "", ... }
end

local function as_xml(parameters)
  local list = {}
  for i, one in ipairs(parameters) do
    list[i] = node("parameter", "", node("name", one.name), node("value", one.value))
  end
  return xml.write(#list == 0 and node "job" or node("job", "", node("parameters", "", table.unpack(list))))
end

---The body of POST /conf/jobs/{job_id} (OpenAPI conf; schema rest_job-post).
---@param parameters almanac.alma.parameters
---@return table|string body
---@return string? content_type of a body of text
function m.body(parameters)
  if parameters.format == "xml" then return as_xml(parameters), "application/xml" end
  local list = json.array {}
  for i, one in ipairs(parameters) do list[i] = { name = { value = one.name }, value = one.value } end
  return { parameter = list }
end

return m
