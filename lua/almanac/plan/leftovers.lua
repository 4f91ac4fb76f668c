-- Finds files that no title answers to, though their name only adds something to that
-- of a title's file (the back of a leaf, …023b beside …023; a second page; a copy,
-- however it is called), or has another separator (…-2 beside …_2). The title may be
-- incomplete without them, so a person decides.
local attempt = require "almanac.run.attempt"
local doubles = require "almanac.plan.doubles"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"

local m = {}

local LONGEST = 16      -- bytes that a name may add
local SHOWN = 3

local LOST = "SELECT 1 FROM file_key WHERE key NOT IN (SELECT key FROM title_key) LIMIT 1"
-- In the order of keys, those that begin with another one come right behind it.
local KEYS = [[SELECT key, file_id, (SELECT title_id FROM title_key WHERE title_key.key = file_key.key LIMIT 1) AS title_id
  FROM file_key ORDER BY key]]
local READY = [[SELECT file.id, path FROM title JOIN page ON page.title_id = title.id JOIN file ON file.id = file_id
  WHERE title.id = ? AND ]] .. states.is(states.READY) .. [[ LIMIT 1]]
local ANSWERS = "SELECT title_id FROM title_key WHERE key = ? LIMIT 1"
local PATH = "SELECT path FROM file WHERE id = ?"

-- Whether a key adds something to another one without lengthening its last number or word.
local function extends(key, base)
  local rest = key:sub(#base + 1)
  if #rest > LONGEST or rest == "" then return false end
  local last, first = base:sub(-1), rest:sub(1, 1)
  if last:find "%d" and first:find "%d" or last:find "%a" and first:find "%a" then return false end
  return not rest:find("/", 1, true) and not rest:find "^%.%a%w*$"     -- of another type: x.jpg.mp3
end

local SEPARATORS = { "_", "-", " ", "" }

-- The keys that this one may be a copy of, and this key with other separators before its number.
local function likenesses(key)
  local list = doubles.originals(key)
  local name, separator, number = key:match "^(.-)([-_ ]?)(%d+)$"
  for _, other in ipairs(name and name ~= "" and SEPARATORS or {}) do
    local joined = other == "" and name:find "%d$"        -- 3-12-7 is not 3-127
    if other ~= separator and not joined then list[#list + 1] = name .. other .. number end
  end
  return list
end

-- The title that answers to a key like this one.
local function like(db, key)
  for _, other in ipairs(likenesses(key)) do
    local title_id = db:value(ANSWERS, other)
    if title_id then return title_id end
  end
end

-- Title -> files whose name is one of its own with something added, or like one.
local function neighbours_of_titles(db)
  local found, order, bases = {}, {}, {}
  for row in db:rows(KEYS) do
    while bases[1] and row.key:sub(1, #bases[#bases].key) ~= bases[#bases].key do bases[#bases] = nil end
    if row.title_id then
      bases[#bases + 1] = row
    else
      local base = bases[#bases]
      local title_id = base and extends(row.key, base.key) and base.title_id or like(db, row.key)
      if title_id and not found[title_id] then found[title_id], order[#order + 1] = {}, title_id end
      if title_id then table.insert(found[title_id], row.file_id) end
    end
  end
  return found, order
end

-- The paths of those that have other bytes than the title's own file.
local function others(db, ids, own, same)
  local paths = {}
  for _, id in ipairs(ids) do
    if not (same[id] and same[id] == same[own]) then paths[#paths + 1] = db:value(PATH, id) end
  end
  return paths
end

---Puts titles whose file has such a neighbour into the state `ask`. Called inside an
---attempt, after all titles were matched.
---@param db table
---@param same table<integer, string> files of the same bytes, of almanac.plan.twins
function m.doubt(db, same)
  if not db:value(LOST) then return end
  local found, order = neighbours_of_titles(db)
  for _, title_id in ipairs(order) do
    local own = db:row(READY, title_id)
    local paths = own and others(db, found[title_id], own.id, same) or {}
    if paths[1] then
      local reason = reasons.new("left_over", { files = reasons.some(paths, SHOWN), file = own.path })
      attempt.call(states.set, db, title_id, states.ASK, reason)
    end
  end
end

return m
