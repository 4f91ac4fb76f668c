-- Moves a digitization request to its next step, once. Alma has no step back, and a second POST would move it on by
-- another one. So a request that is not where the plan found it stays there, and where nobody can tell whether a POST
-- took effect, a person looks before anything is sent again. Alma's documentation does not say what becomes of a request
-- behind its last step: one that is gone then counts as moved.
local alma = require "almanac.alma"
local gone = require "almanac.apply.gone"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"

local m = {}

local STEP = "advance"

function m.settle() return true end

function m.begun(job, change)
  return steps.begun(job, change, STEP)
end

function m.expect() end

-- The place of a request that asks for an item; nil when the title has no such item.
local function at_item(job, change)
  local items, message, code = alma.items.list(job.client, job.mms_id)
  if not items then return nil, message, code end
  for _, item in ipairs(items) do
    if item.item_data.pid == change.spec.item then
      return { mms_id = job.mms_id, holding_id = item.holding_data.holding_id, item_pid = change.spec.item }
    end
  end
  return nil, ("the title has no item %s"):format(change.spec.item), "missing"
end

-- Asks for the request as one of its title, then as one of its item: Alma's documentation does not say whether a title's
-- address tells the requests of its items as well.
local function get(job, change)
  change.place = change.place and change.place.mms_id == job.mms_id and change.place or { mms_id = job.mms_id }
  local request, message, code = alma.requests.get(job.client, change.place, change.spec.request)
  if code ~= "missing" or not change.spec.item or change.place.item_pid then return request, message, code end
  local place
  place, message, code = at_item(job, change)
  if not place then return nil, message, code end
  request, message, code = alma.requests.get(job.client, place, change.spec.request)
  if request then change.place = place end
  return request, message, code
end

-- Where the request is now; "" when Alma has it no more. It goes along with a title that is merged into another one.
local function where(job, change)
  local request, message, code = get(job, change)
  if code == "missing" and gone.look(job) == "moved" then request, message, code = get(job, change) end
  if request then return alma.requests.step_of(request) end
  if code == "missing" then return "" end
  return nil, message, code
end

local function moved_meanwhile(change, now)
  if now == "" then return reasons.new("request_gone", { request = change.spec.request }) end
  -- Nothing shows who moved it, so it may have been another copy of the run.
  return reasons.new("request_elsewhere", { request = change.spec.request, now = now, planned = change.spec.from, older = true })
end

-- Whether the request is where the plan found it; false when it is not, and a person decided to leave it there.
local function is_at_its_place(job, change)
  local now, message, code = where(job, change)
  if not now then return nil, message, code end
  if now == change.spec.from then return true end
  local doubt = "request " .. now
  if steps.is_decided(job, change, doubt) then return false end
  return steps.ask(job, change, { doubts = { doubt } }, moved_meanwhile(change, now))
end

-- Asked before anything is made for the request.
function m.prepare(job, change)
  if m.begun(job, change) then return true end
  local there, message, code = is_at_its_place(job, change)
  if there == nil then return nil, message, code end
  return true
end

local function find_moved(job, change)
  local now, message, code = where(job, change)
  if not now then return nil, message, code end
  return now ~= change.spec.from and { { at = now } } or {}
end

local function send(job, change)
  local request, message, code, detail = alma.requests.post_step(job.client, change.place or { mms_id = job.mms_id }, change.spec.request)
  return request and { at = alma.requests.step_of(request) }, message, code, detail
end

-- A call without an answer may still move it, so nothing is sent again until a person has looked.
local function ask_whether_moved(job, change)
  return steps.ask(job, change, { kind = STEP }, reasons.new("request_unclear",
    { request = change.spec.request, step = change.spec.from }))
end

local function perform(job, change, options)
  options.change, options.kind, options.page = change.seq, STEP, 0
  options.during, options.after = states.CHANGING, states.CHANGING
  options.keep = options.keep or function(found) return { at = found.at } end
  local done, message, code = steps.perform(job, options)
  return done and true, message, code
end

local function leave_it(job, change)
  return perform(job, change, { call = function() return {} end, keep = function() return { left = true } end })
end

function m.carry_out(job, change)
  if not m.begun(job, change) then
    local there, message, code = is_at_its_place(job, change)
    if there == nil then return nil, message, code end
    if not there then return leave_it(job, change) end
  end
  return perform(job, change, {
    call = function() return send(job, change) end,
    look = function() return find_moved(job, change) end,
    unsettled = function() return ask_whether_moved(job, change) end,
  })
end

function m.check(job, change)
  local step = steps.get(job, change, STEP)
  if step and step.result and step.result.left then return false, 0 end
  local now, message, code = where(job, change)
  if not now then return nil, message, code end
  if now == change.spec.from then return reasons.new("request_not_moved", { request = change.spec.request, step = now }) end
  return false, 0
end

function m.look(job, change)
  local step = steps.get(job, change, STEP)
  if step and not (step.result and step.result.left) then
    local now, message, code = where(job, change)
    if not now then return nil, message, code end
    if now ~= change.spec.from then
      table.insert(job.unlike, reasons.new("request_stays", { request = change.spec.request, now = now ~= "" and now or nil }))
    end
  end
  return { words = {} }
end

-- There is nothing that could be taken away: `look` tells what stays.
function m.take_back() return true end

function m.done_elsewhere(job, change)
  local now = where(job, change)
  return now ~= nil and now ~= change.spec.from
end

function m.describe(spec)
  return ("request %s from '%s' to its next step"):format(spec.request, spec.from)
end

return m
