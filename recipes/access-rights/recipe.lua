-- almanac-recipe: 1
--
-- Sets the access rights policy of representations. The policy is its id in
-- Alma: Configuration > Fulfillment > Copyright Management > Access Rights.
-- With --usage only representations of that usage type, e.g. the masters.

-- the representations that take part
local function chosen(title, args)
  local list = {}
  for _, rep in ipairs(title:representations()) do
    if not rep.remote and (args.usage == "" or rep.usage_type == args.usage) then list[#list + 1] = rep end
  end
  return list
end

return {
  name    = "access-rights",
  summary = "Set the access rights policy of representations",
  version = "1.0.0",
  license = "MIT",
  effects = { "update" },              -- what its plans may contain

  args = {
    { "set",    "set",    help = "Alma set of titles; or give --titles" },
    { "policy", "string", required = true, help = "id of the access rights policy" },
    { "usage",  "string", default = "", help = "only representations of this usage type (code)" },
  },

  title_keys = function(title) return { title.mms_id } end,

  wants = function(title, args)
    if #chosen(title, args) == 0 then return false, "it has no representation of this kind" end
    return true
  end,

  changes = function(title, files, args)
    local list = {}
    for i, rep in ipairs(chosen(title, args)) do
      list[i] = update.representation { representation = rep, access_rights = args.policy }
    end
    return list
  end,

  examples = {
    title_keys = { { files = { "a.tif" }, mms_id = "990012345678904146", keys = { "990012345678904146" } } },
  },
}
