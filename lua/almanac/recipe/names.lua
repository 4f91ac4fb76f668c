-- luacheck on the text of a recipe: which names it uses that are not there, and
-- where it uses those of its own. luacheck is plain Lua and runs in here; a
-- stranger's text gets so many steps, so much memory and no word in what is remarked.
local m = {}

---Steps that luacheck may take: a text of the largest size takes about a quarter.
m.steps = 400000000
---Bytes that it may hold meanwhile.
m.memory = 512 << 20
local SLICE = 1000000       -- steps between two looks
local VERSIONS = { "5.4", "5.3", "5.2", "5.1" }
local PLACES = { "/usr/share/lua/%s/?", "/usr/local/share/lua/%s/?" }

-- Where luacheck may be: it is the same for each version of Lua.
local function search_path()
  local list = { package.path }
  for _, place in ipairs(PLACES) do
    for _, version in ipairs(VERSIONS) do
      local base = place:format(version)
      list[#list + 1] = base .. ".lua;" .. base .. "/init.lua"
    end
  end
  return table.concat(list, ";")
end

local luacheck      -- false: there is none

local function load_luacheck()
  local own, path = package.path, search_path()
  if not package.searchpath("luacheck", path) then return false end
  package.path = path
  collectgarbage "stop"       -- its modules stay; looking through them again and again takes as long as reading them
  local ok, found = pcall(require, "luacheck")
  collectgarbage "restart"
  package.path = own
  return ok and found
end

local function the_luacheck()
  if luacheck == nil then luacheck = load_luacheck() end
  return luacheck
end

---Whether luacheck is on this machine.
---@return boolean
function m.at_hand()
  return the_luacheck() and true or false
end

local function kilobytes() return collectgarbage "count" end

-- Whether more is held than may be, once what is not needed is gone.
local function holds_too_much(most)
  if kilobytes() <= most then return false end
  collectgarbage()
  return kilobytes() > most
end

-- What is too much of a text so far, in words; to be asked every SLICE steps.
local function watch()
  local left, most = m.steps, kilobytes() + m.memory / 1024
  return function()
    left = left - SLICE
    return left <= 0 and "took too long" or holds_too_much(most) and "took too much memory" or nil
  end
end

-- Like pcall; a text made to keep luacheck busy is told as such.
local function with_limits(fn, ...)
  local hook, mask, count = debug.gethook()
  local look, words = watch(), nil
  debug.sethook(function()
    words = words or look()
    if words then error(words, 0) end
  end, "", SLICE)
  local ok, first, second = pcall(fn, ...)
  debug.sethook(hook, mask, count)
  if words then return false, ("luacheck %s: is the text made to?"):format(words) end
  return ok, first, second
end

local function report_of(check, text, options)
  local report = check.get_report(text)
  local uses = {}
  for _, found in ipairs(report.warnings) do
    if found.code == "113" then
      uses[#uses + 1] = { name = found.name, field = found.indexing and found.indexing[1], line = found.line, column = found.column }
    end
  end
  report.inline_options, report.per_line_options = {}, nil   -- `luacheck: ignore` hides nothing here
  local issues = check.process_reports({ report }, options)[1]
  for _, issue in ipairs(issues) do issue.text = check.get_message(issue) end
  return issues, uses
end

---Looks at a text. Comments that tell luacheck to be silent are not obeyed.
---@param text string
---@param options table of luacheck
---@return table[]|nil issues of luacheck, each with its message as `text`; nil: there is no luacheck, or it failed
---@return { name: string, field: string|boolean|nil, line: integer, column: integer }[]|string uses of names that are not
---  local, field the one that is read of it (true: one that only a run knows), or a message
function m.look(text, options)
  local check = the_luacheck()
  if not check then return nil, "luacheck is not installed (Debian: apt install lua-check)" end
  local ok, issues, uses = with_limits(report_of, check, text, options)
  if ok then return issues, uses end
  return nil, type(issues) == "string" and issues or "luacheck can't read it"
end

return m
