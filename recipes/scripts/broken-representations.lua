-- almanac-script: 1
--
-- Broken representations of a collection, as CSV: empty ones, ones without usage type or library, files of 0 bytes.
-- Also remote ones without their record, and two of one usage type and label.
-- A row for each problem, with the columns mms_id, title, representation_id, usage_type, label,
-- file_id, file and problem. Changes nothing. Exit status 2: some titles could not be read.
local script = require "almanac.script"
local collections = require "almanac.alma.collections"
local files = require "almanac.alma.files"
local representations = require "almanac.alma.representations"
local task = require "almanac.task"

local args = script.arguments {
  { "collection", "collection", help = "the titles: a collection" },
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "none", "flag", help = "report titles without any representation as well" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

local AT_ONCE = 8
local FATAL = { connect = true, tls = true }   -- the next title would fail alike

local client = script.client()

-- The titles, each with what its list says its title is.
local function titles()
  if not (args.collection or args.set or args.list) then script.check(nil, "give titles: --collection, --set or --list", "parse") end
  if not args.collection then
    local list = {}
    for i, id in ipairs(script.titles(args)) do list[i] = { mms_id = id } end
    return list
  end
  if args.set or args.list then script.check(nil, "give one of --collection, --set and --list", "parse") end
  local collection = script.check(collections.find(client, args.collection))
  return script.check(collections.bibs(client, collection.pid.value))
end

local function value_of(field)
  if type(field) == "table" then field = field.value end
  return field ~= "" and field or nil
end

local function problems_of_remote(rep)
  if not value_of(rep.repository) then return "remote, and names no repository" end
  if not value_of(rep.originating_record_id) then return "remote, and names no record of its repository" end
end

local function problems_of_file(file, add)
  if tonumber(file.size) == 0 then add("the file has 0 bytes", file) end
  if not value_of(file.size) then add("the file has no size", file) end
  if not value_of(file.path) then add("the file has no place in storage", file) end
end

-- Tells `add` of everything that is wrong with a representation.
local function check(title, rep, add)
  if not value_of(rep.usage_type) then add "no usage type" end
  if not value_of(rep.library) then add "no library" end
  if rep.is_remote == true or rep.is_remote == "true" then
    local words = problems_of_remote(rep)
    if words then add(words) end
    return true
  end
  local list, message, code = files.list(client, title.mms_id, rep.id)
  if not list then return nil, message, code end
  if not list[1] then add "no file" end
  for _, file in ipairs(list) do problems_of_file(file, add) end
  return true
end

local rows = {}

local function check_title(title, i)
  local found = {}
  rows[i] = found
  local list, message, code = representations.list(client, title.mms_id)
  if not list then return nil, message, code end
  if args.none and not list[1] then found[1] = { title.mms_id, title.title, nil, nil, nil, nil, nil, "no representation", n = 8 } end
  local seen = {}
  for _, entry in ipairs(list) do
    local rep, why, kind = representations.get(client, title.mms_id, entry.id)
    if not rep then return nil, why, kind end
    local usage, label = value_of(rep.usage_type), rep.label or ""
    local function add(problem, file)
      found[#found + 1] = { title.mms_id, title.title, rep.id, usage, label, file and file.pid, file and files.name(file), problem, n = 8 }
    end
    local ok
    ok, message, code = check(title, rep, add)
    if not ok then return nil, message, code end
    local twin = ("%s\0%s"):format(usage or "", label)
    if seen[twin] then add(("the same usage type and label as %s"):format(seen[twin])) end
    seen[twin] = seen[twin] or rep.id
  end
  return true
end

local list, failed = titles(), 0
local numbered = {}
for i, title in ipairs(list) do numbered[i] = { title = title, i = i } end
local raised = task.each(numbered, AT_ONCE, function(each)
  local ok, message, code = check_title(each.title, each.i)
  if ok then return end
  if FATAL[code] then script.check(nil, message, code) end
  failed = failed + 1
  script.failed(each.title.mms_id, message, code)
end)
if raised[1] then error(raised[1].message, 0) end

local csv <close> = script.csv(args.output, { "mms_id", "title", "representation_id", "usage_type", "label", "file_id", "file", "problem" })
local count = 0
for i = 1, #list do
  for _, row in ipairs(rows[i]) do
    csv:write(row)
    count = count + 1
  end
end
script.warn("%d titles looked at: %d problems, %d titles could not be read", #list, count, failed)
