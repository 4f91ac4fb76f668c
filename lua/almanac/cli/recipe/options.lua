-- The arguments and options that several actions of `almanac recipe` have.
local json = require "almanac.json"
local plain = require "almanac.recipe.inside.plain"

local m = {}

---@param parser table of argparse
function m.recipe(parser)
  parser:argument("recipe", "name or path of a recipe")
end

---@param parser table of argparse
function m.titles(parser)
  parser:option("--titles", "titles and what they hold: a run file, or a list as `almanac rehearsal --titles` reads it; or their " ..
    "records alone, MARC or Dublin Core; or a list with a column mms_id"):argname "FILE"
  parser:option("--sheet", "the sheet of a workbook that --titles names (its first)"):argname "NAME"
end

---The option by which `almanac plan` gets the titles that were tried, as one types it.
---@param path string? what --titles named
---@param sheet string? of a workbook
---@return string?
function m.titles_of_plan(path, sheet)
  if not path then return nil end
  local head = require("almanac.core").files.head(path, 16) or ""
  local shell = require "almanac.shell"
  local which = sheet and " --sheet " .. shell.word(sheet) or ""
  return (head:find "^SQLite format 3" and "--from " or "--titles ") .. shell.word(path) .. which
end

---A name for the run file of a proposed plan; no file has it yet.
---@return string
function m.new_run()
  local stat = require("almanac.core").files.stat
  for _, name in ipairs { "first", "second", "third" } do
    if not stat(name .. ".run") then return name .. ".run" end
  end
  return "NEW.run"
end

---@param parser table of argparse
function m.json(parser)
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

---A folder and the titles that belong to it, in the form that almanac.workbench.suggest takes.
---@param folder string
---@param titles string? what --titles names
---@param sheet string? of a workbook
---@return { names: string[], total: integer, lists: string[], titles: table[]? }|nil case
---@return string? message
---@return string? code
function m.case(folder, titles, sheet)
  local case, message, code = require("almanac.workbench.suggest").look(folder)
  if not case or not titles then return case, message, code end
  case.titles, message, code = require("almanac.workbench.trial").titles(titles, sheet)
  if not case.titles then return nil, message, code end
  table.insert(case.lists, 1, titles)
  for _, text in ipairs(case.titles.ignored or {}) do table.insert(case.ignored, text) end
  return case
end

---Prints one line about a recipe at hand.
---@param entry table from almanac.recipe.shelf
---@param out table
function m.say_entry(entry, out)
  local found = entry.header
  out.event("recipe", { name = entry.name, path = entry.path, summary = found and found.summary, version = found and found.version,
    extends = found and found.extends,
    hides = entry.hides and json.array(entry.hides), problem = entry.problem, categories = found and json.array(found.categories),
    institutions = found and json.array(found.institutions), from = entry.from, signed = entry.signed })
  local words = found and (found.summary or "(its summary can't be read without running it)") or "WRONG: " .. entry.problem
  local version = found and found.version and " (" .. found.version .. ")" or ""
  out.say(("%-22s %s"):format(entry.name, plain.line(words .. version)))
  if entry.from then
    out.say(("%-22s   from %s%s"):format("", plain.line(entry.from), entry.signed and ", " .. plain.line(entry.signed) or ""))
  end
  for _, other in ipairs(entry.hides or {}) do
    out.say(("%-22s   note: %s is taken, not %s"):format("", plain.line(entry.path), plain.line(other)))
  end
end

return m
