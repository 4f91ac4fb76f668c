-- Tries a recipe on some names of a folder: which names give a match key, which
-- are one page with another, and which find exactly one title.
local objects = require "almanac.recipe.inside.objects"
local rules = require "almanac.recipe.rules"

local m = {}

local EXAMPLES = 3

-- Names of many conventions. A recipe that reads these too reads nearly anything,
-- so that it reads the folder says little.
local DECOYS = {
  "IMG_0001", "scan", "DSC04711", "Untitled-2", "grinnell_16037_OBJ", "dg_1729123456", "lib_ms80_ffc_desapark0017",
  "phpp_BrookChuck0012B", "990012345678904146", "6124186", "32101047381338_1_pm", "MS-2-744_20_30_001",
  "u0001_2009170_0000001_0001", "hir1910_02_13_001", "SmithJane2009", "CU1001a", "MIZPAS_K1879_0001", "Lapidus 4687988",
  "ocm01234567", "cover", "page 1", "final version (2)", "00000001", "notes",
}

local function key_of(recipe, name, values, reader)
  local file = objects.file(name)
  if reader and reader:add_to(file, name) then return nil end   -- its sidecar can't be used, so nobody knows its key
  local ok, key, code = rules.file_key(recipe, file, values)
  if not ok then return nil, nil, key, code end
  local page
  if key then
    ok, page, code = rules.page(recipe, file, values)
    if not ok then return nil, nil, page, code end
  end
  return key, page
end

local function title_keys(recipe, titles, values)
  local fits = {}
  for _, title in ipairs(titles) do
    local ok, keys, code = rules.title_keys(recipe, objects.title(title.mms_id, title.title, title.reading), values)
    if not ok then return nil, keys, code end
    for _, key in ipairs(keys) do fits[key] = (fits[key] or 0) + 1 end
  end
  return fits
end

---The titles that came with all that the recipe reads, and what the others lack.
---@param recipe table
---@param titles table[]
---@return table[] list
---@return string? lacks "record" | "items" | "rows"
function m.titles_for(recipe, titles)
  local list, lacks = {}, nil
  for _, title in ipairs(titles) do
    local without
    for what in pairs(recipe.reads) do without = without or not title.reading[what] and what or nil end
    lacks = lacks or without
    if not without then list[#list + 1] = title end
  end
  return list, lacks
end

local function add_limited(list, value)
  if #list < EXAMPLES then list[#list + 1] = value end
end

---Reads all names. A name that has the match key and page of an earlier one counts as same_page.
---@param found table gets read, not_read, unread, same_page, keys, examples and groups
---@return true|nil
---@return string? message
---@return string? code
function m.read_names(found, recipe, names, values, reader)
  local groups = {}
  for _, name in ipairs(names) do
    local key, page, message, code = key_of(recipe, name, values, reader)
    if message then return nil, message, code end
    if reader and reader:is_one(name) then
      found.total = found.total - 1
    elseif not key then
      found.not_read = found.not_read + 1
      add_limited(found.unread, name)
    else
      found.read = found.read + 1
      groups[key] = groups[key] or { n = 0, pages = {} }
      local group = groups[key]
      local place = tostring(page)
      if group.pages[place] then
        found.same_page, group.shares_page = found.same_page + 1, true
      end
      group.pages[place], group.n = true, group.n + 1
      found.keys[#found.keys + 1] = key
      add_limited(found.examples, { name = name, key = key, page = page })
    end
  end
  found.groups = groups
  return true
end

---Matches the names that were read with titles.
---@param found table gets matched and several (files that find one title, or more), and own: those of which no two are one page, or without one
---@return true|nil
---@return string? message
---@return string? code
function m.match_titles(found, recipe, titles, values)
  found.matched, found.several, found.own = 0, 0, 0
  if found.read == 0 then return true end     -- there may be very many titles
  local fits, message, code = title_keys(recipe, titles, values)
  if not fits then return nil, message, code end
  for key, group in pairs(found.groups) do
    if fits[key] == 1 then
      found.matched = found.matched + group.n
      if not group.shares_page and not (group.pages["nil"] and group.n > 1) then found.own = found.own + group.n end
    elseif fits[key] then
      found.several = found.several + group.n
    end
  end
  return true
end

---The share of names of other conventions that the recipe reads as well.
---@return number share
function m.looseness(recipe, values, ext)
  local read = 0
  for _, name in ipairs(DECOYS) do
    if key_of(recipe, ext ~= "" and name .. "." .. ext or name, values) then read = read + 1 end
  end
  return read / #DECOYS
end

---How many letters and digits the match keys have.
---@param keys string[]
---@return integer
function m.said(keys)
  local n = 0
  for _, key in ipairs(keys) do n = n + select(2, key:gsub("%w", "")) end
  return n
end

return m
