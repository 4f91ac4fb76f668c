-- CONTENTdm as OAI-PMH shows it: a set is a collection with its alias, an item is a pointer in it, dates are days. Deleted
-- items are listed, and pointer 0 of each collection is one of them.
local formats = require "almanac.rehearsal.remote.formats"

local HOST = "cdm.example.edu"
local ALL, EVER, NEVER = "oclc-cdm-allsets", "0000-00-00", "9999-99-99"

local m = {
  name = "contentdm", title = "CONTENTdm", path = "/oai/oai.php", page = 200, days = true, deletions = "transient",
  formats = { formats.oai_dc, formats.oai_qdc }, prefix = "oai:" .. HOST .. ":",
  sets = { { spec = "p17maps", name = "Maps of the harbor" }, { spec = "p17port", name = "Portraits" } },
  seed = {
    { "p17maps/0", gone = true }, { "p17maps/1", 1 }, { "p17maps/2", 2 }, { "p17maps/3", 3 }, { "p17maps/5", 4 }, { "p17maps/8", 5 },
    { "p17port/0", gone = true }, { "p17port/1", 6 }, { "p17port/2", 7 }, { "p17port/4", gone = true }, { "p17port/7", 8 },
    { "p17port/9", 9 }, { "p17port/10", 10 },
  },
}

local function split(id)
  local alias, pointer = id:match "^([^/]+)/(%d+)$"
  return alias, math.tointeger(tonumber(pointer))
end

function m.next_id(number) return ("p17maps/%d"):format(100 + number) end
function m.sets_of(id) return { (split(id)) } end

function m.links(id)
  return { ("http://%s/cdm/ref/collection/%s/id/%d"):format(HOST, split(id)) }
end

function m.comes_before(a, b)
  local alias_a, pointer_a = split(a.id)
  local alias_b, pointer_b = split(b.id)
  if alias_a ~= alias_b then return alias_a < alias_b end
  return pointer_a < pointer_b
end

-- alias:offset:set:from:until:prefix, as recorded; without a set its word is oclc-cdm-allsets. The offset counts items and jumps
-- over those that are no more: here it is the pointer that comes next.
function m.token(_, list, next_row, mark)
  local alias, pointer = ALL, 0
  if next_row then alias, pointer = split(next_row.id) end
  return table.concat({ alias, pointer, list.set or ALL, list.from ~= "" and list.from or EVER, list.to ~= "" and list.to or NEVER,
    list.prefix }, ":") .. (mark or "")
end

function m.resume(_, text)
  local alias, pointer, set, from, to, prefix = text:match "^([^:]+):(%d+):([^:]+):([%d-]+):([%d-]+):([%a_]+)%d*$"
  if not alias then return nil end
  return { alias = alias, pointer = math.tointeger(tonumber(pointer)), set = set ~= ALL and set or nil,
    from = from ~= EVER and from or "", to = to ~= NEVER and to or "", prefix = prefix }
end

function m.start(list, rows)
  if not list.alias then return 0 end
  local wanted = { id = ("%s/%d"):format(list.alias, list.pointer) }
  for i, row in ipairs(rows) do
    if not m.comes_before(row, wanted) then return i - 1 end
  end
  return #rows
end

return m
