-- Words for people: counts, sizes and times as one says them, and the nearest
-- right spelling of a name.
local m = {}

---Edits between two short strings: insert, delete, replace, or swap two
---neighbours (optimal string alignment).
---@param a string
---@param b string
---@return integer
function m.distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local above = row
    row = { [0] = i }
    for j = 1, #b do
      local x, y = a:byte(i), b:byte(j)
      row[j] = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y and 0 or 1))
      if i > 1 and j > 1 and x == b:byte(j - 1) and y == a:byte(i - 1) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before = above
  end
  return row[#b]
end

-- How many edits a misspelt name may be away from this one.
local function far(name) return math.max(1, #name // 3) end

---The name nearest to a misspelt one, or nil when even the nearest is too different.
---@param name string
---@param names string[]
---@return string?
function m.nearest(name, names)
  local best, best_distance
  for _, candidate in ipairs(names) do
    local d = #name - #candidate <= far(candidate) and m.distance(name:lower(), candidate:lower())
    if d and (not best or d < best_distance) then best, best_distance = candidate, d end
  end
  if best and best_distance <= far(best) then return best end
end

---"1 title", "3 titles".
---@param n integer
---@param noun string
---@param plural string?
---@return string
function m.count(n, noun, plural)
  local digits = tostring(n):reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return digits .. " " .. (n == 1 and noun or plural or noun .. "s")
end

---"4.2 MB": decimal units, as disks are sold.
---@param bytes number
---@return string
function m.bytes(bytes)
  local units = { "bytes", "kB", "MB", "GB", "TB" }
  local unit = 1
  while bytes >= 1000 and unit < #units do
    bytes, unit = bytes / 1000, unit + 1
  end
  if unit == 1 then return ("%d %s"):format(bytes, bytes == 1 and "byte" or "bytes") end
  return ("%.1f %s"):format(bytes, units[unit])
end

---"2 h 05 min", "3 min 20 s", "12 s".
---@param seconds number
---@return string
function m.duration(seconds)
  seconds = math.floor(seconds + 0.5)
  local hours, minutes = seconds // 3600, seconds % 3600 // 60
  if hours > 0 then return ("%d h %02d min"):format(hours, minutes) end
  if minutes > 0 then return ("%d min %02d s"):format(minutes, seconds % 60) end
  return seconds .. " s"
end

return m
