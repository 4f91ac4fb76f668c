-- What kinds of change that are about a title's record have in common: reading it, sending it once, and what Alma said.
-- Everything is written down as text, since a run file keeps it.
local alma = require "almanac.alma"
local details = require "almanac.run.details"
local edit = require "almanac.record_edit"
local notes = require "almanac.run.notes"
local record_changes = require "almanac.run.record_changes"
local record_xml = require "almanac.alma.record_xml"
local records = require "almanac.record"
local states = require "almanac.run.states"

local m = {}

-- With these codes Alma refuses the record itself, and its words say why (OpenAPI, POST and PUT bibs).
local OF_RECORD = { ["4022032"] = true, ["4022033"] = true, ["402209"] = true, ["4022031"] = true }

---The title's bib with its record, as Alma has it now.
---@param job almanac.job
---@return table|nil bib
---@return string? message
---@return string? code "missing": Alma has none
function m.read(job)
  local bib, message, code = alma.bibs.read(job.client, job.mms_id)
  if bib and not bib.record then return nil, ("GET /bibs/%s: the answer has no record"):format(job.mms_id), "parse" end
  return bib, message, code
end

---A record as text, without what Alma makes up for its answers.
---@param record any
---@return string
function m.text(record) return (assert(record_xml.text(record))) end

---A record that was kept as text.
---@param text string
---@return any record
function m.of(text) return (assert(records.parse(text))) end

---Whether a record says what a kept one does, apart from what Alma itself sets.
---@param record any
---@param text string?
---@return boolean
function m.same(record, text)
  return text ~= nil and record_changes.between(m.of(text), record)[1] == nil
end

---How a record differs from a kept one, in words.
---@param text string
---@param record any
---@return string
function m.difference(text, record)
  return record_changes.words(record_changes.between(m.of(text), record))
end

---The record that the plan found, as text.
---@param job almanac.job
---@return string? text
function m.planned(job)
  local kept = {}
  details.add(job.db, job.title.id, kept)
  return kept.record
end

---Asks a person about a record that somebody changed. The decision will be about the record as it is now, so that takes
---the place of what the plan read; both are written in one transaction.
---@param job almanac.job
---@param record any as it is now
---@param reason almanac.run.reason
---@param also (fun(db: table): any, string?, string?)? writes something in the same transaction
---@return nil
---@return almanac.run.reason|string message
---@return string code "conflict"
function m.ask(job, record, reason, also)
  local ok, message, code = job.journal:write(function(db)
    local done, why, kind = db:run(details.KEEP, job.title.mms_id, m.text(record), nil)
    if done and also then done, why, kind = also(db) end
    if done and not job.undoing then done, why, kind = states.set(db, job.title.id, states.ASK, reason) end
    return done, why, kind
  end)
  if not ok then return nil, message, code end
  return nil, reason, "conflict"
end

---A record with the 005 of another one, by which Alma knows that nobody changed it meanwhile. Dublin Core has none.
---@param record any
---@param now any
---@return any record
function m.with_version(record, now)
  local version = edit.is_marc(record) and now:control "005"
  if version then record:set("005", version) end
  return record
end

---What Alma says of a record that it does not take, without the call.
---@param message string
---@param detail almanac.alma.detail?
---@return string
function m.refusal(message, detail)
  local first = detail and detail.errors and detail.errors[1]
  if not (first and OF_RECORD[first.code]) then return message end
  return ("Alma does not take the record: %s (%s)"):format(first.message, first.code)
end

---Writes down what Alma remarked on a record that it took. Inside a transaction.
---@param job almanac.job
---@param db table
---@param warnings string[]?
---@return any, string?, string?
function m.note_warnings(job, db, warnings)
  local ok, message, code = true, nil, nil
  for _, text in ipairs(warnings or {}) do
    if ok then ok, message, code = db:run(notes.ADD, "title", job.title.id, "Alma took the record with a warning: " .. text) end
  end
  return ok, message, code
end

return m
