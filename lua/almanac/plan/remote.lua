-- Judges remote representations that are planned. Each is known by its record in a repository: a title has one of a record,
-- and a record is one of one title.
local attempt = require "almanac.run.attempt"
local fields = require "almanac.representation_fields"
local kinds = require "almanac.change_kinds"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"

local m = {}

local function is_of_record(rep, change)
  return rep.remote and rep.originating_record_id == change.originating_record_id
    and (rep.repository == nil or rep.repository == change.repository)
end

-- The first field of a change that a representation has otherwise. Linking parameters that a new one leaves out are empty;
-- a change `in_place` leaves them as they are.
local function other_field(rep, change, in_place)
  local links = fields.from_links(rep.linking_parameters or {})
  for _, field in ipairs(fields.list) do
    local link = links[field.name]
    local there, planned = link or rep[field.name] or "", change[field.name] or link and not in_place and "" or nil
    if planned and there ~= planned then return field.name, there, planned end
  end
end

-- Whether the title has what a change makes, field for field.
local function is_there(reading, change)
  for _, rep in ipairs(change.originating_record_id and reading.representations or {}) do
    if is_of_record(rep, change) and not other_field(rep, change) then return rep end
  end
end

-- The remote representation that a change sets fields of, when it has them already.
local function is_set(reading, change)
  if kinds.kinds[change.kind].remote ~= "only" then return nil end
  for _, rep in ipairs(reading.representations) do
    if rep.id == change.representation and not other_field(rep, change, true) then return rep end
  end
end

---Leaves out what the title has already, field for field.
---@param reading { representations: table[] }
---@param changes table[] `reason` says why there are none
---@return table[] changes
function m.without_those_there(reading, changes)
  local left, there = { reason = changes.reason }, nil
  for _, change in ipairs(changes) do
    local rep = is_there(reading, change) or is_set(reading, change)
    there = there or rep
    if not rep then left[#left + 1] = change end
  end
  if there and not left[1] then
    left.reason = ("its remote representation %s of record '%s' is as planned"):format(there.id, there.originating_record_id)
  end
  return left
end

---A doubt when the title has a remote representation of the same record, though another one than planned.
---@param reading { representations: table[] }
---@param change table
---@return almanac.run.reason? doubt
function m.there(reading, change)
  for _, rep in ipairs(reading.representations) do
    if is_of_record(rep, change) then
      local field, there, planned = other_field(rep, change)
      return reasons.new("remote_there", { representation = rep.id, record = change.originating_record_id, field = field,
        now = there, planned = planned })
    end
  end
end

---A doubt when two changes of a title make a remote representation of one record.
---@param changes table[]
---@return almanac.run.reason? doubt
function m.twice(changes)
  local seen = {}
  for _, change in ipairs(changes) do
    local record = change.originating_record_id and change.repository .. "\0" .. change.originating_record_id
    if record and seen[record] then return reasons.new("remote_twice", { record = change.originating_record_id }) end
    if record then seen[record] = true end
  end
end

-- ---- records of several titles ----

local RECORD = "json_extract(spec.spec, '$.repository') AS repository, json_extract(spec.spec, '$.originating_record_id') AS record"
local IS_REMOTE = "json_extract(spec.spec, '$.originating_record_id') IS NOT NULL"
local PLANNED = ([[CREATE TEMP TABLE remote_planned AS SELECT %s, title_id, mms_id
  FROM change JOIN spec ON spec.id = spec_id JOIN title ON title.id = title_id WHERE %s]]):format(RECORD, IS_REMOTE)
local HELD = [[CREATE TEMP TABLE remote_held AS SELECT json_extract(rep.value, '$[8][0]') AS repository,
    json_extract(rep.value, '$[8][1]') AS record, title.id AS title_id, mms_id
  FROM title, json_each(title.reading) AS rep WHERE json_extract(rep.value, '$[8][1]') IN (SELECT record FROM remote_planned)]]
local SEVERAL = [[SELECT record, repository FROM (SELECT record, repository, title_id FROM remote_planned
    UNION SELECT record, repository, title_id FROM remote_held)
  WHERE (record, repository) IN (SELECT record, repository FROM remote_planned)
  GROUP BY record, repository HAVING count(*) > 1 ORDER BY record, repository]]
local TITLES = [[SELECT mms_id FROM remote_planned WHERE record = ?1 AND repository = ?2
  UNION SELECT mms_id FROM remote_held WHERE record = ?1 AND repository = ?2 ORDER BY mms_id LIMIT 6]]
local PLANNING = "SELECT DISTINCT title_id FROM remote_planned WHERE record = ? AND repository = ?"

local function doubt_record(db, row)
  local names = {}
  for title in db:rows(TITLES, row.record, row.repository) do names[#names + 1] = title.mms_id end
  local ids = {}
  for title in db:rows(PLANNING, row.record, row.repository) do ids[#ids + 1] = title.title_id end
  local reason = reasons.new("remote_of_several", { record = row.record, titles = reasons.some(names) })
  for _, id in ipairs(ids) do attempt.call(states.set_all, db, states.READY, states.ASK, reason, "id = ?", id) end
end

---Leaves titles to a person that would get a remote representation of a record that another title of the plan gets, or has.
---@param db table
function m.doubt(db)
  if not db:value("SELECT 1 FROM spec WHERE " .. IS_REMOTE .. " LIMIT 1") then return end
  attempt.run(db, PLANNED)
  attempt.run(db, "CREATE INDEX temp.remote_planned_record ON remote_planned(record, repository)")
  attempt.run(db, HELD)
  attempt.run(db, "CREATE INDEX temp.remote_held_record ON remote_held(record, repository)")
  local several = {}
  for row in db:rows(SEVERAL) do several[#several + 1] = row end
  for _, row in ipairs(several) do doubt_record(db, row) end
  attempt.run(db, "DROP TABLE remote_planned")
  attempt.run(db, "DROP TABLE remote_held")
end

return m
