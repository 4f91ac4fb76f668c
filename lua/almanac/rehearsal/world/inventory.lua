-- Physical inventory: holdings and their items.
local json = require "almanac.json"

local m = {}

---@param world table
---@param id string
---@param mms_id string? the title it must belong to
---@return table? row
function m.holding(world, id, mms_id)
  local row = world.db:row("SELECT * FROM holding WHERE id = ?", id)
  if row and (not mms_id or row.mms_id == mms_id) then return row end
end

---@param world table
---@param mms_id string
---@return table[] rows as lists know them, in the order in which they were made
function m.holdings(world, mms_id)
  local rows = {}
  for row in world.db:rows("SELECT * FROM listed_holding WHERE mms_id = ? ORDER BY n", mms_id) do rows[#rows + 1] = row end
  return rows
end

---@param world table
---@param holding { id: string?, mms_id: string, library: string?, location: string?, call_number: string?, record: string?, suppressed: boolean?, by: string? }
---@return string id
function m.add_holding(world, holding)
  local id, today = world:given_id(holding.id, "22"), world:today()
  world.db:run([[INSERT INTO holding(id, mms_id, library, location, call_number, record, suppressed, created, modified,
      created_by, modified_by) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]], id, holding.mms_id, holding.library or "MAIN",
    holding.location or "stacks", holding.call_number, holding.record, holding.suppressed or false, today, today,
    holding.by or "import", holding.by or "System")
  return id
end

---Replaces what a holding says.
---@param world table
---@param id string
---@param holding table as of add_holding
function m.change_holding(world, id, holding)
  world.db:run([[UPDATE holding SET library = ?2, location = ?3, call_number = ?4, record = ?5, suppressed = ?6,
      modified = ?7, modified_by = ?8 WHERE id = ?1]], id, holding.library, holding.location, holding.call_number,
    holding.record, holding.suppressed or false, world:today(), holding.by)
end

local function holding_of(world, mms_id)
  return world.db:value("SELECT id FROM holding WHERE mms_id = ? ORDER BY n", mms_id)
    or m.add_holding(world, { mms_id = mms_id,
      call_number = world.db:value("SELECT call_number FROM bib WHERE mms_id = ?", mms_id) })
end

---Adds a physical item, in the title's first holding unless another is named. A barcode that the title has already
---stays one item.
---@param world table
---@param item { pid: string?, mms_id: string, barcode: string?, holding_id: string?, more: table? }
---@return string pid
function m.add_item(world, item)
  local same = item.barcode and
    world.db:value("SELECT pid FROM item WHERE mms_id = ? AND barcode = ?", item.mms_id, item.barcode)
  if same then return same end
  local pid, today = world:given_id(item.pid, "23"), world:today()
  world.db:run("INSERT INTO item(pid, mms_id, holding_id, barcode, more, created, modified) VALUES(?, ?, ?, ?, ?, ?, ?)", pid,
    item.mms_id, item.holding_id or holding_of(world, item.mms_id), item.barcode, item.more and json.encode(item.more),
    today, today)
  return pid
end

---Replaces what an item says.
---@param world table
---@param pid string
---@param item { barcode: string?, more: table }
function m.change_item(world, pid, item)
  world.db:run("UPDATE item SET barcode = ?2, more = ?3, modified = ?4 WHERE pid = ?1",
    pid, item.barcode, json.encode(item.more), world:today())
end

---@param world table
---@param mms_id string
---@return integer count of holdings and items
function m.count(world, mms_id)
  return world.db:value("SELECT (SELECT count(*) FROM holding WHERE mms_id = ?1) + (SELECT count(*) FROM item WHERE mms_id = ?1)",
    mms_id)
end

return m
