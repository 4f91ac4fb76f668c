-- Reads three fields of each record; prints records a CPU second and the most
-- memory held (bytes). Run by `almanac exec`.
package.path = "spec/?.lua;" .. package.path
local peak_memory = require "support.memory"
local marc = require "almanac.marc"

local before = os.clock()
local count, length = 0, 0
local reader = assert(marc.open((...)))
for record in reader:records() do
  local id, title, link = record:control "001", record:get "245$a", record:get "856$u"
  count, length = count + 1, length + #id + #title + #link
end
assert(length > 0)
print(("%.0f %d"):format(count / (os.clock() - before), peak_memory()))
