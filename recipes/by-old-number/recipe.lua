-- almanac-recipe: 1
--
-- For files that carry the number of an earlier system, when the MMS ID was
-- computed from it: 009588395.jpg belongs to 99 009588395 0203941. Look at a few
-- of your titles: the MMS ID has the old number in it, with the same digits
-- before it and behind it. Several pages: 009588395_1.jpg, 009588395_2.jpg.

return extend "by-mms-id 1" {
  name    = "by-old-number",
  summary = "Add files named by the old system's number that the MMS ID was made from",
  version = "1.0.0",

  args = {
    { "before", "string", default = "99", help = "digits before the old number" },
    { "behind", "string", required = true, help = "digits behind the old number, e.g. 0203941" },
    { "width",  "integer", default = 9, min = 1, max = 17, help = "digits of an old number, zeros in front counted" },
  },

  -- the first group of digits, filled up with zeros, between the others
  file_key = function(file, args)
    local number = key.digits(file.name, 1)
    if file.ext ~= args.ext or not number or #number > args.width then return nil end
    return key.around(args.before, ("0"):rep(args.width - #number) .. number, args.behind)
  end,

  -- what stands behind the number
  page = function(file)
    return key.page(key.behind(file.stem, key.digits(file.name, 1)) or "")
  end,

  examples = {
    page = { ["009588395_2.jpg"] = 2, ["009588395.jpg"] = false },
  },
}
