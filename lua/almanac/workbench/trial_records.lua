-- The records of a trial: from a file, and what a look-up of their keys in Alma would find.
local attempt = require "almanac.run.attempt"
local json = require "almanac.json"
local look_up = require "almanac.plan.look_up"
local record_keys = require "almanac.plan.record_keys"
local records = require "almanac.run.records"
local sources = require "almanac.plan.records"
local store = require "almanac.run.store"

local m = {}

local BATCH = 500
local FOUND = "INSERT OR REPLACE INTO look_up(key, mms_ids) VALUES(?, ?)"
local NONE = "INSERT OR IGNORE INTO look_up(key, mms_ids) SELECT DISTINCT key, '[]' FROM record_key"

local function read(db, path)
  local source = attempt.checked(sources.open({ order = { on = { phase = function() end } } }, { from = { path } }))
  local batch = {}
  while true do
    local entry, message, code = source:next()
    if code then attempt.fail(message, code) end
    if entry then batch[#batch + 1] = entry end
    if not entry or #batch == BATCH then
      records.add(db, batch)
      batch = {}
    end
    if not entry then break end
  end
  if source.close then source:close() end
end

---Whether the titles of a trial are looked up: the recipe finds them in no other way, or makes new ones.
---@param case { recipe: table, found: table<string, string[]>? }
---@return boolean
function m.finds(case)
  return case.found ~= nil or not case.recipe.title_keys or case.recipe.missing ~= nil
end

---Adds the records of a trial. Called inside an attempt, once the files are known.
---@param db table
---@param case { recipe: table, source: string, found: table<string, string[]>?, values: table, folder: string? } found: the MMS IDs
---  that Alma has under a key; under all others it has none
function m.add(db, case)
  read(db, case.source)
  record_keys.ask { db = db, recipe = case.recipe, args = case.values, folder = case.folder }
  attempt.call(store.set, db, { records_source = case.source, records_given = json.encode { from = { case.source } } })
  if not m.finds(case) then return end
  attempt.call(store.set, db, { find = "other_system_id" })
  for key, ids in pairs(case.found or {}) do attempt.run(db, FOUND, key, json.encode(json.array(ids))) end
  attempt.run(db, NONE)
  look_up.add_titles(db)
end

return m
