-- The options of `almanac plan` that name a source of records.
local m = {}

m.WITH_VALUE = "--records --records-set --records-prefix --records-from --records-until --records-url --records-id --records-sheet " ..
  "--records-charset --records-people --records-status --since --find"

function m.configure(parser)
  parser:option("--records", "the records of the plan: a file (MARC in any format, Dublin Core or MODS as XML, answers of OAI-PMH, " ..
    "CSV, .xlsx, .ods) or a folder of such, may be repeated; oai:URL, a repository; sru:QUERY; deposits; requests (open ones for " ..
    "digitization, of the plan's titles or of people)"):argname "SOURCE":count "*"
  parser:option("--records-set", "of a repository: only this set"):argname "SET"
  parser:option("--records-prefix", "format of the records: oai_dc, or marc21 from an Alma (OAI-PMH); marcxml (SRU)"):argname "PREFIX"
  parser:option("--records-from", "of a repository: only what changed since this day"):argname "DATE"
  parser:option("--records-until", "of a repository: only what changed up to this day"):argname "DATE"
  parser:option("--records-url", "the SRU address when it is not Alma's own"):argname "URL"
  parser:option("--records-id", "where the identifier of a record stands, when not in the header, in 001 or in a column such as " ..
    "identifier: a MARCspec, a path (dc:identifier[2]), a heading"):argname "SPEC"
  parser:option("--records-sheet", "the sheet of a workbook that --records names (its first)"):argname "NAME"
  parser:option("--records-charset", "what the text of --records is in, where it leaves it open"):argname "NAME"
    :convert(require("almanac.cli.marc.options").charset "--records-charset")
  parser:option("--records-people", "whose deposits or requests: a file with their identifiers, identifiers with commas between, or " ..
    "set:NAME, a set of users in Alma"):argname "FILE|IDS|set:NAME"
  parser:option("--records-status", "of deposits: only those with this status, by its code or its word in Alma"):argname "STATUS"
  parser:option("--find", "look up the titles of the records in Alma, by their match keys: other_system_id (numbers in 035 or " ..
    "dc:identifier), mms_id (for deposits and requests, which name their title), or sru:INDEX, an index of SRU such as " ..
    "sru:alma.other_system_number; instead of --titles"):argname "WAY"
  parser:option("--since", "an earlier run with records, of this recipe: what it finished and what is as it was is passed over, what " ..
    "it left open comes along, a changed record goes with the title it had. What is not given again is as it was there: --records " ..
    "(a repository is asked for what changed), --find, the recipe's arguments"):argname "RUN"
end

---What was asked for.
---@param args table<string, any> of the command line
---@return almanac.plan.records.given|nil given
---@return string? message
---@return string? code
function m.given(args)
  local given = { from = args.records or {}, set = args.records_set, prefix = args.records_prefix, since = args.records_from,
    to = args.records_until, url = args.records_url, id = args.records_id, sheet = args.records_sheet, charset = args.records_charset,
    people = args.records_people, status = args.records_status }
  if given.from[1] or args.since then return given end
  for name in pairs(given) do
    if name ~= "from" then
      return nil, ("--records-%s goes with --records"):format(name == "since" and "from" or name == "to" and "until" or name), "conflict"
    end
  end
end

return m
