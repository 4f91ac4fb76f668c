-- What rules get to look at: files on disk, titles in Alma with the files
-- they hold. Plain tables made for one call, so a rule may do with them what
-- it likes.
local records = require "almanac.recipe.inside.record"

local m = {}

local match, lower = string.match, string.lower

local UNREAD = "%s: this title came without; a recipe that uses it has the field reads = { \"%s\" }, and its titles come with it"

-- Two spellings of one type.
local SAME = { jpeg = "jpg", jpe = "jpg", tiff = "tif" }
-- The usual ones, so that they need not be looked into a million times.
local USUAL = {}
for ext in ("jpg tif pdf png jp2 gif mp3 mp4 wav xml txt"):gmatch "%w+" do
  USUAL[ext], USUAL[ext:upper()] = ext, ext
end

---The name without its extension, and the extension as almanac compares it:
---lower case, jpeg as jpg, tiff as tif. An extension is up to 12 letters and
---digits with a letter among them, so "1872.05.03" has none.
---@param name string
---@return string stem
---@return string ext "" when there is none
function m.split_extension(name)
  local stem, ext = match(name, "^(.+)%.(%w+)$")
  local usual = USUAL[ext]
  if usual then return stem, usual end
  if not stem or #ext > 12 or not match(ext, "%a") then return name, "" end
  ext = lower(ext)
  return stem, SAME[ext] or ext
end

---Whether this is the extension of a usual type of file, and no part of a name.
---@param ext string
---@return boolean
function m.is_file_type(ext)
  return USUAL[ext] ~= nil or SAME[ext] ~= nil
end

---What stands behind the last slash.
---@param path string
---@return string
function m.last_part(path)
  return match(path, "[^/]*$")
end

---The extension in the form that file.ext has.
---@param ext string
---@return string
function m.extension(ext)
  ext = lower(ext)
  return SAME[ext] or ext
end

local real = setmetatable({}, { __mode = "k" })     -- files whose names are shown without something -> their path

---Where a file is, also when the rules see its names without what does not count.
---@param file table from m.file
---@return string
function m.path_of(file)
  return real[file] or file.path
end

---A file of the folder.
---@param path string relative to the folder
---@param size integer? bytes
---@param clean (fun(path: string): string)? takes out of its names what does not count (almanac.recipe.inside.remarks)
---@return { name: string, stem: string, ext: string, path: string, folder: string, size: integer? }
function m.file(path, size, clean)
  local shown = clean and clean(path) or path
  local folder, name = match(shown, "^(.*)/([^/]*)$")
  name = name or shown
  local stem, ext = m.split_extension(name)
  local file = { name = name, stem = stem, ext = ext, path = shown, folder = folder or "", size = size }
  if clean then real[file] = path end
  return file
end

local title_methods = {}
local readings = setmetatable({}, { __mode = "k" })

-- What few recipes read is made when it is read.
local function later(title, name)
  if title_methods[name] then return title_methods[name] end
  if name ~= "record" then return nil end
  local reading = readings[title]
  if not reading.record then error(UNREAD:format("title.record", "record"), 2) end
  if not reading.view then
    local view, message = records.new(reading.record)
    if not view then error(("title.record: the record of %s can't be read: %s"):format(title.mms_id, message), 2) end
    reading.view = view
  end
  return reading.view
end

local title_meta = { __index = later, __metatable = false }

local function stored_name(file)
  return file.name or m.last_part(file.path or file.label or "")
end

-- Without what does not count, each name of the title's files that stays one of its own.
local function clean_names(reading)
  local names, counts = {}, {}
  for _, representation in ipairs(reading.clean and reading.representations or {}) do
    for _, file in ipairs(representation.files) do
      local name = stored_name(file)
      local clean = names[name] or reading.clean(name)
      if not names[name] then counts[clean] = (counts[clean] or 0) + 1 end
      names[name] = clean
    end
  end
  for name, clean in pairs(names) do
    if counts[clean] > 1 then names[name] = name end
  end
  return names
end

-- A file in Alma. Its type is in the path; the label may lack the extension.
local function held_file(file, number, representation, names)
  local name = stored_name(file)
  name = names[name] or name
  local stem, ext = m.split_extension(name)
  return { name = name, stem = stem, ext = ext, label = file.label, size = file.size,
    pid = file.pid, number = number, representation = representation }
end

