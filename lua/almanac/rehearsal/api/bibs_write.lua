-- POST, PUT and DELETE of bibs. They take XML alone. Alma's documentation does not say in which order it checks; here
-- the body is read first, then the version and the lock, then the record is normalized, validated and matched.
local bib_body = require "almanac.rehearsal.api.bib_body"
local bibs = require "almanac.rehearsal.api.bibs"
local codes = require "almanac.rehearsal.api.codes"
local facts = require "almanac.rehearsal.api.facts"
local failure = require "almanac.rehearsal.api.failure"
local formats = require "almanac.rehearsal.api.formats"
local inventory = require "almanac.rehearsal.world.inventory"
local model = require "almanac.rehearsal.world.model"
local profiles = require "almanac.rehearsal.api.profile_store"
local record = require "almanac.rehearsal.api.record"
local records = require "almanac.rehearsal.world.records"
local shapes = require "almanac.rehearsal.api.shapes"
local validation = require "almanac.rehearsal.api.validation"

local m = {}

local WRITER = "exl_api"   -- as whom Alma notes changes by an API key (recorded)

-- Normalization processes of the rehearsal, for MARC. Alma lists those that it has when it is given another.
local NORMALIZATIONS = {
  { "35740000000009001", "trim texts", function(each)
    for _, field in ipairs(each:fields()) do
      for _, part in ipairs(field.subfields or {}) do part.value = part.value:match "^%s*(.-)%s*$" end
    end
  end },
}

local function normalize(body, id)
  if (id or "") == "" then return nil end
  local known = {}
  for i, process in ipairs(NORMALIZATIONS) do
    if process[1] == id and formats.of(body).is_marc then return process[3](body.record) end
    known[i] = process[1] .. " - " .. process[2]
  end
  return failure.new("4022030", ("Invalid normalization profile ID. Received: %s. Valid IDs for records of type %s are " ..
    "(displayed here followed by profile name): [%s]"):format(id, body.format:upper(),
    formats.of(body).is_marc and table.concat(known, ",") or ""))
end

-- override_warning without validate is refused (seen by the authors of a client).
local function validate(body, query)
  if query.validate ~= "true" then
    if query.override_warning then return failure.new("401873", "Input parameter override_warning is not valid.") end
    return nil
  end
  local errors, warnings = validation.look(body.record, body.format)
  if errors[1] then return failure.new("4022032", table.concat(errors, "; ")) end
  -- Alma's documentation has 4022033 for "failed validation", and does not say that these are the warnings.
  if warnings[1] and query.override_warning == "false" then return failure.new("4022033", table.concat(warnings, "; ")) end
  body.warnings = warnings
end

local function others_with(world, numbers, mms_id)
  for _, number in ipairs(numbers) do
    for _, bib in ipairs(records.with_number(world, number)) do
      if bib.mms_id ~= mms_id then return bib end
    end
  end
end

local function match(world, body, query, mms_id)
  if query.check_match ~= "true" then return nil end
  local other = others_with(world, body.record:all(formats.of(body).numbers), mms_id)
  if other then return failure.new("60307", ("The given bib object has matching records. %s"):format(other.mms_id)) end
end

-- A level is two digits (code table CatalogerLevel). Alma's documentation does not say what becomes of others.
local function level_refused(level)
  if (level or "") == "" or codes.describe(codes.tables.CatalogerLevel, level) then return nil end
  return failure.new("4022040", "Cataloging level is not enabled for your institution.")
end

local function below(bib, level)
  local needed = records.more(bib).cataloging_level
  return needed and level ~= "" and level and level < needed
end

-- What is kept beside the record. A PUT replaces the bib: Alma's documentation does not say whether what it leaves out
-- stays, so here it has its default again.
local function with_kept_fields(more, fields)
  for _, name in ipairs(bib_body.KEPT) do
    more[name] = fields[name] ~= "" and fields[name] or nil
  end
  return more
end

