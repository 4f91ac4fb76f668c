-- Checks the table that a recipe returns, field by field. A misspelt field is
-- an error that names file, line and the nearest right name.
local arguments = require "almanac.recipe.inside.arguments"
local changes = require "almanac.recipe.inside.changes"
local rulebook = require "almanac.recipe.inside.rulebook"
local text_rules = require "almanac.recipe.inside.text"
local words = require "almanac.words"

local m = {}

local TYPES = {
  name = "string", summary = "string", version = "string", license = "string", effects = "table", args = "table",
  every_key = "boolean", examples = "table", reads = "table", near = "number", several_records = "boolean",
}
local REQUIRED = { "name", "summary", "version", "license", "effects" }
local EXAMPLES = { sidecars = "sidecars", open = "open" }    -- what examples may be of, and of what kind these are
for _, rule in ipairs(rulebook.rules) do
  TYPES[rule.name], EXAMPLES[rule.name] = "function", rule.examples
end
local EFFECTS = changes.all_effects
local OF_RECORDS = { "record_files", "missing", "several_records" }
local READS = { "items", "record", "rows" }
local CALLED = { string = "text", table = "a list", ["function"] = "a function", boolean = "true or false", number = "a number" }

local function names_of(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function suggestion(name, known)
  local near = words.nearest(tostring(name), known)
  return near and (", did you mean '%s'?"):format(near) or ("; there are: " .. table.concat(known, ", "))
end

-- "path:12" where the source sets the field, else the path.
local function place(source, name)
  local line = 0
  local pattern = type(name) == "string" and "%f[%w_]" .. name:gsub("%p", "%%%0") .. "%s*=[^=]"
  for text in (source.text .. "\n"):gmatch "([^\n]*\n)" do
    line = line + 1
    if pattern and not text:find "^%s*%-%-" and text:find(pattern) then return source.path .. ":" .. line end
  end
  return source.path
end

local function fail(source, name, message)
  return nil, place(source, name) .. ": " .. message, "parse"
end

local function check_fields(raw, source)
  for name, value in pairs(raw) do
    local kind = TYPES[name]
    if not kind then
      return fail(source, name, ("unknown field '%s'%s"):format(tostring(name), suggestion(name, names_of(TYPES))))
    elseif type(value) ~= kind then
      return fail(source, name, ("'%s' must be %s, it is a %s"):format(name, CALLED[kind], type(value)))
    end
  end
  return true
end

local function has_one(raw, names)
  for name in names:gmatch "%S+" do
    if raw[name] then return true end
  end
  return false
end

local function check_required(raw, source)
  for _, name in ipairs(REQUIRED) do
    if raw[name] == nil then return fail(source, nil, ("the field '%s' is missing"):format(name)) end
  end
  for _, rule in ipairs(rulebook.rules) do
    if rule.needed_without and not raw[rule.name] and not has_one(raw, rule.needed_without) then
      return fail(source, nil, ("the field '%s' is missing"):format(rule.name))
    end
  end
  if not (raw.changes or raw.missing) and #raw.effects > 0 then
    return fail(source, "effects", "the field 'changes' is missing (a recipe that changes nothing has effects = {})")
  end
  for _, name in ipairs(OF_RECORDS) do
    if raw[name] and not raw.record_key then
      return fail(source, name, ("'%s' goes with the rule 'record_key', which is missing"):format(name))
    end
  end
  if not raw.name:match "^[a-z0-9][a-z0-9-]*$" then
    return fail(source, "name", ("name '%s' must be lower-case letters, digits and dashes"):format(raw.name))
  end
  if not raw.version:match "^%d+%.%d+%.%d+$" then
    return fail(source, "version", ("version '%s' must have the form 1.0.0"):format(raw.version))
  end
  for _, name in ipairs { "summary", "license" } do
    local problem = text_rules.problem_of_words(raw[name])
    if problem then return fail(source, name, ("'%s' %s"):format(name, problem)) end
  end
  return true
end

local function check_effects(raw, source)
  local known = {}
  for _, effect in ipairs(EFFECTS) do known[effect] = true end
  for _, effect in ipairs(raw.effects) do
    if not known[effect] then
      return fail(source, "effects", ("unknown effect '%s'%s"):format(tostring(effect), suggestion(effect, EFFECTS)))
    end
  end
  return true
end

local function check_reads(raw, source)
  for _, name in ipairs(raw.reads or {}) do
    if name ~= "record" and name ~= "items" and name ~= "rows" then
      return fail(source, "reads", ("reads: unknown '%s'%s"):format(tostring(name), suggestion(name, READS)))
    end
  end
  return true
end

local RECORD_CASE = { id = "string", record = "string", row = "table", deleted = "boolean", sets = "table", datestamp = "string" }

-- Whether this is an example of a rule about records: the record, and what the rule has to give.
local function is_record_case(case)
  if type(case) ~= "table" or type(case.gives) ~= "table" then return false end
  for name, value in pairs(case) do
    if name ~= "gives" and type(value) ~= RECORD_CASE[name] then return false end
  end
  for _, item in ipairs(case.gives) do
    if type(item) ~= "string" then return false end
  end
  return true
end

local function check_record_cases(raw, source)
  for _, rule in ipairs(rulebook.with_examples "records") do
    for i, case in ipairs(raw.examples and raw.examples[rule.name] or {}) do
      if not is_record_case(case) then
        return fail(source, rule.name, ("examples: %s case %d must be { gives = {…} } with what gives it: " ..
          "record = \"…\" or row = {…}, and id = \"…\""):format(rule.name, i))
      end
    end
  end
  return true
end

local CASE = { mms_id = "string", title = "string", record = "string", files = "table", keys = "table", items = "table", rows = "table" }
local HELD = { files = "string", keys = "string", items = "table", rows = "table" }

-- Whether this is an example of title_keys: its fields, and what the lists hold.
local function is_case(case)
  if type(case) ~= "table" or not case.keys then return false end
  for name, kind in pairs(CASE) do
    if case[name] ~= nil and type(case[name]) ~= kind then return false end
    for _, item in ipairs(HELD[name] and case[name] or {}) do
      if type(item) ~= HELD[name] then return false end
    end
  end
  return true
end

-- What an example of a name may expect; a list is of keys, or a path and a suffix.
local function is_expected(value)
  if type(value) ~= "table" then return type(value) == "string" or type(value) == "number" or value == false end
  local count = 0
  for i, item in pairs(value) do
    if math.type(i) ~= "integer" or type(item) ~= "string" then return false end
    count = count + 1
  end
  return value[1] ~= nil and count == #value
end

local function check_expected(raw, source)
  for _, rule in ipairs(rulebook.with_examples "names") do
    for name, expected in pairs(raw.examples and raw.examples[rule.name] or {}) do
      if type(name) ~= "string" or not is_expected(expected) then
        return fail(source, rule.name, ("examples: %s of '%s': expected is text, a number, false for nothing, or a list of texts"):format(
          rule.name, type(name) == "string" and name or "a " .. type(name)))
      end
    end
  end
  return true
end

local function check_examples(raw, source)
  for name, cases in pairs(raw.examples or {}) do
    if not EXAMPLES[name] then
      return fail(source, name, ("examples: unknown rule '%s'%s"):format(tostring(name), suggestion(name, names_of(EXAMPLES))))
    elseif type(cases) ~= "table" then
      return fail(source, name, ("examples: '%s' must be a table"):format(name))
    elseif (EXAMPLES[name] == "names" or EXAMPLES[name] == "records") and not raw[name] then
      return fail(source, name, ("examples: the recipe has no rule '%s'"):format(name))
    end
  end
  for _, name in ipairs(raw.examples and raw.examples.open or {}) do
    if type(name) ~= "string" then return fail(source, "open", "examples: open is a list of names, open = { \"a.jpg\", … }") end
  end
  for i, case in ipairs(raw.examples and raw.examples.title_keys or {}) do
    if not is_case(case) then
      return fail(source, "title_keys", ("examples: title_keys case %d must be { keys = {…} } " ..
        "with what gives them: files = {…}, title = \"…\", record = \"…\", items = {…} or rows = {…}"):format(i))
    end
  end
  return true
end

---Checks the fields that a variant gives to `extend`; those of the whole
---recipe are checked later.
---@param raw table
---@param source { path: string, text: string }
---@return true|nil
---@return string? message
function m.variant(raw, source)
  return check_fields(raw, source)
end

---Checks a whole recipe.
---@param raw any what the recipe's file returned
---@param source { path: string, text: string }
---@return true|nil
---@return string? message
---@return string? code "parse"
function m.recipe(raw, source)
  if type(raw) ~= "table" then
    return fail(source, nil, "must end in `return { … }`; it returned a " .. type(raw))
  end
  for _, check in ipairs { check_fields, check_required, check_effects, check_reads, check_examples, check_expected,
    check_record_cases } do
    local ok, message, code = check(raw, source)
    if not ok then return nil, message, code end
  end
  local ok, message = arguments.check(raw.args or {})
  if not ok then return fail(source, "args", message) end
  return true
end

return m
