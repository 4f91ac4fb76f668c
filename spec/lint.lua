-- The rules of the layout that no linter knows: what may include and require
-- what, how long a file may be, what stands at the top.
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
local KNOWS_LUA = { ["core/main.c"] = true, ["core/host.c"] = true, ["core/guard/sandbox_child.c"] = true,
  ["core/guard/sandbox_child.h"] = true, ["core/guard/sandbox_watch.c"] = true,
  ["core/guard/sandbox_order.c"] = true, ["core/guard/sandbox_order.h"] = true }

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

-- Dependencies point one way: cli -> run, recipe, rehearsal -> clients -> task, json -> core.
local LAYERS = {
  { "^almanac%.cli", 9 }, { "^almanac%.rehearsal", 8 }, { "^almanac%.workbench", 8 }, { "^almanac%.report", 7 },
  { "^almanac%.apply", 6 }, { "^almanac%.plan", 5 }, { "^almanac%.run", 4 }, { "^almanac%.recipe", 3 },
  { "^almanac%.alma", 2 }, { "^almanac%.s3", 2 }, { "^almanac%.core", 0 },
  { "^almanac", 1 },
}

local function layer(name)
  for _, entry in ipairs(LAYERS) do
    if name:find(entry[1]) then return entry[2] end
  end
end

local function check_lua(path)
  local text = read(path)
  local _, count = text:gsub("\n", "")
  if count > 350 and not path:find "%.d%.lua$" then problem("%s has %d lines: split it", path, count) end
  local own = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
  for name in text:gmatch 'require%s*%(?%s*"(almanac[%w_.]*)"' do
    if layer(name) > layer(own) then problem("%s requires %s, which is above it", path, name) end
  end
end

check_top()
for _, path in ipairs(lines_of "find core include -name '*.[ch]'") do check_c(path) end
for _, path in ipairs(lines_of "find lua -name '*.lua'") do check_lua(path) end

for _, text in ipairs(problems) do print(text) end
print(#problems == 0 and "layout: fine" or ("layout: %d problems"):format(#problems))
os.exit(#problems == 0 and 0 or 1)
