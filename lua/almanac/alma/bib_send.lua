-- What sending a bib takes, whether it is created or changed: the options that both have, the fields beside the record,
-- and what is wrong with a record before Alma says so.
local record_xml = require "almanac.alma.record_xml"

local m = {}

local ALMA_DC = "^http://alma%.exlibrisgroup%.com/dc/"

-- Fields of a bib beside its record that can be sent, in the order of the XSD. What a PUT leaves out may be set back to
-- its default: Alma's documentation does not say. So they are sent as they were read.
local KEPT = { "suppress_from_publishing", "suppress_from_external_search", "sync_with_oclc", "sync_with_libraries_australia",
  "cataloging_level" }
m.FORMATS = { marc21 = true, kormarc = true, unimarc = true, cnmarc = true, dc = false, dcap01 = false, dcap02 = false,
  etd = false }

---Options of Alma's that check a record, and those that set a field beside it.
m.CHECKS = { validate = "boolean", override_warning = "boolean", normalization = "string", check_match = "boolean" }
m.OWN = { suppress_from_publishing = "boolean", suppress_from_external_search = "boolean", sync_with_oclc = "string",
  sync_with_libraries_australia = "string", cataloging_level = "string" }

---Puts lists of options together.
---@param ... table<string, string>
---@return table<string, string>
function m.options(...)
  local all = {}
  for _, list in ipairs { ... } do
    for name, kind in pairs(list) do all[name] = kind end
  end
  return all
end

-- override_warning goes with validate alone: without it Alma refuses the call.
---@param options table
---@return table<string, string|boolean> query
function m.checks(options)
  local validate, override = options.validate ~= false, options.override_warning or false
  if not validate then override = nil end
  return {
    validate = validate, override_warning = override, normalization = options.normalization,
    check_match = options.check_match,
  }
end

---The fields beside the record: what the options say, else as they were read.
---@param options table
---@param bib table?
---@return { [1]: string, [2]: string|boolean|nil }[]
function m.fields(options, bib)
  local list = {}
  for i, name in ipairs(KEPT) do
    local value = options[name]
    if value == nil then value = bib and bib[name] end
    if type(value) == "table" then value = value.value end
    list[i] = { name, value ~= "" and value or nil }
    if value == false then list[i][2] = "false" end
  end
  return list
end

---The bib in the answer to a write.
---@param answer string?
---@param message string?
---@param code string?
---@param detail almanac.alma.detail?
---@return table? bib
---@return string? message, string? code, almanac.alma.detail? detail
function m.answered(answer, message, code, detail)
  if not answer then return nil, message, code, detail end
  local bib, why, kind = record_xml.read(answer, "bib")
  if not bib then return nil, why, kind, { errors = {}, unclear = true, unsent = false } end
  return bib
end

---What is wrong with a record that shall be sent. Dublin Core of another kind than Alma's would be refused or spoilt.
---@param record any
---@param format string
---@return string?
function m.unfit(record, format)
  if not record_xml.is_record(record) then
    error("bibs: a record is an object of almanac.marc or almanac.dc, as bibs.read and marc.record give it; not a " .. type(record), 3)
  end
  local is_marc = record_xml.is_marc(record)
  if m.FORMATS[format] ~= is_marc then
    return ("a record of %s can't be one of the format %s"):format(is_marc and "MARC" or "Dublin Core", format)
  end
  if not is_marc and not (record.root.namespace or ""):find(ALMA_DC) then
    return ("a record of Alma's Dublin Core is in the namespace http://alma.exlibrisgroup.com/dc/INSTITUTION, not in %s: " ..
      "make it with dc.record { institution = … }"):format(record.root.namespace or "none")
  end
end

return m
