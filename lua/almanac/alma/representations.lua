-- Digital representations of a title (OpenAPI bibs; field names from
-- rest_representation.xsd). Entries of a list may lack usage type and library; what `get`
-- gives always has them.
local answers = require "almanac.alma.answers"
local coded = require "almanac.alma.coded"
local fields = require "almanac.fields"
local libraries = require "almanac.alma.libraries"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"
local tables = require "almanac.alma.tables"

local m = {}

-- What may be sent, as rest_representation.xsd has it; coded fields may be given as a bare code.
local CODED = { library = true, usage_type = true, active = true, entity_type = true, access_rights_policy_id = true,
  repository = true }
local FIELDS = { is_remote = "boolean" }
for name in pairs(CODED) do FIELDS[name] = "string|table" end
for name in ([[label public_note author title volume issue date start_page end_page track start_time end_time number year
    season_month day_in_month request_id originating_record_id linking_parameter_1 linking_parameter_2 linking_parameter_3
    linking_parameter_4 linking_parameter_5]]):gmatch "%S+" do
  FIELDS[name] = "string|number"
end
-- What was decided when it was made is not sent with a change.
local MADE_WITH = { repository = true, originating_record_id = true, request_id = true }
local CREATE = { as_new = "boolean", generate_label = "boolean" }
local UPDATE = { generate_label = "boolean", bibs = "string" }
local DELETE = { override = "boolean", bibs = "string" }

local function path(mms_id, ...)
  return table.pack("bibs", mms_id, "representations", ...)
end

---All representations of a title.
---@param client almanac.alma.client
---@param mms_id string
---@return table[]|nil representations
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id)
  return paging.all(client, {
    path = path(mms_id), kind = "representations", key = "representation", identify = function(rep) return rep.id end,
  })
end

---One representation, with all its fields.
---@param client almanac.alma.client
---@param mms_id string
---@param id string representation id
---@return table|nil representation
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, mms_id, id)
  return client:call { path = path(mms_id, id), kind = "representation", id = id }
end

-- Alma shows PRESERVATION_MASTER as PRIMARY to whoever asks for its new words.
local function usage_of(field)
  local code = coded.value(field)
  return code == "PRIMARY" and "PRESERVATION_MASTER" or code
end

-- An entry of a list may lack its usage type; what `get` gives has it.
local function whole(client, mms_id, entry)
  if entry.usage_type and entry.library then return entry end
  return m.get(client, mms_id, entry.id)
end

-- A remote representation is known by what it is in its repository, any other by label and usage type.
local function is_like(rep, wanted)
  if wanted.originating_record_id then
    return rep.originating_record_id == wanted.originating_record_id
      and (not wanted.repository or coded.value(rep.repository) == coded.value(wanted.repository))
  end
  return rep.label == wanted.label and (not wanted.usage_type or usage_of(rep.usage_type) == usage_of(wanted.usage_type))
end

local function worth_a_look(entry, wanted)
  return wanted.originating_record_id ~= nil or entry.label == wanted.label
end

local function ids_of(list)
  local ids = {}
  for i, entry in ipairs(list) do ids[i] = entry.id end
  return ids
end

