-- almanac-script: 1
--
-- Physical items without a barcode, of the titles of a set or list, as CSV: a row for each, with where it stands.
-- --library CODE looks at items of that library alone; --titles-without-items adds a row for each title that has no item.
-- Changes nothing.
local script = require "almanac.script"
local coded = require "almanac.alma.coded"
local items = require "almanac.alma.items"

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "library", "string", help = "code of a library: items of others are left out" },
  { "titles_without_items", "flag", help = "also a row for each title that has no item" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

local function has_no_barcode(item)
  return not (item.item_data.barcode or ""):find "%S" and (not args.library or coded.value(item.item_data.library) == args.library)
end

local function row_of(bib, item)
  local data, holding = item.item_data, item.holding_data
  return { bib.mms_id, bib.title, coded.value(data.library), coded.value(data.location), holding.call_number, data.description,
    holding.holding_id, data.pid, n = 8 }
end

local function rows_of(client, bib)
  local rows, list, message, code = {}, items.list(client, bib.mms_id)
  if not list then return {}, script.failed(bib.mms_id, message, code) end
  for _, item in ipairs(list) do
    if has_no_barcode(item) then rows[#rows + 1] = row_of(bib, item) end
  end
  if not list[1] and args.titles_without_items then rows[1] = { bib.mms_id, bib.title } end
  return rows
end

local client, ids = script.client(), script.titles(args)
local csv <close> = script.csv(args.output, { "mms_id", "title", "library", "location", "call_number", "description",
  "holding_id", "item_pid" })
local count = 0

for _, rows in script.each_title(ids, function(bib) return rows_of(client, bib) end) do
  for _, row in ipairs(rows) do
    csv:write(row)
    if row[8] then count = count + 1 end
  end
end
script.warn("%d %s without barcode", count, count == 1 and "item" or "items")
