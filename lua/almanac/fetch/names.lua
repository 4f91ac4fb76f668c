-- Where what is fetched goes below the folder. Without a recipe a title is a folder: its record, a JSON file for each
-- representation, and a folder with the files of each. With the rule `save_as` files go where it says, and the records and
-- representations into a folder beside them.
local core = require "almanac.core"

local m = {}

local LONGEST = 255         -- bytes of one name, as Linux, macOS and Windows have it
local LONGEST_PATH = 1024   -- bytes below the folder
local SPARE = 80            -- bytes of a name that is cut: room for an id and an ending

---The folder that records go into when a rule names the files, and that of lists: no rule may put files there.
m.RECORDS, m.LISTS = "records", "metadata"
local KEPT = { [m.RECORDS] = "the records", [m.LISTS] = "the lists", sha256sums = "the checksums" }

---A path as disks compare it that know no case, or keep names in another form of Unicode.
---@param path string
---@return string
function m.folded(path)
  return core.text.valid(path) and core.text.fold(path) or path:lower()
end

-- The longest beginning of a text that cuts no letter in two.
local function cut(text, length)
  if #text <= length then return text end
  while length > 0 and text:find("^[\x80-\xBF]", length + 1) do length = length - 1 end
  return text:sub(1, length)
end

---The name of a file as Alma keeps it, when the disk can take it, else its id.
---@param file table with pid, path
---@return string
function m.plain(file)
  local name = type(file.path) == "string" and file.path:match "[^/]+$"
  if not name or name == "." or name == ".." or name:find "%z" then return file.pid end
  if #name <= LONGEST then return name end
  return m.with_id(name, file.pid)
end

---A name that no other file has: with the file's id in it.
---@param name string
---@param pid string
---@return string
function m.with_id(name, pid)
  local stem, ending = name:match "^(.+)(%.[%w]+)$"
  if not stem or #ending > 20 then stem, ending = name, "" end
  return ("%s-%s%s"):format(cut(stem, LONGEST - SPARE), pid, ending)
end

-- What is wrong with one part of a path.
local function wrong_part(part)
  if part == "." or part == ".." then return ("'%s' in it leads out of the folder"):format(part) end
  if part == "" then return "it has an empty part" end
  if #part > LONGEST then return ("a part of it has %d bytes; disks take %d"):format(#part, LONGEST) end
  if part:find "%c" then return "it holds a control character" end
end

---What is wrong with a path that a rule gave.
---@param path string
---@return string? words
function m.problem(path)
  if path:find "^/" then return "it leads out of the folder: it begins with /" end
  if #path > LONGEST_PATH then return ("it has %d bytes; at most %d are taken"):format(#path, LONGEST_PATH) end
  for part in (path .. "/"):gmatch "([^/]*)/" do
    local words = wrong_part(part)
    if words then return words end
  end
  local kept = KEPT[m.folded(path:match "^[^/]+")]
  return kept and ("that place is kept for %s"):format(kept)
end

-- The file that stands in the way of one, by what disks compare.
local function in_the_way(db, folded)
  local row = db:row("SELECT mms_id, pid, path FROM file JOIN title ON title.id = title_id WHERE folded = ?", folded)
  if row then return row end
  for at in folded:gmatch "()/" do
    row = db:row("SELECT mms_id, pid, path FROM file JOIN title ON title.id = title_id WHERE folded = ?", folded:sub(1, at - 1))
    if row then return row end
  end
  return db:row("SELECT mms_id, pid, path FROM file JOIN title ON title.id = title_id WHERE folded > ? AND folded < ?",
    folded .. "/", folded .. "0")
end

---Says which file has a path already, or a path that some disk can't tell from it.
---@param db table the state
---@param path string
---@return string? words
function m.taken(db, path)
  local row = in_the_way(db, m.folded(path))
  if not row then return nil end
  if row.path == path then return ("'%s' is the name of file %s of %s as well"):format(path, row.pid or "?", row.mms_id) end
  return ("'%s' stands in the way of '%s', file %s of %s: some disks can't tell them apart, or one would be a folder"):format(path,
    row.path, row.pid or "?", row.mms_id)
end

---The folder of a title's record and representations, below the folder of what is fetched.
---@param work { recipe: table?, root: string }
---@param mms_id string
---@return string
function m.folder_of(work, mms_id)
  return work.root .. (work.recipe and m.RECORDS .. "/" or "") .. mms_id
end

return m
