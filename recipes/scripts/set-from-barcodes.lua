-- almanac-script: 1
--
-- Makes a set of the items in a list of barcodes, or of their titles, and says which barcodes are unknown.
-- The list is CSV, .xlsx or .ods with a column of barcodes. A set of that name which is there
-- already gets what it lacks, so the script can be run again after an interruption, and nothing is
-- made twice. Writes to Alma: the set and its members. Exit status 2: some barcodes are unknown.
local script = require "almanac.script"
local alma = require "almanac.alma"
local task = require "almanac.task"

local args = script.arguments {
  { "list", "file", required = true, help = "the list with the barcodes" },
  { "column", "string", default = "barcode", help = "the heading of their column" },
  { "name", "string", required = true, help = "the name of the set" },
  { "description", "string", help = "what the set is for" },
  { "titles", "flag", help = "a set of the titles, not of the items; costs two calls for each barcode" },
  { "public", "flag", help = "a set that others see too" },
  { "unknown", "string", help = "a CSV file for the barcodes that are unknown; without it, they are printed" },
}

local AT_ONCE = 8

-- The barcodes of the list, each once.
local function barcodes()
  local list, seen = {}, {}
  for _, row in ipairs(script.rows(args.list, { args.column })) do
    local barcode = row[args.column]
    if barcode ~= "" and not seen[barcode] then
      seen[barcode] = true
      list[#list + 1] = barcode
    end
  end
  if not list[1] then script.check(nil, ("%s: its column %s is empty"):format(args.list, args.column), "parse") end
  return list
end

-- The titles of the barcodes in their order, each once, and the barcodes of none.
local function titles_of(client, list)
  local by_barcode, unknown = {}, {}
  local raised = task.each(list, AT_ONCE, function(barcode)
    local item, message, code = alma.items.by_barcode(client, barcode)
    if not item and code ~= "missing" then script.check(nil, message, code) end
    by_barcode[barcode] = item and item.bib_data.mms_id
  end)
  if raised[1] then error(raised[1].message, 0) end
  local ids, seen = {}, {}
  for _, barcode in ipairs(list) do
    local id = by_barcode[barcode]
    if not id then unknown[#unknown + 1] = barcode end
    if id and not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  return ids, unknown
end

local function tell(unknown)
  if not args.unknown then
    for _, barcode in ipairs(unknown) do script.warn("unknown: %s", barcode) end
    return
  end
  local csv <close> = script.csv(args.unknown, { "barcode" })
  for _, barcode in ipairs(unknown) do csv:write { barcode } end
end

local client, list = script.client(), barcodes()
local members, unknown = list, {}
if args.titles then members, unknown = titles_of(client, list) end
if not members[1] then
  tell(unknown)
  script.check(nil, "none of the barcodes is known: no set was made", "missing")
end
local set, there, result = script.check(alma.sets.create(client, {
  name = args.name, description = args.description, content = args.titles and "BIB_MMS" or "ITEM", private = not args.public,
  members = members, id_type = not args.titles and "BARCODE" or nil,
}))
table.move(result.invalid, 1, #result.invalid, #unknown + 1, unknown)
tell(unknown)
if not there and #result.done == 0 then
  script.check(alma.sets.delete(client, set.id))
  script.warn "none of the barcodes is known: the new set was deleted again"
  return 2
end
script.say("set '%s' (%s): %d added, %d were in it, %d of %d barcodes unknown", args.name, set.id, #result.done, #result.already,
  #unknown, #list)
return unknown[1] and 2 or 0
