-- The options that say where titles come from, alike in each command that takes them.
local m = {}

local NAMES = { "titles", "sheet", "charset", "titles_id", "oai", "oai_url", "oai_prefix", "oai_from", "sru", "sru_url" }

---Adds them to a command.
---@param parser table of argparse
function m.declare(parser)
  parser:option("--titles", "the titles: MMS IDs with commas between, a file with one a line, " ..
    "a list (CSV, .xlsx, .ods) with a column mms_id or barcode, or a file of records (MARC in any format, " ..
    "Dublin Core as XML)"):argname "FILE|IDS"
  parser:option("--sheet", "the sheet of a workbook that --titles names (its first)"):argname "NAME"
  parser:option("--charset", "what the text of --titles is in, where it leaves it open: windows-1251, marc-8, … (`iconv -l`)")
    :argname("NAME"):convert(require("almanac.cli.marc.options").charset "--charset")
  parser:option("--titles-id", "where the MMS ID stands in a record when it is not 001, e.g. 035$a"):argname "SPEC"
  parser:option("--oai", "the titles: those of a set that Alma publishes by OAI-PMH"):argname "SET"
  parser:option("--oai-url", "the OAI-PMH address when it is not Alma's own"):argname "URL"
  parser:option("--oai-prefix", "format that the set is published in (marc21)"):argname "PREFIX"
  parser:option("--oai-from", "only what changed since this day"):argname "DATE"
  parser:option("--sru", "the titles: those that a CQL query finds, at most 10,000"):argname "QUERY"
  parser:option("--sru-url", "the SRU address when it is not Alma's own"):argname "URL"
end

---What was given of them.
---@param args table the parsed command line
---@return table<string, string>
function m.given(args)
  local given = {}
  for _, name in ipairs(NAMES) do given[name] = args[name] end
  return given
end

return m
