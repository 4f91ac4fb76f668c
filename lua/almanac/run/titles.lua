-- Reads the titles of a run a portion at a time: a hundred thousand take no more
-- memory than a hundred, and the run file can be written between two portions.
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
  local last, portion, i = backwards and math.maxinteger or 0, {}, 0
  return function()
    i = i + 1
    if i > #portion then
      portion, i = {}, 1
      for title in db:rows(sql, last) do portion[#portion + 1] = title end
    end
    last = portion[i] and portion[i].id or last
    return portion[i]
  end
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

---Counts titles.
---@param db table
---@param where string SQL
---@return integer
function m.count(db, where)
  return db:value("SELECT count(*) FROM title WHERE " .. where)
end

return m
