-- almanac-recipe: 1
--
-- Adds files that a field of the record names: --field is any MARCspec, such as
-- 907$e, 099$a or 856$u, or a path of Dublin Core such as dc:identifier.
-- What is compared with it:
--   --part name     the name without its extension (MIZPAS_K1879)
--   --part base     the name without its last part, which is the page:
--                   MS-2-744_20_30_001.jpg for MS-2-744_20_30,
--                   u0001_2009170_0000001_0001.jpg for u0001_2009170_0000001;
--                   where no _ is, what stands behind the last - or blank:
--                   NC1-006-0002.jpg for NC1-006
--   --part folder   the folder that the file is in (C0744/C0744_c002/0001.jpg for C0744_c002)
--   --part path     the whole path of that folder (path/from/907e/value1)
-- --cut takes a text off the front of the field's value, --cut-end off its end:
-- "(NjP)" and "-princetondb" of "(NjP)6124186-princetondb". Case does not matter.

local function part_of(file, part)
  if part == "base" then return key.parts(file.name, -1) or key.parts(file.name, -1, "-") or key.parts(file.name, -1, " ") end
  if part == "folder" then return key.folder(file.path) end
  if part == "path" then return file.folder end
  return file.stem
end

return extend "by-mms-id 1" {
  name    = "by-field",
  summary = "Add files whose name or folder stands in a field of the record, by any MARCspec",
  version = "1.2.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "field", "string", required = true, help = "where it stands: a MARCspec (907$e) or a Dublin Core path (dc:identifier)" },
    { "part",  "choice", default = "name", choices = { "name", "base", "folder", "path" }, help = "what of the file is compared" },
    { "cut",   "string", default = "", help = "text to take off the front of the field's value" },
    { "cut_end", "string", default = "", help = "text to take off its end" },
  },

  file_key = function(file, args)
    local text = part_of(file, args.part)
    return file.ext == args.ext and text and key.fold(text) or nil
  end,

  page = function(file, args)
    if args.part == "name" then return nil end
    return key.page(file.name)
  end,

  title_keys = function(title, args)
    local keys = {}
    for _, value in ipairs(title.record:all(args.field)) do
      value = key.after(value, args.cut) or value
      keys[#keys + 1] = key.fold(key.before(value, args.cut_end) or value)
    end
    return keys
  end,

  examples = {
    file_key = { ["MIZPAS_K1879.jpg"] = "mizpas_k1879", ["MIZPAS_K1879.tif"] = false },
  },
}
