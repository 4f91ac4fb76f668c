-- What a query parameter may hold, as far as OpenAPI says it: little in its schema, most in
-- the sentences of its description. The result is the notation of almanac.alma.calls.
local m = {}

-- Sentences that name all values there are.
local SENTENCES = {
  "{([%u|]+)}", "Valid values? %a+ ([^.]+)", "Possible values: ([^.]+)", "Possible values are ([^.]+)", "Options: ([^.]+)",
  "Options are ([^.]+)", "Optional values: ([^.]+)", "Choose between ([^.]+)", "Currently supported: ([^.]+)", "only option is: ([%w_]+)",
  "Currently only ([%w_]+) is supported", "Currently ([%w_]+) is supported", "Currently ([%w_]+ %a+ [%w_]+) are supported",
  "supported operations are ([^.]+)", "The operation ([%w_]+) is supported", "The type (.-) is supported", "format which may be ([^.]+)",
  "sort options are available[^:]*: ([^.]+)", "Ordering may be selected by ([^.]+)", "left without .-: ([^.]+)",
  "sort direction of ([^.]+)", "Sorting direction: ([^.]+)", "Type of letters %(([^)]+)%)", "MARC format (.+)$",
}

-- Sentences that name them in words only.
local IN_WORDS = {
  { "^Active or Complete ?loan status", { "Active", "Complete" } },
  { "^Active or [Hh]istory request", { "active", "history" } },
}

-- Names whose values the description tells one by one: "Use view=brief to …", "label - adds …".
local TOLD_SINGLY = { view = true, expand = true, request_id_type = true }

local function plain(text)
  return (text:gsub("['\"]", ""):gsub("op=", ""):gsub("%s+", " "):gsub("%. by", ". By"):gsub("%. optional", ". Optional"))
end

local function split(text)
  local list = {}
  text = (text:gsub("%b()", "") .. ","):gsub(" or ", ","):gsub(" and ", ","):gsub("[/|]", ",")
  for word in text:gmatch "[^,]+" do
    word = word:match "^%s*(.-)%s*$"
    if word:find "^[%w_%-]+$" then list[#list + 1] = word
    elseif word ~= "" then return nil end
  end
  return list[1] and list
end

local function one_by_one(name, text)
  local list = {}
  for word in text:gmatch(name .. "=([%w_]+)") do list[#list + 1] = word end
  if list[1] then return list end
  for word in text:gmatch "%f[%w](%l[%w_]+) ?%- ?%a" do list[#list + 1] = word end
  return list[1] and list
end

local function choices(name, text)
  for _, pair in ipairs(IN_WORDS) do
    if text:find(pair[1]) then return pair[2] end
  end
  for _, pattern in ipairs(SENTENCES) do
    local found = text:match(pattern)
    local list = found and split(found)
    if list then return list end
  end
  return TOLD_SINGLY[name] and one_by_one(name, text)
end

local NO_DEFAULT = { [""] = true, None = true, none = true }

-- A default that can be sent; others ("Institution Code", a date "today") are told in words.
local function default_of(parameter, text)
  local value = parameter.schema and parameter.schema.default
  if value == nil or NO_DEFAULT[value] or not tostring(value):find "^[%w_%-]+$" then return nil end
  local most = text:match "Valid values are %d+%-(%d+)"
  if text:find "YYYY" or most and tonumber(value) > tonumber(most) then return nil end
  return tostring(value)
end

local function is_yes_or_no(list)
  return #list == 2 and list[1] == "true" and list[2] == "false"
end

local function listed(name, list, default)
  local found = {}
  for _, word in ipairs(list) do found[word] = true end
  if default and not found[default] then table.insert(list, 1, default) end
  return table.concat(list, name == "expand" and "+" or "|")
end

local function kind_of(parameter, text, default)
  local kind = parameter.schema and parameter.schema.type
  local low, high = text:match "Valid values are (%d+)%-(%d+)"
  if low then return low .. "-" .. high end
  local from, to, step = text:match "between (%d+) and (%d+) %(multiples of (%d+)%)"
  if from then return ("%s-%s/%s"):format(from, to, step) end
  local most = text:match "to the limit of (%d+)"
  if most then return "ids" .. most end
  if text:lower():find("yyyy-mm-dd", 1, true) then return "date" end
  local list = choices(parameter.name, text)
  if list and not is_yes_or_no(list) then return listed(parameter.name, list, default) end
  if kind == "boolean" or list or default == "true" or default == "false" or text:find "By default this is false%." then return "bool" end
  if kind == "integer" or parameter.name == "offset" or text:find "number of levels" then return "int" end
end

-- OpenAPI calls what has no default "required", also where the description says when it may be
-- left out; and it does not where the description says "Mandatory." without a condition.
local MAY_BE_LEFT_OUT = { "[Oo]ptional", "Default", "either", "Needed when", "Relevant for", "If this is not provided",
  "is to be performed, or is being performed" }

local function is_required(parameter, text, default)
  if not parameter.required then return text:find "Mandatory%." ~= nil and not default end
  for _, words in ipairs(MAY_BE_LEFT_OUT) do
    if text:find(words) then return false end
  end
  return true
end

---@param parameter table of an operation in OpenAPI
---@return boolean
function m.is_required(parameter)
  local text = plain(parameter.description or "")
  return is_required(parameter, text, default_of(parameter, text))
end

---@param parameter table of an operation in OpenAPI
---@return string notation e.g. "limit:0-100=10", "op!:run"
function m.notation(parameter)
  local text = plain(parameter.description or "")
  local default = default_of(parameter, text)
  local kind = kind_of(parameter, text, default)
  return parameter.name .. (is_required(parameter, text, default) and "!" or "")
    .. (kind and ":" .. kind or "") .. (default and "=" .. default or "")
end

return m
