-- almanac-recipe: 1
--
-- Makes a remote representation of each record of another repository: the files
-- stay there, and Alma shows where they are. A record belongs to the title that
-- names its object, in 856 $u, 024, 035 or an identifier; or to the one that has
-- its remote representation already, which is then set to what the record says
-- now, under the same id. For a record without a title a bib is made, when
-- --into names the collection that it goes into.
-- categories: remote, records

-- What a representation says of its record.
local function fields(record, args)
  local id, first, second = key.remote(args.system, record.id)
  local is_marc = record.format == "marc"
  return {
    linking_parameters = args.system == "contentdm" and { first, second } or { id },
    label = args.label ~= "" and args.label or record:get(is_marc and "245$a" or "//title") or id,
    public_note = record:get(is_marc and "540$a" or record.format == "mods" and "//accessCondition" or "//rights") or "",
  }
end

-- The numbers that --also names, in 035 or an identifier; a deleted record has none.
local function shared(record, args)
  local keys = {}
  if args.also == "" or not record.format then return keys end
  for i, number in ipairs(key.system_numbers(record, args.also)) do keys[i] = ("(%s)%s"):format(args.also, number) end
  return keys
end

-- The fields that are not as the record says, or nil.
local function changed(there, wanted)
  local links = table.concat(there.linking_parameters or {}, "\n") == table.concat(wanted.linking_parameters, "\n")
  if links and there.label == wanted.label and (there.public_note or "") == wanted.public_note then return nil end
  wanted.representation = there
  return wanted
end

local function new(record, args)
  local given = fields(record, args)
  given.repository, given.originating_record_id = args.repository, record.id
  given.usage_type, given.library = args.usage, args.library
  return add.remote(given)
end

-- What a bib is made of: the record itself, or of MODS the values that Dublin Core has a place for.
local function content(record)
  if record.format ~= "mods" then return record end
  return {
    ["dc:title"] = record:get "//title", ["dc:creator"] = record:all "//namePart", ["dc:date"] = record:all "//dateCreated",
    ["dc:subject"] = record:all "//topic", ["dc:type"] = record:all "//typeOfResource", ["dc:rights"] = record:all "//accessCondition",
  }
end

return {
  name    = "remote",
  summary = "Make remote representations of the records of a repository: DSpace, CONTENTdm, Islandora, Rosetta or DigiTool",
  version = "1.0.0",
  license = "MIT",
  effects = { "remote", "create-bib" },   -- what its plans may contain
  reads   = { "record" },                 -- titles come with their records
  several_records = true,                 -- a title may have several objects there

  args = {
    { "set",        "set",    help = "Alma set of titles; or give --titles" },
    { "system",     "choice", required = true, choices = { "contentdm", "dspace", "digitool", "fedora", "rosetta" },
      help = "what the repository runs on" },
    { "repository", "string", required = true, help = "code of the repository in Alma" },
    { "library",    "string", required = true, help = "code of the library in Alma" },
    { "usage",      "string", default = "PRESERVATION_MASTER", help = "usage type of the representations" },
    { "label",      "string", default = "", help = "their label; without it the title of the record" },
    { "host",       "string", default = "", help = "the repository's host: links of bibs to others do not count" },
    { "also",       "string", default = "", help = "prefix of numbers that record and bib may share, such as OCoLC" },
    { "into",       "collection", help = "for records without a title: the collection of the bib that is made" },
  },

  -- The system stands before its object, because a bare number may be anything in a catalog.
  record_key = function(record, args)
    local id = record.id and key.remote(args.system, record.id)
    return id and { record.id, args.system .. ":" .. id, table.unpack(shared(record, args)) } or nil
  end,

  title_keys = function(title, args)
    local keys = shared(title.record, args)
    for _, id in ipairs(key.remotes(args.system, title.record, args.host)) do keys[#keys + 1] = args.system .. ":" .. id end
    for _, rep in ipairs(title:representations()) do
      if rep.repository == args.repository then keys[#keys + 1] = rep.originating_record_id end
    end
    return keys
  end,

  changes = function(title, files, args, records)
    local list = {}
    for _, record in ipairs(records) do
      local there = title:remote(record.id, args.repository)
      local update_it = there and not record.deleted and changed(there, fields(record, args))
      if update_it then list[#list + 1] = update.remote(update_it) end
      if not there and not record.deleted then list[#list + 1] = new(record, args) end
    end
    if not list[1] then return nil, "its remote representations are as the records say" end
    return list
  end,

  missing = function(record, _, args)
    if not args.into then return nil, "no title names it; with --into COLLECTION a bib is made" end
    local identifier = record.format == "marc" and { "035", "  ", "a", record.id } or { "dc:identifier", record.id }
    return { create.bib { record = content(record), collection = args.into, add = { identifier } }, new(record, args) }
  end,

  examples = {
    record_key = { { row = { title = "Maps" }, gives = {} } },   -- without an identifier it can't be known again
  },
}
