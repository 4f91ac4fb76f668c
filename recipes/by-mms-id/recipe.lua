-- almanac-recipe: 1
--
-- Adds files that carry the title's MMS ID: in their name
-- (990012345678904146.jpg, 990012345678904146_2.jpg) or as their folder
-- (990012345678904146/image001.jpg). What follows the id is the page.
-- Give --digits with the last digits of your institution's ids, e.g. 4146:
-- numbers that a spreadsheet has rounded are left out then.
-- --part-by folder makes a representation of each volume: of 990012345678904146_v1/ and
-- 990012345678904146_v2/, or 990012345678904146/v1/ and …/v2/; --part-by name of
-- 990012345678904146_v1_0001.jpg and …_v2_0001.jpg.
-- --ignore-words "(final),copy" takes such words out of names before they are read.

return {
  name    = "by-mms-id",
  summary = "Add files whose name or folder is the MMS ID",
  version = "1.1.0",
  license = "MIT",
  effects = { "add" },                 -- what its plans may contain

  args = {
    { "folder",  "dir",    required = true,  help = "where the files are" },
    { "set",     "set",    help = "Alma set of titles; or give --titles" },
    { "ext",     "string", default = "jpg",  help = "type of the files to add" },
    { "digits",  "string", default = "",     help = "last digits of the institution's MMS IDs" },
    { "ignore_words", "words", default = {}, help = "what does not count in names: (final),copy,.tif; blanks for blanks alone" },
    { "part_by", "choice", choices = { "folder", "name" }, help = "a representation for each volume, by folder or name" },
    { "library", "string", default = "MAIN", help = "owning library (code)" },
    { "label",   "string", default = "JPG",  help = "label of the new representation" },
    { "usage",   "string", default = "DERIVATIVE_COPY", help = "usage type of the new representation (code)" },
  },

  -- the key of a file; nil leaves it out
  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    return key.of_institution(key.mms_id(file.path), args.digits)
  end,

  -- its page: what stands behind the id, or the name when the folder is the id
  page = function(file)
    return key.page(key.behind(file.stem, key.mms_id(file.path)) or file.name)
  end,

  -- its volume, copy or part: each becomes a representation of its own, with the part in its label
  part = function(file, args)
    return args.part_by and key.volume(file.path, key.mms_id(file.path), args.part_by)
  end,

  -- the keys that a title answers to
  title_keys = function(title)
    return { title.mms_id }
  end,

  -- does this title take part?
  wants = function(title, args)
    if title:has(args.ext) then return false, "it holds a " .. args.ext:upper() .. " already" end
    return true
  end,

  -- what to create; files come sorted by page
  changes = function(title, files, args)
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = files,
    }
  end,

  -- cases that every plan checks first
  examples = {
    file_key = {
      ["990012345678904146.jpg"]          = "990012345678904146",
      ["990012345678904146_2.jpg"]        = "990012345678904146",
      ["990012345678904146/image001.jpg"] = "990012345678904146",
      ["image001.jpg"]                    = false,
      ["990012345678904146.tif"]          = false,
    },
    page = {
      ["990012345678904146_2.jpg"]        = 2,
      ["990012345678904146/image012.jpg"] = 12,
    },
  },
}
