-- The titles of an ingest at work: their jobs with the files in their places, what is written for them when they fall out, and
-- what their end is.
local causes = require "almanac.run.causes"
local folders = require "almanac.apply.ingest.folder"
local reasons = require "almanac.run.reasons"
local rows = require "almanac.apply.ingest.rows"
local states = require "almanac.run.states"
local title_work = require "almanac.apply.title"

local m = {}

-- After these nothing is known against the title: the next apply goes on with it.
local PASSING = { timeout = true, connect = true, tls = true, parse = true, closed = true, cancelled = true, quota = true, auth = true }

---@class almanac.apply.ingest.member
---@field job almanac.job
---@field change almanac.change
---@field row table of ingest_title

---The titles of an ingest.
---@param run almanac.run
---@param ingest almanac.ingest
---@return almanac.apply.ingest.member[]
function m.of(run, ingest)
  local list, folder = {}, folders.of(run, ingest)
  for _, title in ipairs(rows.titles(run.db, ingest.id)) do
    local seq = title.change
    title.change = nil
    local job = title_work.load(run, title)
    for _, change in ipairs(job.changes) do
      if change.seq == seq then
        local row = rows.title(run.db, title.id, seq)
        folders.place(folder, row, change.pages)
        list[#list + 1] = { job = job, change = change, row = row }
      end
    end
  end
  return list
end

local FORGET = "DELETE FROM step WHERE title_id = ? AND change = ? AND kind IN ('upload', 'thumbnail')"

-- Takes the title out of the ingest; what was sent for it is sent again in another one.
local function drop(db, member)
  local ok, message, code = rows.drop(db, member.row.title_id, member.row.change)
  if ok then ok, message, code = db:run(FORGET, member.row.title_id, member.row.change) end
  return ok, message, code
end

local function state_of(message, code)
  if code == "conflict" then return states.ASK end
  if PASSING[code] or causes.is_outage(message, code) then return nil end
  return states.FAILED
end

---Lets a title fall out of its ingest: with a doubt, because it failed, or because nothing could be read.
---@param run almanac.run
---@param member almanac.apply.ingest.member
---@param message string|almanac.run.reason
---@param code string
---@return true|nil
---@return string? why
---@return string? kind
function m.drop(run, member, message, code)
  local title, state = member.job.title, state_of(tostring(message), code)
  run.passed[title.id] = true
  local ok, why, kind = run.journal:write(function(db)
    local done, words, what = drop(db, member)
    if not done then return nil, words, what end
    if state then return states.set(db, title.id, state, reasons.from(message)) end
    return states.explain(db, title.id, reasons.from(message))
  end)
  if not ok then return nil, why, kind end
  run.on.begin(title)
  run.on.finish(title, false, tostring(message), code)
  return true
end

---Writes down what became of a title.
---@param run almanac.run
---@param member almanac.apply.ingest.member
---@param found table from almanac.apply.ingest.results
---@param now integer
---@return true|nil
---@return string? message
---@return string? code
function m.finish(run, member, found, now)
  local title = member.job.title
  return run.journal:write(function(db)
    local ok, message, code = true, nil, nil
    if found.mms_id ~= title.mms_id and member.row.number then
      ok, message, code = db:run("UPDATE title SET mms_id = ? WHERE id = ?", found.mms_id, title.id)
    end
    if ok then ok, message, code = rows.note_end(db, member.row, found, now) end
    if ok then ok, message, code = states.set(db, title.id, states.REPRESENTED) end
    return ok, message, code
  end)
end

return m
