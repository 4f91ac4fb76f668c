-- The files of a run: walks the folder, asks the recipe for the key of each,
-- looks at those that have one, and writes everything down.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local objects = require "almanac.recipe.objects"
local sidecars = require "almanac.run.sidecars"
local store = require "almanac.run.store"
local stream = require "almanac.recipe.guard_stream"

local m = {}

local printable = sidecars.printable

local FILE = "INSERT OR IGNORE INTO file(path, size, mtime_ns, problem, reason) VALUES(?, ?, ?, ?, ?)"
local KEY = "INSERT OR IGNORE INTO file_key(key, file_id, page) VALUES(?, ?, ?)"

local BATCH = 200

local NO_KEY = "left out: the recipe gives it no key"

local function wrong_name(path)
  if not core.text.valid(path) then return "its name is not UTF-8 text; rename it" end
  if path:find "%c" then return "its name holds a control character; rename it" end
end

-- Looks into a file that takes part; gives what is wrong with it.
local function wrong_content(folder, file)
  if file.size == 0 then return "is empty (0 bytes)" end
  local head, message = core.files.head(folder .. "/" .. file.path, formats.enough)
  if not head then return "can't be read: " .. (message:match "[^:]+$" or message):gsub("^ ", "") end
  return formats.check(file.ext, head)
end

local function add_unreadable(db, path, message)
  local words = "can't be read: " .. (message:match "[^:]+$" or message):gsub("^ ", "")
  attempt.run(db, "INSERT INTO problem(kind, text) VALUES('unreadable', ?)", printable(path) .. ": " .. words)
  return words
end

-- A file that takes part in the run, as far as the walk tells.
local function looked_at(scan, path, size, detail)
  local file = objects.file(path, size)
  local problem = wrong_name(path)
  if problem then file = objects.file(printable(path), size) end
  if size then
    file.mtime = detail
  else
    problem = add_unreadable(scan.db, path, detail)
  end
  file.problem = problem
  if scan.sidecars then scan.sidecars:add_to(file, path) end
  return file
end

local function is_full(scan, batch)
  return #batch == BATCH or scan.sidecars and batch[1] and scan.sidecars:is_much()
end

local function add_to_batch(scan, batch, file)
  local fault = scan.faults[file.path]
  if fault then
    attempt.run(scan.db, FILE, file.path, file.size, file.mtime, file.problem, fault)
  else
    batch[#batch + 1] = file
  end
end

local function next_batch(scan)
  local batch = {}
  while not is_full(scan, batch) do
    local path, size, detail = scan.walk:next()
    if not path then break end
    if not (scan.sidecars and scan.sidecars:is_one(path)) then add_to_batch(scan, batch, looked_at(scan, path, size, detail)) end
  end
  return batch
end

local function add(scan, file, key, page, others)
  local db, problem = scan.db, file.problem
  if key and not problem then problem = wrong_content(scan.folder, file) end
  local added, id = attempt.run(db, FILE, file.path, file.size, file.mtime, problem, not key and NO_KEY or nil)
  if not key or added ~= 1 then return end
  attempt.run(db, KEY, key, id, page)
  for _, other in ipairs(others or {}) do attempt.run(db, KEY, other, id, page) end
  scan.several = scan.several or others ~= nil
end

local function checked(result, message, code)
  if not result then attempt.fail(message, code) end
  return result, message, code
end

local function add_all(scan, batch)
  local keys, pages, others = checked(scan.stream:take_keys(#batch))
  for i, file in ipairs(batch) do add(scan, file, keys[i] or nil, pages[i] or nil, others[i]) end
  scan.files = scan.files + #batch
end

-- The keys of a batch are found while the one before is written down.
local function scan_all(scan)
  local before = {}
  repeat
    local batch = next_batch(scan)
    if batch[1] then checked(scan.stream:ask_files(batch)) end
    if before[1] then add_all(scan, before) end
    before = batch
  until not batch[1]
  return scan.files
end

---Writes down all files of the folder with their keys. Called inside an
---attempt: a folder that can't be read or a rule that fails ends it.
---@param db table in a transaction
---@param folder string
---@param recipe table
---@param args table the recipe's arguments
---@param faults table<string, string>? path -> why the recipe is not asked about it
---@return integer files how many it was asked about
function m.scan(db, folder, recipe, args, faults)
  local walk, message, code = core.files.walk(folder)
  if not walk then attempt.fail(message, code) end
  local questions <close> = stream.new(recipe, args)
  local scan = { db = db, folder = folder, walk = walk, stream = questions, files = 0, faults = faults or {},
    sidecars = sidecars.reader(db, folder, recipe, args) }
  scan_all(scan)
  if scan.sidecars then scan.sidecars:finish() end
  if scan.several then store.set(db, { several_keys = "files" }) end
  return scan.files
end

return m
