-- almanac-recipe: 1
--
-- Brings titles that `almanac fetch` took out of one Alma into another one, such as a sandbox: records and files.
-- The records are those of the bag (--records maps/metadata/marc.xml), the folder is its payload (--folder maps/data). A
-- title that the other Alma lacks is made, with the MMS ID that it had in 035 or dc:identifier. By that it is found again
-- (--find other_system_id), so a second plan makes no second title. Each representation is made anew; its id of before
-- stands in its label. Fetch masters and derivatives one by one (--masters, --derivatives) and say --usage.
-- categories: moving

local function identifier(record)
  return record.format == "marc" and { ["035$a"] = record.id } or { ["dc:identifier"] = record.id }
end

-- One representation for each of those that the files come from, in their order.
local function representations(files, args)
  local list, of = {}, {}
  for _, file in ipairs(files) do
    if not of[file.part] then
      of[file.part] = {}
      list[#list + 1] = file.part
    end
    table.insert(of[file.part], file)
  end
  for i, part in ipairs(list) do
    list[i] = add.representation { usage_type = args.usage, library = args.library, label = part, files = of[part] }
  end
  return list
end

return {
  name    = "from-fetch",
  summary = "Bring titles that almanac fetch took out of one Alma into another",
  version = "1.0.0",
  license = "MIT",
  effects = { "create-bib", "add" },

  args = {
    { "folder",     "dir",        required = true, help = "the payload of the bag, e.g. maps/data" },
    { "usage",      "string",     default = "PRESERVATION_MASTER", help = "usage type of the new representations (code)" },
    { "library",    "string",     default = "MAIN", help = "owning library (code)" },
    { "into",       "collection", help = "where new titles go, by id or name" },
    { "more",       "boolean",    default = false, help = "also for titles that hold representations already" },
    { "suppress",   "boolean",    default = false, help = "hide new titles from patrons" },
  },

  -- a record is known by the MMS ID that it had
  record_key = function(record) return record.id end,

  -- MMS_ID/REP_ID/name: records and descriptions are no such files
  file_key = function(file) return file.folder:match "^(%d+)/%d+$" end,
  part = function(file) return file.folder:match "^%d+/(%d+)$" end,
  page = function(file) return file.name end,

  changes = function(title, files, args)
    if not args.more and title:representations()[1] then return nil, "it holds representations already" end
    return representations(files, args)
  end,

  missing = function(record, files, args)
    return { create.bib { record = record, collection = args.into, suppress = args.suppress, add = identifier(record) },
      table.unpack(representations(files, args)) }
  end,

  examples = {
    file_key = { ["991000000014146/121000000014146/a.tif"] = "991000000014146", ["991000000014146/record.xml"] = false,
      ["991000000014146/121000000014146.json"] = false },
    part = { ["991000000014146/121000000014146/a.tif"] = "121000000014146" },
  },
}
