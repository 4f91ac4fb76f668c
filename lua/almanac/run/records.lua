-- The records of a run: what a source gave, in its order, with the title that each goes
-- with. They are written and read a portion at a time, because there may be 50,000.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local json = require "almanac.json"
local portions = require "almanac.portions"
local record_of = require "almanac.record"
local row_of = require "almanac.row"

local m = {}

local PORTION = 200

---SQL: records that take part. Those that an earlier run finished, and that did not change, are kept for the next run alone.
m.TAKES_PART = "(reason_code IS NULL OR reason_code NOT IN ('record_unchanged', 'record_not_come'))"

---@class almanac.run.record_row a row of the table
---@field id integer
---@field identifier string?
---@field datestamp string?
---@field deleted integer 1 or 0
---@field sets string? JSON
---@field format string? "marc" | "dc" | "mods" | "row"
---@field content string?
---@field mark string?
---@field place string?
---@field problem string?
---@field title_id integer?
---@field reason_code string?
---@field reason_data string?

---@class almanac.run.entry what a source gives
---@field identifier string? its name in the source
---@field datestamp string?
---@field deleted boolean?
---@field sets string[]?
---@field format string? "marc" | "dc" | "mods" | "row"
---@field content string? ISO 2709 or XML as almanac.record reads it; of a row as almanac.row writes it
---@field place string? where it stands, for people: "row 12"
---@field problem string? why it can't be read, in words

local ADD = [[INSERT INTO record(identifier, datestamp, deleted, sets, format, content, mark, place, problem)
  VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)]]

---The mark by which a changed record is told from one that is as it was.
---@param entry almanac.run.entry
---@return string? hex sha256 of its content; nil: it has none
function m.mark(entry)
  return entry.content and core.hash.sha256(entry.content) or nil
end

---Writes records as rows. Called inside an attempt.
---@param db table
---@param list almanac.run.entry[] some hundred at a time
function m.add(db, list)
  local columns = { {}, {}, {}, {}, {}, {}, {}, {}, {} }
  for i, entry in ipairs(list) do
    local values = { entry.identifier or false, entry.datestamp or false, entry.deleted and 1 or 0,
      entry.sets and entry.sets[1] and json.encode(json.array { table.unpack(entry.sets) }) or false, entry.format or false,
      entry.content or false, m.mark(entry) or false, entry.place or false, entry.problem or false }
    for n, value in ipairs(values) do columns[n][i] = value end
  end
  attempt.run_many(db, ADD, #list, table.unpack(columns))
end

---What a source gave, from its row.
---@param row almanac.run.record_row
---@return almanac.run.entry
function m.entry(row)
  return { identifier = row.identifier, datestamp = row.datestamp, deleted = row.deleted == 1,
    sets = row.sets and json.decode(row.sets), format = row.format, content = row.content, place = row.place, problem = row.problem }
end

---Whether the run file has records; one of an earlier almanac lacks the table.
---@param db table
---@return boolean
function m.any(db)
  if not db:value "SELECT 1 FROM sqlite_master WHERE name = 'record'" then return false end
  return db:value "SELECT 1 FROM record LIMIT 1" ~= nil
end

---Counts records.
---@param db table
---@param where string? SQL
---@return integer
function m.count(db, where)
  return m.any(db) and db:value("SELECT count(*) FROM record WHERE " .. (where or "true")) or 0
end

---Iterates over records in the order of their source; the run file may be written meanwhile.
---@param db table
---@param where string? SQL
---@return fun(): almanac.run.record_row?
function m.each(db, where)
  local sql = ("SELECT * FROM record WHERE id > ? AND %s ORDER BY id LIMIT %d"):format(where or "true", PORTION)
  return portions.each(db, sql)
end

---The records of a title, in the order of their source.
---@param db table
---@param title_id integer
---@return almanac.run.record_row[]
function m.of_title(db, title_id)
  local list = {}
  for row in db:rows("SELECT * FROM record WHERE title_id = ? ORDER BY id", title_id) do list[#list + 1] = row end
  return list
end

---A record as people know it: its identifier, else where it stands.
---@param row { id: integer, identifier: string?, place: string? }
---@return string
function m.name(row)
  return row.identifier or row.place or "record " .. row.id
end

-- Headings below which a row has its title.
local HEADINGS = { "dctitle", "title", "dctermstitle" }
local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', apos = "'" }

local function of_row(content)
  for _, wanted in ipairs(HEADINGS) do
    for _, cell in ipairs(row_of.decode(content)) do
      if cell[2] ~= "" and row_of.plain(cell[1]) == wanted then return cell[2] end
    end
  end
end

-- The first element `title`. Reading the XML as a whole takes a hundred times as long, and this is only shown.
local function of_elements(content)
  for name, text in content:gmatch "<([%w_.:-]+)[^<>]*>%s*([^<]*)" do
    if text ~= "" and name:match "[^:]*$" == "title" then return (text:gsub("%s+$", ""):gsub("&(%a+);", ENTITIES)) end
  end
end

local function of_marc(content)
  local record = record_of.parse(content)
  return record and record:get "245$a" or nil
end

local TITLE_OF = { row = of_row, dc = of_elements, mods = of_elements, marc = of_marc }

---What a record's title is called, for people, as far as it says.
---@param row almanac.run.record_row
---@return string?
function m.title(row)
  local find = row.content and TITLE_OF[row.format]
  return find and find(row.content) or nil
end

return m
