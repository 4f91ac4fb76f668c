-- almanac-recipe: 1
--
-- Puts titles into a collection. A title that is in it already stays
-- as it is, also when the run is taken back. Alma wants a title that has
-- representations to be in a collection.

return {
  name    = "collect",
  summary = "Put titles into a collection",
  version = "1.0.0",
  license = "MIT",
  effects = { "add" },                 -- what its plans may contain

  args = {
    { "set",  "set",    help = "Alma set of titles; or give --titles" },
    { "into", "collection", required = true, help = "the collection, by its id or its name" },
  },

  title_keys = function(title) return { title.mms_id } end,

  changes = function(title, files, args)
    return add.collection { collection = args.into }
  end,

  examples = {
    title_keys = { { files = { "a.tif" }, mms_id = "990012345678904146", keys = { "990012345678904146" } } },
  },
}
