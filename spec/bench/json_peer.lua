-- Decodes each record of a MARC-in-JSON file as yaz-marcdump writes it: a record
-- ends with a brace at the beginning of a line.
local cjson = require "cjson"

local lines, count = {}, 0
for line in io.lines((...)) do
  lines[#lines + 1] = line
  if line:sub(1, 1) == "}" then
    cjson.decode(table.concat(lines, "\n"))
    lines, count = {}, count + 1
  end
end
print(count)
