-- Groups the titles of a state by their reasons, for people who can't read each one.
local reasons = require "almanac.run.reasons"

local m = {}

-- All titles of a row have one heading; several rows may have the same.
local ROWS = ([[SELECT reason_code, %s AS apart, count(*) AS n, min(id) AS first, min(reason_data) AS reason_data FROM title
  WHERE state = ? AND reason_code IS NOT NULL GROUP BY 1, 2 ORDER BY first]]):format(reasons.APART)
local OF_ROW = ([[SELECT id, mms_id, reason_code, reason_data FROM title WHERE state = ? AND reason_code = ? AND %s IS ?
  ORDER BY id LIMIT ?]]):format(reasons.APART)

---Groups the titles of a state by the heading of their reasons, the largest group first.
---@param db table
---@param state string
---@return { kind: string, n: integer, rows: table[] }[] groups rows: for m.examples
function m.of(db, state)
  local list, by_kind = {}, {}
  for row in db:rows(ROWS, state) do
    local kind = reasons.parts(reasons.of(row))
    local group = by_kind[kind]
    if not group then
      group = { kind = kind, n = 0, rows = {} }
      by_kind[kind], list[#list + 1] = group, group
    end
    group.n = group.n + row.n
    group.rows[#group.rows + 1] = row
  end
  table.sort(list, function(a, b)
    if a.n ~= b.n then return a.n > b.n end
    return a.kind < b.kind
  end)
  return list
end

---The first titles of a group. At most `most` of its rows are read for them.
---@param db table
---@param state string
---@param group table from m.of
---@param most integer
---@return { mms_id: string, particulars: string }[]
function m.examples(db, state, group, most)
  local list = {}
  for i = 1, math.min(most, #group.rows) do
    local row = group.rows[i]
    for title in db:rows(OF_ROW, state, row.reason_code, row.apart, most) do list[#list + 1] = title end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  local examples = {}
  for i = 1, math.min(most, #list) do
    local _, particulars = reasons.parts(reasons.of(list[i]))
    examples[i] = { mms_id = list[i].mms_id, particulars = particulars }
  end
  return examples
end

return m
