-- The gateway in front of the API. It says who may make which calls, 25 calls a second and so
-- many a day. A call that it refuses counts as well.
local failure = require "almanac.rehearsal.api.failure"

local m = {}

local methods = {}
local meta = { __index = methods }

local AREAS = { "bibs", "conf", "users", "acq", "analytics" }
local DAY = 86400

local function all_areas(right)
  local rights = {}
  for _, area in ipairs(AREAS) do rights[area] = right end
  return rights
end

-- "KEY=bibs,conf:r" names the areas that the API key may write, or with :r only read.
local function parse_key(text)
  local name, areas = text:match "^([^=]+)=?(.*)$"
  if areas == "" then return { name = name, rights = all_areas "w" } end
  local rights = {}
  for area, mode in areas:gmatch "(%w+):?(%w*)" do
    if not all_areas "w"[area] or (mode ~= "" and mode ~= "r") then
      return nil, ("--key: '%s' is not an area with or without :r; areas are %s")
        :format(areas, table.concat(AREAS, ", "))
    end
    rights[area] = mode == "r" and "r" or "w"
  end
  return { name = name, rights = rights }
end

local function known_keys(extra)
  local keys = {
    ["rehearsal-key"] = { name = "rehearsal-key", rights = all_areas "w" },
    ["rehearsal-read-only"] = { name = "rehearsal-read-only", rights = all_areas "r" },
    ["rehearsal-bibs-only"] = { name = "rehearsal-bibs-only", rights = { bibs = "w" } },
  }
  for _, text in ipairs(extra or {}) do
    local key, message = parse_key(text)
    if not key then return nil, message end
    keys[key.name] = key
    key.name = "key"   -- a name that somebody gave may be a secret, so it stays out of log and answers
  end
  return keys
end

---@param options { rate: number?, daily: integer?, key: string[]? }
---@return table|nil gate
---@return string? message
function m.new(options)
  local keys, message = known_keys(options.key)
  if not keys then return nil, message end
  return setmetatable({
    keys = keys, rate = options.rate or 25, daily = options.daily or 500000,
    used = 0, day = nil,
    accepted = {}, next_slot = 1,              -- the times at which the last `rate` accepted calls arrived
    recent = {}, first = 1, last = 0, busiest = 0,
  }, meta)
end

-- Counts the calls that came within any one second, refused ones as well. A client that keeps
-- its rate never shows more than the rate here.
local function note_arrival(self, arrived)
  self.last = self.last + 1
  self.recent[self.last] = arrived
  while self.recent[self.first] <= arrived - 1 do
    self.recent[self.first] = nil
    self.first = self.first + 1
  end
  self.busiest = math.max(self.busiest, self.last - self.first + 1)
end

-- The window slides: a call is accepted when the call `rate` calls before it is more than a
-- second old.
local function is_too_fast(self, arrived)
  if self.rate <= 0 then return false end
  local slot = self.next_slot
  local oldest = self.accepted[slot]
  if oldest and arrived - oldest < 1 then return true end
  self.accepted[slot] = arrived
  self.next_slot = slot % self.rate + 1
  return false
end

local function count_day(self, now)
  local day = math.floor(now / DAY)
  if day ~= self.day then self.day, self.used = day, 0 end
  self.used = self.used + 1
end

---Goes on with the day's count that another process began.
---@param day integer|nil days since 1970
---@param used integer|nil
function methods:resume(day, used)
  self.day, self.used = day, used or 0
end

---@return integer calls left until midnight
function methods:remaining()
  return math.max(0, self.daily - self.used)
end

---The words of an answer with status 429.
---@return table answer
function m.too_fast()
  return { status = 429, failure = { code = "PER_SECOND_THRESHOLD", gateway = true,
    message = "HTTP requests are more than allowed per second. See https://goo.gl/2x1c1M " } }
end

local function key_of(self, call)
  local header = call.request:header "Authorization"
  local given = header and header:match "^apikey%s+(%S+)$" or call.query.apikey
  return self.keys[given or ""], given
end

---Lets a call in, or gives a refusal. Sets call.key.
---@param call table
---@param now number seconds since 1970
---@return table? refusal
function methods:check(call, now)
  local key, given = key_of(self, call)
  if not key then
    if not given then return failure.unauthorized() end
    return { status = 400, body = "Invalid API Key", type = "text/plain;charset=UTF-8" }
  end
  call.key = key
  count_day(self, now)
  note_arrival(self, call.arrived)
  if self.used > self.daily then
    return { status = 429, failure = { code = "DAILY_THRESHOLD", gateway = true,
      message = "Daily API Request Threshold has been reached." } }
  end
  if is_too_fast(self, call.arrived) then return m.too_fast() end
  if not call.route then return nil end
  local right = key.rights[call.route.area]
  if not right or (right == "r" and call.method ~= "GET") then return failure.unauthorized() end
end

return m
