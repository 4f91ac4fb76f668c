-- Rows of a table a portion at a time: a hundred thousand take no more memory than a hundred, and the
-- file can be written between two portions.
local m = {}

---Iterates over rows in the order of their ids.
---@param db table a core.runfile database
---@param sql string its only parameter is the id behind which a portion begins; it gives `id`, in order, and has a LIMIT
---@param first integer? the id behind which all begins (0)
---@return fun(): table? row
function m.each(db, sql, first)
  local last, portion, i = first or 0, {}, 0
  return function()
    i = i + 1
    if i > #portion then
      portion, i = {}, 1
      for row in db:rows(sql, last) do portion[#portion + 1] = row end
    end
    last = portion[i] and portion[i].id or last
    return portion[i]
  end
end

return m
