-- almanac-recipe: 1
--
-- For folders with each image in several sizes, told by a letter behind the
-- number: CU1001.jpg, CU1001a.jpg, CU1001b.jpg. Only files of one size are
-- added, to the title that holds the TIFF of that name: --size b, or nothing
-- for those without a letter. --letters says which letters are sizes; digits are
-- sizes behind a - or _: with --letters 123 --size 2, 061-02b-2.jpg is 061-02b.

return extend "jpg-derivatives 1" {
  name    = "by-size",
  summary = "Add the JPGs of one size to titles that hold the TIFF, from a folder with several",
  version = "1.1.0",

  args = {
    { "size",    "string", default = "", help = "letter of the size to add; nothing: names without a letter" },
    { "letters", "string", default = "abc", help = "letters that tell sizes" },
  },

  -- the name without the letter, when it is the letter wanted
  file_key = function(file, args)
    local rest, letter = key.size(file.name, args.letters)
    if file.ext ~= "jpg" or (letter or "") ~= args.size then return nil end
    return key.fold(rest)
  end,

  examples = {
    file_key = { ["CU1001.jpg"] = "cu1001", ["CU1001a.jpg"] = false, ["CU1001.tif"] = false },
  },
}
