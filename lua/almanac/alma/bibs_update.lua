-- Changes and deletes bibs. Alma replaces the whole record, and by default asks nothing: so here a record is validated,
-- warnings refuse, and a record that somebody else changed meanwhile is not overwritten, unless the options say so.
local client_module = require "almanac.alma.client"
local fields = require "almanac.fields"
local patience = require "almanac.patience"
local reading = require "almanac.alma.bibs_read"
local record_xml = require "almanac.alma.record_xml"
local send = require "almanac.alma.bib_send"
local task = require "almanac.task"

local m = {}

local has_code = client_module.has_code

local STALE = "4022034"   -- "A newer version of this record exists in the repository."
local TRIES = 4           -- of a change that others come before

local UPDATE = send.options(send.CHECKS, send.OWN,
  { stale_version_check = "boolean", override_lock = "boolean", cataloger_level = "string" })
local DELETE = { override = "boolean", cataloger_level = "string" }

local function query_of(options, record)
  local query = send.checks(options)
  query.cataloger_level, query.override_lock = options.cataloger_level, options.override_lock
  -- Dublin Core has no 005, by which Alma knows a stale version.
  if record_xml.is_marc(record) and options.stale_version_check ~= false then query.stale_version_check = true end
  return query
end

local function put(client, mms_id, body, query)
  local bib, message, code, detail
  -- With the check of versions a PUT that is sent twice is refused the second time. So it is sent once, and when the
  -- answer is lost, the bib tells.
  bib, message, code, detail = send.answered(client:call { method = "PUT", path = table.pack("bibs", mms_id), query = query, body = body,
    content_type = "application/xml", once = query.stale_version_check })
  if bib then bib.mms_id = bib.mms_id or mms_id end   -- the answer of a dry run has none
  return bib, message, code, detail
end

-- What a bib tells of a PUT whose answer was lost: the bib as it is now when it came through, or `again` when it surely
-- did not and would be refused if it still came.
local function look_after(client, mms_id, sent, query)
  local bib = reading.read(client, mms_id)
  if not bib then return nil, false end
  if record_xml.same(bib.record, sent) then
    bib.warnings = {}
    return bib, false
  end
  return nil, query.stale_version_check == true and bib.record:control "005" == sent:control "005"
end

-- Sends a record until it is there or surely refused.
local function replace(client, mms_id, record, bib, options)
  local body, message, code = record_xml.body("bib", send.fields(options, bib), record)
  if not body then return nil, message, code end
  local query, detail = query_of(options, record), nil
  for try = 1, TRIES do
    local answer
    answer, message, code, detail = put(client, mms_id, body, query)
    if answer then return answer end
    if not (detail and (detail.unclear or detail.earlier)) then return nil, message, code, detail end
    local after, again = look_after(client, mms_id, record, query)
    if after then return after end
    if not again then return nil, message, code, detail end
    task.sleep(patience.pause(client.backoff, try))
  end
  return nil, message, code, detail
end

-- Does a function's change to the record as it is now. Gives nil and nothing more when there is nothing to change.
local function apply(change, bib)
  local record = record_xml.is_marc(bib.record) and bib.record:copy() or bib.record
  local before = record_xml.text(bib.record)
  local result = change(record, bib)
  if result == false or record_xml.text(record) == before then return nil end
  return record
end

local function changes_a_field(options, bib)
  for _, field in ipairs(send.fields(options)) do
    local now = bib[field[1]]
    if type(now) == "table" then now = now.value end
    if field[2] ~= nil and tostring(field[2]) ~= now then return true end
  end
  return false
end

local function by_function(client, mms_id, change, options)
  local bib, sent, message, code, detail
  for _ = 1, TRIES do
    bib, message, code, detail = reading.read(client, mms_id)
    if not bib then return nil, message, code, detail end
    sent = apply(change, bib) or changes_a_field(options, bib) and bib.record
    if not sent then
      bib.warnings = {}
      return bib, false
    end
    local answer
    answer, message, code, detail = replace(client, mms_id, sent, bib, options)
    if answer then return answer, true end
    if not has_code(detail, STALE) or detail.unclear or detail.earlier then return nil, message, code, detail end
  end
  return nil, message, code, detail
end