local function all_files(title)
  local reading = readings[title]
  if reading.all then return reading.all end
  local all, names = {}, clean_names(reading)
  for _, representation in ipairs(reading.representations) do
    local files = {}
    for i, file in ipairs(representation.files) do
      files[i] = held_file(file, i, representation, names)
      all[#all + 1] = files[i]
    end
    representation.files = files
  end
  reading.all = all
  return all
end

local function check_self(title, name)
  if not readings[title] then error(("title:%s is called with a colon"):format(name), 3) end
end

---The files that the title holds, of one type or all:
---for file in title:files "tif" do … end
---@param ext string? "tif" finds tiff too, "jpg" jpeg
---@return fun(): table? files { name, stem, ext, label, size, pid, number, representation }
function title_methods:files(ext)
  check_self(self, "files")
  local list, i = all_files(self), 0
  ext = ext and m.extension(ext)
  return function()
    repeat
      i = i + 1
      local file = list[i]
      if not file then return nil end
      if not ext or file.ext == ext then return file end
    until false
  end
end

---Whether the title holds a file of this type.
---@param ext string
---@return boolean
function title_methods:has(ext)
  check_self(self, "has")
  ext = m.extension(ext)
  for _, file in ipairs(all_files(self)) do
    if file.ext == ext then return true end
  end
  return false
end

---The title's representations, of one usage type or all.
---@param usage_type string? code, e.g. "DERIVATIVE_COPY"
---@return table[] list of { id, label, usage_type, library, remote, files }; of a remote one also repository,
---  originating_record_id, linking_parameters (a list) and delivery_url
function title_methods:representations(usage_type)
  check_self(self, "representations")
  all_files(self)
  local list = {}
  for _, representation in ipairs(readings[self].representations) do
    if not usage_type or representation.usage_type == usage_type then
      list[#list + 1] = representation
    end
  end
  return list
end

---The remote representation of a record in its repository.
---@param originating_record_id string
---@param repository string? code; nil: of any
---@return table? representation the first one; nil: none
---@return integer n how many there are
function title_methods:remote(originating_record_id, repository)
  check_self(self, "remote")
  local first, n = nil, 0
  for _, representation in ipairs(readings[self].representations) do
    if representation.remote and representation.originating_record_id == originating_record_id
      and (not repository or representation.repository == repository) then
      first, n = first or representation, n + 1
    end
  end
  return first, n
end

---The title's physical items; for recipes with reads = { "items" }.
---@return { barcode: string?, call_number: string?, library: string?, location: string?, description: string?,
---  material: string?, holding_id: string?, pid: string? }[]
function title_methods:items()
  check_self(self, "items")
  return readings[self].items or error(UNREAD:format("title:items", "items"), 2)
end

---The rows of the CSV list that the title came from, its headings as names; for
---recipes with reads = { "rows" }.
---@return table<string, string>[]
function title_methods:rows()
  check_self(self, "rows")
  return readings[self].rows or error(UNREAD:format("title:rows", "rows"), 2)
end

---A title with what Alma holds for it.
---@param mms_id string
---@param name string? its title
---@param reading { representations: table[], record: string?, items: table[]?, rows: table[]?, clean: function? } as run.read gives it;
---  the title keeps it; record: text of the descriptive record; clean: takes out of names what does not count
---@return table
function m.title(mms_id, name, reading)
  local title = setmetatable({ mms_id = mms_id, title = name }, title_meta)
  readings[title] = reading
  all_files(title)   -- at once: inside a rule every step is counted, and slower for it
  return title
end

local function plain_file(file)
  return { name = file.name, label = file.label, size = file.size, pid = file.pid }
end

local function plain_representation(representation)
  local plain, files = {}, {}
  for name, value in pairs(representation) do plain[name] = value end
  for i, file in ipairs(representation.files) do files[i] = plain_file(file) end
  plain.files = files
  return plain
end

---A title as data, of which m.title makes the same title again.
---@param title table from m.title
---@return { mms_id: string, title: string?, representations: table[], record: string?, items: table[]?, rows: table[]? }
function m.plain(title)
  local list = {}
  for i, representation in ipairs(readings[title].representations) do list[i] = plain_representation(representation) end
  local reading = readings[title]
  return { mms_id = title.mms_id, title = title.title, representations = list, record = reading.record, items = reading.items,
    rows = reading.rows }
end

return m
