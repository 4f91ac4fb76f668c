-- Records of a repository, harvested by OAI-PMH. A list that expired while it was read is begun again, and
-- what came already is passed over where it is kept.
local elements = require "almanac.plan.records.elements"
local json = require "almanac.json"
local oai = require "almanac.oai"
local words = require "almanac.words"

local m = { takes = "set prefix since to id" }

local SHOWN = 20    -- sets or formats that a message names
local ALMA = "/view/oai/"   -- stands in the address of every Alma; its sets are published as MARC

local methods = {}

local function begin(self, token)
  local list, message, code = self.client:list { prefix = self.prefix, set = self.given.set, from = self.given.since,
    to = self.given.to, token = token }
  self.list = list
  return list and true, message, code
end

local function names_of(list, field)
  local names = {}
  for i, item in ipairs(list or {}) do names[i] = item[field] end
  return names
end

-- A server may answer for a set or format that it does not have as for an empty one.
local function about(self, message, code)
  if self.list.count > 0 or code ~= "missing" and code ~= "parse" then return message end
  local function told(wanted, what, option, names)
    if not names[1] then return nil end
    for _, name in ipairs(names) do
      if name == wanted then return nil end
    end
    local near = words.nearest(wanted, names)
    return ("%s\nthere is no %s '%s'%s (%s)"):format(message, what, wanted, near and (", did you mean '%s'?"):format(near)
      or "; there are " .. table.concat(names, ", ", 1, math.min(#names, SHOWN)), option)
  end
  local sets = names_of(self.client:sets(), "spec")
  if self.list.failed and self.list.failed[3] == "badArgument" and not self.given.set and sets[1] then
    return ("%s\nit may want a set (--records-set): there are %s"):format(message, table.concat(sets, ", ", 1, math.min(#sets, SHOWN)))
  end
  return told(self.prefix, "format", "--records-prefix", names_of(self.client:formats(), "prefix"))
    or self.given.set and told(self.given.set, "set", "--records-set", sets) or message
end

local function note_size(self)
  local list = self.list
  if self.resumed or not list.size or list.size == list.count then return end
  self.notes[#self.notes + 1] = ("%s: the repository said that it has %s, and gave %d"):format(self.words,
    words.count(list.size, "record"), list.count)
end

-- The token of an earlier day may get any answer: not every server calls it by its name.
local function is_expired(self, code)
  if self.list.failed and self.list.failed[3] == "badResumptionToken" then return true end
  return self.from_place and self.list.pages == 0 and (code == "parse" or code == "missing" or code == "conflict")
end

function methods:next()
  local entry, message, code = self.list:next()
  if entry then
    self.given_so_far = self.given_so_far + 1
    self.total = not self.resumed and self.list.size or nil
    return elements.entry(entry, "record " .. self.given_so_far, self.given.id)
  elseif not code then
    note_size(self)
    -- An empty answer is one for a set that is not there as well.
    if self.list.count == 0 and not self.resumed then self.empty = about(self, self.words .. ": no records", "missing") end
    return nil
  end
  self.expired = is_expired(self, code)
  return nil, about(self, message, code), code
end

---Where the list can be gone on with: behind the last record of a page.
function methods:place()
  local list = self.list
  if list.at < #list.page or not list.token then return nil end
  return json.encode { token = list.token, given = self.given_so_far }
end

---Begins the list again after it expired.
---@param gained integer records that came since it was begun and were not there yet
---@return true|nil
---@return string? message
---@return string? code
function methods:again(gained)
  if not self.expired then return nil end
  if gained == 0 and self.begun_again then
    return nil, ("%s: the list expires before it gives a record that is new: harvest it in parts, with --records-set, or " ..
      "--records-from and --records-until"):format(self.words), "conflict"
  end
  self.begun_again, self.resumed, self.expired, self.from_place, self.given_so_far = true, true, false, false, 0
  return begin(self)
end

---@param given almanac.plan.records.given
---@param url string
---@param place string? from `place`
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(_, given, url, place)
  if not url or url == "" then return nil, "--records oai: needs the repository's address behind the colon: oai:https://…", "missing" end
  local client, message, code = oai.new { url = (url:gsub("[?&]verb=[^&]*.*$", "")) }
  if not client then return nil, message, code end
  local source = setmetatable({ client = client, given = given, notes = {}, updates = true, partial = given.since ~= nil or given.to ~= nil,
    prefix = given.prefix or url:find(ALMA, 1, true) and "marc21" or "oai_dc", given_so_far = 0,
    words = (given.set and "set '%s' of %s" or "%s%s"):format(given.set or "", client.shown) }, { __index = methods })
  local state = place and json.decode(place)
  if state then source.resumed, source.from_place, source.given_so_far = true, true, state.given end
  local ok
  ok, message, code = begin(source, state and state.token)
  if not ok then return nil, (message:gsub("^'", "--records-from: '")), code end
  return source
end

return m
