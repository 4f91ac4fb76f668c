-- almanac report: says what a run did.
local derive = require "almanac.derive"
local report = require "almanac.report"
local store = require "almanac.run.store"
local whole = require "almanac.whole"

local m = { offline = true, summary = "What a run did, as text, CSV or JSON." }

function m.configure(parser)
  parser:argument("run", "the run file")
  parser:option("--format", "text, csv or json (text)"):choices { "text", "csv", "json" }:default("text"):show_default(false)
  parser:flag("--failed", "only the titles that failed, as a list for --titles of the next plan")
  parser:flag("--calls", "every call to Alma: time, path, status, milliseconds, try, tracking id (CSV)")
  parser:option("-o --output", "write it to this file instead of stdout"):argname "FILE"
  parser:epilog("In CSV and JSON the state of a title is a word for programs: ask is to decide, skip is skipped.")
end

local function writer_of(db)
  return derive.is_one(db) and require "almanac.derive.report" or report
end

local function write_file(db, format, path)
  local out <close>, message, code = whole.open(path)
  if not out then return nil, message, code end
  local ok = true
  writer_of(db).write(db, format, function(text)
    if ok then ok, message = out:write(text) end
  end)
  if not ok then return nil, ("%s can't be written: %s"):format(path, message), "io" end
  return out:complete()
end

function m.run(args, context)
  local db <close>, message, code = store.open(args.run, "read", true)
  if not db then return nil, message, code end
  local ok
  local format = args.calls and "calls" or args.failed and "failed" or args.json and "json" or args.format
  if args.output then
    ok, message, code = write_file(db, format, args.output)
    if not ok then return nil, message, code end
    context.out.note("report written to " .. args.output)
  else
    writer_of(db).write(db, format, function(text) io.stdout:write(text) end)
  end
  return 0
end

return m
