-- almanac-recipe: 1
--
-- Finishes what people have deposited. Files of the folder whose names begin with
-- the id of a deposit become a representation of its title, such as the PDF/A or
-- the cover of a thesis. The deposit's own representation gets a label, a note and
-- access rights, and the title goes into a collection. Give the status of the
-- deposits with --records-status.
-- categories: deposits, records

-- The deposit's representation among those of the title.
local function own_of(title, deposit)
  for _, rep in ipairs(title:representations()) do
    if rep.id == deposit:get "rep_id" then return rep end
  end
end

-- The fields of the deposit's representation that are to be set, or nil.
local function settings(own, args)
  local set = {
    representation = own,
    label = args.own_label ~= "" and args.own_label ~= own.label and args.own_label or nil,
    access_rights = args.policy ~= "" and args.policy or nil,
  }
  return (set.label or set.access_rights) and set or nil
end

return {
  name    = "deposits",
  summary = "Finish deposits: further files by deposit id, access rights, label, collection",
  version = "1.0.0",
  license = "MIT",
  effects = { "add", "update" },       -- what its plans may contain
  several_records = true,              -- a title may have been deposited in several parts

  args = {
    { "set",       "set",    help = "Alma set of titles; or give --titles, or --find mms_id" },
    { "folder",    "dir",    help = "folder with further files, named by deposit ids" },
    { "usage",     "string", default = "DERIVATIVE_COPY", help = "usage type of a representation of such files" },
    { "library",   "string", default = "MAIN", help = "code of its library in Alma" },
    { "label",     "string", default = "", help = "its label" },
    { "own_label", "string", default = "", help = "label that the deposit's own representation gets" },
    { "policy",    "string", default = "", help = "access rights that it gets: the id of a policy in Alma" },
    { "into",      "collection", help = "collection that the title goes into" },
  },

  file_key = function(file) return key.digits(file.name, 1) end,
  page = function(file) return key.page(file.name) end,

  record_key = function(deposit)
    return { deposit:get "deposit_id", deposit:get "mms_id" }      -- one that is not approved yet may have no title
  end,

  title_keys = function(title) return { title.mms_id } end,

  changes = function(title, files, args, records)
    local list = {}
    for _, deposit in ipairs(records) do
      local own = own_of(title, deposit)
      local set = own and settings(own, args)
      if set then list[#list + 1] = update.representation(set) end
    end
    if files[1] then
      list[#list + 1] = add.representation { usage_type = args.usage, library = args.library,
        label = args.label ~= "" and args.label or nil, files = files }
    end
    if args.into then list[#list + 1] = add.collection { collection = args.into } end
    if not list[1] then return nil, "nothing is to be done for it" end
    return list
  end,

  examples = {
    file_key = { ["32271930010004146_cover.jpg"] = "32271930010004146", ["readme.txt"] = false },
    record_key = { { id = "321", row = { deposit_id = "321", mms_id = "991" }, gives = { "321", "991" } } },
  },
}
