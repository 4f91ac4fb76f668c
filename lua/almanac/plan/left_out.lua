-- Some folders belong to a system and not to a collection: recycle bins, small
-- images that a server makes for itself, copies that a share keeps of earlier
-- states. They hold files of the very names that are looked for, so they are
-- always left out, and the plan names them. `--exclude` adds to them.
local attempt = require "almanac.run.attempt"
local notes = require "almanac.run.notes"
local words = require "almanac.words"

local m = {}

local SHOWN = 10    -- places in one note

local BIN, INDEX, EARLIER = "a recycle bin", "made by a server for itself", "an earlier state of the share"
local OWN = "made by a system for itself"

-- gitignore's patterns, and what they find. Windows writes its names in any case.
local SYSTEM = {
  { "\\#recycle/", BIN }, { "@Recycle/", BIN }, { "@Recently-Deleted/", BIN }, { "[$]Recycle.Bin/", BIN }, { "[$]RECYCLE.BIN/", BIN },
  { "[$]recycle.bin/", BIN }, { "RECYCLER/", BIN }, { "Recycler/", BIN }, { "RECYCLED/", BIN }, { ".recycle/", BIN }, { ".Recycle*/", BIN },
  { ".Trash*/", BIN }, { ".trash*/", BIN }, { "Network Trash Folder/", BIN }, { "lost+found/", "what a repaired disk had lost" },
  { "@eaDir/", INDEX }, { "@tmp/", INDEX }, { ".@__thumb/", INDEX }, { "@__thumb/", INDEX }, { ".thumbnails/", INDEX },
  { ".picasaoriginals/", "an earlier state of pictures" }, { ".AppleDouble/", OWN }, { "__MACOSX/", OWN }, { "Temporary Items/", OWN },
  { "TheVolumeSettingsFolder/", OWN }, { "System Volume Information/", OWN }, { ".Spotlight-V100/", OWN }, { ".fseventsd/", OWN },
  { "\\#snapshot/", EARLIER }, { "@Recently-Snapshot/", EARLIER }, { "@snapshot/", EARLIER }, { ".snapshot/", EARLIER },
  { ".snapshots/", EARLIER }, { "~snapshot/", EARLIER }, { ".zfs/", EARLIER },
  { "[Tt]humbs.db", OWN }, { "ehthumbs*.db", OWN }, { "[Dd]esktop.ini", OWN },
}

local KINDS = {}
for _, entry in ipairs(SYSTEM) do KINDS[entry[1]] = entry[2] end

---The patterns that hold for a folder: first those of systems, then one's own, so that
---one's own `!` can take one of the former back.
---@param own string[]?
---@return string[]
function m.patterns(own)
  local list = {}
  for i, entry in ipairs(SYSTEM) do list[i] = entry[1] end
  return table.move(own or {}, 1, #(own or {}), #list + 1, list)
end

local methods = {}
local meta = { __index = methods }

---Makes a counter of what is left out of one folder.
---@return table counted
function m.new()
  return setmetatable({ by = {}, order = {} }, meta)
end

---@param path string
---@param pattern string that left it out
function methods:add(path, pattern)
  local kind = KINDS[pattern] or ("by --exclude '%s'"):format(pattern)
  local entry = self.by[kind]
  if not entry then
    entry = { kind = kind, n = 0, places = {} }
    self.by[kind], self.order[#self.order + 1] = entry, entry
  end
  entry.n = entry.n + 1
  if entry.n <= SHOWN then entry.places[entry.n] = path end
end

---Writes down what was left out. Called inside an attempt.
---@param db table
function methods:write(db)
  for _, entry in ipairs(self.order) do
    local more = entry.n > SHOWN and (" and %d more"):format(entry.n - SHOWN) or ""
    attempt.run(db, notes.ADD, "run", 0, ("left out of the folder, %s: %s (%s)"):format(entry.kind,
      table.concat(entry.places, ", ") .. more, words.count(entry.n, "place")))
  end
end

return m
