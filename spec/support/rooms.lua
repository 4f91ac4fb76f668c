-- The rooms of the house and what each of them may use. A room is a folder, and
-- those inside it that have no entry of their own; core/README.md and
-- lua/almanac/README.md draw the same as pictures.
local m = {}

-- Rooms of lua/almanac, by module; "base" is what stands there by itself, and every
-- room may use it and the engine.
m.LUA = {
  base = "", sheet = "", engine = "",
  alma = "marc", s3 = "", oai = "", sru = "",
  marc = "",
  ["recipe.inside"] = "",
  recipe = "recipe.inside",
  ["recipe.share"] = "recipe recipe.inside",
  pictures = "", derive = "run pictures",
  run = "alma s3 marc recipe recipe.inside",
  plan = "run alma oai sru sheet recipe recipe.inside",
  apply = "run alma s3",
  fetch = "run plan alma recipe recipe.inside",
  script = "run plan alma s3 sheet recipe.inside",
  report = "run apply recipe recipe.inside",
  workbench = "plan report run sheet recipe recipe.inside recipe.share",
  ["rehearsal.world"] = "",
  ["rehearsal.s3"] = "rehearsal.world",
  ["rehearsal.api"] = "rehearsal.s3 rehearsal.world sru marc",
  ["rehearsal.remote"] = "rehearsal.api rehearsal.world",
  rehearsal = "rehearsal.api rehearsal.remote rehearsal.s3 rehearsal.world sheet marc oai run",
  cli = "plan apply fetch report derive pictures workbench script run rehearsal rehearsal.api rehearsal.s3 alma s3 oai sru marc sheet " ..
    "recipe recipe.inside recipe.share",
}

-- Rooms of core; "base" may be used by all, and core by none.
m.C = {
  base = "", http = "", runfile = "", files = "", serve = "", marc = "", guard = "lua", picture = "",
  lua = "http runfile files serve marc guard picture",
  core = "",
}

local function set_of(words)
  local set = {}
  for word in words:gmatch "%S+" do set[word] = true end
  return set
end

---@param name string a module below almanac, "" for almanac itself
---@return string room
function m.of_module(name)
  while not m.LUA[name] and name:find ".%." do name = name:match "^(.*)%.[^.]*$" end
  return m.LUA[name] and name or "base"
end

local function refuse(from, to, rooms)
  return from ~= to and to ~= "base" and not set_of(rooms[from])[to]
end

-- The modules from `name` back to it, or nil.
local function way_back(edges, name)
  local seen, path = {}, {}
  local function visit(at)
    path[#path + 1] = at
    for _, to in ipairs(edges[at] or {}) do
      if to == name then return true end
      if not seen[to] then
        seen[to] = true
        if visit(to) then return true end
      end
    end
    path[#path] = nil
  end
  return visit(name) and path or nil
end

---What is wrong with what modules require.
---@param edges table<string, string[]> names below almanac, each with those that it requires
---@return string[] problems
function m.problems(edges)
  local names, problems = {}, {}
  for name in pairs(edges) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local from = m.of_module(name)
    for _, to in ipairs(edges[name]) do
      local room = m.of_module(to)
      if to ~= "core" and refuse(from, room, m.LUA) then
        problems[#problems + 1] = ("%s requires %s: %s may not use %s"):format(name, to, from, room)
      end
    end
    local path = way_back(edges, name)
    if path then problems[#problems + 1] = ("%s requires itself by way of %s"):format(name, table.concat(path, ", ", 2)) end
  end
  return problems
end

---What is wrong with what a C file includes.
---@param path string below core
---@param included string[] paths below core
---@return string[] problems
function m.problems_of_c(path, included)
  local from, problems = path:match "^(%w+)/" or "core", {}
  for _, other in ipairs(included) do
    local to = other:match "^(%w+)/" or "core"
    if from ~= "core" and refuse(from, to, m.C) then
      problems[#problems + 1] = ("core/%s includes %s: %s may not use %s"):format(path, other, from, to)
    end
  end
  return problems
end

return m
