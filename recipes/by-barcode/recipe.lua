-- almanac-recipe: 1
--
-- Adds files that carry the barcode of one of the title's items:
-- 32101047381338.jpg, 32101047381338_1.jpg, 32101047381338_1_pm.wav.
-- Without more a barcode has 14 digits, begins with 2 or 3 and ends with its check
-- digit. Others: --length 10 says how many signs yours have, --check which check
-- digit (luhn, ean, mod11, mod43, none), --letters that there are letters in them,
-- --pad that zeros in front were cut off, as spreadsheets do: 12345674.jpg for
-- 0012345674. --group takes one group of digits of the name as it is: the first,
-- with -1 the last.
-- --part-by item makes a representation of each item, with its description in the
-- label; without it files of several items are for a person to decide.
-- --role pm takes only files with that role at the end and leaves out the others.

-- what key.barcode is told of the barcodes; nothing: 14 digits, 2 or 3 first
local function kind_of(args)
  local group = args.group and "none" or nil
  if not (args.length or args.check or args.letters or group) then return nil end
  return { length = args.length, pad = args.pad, check = args.check or group, letters = args.letters }
end

-- the barcode in a file's name or path, and how it is written there
local function barcode_of(file, args)
  local text = file.path
  if args.group then text = key.digits(file.name, args.group) end
  if text then return key.barcode(text, kind_of(args)) end
end

-- the barcode of an item in the same form
local function barcode_in(item, args)
  return item.barcode and key.barcode(item.barcode, kind_of(args))
end

return extend "by-mms-id 1" {
  name    = "by-barcode",
  summary = "Add files whose name is the barcode of an item",
  version = "1.1.0",
  reads   = { "items" },               -- titles come with their items

  args = {
    { "length",  "integer", min = 1, max = 100, help = "signs of a barcode, check digit counted; without --check: mod 10" },
    { "pad",     "boolean", default = false, help = "zeros in front may be missing; needs --length" },
    { "check",   "choice", choices = { "luhn", "ean", "mod11", "mod43", "none" }, help = "the check digit" },
    { "letters", "boolean", default = false, help = "barcodes have letters as well" },
    { "group",   "integer", help = "which group of digits of the name, when it is not told by length or check digit" },
    { "part_by", "choice", choices = { "item", "folder", "name" }, help = "a representation for each item, or each volume" },
    { "role",    "string", default = "", help = "only files with this role at the end of the name, e.g. pm" },
  },

  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local _, role = key.role(file.name, { args.role })
    if args.role ~= "" and not role then return nil end
    return (barcode_of(file, args))
  end,

  page = function(file, args)
    local _, written = barcode_of(file, args)
    local rest = key.role(file.name, { args.role })
    return key.page(key.behind(rest, written) or file.name)
  end,

  -- each item becomes a representation of its own; or what its folder or name says
  part = function(file, args)
    if not args.part_by then return nil end
    local barcode, written = barcode_of(file, args)
    if args.part_by == "item" then return barcode end
    return key.volume(file.path, written, args.part_by)
  end,

  title_keys = function(title, args)
    return key.barcodes(title, kind_of(args))
  end,

  -- an item's representation is called as the item is: "JPG, v.2 1981 (32101047381338)"
  changes = function(title, files, args)
    local label, barcode = args.label, files[1].part
    for _, item in ipairs(args.part_by == "item" and title:items() or {}) do
      if barcode and barcode == barcode_in(item, args) and item.description then
        label = ("%s, %s (%s)"):format(args.label, item.description, barcode)
      end
    end
    return add.representation { usage_type = args.usage, library = args.library, label = label, files = files }
  end,

  examples = {
    file_key = {
      ["32101047381338.jpg"]   = "32101047381338",
      ["32101047381338_2.jpg"] = "32101047381338",
      ["32101047381339.jpg"]   = false,
      ["cover.jpg"]            = false,
    },
    page = { ["32101047381338_2.jpg"] = 2 },
  },
}
