-- almanac-script: 1
--
-- Titles of a set or list with their representations and files, as CSV.
-- There is a row for each file; a representation without files and a title without representations have a row too.
-- Changes nothing.
local script = require "almanac.script"
local coded = require "almanac.alma.coded"
local files = require "almanac.alma.files"
local representations = require "almanac.alma.representations"

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

-- The rows of a representation.
local function rows_of(client, bib, representation, rows)
  local list, message, code = files.list(client, bib.mms_id, representation.id)
  local head = { bib.mms_id, bib.title, representation.id, coded.value(representation.usage_type), representation.label }
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

for _, rows in script.each_title(ids, function(bib) return title_rows(client, bib) end) do
  for _, row in ipairs(rows) do csv:write(row) end
end
