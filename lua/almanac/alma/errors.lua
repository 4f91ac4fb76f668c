-- Reads Alma's refusals. They come in four shapes (XML, JSON, JSON wrapped once more, plain
-- text), whatever Accept says, and status 400 stands for nearly everything. So only the body
-- and Alma's code count. The caller gets a line that says what to do, and a code of almanac.
local core = require "almanac.core"
local json = require "almanac.json"

local m = {}

local KEYS_PAGE = "developers.exlibrisgroup.com > Build > API Keys"

-- Alma's codes with a fixed meaning (OpenAPI descriptions; the gateway's own codes are words).
local MEANING = {
  UNAUTHORIZED = "auth", FORBIDDEN = "auth", INVALID_API_KEY = "auth",
  DAILY_THRESHOLD = "quota", PER_SECOND_THRESHOLD = "quota",
  ["402203"] = "missing", ["402204"] = "missing", ["60107"] = "missing", ["33007"] = "missing",
  ["401861"] = "missing", ["401890"] = "missing", ["401871"] = "missing", ["10106"] = "missing",
  ["402216"] = "missing", ["402218"] = "missing", ["90101"] = "missing", ["401907"] = "missing", ["401694"] = "missing",
  ["402260"] = "missing", ["701115"] = "conflict", ["60115"] = "conflict", ["402263"] = "conflict",
  ["402264"] = "missing", ["60116"] = "missing", ["60117"] = "missing", ["60120"] = "missing", ["60176"] = "conflict",
  ["402553"] = "conflict", ["402555"] = "conflict", ["402550"] = "missing", ["402471"] = "conflict", ["4022034"] = "conflict",
  ["60108"] = "status",   -- "Set Member not found": the set exists, one member is broken
}

-- After one of these nobody knows whether a write happened.
local GENERAL = {
  ["401652"] = true, ["402119"] = true, ["60101"] = true, INTERNAL_SERVER_ERROR = true,
}

local AREAS = {
  bibs = "Bibs", items = "Bibs", conf = "Configuration", users = "Users", acq = "Acquisitions",
  analytics = "Analytics",
}

