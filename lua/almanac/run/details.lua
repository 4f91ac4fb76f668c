-- Keeps details of titles in the run file, only when the recipe reads them: the
-- descriptive record as text, the physical items, the rows of its list.
local attempt = require "almanac.run.attempt"
local json = require "almanac.json"
local record = require "almanac.record"

local m = {}

local KEEP = [[INSERT INTO detail(title_id, record, items) SELECT id, ?2, ?3 FROM title WHERE mms_id = ?1
  ON CONFLICT(title_id) DO UPDATE SET record = coalesce(excluded.record, record), items = coalesce(excluded.items, items)]]

---The statement that keeps a title's details, for `db:run(m.KEEP, mms_id, record, items)`; nil leaves what is there.
m.KEEP = KEEP

---The statement that keeps the rows of a title, for `db:run(m.KEEP_ROWS, mms_id, json)`.
m.KEEP_ROWS = [[INSERT INTO detail(title_id, rows) SELECT id, ?2 FROM title WHERE mms_id = ?1
  ON CONFLICT(title_id) DO UPDATE SET rows = excluded.rows]]

---Whether a title's record is kept already.
---@param db table
---@param mms_id string
---@return boolean
function m.has_record(db, mms_id)
  return db:value("SELECT 1 FROM detail JOIN title ON title.id = title_id WHERE mms_id = ? AND record IS NOT NULL", mms_id) ~= nil
end

---The record of a bib as Alma gives it, ready to be kept.
---@param bib table with view=full
---@return string|nil text
---@return string? message
function m.record_of(bib)
  local text = type(bib.anies) == "table" and bib.anies[1]
  if type(text) ~= "string" or text == "" then return nil, "Alma gave no record with it" end
  local short, message = record.compact(text)
  if not short then return nil, "its record can't be read: " .. tostring(message) end
  return short
end

local function text(value)
  if type(value) == "table" then value = value.value end
  if type(value) == "string" and value ~= "" then return value end
end

---Turns items of Alma into items as rules see them.
---@param list table[] of almanac.alma.items
---@return string json
function m.items_of(list)
  local items = json.array {}
  for i, item in ipairs(list) do
    local data, holding = item.item_data or {}, item.holding_data or {}
    items[i] = { pid = text(data.pid), barcode = text(data.barcode), description = text(data.description),
      library = text(data.library), location = text(data.location), material = text(data.physical_material_type),
      call_number = text(data.alternative_call_number) or text(holding.call_number), holding_id = text(holding.holding_id) }
  end
  return json.encode(items)
end

---Keeps the records and rows that a source has of its titles. Called inside an attempt.
---@param db table
---@param source { spool: table?, rows: table<string, table[]>? } records from almanac.plan.spool; rows by MMS ID
function m.fill(db, source)
  if source.spool then
    for id, content in source.spool:each() do attempt.run(db, KEEP, id, content, nil) end
  end
  for id, rows in pairs(source.rows or {}) do attempt.run(db, m.KEEP_ROWS, id, json.encode(json.array(rows))) end
end

local COPY = [[INSERT INTO detail(title_id, record, items, rows)
  SELECT title.id, %s, %s, %s FROM base.detail AS old JOIN base.title AS was ON was.id = old.title_id
  JOIN title ON title.mms_id = was.mms_id]]

---Copies the details of an earlier run, attached as `base`.
---@param db table
---@param what { record: boolean?, items: boolean?, rows: boolean? }
function m.copy(db, what)
  if not next(what) then return end
  local function column(name) return what[name] and "old." .. name or "NULL" end
  attempt.run(db, COPY:format(column "record", column "items", column "rows"))
end

---Names what a recipe reads, for the settings of a run.
---@param reads table<string, boolean>
---@return string? words nil when it reads nothing of this
function m.words(reads)
  local names = {}
  for name in pairs(reads) do names[#names + 1] = name end
  table.sort(names)
  return names[1] and table.concat(names, ",")
end

---Adds to a reading the details that are kept apart from it: `record`, as text, `items` and `rows`.
---@param db table
---@param title_id integer
---@param reading table
---@return integer bytes that it added
function m.add(db, title_id, reading)
  local row = db:row("SELECT record, items, rows FROM detail WHERE title_id = ?", title_id)
  if not row then return 0 end
  reading.record = row.record
  reading.items = row.items and json.decode(row.items)
  reading.rows = row.rows and json.decode(row.rows)
  return #(row.record or "") + #(row.items or "") + #(row.rows or "")
end

return m
