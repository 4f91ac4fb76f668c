-- Remembers on this machine which titles runs have created, from the moment before the call. Alma finds a new title by a
-- number in its record only once its index knows it, and nobody says when that is. Until then an older copy of the run, the
-- same run after its process was killed, or another run of the same records would find nothing and create it again. The file
-- lies beside the claims, and every user of the machine adds lines to it under a claim. What it says is a hint, never
-- proof: a title that it names is looked at in Alma. On another machine the index alone tells.
local core = require "almanac.core"
local task = require "almanac.task"

local m = {}

local KEPT = 24 * 3600      -- seconds; no index lags longer
local LARGEST = 64 << 20    -- bytes that are read
local LINE = "%s\t%.3f\t%s\t%s\t%s\t%s\n"   -- state, time, realm, own key, MMS ID or -, names
local PATTERN = "(%l+)\t([%d.]+)\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\n"
local PAUSE = 0.01

---@class almanac.apply.made_titles
local methods = {}
local meta = { __index = methods }

---@class almanac.apply.made_title
---@field state "begun"|"sent"|"made"|"void" begun: nothing was sent yet; sent: nobody knows the end
---@field time number
---@field key string the number in its record that no other title has
---@field mms_id string?
---@field names string[] hashes of what its record is known by

---The titles made on this machine.
---@param path string of the claims
---@param claim almanac.claim
---@param realm string the institution and environment
---@return almanac.apply.made_titles
function m.open(path, claim, realm)
  local shared = core.claim.open(path .. ".made")   -- made for every user, and never a link
  if shared then shared:close() end
  return setmetatable({ path = shared and path .. ".made", claim = claim, realm = realm, read = 0, by_key = {}, by_name = {} }, meta)
end

local function keep(self, entry)
  self.by_key[entry.key] = entry
  for _, name in ipairs(entry.names) do
    self.by_name[name] = self.by_name[name] or {}
    self.by_name[name][entry.key] = entry
  end
end

local function take(self, text)
  local now = core.sys.time()
  for state, time, realm, key, mms_id, names in text:gmatch(PATTERN) do
    if realm == self.realm and now - (tonumber(time) or 0) < KEPT then
      local entry = { state = state, time = tonumber(time), key = key, mms_id = mms_id ~= "-" and mms_id or nil, names = {} }
      for name in names:gmatch "%x+" do table.insert(entry.names, name) end
      keep(self, entry)
    end
  end
end

-- Takes what came since the last time. A file that was begun anew is read from its start.
local function read_on(self)
  local file <close> = self.path and io.open(self.path, "rb")
  if not file then return end
  local size = file:seek "end"
  if size < self.read then self.read = 0 end
  if size - self.read > LARGEST then self.read = size - LARGEST end
  file:seek("set", self.read)
  local text = file:read "a" or ""
  local whole = #(text:match "^.*\n" or "")
  take(self, text:sub(1, whole))
  self.read = self.read + whole
end

-- Adds a line; a file whose lines are all too old, or that is very large, is begun anew.
local function write(self, line)
  local file <close> = io.open(self.path, "r+b")
  if not file then return end
  local stat, size = core.files.stat(self.path), file:seek "end"
  if size > LARGEST or stat and size > 0 and core.sys.time() - stat.mtime_ns / 1e9 > KEPT then
    local anew <close> = io.open(self.path, "wb")
    if anew then anew:write(line) end
    return
  end
  file:write(line)
end

---Notes what becomes of a title that is created.
---@param state "begun"|"sent"|"made"|"void"
---@param title { key: string, names: string[] }
---@param mms_id string?
function methods:note(state, title, mms_id)
  keep(self, { state = state, time = core.sys.time(), key = title.key, mms_id = mms_id, names = title.names })
  if not self.path then return end
  local line = LINE:format(state, core.sys.time(), self.realm, title.key, mms_id or "-", table.concat(title.names, ","))
  local name = self.realm .. " made titles"
  local ok, _, code = self.claim:take(name)
  while code == "conflict" do
    task.sleep(PAUSE)
    ok, _, code = self.claim:take(name)
  end
  write(self, line)
  if ok then self.claim:give(name) end
end

---What is known of a title.
---@param title { key: string, names: string[] }
---@return almanac.apply.made_title? own of this very title
---@return almanac.apply.made_title[] others made of the same record, the newest first
function methods:find(title)
  read_on(self)
  local others, seen = {}, { [title.key] = true }
  for _, name in ipairs(title.names) do
    for key, entry in pairs(self.by_name[name] or {}) do
      if not seen[key] and entry.state ~= "void" and entry.state ~= "begun" then others[#others + 1] = entry end
      seen[key] = true
    end
  end
  table.sort(others, function(a, b) return a.time > b.time end)
  return self.by_key[title.key], others
end

return m
