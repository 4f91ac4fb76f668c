-- almanac-script: 1
--
-- Digitization requests that are open, as CSV.
-- Alma has no call for the requests of all titles, so the titles come from a set, a list, or a
-- report of Analytics with a column "MMS Id" (in a shared folder). Each title costs a call. A
-- request without a person is the library's own. Needs an API key with the right on Bibs. Changes
-- nothing.
local script = require "almanac.script"
local analytics = require "almanac.alma.analytics"
local requests = require "almanac.alma.requests"
local task = require "almanac.task"

local AT_ONCE = 8

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "report", "string", help = "the titles: a report of Analytics, /shared/…" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

-- The MMS IDs of a report, each once.
local function reported(path)
  local ids, seen = {}, {}
  local report = script.check(analytics.report(script.client(), path))
  local key
  for _, column in ipairs(report.columns) do
    if column.heading and column.heading:lower():gsub("[^%w]", "") == "mmsid" then key = key or column.key end
  end
  if not key then script.check(nil, path .. ": the report has no column \"MMS Id\"", "parse") end
  while true do
    local row, message, code = report:next()
    if not row and not code then return ids end
    local id = script.check(row, message, code)[key]
    if id and not seen[id] then ids[#ids + 1], seen[id] = id, true end
  end
end

local function titles()
  if not args.report then return script.titles(args) end
  if args.set or args.list then script.check(nil, "give one of --set, --list and --report", "parse") end
  return reported(args.report)
end

local client, ids = script.client(), titles()
local found, failures = {}, {}
local places = {}
for i, id in ipairs(ids) do places[i] = { n = i, mms_id = id } end
task.each(places, AT_ONCE, function(place)
  local list, message, code = requests.list(client, { mms_id = place.mms_id }, { type = "DIGITIZATION" })
  if code == "auth" or code == "quota" then script.check(nil, message, code) end
  found[place.n] = list or {}
  if not list then failures[#failures + 1] = ("%s: %s"):format(place.mms_id, message) end
end)

local function text(value) return type(value) == "table" and (value.desc or value.value) or value end

local csv <close> = script.csv(args.output, { "mms_id", "title", "request_id", "for", "status", "step", "date", "partial", "comment" })
for i, id in ipairs(ids) do
  for _, request in ipairs(found[i]) do
    csv:write { id, text(request.title), request.request_id, request.user_primary_id, request.request_status, request.task_name,
      request.request_date, request.partial_digitization and "yes" or "no", request.comment, n = 9 }
  end
end
for _, words in ipairs(failures) do script.warn("%s", words) end
return failures[1] and 2 or 0
