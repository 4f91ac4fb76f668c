-- almanac-recipe: 1
--
-- For lists that say which file belongs to which title: --titles map.csv with a
-- column of MMS IDs and one of file names. --column is the heading of that one,
-- in any spelling ("TIFF Filename", tiff_filename). Several rows for one title
-- are its pages, in the order of the list; columns file_name_1, file_name_2 are
-- pages as well when the heading is file_name; a column `sequence` gives the order.
-- Names are compared without extension and case. A folder in the list must be that
-- of the file, with --paths ignore only the name counts. What a list says is taken at
-- its word: a name that is not in the folder, or several in one cell, leave the title
-- for a person to decide.
-- --ignore-words is for names in the list as well.

-- "TIFF Filename", "tiff_filename" and "TiffFilename" are one heading
local function plain(heading)
  return (heading:lower():gsub("[^%w]", ""))
end

-- headings of a column that says in which order the files come
local ORDER = { sequence = true, seq = true, page = true, pageno = true, order = true, sort = true, position = true }

-- "TIFF Filename" for tifffilename1: whether a heading is the column, and which one of several
local function place_of(heading, wanted)
  local rest = key.after(plain(heading), wanted)
  return rest and rest:match "^%d*$" and (tonumber(rest) or 0)
end

-- the cells with names in a row, file_name_1 before file_name_2
local function cells_of(row, wanted)
  local cells = {}
  for heading, cell in pairs(row) do
    local place = place_of(heading, wanted)
    if place and cell:match "%S" then cells[#cells + 1] = { place, cell } end
  end
  table.sort(cells, function(a, b) return a[1] < b[1] end)
  return cells
end

-- what a row says of its place among those of its title
local function order_of(row)
  for heading, cell in pairs(row) do
    if ORDER[plain(heading)] then return tonumber(cell) or cell end
  end
end

-- the rows of a title in their order; and why a person has to look at it
local function rows_of(title)
  local list, numbered, seen = {}, 0, {}
  for i, row in ipairs(title:rows()) do
    local place = order_of(row)
    list[i] = { place, i, row }
    if type(place) == "number" then
      if seen[place] then return list, ("two rows of the list have the place %s"):format(place) end
      numbered, seen[place] = numbered + 1, true
    end
  end
  if numbered == 0 then return list end
  if numbered < #list then return list, "some rows of the list have a place in the order, others have none" end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

-- the rows have such a column; a list without it was meant for another one
local function check_column(title, column)
  local names, wanted = {}, plain(column)
  for heading in pairs(title:rows()[1] or {}) do
    if place_of(heading, wanted) then return end
    names[#names + 1] = heading
  end
  if names[1] then
    error(("the list has no column '%s'; it has %s: give --column"):format(column, table.concat(names, ", ")))
  end
end

-- the names of a title, in the order of the list: Windows paths with slashes
local function names_of(title, args)
  local names, wanted = {}, plain(args.column)
  for _, entry in ipairs((rows_of(title))) do
    for _, cell in ipairs(cells_of(entry[3], wanted)) do
      local name = cell[2]:gsub("\\", "/"):gsub("^%s+", ""):gsub("%s+$", "")
      names[#names + 1] = key.clean(name, args.ignore_words)
    end
  end
  return names
end

-- "a.jpg|b.jpg": several names where one is expected
local function several_in(names)
  for _, name in ipairs(names) do
    if name:find("|", 1, true) or name:find "\n" or name:find "%.%w+%s*[;,]%s*[^;,]+%.%w+$" then return name end
  end
end

-- a name with the folder that it lies in, where there is one: "box1/0001.jpg" for "scans/box1/0001.jpg"
local function with_folder(path)
  local folder = key.folder(path)
  return folder and key.fold(folder) .. "/" .. key.stem(path) or nil
end

-- the key of a name in the list: with its folder when the list says one
local function key_of(name, args)
  return args.paths == "compare" and with_folder(name) or key.stem(name)
end

return extend "by-mms-id 1" {
  name    = "by-map",
  summary = "Add files that a CSV names for each title",
  version = "1.1.0",
  reads   = { "rows" },                -- titles come with their rows of the list

  args = {
    { "column", "column", default = "file_name", help = "heading of the column with the file names" },
    { "paths", "choice", default = "compare", choices = { "compare", "ignore" }, help = "whether the folder of a name in the list counts" },
  },

  -- a name, and the same with its folder: the list may say one or the other
  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local path = file.folder == "" and (args.folder or "") .. "/" .. file.name or file.path
    return { key.stem(file.name), args.paths == "compare" and with_folder(path) or nil }
  end,

  title_keys = function(title, args)
    check_column(title, args.column)
    local keys = {}
    for i, name in ipairs(names_of(title, args)) do keys[i] = key_of(name, args) end
    return keys
  end,

  -- a title takes part; one whose rows can be read in several ways is for a person to decide
  wants = function(title, args)
    if title:has(args.ext) then return false, "it holds a " .. args.ext:upper() .. " already" end
    local cell = several_in(names_of(title, args))
    if cell then return true, ("several names in one cell of the list: '%s'"):format(cell) end
    local _, why = rows_of(title)
    return true, why
  end,

  -- files of one key would be one file twice
  page = function() return nil end,

  every_key = true,

  -- in the order of the list
  changes = function(title, files, args)
    local by_key, list = {}, {}
    for _, file in ipairs(files) do
      for _, name in ipairs { key.stem(file.name), with_folder(file.path), with_folder((args.folder or "") .. "/" .. file.path) } do
        by_key[name] = by_key[name] or file
      end
    end
    local taken = {}
    for _, name in ipairs(names_of(title, args)) do
      local file = by_key[key_of(name, args)]
      if file and not taken[file] then list[#list + 1] = file end
      if file then taken[file] = true end
    end
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = list,
    }
  end,

  examples = {
    file_key = { ["a/MS-2_001.jpg"] = { "ms-2_001", "a/ms-2_001" }, ["MS-2_001.tif"] = false },
    title_keys = {
      { files = {}, rows = { { mms_id = "9912", file_name_1 = "b.tif", file_name_2 = "a.tif" } }, keys = { "b", "a" } },
      { files = {}, rows = { { file_name = "scans\\box1\\2.tif", sequence = "2" }, { file_name = "1.tif", sequence = "1" } },
        keys = { "1", "box1/2" } },
    },
  },
}
