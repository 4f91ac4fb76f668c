-- almanac-recipe: 1
--
-- Brings the rows of a list into Alma, with their files, through an import
-- profile: a list as CollectionBuilder has it (objectid, parentid, filename,
-- title, creator, …), or one with Alma's own headings (group_id, dc:title,
-- rep_label, file_name_1, …). Rows of a compound object, parent and children,
-- become one title. A title that Alma has already gets files alone.
-- categories: ingest, records, lists

-- CollectionBuilder's headings, and Alma's for the same.
local HEADINGS = {
  title = "title", creator = "creator", contributor = "contributor", publisher = "publisher", date = "date",
  description = "description", subject = "subject", location = "coverage", source = "source", type = "type",
  format = "format", language = "language", rights = "rights", relation = "relation", identifier = "identifier",
}
local SEVERAL = { subject = true, creator = true, contributor = true, location = true, type = true, language = true }

local function value(record, heading)
  local text = record:get(heading)
  return text ~= "" and text or nil
end

local function is_almas(record)
  return record.row["file_name_1"] ~= nil
end

-- What one object's rows have in common: its parent's id, its group, or its own id.
local function object_of(record)
  return value(record, "parentid") or value(record, "group_id") or value(record, "objectid") or
    value(record, "originating_system_id") or record.id
end

local function number_of(record, args)
  local id = object_of(record)
  return id and args.prefix .. id or nil
end

-- The row that describes the object: the parent's, or the first.
local function parent_of(records)
  for _, record in ipairs(records) do
    if not value(record, "parentid") then return record end
  end
  return records[1]
end

local function name_of(record)
  local name = value(record, "filename") or value(record, "object_location")
  return name and name:match "[^/]+$"
end

-- The labels of files: what their rows are called.
local function add_labels(row, files, records)
  if not records[2] then return end
  for i, file in ipairs(files) do
    for _, record in ipairs(records) do
      if name_of(record) == file.name then row["file_label_" .. i] = value(record, "title") end
    end
  end
end

-- Several values in one cell have semicolons between.
local function parts(text)
  local list = {}
  for part in text:gmatch "[^;]+" do
    part = part:match "^%s*(.-)%s*$"
    if part ~= "" then list[#list + 1] = part end
  end
  return list
end

local function described(record, args)
  local row = {}
  for theirs, ours in pairs(HEADINGS) do
    local text = value(record, theirs)
    if text then row[args.qualified and "dc:" .. ours or ours] = SEVERAL[theirs] and parts(text) or text end
  end
  return row
end

local function representation(row, args)
  row.rep_label = args.label
  row.rep_usage_type = args.usage
  row.rep_library = args.library
  return row
end

return {
  name    = "ingest-csv",
  summary = "Bring the rows of a list (CollectionBuilder's or Alma's own) into Alma through an import profile",
  version = "1.0.0",
  license = "MIT",
  effects = { "ingest" },              -- what its plans may contain
  several_records = true,              -- the rows of a compound object

  args = {
    { "import_profile", "string", required = true, help = "id of the import profile for digital files, whose source format is CSV" },
    { "folder",    "dir",     help = "folder with the files" },
    { "prefix",    "string",  default = "", help = "what stands before an object's id in Alma, e.g. (COLL)" },
    { "qualified", "boolean", default = false, help = "headings of Dublin Core (dc:title), for a profile whose target is that" },
    { "usage",     "string",  help = "usage type of the representation, by its name in Alma (Master); else the profile's" },
    { "library",   "string",  help = "code of its library; else the profile's" },
    { "label",     "string",  help = "its label; else the profile's" },
  },

  record_key = function(record, args)
    return { number_of(record, args), value(record, "mms_id") }
  end,

  title_keys = function(title) return { title.mms_id } end,

  record_files = function(record)
    if is_almas(record) then
      local names = {}
      for i = 1, 999 do
        local name = value(record, "file_name_" .. i)
        if not name then break end
        names[i] = name
      end
      return names
    end
    return name_of(record)
  end,

  file_key = function(file, args) return args.prefix .. file.stem end,

  changes = function(title, files, args)
    if not files[1] then return nil, "it is in Alma, and has no new file" end
    return ingest { profile = args.import_profile, files = files, metadata = representation({}, args) }
  end,

  missing = function(record, files, args, records)
    local there = value(parent_of(records), "mms_id")
    if there then return nil, "the list has MMS ID " .. there .. " for it: plan with --find mms_id, or give --titles" end
    if not files[1] then return nil, "it has no file" end
    return ingest { profile = args.import_profile, files = files }
  end,

  metadata = function(record, files, args, records)
    if is_almas(record) then return records end
    local row = representation(described(parent_of(records), args), args)
    row.originating_system_id = number_of(record, args)
    add_labels(row, files, records)
    return row
  end,

  examples = {
    record_key = {
      { row = { objectid = "coll_1", title = "Map" }, gives = { "coll_1" } },
      { row = { objectid = "coll_2", parentid = "coll_1" }, gives = { "coll_1" } },
      { row = { group_id = "7", ["dc:title"] = "Map", mms_id = "991" }, gives = { "7", "991" } },
    },
    record_files = {
      { row = { objectid = "c", filename = "scans/c.jpg" }, gives = { "c.jpg" } },
      { row = { group_id = "7", file_name_1 = "a.jpg", file_name_2 = "b.jpg" }, gives = { "a.jpg", "b.jpg" } },
    },
    file_key = { ["coll_1.jpg"] = "coll_1" },
  },
}
