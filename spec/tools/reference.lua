-- Writes lua/almanac/REFERENCE.md anew, and the table of scripts in recipes/scripts/README.md: `make reference`.
local reference = require "support.reference"

local text, bare = reference.make()
local file <close> = assert(io.open(reference.PATH, "w"))
assert(file:write(text))
require("support.scripts_table").write()
for _, name in ipairs(bare) do io.stderr:write("no comment: ", name, "\n") end
