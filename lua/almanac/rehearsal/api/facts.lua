-- What answers say of a bib beside its record: title, author, numbers. They are read from the record, and Alma sets
-- them; none of them can be sent.
local dc = require "almanac.dc"
local formats = require "almanac.rehearsal.api.formats"
local marc = require "almanac.marc"

local m = {}

---Reads a record as it is kept.
---@param bib { record: string, format: string }
---@return any record of almanac.marc or almanac.dc
function m.parse(bib)
  if not formats.of(bib).is_marc then return assert(dc.parse(bib.record)) end
  local reader = assert(marc.parse(bib.record))
  local record = assert(reader:next())
  reader:close()
  return record
end

-- "245$a$n$p$b": the subfields of the first 245 that are named, in the order in which they stand there.
local function joined(record, spec)
  local parts = record:all((spec:gsub("%$", "[0]$", 1)))
  return parts[1] and table.concat(parts, " ") or nil
end

local function first_of(record, format, specs)
  for _, spec in ipairs(specs) do
    local value
    if format.is_marc then value = joined(record, spec) else value = record:get(spec) end
    if value and value ~= "" then return value end
  end
end

---What a record says.
---@param record any
---@param format almanac.rehearsal.format
---@return table facts title, author, issn, isbn, …, call_number, and numbers: those of other systems
function m.read(record, format)
  local facts = { numbers = record:all(format.numbers) }
  for name, specs in pairs(format.places) do facts[name] = first_of(record, format, specs) end
  for _, number in ipairs(facts.numbers) do
    facts.oclc = facts.oclc or (number:find "^%(OCoLC%)" and number) or nil
  end
  return facts
end

local function made_up(world, bib)
  return { title = bib.title, numbers = { ("(%s)%s"):format(world.inst, bib.mms_id), bib.oclc }, call_number = bib.call_number }
end

---What is known of a bib.
---@param world table
---@param bib table row
---@return table facts
function m.of(world, bib)
  if not bib.record then return made_up(world, bib) end
  return m.read(m.parse(bib), formats.of(bib))
end

return m
