-- almanac rehearsal: a local Alma and S3 to try everything on.
local m = { changes = true, plain = true, ends_itself = true,
  summary = "Run a local Alma and S3 to try everything on, without key and network." }

local EPILOG = [[
--titles reads a list (CSV, .xlsx, .ods) with one row a file and the columns
  mms_id, title, usage_type, file_name [, size] [, representation_id] [, collection] [, format]
  [, barcode] [, call_number] [, oclc] [, label]
  [, repository, originating_record_id, linking_parameter_1 to _5]
in any order. Rows with the same mms_id, usage_type and representation_id are the
pages of one representation. An empty file_name is a title without files; collection is
a name, nothing for a common one, or none for a title that is in no collection; format
is marc21, unimarc, kormarc, cnmarc, dc, dcap01 or dcap02; barcode makes a physical item.
A row with repository and originating_record_id is a remote representation; the repositories are CONTENTDM, DSPACE, FEDORA,
ROSETTA and DIGITOOL.
Lines that begin with # are left out. Contents are made up when read.
--titles also takes a library's own records: MARC in every format that `almanac marc` reads,
Dublin Core and MODS in XML, and run files of almanac, whose titles come with representations,
files and items as the run read them. 001 or dc:identifier tells the MMS ID;
other records are given one. AVD in a record makes a representation, AVA a holding.
Example: almanac rehearsal --titles export.xml

--repository NAME: a repository beside Alma to harvest by OAI-PMH, with a small collection.
  Path, identifiers, formats, sets, dates and tokens are those of its system; NAME=N has N
  records more. POST /rehearsal/change adds, changes and deletes records.
Example: almanac rehearsal --repository dspace --repository contentdm=2000

--latency WORD[,…]: how long things take.
  %s
Example: --latency 0.3,file=12,gateway=0.5: a file POST is answered 504,
and 12 seconds after it was sent the file is in the lists.

--faults WHERE=WHEN:KIND[,…]: what goes wrong.
  WHERE  a method, or * for any, and if wanted a place:
         bibs holdings items collections representations files sets conf jobs profiles analytics deposits requests
         test (API; all of it without a place)
         s3 (all of it) s3.object s3.list s3.create s3.part s3.parts s3.complete s3.form
         oai sru (beside the API: what Alma shows without a key); oai.dspace and so on (a repository alone)
  WHEN   a rate from 0 to 1, by dice that --seed sets; or @3 the third such call, @2-5 those
  KIND   %s
  FORM   of hostile; --faults hostile alone spoils every tenth answer of API, OAI and SRU
         %s
Example: --faults 'GET=0.05:500,POST files=@1:lost,PUT s3=0.02:reset'

--lists WORD[,…]: how lists are given.
  %s

--form-policy WORD[,…]: further conditions that the signed upload form has, and S3 enforces.
  %s

Analytics has the reports Titles and Digitization requests in /shared/Rehearsal Library/Reports,
and those of --report; each is still working when it is asked for first. Jobs do nothing to
titles: they take their time (--latency job=), count, and end. People: student, archivist.
Logical sets: BIB_MMS where BIB_MMS ((title CONTAIN "map") AND BIB_MMS (all CONTAIN "x")), with
the fields all, title, mms_id and the operators CONTAIN, OUTER_EQUAL, GREATER_EQUAL, LESS_THAN
and NOT_EMPTY. Indication rules: "Has a representation", "Has no representation".

API keys: rehearsal-key (everything), rehearsal-read-only, rehearsal-bibs-only (Bibs and
nothing else). S3: access key REHEARSALACCESSKEY, secret rehearsal-secret.]]

