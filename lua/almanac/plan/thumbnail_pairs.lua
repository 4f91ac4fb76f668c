-- Finds out which file of the folder is the small image of which other. A recipe
-- names the file that a thumbnail belongs to, with or without its extension; here
-- that file is found. A doubt becomes a problem of the file, so that its title is
-- for a person to decide. A thumbnail is never a file of its own.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = {}

---Bytes that a thumbnail may have: Alma's own are some thousand.
m.largest = 1000000

local fold = core.text.fold

-- Names of the files that take part, with and without extension.
local NAMED = [[CREATE TEMP TABLE named(name TEXT NOT NULL, rank INTEGER NOT NULL, file_id INTEGER NOT NULL,
  PRIMARY KEY(name, rank, file_id)) WITHOUT ROWID]]
local ADD_NAME = "INSERT OR IGNORE INTO temp.named(name, rank, file_id) VALUES(?, ?, ?)"
local ADD = "INSERT OR IGNORE INTO thumbnail(file_id, path, suffix) VALUES(?, ?, ?)"
local NEXT = [[SELECT thumbnail.file_id, thumbnail.path AS owner, file.path, file.problem
  FROM thumbnail JOIN file ON file.id = file_id WHERE file_id > ? ORDER BY file_id LIMIT 500]]
-- A whole name is preferred to one without extension.
local OWNERS = [[SELECT file.id, file.path FROM temp.named JOIN file ON file.id = file_id
  WHERE name = ?1 AND rank = (SELECT min(rank) FROM temp.named WHERE name = ?1) ORDER BY file.path LIMIT 5]]
local FIRST = "SELECT file.id, file.path FROM thumbnail JOIN file ON file.id = file_id WHERE of = ?"
local PAIR = "UPDATE thumbnail SET of = ? WHERE file_id = ?"
local PROBLEM = "UPDATE file SET problem = coalesce(problem, ?) WHERE id = ?"
local REASON = "UPDATE file SET reason_code = ?, reason_data = ? WHERE id = ?"
-- Names with odd bytes may be shown alike. Then only the first file has a row.
local ORPHANS = "DELETE FROM thumbnail WHERE file_id NOT IN (SELECT id FROM file)"
local OF = "SELECT file.id, file.path, file.size, suffix FROM thumbnail JOIN file ON file.id = file_id WHERE of = ?"

---Says what is wrong with the size of a thumbnail.
---@param size integer? bytes
---@return string? words
function m.wrong_size(size)
  if size == 0 then return "is empty (0 bytes)" end
  if size and size > m.largest then
    return ("has %s, too many for a thumbnail: %s at most"):format(words.bytes(size), words.bytes(m.largest))
  end
end

---Says what is wrong with the first bytes of a thumbnail.
---@param head string
---@return string? words
function m.wrong_beginning(head)
  return formats.check("thumb", head)
end

---Says what is wrong with the size or the first bytes of a thumbnail on disk.
---@param path string
---@param size integer bytes
---@return string? words
function m.problem(path, size)
  local words_of_size = m.wrong_size(size)
  if words_of_size then return words_of_size end
  local head, message = core.files.head(path, formats.enough)
  if not head then return "can't be read: " .. (message:match "[^:]+$" or message):gsub("^ ", "") end
  return m.wrong_beginning(head)
end

local methods = {}
local meta = { __index = methods }

---Begins to collect, inside an attempt.
---@param db table
---@return table pairs
function m.new(db)
  attempt.run(db, NAMED)
  attempt.call(store.set, db, { thumbnails = "yes" })
  return setmetatable({ db = db, several = {} }, meta)
end

---Adds a file that a thumbnail may belong to.
---@param id integer
---@param path string
function methods:add_file(id, path)
  local folder, name = path:match "^(.*/)([^/]*)$"
  local stem = (folder or "") .. objects.split_extension(name or path)
  attempt.run(self.db, ADD_NAME, fold(path), 1, id)
  if stem ~= path then attempt.run(self.db, ADD_NAME, fold(stem), 2, id) end
end

---Adds a thumbnail.
---@param id integer
---@param owner { [1]: string, [2]: string } path of its file, and the suffix that it is sent with
function methods:add_thumbnail(id, owner)
  attempt.run(self.db, ADD, id, owner[1], owner[2])
end

local function owners_of(db, path)
  local list = {}
  for row in db:rows(OWNERS, fold(path)) do list[#list + 1] = row end
  return list
end

local function explain(db, file_id, name, about)
  local code, data = reasons.columns(reasons.new(name, about))
  return attempt.run(db, REASON, code, data, file_id)
end

local function doubt(db, thumbnail, owners)
  local paths = {}
  for i, file in ipairs(owners) do paths[i] = file.path end
  local names = table.concat(paths, ", ")
  explain(db, thumbnail.file_id, "thumbnail_fits_several", { files = paths })
  for _, owner in ipairs(owners) do
    attempt.run(db, PROBLEM, ("shares its thumbnail %s: it fits %s"):format(thumbnail.path, names), owner.id)
  end
end

-- From the second thumbnail of a file on none of them is used, and the file has a problem.
local function another(self, thumbnail, owner, first)
  self.several[owner.id] = true
  if first then
    attempt.run(self.db, PROBLEM, ("has several thumbnails: %s, %s"):format(first.path, thumbnail.path), owner.id)
    attempt.run(self.db, PAIR, nil, first.id)
    explain(self.db, first.id, "thumbnail_one_of_several", { file = owner.path })
  end
  explain(self.db, thumbnail.file_id, "thumbnail_one_of_several", { file = owner.path })
end

local function pair_one(self, thumbnail)
  local db = self.db
  local owners = owners_of(db, thumbnail.owner)
  local owner = owners[1]
  if not owner then
    return explain(db, thumbnail.file_id, "thumbnail_without_file", { file = thumbnail.owner })
  end
  if owners[2] then return doubt(db, thumbnail, owners) end
  local first = db:row(FIRST, owner.id)
  if thumbnail.problem then
    attempt.run(db, PROBLEM, ("has a thumbnail that can't be used: %s %s"):format(thumbnail.path, thumbnail.problem), owner.id)
  elseif first or self.several[owner.id] then
    another(self, thumbnail, owner, first)
  else
    attempt.run(db, PAIR, owner.id, thumbnail.file_id)
  end
end

---Pairs thumbnails with their files, once every file was added.
function methods:pair_all()
  local last = 0
  repeat
    local batch = {}
    for row in self.db:rows(NEXT, last) do batch[#batch + 1] = row end
    for _, thumbnail in ipairs(batch) do pair_one(self, thumbnail) end
    last = batch[1] and batch[#batch].file_id
  until not last
  attempt.run(self.db, "DROP TABLE temp.named")
  attempt.run(self.db, ORPHANS)
end

---Gives files their thumbnails: `thumbnail` { id, path, size, suffix } of each that has one.
---@param db table
---@param files { id: integer }[]
---@return table[] files the same list
function m.add_to(db, files)
  for _, file in ipairs(files) do file.thumbnail = db:row(OF, file.id) end
  return files
end

---Whether a file is a thumbnail.
---@param db table
---@param file_id integer
---@return boolean
function m.is_thumbnail(db, file_id)
  return db:value("SELECT 1 FROM thumbnail WHERE file_id = ?", file_id) ~= nil
end

return m
