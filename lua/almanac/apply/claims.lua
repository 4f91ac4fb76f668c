-- Keeps two runs from working on a title at the same time. Two people may have run
-- files with the same titles and apply them in the same minute; each would see that
-- nothing is there yet. So a run claims a title, on this machine, before it looks and
-- until it is done; the other waits, looks then, and sees what was made. Runs on other
-- machines are found by the look after the write, see almanac.apply.rivals.
local core = require "almanac.core"
local made_titles = require "almanac.apply.made_titles"
local reconcile = require "almanac.apply.reconcile"
local task = require "almanac.task"

local m = {}

local PLACES = { "/run/lock", "/tmp" }   -- every user of a machine can write there
local LOOK_AGAIN = { first = 0.05, longest = 1 }   -- seconds between two tries

local methods = {}
local meta = { __index = methods, __close = function(self) self.claim:close() end }

-- All rehearsals have the same institution, so each is told by its address.
local function realm_of(general, url)
  local address = url:match "^%a+://(127%.[^/]+)" or url:match "^%a+://(localhost[^/]*)" or url:match "^%a+://(%[::1%][^/]*)"
  return address or tostring(general.environment)
end

local function open(name, place)
  local message
  for _, folder in ipairs { place or table.unpack(PLACES) } do
    local claim, why = core.claim.open(folder .. "/" .. name)
    if claim then return claim, folder .. "/" .. name end
    message = message or why
  end
  return nil, ("can't claim titles, so that no other run on this machine does the same ones: %s; set ALMANAC_CLAIMS to a folder " ..
    "that everybody who runs almanac here can write to"):format(message), "io"
end

---The claims of an institution on this machine.
---@param general { institution: string, environment: string }
---@param url string of the API
---@param place string? the folder of the claims; ALMANAC_CLAIMS, or one that every user can write to
---@return table|nil claims can be <close>; `made`: of almanac.apply.made_titles
---@return string? message
---@return string? code "io": there is no place for them
function m.open(general, url, place)
  local name = ("almanac-%s.claims"):format(general.institution:gsub("[^%w_-]", "_"))
  local claim, path, code = open(name, place or os.getenv "ALMANAC_CLAIMS")
  if not claim then return nil, path, code end
  local realm = realm_of(general, url)
  return setmetatable({ claim = claim, realm = realm, made = made_titles.open(path, claim, realm) }, meta)
end

-- Takes a name as soon as it is free, or gives up.
local function take_when_free(self, name)
  local ok, message, code = self.claim:take(name)
  local pause, waited = LOOK_AGAIN.first, 0
  while code == "conflict" and waited < reconcile.bound do
    task.sleep(pause)
    waited, pause = waited + pause, math.min(LOOK_AGAIN.longest, 2 * pause)
    ok, message, code = self.claim:take(name)
  end
  if ok then return true end
  if code ~= "conflict" then return nil, message, code end
  return nil, "another almanac on this machine is at work on this title", "closed"
end

---Claims a title for longer than one call takes; `give` ends that.
---@param mms_id string
---@return true|nil
---@return string? message
---@return string? code "conflict": another run has it
function methods:take(mms_id)
  return self.claim:take(self.realm .. " " .. mms_id)
end

---@param mms_id string
function methods:give(mms_id)
  self.claim:give(self.realm .. " " .. mms_id)
end

---Calls `work` while nobody else on this machine works on the title.
---@param title string its MMS ID, or another name of its own
---@param work fun(): any ...
---@return any ... what `work` returns; nil, message, "closed" when another run kept the title to itself for long
function methods:with(title, work)
  local name = self.realm .. " " .. title
  local ok, message, code = take_when_free(self, name)
  if not ok then return nil, message, code end
  local _ <close> = setmetatable({}, { __close = function() self.claim:give(name) end })
  return work()
end

return m
