-- Planning again from what an earlier run has read, without a single call.
local attempt = require "almanac.run.attempt"
local details = require "almanac.run.details"
local json = require "almanac.json"
local look_up = require "almanac.plan.look_up"
local notes = require "almanac.run.notes"
local since = require "almanac.plan.records.since"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local titles = require "almanac.run.titles"

local m = {}

---Looks into an earlier run.
---@param path string
---@return { meta: table<string, string>, args: table<string, any> }|nil base
---@return string? message
---@return string? code
function m.open(path)
  local db <close>, message, code = store.open(path, "read")
  if not db then return nil, message, code end
  local meta = store.meta(db)
  if not meta.institution then return nil, path .. ": holds no plan", "parse" end
  return { meta = meta, args = json.decode(meta.args or "{}") }
end

-- A title that the earlier run has written to is no longer as it was read, so its reading is not copied.
local COPY = ([[INSERT INTO title(mms_id, title, reading, state, reason_code, reason_data)
  SELECT mms_id, title,
    CASE WHEN touched THEN NULL ELSE reading END,
    CASE WHEN reading IS NULL AND state = '%s' THEN '%s' WHEN reading IS NULL OR touched THEN '%s' ELSE ? END,
    CASE WHEN touched THEN 'changed_by_run' WHEN reading IS NULL THEN reason_code END,
    CASE WHEN reading IS NULL AND NOT touched THEN reason_data END
  FROM (SELECT *, EXISTS(SELECT 1 FROM base.step WHERE step.title_id = title.id) AS touched FROM base.title WHERE NOT %s)
  ORDER BY id]]):format(states.SKIP, states.SKIP, states.ASK, titles.IS_NEW)
local NAMES = ([[INSERT INTO title(mms_id, title, state, reason_code)
  SELECT mms_id, title, '%s', 'not_read_yet' FROM base.title WHERE NOT %s ORDER BY id]]):format(states.ASK, titles.IS_NEW)

---Copies the titles of an earlier run, attached as `base`. Called inside an attempt.
---@param db table the new run file
---@param base table from m.open
---@param reads table<string, boolean> what the recipe reads besides
---@param afresh boolean? copies only which titles there are, to read all of them again; records that their source gave stay
---@param state string of titles with a reading: "ready" when all are matched at once, else "ask"
---@param find string? the way in which titles of records are looked up
function m.copy(db, base, reads, afresh, state, find)
  if afresh then attempt.run(db, NAMES) else attempt.run(db, COPY, state) end
  details.copy(db, {
    record = reads.record and (not afresh or base.meta.records == "source"), items = reads.items and not afresh, rows = reads.rows,
  })
  since.reuse(db, base.meta)
  look_up.reuse(db, base, find, afresh)
  notes.copy(db)
  attempt.run(db, "INSERT INTO problem(kind, text) SELECT kind, text FROM base.problem WHERE kind IN ('set member', 'source')")
end

return m
