-- DSpace as OAI-PMH shows it: an item is a handle, and is in the set of its community and in that of its collection. Its
-- last page has an empty token, also when it is the only one.
local core = require "almanac.core"
local formats = require "almanac.rehearsal.remote.formats"

local HOST = "repository.example.edu"

local m = {
  name = "dspace", title = "DSpace", path = "/oai/request", page = 100, deletions = "transient", empty_token = true,
  formats = { formats.oai_dc, formats.qdc, formats.mods, formats.marc, formats.xoai }, prefix = "oai:" .. HOST .. ":",
  sets = { { spec = "com_123456789_1", name = "Harbor Town" }, { spec = "col_123456789_2", name = "Charts and plans" },
    { spec = "col_123456789_3", name = "Papers" } },
  seed = {
    { "123456789/11", 1 }, { "123456789/12", 2 }, { "123456789/13", 3 }, { "123456789/14", gone = true }, { "123456789/15", 5 },
    { "123456789/21", 6 }, { "123456789/22", 7 }, { "123456789/23", 8 }, { "123456789/24", 9 }, { "123456789/25", 10 },
    { "123456789/26", 12 },
  },
}

function m.next_id(number) return ("123456789/%d"):format(1000 + number) end

function m.sets_of(id)
  return { "com_123456789_1", #id == #"123456789/11" and id:find "/1" and "col_123456789_2" or "col_123456789_3" }
end

function m.links(id)
  return { "https://hdl.handle.net/" .. id }
end

local function file(id, sequence, bundle, name)
  return { name = name, bundle = bundle, url = ("https://%s/bitstream/%s/%d/%s"):format(HOST, id, sequence, name) }
end

function m.files(id)
  local stem = "scan_" .. id:match "%d+$"
  return { file(id, 3, "THUMBNAIL", stem .. ".jpg.jpg"), file(id, 1, "ORIGINAL", stem .. ".jpg") }
end

-- The token is base64 of numbered parts: 1:offset|2:set|3:from|4:until|5:prefix, as xoai writes it.
function m.token(_, list, _, mark)
  return core.text.base64(("1:%d|2:%s|3:%s|4:%s|5:%s%s"):format(list.after, list.set or "", list.from, list.to, list.prefix, mark or ""))
end

function m.resume(_, text)
  local plain = core.text.unbase64(text) or ""
  local after, set, from, to, prefix = plain:match "^1:(%d+)|2:([^|]*)|3:([^|]*)|4:([^|]*)|5:([%a_]+)%d*$"
  if not after then return nil end
  return { after = math.tointeger(tonumber(after)), set = set ~= "" and set or nil, from = from, to = to, prefix = prefix }
end

return m
