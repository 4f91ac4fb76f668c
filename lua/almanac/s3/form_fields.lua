-- Makes the fields that an upload form is sent with: those that Alma signed, and those that
-- its policy demands besides. A condition that can't be met is found here, before anything
-- is uploaded.
local policies = require "almanac.s3.policy"

local m = {}

local GENERIC = { "application/octet-stream", "binary/octet-stream" }

-- Types of files by extension (IANA's first; others are in use).
local TYPES = {
  jpg = { "image/jpeg", "image/jpg" }, tif = { "image/tiff", "image/tif" }, png = { "image/png" },
  gif = { "image/gif" }, jp2 = { "image/jp2" }, bmp = { "image/bmp" }, webp = { "image/webp" }, svg = { "image/svg+xml" },
  pdf = { "application/pdf" }, xml = { "application/xml", "text/xml" }, txt = { "text/plain" }, csv = { "text/csv" },
  htm = { "text/html" }, json = { "application/json" }, epub = { "application/epub+zip" }, zip = { "application/zip" },
  mp3 = { "audio/mpeg" }, wav = { "audio/wav", "audio/x-wav" }, flac = { "audio/flac" }, mp4 = { "video/mp4" },
  mov = { "video/quicktime" }, thumb = { "image/jpeg", "image/png" },
}
local SAME = { jpeg = "jpg", jpe = "jpg", tiff = "tif", jpx = "jp2", j2k = "jp2", html = "htm", clientthumb = "thumb", m4v = "mp4" }

-- Only Alma or almanac knows the right value of these, so none is made up.
local KNOWN_ELSEWHERE = { bucket = true, key = true, ["content-type"] = true }
-- These fields are stored with the object. Any text that begins as the policy demands is right.
local FREE = { "^cache%-control$", "^content%-disposition$", "^content%-language$", "^expires$", "^x%-amz%-meta%-" }
-- The first two send the browser elsewhere instead of saying what was stored. The others prove
-- who sends which bytes, and can't be made up.
local NEVER = { "^success_action_redirect$", "^redirect$", "^x%-amz%-credential$", "^x%-amz%-security%-token$",
  "^x%-amz%-date$", "^x%-amz%-signature$", "^policy$", "^content%-md5$", "^x%-amz%-checksum%-" }

local function is_one_of(name, patterns)
  for _, pattern in ipairs(patterns) do
    if name:find(pattern) then return true end
  end
  return false
end

local function words_of(condition)
  if condition.equals then return ("%s must be '%s'"):format(condition.field, condition.equals) end
  return ("%s must begin with '%s'"):format(condition.field, condition.begins)
end

-- A value that meets all conditions of a field that the form lacks.
local function value_for(policy, condition)
  local field = condition.field
  if is_one_of(field, NEVER) then return nil end
  local value = condition.equals or is_one_of(field, FREE) and condition.begins or nil
  return value and policies.allows(policy, field, value) and value or nil
end

-- The form's own fields by their names in lower case, as they are sent.
local function given_fields(policy, given)
  local fields = {}
  for name, value in pairs(given) do
    local plain = tostring(name):lower()
    local found = plain == "key" or plain == "content-type" and policies.names(policy, "content-type")
    if not found and type(value) ~= "table" then fields[plain] = { name = name, value = tostring(value) } end
  end
  return fields
end

local function meet(policy, fields)
  for _, condition in ipairs(policy.conditions) do
    local field = condition.field
    local there = fields[field]
    if there and not policies.meets(condition, there.value) then
      return nil, ("%s, but the form gives '%s'"):format(words_of(condition), there.value)
    elseif not there and not KNOWN_ELSEWHERE[field] then
      local value = value_for(policy, condition)
      if not value then return nil, words_of(condition) end
      fields[field] = { name = field, value = value }
    end
  end
  return true
end

---The fields of the form in a fixed order, without key and content type.
---@param policy almanac.s3.policy
---@param given table<string, any> the form as Alma gives it
---@return { name: string, value: string }[]|nil fields
---@return string? words the condition that can't be met
function m.of(policy, given)
  if policy.unknown[1] then return nil, policy.unknown[1] end
  local fields = given_fields(policy, given)
  local ok, words = meet(policy, fields)
  if not ok then return nil, words end
  local list = {}
  for _, field in pairs(fields) do list[#list + 1] = field end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function extension(path)
  local ext = (path:match "%.([^./]+)$" or ""):lower()
  return SAME[ext] or ext
end

local function all_types(path, given)
  local list = { table.unpack(TYPES[extension(path)] or {}) }
  table.move(GENERIC, 1, #GENERIC, #list + 1, list)
  for name, value in pairs(given) do
    if tostring(name):lower() == "content-type" and value ~= "" then list[#list + 1] = tostring(value) end
  end
  return list
end

---The content type to send a file with.
---@param policy almanac.s3.policy
---@param given table<string, any> the form as Alma gives it
---@param path string whose extension tells
---@return string|nil type nil when none is asked for, or with words: none fits
---@return string? words
function m.content_type(policy, given, path)
  if not policies.names(policy, "content-type") then return nil end
  local types = all_types(path, given)
  for _, kind in ipairs(types) do
    if policies.allows(policy, "content-type", kind) then return kind end
  end
  for _, condition in ipairs(policy.conditions) do
    if condition.field == "content-type" then return nil, ("is %s, but %s"):format(types[1], words_of(condition)) end
  end
end

return m
