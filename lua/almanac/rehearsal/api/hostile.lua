-- Makes answers that Alma never gives: those of a broken proxy, of somebody else's server, of
-- a server that means harm. The call did happen; only its answer is spoilt. Each form is a way
-- in which a program that believes answers has come to harm.
local answers = require "almanac.rehearsal.api.answer"
local model = require "almanac.rehearsal.world.model"

local m = {}

---The forms and what each does to an answer, for --help. Without =FORM they take turns.
m.forms = {
  { "path", "ids and names are paths that lead out of a folder" },
  { "null", "ids are null" },
  { "type", "texts are numbers and objects" },
  { "nul", "texts begin with a zero byte" },
  { "nan", "numbers are NaN" },
  { "total", "a list says that it has 10^12 entries" },
  { "endless", "every page is full and not the last; each has a new resumption token (OAI)" },
  { "old", "the answer names another thing of the title that was there before" },
  { "deep", "brackets, 100,000 deep" },
  { "empty", "an object without fields" },
  { "list", "a list in place of an object" },
}

local FORMS = {}
for _, form in ipairs(m.forms) do FORMS[form[1]] = true end

---@param name string
---@return boolean
function m.is_form(name) return FORMS[name] == true end

local OUT = "../../../../../../tmp/almanac-hostile"
local TOTAL = 1000000000000
local MANY = 90000000
local DEPTH = 100000
local PAGE = 100

-- ---- JSON, as text ----

local IDS = { "id", "pid", "mms_id", "holding_id" }
local NAMES = { "institution", "pid" }    -- coded fields: the id stands in their value

local function with_ids(text, value)
  for _, name in ipairs(IDS) do text = text:gsub(('("%s":)"%%d+"'):format(name), "%1" .. value) end
  for _, name in ipairs(NAMES) do text = text:gsub(('("%s":{"value":)"[^"]*"'):format(name), "%1" .. value) end
  return text
end

local in_json = {
  path = function(text) return with_ids(text, '"' .. OUT .. '"') end,
  null = function(text) return with_ids(text, "null") end,
  type = function(text)
    local n = 0
    return (text:gsub('("[%w_-]+":)"[^"]*"', function(name)
      n = n + 1
      return name .. (n % 2 == 0 and "7" or '{"a":[7]}')
    end))
  end,
  nul = function(text) return (text:gsub('":"', '":"\\u0000')) end,
  nan = function(text)
    local spoilt, count = text:gsub('":%d+', '":NaN')
    return count > 0 and spoilt or '{"total_record_count":NaN}'
  end,
  total = function(text) return (text:gsub('("total_record_count":)%d+', "%1" .. TOTAL)) end,
  deep = function() return ("["):rep(DEPTH) end,
  empty = function() return "{}" end,
  list = function() return "[]" end,
}

-- ---- objects, before they are written as text ----

local function with(object, changes)
  local copy = {}
  for name, value in pairs(object) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value end
  return copy
end

-- The name and the entries of the list in an answer.
local function entries_of(answer)
  local key = answer.object.total_record_count and answer.shape[1][1]
  local list = key and answer.object[key]
  if type(list) == "table" and list[1] then return key, list end
end

local function other_id(world, call, object)
  for _, row in ipairs((model.representations(world, call.path.mms_id, { limit = PAGE, offset = 0 }))) do
    if object.id and row.id ~= object.id then return { id = row.id } end
    for _, file in ipairs(object.pid and model.files(world, row.id) or {}) do
      if file.pid ~= object.pid then return { pid = file.pid } end
    end
  end
end

local in_objects = {
  endless = function(_, _, answer)
    local key, list = entries_of(answer)
    if not key then return answer.object end
    local full = { table.unpack(list, 1, PAGE) }
    while #full < PAGE do full[#full + 1] = list[#list] end
    return with(answer.object, { [key] = full, total_record_count = MANY })
  end,
  old = function(world, call, answer)
    local key, list = entries_of(answer)
    if key then return with(answer.object, { [key] = { list[#list], table.unpack(list, 2) } }) end
    if not call.path.mms_id then return answer.object end
    return with(answer.object, other_id(world, call, answer.object) or {})
  end,
}

-- ---- the XML of OAI-PMH and SRU ----

local in_xml = {
  path = function(text)
    return (text:gsub("(<identifier>)[^<]*", "%1" .. OUT):gsub("(<recordIdentifier>)[^<]*", "%1" .. OUT))
  end,
  null = function(text)
    return (text:gsub("<identifier>[^<]*</identifier>", ""):gsub("<recordIdentifier>[^<]*</recordIdentifier>", ""))
  end,
  type = function(text) return (text:gsub("(<[%w:]+>)[^<>]+(</)", "%1<a><b/></a>%2")) end,
  nul = function(text) return (text:gsub("(<%w+>)", "%1&#0;", 3)) end,
  nan = function(text) return (text:gsub("(<numberOfRecords>)%d+", "%1NaN"):gsub('(completeListSize=")%d+', "%1NaN")) end,
  total = function(text)
    return (text:gsub("(<numberOfRecords>)%d+", "%1" .. TOTAL):gsub('(completeListSize=")%d+', "%1" .. TOTAL))
  end,
  deep = function() return ("<a>"):rep(DEPTH) end,
  empty = function() return "<OAI-PMH/>" end,
  list = function() return "<a/><a/>" end,
}

-- ---- choosing ----

local function spoil_object(world, call, answer, form)
  local object = in_objects[form] and in_objects[form](world, call, answer) or answer.object
  local text = answers.json(answer.shape, object)
  if in_json[form] then text = in_json[form](text) end
  return { status = answer.status, body = text, type = "application/json;charset=UTF-8", headers = answer.headers }
end

---Chooses the form for this answer.
---@param fault { word: string?, hits: integer }
---@return string
function m.form(fault)
  return fault.word or m.forms[(fault.hits - 1) % #m.forms + 1][1]
end

---Spoils an answer as a hostile server would. Refusals and empty answers stay as they are.
---@param world table
---@param call table
---@param answer table
---@param fault { word: string?, hits: integer }
---@return table answer
function m.spoil(world, call, answer, fault)
  local form = m.form(fault)
  if answer.shape and call.format == "json" then return spoil_object(world, call, answer, form) end
  if call.is_view and answer.body and in_xml[form] then answer.body = in_xml[form](answer.body) end
  return answer
end

return m
