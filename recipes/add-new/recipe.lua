-- almanac-recipe: 1
--
-- Makes titles of records that Alma lacks, with their files: MARC or Dublin
-- Core records, harvested ones too, or rows of a list whose columns are headed
-- dc:title, dc:creator and so on. A record is looked up by its number; only
-- when Alma answers that it has none, a title is made. The number goes into
-- the new record (035 $a, dc:identifier), so that it is found the next time.

local function number_of(record, args)
  local number = args.number and record:get(args.number) or not args.number and record.id or nil
  if not number or number == "" then return nil end
  return number:sub(1, #args.prefix) == args.prefix and number or args.prefix .. number
end

local function has(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

-- The cells of a row below headings of Dublin Core.
local function values_of(record)
  local values = {}
  for heading in pairs(record.row) do
    if heading:find "^dc:" or heading:find "^dcterms:" then values[heading] = record:all(heading) end
  end
  return values
end

-- The title to make, with the number by which it was looked up.
local function bib(record, args)
  local row, path = record.format == "row", record.format == "marc" and "035$a" or "dc:identifier"
  local number = number_of(record, args)
  return create.bib {
    record = row and values_of(record) or record, suppress = args.hidden,
    add = number and not has(record:all(path), number) and { [path] = number } or nil,
  }
end

return {
  name    = "add-new",
  summary = "Make titles of records that Alma lacks, with their files",
  version = "1.0.0",
  license = "MIT",
  effects = { "add", "create-bib" },   -- what its plans may contain

  args = {
    { "folder",  "dir",     help = "where the files are; without it, titles without files are made" },
    { "number",  "string",  help = "where a record's number stands: a MARCspec, an element or a heading; without it, its identifier" },
    { "prefix",  "string",  default = "", help = "what stands before the number in Alma, e.g. (OLD)" },
    { "names",   "string",  help = "where a record names its files: 856$u, a heading; without it, files are called by the number" },
    { "library", "string",  default = "MAIN", help = "owning library (code)" },
    { "usage",   "string",  default = "PRESERVATION_MASTER", help = "usage type (code)" },
    { "label",   "string",  help = "label of the representation" },
    { "hidden",  "boolean", default = false, help = "suppress the new titles, so that patrons don't see them" },
  },

  record_key = number_of,

  record_files = function(record, args)
    return args.names and record:all(args.names) or nil
  end,

  -- 17.tif, or 17_001.tif, 17_002.tif for the number 17
  file_key = function(file, args)
    local number = key.part(file.name, 1, "_")
    return number and args.prefix .. number or nil
  end,

  page = function(file)
    return key.page(file.stem:match "^[^_]*(.*)$")
  end,

  changes = function()
    return nil, "Alma has it already"
  end,

  missing = function(record, files, args)
    if record.format == "mods" then return nil, "it is MODS, which can't become a title" end
    if args.folder and not files[1] then return nil, "it has no file" end
    local list = { bib(record, args) }
    if files[1] then
      list[2] = add.representation { usage_type = args.usage, library = args.library, label = args.label, files = files }
    end
    return list
  end,

  examples = {
    record_key = {
      { id = "17", gives = { "17" } },
      { row = { ["dc:title"] = "Maps" }, gives = {} },
    },
    file_key = { ["17.tif"] = "17", ["17_001.tif"] = "17" },
    page = { ["17.tif"] = false, ["17_001.tif"] = 1 },
  },
}
