-- Fields in another script: an 880 names its field in $6 as "245-01/$1", and that field the
-- 880 as "880-01". Occurrence 00 of an 880 has no partner.
local m = {}

---@class almanac.marc.link
---@field field almanac.marc.field
---@field nth integer of the fields with its tag, from 0
---@field text? string of $6
---@field tag? string of the partner; nil when $6 isn't there, or can't be read
---@field occurrence? string

local function link_of(field, nth)
  local link = { field = field, nth = nth }
  for _, subfield in ipairs(field.subfields or {}) do
    if subfield.code == "6" and not link.text then link.text = subfield.value end
  end
  if link.text then link.tag, link.occurrence = link.text:match "^%s*(%w%w%w)%-(%d%d+)" end
  return link
end

-- What a local field has as $6 may be anything.
local function takes_part(link)
  if link.field.tag == "880" then return true end
  return link.text and (link.tag == "880" or not m.is_local(link.field.tag))
end

---Is it a field that a library defines by itself?
---@param tag string
---@return boolean
function m.is_local(tag) return tag:find("9", 1, true) ~= nil or not tag:find "^%d%d%d$" end

---The fields that take part: all 880, and whatever has a $6.
---@param record almanac.marc.record
---@return almanac.marc.link[]
function m.links(record)
  local links, seen = {}, {}
  for _, field in ipairs(record:fields()) do
    local nth = seen[field.tag] or 0
    seen[field.tag] = nth + 1
    local link = link_of(field, nth)
    if takes_part(link) then links[#links + 1] = link end
  end
  return links
end

-- The partners that are there, by the tag of the field and its occurrence.
local function index(links)
  local of_880, of_fields = {}, {}
  for _, link in ipairs(links) do
    if link.tag and link.field.tag == "880" then of_880[link.tag .. link.occurrence] = true
    elseif link.tag then of_fields[link.field.tag .. link.occurrence] = true end
  end
  return of_880, of_fields
end

local function problem_of_880(link, of_fields)
  if not link.text then return "880 has no $6" end
  if not link.tag then return ("$6 is '%s', not like '245-01'"):format(link.text) end
  if tonumber(link.occurrence) == 0 or of_fields[link.tag .. link.occurrence] then return nil end
  return ("$6 is '%s', and no %s has the $6 880-%s"):format(link.text, link.tag, link.occurrence)
end

local function problem_of_field(link, of_880)
  if not link.tag then return ("$6 is '%s', not like '880-01'"):format(link.text) end
  if link.tag ~= "880" then return ("$6 is '%s', which is no 880"):format(link.text) end
  if of_880[link.field.tag .. link.occurrence] then return nil end
  return ("$6 is '%s', and no 880 has the $6 %s-%s"):format(link.text, link.field.tag, link.occurrence)
end

---Calls `add` for each field whose partner is not there.
---@param links almanac.marc.link[]
---@param add fun(link: almanac.marc.link, message: string)
function m.unlinked(links, add)
  local of_880, of_fields = index(links)
  for _, link in ipairs(links) do
    local message
    if link.field.tag == "880" then message = problem_of_880(link, of_fields)
    else message = problem_of_field(link, of_880) end
    if message then add(link, message) end
  end
end

return m
