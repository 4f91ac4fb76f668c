-- Reads the arguments that a script declares, in the same way as those of recipes, and says what
-- the script is for.
local arguments = require "almanac.recipe.inside.arguments"
local header = require "almanac.recipe.inside.header"
local plain = require "almanac.recipe.inside.plain"

local m = {}

local WIDTH = 100
local TAKEN = { names = { help = true }, by = "`almanac exec`" }
-- Options of `almanac exec`, which stand in front of the script's name.
local IN_FRONT = {}
for name in ("profile url rate reserve dry-run production log record replay list"):gmatch "%S+" do IN_FRONT["--" .. name] = true end

local FIRST = "^%-%- almanac%-script: (%d+)[ \t]*\r?\n"
local FORMAT = 1

---Checks that this almanac runs scripts as the first line says; scripts without the line run too.
---@param text string the script
---@param name string for messages
---@return true|nil
---@return string? message
---@return string? code "parse"
function m.check(text, name)
  local format = tonumber(text:match(FIRST))
  if not format or format == FORMAT then return true end
  return nil, ("%s: is a script of format %d; this almanac runs format %d"):format(name, format, FORMAT), "parse"
end

---The comment at the head of a script.
---@param text string
---@return string
function m.head(text)
  text = text:gsub("^#[^\n]*\n", "")
  return header.description(text:find(FIRST) and text or "\n" .. text)
end

---The first line of that comment.
---@param text string
---@return string
function m.first_line(text)
  return plain.text(m.head(text):match "^[^\n]*")
end

-- A flag is a boolean that is false until it is given.
local function entry_of(entry)
  if type(entry) ~= "table" then return entry end
  local copy = {}
  for field, value in pairs(entry) do copy[field] = value end
  if entry[2] == "flag" then copy[2], copy.default = "boolean", false end
  return copy
end

-- What a flag has not, `--no-…`, is known once the declaration is checked.
local function mark_flags(declared, args)
  for i, entry in ipairs(args) do entry.only_on = declared[i][2] == "flag" end
  return args
end

---Checks a declaration. Raises nothing: the caller knows where the script declares it.
---@param declared table list of { name, type, required=, default=, help=, … }, with `summary`
---@return table[]|nil args
---@return string? message
function m.declared(declared)
  local args = {}
  for i, entry in ipairs(declared) do args[i] = entry_of(entry) end
  for name, value in pairs(declared) do
    if name == "summary" and type(value) ~= "string" then return nil, "the summary is a text" end
    if name ~= "summary" and math.type(name) ~= "integer" then
      return nil, ("there is no field '%s': give summary, and a list of { name, type, … }"):format(tostring(name))
    end
  end
  local ok, message = arguments.check(args, TAKEN)
  if not ok then return nil, message end
  return mark_flags(declared, args)
end

-- What the head says behind its first line, sentences that go on joined: the parser breaks them as wide as the help is.
local function rest_of_head(text)
  local lines = {}
  for line in (m.head(text):match "\n(.*)" or ""):gmatch "[^\n]*" do
    local before = lines[#lines]
    if before and before ~= "" and line:find "^%S" and not line:find "^%- " and not before:find "^%s" then
      lines[#lines] = before .. " " .. line
    else
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n")
end

-- The parser takes a line that begins with an option for an entry of a list, whose other lines it sets in. Such a line is
-- broken before the parser sees it.
local function broken(text)
  return (text:gsub("[^\n]+", function(line)
    if #line <= WIDTH or not line:find "^[-*+]%S" then return nil end
    local lines, current = {}, nil
    for word in line:gmatch "%S+" do
      if current and #current + 1 + #word > WIDTH then
        lines[#lines + 1], current = current, nil
      end
      current = current and current .. " " .. word or word
    end
    lines[#lines + 1] = current
    return table.concat(lines, "\n")
  end))
end

local function parser_of(session, declared, args)
  local parser = require "argparse"("almanac exec " .. session.name, broken(plain.text(declared.summary or m.first_line(session.text))))
  parser:help_max_width(WIDTH):add_help(false)
  parser:flag("-h --help", "show this help")
  arguments.declare(args, parser)
  local rest = rest_of_head(session.text)
  if rest ~= "" then parser:epilog(broken(plain.text(rest))) end
  return parser
end

local function wrong(session, message)
  local option = message:match "^unknown option '(%-%-[%w-]+)'"
  message = message:gsub("\nDid you mean one of these: (.*)%?$", "; is it one of %1?"):gsub("\nDid you mean", "; did you mean")
  if option and IN_FRONT[option] then
    return ("%s stands in front of the script: almanac exec %s … %s"):format(option, option, session.name)
  end
  return ("%s; see `almanac exec %s --help`"):format(message, session.name)
end

---Reads the script's arguments.
---@param session almanac.script.session
---@param declared table as the script gives it
---@param args table[] from m.declared
---@return table<string, any>|nil values
---@return string message what is wrong; or the help, when it was asked for
---@return string code "parse"; or "help"
function m.read(session, declared, args)
  local texts = table.move(session.arguments, 1, #session.arguments, 1, {})
  local parser = parser_of(session, declared, args)
  for _, text in ipairs(texts) do
    if text == "--help" or text == "-h" then return nil, parser:get_help(), "help" end
  end
  arguments.join_negative(args, texts)
  local ok, given = parser:pparse(texts)
  if not ok then return nil, wrong(session, given), "parse" end
  local values, message = arguments.convert(args, given)
  if values then return values, "", "" end
  return nil, ("%s; see `almanac exec %s --help`"):format(message, session.name), "parse"
end

return m
