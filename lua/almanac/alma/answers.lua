-- Checks every answer of Alma before anybody uses it. So no other module meets an id
-- that leads out of a folder, a label that is a table, or a list that claims to have
-- no end.
--
-- A shape is a table of fields; each field is a check that gives words for what
-- is wrong, or nothing. An absent field is fine unless its check is `needed`.
-- Fields that are not named here are passed on unread.
local m = {}

-- Alma numbers everything in one way: two digits for the kind, a number, four
-- digits for the institution. Ex Libris says 8 to 19 digits for titles; recorded
-- ids of all kinds have 14 (99939650000541) to 18 (122719344170003941).
local FEWEST, MOST = 8, 19

-- Entries of a list. The largest catalogues have some ten million titles.
local ENTRIES = 100000000

---Whether a text is an id as Alma gives them to titles, representations, files,
---sets, collections, holdings and items.
---@param value any
---@return boolean
function m.is_id(value)
  return type(value) == "string" and #value >= FEWEST and #value <= MOST and not value:find "%D"
end

---True for a whole number from 0 on, given as a number or as text.
---@param value any
---@return integer? count
function m.count(value)
  local kind = type(value)
  if kind == "string" and not value:find "^%d+$" then return nil end
  local number = (kind == "string" or kind == "number") and math.tointeger(tonumber(value))
  return number and number >= 0 and number or nil
end

local function shown(value)
  if type(value) ~= "string" then return type(value) == "table" and "an object" or tostring(value) end
  local short = #value > 40 and value:sub(1, 40) .. "…" or value
  return "'" .. short:gsub("%c", "?") .. "'"
end

-- ---- checks of one value ----

local function id(value)
  if not m.is_id(value) then return ("is %s, and no id of Alma's"):format(shown(value)) end
end

local function text(value)
  if type(value) ~= "string" then return ("is %s, and no text"):format(shown(value)) end
  if value:find("\0", 1, true) then return "holds a zero byte" end
end

local function scalar(value)
  if type(value) == "table" then return "is an object, and no plain value" end
  return type(value) == "string" and text(value) or nil
end

local function count(value)
  if not m.count(value) then return ("is %s, and no number of things"):format(shown(value)) end
end

-- A collection's id is { value: id }; in JSON that was made from XML it may come bare.
local function collection_id(value)
  return id(type(value) == "table" and value.value or value)
end

-- The name of an institution, bucket or region. It becomes a part of addresses and of
-- object names, so it may hold nothing that means something there.
local function name(value)
  if type(value) ~= "string" or not value:find "^%w[%w_.-]*$" or value:find("..", 1, true) then
    return ("is %s, and no name"):format(shown(value))
  end
end

local function address(value)
  if value == "" then return nil end
  if type(value) ~= "string" or value:find "[%c%s]" then return ("is %s, and no address"):format(shown(value)) end
end

local function needed(check)
  return { needed = true, check = check }
end

local check_fields

local function object(fields)
  return function(value)
    if type(value) ~= "table" or value[1] ~= nil then return ("is %s, and no object"):format(shown(value)) end
    return nil, check_fields(fields, value)
  end
end

-- Coded values are { value, desc }; a bare one is understood as well.
local function coded(check)
  local fields = object { value = check, desc = scalar }
  return function(value)
    if type(value) == "table" then return fields(value) end
    return check(value)
  end
end

local code = coded(scalar)

local function list(check)
  return function(value)
    if type(value) ~= "table" or next(value) ~= nil and value[1] == nil then
      return ("is %s, and no list"):format(shown(value))
    end
    for i, item in ipairs(value) do
      local wrong, deeper = check(item)
      if wrong or deeper then return nil, deeper and ("[%d].%s"):format(i, deeper) or ("[%d] %s"):format(i, wrong) end
    end
  end
end

-- ---- shapes of answers ----

local function with(fields, more)
  for _, field in ipairs(more) do fields[field] = scalar end
  return fields
end

local REPRESENTATION = with({
  id = needed(id), library = code, usage_type = code, active = code, entity_type = code, repository = code,
  access_rights_policy_id = code, label = text, public_note = text, delivery_url = text, thumbnail_url = text,
  files = object { total_record_count = scalar },
}, { "is_remote", "author", "title", "volume", "issue", "date", "start_page", "end_page", "track", "start_time", "end_time",
  "number", "year", "season_month", "day_in_month", "originating_record_id", "linking_parameter_1", "linking_parameter_2",
  "linking_parameter_3", "linking_parameter_4", "linking_parameter_5", "created_by", "created_date", "last_modified_by",
  "last_modified_date" })

local FILE = { pid = needed(id), label = text, path = text, size = count, url = address, thumbnail_url = text }

local BIB = { mms_id = needed(text), title = text, author = text, record_format = text, suppress_from_publishing = scalar,
  anies = list(text), network_number = list(text), originating_system_id = text }

local ITEM = {
  bib_data = object { mms_id = id, title = text }, holding_data = object { holding_id = id, call_number = text },
  item_data = object { pid = id, barcode = text, description = text },
}

local SET = { id = needed(id), name = text, number_of_members = object { value = count }, type = code, content = code }

local COLLECTION = { pid = needed(collection_id), name = text }
COLLECTION.collection = list(object(COLLECTION))

