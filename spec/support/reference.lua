-- Makes lua/almanac/REFERENCE.md from the LuaCATS comments of all public modules: `make reference`.
local alma = require "almanac.alma"
local calls = require "almanac.alma.calls"
local luacats = require "support.luacats"
local members = require "support.members"

local m = {}

m.PATH = "lua/almanac/REFERENCE.md"

-- The modules as a person thinks of them. What almanac.alma has that no group names stands at the
-- end of its group; `only` names what is for scripts where most of a module is not.
local GROUPS = {
  { "Scripts", { "almanac.script" } },
  { "Alma", { "almanac.alma", "almanac.alma.bibs", "almanac.alma.holdings", "almanac.alma.items", "almanac.alma.representations",
    "almanac.alma.files", "almanac.alma.collections", "almanac.alma.sets", "almanac.alma.jobs", "almanac.alma.profiles",
    "almanac.alma.analytics", "almanac.alma.requests", "almanac.alma.deposits", "almanac.alma.conf", "almanac.alma.libraries",
    "almanac.alma.tables", "almanac.alma.webhooks", "almanac.alma.errors", "almanac.alma.calls" }, rest = "almanac.alma" },
  { "Storage", { "almanac.s3" } },
  { "Records", { "almanac.marc", "almanac.dc", "almanac.xml", "almanac.json" } },
  { "Other sources", { "almanac.oai", "almanac.sru", "almanac.sheet", "almanac.sheet.holdings" } },
  { "Doing many things", { "almanac.task" } },
}

-- Modules that have a reference of their own.
local ELSEWHERE = { ["almanac.marc"] = "marc/README.md" }

local function file_of(name)
  return package.searchpath(name, "lua/?.lua;lua/?/init.lua")
end

local function exists(name) return file_of(name) ~= nil end

-- ---- words ----

local function code(text) return "`" .. text .. "`" end

local function joined(lines)
  return (table.concat(lines, " "):gsub("%s+", " "):match "^%s*(.-)%s*$")
end

