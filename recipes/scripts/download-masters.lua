-- almanac-script: 1
--
-- Downloads the masters of a set of titles, with a list of checksums.
-- Each title gets a folder of its own, named by its MMS ID. checksums.csv tells of every file where
-- it came from, its size, SHA-256 and MD5; SHA256SUMS is the same for `sha256sum --check`. No AWS
-- keys are needed. When the script is run again, it fetches what is not on the list, or not there
-- with its size: so an interrupted download goes on. Changes nothing in Alma. Exit status 2: some
-- files could not be downloaded.
-- `almanac fetch --masters` does the same and more: many at a time, with AWS keys too, records, a bag, only what changed. This one
-- is short, to be changed.
local script = require "almanac.script"
local core = require "almanac.core"
local files = require "almanac.alma.files"
local representations = require "almanac.alma.representations"
local task = require "almanac.task"

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "folder", "string", required = true, help = "where the files go; it is made when it is not there" },
  { "usage_type", "string", default = "PRESERVATION_MASTER", help = "the representations whose files are wanted" },
  { "again", "flag", help = "compare the files that are there with their checksums" },
}

local HEADINGS = { "mms_id", "representation_id", "file_id", "path", "label", "size", "sha256", "md5" }
local AT_ONCE = 4
local FATAL = { io = true, connect = true, tls = true }   -- the next file would fail alike
local MASTER = { PRESERVATION_MASTER = "PRIMARY", PRIMARY = "PRESERVATION_MASTER" }

local client, ids = script.client(), script.titles(args)
script.check(core.files.make_folder(args.folder))
local list_path = args.folder .. "/checksums.csv"

-- A spreadsheet rounds long numbers, such as MMS IDs: an apostrophe keeps them text.
local function line_of(row)
  local cells = {}
  for i, name in ipairs(HEADINGS) do
    local text = tostring(row[name] or "")
    cells[i] = text:find "^%d+$" and #text > 15 and "'" .. text or text
  end
  return core.csv.line(cells)
end

-- What an earlier run wrote down, by file id. A last line that was cut is left out.
local function read_list()
  local known, text = {}, core.files.read(list_path, 1 << 30) or ""
  local reader <close> = core.csv.parse(text:match "^.*\n" or "")
  reader:next()
  while true do
    local cells = reader:next()
    if not cells then return known end
    local row = {}
    for i, name in ipairs(HEADINGS) do row[name] = cells[i] and cells[i]:gsub("^'", "") or "" end
    known[row.file_id] = row
  end
end

local known, count = read_list(), { new = 0, there = 0, failed = 0 }

-- Both lists anew, whole or not at all.
local function write_lists()
  local rows, lines, sums = {}, { core.csv.line(HEADINGS) }, {}
  for _, row in pairs(known) do rows[#rows + 1] = row end
  table.sort(rows, function(a, b) return a.path < b.path end)
  for i, row in ipairs(rows) do
    lines[i + 1], sums[i] = line_of(row), ("%s  %s\n"):format(row.sha256, row.path)
  end
  script.check(core.files.write(list_path, table.concat(lines)))
  script.check(core.files.write(args.folder .. "/SHA256SUMS", table.concat(sums)))
end

write_lists()
local journal <close> = script.check(io.open(list_path, "ab"))

local function write_down(row)
  known[row.file_id] = row
  script.check(journal:write(line_of(row)))
  journal:flush()
end

local function is_there(row, file)
  local stat = row and core.files.stat(args.folder .. "/" .. row.path)
  if not stat or stat.size ~= tonumber(row.size) or stat.size ~= tonumber(file.size) then return false end
  return not args.again or core.files.sha256(args.folder .. "/" .. row.path) == row.sha256
end

local function fail(what, message, code)
  if FATAL[code] then script.check(nil, message, code) end
  count.failed = count.failed + 1
  script.failed(what, message, code)
end

local function is_wanted(rep)
  local code = type(rep.usage_type) == "table" and rep.usage_type.value or rep.usage_type
  return not rep.is_remote and (code == args.usage_type or code == MASTER[args.usage_type])
end

-- Two files of one name in a title are told apart by their ids.
local function names_of(list)
  local names, taken = {}, {}
  for _, each in ipairs(list) do
    local name = files.name(each.file)
    if taken[name:lower()] then name = name:gsub("(%.[^.]*)$", ""):gsub("$", "-" .. each.file.pid) .. (name:match "%.[^.]*$" or "") end
    taken[name:lower()], names[each.file.pid] = true, name
  end
  return names
end

local function masters_of(mms_id)
  local list, message, code = representations.list(client, mms_id)
  if not list then return nil, message, code end
  local masters = {}
  for _, entry in ipairs(list) do
    local rep = entry
    if not entry.usage_type then rep, message, code = representations.get(client, mms_id, entry.id) end
    if not rep then return nil, message, code end
    local of_rep
    if is_wanted(rep) then of_rep, message, code = files.list(client, mms_id, rep.id) else of_rep = {} end
    if not of_rep then return nil, message, code end
    for _, file in ipairs(of_rep) do masters[#masters + 1] = { rep = rep, file = file } end
  end
  return masters
end

local function fetch(mms_id, each, name)
  local file, path = each.file, ("%s/%s"):format(mms_id, name)
  local row = known[file.pid]
  if is_there(row, file) then
    count.there = count.there + 1
    return
  end
  local got, message, code = files.download(client, mms_id, each.rep.id, file.pid, args.folder .. "/" .. path)
  if not got then return fail(("%s: %s"):format(mms_id, name), message, code) end
  count.new = count.new + 1
  write_down { mms_id = mms_id, representation_id = each.rep.id, file_id = file.pid, path = path, label = got.label, size = got.size,
    sha256 = got.sha256, md5 = got.md5 }
end

local function of_title(mms_id)
  local masters, message, code = masters_of(mms_id)
  if not masters then return fail(mms_id, message, code) end
  if masters[1] then script.check(core.files.make_folder(args.folder .. "/" .. mms_id)) end
  local names = names_of(masters)
  for _, each in ipairs(masters) do fetch(mms_id, each, names[each.file.pid]) end
end

local raised = task.each(ids, AT_ONCE, of_title)
if raised[1] then error(raised[1].message, 0) end
write_lists()
script.say("%d files downloaded, %d were there, %d failed; %s", count.new, count.there, count.failed, list_path)
