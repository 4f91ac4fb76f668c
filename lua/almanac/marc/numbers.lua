-- Standard numbers: found in what cataloguers wrote, checked by their check digits, and put into one form.
local m = {}

-- The number in "0-8044-2957-X (pbk.) : $10" or "978 0 306 40615 7", without hyphens and blanks.
local function compact(text, pattern)
  text = tostring(text):upper():gsub("\xE2\x80[\x90-\x93]", "-")   -- hyphens and dashes of Unicode
  for _, signs in ipairs { "^%s*([%dX%-]+)", "^%s*([%dX%-%s]+)" } do
    local found = (text:match(signs) or ""):gsub("[^%dX]", ""):match(pattern)
    if found then return found end
  end
end

-- Of ISBN-10 and ISSN: the sum of digits by falling weights, by 11; X stands for 10.
local function check_of_11(digits)
  local sum = 0
  for i = 1, #digits do sum = sum + tonumber(digits:sub(i, i)) * (#digits + 2 - i) end
  local check = (11 - sum % 11) % 11
  return check == 10 and "X" or tostring(check)
end

local function check_of_13(digits)
  local sum = 0
  for i = 1, 12 do sum = sum + tonumber(digits:sub(i, i)) * (i % 2 == 1 and 1 or 3) end
  return tostring((10 - sum % 10) % 10)
end

local function wrong(text, what, words) return nil, ("%s '%s' %s"):format(what, text, words), "parse" end

local function check_digit(text, number, what, check)
  local right = check(number:sub(1, -2))
  if right == number:sub(-1) then return number end
  return wrong(text, what, ("ends with %s, and its check digit is %s"):format(number:sub(-1), right))
end

---The text's ISBN as it is written, without hyphens and what stands behind it. Its check digit may be wrong.
---@param text string
---@return string? isbn of 10 or 13 characters
function m.isbn_in(text)
  return compact(text, "^%d%d%d%d%d%d%d%d%d[%dX]$") or compact(text, "^97[89]%d%d%d%d%d%d%d%d%d%d$")
end

---Checks an ISBN.
---@param text string with or without hyphens, and a qualifier behind it
---@return string? isbn of 13 digits, also for an ISBN-10
---@return string? message
---@return string? code "parse"
function m.isbn(text)
  local found = m.isbn_in(text)
  if not found then return wrong(text, "ISBN", "has neither 10 nor 13 digits of one") end
  if #found == 13 then return check_digit(text, found, "ISBN", check_of_13) end
  local right, message, code = check_digit(text, found, "ISBN", check_of_11)
  if not right then return nil, message, code end
  local digits = "978" .. found:sub(1, 9)
  return digits .. check_of_13(digits)
end

---The text's ISSN, as 1234-567X. Its check digit may be wrong.
---@param text string
---@return string? issn
function m.issn_in(text)
  local found = compact(text, "^%d%d%d%d%d%d%d[%dX]$")
  return found and found:sub(1, 4) .. "-" .. found:sub(5)
end

---Checks an ISSN.
---@param text string
---@return string? issn as 1234-567X
---@return string? message
---@return string? code "parse"
function m.issn(text)
  local found = m.issn_in(text)
  if not found then return wrong(text, "ISSN", "has not the 8 digits of one") end
  local right, message, code = check_digit(text, (found:gsub("-", "")), "ISSN", check_of_11)
  if not right then return nil, message, code end
  return found
end

---The OCLC number of "(OCoLC)ocm00012345", as 12345.
---@param text string
---@return string? number
function m.oclc(text)
  local number = tostring(text):match "^%s*%([Oo][Cc][Oo][Ll][Cc]%)%s*[Oo]?[Cc]?[MmNn]?%s*0*(%d+)%s*$"
  return number ~= "0" and number or nil
end

---An LCCN in the form that Library of Congress links have: "  85-2 /AC" is 85000002.
---@param text string
---@return string? number
function m.lccn(text)
  local plain = tostring(text):gsub("%s", ""):gsub("/.*", "")
  local before, behind = plain:match "^(%w*%d)%-(%d+)$"
  if before and #behind <= 6 then plain = before .. ("0"):rep(6 - #behind) .. behind end
  return plain:match "^%a*%d%d%d%d%d%d%d%d+$"
end

return m
