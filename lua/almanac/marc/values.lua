-- What people ask of a record, beyond its fields: title(), isbns(), languages() … for MARC 21, and for
-- UNIMARC where it has the same.
local core = require "almanac.core"
local numbers = require "almanac.marc.numbers"

---@class almanac.marc.record
local methods = getmetatable(core.marc.new()).__index

-- UNIMARC ends its leader with "450 ", MARC 21 with "4500".
local function is_unimarc(record) return record:leader():sub(21) == "450 " end

local function each_once(values, form)
  local list, seen = {}, {}
  for _, value in ipairs(values) do
    local formed = value
    if form then formed = form(value) end
    if formed and not seen[formed] then
      list[#list + 1], seen[formed] = formed, true
    end
  end
  return list
end

-- Without the marks that ISBD puts between areas, and the signs around what sorting passes over.
local function trimmed(text)
  text = text:gsub("\u{98}", ""):gsub("\u{9c}", ""):gsub("%s+", " ")
  return (text:gsub("[%s/:;,=]+$", ""):gsub("^%s+", ""))
end

-- The subfields of a field in one line; nil when there is nothing in them.
local function line_of(field, codes)
  local text = trimmed(table.concat(field:all(codes), " "))
  return text ~= "" and text or nil
end

-- The first field that has any of the subfields.
local function first_line(record, tags, codes, wanted)
  for _, tag in ipairs(tags) do
    for _, field in ipairs(record:fields(tag)) do
      local line = field.subfields and (not wanted or wanted(field)) and line_of(field, codes)
      if line then return line end
    end
  end
end

local function lines(record, tag, line)
  local list = {}
  for _, field in ipairs(record:fields(tag)) do
    if field.subfields then list[#list + 1] = line(field) end
  end
  return list
end

---The title with its parts, without the statement of responsibility; of an authority record its heading.
---@return string? title
function methods:title()
  if self:kind() == "authority" then return first_line(self, { "1.." }, "abcdfgklmnopqrstvxyz") end
  if is_unimarc(self) then return first_line(self, { "200" }, "aehi") end
  return first_line(self, { "245" }, "abnpfgks")
end

---The main entry: a person, a body or a meeting.
---@return string? author
function methods:author()
  return first_line(self, is_unimarc(self) and { "700", "710" } or { "100", "110", "111" }, "abcdqn")
end

-- 264 says by its second indicator which of production, publication, … it is.
local function is_publication(field) return field.tag ~= "264" or field.indicator2 == "1" end

---@return string? publisher
function methods:publisher()
  if is_unimarc(self) then return first_line(self, { "214", "210" }, "c") end
  return first_line(self, { "264", "260" }, "b", is_publication)
end

---The year of publication, as the coded data have it, else as it is printed.
---@return integer? year
function methods:year()
  local unimarc = is_unimarc(self)
  local coded = unimarc and self:get "100$a/9-12" or not unimarc and self:get "008/7-10"
  if coded and coded:find "^%d%d%d%d$" and coded ~= "9999" then return tonumber(coded) end
  local printed = unimarc and first_line(self, { "214", "210" }, "d") or
    not unimarc and first_line(self, { "264", "260" }, "c", is_publication)
  return printed and tonumber(printed:match "%d%d%d%d") or nil
end

---ISBNs as they are written in 020 $a, without hyphens and qualifiers, each once. marc.isbn checks one.
---@return string[]
function methods:isbns() return each_once(self:all(is_unimarc(self) and "010$a" or "020$a"), numbers.isbn_in) end

---ISSNs of 022 $a, as 1234-567X, each once. marc.issn checks one.
---@return string[]
function methods:issns() return each_once(self:all(is_unimarc(self) and "011$a" or "022$a"), numbers.issn_in) end

---LCCNs of 010 $a, in the form that links have.
---@return string[]
function methods:lccns() return each_once(self:all "010$a", numbers.lccn) end

---OCLC numbers of 035 $a, and of 001 where 003 is OCoLC, as digits without zeros before them, each once.
---@return string[]
function methods:oclc_numbers()
  local values = self:all "035$a"
  if (self:control "003" or ""):upper() == "OCOLC" then table.insert(values, 1, "(OCoLC)" .. (self:control "001" or "")) end
  return each_once(values, numbers.oclc)
end

-- Old records have several codes in one subfield: "engfre".
local function add_codes(list, text)
  if #text % 3 ~= 0 or text:find "[^%l]" then return end
  for code in text:gmatch "..." do list[#list + 1] = code end
end

---Language codes of the text: 008/35-37, then 041 $a, each once, as they are coded.
---@return string[]
function methods:languages()
  local list = {}
  if is_unimarc(self) then return each_once(self:all "101$a") end
  add_codes(list, self:get "008/35-37" or "")
  for _, field in ipairs(self:fields "041") do   -- with another list's codes it has indicator 7
    if field.subfields and field.indicator2 ~= "7" then
      for _, text in ipairs(field:all "a") do add_codes(list, (text:lower():gsub("%s", ""))) end
    end
  end
  return each_once(list)
end

---Subjects, with their subdivisions behind "--".
---@return string[]
function methods:subjects()
  return lines(self, "6..", function(field)
    local head = line_of(field, "abcdfghjklmnopqrst")
    local parts = { head }
    for _, value in ipairs(field:all "vxyz") do parts[#parts + 1] = trimmed(value) end
    return head and (table.concat(parts, "--"):gsub("%.$", ""))
  end)
end

---Series as they are printed in 490 (UNIMARC: 225), with the volume.
---@return string[]
function methods:series()
  return lines(self, is_unimarc(self) and "225" or "490", function(field) return line_of(field, "av") end)
end

---Notes of 5XX (UNIMARC: 3XX).
---@return string[]
function methods:notes()
  return lines(self, is_unimarc(self) and "3.." or "5..", function(field) return line_of(field, "abc") end)
end

---Extent and size.
---@return string? description
function methods:physical() return first_line(self, is_unimarc(self) and { "215" } or { "300" }, "abcde") end

---Links of 856 $u.
---@return string[]
function methods:urls() return self:all "856$u" end
