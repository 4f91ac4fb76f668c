-- DigiTool as OAI-PMH shows it: a digital entity is a number, its file an address in 856 $u. Neither its tokens nor what it
-- says of deleted entities was seen in public. So these are words without further meaning, and what is deleted is no longer
-- told of, as Identify says.
local formats = require "almanac.rehearsal.remote.formats"
local plain = require "almanac.rehearsal.remote.plain_token"

local m = {
  name = "digitool", title = "DigiTool", path = "/OAI-PUB", page = 50, deletions = "no",
  formats = { formats.oai_dc, formats.marc21 }, prefix = "oai:DTLHarborTown.edu:",
  sets = { { spec = "oai_charts", name = "Charts" }, { spec = "oai_people", name = "People" } },
  seed = {
    { "10101", 1 }, { "10102", 2 }, { "10103", 3 }, { "10104", 4 }, { "10105", 5 }, { "20106", 6 }, { "20107", 7 }, { "20108", 8 },
    { "20109", 9 }, { "20110", 10 },
  },
  token = plain.writer "", resume = plain.resume,
}

function m.next_id(number) return ("%d"):format(50000 + number) end
function m.sets_of(id) return { id:find "^2" and "oai_people" or "oai_charts" } end

function m.links(id)
  return { "http://digitool.example.edu:1801/webclient/DeliveryManager?pid=" .. id }
end

return m
