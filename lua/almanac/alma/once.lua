-- Makes a thing in Alma once. It looks first. When the answer to the POST is lost it looks again, for a while: a list
-- may lag behind a write. It never sends a second POST by itself.
local client_module = require "almanac.alma.client"
local oversight = require "almanac.oversight"
local task = require "almanac.task"
local unknown = require "almanac.alma.unknown"

local m = {}

local LOOKS = 5        -- after an unclear POST; the pauses between them double
local ANSWERED = 4     -- when Alma itself answered: it no longer works on the call, but its list may lag
local LONGEST = 8      -- seconds of one pause

---@class almanac.alma.once
---@field what string for messages: "set 'Maps'"
---@field look (fun(): table|nil, string?, string?, almanac.alma.detail?)? the thing when it is there; code "missing" when surely
---  it is not; nil: nobody looks, neither before nor after
---@field find (fun(): table|nil, string?, string?, almanac.alma.detail?)? looks after the POST, in place of `look`
---@field looks integer? how often it looks at most (5): more where Alma may be at work for long behind a gateway that gave up
---@field post fun(): table|nil, string?, string?, almanac.alma.detail?
---@field done string? what is done with it, for messages: "started" ("made" when absent)
---@field unknown almanac.alma.unknown[]? codes that are looked up when Alma refuses without saying why
---@field taken string? Alma's code when it refuses because the thing is there

-- Looks until the thing is there; nil when it never is, or when nobody can look.
local function patiently(client, find, looks)
  local pause = client.backoff.first
  for try = 1, looks do
    if try > 1 then
      task.sleep(math.min(pause, LONGEST))
      pause = pause * 2
    end
    local thing, _, code = find()
    if thing then return thing end
    if code ~= "missing" and code ~= "conflict" then return nil end
  end
end

-- What the same POST of an earlier run made may not show yet (`held`): it is looked for until it can't come any more. A look
-- that fails tells nothing, and then the POST is not sent.
local function of_earlier_run(client, find, seconds)
  local pause, over = client.backoff.first, task.now() + seconds
  while true do
    local thing, _, code = find()
    if thing then return thing end
    if code ~= "missing" and code ~= "conflict" then return nil, true end
    if task.now() >= over then return nil end
    task.sleep(math.min(pause, LONGEST, over - task.now()))
    pause = pause * 2
  end
end

-- Sends the POST; what the same of an earlier run made is looked for first, as a thing that was there before.
local function post(client, thing)
  local this = coroutine.running()
  oversight.looks[this] = thing.look ~= nil or nil
  local made, message, code, detail = thing.post()
  oversight.looks[this] = nil
  local look = thing.look or thing.find
  if not (detail and detail.held and look) then return made, message, code, detail end
  local found, blind = of_earlier_run(client, look, detail.held)
  if found then return found, true end
  if blind then return nil, message, code, detail end
  return thing.post()
end

---Makes the thing, unless it is there.
---@param client almanac.alma.client
---@param thing almanac.alma.once
---@return table|nil made
---@return boolean|string there true: it was there before; the message when there is nothing
---@return string? code
---@return almanac.alma.detail? detail `unclear`: it may be in Alma all the same; the message says what to look for
function m.make(client, thing)
  if thing.look then
    local found, message, code, detail = thing.look()
    if found then return found, true end
    if code ~= "missing" then return nil, message, code, detail end
  end
  local find = thing.find or thing.look
  local made, message, code, detail = post(client, thing)
  if made then return made, message == true end
  local known = true
  if thing.unknown then message, detail, known = unknown.explain(thing.unknown, message, code, detail) end
  if not known then return nil, message, code, detail end
  local taken = thing.taken and client_module.has_code(detail, thing.taken)
  if not (taken or detail and detail.unclear) then return nil, message, code, detail end
  local found = find and patiently(client, find, detail.answered and ANSWERED or thing.looks or LOOKS)
  if found then return found, taken == true end
  if taken then return nil, message, code, detail end
  return nil, ("%s; nobody can tell whether the %s was %s: look for it in Alma before you try again"):format(message,
    thing.what, thing.done or "made"), code, detail
end

return m
