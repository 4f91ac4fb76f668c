-- The files of a run: walks the folder, asks the recipe for the key of each,
-- looks at those that have one, and writes everything down.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local objects = require "almanac.recipe.objects"
local rules = require "almanac.recipe.rules"

local m = {}

local FILE = "INSERT OR IGNORE INTO file(path, size, mtime_ns, problem, reason) VALUES(?, ?, ?, ?, ?)"
local KEY = "INSERT OR IGNORE INTO file_key(key, file_id, page) VALUES(?, ?, ?)"

local NO_KEY = "left out: the recipe gives it no key"

-- A name that can't be sent as it is can't be told either: its odd bytes are
-- shown as %XX.
local function printable(path)
  return (path:gsub("[\1-\31\127-\255]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

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

local function key_of(scan, file)
  local ok, key, page = rules.file_key(scan.recipe, file, scan.args)
  if ok and key then
    ok, page = rules.page(scan.recipe, file, scan.args)
    if not ok then key = page end
  end
  if not ok then attempt.fail(key, "parse") end
  return key, page
end

local function add(scan, path, size, mtime, unreadable)
  local db, file = scan.db, objects.file(path, size)
  local problem = wrong_name(path)
  if problem then file = objects.file(printable(path), size) end
  if unreadable then problem = add_unreadable(db, path, unreadable) end
  local key, page = key_of(scan, file)
  if key and not problem then problem = wrong_content(scan.folder, file) end
  local added, id = attempt.run(db, FILE, file.path, size, mtime, problem, not key and NO_KEY or nil)
  if key and added == 1 then attempt.run(db, KEY, key, id, page) end
  scan.files = scan.files + 1
end

---Writes down all files of the folder with their keys. Called inside an
---attempt: a folder that can't be read or a rule that fails ends it.
---@param db table in a transaction
---@param folder string
---@param recipe table
---@param args table the recipe's arguments
---@return integer files how many there are
function m.scan(db, folder, recipe, args)
  local walk, message, code = core.files.walk(folder)
  if not walk then attempt.fail(message, code) end
  local scan = { db = db, folder = folder, recipe = recipe, args = args, files = 0 }
  while true do
    local path, size, detail = walk:next()
    if not path then return scan.files end
    if size then add(scan, path, size, detail) else add(scan, path, nil, nil, detail) end
  end
end

return m