-- Prose as paragraphs, what is indented as code.
local function paragraphs(lines, out)
  local text, block = {}, nil
  local function flush()
    if text[1] then out[#out + 1] = joined(text) .. "\n" end
    text = {}
    local source = block and table.concat(block, "\n"):gsub("%s+$", "")
    if block then out[#out + 1] = ("```%s\n%s\n```\n"):format(load(source:gsub("…", "nil")) and "lua" or "", source) end
    block = nil
  end
  local depth
  for _, line in ipairs(lines) do
    local indent = #line:match "^%s*"
    if line:find "%S" and indent >= 2 and not (text[1] and text[#text]:find "^[%-*] ") then
      if not block then flush() block, depth = {}, indent end
      block[#block + 1] = line:sub(math.min(depth, indent) + 1)
    elseif not line:find "%S" then
      if block then block[#block + 1] = "" else flush() end
    else
      if block then flush() end
      text[#text + 1] = line
    end
  end
  flush()
end

local function parameters_of(item, is_method)
  local names, colon = {}, false
  if item.path ~= "" then names, colon = luacats.declared(item.path, item.line) end
  if is_method and not colon then table.remove(names, 1) end
  local kinds = {}
  for _, param in ipairs(item.doc and item.doc.params or {}) do kinds[param.name] = param.kind end
  if not names[1] and item.doc and not colon then
    for i, param in ipairs(item.doc.params) do
      if not (is_method and i == 1) then names[#names + 1] = param.name end
    end
  end
  for i, name in ipairs(names) do
    if kinds[name] and kinds[name]:find "%?$" then names[i] = name .. "?" end
  end
  return table.concat(names, ", ")
end

-- "`string words` text"; what may be nil says so.
local function returned(one)
  local is_function = one.kind:find "^fun%("
  local kind = is_function and one.kind or one.kind:gsub("|nil$", ""):gsub("^nil|", ""):gsub("%?$", "")
  local text = code(kind .. (one.name and " " .. one.name or ""))
  if kind ~= one.kind and one.text:find "^nil%f[%W]" then return text .. ", or " .. one.text end
  if one.text ~= "" then text = text .. " " .. one.text end
  return text, kind ~= one.kind
end

local function can_fail(returns)
  if not returns[2] then return false end
  local first = returns[1].kind
  if returns[2].name == "message" then return true end
  for i = 2, #returns do
    local name = returns[i].name
    if (first:find "nil" or first:find "%?$") and (name == "code" or name == "detail") then return true end
  end
end

-- A second value that means something when the call went well, and is the message when not.
local function second_of(returns)
  local second = returns[2]
  if second.name == "message" then return nil end
  return "; then " .. (returned(second):gsub("; o?r? ?the message.*$", ""))
end

local function gives(returns)
  if not returns[1] then return nil end
  if not can_fail(returns) then
    local list = {}
    for i, one in ipairs(returns) do
      local text, open = returned(one)
      list[i] = open and text .. ", or nil" or text
    end
    return "Gives " .. table.concat(list, "; then ") .. "."
  end
  local more, names = {}, { "nil" }
  for i = 2, #returns do
    local one, is_message = returns[i], i == 2
    names[i] = is_message and "message" or one.name or one.kind
    local is_told = is_message and one.name ~= "message"
    if one.text ~= "" and not is_told then more[#more + 1] = ("%s: %s"):format(names[i], one.text) end
  end
  local always = returns[1].kind == "nil"
  if always then return ("Gives `%s`%s."):format(table.concat(names, ", "), more[1] and " (" .. table.concat(more, "; ") .. ")" or "") end
  return ("Gives %s%s; or `%s`%s."):format((returned(returns[1])), second_of(returns) or "", table.concat(names, ", "),
    more[1] and " (" .. table.concat(more, "; ") .. ")" or "")
end

local function render_entry(one, out)
  out[#out + 1] = (("- `%s: %s` %s"):format(one.name, one.kind, one.text):gsub(" +", " "):gsub(" $", ""))
end

local function render_parameters(doc, is_method, out)
  for i, param in ipairs(doc.params) do
    local is_self = is_method and i == 1 and (param.name == "self" or param.name == "store")
    local is_client = param.name == "client" and param.text == ""
    if not is_self and not is_client then
      render_entry(param, out)
    end
  end
end

-- Nothing says what it does, not even what it gives.
local function is_bare(item)
  local first = item.doc and item.doc.returns[1]
  return not item.doc or joined(item.doc.text) == "" and (not first or first.text == "")
end

local function render(item, owner, is_method, out)
  local sign = is_method and ":" or "."
  out[#out + 1] = ("**`%s%s%s(%s)`**\n"):format(owner, sign, item.name, parameters_of(item, is_method))
  if not item.doc then return end
  paragraphs(item.doc.text, out)
  local before = #out
  render_parameters(item.doc, is_method, out)
  if #out > before then out[#out] = out[#out] .. "\n" end
  local result = gives(item.doc.returns)
  if result then out[#out + 1] = result .. "\n" end
end

local function render_class(doc, page)
  local out = page.out
  out[#out + 1] = ("`%s`%s\n"):format(doc.class, doc.text[1] and ": " .. joined(doc.text) or "")
  for _, field in ipairs(doc.fields) do
    local is_method = field.kind:find "^fun%(self"
    if not (is_method and page.with_methods[doc.class]) then render_entry(field, out) end
  end
  out[#out] = out[#out] .. "\n"
end

-- Notes where a shape that is named is told: at the module whose file describes it, else at the
-- first that names it.
local function mention(text, page, name)
  for class in text:gmatch "almanac%.[%w_.]*[%w_]" do
    local doc = page.classes[class]
    if doc and not page.told[class] then
      page.told[class] = true
      table.insert(page.shapes[page.homes[doc.path] or name], doc)
      for _, field in ipairs(doc.fields) do mention(field.kind, page, name) end
    end
  end
end

local function mention_all(module, page)
  for _, item in ipairs(module.all) do
    for _, field in ipairs { "params", "returns" } do
      for _, one in ipairs(item.doc and item.doc[field] or {}) do mention(one.kind, page, module.name) end
    end
  end
end

local function short(name) return name:match "[%w_]+$" end

local function render_all(list, owner, is_method, page)
  for _, item in ipairs(list) do
    render(item, owner, is_method, page.out)
    if is_bare(item) then page.bare[#page.bare + 1] = ("%s%s%s (%s)"):format(owner, is_method and ":" or ".", item.name, item.path) end
  end
end

local function render_module(module, page)
  local name, out = module.name, page.out
  out[#out + 1] = ("### %s\n"):format(name)
  paragraphs(luacats.head(module.path), out)
  if ELSEWHERE[name] then
    out[#out + 1] = ("All of it stands in [%s](%s).\n"):format(ELSEWHERE[name], ELSEWHERE[name])
    return
  end
  render_all(module.list, short(name), false, page)
  for _, object in ipairs(module.objects) do
    out[#out + 1] = ("What `%s` gives:\n"):format(object.from)
    render_all(object.list, object.noun, true, page)
  end
  if page.shapes[name][1] then out[#out + 1] = "Shapes:\n" end
  for _, doc in ipairs(page.shapes[name]) do render_class(doc, page) end
end

-- A module with its functions, and the objects that these give.
local function look_at(name, page)
  local path = file_of(name)
  local module = { name = name, path = path, list = members.functions(require(name), path), all = {} }
  module.objects = members.objects(module.list, short(name))
  table.move(module.list, 1, #module.list, 1, module.all)
  for _, object in ipairs(module.objects) do
    table.move(object.list, 1, #object.list, #module.all + 1, module.all)
    if object.class then page.with_methods[object.class] = true end
  end
  for _, item in ipairs(module.all) do page.homes[item.path] = page.homes[item.path] or name end
  page.homes[path], page.shapes[name] = name, {}
  return module
end

-- ---- the engine ----

local function render_engine(out)
  out[#out + 1] = "`require \"almanac.core\"` is what the engine gives Lua; each part is described in a file for editors.\n"
  local pipe <close> = assert(io.popen "ls lua/almanac/engine/*.d.lua")
  for path in pipe:lines() do
    local name, words = luacats.lines(path)[2]:match "^%-%- (core%.[%w_.]+): (.-)%."
    if name then out[#out + 1] = ("- [%s](%s): %s"):format(name, path:gsub("^lua/almanac/", ""), words) end
  end
  out[#out] = out[#out] .. "\n"
end

-- ---- the table of calls ----

local function query_of(call)
  local names = {}
  for i, parameter in ipairs(call.parameters) do names[i] = parameter.name .. (parameter.required and "!" or "") end
  return table.concat(names, " ")
end

local function render_calls(out)
  out[#out + 1] = [[
Each is called with `client:call { name = "get_bib", at = { mms_id = id }, query = { view = "brief" } }`; what its path has in
braces stands in `at`. A parameter with ! has to be there. `*`: it takes a body, `xml`: only as XML.
]]
  for _, area in ipairs { "bibs", "conf", "users", "analytics", "by_hand" } do
    out[#out + 1] = ("### %s\n\n| name | call | query |\n|---|---|---|"):format(area == "by_hand" and "beside OpenAPI" or area)
    for _, call in ipairs(calls.of(area)) do
      out[#out + 1] = ("| `%s`%s | %s %s | %s |"):format(call.name, call.xml and " xml" or call.body and " *" or "", call.method,
        call.path, query_of(call))
    end
    out[#out] = out[#out] .. "\n"
  end
end

-- ---- the page ----

local function groups()
  local named, result = {}, {}
  for _, group in ipairs(GROUPS) do
    for _, name in ipairs(group[2]) do named[name] = true end
  end
  for i, group in ipairs(GROUPS) do
    local list = {}
    for _, name in ipairs(group[2]) do
      if exists(name) then list[#list + 1] = name end
    end
    local rest = {}
    for field, value in pairs(group.rest and alma or {}) do
      local name = group.rest .. "." .. field
      if type(value) == "table" and not named[name] and exists(name) then rest[#rest + 1] = name end
    end
    table.sort(rest)
    table.move(rest, 1, #rest, #list + 1, list)
    result[i] = { title = group[1], list = list }
  end
  return result
end

local function anchor(text) return "#" .. text:lower():gsub("[^%w_ %-]", ""):gsub(" ", "-") end

local HEAD = [[
# The library's reference

Made by `make reference` from the comments in the code; not edited by hand. Scripts are run by `almanac exec script.lua …`.

A mistake of the script raises, with its line. What the world refuses is `nil, message, code`; the code is one of timeout, connect,
tls, status, parse, limit, io, auth, missing, conflict, quota, closed, cancelled. Behind it functions of Alma give `detail`:
Alma's own errors, and `unclear` when nobody can tell whether a write happened. A ? marks what may be left out.
]]

local function contents(list, out)
  for _, group in ipairs(list) do
    local links = {}
    for i, name in ipairs(group.list) do links[i] = ("[%s](%s)"):format(name:gsub("^almanac%.", ""), anchor(name)) end
    out[#out + 1] = ("- [%s](%s): %s"):format(group.title, anchor(group.title), table.concat(links, ", "))
  end
  out[#out + 1] = "- [The engine](#the-engine)"
  out[#out + 1] = "- [All calls of Alma](#all-calls-of-alma)\n"
end

---The page, and the names of functions that have no words.
---@return string text
---@return string[] bare
function m.make()
  local page = { out = { HEAD }, bare = {}, told = {}, with_methods = {}, homes = {}, shapes = {}, classes = luacats.all_classes() }
  local out, list, modules = page.out, groups(), {}
  for _, group in ipairs(list) do
    for _, name in ipairs(group.list) do modules[#modules + 1] = look_at(name, page) end
  end
  for _, module in ipairs(modules) do
    if not ELSEWHERE[module.name] then mention_all(module, page) end
  end
  contents(list, out)
  local i = 0
  for _, group in ipairs(list) do
    out[#out + 1] = ("## %s\n"):format(group.title)
    for _ = 1, #group.list do
      i = i + 1
      render_module(modules[i], page)
    end
  end
  out[#out + 1] = "## The engine\n"
  render_engine(out)
  out[#out + 1] = "## All calls of Alma\n"
  render_calls(out)
  return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("%s+$", "\n")), page.bare
end

return m
