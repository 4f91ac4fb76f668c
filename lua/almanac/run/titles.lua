-- Reads the titles of a run a portion at a time: a hundred thousand take no more
-- memory than a hundred, and the run file can be written between two portions.
--
-- A title that Alma does not have yet has a name of its own in place of the MMS ID, "new:12", until a step
-- of it has made it: `settle` is part of the transaction that ends that step.
local change_kinds = require "almanac.change_kinds"
local portions = require "almanac.portions"
local states = require "almanac.run.states"

local m = {}

local PORTION = 100    -- some titles have thousands of files in their reading

---Iterates over titles in the order of the plan. A title comes once, even when its
---state changes meanwhile.
---@param db table
---@param where string SQL
---@param options { also: string?, backwards: boolean? }? also: another column, SQL; backwards: the last one first
---@return fun(): table? title a row of `title`
function m.each(db, where, options)
  local also, backwards = options and options.also, options and options.backwards
  local sql = ("SELECT title.*%s FROM title WHERE id %s ? AND %s ORDER BY id %s LIMIT %d"):format(also and ", " .. also or "",
    backwards and "<" or ">", where, backwards and "DESC" or "ASC", PORTION)
  return portions.each(db, sql, backwards and math.maxinteger or 0)
end

---Iterates over n titles taken at random, in the order of the plan.
---@param db table
---@param where string SQL
---@param n integer
---@return fun(): table? title
function m.sample(db, where, n)
  local ids, i = {}, 0
  for row in db:rows(("SELECT id FROM title WHERE %s ORDER BY random() LIMIT ?"):format(where), n) do ids[#ids + 1] = row.id end
  table.sort(ids)
  return function()
    i = i + 1
    return ids[i] and db:row("SELECT * FROM title WHERE id = ?", ids[i])
  end
end

-- ---- titles that Alma does not have yet ----

local NEW = "new:"

---The name of a title that Alma does not have yet.
---@param number integer that no other title of the run has
---@return string
function m.new_name(number) return NEW .. ("%d"):format(number) end

---SQL: titles that Alma does not have yet.
m.IS_NEW = "mms_id GLOB 'new:*'"

---Whether a name is that of a title which Alma does not have yet.
---@param name string
---@return boolean
function m.is_new_name(name) return name:find("^" .. NEW .. "%d+$") ~= nil end

---Whether Alma does not have a title yet.
---@param title { mms_id: string } a row
---@return boolean
function m.is_new(title) return m.is_new_name(title.mms_id) end

---The MMS ID of a title.
---@param title { mms_id: string } a row
---@return string? mms_id nil while Alma does not have it
function m.mms_id(title)
  if not m.is_new(title) then return title.mms_id end
end

---Adds a title that Alma does not have yet, to be planned like one that was read: it holds nothing.
---@param db table
---@param number integer that no other title of the run has: that of its record
---@param title string? what it is called
---@return integer|nil changed
---@return string|integer|nil id or message
---@return string? code
function m.add_new(db, number, title)
  return states.add(db, { mms_id = m.new_name(number), title = title, reading = "[]", state = states.ASK })
end

---Gives a title that was new the MMS ID that it has in Alma now.
---@param db table
---@param title_id integer
---@param mms_id string
---@return integer|nil changed
---@return string? message
---@return string? code
function m.settle(db, title_id, mms_id)
  return db:run("UPDATE title SET mms_id = ? WHERE id = ?", mms_id, title_id)
end

---The title of the run that has an MMS ID.
---@param db table
---@param mms_id string
---@return integer? title_id
function m.with_id(db, mms_id)
  return db:value("SELECT id FROM title WHERE mms_id = ?", mms_id)
end

local IS_MADE = "SELECT 1 FROM change JOIN spec ON spec.id = change.spec_id WHERE change.title_id = ? AND spec." ..
  change_kinds.sql_makes "title"

---The folder of a title's uploads, below that of the run: the same before and after it has an MMS ID.
---@param db table
---@param title { id: integer, mms_id: string } a row
---@return string
function m.folder(db, title)
  if m.is_new(title) or db:value(IS_MADE, title.id) then return ("new-%d"):format(title.id) end
  return title.mms_id
end

---The title whose uploads a folder has.
---@param db table
---@param folder string
---@return table? title a row
function m.of_folder(db, folder)
  local id = folder:match "^new%-(%d+)$"
  if not id then return db:row("SELECT * FROM title WHERE mms_id = ?", folder) end
  return db:row("SELECT * FROM title WHERE id = ?", math.tointeger(id))
end

-- ---- counting ----

---Counts titles.
---@param db table
---@param where string SQL
---@return integer
function m.count(db, where)
  return db:value("SELECT count(*) FROM title WHERE " .. where)
end

return m
