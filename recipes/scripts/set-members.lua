-- almanac-script: 1
--
-- Titles of a set or list with their representations and files, as CSV.
-- There is a row for each file; a representation without files and a title without representations have a row too.
-- Changes nothing.
local script = require "almanac.script"
local bibs = require "almanac.alma.bibs"
local files = require "almanac.alma.files"
local representations = require "almanac.alma.representations"
local task = require "almanac.task"

local AT_A_TIME = 8     -- titles; the pace of all calls is that of --rate
local BATCH = 100       -- titles that are held before they are written, in the order of the set

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

local function value(coded) return type(coded) == "table" and coded.value or coded end

-- The rows of a representation.
local function rows_of(client, bib, representation, rows)
  local list, message, code = files.list(client, bib.mms_id, representation.id)
  local head = { bib.mms_id, bib.title, representation.id, value(representation.usage_type), representation.label }
  if not list then
    script.failed(("%s, representation %s"):format(bib.mms_id, representation.id), message, code)
    list = {}
  end
  if not list[1] then rows[#rows + 1] = head end
  for _, file in ipairs(list) do
    rows[#rows + 1] = table.move({ file.pid, file.label, file.path, file.size }, 1, 4, 6, table.move(head, 1, 5, 1, {}))
  end
end

local function title_rows(client, bib)
  local rows, list, message, code = {}, representations.list(client, bib.mms_id)
  if not list then
    script.failed(bib.mms_id, message, code)
    list = {}
  end
  for _, representation in ipairs(list) do rows_of(client, bib, representation, rows) end
  if not list[1] then rows[1] = { bib.mms_id, bib.title } end
  return rows
end

local client, ids = script.client(), script.titles(args)
local csv <close> = script.csv(args.output, { "mms_id", "title", "representation_id", "usage_type", "representation_label",
  "file_pid", "file_label", "path", "size" })

for first = 1, #ids, BATCH do
  local list, missing, code = bibs.get(client, table.move(ids, first, math.min(first + BATCH - 1, #ids), 1, {}))
  if not list then script.check(nil, missing, code) end
  for _, id in ipairs(missing) do script.failed(id, "Alma knows no such title", "missing") end
  local rows = {}
  local raised = task.each(list, AT_A_TIME, function(bib) rows[bib] = title_rows(client, bib) end)
  if raised[1] then error(raised[1].message, 0) end
  for _, bib in ipairs(list) do
    for _, row in ipairs(rows[bib]) do csv:write(row) end
  end
end