local function one_of(found, mms_id, what)
  if #found == 1 then return found[1] end
  if #found == 0 then return nil, ("title %s has no representation %s"):format(mms_id, what), "missing" end
  return nil, ("title %s has %d representations %s: %s"):format(mms_id, #found, what, table.concat(ids_of(found), ", ")), "conflict"
end

local function words_of(wanted)
  if wanted.originating_record_id then return ("of the record '%s'"):format(wanted.originating_record_id) end
  return ("'%s'"):format(wanted.label or "")
end

-- Those in the list that the keep function takes, read whole.
local function chosen(client, mms_id, list, wanted, keep)
  local found = {}
  for _, entry in ipairs(list) do
    if keep(entry) then
      local rep, message, code, detail = whole(client, mms_id, entry)
      if not rep then return nil, message, code, detail end
      if wanted(rep) then found[#found + 1] = rep end
    end
  end
  return found
end

---The one representation that is meant: a remote one by `originating_record_id` (and `repository`), any other one by
---`label` (and `usage_type`).
---Source: OpenAPI bibs, GET /bibs/{mms_id}/representations.
---@param client almanac.alma.client
---@param mms_id string
---@param wanted { originating_record_id: string?, repository: string?, label: string?, usage_type: string? }
---@return table|nil representation
---@return string? message
---@return string? code "missing", or "conflict" when there are several
---@return almanac.alma.detail? detail
function m.find(client, mms_id, wanted)
  local origin = wanted.originating_record_id
  local list, message, code, detail = paging.all(client, {
    path = path(mms_id), kind = "representations", key = "representation", identify = function(rep) return rep.id end,
    query = origin and { originating_record_id = origin } or nil,
  })
  if not list then return nil, message, code, detail end
  local found
  found, message, code, detail = chosen(client, mms_id, list, function(rep) return is_like(rep, wanted) end,
    function(entry) return worth_a_look(entry, wanted) end)
  if not found then return nil, message, code, detail end
  return one_of(found, mms_id, words_of(wanted))
end

local function body_of(given)
  local body = {}
  for name, value in pairs(given) do
    body[name] = CODED[name] and type(value) ~= "table" and { value = value } or value
  end
  return body
end

---Sends one POST for a representation, for a caller that keeps a journal of its own: it must not simply be repeated, and
---when `detail.unclear` is set, look in Alma first. Others use `create`.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/representations.
---@param client almanac.alma.client
---@param mms_id string
---@param body table library, usage_type, label, public_note …; `is_remote` is false unless given
---@param options { generate_label: boolean? }? generate_label: Alma makes the label
---@return table|nil representation as Alma made it
---@return string? message
---@return string? code "missing" with 402260: the title is in no collection
---@return almanac.alma.detail? detail
function m.post(client, mms_id, body, options)
  local full = body_of(body)
  if full.is_remote == nil then full.is_remote = false end
  return client:call { method = "POST", path = path(mms_id), body = full, kind = "representation",
    query = options and options.generate_label and { generate_label = true } or nil }
end

-- Alma may add to a label, cut it, or leave it out.
local function is_kept(label, sent)
  label, sent = label or "", sent or ""
  return label:sub(1, #sent) == sent or sent:sub(1, #label) == label
end

local function could_be(rep, sent)
  return usage_of(rep.usage_type) == usage_of(sent.usage_type) and coded.value(rep.library) == coded.value(sent.library)
    and is_kept(rep.label, sent.label) and rep.originating_record_id == sent.originating_record_id
    and (answers.count(rep.files and rep.files.total_record_count) or 0) == 0
end

-- The one representation that was not there before and could be the one that was sent.
local function new_one(client, mms_id, before, sent)
  local list, message, code, detail = m.list(client, mms_id)
  if not list then return nil, message, code, detail end
  local found
  found, message, code, detail = chosen(client, mms_id, list, function(rep) return could_be(rep, sent) end,
    function(entry) return not before[entry.id] end)
  if not found then return nil, message, code, detail end
  return one_of(found, mms_id, "that is new")
end

local function there_before(client, mms_id)
  local list, message, code, detail = m.list(client, mms_id)
  if not list then return nil, message, code, detail end
  local before = {}
  for _, entry in ipairs(list) do before[entry.id] = true end
  return before
end

local function check_known(sent, options)
  if options.as_new then return end
  if not (sent.is_remote and sent.originating_record_id) and (options.generate_label or (sent.label or "") == "") then
    error("representations.create: a representation is known by its label, a remote one by originating_record_id: give that, " ..
      "or as_new = true", 3)
  end
end

local function codes_of(client, sent)
  return { { what = "library", code = sent.library, list = function() return libraries.list(client) end },
    { what = "usage type", code = usage_of(sent.usage_type),
      list = function() return tables.codes(client, "RepresentationUsageType") end } }
end

---Makes a representation, once. A remote one (`is_remote = true`) is known by `originating_record_id` and `repository`, any
---other one by `label` and `usage_type`: when the title has that one, it is given. With `as_new`, and with
---`generate_label`, which has no label to be known by, it is made without looking for one; a script that was killed and is
---run again then makes a second one.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/representations; fields: rest_representation.xsd.
---@param client almanac.alma.client
---@param mms_id string
---@param representation table library, usage_type (codes), label, public_note, access_rights_policy_id, entity_type with its
---  fields; of a remote one also is_remote, repository, originating_record_id, linking_parameter_1 to _5
---@param options { as_new: boolean?, generate_label: boolean? }? generate_label: Alma makes the label; needs as_new
---@return table|nil representation as Alma has it: Alma may have changed the label
---@return boolean|string there true: it was there before; the message when there is none
---@return string? code "missing" with 402260: the title is in no collection; "conflict": it has several of these; "status": Alma
---  refused it, and the message says which of library and usage type it has not
---@return almanac.alma.detail? detail
function m.create(client, mms_id, representation, options)
  options = options or {}
  fields.check("representations.create", representation, FIELDS, 2)
  fields.check("representations.create", options, CREATE, 2)
  check_known(representation, options)
  local before, message, code, detail = there_before(client, mms_id)
  if not before then return nil, message, code, detail end
  return once.make(client, {
    what = ("representation %s of title %s"):format(words_of(representation), mms_id),
    look = not options.as_new and function() return m.find(client, mms_id, representation) end or nil,
    find = function() return new_one(client, mms_id, before, representation) end,
    post = function() return m.post(client, mms_id, representation, options) end,
    unknown = codes_of(client, representation),
  })
end

-- What was read, as it may be sent again.
local function sendable(rep)
  local body = {}
  for name in pairs(FIELDS) do
    if not MADE_WITH[name] then body[name] = rep[name] end
  end
  return body
end

---Changes fields of a representation. PUT replaces the whole object, so it is read, changed
---and sent back. Doing it twice does no harm.
---Source: OpenAPI bibs, PUT /bibs/{mms_id}/representations/{rep_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param id string
---@param changes table<string, any> as Alma names them; coded ones { value } or a bare code
---@param options { generate_label: boolean?, bibs: "retain"|"suppress"|nil }? bibs: what becomes of a title that is left
---  without an active representation (retain)
---@return table|nil representation as Alma has it now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, mms_id, id, changes, options)
  fields.check("representations.update", options or {}, UPDATE, 2)
  fields.check("representations.update", changes, FIELDS, 2)
  local rep, message, code, detail = m.get(client, mms_id, id)
  if not rep then return nil, message, code, detail end
  local body = sendable(rep)
  for name, value in pairs(body_of(changes)) do body[name] = value end
  return client:call { method = "PUT", path = path(mms_id, id), body = body, kind = "representation", id = id, query = options }
end

---Deletes a representation with its files. After an unclear answer Alma is asked for it, and
---when it says that there is none, the representation is deleted.
---Source: OpenAPI bibs, DELETE /bibs/{mms_id}/representations/{rep_id}.
---@param client almanac.alma.client
---@param mms_id string
---@param id string
---@param options { override: boolean?, bibs: "retain"|"suppress"|"delete"|nil }? override: false refuses when Alma has a
---  warning, as for one that has files; bibs: what becomes of a title that is left without a representation (retain)
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, id, options)
  options = options or {}
  fields.check("representations.delete", options, DELETE, 2)
  local bibs = options.bibs or "retain"
  local ok, message, code, detail = client:call {
    method = "DELETE", path = path(mms_id, id), query = { bibs = bibs, override = options.override ~= false },
  }
  if ok or not detail.unclear then return ok, message, code, detail end
  local function others()
    local list, _, why = m.list(client, mms_id)
    return list or bibs == "delete" and why == "missing" and {} or nil
  end
  if paging.is_gone(function() return m.get(client, mms_id, id) end, others, "id", id) then return true, nil, nil, detail end
  return nil, message, code, detail
end

return require("almanac.alma.area").of("representations", m)
