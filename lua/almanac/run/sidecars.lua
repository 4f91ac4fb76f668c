-- Sidecars are read while a folder is walked, each once for all files that it speaks
-- of, and noted in the run file with what was wrong with them. Rules get what a
-- sidecar says, but never touch a file.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local json = require "almanac.json"
local names_of = require "almanac.recipe.inside.sidecar_names"
local sidecar = require "almanac.recipe.sidecar"
local store = require "almanac.run.store"

local m = {}

local MUCH = 1 << 20    -- bytes of sidecars that one batch of files may bring
local KEEP = "INSERT OR IGNORE INTO sidecar(path, sha256, problem) VALUES(?, ?, ?)"

local PROBLEM = "INSERT INTO problem(kind, text) VALUES('sidecar', ?)"

local methods = {}
local meta = { __index = methods }

---Shows the odd bytes of a name as %XX: a name that can't be sent can't be printed either.
---@param path string
---@return string
function m.printable(path)
  return (path:gsub("[\1-\31\127-\255]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function shown_name(path)
  return core.text.valid(path) and not path:find "%c" and path or m.printable(path)
end

local function note_sidecar(reader, path, text, problem)
  if not reader.db then return end
  local added = attempt.run(reader.db, KEEP, path, text and core.hash.sha256(text), problem)
  if problem and added == 1 then attempt.run(reader.db, PROBLEM, ("%s: %s"):format(path, problem)) end
end

-- The system's message without the path that it names.
local function words_of(message, full)
  local _, last = message:find(full, 1, true)
  return "can't be read: " .. message:sub((last or 0) + 1):gsub("^[: ]+", "")
end

local function read_sidecar(reader, path)
  local full = reader.folder .. "/" .. path
  local text, message, code = core.files.head(full, sidecar.largest + 1, reader.folder)
  if code == "missing" then return nil end
  reader.found = true
  local shown, card = shown_name(path), nil
  if text then card, message = sidecar.new(shown, text) else message = words_of(message, full) end
  note_sidecar(reader, shown, text, message)
  if card then reader.bytes = reader.bytes + #text end
  return card, message
end

-- Files with the same stem follow each other in a walk and share a sidecar, so the one
-- that was read last is kept.
local function keeping_the_last(reader)
  return function(path)
    if reader.last ~= path then reader.last, reader.card, reader.words = path, read_sidecar(reader, path) end
    return reader.card, reader.words
  end
end

---Reads the sidecars of the files in a folder.
---@param db table|nil in a transaction, inside an attempt; without it nothing is written down
---@param folder string
---@param recipe table
---@param args table values of the recipe's arguments
---@return table|nil reader nil: the recipe reads none
function m.reader(db, folder, recipe, args)
  local names = names_of.given(recipe.args, args)
  if not names then return nil end
  local reader = setmetatable({ db = db, folder = folder, names = names, bytes = 0 }, meta)
  reader.finder = sidecar.finder(names, keeping_the_last(reader))
  reader.has_own = reader.finder.own[1] ~= nil
  if db then attempt.call(store.set, db, { sidecars = json.encode(json.array(names)) }) end
  return reader
end

---Whether a file of the walk is the sidecar of a folder, and no file to attach.
---@param path string
---@return boolean
function methods:is_one(path)
  return self.finder:is_one(path)
end

---Gives a file its sidecars. When one of them can't be used, nobody knows what the file
---is, so the file itself has a problem, whatever its name says.
---@param file table of objects.file
---@param path string as the walk gave it
---@return string? problem
function methods:add_to(file, path)
  local problem
  file.sidecars, problem = self.finder:of(path)
  file.problem = file.problem or problem
  return problem
end

---Whether the sidecars that were read since the last batch fill one; then a new batch begins.
---@return boolean
function methods:is_much()
  if self.bytes < MUCH then return false end
  self.bytes = 0
  return true
end

local SIDECARS = "SELECT id FROM file WHERE path IN (SELECT path FROM sidecar)"

---Called after the last file. Only now it is known which files are sidecars of a single
---file, and these are taken out of the files to attach. To find none at all is a problem.
function methods:finish()
  if not self.found then
    attempt.run(self.db, PROBLEM, ("no sidecar was found: nothing in the folder is named %s"):format(table.concat(self.names, " or ")))
  end
  if not self.has_own then return end
  attempt.run(self.db, ("DELETE FROM file_key WHERE file_id IN (%s)"):format(SIDECARS))
  attempt.run(self.db, "DELETE FROM file WHERE path IN (SELECT path FROM sidecar)")
end

---The sidecars of a file that a plan read, from the run file alone.
---@param db table
---@param path string
---@return { path: string, sha256: string?, problem: string? }[] list nearest first
function m.kept(db, path)
  local names, list = json.decode(store.meta(db, "sidecars") or "[]"), {}
  if not names[1] then return list end
  local finder = sidecar.finder(names, function(place)
    return db:row("SELECT path, sha256, problem FROM sidecar WHERE path = ?", place)
  end)
  for i, row in ipairs((finder:of(path))) do list[i] = row end
  return list
end

return m
