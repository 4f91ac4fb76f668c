-- What one rule answered about each of many, as it goes over the guard's pipe:
-- { values, what comes second by place, counts }. Values are false where the rule
-- gave nothing; those that are lists stand one behind the other, and counts
-- tells how many are of which.
local text = require "almanac.recipe.inside.text"

local m = {}

---@param shape table of almanac.recipe.inside.answers
---@return table column
function m.new(shape)
  return { {}, {}, shape.each and {} or nil }
end

---Adds the answer about the next one.
---@param column table
---@param i integer its place
---@param value any
---@param more any
function m.add(column, i, value, more)
  local values, counts = column[1], column[3]
  if counts then
    for _, item in ipairs(value) do values[#values + 1] = item end
    counts[i] = #value
  else
    values[i] = value or false
  end
  column[2][i] = more
end

-- Whether all that is in the table stands at a place from 1 to n.
local function has_places(list, n)
  if type(list) ~= "table" then return false end
  for place in next, list do
    if math.type(place) ~= "integer" or place < 1 or place > n then return false end
  end
  return true
end

-- Whether n counts together say how many values there are.
local function are_counts(counts, n, all)
  if type(counts) ~= "table" or #counts ~= n then return false end
  local sum = 0
  for i = 1, n do
    local count = counts[i]
    if math.type(count) ~= "integer" or count < 0 or count > text.most_keys then return false end
    sum = sum + count
  end
  return sum == all
end

---Whether a column that came over the pipe holds answers about n.
---@param column any
---@param n integer
---@param shape table of almanac.recipe.inside.answers
---@return boolean
function m.is_right(column, n, shape)
  if type(column) ~= "table" then return false end
  local values, more, counts, is = column[1], column[2], column[3], shape.each or shape.is
  if type(values) ~= "table" or not has_places(more, n) then return false end
  local all = #values
  if shape.each and not are_counts(counts, n, all) or not shape.each and all ~= n then return false end
  for i = 1, all do
    if not is(values[i], not shape.each and more[i] or nil) then return false end
  end
  return true
end

return m