-- Keeps what was sent, in one transaction, and gives the answer.
local function keep(world, bib, body, by)
  local known = facts.read(body.record, formats.of(body))
  local text = body.text
  if formats.of(body).is_marc then
    record.sign(world, body.record, bib.mms_id, record.stamp(bib))
    text = record.marc_text(body.record)
  end
  records.keep(world, bib.mms_id, { record = text, format = body.format, title = known.title or "", oclc = known.oclc,
    call_number = known.call_number, numbers = known.numbers, by = WRITER })
  -- "Note that the default is true which means that the record will NOT be published" (XSD).
  local suppressed = body.fields.suppress_from_publishing ~= "false"
  records.set(world, bib.mms_id, { more = with_kept_fields(records.more(bib), body.fields), suppressed = suppressed, created_by = by })
end

local function answer(world, mms_id, warnings)
  return { shape = shapes.bib, format = "xml", object = bibs.object(world, model.bib(world, mms_id), {}, warnings) }
end

local function add(world, body)
  local mms_id = model.add_bib(world, { title = "", format = body.format })
  keep(world, model.bib(world, mms_id), body, WRITER)
  return mms_id
end

local function invalid(call, message)
  call.remark = message
  if message:find "^Field " or message:find "^Namespace " then return failure.new("4022032", message) end
  return failure.new("402209", "Given bib xml is invalid. " .. message)
end

-- A linked record is that of the zone; the rehearsal's Network Zone has the records of add_network_bib.
local function link(world, zone, id)
  local title = world:note(zone .. " " .. id)
  if not id:find "^%d+$" then return failure.mms_id(id) end
  if not title then return failure.new("33007", ("No record found for MMS id %s"):format(id)) end
  local known = records.linked_to(world, zone, id)[1]
  local mms_id = known and known.mms_id or model.add_bib(world, { title = title })
  records.set(world, mms_id, { more = { network = { type = zone, value = id } }, created_by = WRITER })
  return answer(world, mms_id)
end

---Does what a cataloguer does who changes the title meanwhile.
---@param world table
---@param mms_id string
---@param title string
function m.retitle(world, mms_id, title)
  local bib = assert(model.bib(world, mms_id), "no such title")
  local own = record.write(world, bib, {})
  local kept = records.more(bib)
  kept.suppress_from_publishing = tostring(bib.suppressed == 1)
  local body = { format = bib.format, fields = kept, record = facts.parse { format = bib.format, record = own } }
  assert(body.record:set(formats.of(bib).title_spec, title))
  if record.is_dublin_core(bib) then body.text = body.record:text() end
  keep(world, bib, body)
end

-- What an import profile does with a match is configured in it; here the match is overlaid. Alma's documentation says
-- no more than that "according to this configuration, the API can update an existing record in some cases".
local function overlaid(world, body, query)
  if (query.import_profile or "") == "" then return nil end
  return others_with(world, body.record:all(formats.of(body).numbers))
end

local function checked(world, body, query, mms_id)
  return level_refused(body.fields.cataloging_level) or normalize(body, query.normalization) or validate(body, query)
    or match(world, body, query, mms_id)
end

---@type almanac.rehearsal.handler
function m.create(world, call)
  local query = call.query
  local refusal = bib_body.refuse_json(call)
  if refusal then return refusal end
  for zone, name in pairs { NZ = "from_nz_mms_id", CZ = "from_cz_mms_id" } do
    if (query[name] or "") ~= "" then return world:atomically(link, world, zone, query[name]) end
  end
  local body, message = bib_body.read(world, call)
  if not body or not body.record then return invalid(call, message or "There is no record in it.") end
  if (query.import_profile or "") ~= "" and not profiles.find(world, query.import_profile) then
    return failure.new("402210", "Failed to create new bib.")
  end
  refusal = checked(world, body, query)
  if refusal then return refusal end
  local known = overlaid(world, body, query)
  local mms_id = world:atomically(function()
    if not known then return add(world, body) end
    keep(world, known, body)
    return known.mms_id
  end)
  return answer(world, mms_id, body.warnings)
end

-- "When true, the 005 field of the MARC record must be identical to that of the record in the database."
local function is_stale(bib, body, query)
  if query.stale_version_check ~= "true" or record.is_dublin_core(bib) then return false end
  return body.record:control "005" ~= record.stamp(bib)
