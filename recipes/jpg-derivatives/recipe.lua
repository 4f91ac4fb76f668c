-- almanac-recipe: 1
--
-- Adds the JPGs in a folder to the titles that hold the TIFF of the same name.
-- Several TIFFs in a title are pages: each must have its JPG, and they are
-- attached in natural order (2 before 10). --ignore-words "(final),copy,.tif" takes
-- such words out of the names on both sides: "page 1 (final).tif.jpg" is "page 1".
-- Change `file_key` and `title_keys` to decide what belongs together.

return {
  name    = "jpg-derivatives",
  summary = "Add JPG derivatives to titles that have only a TIFF",
  version = "1.1.0",
  license = "MIT",
  effects = { "add" },                 -- what its plans may contain

  args = {
    { "folder",  "dir",    required = true,  help = "where the JPGs are" },
    { "set",     "set",    help = "Alma set of titles; or give --titles" },
    { "ignore_words", "words", default = {}, help = "what does not count in names: (final),copy,.tif; blanks for blanks alone" },
    { "library", "string", default = "MAIN", help = "owning library (code)" },
    { "label",   "string", default = "JPG",  help = "label of the new representation" },
    { "usage",   "string", default = "DERIVATIVE_COPY", help = "usage type of the new representation (code)" },
  },

  -- the key of a file; nil leaves it out
  file_key = function(file)
    return file.ext == "jpg" and key.stem(file.name) or nil
  end,

  -- the keys that a title answers to: one for each TIFF it holds
  title_keys = function(title)
    local keys = {}
    for file in title:files "tif" do keys[#keys + 1] = key.stem(file.name) end
    return keys
  end,

  -- does this title take part?
  wants = function(title)
    if not title:has "tif" then return false, "it holds no TIFF" end
    if title:has "jpg" then return false, "it holds a JPG already" end
    return true
  end,

  -- a title with three TIFFs needs three JPGs, otherwise it is for a person to decide
  every_key = true,

  -- what to create; files come sorted by page
  changes = function(title, files, args)
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = files,
    }
  end,

  -- cases that every plan checks first
  examples = {
    file_key = {
      ["grinnell_16037_OBJ.jpg"] = "grinnell_16037_obj",
      ["album/Page 10.JPEG"]     = "page 10",
      ["grinnell_16037_OBJ.tif"] = false,
    },
    title_keys = {
      { files = { "grinnell_16037_OBJ.tiff", "notes.pdf" }, keys = { "grinnell_16037_obj" } },
    },
  },
}