local GENERAL = {
  institution = needed(object { value = needed(name) }), environment_type = text, alma_url = address,
  digital = object { bucket = name, region = name, ingest_url = address, delivery_url = address,
    ingest_form = function(value)
      if type(value) ~= "table" then return ("is %s, and no form"):format(shown(value)) end
      for field, item in pairs(value) do
        local wrong = type(field) ~= "string" and "is no form" or text(item)
        if wrong then return nil, tostring(field) .. " " .. wrong end
      end
    end },
}

local function pages(key, fields)
  return { total_record_count = scalar, [key] = list(object(fields)) }
end

local ROW = object { code = needed(text), description = scalar, enabled = scalar, default = scalar }

local JOB = { id = needed(text), name = text, description = text, type = code, category = code, content = code,
  related_profile = code, additional_info = function(value)
    if type(value) ~= "table" then return scalar(value) end
    return nil, check_fields({ link = text, value = scalar }, value)
  end }

local RUN = { id = needed(text), name = text, status = code, progress = scalar, submit_time = scalar, start_time = scalar,
  end_time = scalar, alert = list(code), counter = list(object { value = scalar }) }

local PROFILE = { id = needed(text), name = text, type = code, job_id = code, file_name_patterns = text,
  digital_details = object { ie_type = code, collection_assignment = code, library = code } }

local REQUEST = { request_id = needed(text), request_type = text, request_sub_type = code, mms_id = scalar, title = scalar,
  user_primary_id = scalar, item_id = scalar, request_status = scalar, comment = scalar, partial_digitization = scalar }

local DEPOSIT = { deposit_id = needed(text), title = scalar, status = code, deposit_profile = code, mms_id = scalar, rep_id = scalar,
  notes = scalar, user_primary_id = scalar }

local MAPPED = object { column0 = scalar, column1 = scalar, column2 = scalar, enabled = scalar }

local function mapped(value)
  if type(value) == "table" and value.row ~= nil then return list(MAPPED)(value.row) end
  return list(MAPPED)(value)
end

local function rows(value)
  if type(value) == "table" and value.row ~= nil then return list(ROW)(value.row) end
  return list(ROW)(value)
end

local SHAPES = {
  representation = REPRESENTATION, representations = pages("representation", REPRESENTATION),
  file = FILE, files = pages("representation_file", FILE),
  bib = BIB, bibs = pages("bib", BIB), of_collection = pages("bib", { mms_id = needed(id), title = text }),
  holdings = pages("holding", { holding_id = needed(id), library = code, location = code, call_number = text }),
  item = ITEM, items = pages("item", ITEM),
  set = SET, sets = pages("set", SET), members = pages("member", { id = needed(id), description = scalar }),
  collection = COLLECTION, collections = pages("collection", COLLECTION),
  general = GENERAL, libraries = pages("library", { code = needed(text), name = scalar }),
  code_table = { row = rows },
  job = JOB, jobs = pages("job", JOB), job_instance = RUN, job_instances = pages("job_instance", RUN),
  code_tables = pages("code_table", { name = needed(text), description = scalar }),
  mapping_table = { name = text, row = mapped }, mapping_tables = pages("mapping_table", { name = needed(text), description = scalar }),
  library = { code = needed(text), name = scalar }, location = { code = needed(text), name = scalar, type = code },
  locations = pages("location", { code = needed(text), name = scalar, type = code }),
  circ_desk = { code = needed(text), name = scalar }, circ_desks = pages("circ_desk", { code = needed(text), name = scalar }),
  departments = pages("department", { code = needed(text), name = scalar }),
  user_request = REQUEST, user_requests = pages("user_request", REQUEST),
  user_deposit = DEPOSIT, user_deposits = pages("user_deposit", DEPOSIT),
  deposit_profile = { id = needed(text), name = text }, deposit_profiles = pages("deposit_profile", { id = needed(text), name = text }),
  events = pages("event", { event_id = needed(text) }),
  import_profile = PROFILE, import_profiles = pages("import_profile", PROFILE),
}

local function wrong_with(check, value)
  local must = type(check) == "table"
  if value == nil then return must and "is missing" or nil end
  return (must and check.check or check)(value)
end

-- The path of a wrong field, and what is wrong with it. Of several wrong fields it is the
-- first by name, so that the same answer gives the same message every time.
function check_fields(fields, value)
  local first
  for field, check in pairs(fields) do
    local wrong, deeper = wrong_with(check, value[field])
    if deeper then wrong = field .. (deeper:sub(1, 1) == "[" and "" or ".") .. deeper
    elseif wrong then wrong = field .. " " .. wrong end
    if wrong and (not first or wrong < first) then first = wrong end
  end
  return first
end

---Says what is wrong with an answer.
---@param kind string a name in SHAPES: "representation", "files", …
---@param answer table decoded JSON
---@param expected string? the id that the answer must have: it is about a thing that was named
---@return string? words nil when it can be used
function m.problem(kind, answer, expected)
  local fields = SHAPES[kind]
  if not fields then error("answers: there is no kind " .. tostring(kind), 2) end
  local wrong = check_fields(fields, answer)
  if wrong then return wrong end
  local about = answer[fields.pid and "pid" or "id"]
  if expected and about ~= expected then return ("it is about %s"):format(shown(about)) end
  local total = m.count(answer.total_record_count)
  if total and total > ENTRIES then
    return ("total_record_count is %d: no list of Alma's is that long"):format(total)
  end
end

return m
