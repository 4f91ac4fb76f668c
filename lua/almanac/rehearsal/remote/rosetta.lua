-- Rosetta as OAI-PMH shows it: an intellectual entity is IE and a number. No token of it was seen in public: this one has signs
-- that need encoding.
local formats = require "almanac.rehearsal.remote.formats"
local plain = require "almanac.rehearsal.remote.plain_token"

local m = {
  name = "rosetta", title = "Rosetta", path = "/oaiprovider/request", page = 50, deletions = "persistent",
  formats = { formats.oai_dc, formats.marc21 }, prefix = "oai:d4I1-pubam:",
  sets = { { spec = "INS01-charts", name = "Charts" }, { spec = "INS01-papers", name = "Papers" } },
  seed = {
    { "IE1001", 1 }, { "IE1002", 2 }, { "IE1003", 3 }, { "IE1004", 4 }, { "IE1005", 5 }, { "IE2001", 9 }, { "IE2002", 10 },
    { "IE2003", gone = true }, { "IE2004", 11 }, { "IE2005", 12 },
  },
  token = plain.writer "!+/&=%20", resume = plain.resume,
}

function m.next_id(number) return ("IE%d"):format(5000 + number) end
function m.sets_of(id) return { id:find "^IE2" and "INS01-papers" or "INS01-charts" } end

function m.links(id)
  return { "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid=" .. id }
end

return m
