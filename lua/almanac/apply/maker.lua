-- Tells who made a representation. Alma notes it: created_by `exl_api`,
-- last_modified_by `API, <name of the key>` (seen at Harvard). The answers to
-- this run's own writes tell how it is noted here, so that what somebody else made
-- at the same moment, however alike, is never taken for ours.
local alma = require "almanac.alma"
local json = require "almanac.json"
local store = require "almanac.run.store"

local m = {}

local BY_API = "exl_api"

local function mark_of(rep)
  return rep.created_by and rep.created_by .. "\n" .. (rep.last_modified_by or "")
end

---Loads the marks that this run's writes leave, as far as the run file knows them.
---@param db table
---@return { marks: table<string, true>, news: boolean } maker
function m.load(db)
  local known = store.meta(db, "maker")
  local maker = { marks = {}, news = false }
  for _, mark in ipairs(known and json.decode(known) or {}) do maker.marks[mark] = true end
  return maker
end

---Learns from the answer to a write of ours.
---@param maker table
---@param rep table as Alma answered
function m.learn(maker, rep)
  local mark = mark_of(rep)
  if mark and not maker.marks[mark] then maker.marks[mark], maker.news = true, true end
end

---Keeps what was learned; inside the transaction of a step.
---@param maker table
---@param db table
---@return any, string?, string?
function m.keep(maker, db)
  if not maker.news then return true end
  maker.news = false
  local list = json.array {}
  for mark in pairs(maker.marks) do list[#list + 1] = mark end
  return db:run("INSERT OR REPLACE INTO meta VALUES('maker', ?)", json.encode(list))
end

-- Whether this run was the last to change it. The answer to a change of somebody else's
-- representation tells this run's name as well, though not how a maker is noted.
local function is_last_changed_by_us(maker, rep)
  for mark in pairs(maker.marks) do
    if mark:match "\n(.*)$" == rep.last_modified_by then return true end
  end
  return next(maker.marks) == nil
end

---Says whom else Alma notes as the maker or last changer. Without any note nobody can
---tell, so it counts as ours.
---@param maker table
---@param rep table with its details
---@return string? who nil when it is ours
function m.other(maker, rep)
  local mark = mark_of(rep)
  if not mark or maker.marks[mark] then return nil end
  if rep.created_by == BY_API and is_last_changed_by_us(maker, rep) then return nil end
  local changed = rep.created_by == BY_API and rep.last_modified_by
  return changed or rep.created_by
end

-- Whether this run may have made it, whoever changed it since.
local function may_have_made(maker, rep)
  if not rep.created_by or rep.created_by == BY_API then return true end
  for mark in pairs(maker.marks) do
    if mark:match "^[^\n]*" == rep.created_by then return true end
  end
  return false
end

local function read_whole(job, rep)
  if rep.created_by then return rep end
  return alma.representations.get(job.client, job.mms_id, rep.id)
end

---Picks the representations that this run may have made, each read whole.
---@param job almanac.job
---@param list table[]
---@return table[]|nil possible
---@return string? message
---@return string? code
function m.possible(job, list)
  local possible = {}
  for _, rep in ipairs(list) do
    local whole, message, code = read_whole(job, rep)
    if not whole then return nil, message, code end
    if may_have_made(job.maker, whole) then possible[#possible + 1] = whole end
  end
  return possible
end

---Divides representations into ours and others'. Entries of a brief list are
---read whole.
---@param job almanac.job
---@param list table[]
---@return table[]|nil ours
---@return table[]|string others or message
---@return string? code
function m.divide(job, list)
  local ours, others = {}, {}
  for _, rep in ipairs(list) do
    local whole, message, code = read_whole(job, rep)
    if not whole then return nil, message, code end
    table.insert(m.other(job.maker, whole) and others or ours, whole)
  end
  return ours, others
end

return m
