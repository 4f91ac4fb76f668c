-- Reads lua/almanac/cli/EVENTS.md, which says what --json prints, and holds lines of output to it.
local core = require "almanac.core"
local json = require "almanac.json"

local m = {}

local PATH = "lua/almanac/cli/EVENTS.md"
local ANY = "any command"

local IS = {
  text = function(value) return type(value) == "string" end,
  whole = function(value) return math.type(value) == "integer" end,
  number = function(value) return type(value) == "number" end,
  flag = function(value) return type(value) == "boolean" end,
  list = function(value) return type(value) == "table" and (value[1] ~= nil or next(value) == nil) end,
  object = function(value) return type(value) == "table" and value[1] == nil end,
}

-- Commands, each with its events, each with its fields: { kind, optional }.
local function read(text)
  local commands, command, event = {}, nil, nil
  for line in text:gmatch "[^\n]+" do
    local heading, name = line:match "^## (.+)$", line:match "^%*%*([%w_]+)%*%*: .+%.$"
    local field, kind, optional = line:match "^| `([%w_]+)` | (%l+)(%??) | .+ |$"
    local other = line:match "^As `almanac ([%l ]+)`%.$"
    if heading then
      command = heading:gsub("^almanac ", "")
      commands[command] = {}
    elseif name then
      event = name
      commands[command][event] = {}
    elseif field then
      assert(IS[kind], line)
      commands[command][event][field] = { kind = kind, optional = optional == "?" }
    elseif other then
      for its, fields in pairs(commands[other]) do commands[command][its] = fields end
    end
  end
  return commands
end

local commands

---@return table<string, table<string, table<string, { kind: string, optional: boolean }>>> events by command
function m.described()
  commands = commands or read(assert(core.files.read(PATH)))
  return commands
end

-- JSON's [] and {} are one in Lua.
local function is_empty_object(line, name)
  return line:find(('"%s":{}'):format(name), 1, true) ~= nil
end

---Says in what a line differs from its description.
---@param command string as "plan" or "recipe show"
---@param line string
---@return string? words nil when it is as described
function m.problem(command, line)
  local event = assert(json.decode(line), line)
  local fields = (m.described()[command] or {})[event.event] or m.described()[ANY][event.event]
  local where = ("almanac %s --json, event '%s'"):format(command, tostring(event.event))
  if not fields then return where .. " is not described" end
  for name, value in pairs(event) do
    local field = name == "event" and { kind = "text" } or fields[name]
    if not field then return ("%s: the field '%s' is not described"):format(where, name) end
    if not IS[field.kind](value) or field.kind == "list" and is_empty_object(line, name) then
      return ("%s: '%s' is no %s"):format(where, name, field.kind)
    end
  end
  for name, field in pairs(fields) do
    if not field.optional and event[name] == nil then return ("%s: the field '%s' is missing"):format(where, name) end
  end
end

local WITH_ACTION = { recipe = true, marc = true }
local NO_EVENTS = { report = true, ["marc dump"] = true, ["marc convert"] = true, exec = true }   -- these print documents or records

---Raises when a command printed an event that is not as described.
---@param arguments string[] of almanac
---@param output string stdout
function m.check(arguments, output)
  local command, wanted = WITH_ACTION[arguments[1]] and arguments[1] .. " " .. tostring(arguments[2]) or arguments[1], false
  for _, argument in ipairs(arguments) do wanted = wanted or argument == "--json" end
  if not wanted or NO_EVENTS[command] then return end
  for line in output:gmatch "[^\n]+" do
    local words = line:sub(1, 1) == "{" and m.problem(command, line)
    if words then error(words .. ": " .. line, 0) end
  end
end

return m
