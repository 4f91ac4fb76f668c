-- almanac-recipe: 1
--
-- Adds files that carry the barcode of one of the title's items:
-- 32101047381338.jpg, 32101047381338_1.jpg, 32101047381338_1_pm.wav.
-- A barcode has 14 digits and a check digit; --group takes any other: the first
-- group of digits of the name, or with -1 the last.
-- --role pm takes only files with that role at the end and leaves out the others.

return extend "by-mms-id 1" {
  name    = "by-barcode",
  summary = "Add files whose name is the barcode of an item",
  version = "1.0.0",
  reads   = { "items" },               -- titles come with their items

  args = {
    { "group", "integer", help = "barcodes of another kind: which group of digits of the name" },
    { "role",  "string",  default = "", help = "only files with this role at the end of the name, e.g. pm" },
  },

  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local _, role = key.role(file.name, { args.role })
    if args.role ~= "" and not role then return nil end
    if args.group then return key.digits(file.name, args.group) end
    return key.barcode(file.name)
  end,

  page = function(file, args)
    local rest = key.role(file.name, { args.role })
    return key.page(key.behind(rest, key.digits(file.name, args.group or 1)) or "")
  end,

  title_keys = function(title)
    return key.barcodes(title)
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