end

-- No code is documented for a record that somebody edits.
local function locked(bib, query)
  return bib.locked_by and query.override_lock == "false"
    and failure.new("401652", ("General Error - The record is locked by %s."):format(bib.locked_by)) or nil
end

-- Of a record that is linked to the Network Zone only the institution's own fields are replaced.
local function replace_local(world, bib, body)
  local network = records.more(bib).network
  if not network or not formats.of(body).is_marc then return end
  local sent, whole = body.record, facts.parse { format = bib.format, record = record.write(world, bib, {}) }
  for _, field in ipairs(whole:fields()) do
    if record.is_local(field) then whole:remove(field) end
  end
  for _, field in ipairs(sent:fields()) do
    if record.is_local(field) then whole:add(field) end
  end
  body.record = whole
end

local function changeable(call, bib, body)
  if not body.record then return failure.general() end
  local named = body.fields.mms_id
  if named and named ~= "" and named ~= bib.mms_id then
    call.remark = "the body is about " .. named
    return failure.general()
  end
  if is_stale(bib, body, call.query) then
    return failure.new("4022034", "A newer version of this record exists in the repository.")
  end
  return locked(bib, call.query) or level_refused(call.query.cataloger_level)
    or below(bib, call.query.cataloger_level)
      and failure.new("4022041", "Cannot update this record due to insufficient cataloger level privileges.") or nil
end

---@type almanac.rehearsal.handler
function m.update(world, call)
  local refusal = bib_body.refuse_json(call)
  if refusal then return refusal end
  local bib = model.bib(world, call.path.mms_id)
  if not bib then return failure.mms_id(call.path.mms_id) end
  local body, message = bib_body.read(world, call, bib.format)
  if not body then
    refusal = invalid(call, message)
    -- 402209 is documented for POST alone.
    return refusal.failure.code == "4022032" and refusal or failure.general()
  end
  refusal = changeable(call, bib, body)
  if refusal then return refusal end
  replace_local(world, bib, body)
  refusal = checked(world, body, call.query, bib.mms_id)
  if refusal then return refusal end
  world:atomically(keep, world, bib, body)
  return answer(world, bib.mms_id, body.warnings)
end

---POST with op: a linked record becomes the institution's own.
---@type almanac.rehearsal.handler
function m.operate(world, call)
  local refusal = bib_body.refuse_json(call)
  if refusal then return refusal end
  local bib = model.bib(world, call.path.mms_id)
  if not bib then return failure.new("33007", ("No record found for MMS id %s"):format(call.path.mms_id)) end
  local more = records.more(bib)
  if call.query.op ~= "unlink_from_nz" then return failure.parameter() end
  if not more.network then return failure.general() end
  more.network = nil
  records.set(world, bib.mms_id, { more = more })
  return answer(world, bib.mms_id)
end

-- A title that still has inventory can be deleted only with override.
---@type almanac.rehearsal.handler
function m.delete(world, call)
  local bib, level = model.bib(world, call.path.mms_id), call.query.cataloger_level
  if not bib then return failure.mms_id(call.path.mms_id) end
  local refusal = level_refused(level)
  if refusal then return refusal end
  if below(bib, level) then
    return failure.new("60303", "Cannot delete this record due to insufficient cataloger level privileges.")
  end
  local _, count = model.representations(world, bib.mms_id, { limit = 0 })
  if count + inventory.count(world, bib.mms_id) > 0 and call.query.override ~= "true" then
    return failure.new("401873", "Input parameter mms_id or parameter override is not valid.")
  end
  world:atomically(model.delete_bib, world, bib.mms_id)
  return { status = 204 }
end

m.routes = {
  { "POST /bibs", m.create, "from_nz_mms_id from_cz_mms_id normalization validate override_warning check_match import_profile" },
  { "PUT /bibs/{mms_id}", m.update, "normalization validate override_warning override_lock stale_version_check " ..
    "cataloger_level check_match" },
  { "POST /bibs/{mms_id}", m.operate, "op" },
  { "DELETE /bibs/{mms_id}", m.delete, "override cataloger_level" },
}

return m
