-- Finds keys that are nearly alike. A title without a file and a file without a
-- title, whose keys differ in a few letters but in no digit, are put before a
-- person: nearness proposes, it never decides.
local attempt = require "almanac.run.attempt"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local words = require "almanac.words"

local m = {}

local MOST = 200000      -- keys without a title that are compared
local SHOWN = 5          -- candidates for one title

local LOST = [[SELECT key, file.path FROM file_key JOIN file ON file.id = file_id
  WHERE key NOT IN (SELECT key FROM title_key) ORDER BY key, file.path LIMIT ?]]
local WITHOUT = [[SELECT title.id, key FROM title JOIN title_key ON title_id = title.id
  WHERE ]] .. states.is(states.SKIP) .. [[ AND reason_code = 'no_file'
    AND key NOT IN (SELECT key FROM file_key) AND EXISTS (SELECT 1 FROM title_key AS t WHERE t.title_id = title.id)
    AND NOT EXISTS (SELECT 1 FROM title_key AS t JOIN file_key USING(key) WHERE t.title_id = title.id) ORDER BY title.id, key]]

-- Splits a key into its groups of digits and the rest. Digits must be equal,
-- because 1603 is another number than 1630 and not one near it.
local function split(key)
  local digits = {}
  for group in key:gmatch "%d+" do digits[#digits + 1] = group end
  return table.concat(digits, " "), (key:gsub("%d+", ""))
end

local function lost_keys(db)
  local groups = {}
  for row in db:rows(LOST, MOST) do
    local digits, letters = split(row.key)
    groups[digits] = groups[digits] or {}
    table.insert(groups[digits], { letters = letters, path = row.path })
  end
  return groups
end

local function candidates(groups, key, most)
  local digits, letters = split(key)
  local list = {}
  for _, lost in ipairs(groups[digits] or {}) do
    if #list < SHOWN and math.abs(#lost.letters - #letters) <= most and words.distance(lost.letters, letters) <= most then
      list[#list + 1] = lost.path
    end
  end
  return list
end

---Puts titles without a file into the state `ask` when a file has a key near theirs.
---Called inside an attempt, after all titles were matched.
---@param db table
---@param most integer letters that may differ
function m.propose(db, most)
  local groups, found = lost_keys(db), {}
  for row in db:rows(WITHOUT) do
    local list = candidates(groups, row.key, most)
    if list[1] then
      found[#found + 1] = { row.id, reasons.new("near_key", { key = row.key, files = reasons.some(list) }) }
    end
  end
  for _, entry in ipairs(found) do attempt.call(states.set, db, entry[1], states.ASK, entry[2]) end
end

return m
