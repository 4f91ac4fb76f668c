-- The state of a rehearsal without what a fate did to it on purpose, so that it
-- can be compared: titles that were merged away are themselves again, labels
-- and names that Alma changed are as they were sent.
local m = {}

-- The first title of a line of merges.
local function origins(merged)
  local from = {}
  for _, one in ipairs(merged or {}) do from[one.into] = one.from end
  return function(mms_id)
    while from[mms_id] do mms_id = from[mms_id] end
    return mms_id
  end
end

-- Whoever sends again what Alma gave has it changed once more.
local function stripped(text, pattern, kept)
  local count = text and 1 or 0
  while count > 0 do text, count = text:gsub(pattern, kept) end
  return text
end

local function label_as_sent(label) return stripped(label, " %[Alma%]$", "") end

local function name_as_sent(name) return stripped(name, "_1(%.[^.]*)$", "%1") end

---Changes a state.
---@param state table
---@return table state
function m.of(state)
  local origin = origins(state.merged)
  for _, bib in ipairs(state.bibs) do
    local first = origin(bib.mms_id)
    if bib.record then bib.record = bib.record:gsub(bib.mms_id, first) end   -- in 001 and 035
    bib.mms_id = first
  end
  for _, request in ipairs(state.requests or {}) do request.mms_id = origin(request.mms_id) end
  for _, rep in ipairs(state.representations) do
    rep.mms_id, rep.label = origin(rep.mms_id), label_as_sent(rep.label)
    for _, file in ipairs(rep.files) do
      file.label, file.name = label_as_sent(file.label), name_as_sent(file.name)
    end
  end
  return state
end

local function rest_of(list, titles)
  local rest = {}
  for _, one in ipairs(list) do
    if not titles[one.mms_id] then rest[#rest + 1] = one end
  end
  return rest
end

---A state without some titles.
---@param state table it stays as it is
---@param titles table<string, boolean>? MMS IDs
---@return table state
function m.without(state, titles)
  local rest = setmetatable({}, { __index = state })
  for _, name in ipairs { "bibs", "representations", "requests" } do rest[name] = rest_of(state[name] or {}, titles or {}) end
  return rest
end

local function is_filled(rep)
  for _, file in ipairs(rep.files) do
    if rep.created_by == "exl_api" and file.name == "other.jpg" then return true end
  end
  return false
end

---A state without the representations of a run that somebody put a file into.
---@param state table it stays as it is
---@return table state
---@return table[] filled those representations
function m.without_filled(state)
  local rest, filled = setmetatable({ representations = {} }, { __index = state }), {}
  for _, rep in ipairs(state.representations) do table.insert(is_filled(rep) and filled or rest.representations, rep) end
  return rest, filled
end

---The titles that were merged away, as they were called at first.
---@param state table
---@return table<string, boolean>
function m.merged(state)
  local origin, titles = origins(state.merged), {}
  for _, one in ipairs(state.merged or {}) do titles[origin(one.from)] = true end
  return titles
end

return m
