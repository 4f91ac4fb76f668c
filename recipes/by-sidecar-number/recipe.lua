-- almanac-recipe: 1
--
-- Adds files whose number stands in a JSON file beside them, as by-sidecar finds
-- it: the record's 001, a number of its 035 (--match 035, with --prefix OCoLC
-- for OCLC numbers in any form), or an identifier as it is written (--match
-- identifier: dc:identifier, 024 $a in MARC records).

local PATHS = { ["001"] = "001", ["035"] = "035$a", identifier = "024$a" }

local function has_prefix(args) return args.match == "035" and args.prefix ~= "" end

-- What a sidecar gives, as a title answers to it.
local function plain(number, args)
  if not has_prefix(args) then return key.fold(number) end
  local bare = key.system_number(number, args.prefix) or key.system_number("(" .. args.prefix .. ")" .. number, args.prefix)
  return bare or number
end

return extend "by-sidecar 1" {
  name    = "by-sidecar-number",
  summary = "Add files whose 001, 035 or identifier stands in a JSON file beside them",
  version = "1.0.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "match",  "choice", default = "001", choices = { "001", "035", "identifier" }, help = "what the number is" },
    { "prefix", "string", default = "", help = "of the 035, without brackets, e.g. OCoLC" },
    { "names",  "boolean", default = false, help = "where no sidecar has one, take the last folder's name" },
  },

  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local numbers = key.sidecar(file, args.field)
    if not numbers then
      local name = args.names and key.folder(file.path)
      return name and plain(name, args) or nil
    end
    for i, number in ipairs(numbers) do numbers[i] = plain(number, args) end
    return numbers
  end,

  page = function(file, args)
    local numbers, folder = key.sidecar(file, args.field)
    if not numbers then return file.name end
    return key.after(file.path, folder == "" and "" or folder .. "/")
  end,

  title_keys = function(title, args)
    if has_prefix(args) then return key.system_numbers(title.record, args.prefix) end
    local keys, is_marc = {}, title.record.format == "marc"
    for i, value in ipairs(title.record:all(is_marc and PATHS[args.match] or "identifier")) do
      keys[i] = key.fold(value:match "^%s*(.-)%s*$")
    end
    return keys
  end,

  examples = {
    sidecars = {   -- what stands in the files
      ["a/figgy_metadata.json"] = '{"source_metadata_identifier": 6124186}',
      ["b/figgy_metadata.json"] = '{"source_metadata_identifier": ["BHL 12", "x"]}',
    },
    file_key = {
      ["a/00000001.jpg"]       = "6124186",
      ["b/00000001.jpg"]       = { "bhl 12", "x" },
      ["6124186/00000001.jpg"] = false,   -- with --names its folder
    },
    title_keys = {
      { record = "=001  6124186", keys = { "6124186" } },
    },
  },
}
