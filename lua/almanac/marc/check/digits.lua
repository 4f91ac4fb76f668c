-- What is wrong with a text that should be an ISBN or an ISSN.
local numbers = require "almanac.marc.numbers"

local m = {}

-- Nearly all are thirteen digits in front, and right.
local function is_plainly_right(text)
  if not text:find "^97[89]%d%d%d%d%d%d%d%d%d%d%f[%D]" then return false end
  local a, b, c, d, e, f, g, h, i, j, k, l, n = text:byte(1, 13)
  return (a + c + e + g + i + k + n + 3 * (b + d + f + h + j + l)) % 10 == 0   -- the twenty-five 48 of "0" don't count
end

-- "ISBN" in front says what the subfield says too, and does no harm.
local function problem_of(read, text)
  local right, message = read((text:gsub("^%s*IS[BS]N[%s:]*", "")))
  return not right and message or nil
end

---@param text string
---@return string? message nil when it is right
function m.isbn(text)
  if is_plainly_right(text) then return nil end
  return problem_of(numbers.isbn, text)
end

---@param text string
---@return string? message nil when it is right
function m.issn(text) return problem_of(numbers.issn, text) end

return m
