-- Values of sidecars. Part of what a recipe has as `key`.
local m = {}

local LONGEST = 1000    -- bytes of a value

-- On one line, without blanks around, and not longer than a key may be.
local function tidy(text)
  text = text:gsub("%c+", " "):match "^%s*(.-)%s*$"
  if #text > LONGEST then text = text:sub(1, utf8.offset(text, 0, LONGEST + 1) - 1) end
  return text
end

local function add(value, found)
  if type(value) ~= "string" then return end
  value = tidy(value)
  if value == "" or found.seen[value] then return end
  found.seen[value] = true
  found.list[#found.list + 1] = value
end

-- A list stands for each of its items; a name may itself have dots in it.
local function collect(value, parts, at, found)
  if type(value) == "table" and value[1] ~= nil then
    for _, item in ipairs(value) do collect(item, parts, at, found) end
  elseif at > #parts then
    add(value, found)
  elseif type(value) == "table" then
    for last = #parts, at, -1 do
      local item = value[table.concat(parts, ".", at, last)]
      if item ~= nil then return collect(item, parts, last + 1, found) end
    end
  end
end

local function parts_of(path)
  local parts = {}
  for part in path:gmatch "[^.]+" do parts[#parts + 1] = part end
  return parts
end

---The values that stand at a path of names in the nearest sidecar of a file that
---has one there: sidecar(file, "metadata.mms_id") of {"metadata": {"mms_id": ["99", "98"]}}
---is { "99", "98" }. Numbers are the text that was written; true, false and null
---are no values, nor is empty text. For recipes with an argument of type sidecar.
---@param file table
---@param path string names with dots between
---@return string[]? values each once; nil when no sidecar has any
---@return string? folder where that sidecar lies, "" at the top
function m.sidecar(file, path)
  if type(file) ~= "table" or type(file.path) ~= "string" then error("key.sidecar: file expected", 2) end
  if type(path) ~= "string" then error("key.sidecar: a path of names expected, got " .. type(path), 2) end
  if not file.sidecars then
    error("key.sidecar: sidecars are seen by file_key and page, in recipes with an argument of type sidecar", 2)
  end
  local parts = parts_of(path)
  for _, sidecar in ipairs(file.sidecars) do
    local found = { list = {}, seen = {} }
    collect(sidecar.data, parts, 1, found)
    if found.list[1] then return found.list, sidecar.folder end
  end
  return nil
end

return m
