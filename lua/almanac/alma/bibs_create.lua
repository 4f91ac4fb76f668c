-- Creates bibs, each once. Alma takes them in XML alone, and by default asks nothing: so here a record is validated and
-- warnings refuse, unless the options say so.
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local reading = require "almanac.alma.bibs_read"
local record_xml = require "almanac.alma.record_xml"
local send = require "almanac.alma.bib_send"

local m = {}

local CREATE = send.options(send.CHECKS, send.OWN, { format = "string", import_profile = "string", numbers = "table", as_new = "boolean" })
local LINK = send.options(send.OWN, { from_nz_mms_id = "string", from_cz_mms_id = "string" })

local function format_of(record, options)
  local format = options.format or record_xml.is_marc(record) and "marc21" or "dc"
  if send.FORMATS[format] == nil then
    error(("bibs: there is no format '%s'; there are: marc21, unimarc, kormarc, cnmarc, dc, dcap01, dcap02, etd"):format(format), 3)
  end
  return format
end

---The numbers by which a bib is found again: 035 $a of MARC, dc:identifier of Dublin Core.
---@param record any
---@return string[]
function m.numbers(record)
  return record:all(record_xml.is_marc(record) and "035$a" or "dc:identifier")
end

-- The bib that has one of the numbers.
local function with_numbers(client, numbers)
  local found
  for _, number in ipairs(numbers) do
    local list, message, code, detail = reading.find(client, { other_system_id = number })
    if not list then return nil, message, code, detail end
    for _, bib in ipairs(list) do
      if found and found.mms_id ~= bib.mms_id then
        return nil, ("%s and %s both have numbers of this record (%s)"):format(found.mms_id, bib.mms_id,
          table.concat(numbers, ", ")), "conflict", { errors = {}, unclear = false, unsent = true }
      end
      found = bib
    end
  end
  if found then return found end
  return nil, ("no bib has one of the numbers %s"):format(table.concat(numbers, ", ")), "missing"
end

local function post(client, query, body)
  return send.answered(client:call { method = "POST", path = { "bibs" }, query = query, body = body, content_type = "application/xml" })
end

---Creates a bib, once: it is known by the numbers of other systems in its record, 035 $a or dc:identifier, which Alma
---looks up as other_system_id. A bib that has one of them already is given and nothing is sent. Validation errors and,
---unless override_warning is true, warnings refuse the record; warnings of a record that was saved are in `warnings`.
---Alma suppresses a new bib from publishing unless told otherwise. Its index may lag behind a write: what
---an earlier run made is then waited for, where `almanac exec` runs the script. Numbers that several titles share (a note in dc:identifier)
---tell no bib apart: then give numbers. Source: OpenAPI bibs, POST /bibs.
---@param client almanac.alma.client
---@param record almanac.marc.record|almanac.dc.record
---@param options? { format: string?, numbers: string[]?, as_new: boolean?, validate: boolean?, override_warning: boolean?,
---  normalization: string?, check_match: boolean?, import_profile: string?, suppress_from_publishing: boolean?,
---  suppress_from_external_search: boolean?, sync_with_oclc: string?, sync_with_libraries_australia: string?,
---  cataloging_level: string? } format: marc21 (default for MARC), unimarc, kormarc, cnmarc, dc (default for Dublin Core),
---  dcap01, dcap02, etd; numbers: others to know it by; as_new: it is sent without looking; validate: true unless false;
---  override_warning: false unless true; normalization, import_profile: ids; the others as in Alma
---@return table|nil bib as `read` gives it, with `warnings`: a list of texts
---@return boolean|string there true: it was there before; the message when there is nothing
---@return string? code "conflict": several bibs have its numbers; "parse": it has none, and as_new is not true
---@return almanac.alma.detail? detail `unclear`: it may have been made all the same
function m.create(client, record, options)
  options = options or {}
  fields.check("bibs.create", options, CREATE, 2)
  local format = format_of(record, options)
  local wrong = send.unfit(record, format)
  if wrong then return nil, wrong, "parse" end
  local numbers = options.numbers or m.numbers(record)
  if not (numbers[1] or options.as_new) then
    return nil, "the record has no number by which it could be found again (035 $a, dc:identifier): add one, give numbers = { … }, " ..
      "or as_new = true", "parse"
  end
  local list = send.fields(options)
  table.insert(list, 1, { "record_format", format })
  local body, message, code = record_xml.body("bib", list, record)
  if not body then return nil, message, code end
  local query = send.checks(options)
  query.import_profile = options.import_profile
  local look = not options.as_new and function() return with_numbers(client, numbers) end or nil
  return once.make(client, {
    what = numbers[1] and ("bib with the number " .. numbers[1]) or "bib", look = look,
    post = function() return post(client, query, body) end,
  })
end

---Creates a bib that is linked to a record of the Network or Community Zone, once: a bib that is linked to it already is
---given. Source: OpenAPI bibs, POST /bibs with from_nz_mms_id or from_cz_mms_id.
---@param client almanac.alma.client
---@param options { from_nz_mms_id: string?, from_cz_mms_id: string? } one of both
---@return table|nil bib
---@return boolean|string there true: it was there before; or the message
---@return string? code "missing": the zone has no such record
---@return almanac.alma.detail? detail
function m.create_linked(client, options)
  fields.check("bibs.create_linked", options, LINK, 2)
  local zone = options.from_nz_mms_id and "nz_mms_id" or "cz_mms_id"
  local id = options["from_" .. zone]
  if not id or options.from_nz_mms_id and options.from_cz_mms_id then
    error("bibs.create_linked: give from_nz_mms_id or from_cz_mms_id", 2)
  end
  return once.make(client, {
    what = ("bib linked to %s"):format(id),
    look = function()
      local list, message, code, detail = reading.find(client, { [zone] = id })
      if not list then return nil, message, code, detail end
      if list[1] then return list[1] end
      return nil, ("no bib is linked to %s"):format(id), "missing"
    end,
    post = function() return post(client, { ["from_" .. zone] = id }, record_xml.body("bib", {})) end,
  })
end

return m
