-- almanac report: says what a run did.
local into = require "almanac.report.into"
local report = require "almanac.report"
local store = require "almanac.run.store"
local whole = require "almanac.whole"
local words = require "almanac.words"

local m = { offline = true, summary = "What a run did, as text, CSV or JSON." }

function m.configure(parser)
  parser:argument("run", "the run file")
  parser:option("--format", "text, csv or json (text)"):choices { "text", "csv", "json" }:default("text"):show_default(false)
  parser:flag("--failed", "only the titles that failed, as a list for --titles of the next plan")
  parser:flag("--calls", "every call to Alma: time, path, status, milliseconds, try, tracking id (CSV)")
  parser:option("-o --output", "write it to this file instead of stdout"):argname "FILE"
  parser:option("--into", "a copy of this list (CSV) with the MMS IDs, ids of representations and of files of the run; the list stays " ..
    "as it is, the copy is LIST-ids.csv or --output"):argname "LIST"
  parser:epilog("In CSV and JSON the state of a title is a word for programs: ask is to decide, skip is skipped.")
end

local function writer_of(db)
  return store.derives(db) and require "almanac.derive.report" or report
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

local SHOWN = 5

-- The library's own list gets the ids.
local function write_into(db, args, context)
  local to = args.output or into.copy_of(args.into)
  local told, message, code = into.write(db, args.into, to, store.meta(db, "records_source"))
  if not told then return nil, message, code end
  for i = 1, math.min(#told.others, SHOWN) do context.out.note(told.others[i] .. ": it stays") end
  if #told.others > SHOWN then context.out.note(("and %d more like it"):format(#told.others - SHOWN)) end
  context.out.say(("%s: %d of %s got ids; numbers of 18 digits are to be imported as text into a spreadsheet"):format(to, told.filled,
    words.count(told.rows, "row")))
  return told.filled > 0 and 0 or 2
end

function m.run(args, context)
  local db <close>, message, code = store.open(args.run, "read", true)
  if not db then return nil, message, code end
  if args.into then return write_into(db, args, context) end
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
