-- almanac-recipe: 1
--
-- Adds files that begin with an identifier of the record, name and number:
-- grinnell_16037_OBJ.jpg or grinnell-16037.jpg for grinnell:16037,
-- dg_1729123456.jpg for dg:1729123456. Identifiers are read from dc:identifier,
-- in MARC records from 024 $a. The number is whole: 1603 does not fit 16037.

return extend "by-mms-id 1" {
  name    = "by-identifier",
  summary = "Add files that begin with an identifier of the record, e.g. grinnell_16037",
  version = "1.0.0",
  reads   = { "record" },              -- titles come with their records

  -- "grinnell:16037", however name and number are put together
  file_key = function(file, args)
    local name, number = file.stem:match "^(%a+)[_%-](%d+)%f[%D]"
    return name and file.ext == args.ext and key.fold(name) .. ":" .. number or nil
  end,

  page = function(file)
    return key.page(file.stem:match "^%a+[_%-]%d+(.*)$" or "")
  end,

  title_keys = function(title)
    local keys = {}
    for _, value in ipairs(title.record:all(title.record.format == "marc" and "024$a" or "identifier")) do
      local name, number = value:match "^(%a+)[:_%-](%d+)$"
      if name then keys[#keys + 1] = key.fold(name) .. ":" .. number end
    end
    return keys
  end,

  examples = {
    file_key = {
      ["grinnell_16037_OBJ.jpg"]  = "grinnell:16037",
      ["Grinnell-18540_OBJ2.jpg"] = "grinnell:18540",
      ["dg_1729123456.jpg"]       = "dg:1729123456",
      ["16037.jpg"]               = false,
    },
  },
}
