-- almanac-recipe: 1
--
-- Adds files whose id stands in a JSON file beside them: figgy_metadata.json in
-- their folder, or in one above it, with {"source_metadata_identifier": "99…"}.
-- What is written there goes before any name; with --names a folder or file
-- named by its MMS ID is taken as by-mms-id takes it where nothing is written.
-- Several ids, or files of several folders with one, are for you to decide.
-- --sidecar '{stem}.json' is a JSON file beside each file (image001.json),
-- '{name}.json' one with the whole name (image001.jpg.json).
-- The id is the MMS ID; by-sidecar-number reads other numbers of the record.

return extend "by-mms-id 1" {
  name    = "by-sidecar",
  summary = "Add files whose id stands in a JSON file beside them, e.g. figgy_metadata.json",
  version = "1.0.0",

  args = {
    { "sidecar", "sidecar", default = { "figgy_metadata.json" }, help = "file in the folder, or {stem}.json, {name}.json beside each" },
    { "field",   "string",  default = "source_metadata_identifier", help = "where the id stands in it: names with dots between" },
    { "names",   "boolean", default = false, help = "where no sidecar has an id, take an MMS ID in the name" },
  },

  -- every id in the nearest sidecar that has one
  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    return key.sidecar(file, args.field) or args.names and key.of_institution(key.mms_id(file.path), args.digits) or nil
  end,

  -- what stands behind the sidecar's folder, or the id
  page = function(file, args)
    local ids, folder = key.sidecar(file, args.field)
    if ids then return key.after(file.path, folder == "" and "" or folder .. "/") end
    return key.page(key.behind(file.stem, key.mms_id(file.path)) or file.name)
  end,

  examples = {
    sidecars = {   -- what stands in the files
      ["lapidus/figgy_metadata.json"]            = '{"title": "My Title", "source_metadata_identifier": "9946093213506421"}',
      ["lapidus/volume 1/figgy_metadata.json"]   = '{"series": ["One", "Two"]}',
      ["99122345678906421/figgy_metadata.json"]  = '{"source_metadata_identifier": 9946093213506421}',
      ["9971957363506421/figgy_metadata.json"]   = '{"visibility": "open"}',
      ["bound/figgy_metadata.json"]              = '{"source_metadata_identifier": ["9946093213506421", "9971957363506421"]}',
    },
    file_key = {
      ["lapidus/00000001.jpg"]            = "9946093213506421",
      ["lapidus/volume 1/00000001.jpg"]   = "9946093213506421",
      ["99122345678906421/1.jpg"]         = "9946093213506421",
      ["9971957363506421/1.jpg"]          = false,   -- with --names its folder
      ["bound/1.jpg"]                     = { "9946093213506421", "9971957363506421" },
      ["lapidus/00000001.tif"]            = false,
      ["nothing/1.jpg"]                   = false,
    },
    page = {
      ["lapidus/volume 1/00000001.jpg"]   = "volume 1/00000001.jpg",
    },
  },
}
