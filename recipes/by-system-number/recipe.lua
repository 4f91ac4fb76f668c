-- almanac-recipe: 1
--
-- Adds files that carry a number of the record: the 001, or a 035 with a
-- prefix, e.g. --prefix OCoLC for OCLC numbers (ocm, ocn, on and zeros in front
-- make no difference), --prefix EXLNZ-41SLSP_NETWORK for others; --suffix when
-- something stands behind the number, as in (NjP)6124186-princetondb.
-- The number is a whole group of digits of the name (--group 2: the second, -1:
-- the last), or of the first folder with --place folder; then the rest of the path
-- is the page: 6124186/00000001.jpg, 6124186/01/00000001.jpg.
-- --part-by folder makes a representation of each volume: 6124186/01/, 6124186/02/, or
-- ocm6124186-1/, ocm6124186-2/; --part-by name reads it from 6124186_v1_0001.jpg.
-- An X behind the digits belongs to the number where a title has it: 00212345X_0001.jpg.

-- a number whose last sign is an X, as check digits of PPN and ISBN may be: 00212345X
local function with_check_sign(text, number)
  local behind = key.behind(text, number)
  return behind:match "^[xX]%f[^%w]" and number .. "X" or nil
end

return extend "by-mms-id 1" {
  name    = "by-system-number",
  summary = "Add files whose name or folder is the record's 001, 035 or OCLC number",
  version = "1.1.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "prefix", "string",  default = "", help = "of the 035, without brackets: OCoLC; nothing: the 001" },
    { "suffix", "string",  default = "", help = "what stands behind the number in the 035: -princetondb" },
    { "place",  "choice",  default = "name", choices = { "name", "folder" }, help = "where the number stands" },
    { "group",  "integer", default = 1, help = "which group of digits of it; from the right when negative" },
  },

  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local text = file.stem
    if args.place == "folder" then text = key.folder(file.path, 1) end
    local number = text and key.digits(text, args.group)
    if number and args.prefix == "OCoLC" then return key.oclc("(OCoLC)" .. number) end
    local checked = number and with_check_sign(text, number)
    return checked and { checked, number } or number
  end,

  page = function(file, args)
    if args.place == "folder" then return args.part_by and key.page(file.name) or file.path end
    return key.page(key.behind(file.stem, key.digits(file.name, args.group)) or "")
  end,

  part = function(file, args)
    if not args.part_by then return nil end
    local text = args.place == "folder" and key.folder(file.path, 1) or file.stem
    return key.volume(file.path, key.digits(text, args.group), args.part_by)
  end,

  title_keys = function(title, args)
    if args.prefix == "" then return { title.record:control "001" } end
    local numbers = key.system_numbers(title.record, args.prefix)
    for i, number in ipairs(numbers) do numbers[i] = key.before(number, args.suffix) or number end
    return numbers
  end,

  examples = {
    file_key = {
      ["6124186.jpg"]              = "6124186",
      ["Lapidus__4687988.jpg"]     = "4687988",
      ["00212345X-0001.jpg"]       = { "00212345X", "00212345" },
      ["6124186.tif"]              = false,
      ["cover.jpg"]                = false,
    },
  },
}
