-- What Alma checks in a record when validate=true, on a small scale: errors, with which it is not saved, and warnings,
-- with which it is. Libraries configure in Alma which is which; these are its defaults.
local formats = require "almanac.rehearsal.api.formats"
local marc = require "almanac.marc"

local m = {}

local function marc_errors(record, format)
  local errors = {}
  if not record:field(format.title) then
    errors[1] = ("Mandatory field %s is missing"):format(format.title)
  elseif not record:get(format.title_spec) then
    errors[1] = ("Mandatory field %s is empty"):format(format.title)
  end
  for _, tag in ipairs(format.single) do
    if #record:fields(tag) > 1 then
      errors[#errors + 1] = ("Multiple occurrences were found for non repeatable field %s"):format(tag)
    end
  end
  return errors
end

local function marc_warnings(record, format)
  local warnings = {}
  for _, number in ipairs(record:all(format.isbn)) do
    if not marc.isbn(number) then warnings[#warnings + 1] = ("Field %s: %s is not a valid ISBN"):format(format.isbn:sub(1, 3), number) end
  end
  if format.title == "245" and not record:control "008" then warnings[#warnings + 1] = "Field 008 is missing" end
  return warnings
end

---@param record any
---@param format_name string
---@return string[] errors
---@return string[] warnings
function m.look(record, format_name)
  local format = formats.known[format_name]
  if format.is_marc then return marc_errors(record, format), marc_warnings(record, format) end
  local errors, warnings = {}, {}
  if not record:get "dc:title" then errors[1] = "Mandatory field dc:title is missing" end
  if not record:get "dc:identifier" then warnings[1] = "Field dc:identifier is missing" end
  return errors, warnings
end

return m
