-- Files that no title answers to, but whose name only adds something to that of
-- a title's file: the back of a leaf (…023b beside …023), a second page, a copy.
-- The title may be incomplete without them, so a person decides.
local attempt = require "almanac.run.attempt"

local m = {}

local LONGEST = 16      -- bytes that a name may add
local SHOWN = 3

local LOST = "SELECT 1 FROM file_key WHERE key NOT IN (SELECT key FROM title_key) LIMIT 1"
-- In the order of keys what begins with a key comes right behind it.
local KEYS = [[SELECT key, file_id, (SELECT title_id FROM title_key WHERE title_key.key = file_key.key LIMIT 1) AS title_id
  FROM file_key ORDER BY key]]
local READY = [[SELECT file.id, path FROM title JOIN page ON page.title_id = title.id JOIN file ON file.id = file_id
  WHERE title.id = ? AND state = 'ready' LIMIT 1]]
local PATH = "SELECT path FROM file WHERE id = ?"
local DOUBT = "UPDATE title SET state = 'ask', reason = ? WHERE id = ? AND state = 'ready'"

-- Whether a key is another one with something added, and no longer number or word.
local function extends(key, base)
  local rest = key:sub(#base + 1)
  if #rest > LONGEST or rest == "" then return false end
  local last, first = base:sub(-1), rest:sub(1, 1)
  if last:find "%d" and first:find "%d" or last:find "%a" and first:find "%a" then return false end
  return not rest:find("/", 1, true) and not rest:find "^%.%a%w*$"     -- of another type: x.jpg.mp3
end

-- Title -> files that extend one of its own.
local function find(db)
  local found, order, bases = {}, {}, {}
  for row in db:rows(KEYS) do
    while bases[1] and row.key:sub(1, #bases[#bases].key) ~= bases[#bases].key do bases[#bases] = nil end
    if row.title_id then
      bases[#bases + 1] = row
    else
      local base = bases[#bases]
      if base and extends(row.key, base.key) then
        if not found[base.title_id] then
          found[base.title_id], order[#order + 1] = {}, base.title_id
        end
        table.insert(found[base.title_id], row.file_id)
      end
    end
  end
  return found, order
end

-- The paths of those that are not the very bytes of what the title has.
local function others(db, ids, own, same)
  local paths = {}
  for _, id in ipairs(ids) do
    if not (same[id] and same[id] == same[own]) then paths[#paths + 1] = db:value(PATH, id) end
  end
  return paths
end

---Makes titles `ask` whose file has such a neighbour. Called inside an attempt,
---after all titles were matched.
---@param db table
---@param same table<integer, string> files of the same bytes, of almanac.plan.twins
function m.doubt(db, same)
  if not db:value(LOST) then return end
  local found, order = find(db)
  for _, title_id in ipairs(order) do
    local own = db:row(READY, title_id)
    local paths = own and others(db, found[title_id], own.id, same) or {}
    if paths[1] then
      local more = #paths > SHOWN and (" and %d more"):format(#paths - SHOWN) or ""
      attempt.run(db, DOUBT, ("a file left over may belong to it: %s%s beside %s"):format(
        table.concat(paths, ", ", 1, math.min(#paths, SHOWN)), more, own.path), title_id)
    end
  end
end

return m
