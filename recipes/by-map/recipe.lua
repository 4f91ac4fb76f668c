-- almanac-recipe: 1
--
-- For lists that say which file belongs to which title: --titles map.csv with a
-- column of MMS IDs and one of file names. --column is the heading of that one,
-- in any spelling ("TIFF Filename", tiff_filename). Several rows for one title
-- are its pages, in the order of the list; columns file_name_1, file_name_2 are
-- pages as well when the heading is file_name. Names are compared without
-- folder, extension and case; what a list says is taken at its word, so a name
-- that is not in the folder leaves the title for a person to decide.
-- --ignore-words is for names in the list as well.

-- "TIFF Filename", "tiff_filename" and "TiffFilename" are one heading
local function plain(heading)
  return (heading:lower():gsub("[^%w]", ""))
end

-- the names of a title, in the order of the list
local function names_of(title, args)
  local names, wanted = {}, plain(args.column)
  for _, row in ipairs(title:rows()) do
    local cells = {}
    for heading, cell in pairs(row) do
      local rest = key.after(plain(heading), wanted)
      if cell ~= "" and rest and rest:match "^%d*$" then cells[#cells + 1] = { tonumber(rest) or 0, cell } end
    end
    table.sort(cells, function(a, b) return a[1] < b[1] end)
    for _, cell in ipairs(cells) do names[#names + 1] = key.clean(cell[2], args.ignore_words) end
  end
  return names
end

return extend "by-mms-id 1" {
  name    = "by-map",
  summary = "Add files that a CSV names for each title",
  version = "1.1.0",
  reads   = { "rows" },                -- titles come with their rows of the list

  args = {
    { "column", "column", default = "file_name", help = "heading of the column with the file names" },
  },

  file_key = function(file, args)
    return file.ext == args.ext and key.stem(file.name) or nil
  end,

  title_keys = function(title, args)
    local keys = {}
    for i, name in ipairs(names_of(title, args)) do keys[i] = key.stem(name) end
    return keys
  end,

  -- files of one key would be one file twice
  page = function() return nil end,

  every_key = true,

  -- in the order of the list
  changes = function(title, files, args)
    local by_key, list = {}, {}
    for _, file in ipairs(files) do by_key[key.stem(file.name)] = file end
    for _, name in ipairs(names_of(title, args)) do
      local file = by_key[key.stem(name)]
      by_key[key.stem(name)] = nil
      list[#list + 1] = file
    end
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = list,
    }
  end,

  examples = {
    file_key = { ["MS-2_001.jpg"] = "ms-2_001", ["MS-2_001.tif"] = false },
    title_keys = {
      { files = {}, rows = { { mms_id = "9912", file_name_1 = "b.tif", file_name_2 = "a.tif" } }, keys = { "b", "a" } },
    },
  },
}
