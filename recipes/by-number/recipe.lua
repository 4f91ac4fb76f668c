-- almanac-recipe: 1
--
-- Adds files whose name has the numbers that the title has, whatever stands
-- around them: TB-0041-A.wav for the title with 028 "TB 41", ZfB_Jg12_H03_S001.tif
-- with --count 2 for "Jg. 12, H. 3" in 490 $v. --field says where the title has
-- them, a MARCspec or a path of Dublin Core. Zeros in front make no difference.
-- --count numbers are compared: the first of the name, or with --from-end its last;
-- of the field the last, or with --first its first.
-- --begins TB leaves out names that begin otherwise, whatever their case; numbers
-- alone are soon alike.

-- so many numbers of a text, from its left or its right
local function numbers(text, args, is_first)
  return key.numbers(text, is_first and args.count or -args.count)
end

return extend "by-mms-id 1" {
  name    = "by-number",
  summary = "Add files whose name has the numbers of the title, e.g. of volume and issue",
  version = "1.1.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "field",    "string",  required = true, help = "where the title has the numbers: a MARCspec (490$v) or a Dublin Core path" },
    { "count",    "integer", default = 1, min = 1, max = 9, help = "how many numbers belong together" },
    { "from_end", "boolean", default = false, help = "the last numbers of the name, not the first" },
    { "first",    "boolean", default = false, help = "the first numbers of the field, not the last" },
    { "begins",   "string",  default = "", help = "only names that begin so" },
  },

  file_key = function(file, args)
    if file.ext ~= args.ext or not key.after(key.fold(file.name), key.fold(args.begins)) then return nil end
    return numbers(file.stem, args, not args.from_end)
  end,

  -- the end of the name, when that is not the number itself
  page = function(file, args)
    if args.from_end or key.numbers(file.stem, args.count + 1) or file.stem:find "%a$" then return key.page(file.name) end
  end,

  title_keys = function(title, args)
    local keys = {}
    for _, value in ipairs(title.record:all(args.field)) do keys[#keys + 1] = numbers(value, args, args.first) end
    return keys
  end,

  examples = {
    file_key = { ["TB-0041-A.jpg"] = "41", ["TB 7.jpg"] = "7", ["cover.jpg"] = false, ["TB-0041-A.tif"] = false },
    page = { ["TB-0041-A.jpg"] = 41, ["TB-0041-B.jpg"] = 41.5, ["TB-0041_003.jpg"] = 3, ["TB-0041.jpg"] = false },
  },
}
