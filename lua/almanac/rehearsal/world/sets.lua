-- Sets: how they are made, filled and read. An itemized one has its members in a table; what a logical one has is
-- found by its query whenever somebody looks.
local content = require "almanac.rehearsal.world.set_content"
local query = require "almanac.rehearsal.world.set_query"

local m = {}

local SELECT = "SELECT *, (SELECT count(*) FROM set_member WHERE set_id = title_set.id) AS members FROM title_set "

local function found_by(row)
  local wanted = assert(query.read(row.query))
  return ("(SELECT id, text, link, row_number() OVER (ORDER BY n) AS n FROM (%s) WHERE mms_id IN (SELECT mms_id FROM bib WHERE %s))")
    :format(content.sql[row.content], wanted.sql)
end

local function counted(world, row)
  if row and row.type == "LOGICAL" then row.members = world.db:value("SELECT count(*) FROM " .. found_by(row)) end
  return row
end

---@param world table
---@param id string
---@return table? row with the number of its `members`
function m.find(world, id)
  return counted(world, world.db:row(SELECT .. "WHERE id = ?", id))
end

---@param world table
---@return fun(): table? each row with the number of its `members`
function m.each(world)
  local rows = {}
  for row in world.db:rows(SELECT .. "ORDER BY n") do rows[#rows + 1] = row end
  local i = 0
  return function()
    i = i + 1
    return counted(world, rows[i])
  end
end

---@param world table
---@return string time as Alma writes it: 2023-08-21T09:05:07.281Z
function m.now(world)
  return os.date("!%Y-%m-%dT%H:%M:%S.000Z", math.floor(world:time())) --[[@as string]]
end

---Makes a set.
---@param world table
---@param set { name: string, description: string?, type: string?, content: string?, query: string?, private: string?,
---  status: string?, note: string?, created_by: string? }
---@param sql string? gives the members: SELECT id, n …: n is their order; its parameters are ?2, ?3, …
---@return string id
function m.add(world, set, sql, ...)
  local id = world:id "59"
  world.db:run([[INSERT INTO title_set(id, name, description, type, content, query, private, status, note, created_by, created)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]], id, set.name, set.description or "", set.type or "ITEMIZED",
    set.content or "BIB_MMS", set.query, set.private or "false", set.status or "ACTIVE", set.note,
    set.created_by or "exl_impl", m.now(world))
  if sql then
    world.db:run([[INSERT INTO set_member(set_id, n, id)
      SELECT ?1, row_number() OVER (ORDER BY n), id FROM (]] .. sql .. ")", id, ...)
  end
  return id
end

---SQL that gives id and n of a set's members.
---@param row table
---@return string
function m.ids(row)
  if row.type == "LOGICAL" then return "SELECT id, n FROM " .. found_by(row) end
  return ("SELECT id, n FROM set_member WHERE set_id = '%s'"):format(row.id)
end

---Adds one member at the end of a set; it need not exist.
---@param world table
---@param set_id string
---@param id string
function m.add_member(world, set_id, id)
  world.db:run([[INSERT INTO set_member(set_id, n, id)
    VALUES(?1, coalesce((SELECT max(n) FROM set_member WHERE set_id = ?1), 0) + 1, ?2)]], set_id, id)
end

---@param world table
---@param set_id string
---@param id string
---@return boolean
function m.has_member(world, set_id, id)
  return world.db:value("SELECT 1 FROM set_member WHERE set_id = ? AND id = ?", set_id, id) ~= nil
end

-- Closes the gaps in the numbers of the members. Negative numbers on the way keep two members from having the same one.
local RENUMBER = {
  [[UPDATE set_member SET n = -order_of.place FROM (SELECT id AS whose, row_number() OVER (ORDER BY n) AS place
      FROM set_member WHERE set_id = ?1) AS order_of
    WHERE set_id = ?1 AND id = order_of.whose]],
  "UPDATE set_member SET n = -n WHERE set_id = ?1",
}

---@param world table
---@param set_id string
---@param ids string[]
function m.remove_members(world, set_id, ids)
  for _, id in ipairs(ids) do world.db:run("DELETE FROM set_member WHERE set_id = ? AND id = ?", set_id, id) end
  for _, sql in ipairs(RENUMBER) do world.db:run(sql, set_id) end
end

---@param world table
---@param set_id string
function m.empty(world, set_id)
  world.db:run("DELETE FROM set_member WHERE set_id = ?", set_id)
end

-- While lists lag, some members don't show and some that went still do, so places are counted.
local LISTED = "(SELECT id, row_number() OVER (ORDER BY n) AS n FROM listed_set_member WHERE set_id = ?1)"
local PROMPT = "(SELECT id, n FROM set_member WHERE set_id = ?1)"
local PAGE = "SELECT * FROM %s WHERE ?1 <> '' AND n > ?2 AND n <= ?2 + ?3 ORDER BY n"

---A page of a set's members.
---@param world table
---@param row table
---@param limit integer
---@param offset integer
---@return { id: string, n: integer, text: string?, link: string? }[] members without a link when broken: there is no such thing
---@return integer total
function m.members(world, row, limit, offset)
  local logical = row.type == "LOGICAL"
  local list = {}
  for member in world.db:rows(PAGE:format(logical and found_by(row) or world.lags and LISTED or PROMPT), row.id, offset, limit) do
    list[#list + 1] = member
  end
  if logical then return list, row.members end
  for i, member in ipairs(list) do
    list[i] = content.get(world, row.content, member.id) or member
    list[i].n = member.n
  end
  return list, world.db:value("SELECT count(*) FROM listed_set_member WHERE set_id = ?", row.id)
end

return m
