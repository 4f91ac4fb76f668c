-- Counts how often options were right, for almanac.workbench.guess.
local objects = require "almanac.recipe.inside.objects"
local values = require "almanac.workbench.guess_values"

local m = {}

local MOST = 4              -- guesses for a recipe

---@return table hits
function m.new()
  return { by = {}, list = {} }
end

---Counts these options as right once more.
---@param hits table
---@param given table<string, any>
---@param rank integer of what hits equally often, the lower one first
function m.count(hits, given, rank)
  local names = {}
  for name, value in pairs(given) do names[#names + 1] = name .. "=" .. (type(value) == "table" and value[1] or tostring(value)) end
  table.sort(names)
  local id = table.concat(names, "\0")
  local entry = hits.by[id]
  if not entry then
    entry = { given = given, n = 0, rank = rank, place = #hits.list }
    hits.by[id], hits.list[#hits.list + 1] = entry, entry
  end
  entry.n = entry.n + 1
end

---The options that were right most often. Options that cut something off must have been right more
---than once, since any value ends in some number.
---@param hits table
---@param once boolean? once is enough
---@param most integer?
---@return table<string, any>[]
function m.best(hits, once, most)
  table.sort(hits.list, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.place < b.place
  end)
  local list = {}
  for _, entry in ipairs(hits.list) do
    if #list < (most or MOST) and (entry.n > 1 or once or entry.rank < values.CUT) then list[#list + 1] = entry.given end
  end
  return list
end

---The files on which recipes are tried: those of the folder's usual type.
---@param case { names: string[], ext: string }
---@return fun(): table? next
function m.files(case)
  local i = 0
  return function()
    repeat
      i = i + 1
      local file = case.names[i] and objects.file(case.names[i])
      if not file or file.ext == case.ext then return file end
    until false
  end
end

---What a function gives for the files of a case, as a set.
---@param case { names: string[], ext: string }
---@param fn fun(file: table): string?
---@return table<string, boolean>
function m.set(case, fn)
  local set = {}
  for file in m.files(case) do
    local text = fn(file)
    if text then set[text] = true end
  end
  return set
end

return m