-- The words of a SPEC that a module of the rehearsal reads, one on each line.
local function words_of(name)
  local lines = {}
  for _, word in ipairs(require(name).words) do
    lines[#lines + 1] = ("%-22s %s"):format(word[1], word[2])
  end
  return table.concat(lines, "\n  ")
end

local function forms()
  local lines = {}
  for _, form in ipairs(require("almanac.rehearsal.api.hostile").forms) do
    lines[#lines + 1] = ("%-9s %s"):format(form[1], form[2])
  end
  return table.concat(lines, "\n         ")
end

local function kinds()
  local lines = {}
  for _, kind in ipairs(require("almanac.rehearsal.faults").kinds) do
    local name = kind[3] and kind[1] .. "=N" or kind[1]
    lines[#lines + 1] = ("%-9s %s%s"):format(name, kind[2], kind[3] and (" (%d without =N)"):format(kind[3]) or "")
  end
  return table.concat(lines, "\n         ")
end

local function whole(text)
  return math.tointeger(tonumber(text))
end

local function add_numbers(parser)
  parser:option("--port", "port to listen on; 0 takes a free one"):argname("N"):default("8765"):convert(whole)
  parser:option("--rate", "calls a second before 429; 0 for no limit"):argname("N"):default("25")
    :convert(whole)
  parser:option("--daily", "calls a day"):argname("N"):default("500000"):convert(whole)
  parser:option("--seed", "of the dice for --faults"):argname("N"):default("1"):convert(whole)
  parser:option("--clock", "seconds that its clock is ahead"):argname("SECONDS"):convert(tonumber)
  parser:option("--form-life", "seconds that an upload form is good for (3600)"):argname("SECONDS"):convert(tonumber)
end

local function add_world(parser)
  parser:option("--titles", "list of titles, records or run file; without it a small sample"):argname "FILE"
  parser:option("--sheet", "the sheet of a workbook that --titles names (its first)"):argname "NAME"
  parser:option("--state", "file that keeps everything for the next time"):argname "FILE"
  parser:option("--institution", "institution code (01REHEARSAL_INST)"):argname "CODE"
  parser:option("--environment", "what Alma calls itself (SANDBOX): production, any words; none: nothing")
    :argname "WORD"
  parser:option("--region", "AWS region of the bucket (us-east-1)"):argname "NAME"
  parser:option("--bucket", "name of the bucket"):argname "NAME"
  parser:option("--key", "another API key, with areas if wanted: KEY=bibs,conf:r"):argname("KEY"):count "*"
  parser:option("--session-token", "temporary AWS credentials: requests must carry it"):argname "TOKEN"
  parser:option("--report", "a report of Analytics from a list: /shared/NAME=FILE (several)"):argname("PATH=FILE"):count "*"
  parser:option("--repository", "a repository beside Alma to harvest: dspace, contentdm, fedora, rosetta or digitool (several)")
    :argname("NAME"):count "*"
  parser:flag("--brief", "representation lists without usage type, library and dates")
end

function m.configure(parser)
  parser:help_max_width(100)
  add_world(parser)
  add_numbers(parser)
  parser:option("--latency", "how long calls take; see below"):argname "SPEC"
  parser:option("--faults", "what goes wrong on purpose; see below"):argname "SPEC"
  parser:option("--lists", "how lists are given; see below"):argname "SPEC"
  parser:option("--form-policy", "further conditions of the upload form; see below"):argname "SPEC"
  parser:option("--log", "file that gets a line a request"):argname "FILE"
  parser:option("--record", "file that gets every API call as a JSON line"):argname "FILE"
  parser:option("--ready", "file that gets port, url and pid as JSON when it listens"):argname "FILE"
  parser:flag("--until-eof", "end when stdin does")
  parser:epilog(EPILOG:format(words_of "almanac.rehearsal.latency", kinds(), forms(), words_of "almanac.rehearsal.api.lists",
    words_of "almanac.rehearsal.s3.form_policy"))
end

local function announce(out, about)
  out.say("rehearsal: " .. about.url)
  out.say(("institution %s, API key %s"):format(about.institution, about.key))
  out.say(("OAI-PMH %s/view/oai/%s/request, SRU %s/view/sru/%s"):format(about.url, about.institution, about.url,
    about.institution))
  for _, address in ipairs(about.repositories) do out.say(address) end
  out.say(("S3 %s/%s, access key %s, secret %s"):format(about.s3, about.bucket, about.access_key, about.secret_key))
  out.say "In the other terminal:"
  out.say("  export ALMANAC_API_URL=" .. about.url)
  out.say("  export ALMA_API_KEY=" .. about.key)
  out.say "Ctrl-C ends it."
end

function m.run(args, context)
  local rehearsal = require "almanac.rehearsal"
  local self, message, code = rehearsal.open(args)
  if not self then return nil, message, code end
  if self.world.remark then context.out.note(self.world.remark) end
  announce(context.out, rehearsal.description(self))
  local ok
  ok, message, code = rehearsal.run(self)
  if not ok then return nil, message, code end
  return 0
end

return m
