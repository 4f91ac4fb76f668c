-- almanac-recipe: 1
--
-- Adds files whose name is the title's call number: PS3566_R3944_A614_2020.jpg
-- for "PS3566.R3944 A614 2020". Blanks, dots, slashes and case make no
-- difference, digits are whole. Call numbers are those of the fields of --fields.
-- With --paged the last part of the name is the page: PS3566_R3944_001.jpg. With
-- --place folder the folder of a file is the call number: PPPL-1234/0001.jpg.

return extend "by-mms-id 1" {
  name    = "by-call-number",
  summary = "Add files whose name is the title's call number",
  version = "1.1.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "fields", "list", default = { "050", "090", "099" }, help = "fields with call numbers, MARCspecs" },
    { "paged",  "boolean", default = false, help = "the last part of the name is the page" },
    { "place",  "choice", default = "name", choices = { "name", "folder" }, help = "where the call number stands" },
  },

  file_key = function(file, args)
    local text = file.stem
    if args.paged then text = key.parts(file.name, -1) end
    if args.place == "folder" then text = key.folder(file.path) end
    return file.ext == args.ext and text and key.call_number(text) or nil
  end,

  page = function(file, args)
    if args.paged or args.place == "folder" then return key.page(file.name) end
  end,

  title_keys = function(title, args)
    local keys = {}
    for _, field in ipairs(args.fields) do
      for _, value in ipairs(title.record:all(field)) do keys[#keys + 1] = key.call_number(value) end
    end
    return keys
  end,

  examples = {
    file_key = { ["PS3566_R3944_A614_2020.jpg"] = "ps 3566 r 3944 a 614 2020", ["a.tif"] = false },
  },
}