local function one_line(text)
  return (tostring(text or ""):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local function entry(code, message, tracking)
  return { code = one_line(code), message = one_line(message), tracking = tracking and one_line(tracking) }
end

local function from_json(body)
  local value = json.decode(body)
  if type(value) ~= "table" then return nil end
  local root = type(value.web_service_result) == "table" and value.web_service_result or value
  local says_so = root.errorsExist == true or root.errorsExist == "true"
  if type(root.errorList) ~= "table" then return says_so and {} or nil end
  local errors = root.errorList.error or root.errorList
  if type(errors) ~= "table" then return says_so and {} or nil end
  if errors.errorCode or errors.errorMessage then errors = { errors } end
  local list = {}
  for i, item in ipairs(errors) do
    if type(item) == "table" then
      list[i] = entry(item.errorCode, item.errorMessage, item.trackingId)
    end
  end
  return (says_so or list[1]) and list or nil
end

local function child(node, name)
  for _, item in ipairs(node) do
    if item.name == name then return item end
  end
end

local function text_of(node, name)
  local found = child(node, name)
  return found and found.text
end

local function from_xml(body)
  local root = core.xml.parse(body)
  if not root or root.name ~= "web_service_result" then return nil end
  local list = {}
  for _, item in ipairs(child(root, "errorList") or {}) do
    if item.name == "error" then
      list[#list + 1] = entry(text_of(item, "errorCode"), text_of(item, "errorMessage"), text_of(item, "trackingId"))
    end
  end
  return (list[1] or text_of(root, "errorsExist") == "true") and list or nil
end

---Reads the errors in a body.
---@param body string?
---@return { code: string, message: string, tracking: string? }[]|nil errors nil when this is no error body of Alma's
function m.read(body)
  if not body then return nil end
  local first = body:match "^[\xEF\xBB\xBF%s]*(.)"
  if first == "{" then return from_json(body) end
  if first == "<" then return from_xml(body) end
  if one_line(body):lower() == "invalid api key" then return { entry("INVALID_API_KEY", "Invalid API Key") } end
end

---True when the errors leave open whether a write happened.
---@param errors { code: string }[]
---@return boolean
function m.is_general(errors)
  for _, item in ipairs(errors) do
    if GENERAL[item.code] then return true end
  end
  return false
end

---True when Alma says that calls come too fast. (That the day's calls are used up is another refusal.)
---@param errors { code: string }[]
---@param status integer
---@return boolean
function m.is_too_fast(errors, status)
  for _, item in ipairs(errors) do
    if item.code == "PER_SECOND_THRESHOLD" then return true end
  end
  return status == 429 and not m.is_daily(errors, status)
end

---True when the day's calls are used up. The code for it is not published, so the words
---of a refusal with status 429 count too.
---@param errors { code: string, message: string }[]
---@param status integer
---@return boolean
function m.is_daily(errors, status)
  for _, item in ipairs(errors) do
    if item.code == "DAILY_THRESHOLD" then return true end
    if status == 429 and item.message:lower():find "daily" then return true end
  end
  return false
end

-- A 404 without an error of Alma's own is no proof that a thing does not exist: it may come from whatever stands
-- in between, or mean that there is no such call.
local function code_of(errors, status)
  local first = errors[1]
  if m.is_daily(errors, status) or m.is_too_fast(errors, status) then return "quota" end
  if first and MEANING[first.code] then return MEANING[first.code] end
  if status == 401 or status == 403 then return "auth" end
  if status >= 500 then return "status" end
  local message = first and first.message:lower() or ""
  if first and status == 404 or message:find "not found" or message:find "^no .- found" or message:find "does not exist" then
    return "missing"
  end
  return "status"
end

local function auth_words(method, path, first)
  if first and first.code == "INVALID_API_KEY" then
    return "Alma does not know this API key: check the key, and that the server is the one of your region"
  end
  local area = AREAS[path:match "^/([^/]+)"] or path:match "^/([^/]+)" or "this area"
  local right = method == "GET" and "read" or "read/write"
  return ("this API key has no %s right for %s: add it at %s (it takes some minutes to work)"):format(
    right, area, KEYS_PAGE)
end

local function words_of(method, path, status, errors, code)
  local first = errors[1]
  if code == "auth" then return auth_words(method, path, first) end
  if m.is_daily(errors, status) then
    return "the day's API calls of this institution are used up: go on after midnight with the same command"
  elseif m.is_too_fast(errors, status) then
    return "Alma refuses calls as too many a second: lower --rate, other programs use the same allowance"
  elseif first and first.message ~= "" then
    return (one_line(first.message):gsub("^%u%f[%U]", string.lower):gsub("%.$", ""))
  end
  return "Alma answered with status " .. status
end

---Says what a web page as an answer is. Alma refuses in JSON, XML or one line of text, never
---with a page, so a filter, a proxy or a sign-in page stands in between.
---@param status integer of an answer that `read` finds no errors in
---@param body string
---@return string? words nil when it is no page
function m.foreign(status, body)
  local start = body:sub(1, 100):lower():match "^[\xEF\xBB\xBF%s]*(.*)"
  if not (start:find "^<!doctype html" or start:find "^<html" or start:find "^<!%-%-") then return nil end
  local title = one_line(body:match "<[tT][iI][tT][lL][eE][^>]*>([^<]*)")
  return ("the answer is not Alma's but a web page%s: does a web filter, proxy or gateway stand in between? (status %d)"):format(
    title ~= "" and core.text.valid(title) and (" titled '%s'"):format(title:sub(1, 80)) or "", status)
end

---One line for people, and almanac's code.
---@param method string
---@param path string below /almaws/v1
---@param status integer of the answer
---@param errors { code: string, message: string, tracking: string? }[] from `read`; may be empty
---@return string message ends with Alma's code and tracking id
---@return string code
function m.explain(method, path, status, errors)
  local code = code_of(errors, status)
  local words = words_of(method, path, status, errors, code)
  local marks, first = {}, errors[1]
  if first and first.code ~= "" then marks[#marks + 1] = first.code end
  if first and first.tracking then marks[#marks + 1] = "tracking id " .. first.tracking end
  if not marks[1] then marks[1] = "status " .. status end
  return ("%s %s: %s (%s)"):format(method, path, words, table.concat(marks, ", ")), code
end

return m
