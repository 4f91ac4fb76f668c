-- almanac-recipe: 1
--
-- Gives representations a label by a template, and a public note if wanted.
-- Primo orders the representations of a title by their labels, so
-- --label "1 {usage}" or "{title} ({files})" decides what readers see first.
-- In the template: {title} {mms_id} {usage} {library} {files} {first} {old},
-- where {files} is how many there are, {first} the name of the first file
-- without its extension and {old} the label that it has.

local NAMES = "{title} {mms_id} {usage} {library} {files} {first} {old}"

-- the template with its names filled in; a misspelt one must not become everybody's label
local function fill(template, title, rep)
  local first = rep.files[1]
  local values = { title = title.title or "", mms_id = title.mms_id, usage = rep.usage_type or "", library = rep.library or "",
    files = tostring(#rep.files), first = first and first.stem or "", old = rep.label or "" }
  return (template:gsub("{(%a[%w_]*)}", function(name)
    if not values[name] then error("the template has {" .. name .. "}; there are " .. NAMES, 0) end
    return values[name]
  end))
end

-- the representations that take part
local function chosen(title, args)
  local list = {}
  for _, rep in ipairs(title:representations()) do
    if not rep.remote and (args.usage == "" or rep.usage_type == args.usage) then list[#list + 1] = rep end
  end
  return list
end

return {
  name    = "relabel",
  summary = "Set labels and notes of representations by a template",
  version = "1.0.1",
  license = "MIT",
  effects = { "update" },              -- what its plans may contain

  args = {
    { "set",   "set",    help = "Alma set of titles; or give --titles" },
    { "label", "string", required = true, help = "template of the label, e.g. \"{title}\"" },
    { "note",  "string", default = "", help = "template of the public note; nothing: it stays as it is" },
    { "usage", "string", default = "", help = "only representations of this usage type (code)" },
  },

  -- a title is known by its id; there are no files
  title_keys = function(title) return { title.mms_id } end,

  wants = function(title, args)
    if #chosen(title, args) == 0 then return false, "it has no representation of this kind" end
    return true
  end,

  -- one change for each representation that has another label than it should
  changes = function(title, files, args)
    local list = {}
    for _, rep in ipairs(chosen(title, args)) do
      local label = fill(args.label, title, rep)
      local note = args.note ~= "" and fill(args.note, title, rep) or nil
      if label ~= (rep.label or "") or note then
        list[#list + 1] = update.representation { representation = rep, label = label, public_note = note }
      end
    end
    return list
  end,

  examples = {
    title_keys = { { files = { "a.tif" }, mms_id = "990012345678904146", keys = { "990012345678904146" } } },
  },
}
