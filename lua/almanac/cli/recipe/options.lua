-- What the actions of `almanac recipe` have in common on the command line.
local m = {}

---@param parser table of argparse
function m.recipe(parser)
  parser:argument("recipe", "name or path of a recipe")
end

---@param parser table of argparse
function m.titles(parser)
  parser:option("--titles", "titles and what they hold: a run file, or CSV as `almanac rehearsal --titles` reads it"):argname "FILE"
end

---@param parser table of argparse
function m.json(parser)
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

return m