local function with_record(client, mms_id, record, options)
  if options.stale_version_check ~= false and record_xml.is_marc(record) and not record:control "005" then
    return nil, "the record has no 005, by which Alma would see whether somebody changed the bib meanwhile: change the record " ..
      "that bibs.read gives, or stale_version_check = false", "parse"
  end
  local bib, message, code, detail = reading.read(client, mms_id, { view = "brief" })
  if not bib then return nil, message, code, detail end
  local wrong = send.unfit(record, bib.record_format or "marc21")
  if wrong then return nil, wrong, "parse" end
  local answer
  answer, message, code, detail = replace(client, mms_id, record, bib, options)
  if answer then return answer, true end
  return nil, message, code, detail
end

---Changes a bib: reads it, lets `change` change the record, and sends all of it. When somebody changed the bib meanwhile, it
---is read again and changed anew. A change that changes nothing sends nothing. Fields that expand= adds (AVA, AVD, AVE) are
---never sent. Dublin Core has no 005, so there Alma can't see that somebody was faster: of two at the same moment the later
---one wins. Of a record that is linked to the Network Zone Alma changes local fields alone. Source: OpenAPI bibs,
---PUT /bibs/{mms_id}.
---
---    bibs.update(client, mms_id, function(record) record:set("245$a", "Maps of Ghent") end)
---@param client almanac.alma.client
---@param mms_id string
---@param change (fun(record: any, bib: table): false?)|almanac.marc.record|almanac.dc.record a function that changes the
---  record that it is given, or gives false when nothing is to do; or the record itself, as it shall be: then one that somebody
---  changed since it was read is not overwritten
---@param options? { validate: boolean?, override_warning: boolean?, stale_version_check: boolean?, override_lock: boolean?,
---  normalization: string?, check_match: boolean?, cataloger_level: string?, suppress_from_publishing: boolean?,
---  suppress_from_external_search: boolean?, sync_with_oclc: string?, sync_with_libraries_australia: string?,
---  cataloging_level: string? } validate, stale_version_check: true unless false; override_warning: false unless true;
---  override_lock: Alma's default, true, saves a record that somebody edits just now; cataloger_level: of the one who changes;
---  cataloging_level: the record's new one; those that are not given stay as they are
---@return table|nil bib as Alma keeps it now, with `record` and `warnings`
---@return boolean|string changed false: there was nothing to change; the message when it failed
---@return string? code "conflict": somebody changed it meanwhile; "missing"; "parse"
---@return almanac.alma.detail? detail `unclear`: nobody can tell whether it was changed
function m.update(client, mms_id, change, options)
  options = options or {}
  fields.check("bibs.update", options, UPDATE, 2)
  if change == nil then error("bibs.update: give a function that changes the record, or the record", 2) end
  if type(change) == "function" then return by_function(client, mms_id, change, options) end
  return with_record(client, mms_id, change, options)
end

---Deletes a bib. Source: OpenAPI bibs, DELETE /bibs/{mms_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param options? { override: boolean?, cataloger_level: string? } override: also one that still has inventory
---@return true|nil deleted
---@return string? message
---@return string? code "missing": there is none
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, options)
  options = options or {}
  fields.check("bibs.delete", options, DELETE, 2)
  local done, message, code, detail = client:call { method = "DELETE", path = table.pack("bibs", mms_id),
    query = { override = options.override, cataloger_level = options.cataloger_level } }
  if done then return true end
  -- A try before the last one may have deleted it.
  if code == "missing" and detail and detail.earlier then return true end
  return nil, message, code, detail
end

---Makes a bib that is linked to the Network Zone one of the institution's own. Source: OpenAPI bibs,
---POST /bibs/{mms_id}?op=unlink_from_nz.
---@param client almanac.alma.client
---@param mms_id string
---@return table|nil bib
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.unlink(client, mms_id)
  local bib, message, code, detail = reading.read(client, mms_id)
  if not bib then return nil, message, code, detail end
  local body
  body, message, code = record_xml.body("bib", send.fields({}, bib), bib.record)
  if not body then return nil, message, code end
  local answer
  answer, message, code, detail = send.answered(client:call { method = "POST", path = table.pack("bibs", mms_id),
    query = { op = "unlink_from_nz" }, body = body, content_type = "application/xml" })
  if answer then return answer end
  if not (detail and detail.unclear) then return nil, message, code, detail end
  local after = reading.read(client, mms_id)
  if after and reading.is_unlinked(after) then return after end
  return nil, message, code, detail
end

return m
