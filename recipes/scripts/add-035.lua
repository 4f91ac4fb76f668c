-- almanac-script: 1
--
-- Adds system numbers from a list to 035 $a of titles.
-- The list has the columns mms_id and number. A number is written as it is to stand there, with its prefix, e.g. (DE-599)BVB012345678; --prefix "(OCoLC)" is put
-- in front of those that have none. A title that has the number already is left as it is, so that the same list can be
-- given again. Without --yes it only shows what would be added. Prints CSV with the columns mms_id, number, state.
local script = require "almanac.script"
local bibs = require "almanac.alma.bibs"

local args = script.arguments {
  { "list", "file", required = true, help = "CSV, .xlsx or .ods with the columns mms_id and number" },
  { "prefix", "string", help = "of numbers that have none, e.g. (OCoLC)" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
  { "yes", "flag", help = "change the titles; without it nothing is changed" },
}
if args.prefix and not args.prefix:find "^%([^()]+%)$" then
  script.check(nil, ("--prefix: '%s' is not in brackets, as in (OCoLC)"):format(args.prefix))
end

-- The numbers of each title, in the order of the list.
local ids, numbers = {}, {}
for _, row in ipairs(script.rows(args.list, { "mms_id", "number" })) do
  local id, number = row.mms_id, row.number
  if id == "" or number == "" then
    script.failed(("%s, line %d"):format(args.list, row.line), id == "" and "has no MMS ID" or "has no number")
  else
    if args.prefix and not number:find "^%(" then number = args.prefix .. number end
    if not numbers[id] then
      ids[#ids + 1], numbers[id] = id, {}
    end
    table.insert(numbers[id], number)
  end
end

-- Adds what a record lacks, and gives it.
local function add(record, wanted)
  local there, added = {}, {}
  for _, number in ipairs(record:all "035$a") do there[number] = true end
  for _, number in ipairs(wanted) do
    if not there[number] then
      record:add { "035", "  ", "a", number }
      there[number], added[#added + 1] = true, number
    end
  end
  return added
end

local client, missing = script.client(), {}
local csv <close> = script.csv(args.output, { "mms_id", "number", "state" })

local function work_on(bib)
  local id = bib.mms_id
  if not bib.record.each then return script.failed(id, "is Dublin Core, which has no 035") end
  local added = add(bib.record:copy(), numbers[id])
  if added[1] and args.yes then
    local kept, message, code = bibs.update(client, id, function(record) added = add(record, numbers[id]) end)
    if not kept then return script.failed(id, message, code) end
  end
  local is_new = {}
  for _, number in ipairs(added) do is_new[number] = true end
  for _, number in ipairs(numbers[id]) do
    csv:write { id, number, not is_new[number] and "was there" or args.yes and "added" or "would be added" }
  end
end

for bib in bibs.each(client, ids, { missing = missing }) do work_on(bib) end
for _, id in ipairs(missing) do script.failed(id, "Alma knows no such title", "missing") end
if not args.yes then script.warn "nothing was changed; give --yes to add the numbers" end
