-- almanac-recipe: 1
--
-- Brings folders into Alma through an import profile: each folder is a title,
-- with its files and a file that describes it, in MARC, Dublin Core or MODS.
-- The record is sent as rows of Alma's headings, or as it is.
-- categories: ingest, records, folders

local DESCRIBES = { xml = true, mrc = true, mrk = true, marc = true }

-- The folder that a record's file lies in, as its place tells: "record 1 of box/letter 7/marc.xml".
local function folder_of(record)
  return record.place and record.place:match " of (.+)/[^/]+$"
end

-- A folder and those above it, the nearest first.
local function above(folder)
  local list = {}
  while folder and folder ~= "" do
    list[#list + 1] = folder
    folder = folder:match "^(.+)/[^/]+$"
  end
  return list[1] and list or nil
end

local NUMBERS = { marc = { "035$a", "001" }, dc = { "dc:identifier" }, mods = { "mods:identifier" } }

local function number_of(record, args)
  for _, path in ipairs(NUMBERS[record.format] or {}) do
    local number = record:get(path)
    if number and number ~= "" then
      return number:sub(1, 1) == "(" and number or args.prefix .. number
    end
  end
  local folder = folder_of(record)
  return folder and args.prefix .. folder
end

-- Where a heading's values stand, by the format of the record.
local PATHS = {
  marc = { title = { "245$a", "200$a" }, creator = { "100$a", "110$a", "700$a" }, date = { "264$c", "260$c", "210$d" },
    publisher = { "264$b", "260$b", "210$c" }, description = { "520$a", "500$a" }, subject = { "650$a", "651$a", "653$a" },
    rights = { "540$a" }, language = { "041$a" }, type = { "655$a" } },
  mods = { title = { "mods:titleInfo/mods:title" }, creator = { "mods:name/mods:namePart" },
    date = { "mods:originInfo/mods:dateIssued", "mods:originInfo/mods:dateCreated" },
    publisher = { "mods:originInfo/mods:publisher" }, description = { "mods:abstract", "mods:note" },
    subject = { "mods:subject/mods:topic" }, rights = { "mods:accessCondition" },
    language = { "mods:language/mods:languageTerm" }, type = { "mods:typeOfResource" } },
}
local DC = { "title", "creator", "contributor", "publisher", "date", "description", "subject", "coverage", "source", "type",
  "format", "language", "rights", "relation", "identifier" }
local ONE = { title = true, date = true, publisher = true }

local function add(row, heading, values, args)
  if not values[1] then return end
  row[args.qualified and "dc:" .. heading or heading] = ONE[heading] and values[1] or values
end

local function values_of(record, paths)
  local list = {}
  for _, path in ipairs(paths) do
    for _, value in ipairs(record:all(path)) do
      if value ~= "" then list[#list + 1] = value end
    end
  end
  return list
end

local function described(record, args)
  local row = {}
  if record.format == "dc" then
    for _, name in ipairs(DC) do add(row, name, values_of(record, { "dc:" .. name }), args) end
    return row
  end
  for heading, paths in pairs(PATHS[record.format] or {}) do add(row, heading, values_of(record, paths), args) end
  return row
end

local function representation(row, args)
  row.rep_label = args.label
  row.rep_usage_type = args.usage
  row.rep_library = args.library
  return row
end

return {
  name    = "ingest-folder",
  summary = "Bring folders, each with files and a MARC, Dublin Core or MODS file, into Alma through an import profile",
  version = "1.0.0",
  license = "MIT",
  effects = { "ingest" },              -- what its plans may contain

  args = {
    { "import_profile", "string", required = true, help = "id of the import profile for digital files" },
    { "folder",    "dir",     help = "folder with a folder for each title; the same for --records" },
    { "prefix",    "string",  default = "", help = "what stands before an identifier in Alma, e.g. (ARCHIVE)" },
    { "as_record", "boolean", default = false, help = "send MARC as it is, for a profile that takes MARC XML; else rows of a CSV" },
    { "qualified", "boolean", default = false, help = "headings of Dublin Core (dc:title), for a profile whose target is that" },
    { "usage",     "string",  help = "usage type of the representation, by its name in Alma (Master); else the profile's" },
    { "library",   "string",  help = "code of its library; else the profile's" },
    { "label",     "string",  help = "its label; else the profile's" },
  },

  record_key = function(record, args)
    return { number_of(record, args), folder_of(record) }
  end,

  title_keys = function(title) return { title.mms_id } end,

  -- The folder with the record, or one below it.
  file_key = function(file)
    if DESCRIBES[file.ext] then return nil end
    return above(file.folder)
  end,

  page = function(file) return file.path end,

  changes = function(title, files, args)
    if not files[1] then return nil, "it is in Alma, and has no new file" end
    return ingest { profile = args.import_profile, files = files, metadata = not args.as_record and representation({}, args) or nil }
  end,

  missing = function(record, files, args)
    if not files[1] then return nil, "its folder has no file" end
    if args.as_record and record.format ~= "marc" then return nil, "it is no MARC record, and --as-record sends such alone" end
    return ingest { profile = args.import_profile, files = files, metadata = args.as_record and record or nil }
  end,

  metadata = function(record, files, args)
    if not record then return nil end
    local row = representation(described(record, args), args)
    row.originating_system_id = number_of(record, args)
    return row
  end,

  examples = {
    file_key = { ["box/letter 7/page 1.jpg"] = { "box/letter 7", "box" }, ["box/letter 7/marc.xml"] = false },
  },
}
