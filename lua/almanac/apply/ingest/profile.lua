-- The import profile that an ingest goes through: whether it may be used, and what is known of it, in words. Alma's API
-- does not tell how a profile matches, what it does with a record that matches, nor with one that does not, and not the
-- usage type: only its screens show these.
local alma = require "almanac.alma"

local m = {}

local function value(coded)
  if type(coded) == "table" then coded = coded.value end
  return type(coded) == "string" and coded ~= "" and coded or nil
end

local function words_of(coded)
  if type(coded) == "table" then return value { value = coded.desc } or value(coded) end
  return value(coded)
end

---@class almanac.apply.ingest.profile
---@field id string
---@field name string
---@field job string
---@field format "csv"|"marc"|"dc" of its metadata files
---@field metadata_name string a name that its pattern fits
---@field words string[]

-- The name of a metadata file that fits the pattern of the profile: a star becomes "md", as Alma's desktop uploader has it.
local function metadata_name(profile, format)
  local pattern = value(profile.file_name_patterns) or (format == "csv" and "*.csv" or "*.xml")
  local plain = pattern:gsub("^%^", ""):gsub("%$$", ""):gsub("\\%.", "."):gsub("%.%*", "*"):gsub("%*", "md"):gsub("%?", "x")
  if plain:find "[/%[%]()|+\\]" then
    return nil, ("its metadata files are to be named as '%s', which is too particular to make a name of"):format(pattern)
  end
  return plain
end

local function format_of(profile)
  local source = value(profile.source_format) or ""
  if source:upper() == "CSV" then return "csv" end
  if source:upper():find "MARC" then return "marc" end
  if source:upper():find "DC" or source:upper():find "DUBLIN" then return "dc" end
  return nil, ("its source format is '%s': an ingest can be CSV, MARC XML or Dublin Core"):format(source)
end

-- Why a profile can't be used, in words.
local function refusal(profile)
  local details = profile.digital_details
  if profile.active == false or tostring(profile.active) == "false" then
    return "it is inactive: activate it in Alma (Resources > Import > Manage Import Profiles), or name another one"
  elseif (value(profile.type) or "REPOSITORY") ~= "REPOSITORY" then
    return ("it is of the type %s: an ingest needs a repository profile for digital files"):format(words_of(profile.type))
  elseif type(details) ~= "table" then
    return "it is none for digital files: it has no representations"
  elseif details.remote == true or tostring(details.remote) == "true" then
    return "it is for remote files, which no ingest brings into Alma"
  elseif value(profile.files_to_import) == "All" then
    return "it imports all files every time it runs (Files to import: All), so what was imported once would be imported again: " ..
      "set it to New"
  end
end

local function add(list, label, text)
  if text and text ~= "" then list[#list + 1] = label .. " " .. text end
end

local function words(profile)
  local details, list = profile.digital_details, {}
  add(list, "source format", words_of(profile.source_format))
  add(list, "target format", words_of(profile.target_format))
  add(list, "metadata files", value(profile.file_name_patterns))
  add(list, "collection", words_of(details.collection_assignment))
  add(list, "library", words_of(details.library))
  for _, rep in ipairs(type(details.representation) == "table" and details.representation or {}) do
    add(list, "representations labelled by", value(rep.label))
    add(list, "files grouped by", value(rep.group_files_by))
  end
  if (value(profile.scheduler_status) or "INACTIVE") ~= "INACTIVE" then
    add(list, "it also runs by itself:", words_of(profile.import_scheduler))
  end
  return list
end

---Reads a profile.
---@param client table
---@param id string its id or name
---@return almanac.apply.ingest.profile|nil profile
---@return string? message
---@return string? code "conflict": it can't be used
function m.read(client, id)
  local found, message, code = alma.profiles.find(client, id)
  if not found then return nil, ("import profile %s: %s"):format(id, message), code end
  local why = refusal(found)
  local name = ("import profile '%s' (%s)"):format(found.name or "", found.id)
  if why then return nil, ("%s: %s"):format(name, why), "conflict" end
  local profile = { id = found.id, name = found.name or found.id, words = words(found) }
  profile.format, why = format_of(found)
  if profile.format then profile.metadata_name, why = metadata_name(found, profile.format) end
  if why then return nil, ("%s: %s"):format(name, why), "conflict" end
  profile.job, message, code = alma.profiles.job(client, found)
  if not profile.job then return nil, message, code end
  return profile
end

---What is known of a profile, and what its screens alone show, in words.
---@param profile almanac.apply.ingest.profile
---@return string
function m.told(profile)
  return ("import profile '%s' (%s): %s. How it matches, and what it does upon a match and upon none, Alma's API does not tell: " ..
    "one title goes first, and its record is compared"):format(profile.name, profile.id, table.concat(profile.words, ", "))
end

return m
