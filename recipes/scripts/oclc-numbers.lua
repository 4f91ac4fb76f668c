-- almanac-script: 1
--
-- OCLC numbers of the titles of a set or list, as CSV.
-- Its columns are mms_id and oclc_number. Numbers come from 035 $a with (OCoLC), without prefix and zeros in front; cancelled ones ($z) are left out.
-- A title with several has a row for each, one without has a row with an empty number. Changes nothing.
local script = require "almanac.script"
local bibs = require "almanac.alma.bibs"

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}
local client, ids, missing = script.client(), script.titles(args), {}
local csv <close> = script.csv(args.output, { "mms_id", "oclc_number" })
for bib in bibs.each(client, ids, { missing = missing }) do
  local numbers = bib.record.oclc_numbers and bib.record:oclc_numbers() or {}   -- Dublin Core has no 035
  for _, number in ipairs(numbers) do csv:write { bib.mms_id, number } end
  if not numbers[1] then csv:write { bib.mms_id, "" } end
end
for _, id in ipairs(missing) do script.failed(id, "Alma knows no such title", "missing") end
