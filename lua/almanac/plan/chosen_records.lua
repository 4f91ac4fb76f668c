-- The records of titles to decide: which there are to choose from, and what becomes of
-- them when a person has chosen.
local attempt = require "almanac.run.attempt"
local reasons = require "almanac.run.reasons"
local record_titles = require "almanac.plan.record_titles"
local records = require "almanac.run.records"
local states = require "almanac.run.states"
local titles = require "almanac.run.titles"

local m = {}

local KEYS = "SELECT key FROM title_key WHERE title_id = ?"
local CHOSEN = "UPDATE record SET title_id = ?, reason_code = NULL, reason_data = NULL WHERE id = ?"
local LEFT = "UPDATE record SET title_id = NULL, reason_code = ?, reason_data = ? WHERE id = ?"
local PLANNED_ELSEWHERE = [[SELECT mms_id FROM record JOIN title ON title.id = title_id WHERE record.id = ? AND title_id <> ?
  AND NOT ]] .. states.is(states.ASK, states.SKIP)

---The records that a title may go with.
---@param db table
---@param title { id: integer, mms_id: string }
---@return almanac.run.record_row[] in the order of their source
function m.of(db, title)
  if not records.any(db) then return {} end
  if titles.is_new(title) then return records.of_title(db, title.id) end
  local entry = { row = title, keys = {} }
  for row in db:rows(KEYS, title.id) do entry.keys[#entry.keys + 1] = row.key end
  record_titles.find({ db = db }, { entry })
  return entry.records
end

---The files that records name, in their order.
---@param db table
---@param list almanac.run.record_row[]
---@return table[]|nil files rows { id, path, size, problem }; nil: they name none
function m.named_files(db, list)
  local entry = { records = list }
  record_titles.add_named({ db = db }, { entry })
  return entry.named
end

---The record that a person names, by its identifier or its place.
---@param list almanac.run.record_row[]
---@param cell string
---@return almanac.run.record_row?
function m.find(list, cell)
  for _, row in ipairs(list) do
    if records.name(row) == cell or row.place == cell then return row end
  end
end

---The names of records, for a message.
---@param list almanac.run.record_row[]
---@return string
function m.told(list)
  local names = {}
  for i, row in ipairs(list) do names[i] = records.name(row) end
  return table.concat(names, ", ")
end

---The title that a record is planned for already, when that is another one.
---@param db table
---@param record_id integer
---@param title_id integer
---@return string? mms_id
function m.planned_elsewhere(db, record_id, title_id)
  return db:value(PLANNED_ELSEWHERE, record_id, title_id)
end

---Writes down which records a title goes with. The others that it might have gone with go with none. Called inside an
---attempt.
---@param db table
---@param title table row of `title`
---@param list almanac.run.record_row[]
function m.write(db, title, list)
  local chosen = {}
  for _, row in ipairs(list) do chosen[row.id] = true end
  for _, row in ipairs(m.of(db, title)) do
    if not chosen[row.id] and not m.planned_elsewhere(db, row.id, title.id) then
      local code, data = reasons.columns(reasons.new("record_not_chosen", { record = records.name(row) }))
      attempt.run(db, LEFT, code, data, row.id)
    end
  end
  for _, row in ipairs(list) do attempt.run(db, CHOSEN, title.id, row.id) end
end

return m
