-- almanac decide: takes a person's decisions about titles of a plan.
local audit = require "almanac.run.audit"
local store = require "almanac.run.store"
local words = require "almanac.words"

local PRIVATE = 384   -- octal 600: titles in the list may be restricted

local m = { changes = true, offline = true, summary = "Record your decisions about the titles to decide, and about those that failed." }

function m.configure(parser)
  parser:help_max_width(100)
  parser:argument("run", "the run file")
  parser:argument("decisions", "CSV with the columns mms_id, decision (use or skip; empty: still to decide) and file; " ..
    "for several pages a row each, in page order; with records also record, the one that the title goes with"):args "?"
  parser:option("--sheet", "the sheet of a workbook with the decisions (its first)"):argname "NAME"
  parser:option("--template", "write the titles to decide with their candidates, and those that failed, to this file, " ..
    "to fill in"):argname "FILE"
  parser:epilog("Of a title that failed, use tries it again as planned (or with the file that is named), skip leaves it as it is.\n" ..
    "Of a title in doubt while undo takes it back, use lets undo go on with it.\n" ..
    "All lines are checked first: when one is wrong, nothing is decided. " ..
    "Exit status: 0 nothing is left to decide, 1 nothing was decided, 2 some titles are still to decide.")
end

local function write_template(args, out)
  local core = require "almanac.core"
  local db <close>, message, code = store.open(args.run, "read")
  if not db then return nil, message, code end
  if core.files.stat(args.template) then
    return nil, args.template .. ": exists already; give another name, or delete it", "conflict"
  end
  local parts = {}
  local titles = require("almanac.plan.decide").template(db, function(text) parts[#parts + 1] = text end)
  if titles == 0 then
    out.say "nothing is left to decide"
    return 0
  end
  local ok
  ok, message, code = core.files.write(args.template, table.concat(parts), PRIVATE)
  if not ok then return nil, message, code end
  out.event("template", { path = args.template, titles = titles })
  out.say(("%s to decide, written to %s: write use or skip into the column decision, then"):format(
    words.count(titles, "title"), args.template))
  out.say(("  almanac decide %s %s"):format(args.run, args.template))
  return 0
end

function m.run(args, context)
  local out = context.out
  if args.template then return write_template(args, out) end
  if not args.decisions then
    return nil, ("name the file with the decisions, or get one to fill in: almanac decide %s --template decisions.csv"):format(args.run)
  end
  local db <close>, message, code = store.open(args.run, "write")
  if not db then return nil, message, code end
  local counts
  counts, message, code = require("almanac.plan.decide").apply(db, args.decisions, args.sheet)
  if not counts then return nil, message, code end
  audit.note(db, { command = "decide", args = args })
  local left = store.counts(db).ask
  out.event("decided", { use = counts.use, skip = counts.skip, ask = left })
  out.say(("decided %s: %d to be carried out, %d skipped; %d still to decide"):format(
    words.count(counts.use + counts.skip, "title"), counts.use, counts.skip, left))
  if counts.undo ~= counts.use + counts.skip then out.say("carry it out with:  almanac apply " .. args.run) end
  if counts.undo then out.say(("go on taking back with:  almanac undo %s --yes"):format(args.run)) end
  return left > 0 and 2 or 0
end

return m
