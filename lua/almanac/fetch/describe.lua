-- What is written of a title besides its files: the record as Alma gives it, and what Alma says of each representation.
local core = require "almanac.core"
local json = require "almanac.json"

local m = {}

local DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function value(coded)
  if type(coded) == "table" then coded = coded.value end
  return type(coded) == "string" and coded ~= "" and coded or nil
end

m.value = value

---The record of a bib, as Alma gives it. In JSON its XML declaration says UTF-16, although it is UTF-8: that alone is put right.
---@param bib table of view=full
---@return string|nil xml
---@return string? message
function m.record(bib)
  local text = type(bib.anies) == "table" and bib.anies[1]
  if type(text) ~= "string" or not text:find "%S" then return nil, "Alma gives no record of it" end
  return DECLARATION .. text:gsub("^%s*<%?xml.-%?>%s*", "")
end

---Whether a record is hidden from patrons.
---@param bib table
---@return boolean
function m.is_suppressed(bib)
  local field = bib.suppress_from_publishing
  return field == true or tostring(value(field)) == "true"
end

-- A signed address is a secret as long as it works, and of no use afterwards.
local function without_addresses(file)
  local copy = {}
  for name, field in pairs(file) do copy[name] = field end
  copy.url = nil
  local fulltext = copy.fulltext
  if type(fulltext) == "table" and type(fulltext.fulltext_url) == "string" then
    copy.fulltext = { fulltext_format = fulltext.fulltext_format, fulltext_url = fulltext.fulltext_url:gsub("%?.*", "") }
  end
  return copy
end

---What Alma says of a representation and its files, as JSON.
---@param mms_id string
---@param rep table as Alma gives it
---@param files table[]|nil as Alma gives them; nil: they were not asked for
---@return string json
function m.representation(mms_id, rep, files)
  local list = files and json.array {}
  for i, file in ipairs(files or {}) do list[i] = without_addresses(file) end
  return json.encode { mms_id = mms_id, representation = rep, representation_files = list } .. "\n"
end

---Whether a representation lies in another repository, which alone has its files.
---@param rep table
---@return boolean
function m.is_remote(rep) return tostring(rep.is_remote) == "true" end

---Whether a list's entry tells too little of a representation: some institutions get brief lists.
---@param rep table
---@return boolean
function m.is_brief(rep) return value(rep.usage_type) == nil or rep.library == nil end

---What tells two states of something apart.
---@param text string
---@return string
function m.mark(text) return core.hash.sha256(text) end

return m
