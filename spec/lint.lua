-- The rules of the layout that no linter knows: what may include and require
-- what, how long a file may be, what stands at the top.
package.path = "spec/?.lua;" .. package.path
local rooms = require "support.rooms"

local problems = {}

local function problem(...)
  problems[#problems + 1] = string.format(...)
end

local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local TOP = { Makefile = true, core = true, lua = true, recipes = true, include = true, spec = true,
  ["README.md"] = true, LICENSE = true, build = true }

local function check_top()
  for _, name in ipairs(lines_of "ls") do
    if not TOP[name] then problem("%s does not belong at the top", name) end
  end
end

-- The files of the two programs that open a state; all other engine files know no Lua.
local KNOWS_LUA = { ["core/main.c"] = true, ["core/host.c"] = true, ["core/guard/inside.c"] = true,
  ["core/guard/inside.h"] = true, ["core/guard/inside_watch.c"] = true,
  ["core/guard/inside_order.c"] = true, ["core/guard/inside_order.h"] = true }

local function check_c(path)
  local text = read(path)
  local _, count = text:gsub("\n", "")
  if count > 450 then problem("%s has %d lines: split it", path, count) end
  if not path:find "^core/lua/" and not KNOWS_LUA[path] and text:find '#include [<"]l[ua][ua]' then
    problem("%s includes Lua: an engine file knows none", path)
  end
  if path:find "^core/lua/" then
    for _, engine in ipairs { "curl/", "sqlite3", "microhttpd", "libxml/", "openssl/", "utf8proc", "csv.h>" } do
      if text:find("#include <" .. engine, 1, true) then
        problem("%s includes <%s>: a binding talks to the engine only", path, engine)
      end
    end
  end
end

-- How names that a header gives away may begin: with the header's name up to an underscore,
-- or with the name of a type that it declares.
local function prefixes_of(path, text)
  local base = path:match "([^/]+)%.h$":match "^[^_]+"
  local list = { "alm_" .. base:gsub("s$", "") }
  if path:find "^core/lua/" then list = { "alm_lua_", "alm_open_" } end
  for name in text:gmatch "}%s*(alm_[%w_]+);" do list[#list + 1] = name end
  for name in text:gmatch "typedef struct [%w_]+ (alm_[%w_]+);" do list[#list + 1] = name end
  return list
end

local function check_names(path)
  local text = read(path):gsub("/%*.-%*/", ""):gsub("#define[^\n]*", "")
  local prefixes = prefixes_of(path, text)
  for name in text:gmatch "\n%l[^\n(]-%f[%w_](alm_[%w_]+)%(" do
    local fits = name:find "^alm_fail"   -- every file's way to fail
    for _, prefix in ipairs(prefixes) do fits = fits or name:find(prefix, 1, true) == 1 end
    if not fits then problem("%s: %s has not its file's prefix (%s…)", path, name, prefixes[1]) end
  end
end

local function check_lua(path)
  local text = read(path)
  local _, count = text:gsub("\n", "")
  if count > 350 and not path:find "%.d%.lua$" then problem("%s has %d lines: split it", path, count) end
end

-- Every module with those that it requires, names below almanac.
local function required(paths)
  local edges = {}
  for _, path in ipairs(paths) do
    local name = path:gsub("^lua/almanac/", ""):gsub("%.lua$", ""):gsub("/?init$", ""):gsub("/", ".")
    local list = {}
    local code = read(path):gsub("%f[^\n\0]%-%-[^\n]*", "")   -- an example in a comment is no edge
    for other in code:gmatch 'require%s*%(?%s*"almanac%.([%w_.]+)"' do list[#list + 1] = other end
    edges[name] = list
  end
  return edges
end

-- The paths below core that a file there includes.
local function included(path)
  local list = {}
  for name in read("core/" .. path):gmatch '#include "([^"\n]+)"' do
    local full = ((path:match "^(.*/)" or "") .. name):gsub("%w+/%.%./", "")
    if not full:find "almanac%.h$" then list[#list + 1] = full end
  end
  return list
end

local function add(list)
  for _, text in ipairs(list) do problem("%s", text) end
end

check_top()
for _, path in ipairs(lines_of "find core include -name '*.[ch]'") do check_c(path) end
for _, path in ipairs(lines_of "find core -name '*.h'") do check_names(path) end
for _, path in ipairs(lines_of "cd core && find -name '*.[ch]' -printf '%P\\n'") do add(rooms.problems_of_c(path, included(path))) end
for _, path in ipairs(lines_of "find lua -name '*.lua'") do check_lua(path) end
add(rooms.problems(required(lines_of "find lua -name '*.lua' -not -name '*.d.lua'")))

for _, text in ipairs(problems) do print(text) end
print(#problems == 0 and "layout: fine" or ("layout: %d problems"):format(#problems))
os.exit(#problems == 0 and 0 or 1)
