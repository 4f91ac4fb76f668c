-- almanac-script: 1
--
-- A report of Alma Analytics as CSV, all its rows, with the report's headings.
-- The report must be in a shared folder; its path is as the Analytics catalog shows it, from
-- /shared/ on. A file appears only when the report is complete. Needs an API key with the right on
-- Analytics. Changes nothing.
local script = require "almanac.script"
local analytics = require "almanac.alma.analytics"
local core = require "almanac.core"

local args = script.arguments {
  { "report", "string", required = true, help = "path of the report: /shared/…" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
  { "filter", "file", help = "a file with a filter, XML as Analytics writes it" },
}
local filter = args.filter and script.check(core.files.read(args.filter)) or nil
if filter and not core.xml.parse(filter) then script.check(nil, args.filter .. ": is no XML", "parse") end
local report = script.check(analytics.report(script.client(), args.report, { filter = filter }))

local headings = {}
for _, column in ipairs(report.columns) do
  if column.position > 0 then headings[column.position] = column.key or "Column" .. column.position end
end
if not headings[1] then script.check(nil, args.report .. ": Alma gives the report without headings", "parse") end

local partial = args.output and args.output .. ".part"
do
  local csv <close> = script.csv(partial, headings)
  while true do
    local row, message, code = report:next()
    if not row and not code then break end
    script.check(row, message, code)
    row.n = #headings
    csv:write(row)
  end
end
if partial then script.check(core.files.rename(partial, args.output)) end
script.warn("%d rows", report.count)
