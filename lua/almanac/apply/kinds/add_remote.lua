-- Makes a remote representation: as a new one is made (almanac.apply.kinds.add_representation), without files. It is known
-- by its record in the repository.
local add = require "almanac.apply.kinds.add_representation"
local fields = require "almanac.representation_fields"

local m = {}
for name, part in pairs(add) do m[name] = part end
m.prepare = nil   -- there is nothing to upload

-- Alma refuses a code that it does not have with its general error, and gives no list of its repositories.
local GENERAL = "401652"
local WHAT = "; Alma does not say what it refuses: look whether '%s' is the code of a remote repository there " ..
  "(Configuration > Resources > Remote Digital Repositories)"

function m.carry_out(job, change)
  local ok, message, code = add.carry_out(job, change)
  if not ok and type(message) == "string" and message:find(GENERAL, 1, true) then
    message = message .. WHAT:format(change.spec.repository)
  end
  return ok, message, code
end

function m.describe(spec, change)
  local links = table.concat(fields.links(spec), "', '")
  return ("a remote representation '%s' of record '%s' in %s%s, usage type %s, library %s%s%s"):format(spec.label or "",
    spec.originating_record_id, spec.repository, links ~= "" and (" (linking parameters '%s')"):format(links) or "", spec.usage_type,
    spec.library, spec.collection and ", collection " .. spec.collection or "",
    change.representation_id and ", made as " .. change.representation_id or "")
end

return m
