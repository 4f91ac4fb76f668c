-- Alma may store fields and names otherwise than a run sent them. This says so on the screen. From
-- then on verify and undo compare with Alma's answer.
local m = {}

local NAMES = { label = "label", usage_type = "usage type", library = "library", public_note = "public note",
  access_rights = "access rights policy", stored = "name in Alma's storage" }
local WHOLE = { record = true }   -- told as a difference

---@param change { representation_id: string? }
---@param answered table<string, string> fields as Alma answered them, with the names of a plan; stored: a file's name;
---  record: how it differs
---@return string
function m.words(change, answered)
  local parts = {}
  for name, value in pairs(answered) do
    parts[#parts + 1] = WHOLE[name] and ("another %s (%s)"):format(name, value) or value == "" and "no " .. NAMES[name]
      or ("another %s ('%s')"):format(NAMES[name], value)
  end
  table.sort(parts)
  return ("Alma answered with %s, not with what was sent%s"):format(table.concat(parts, " and "),
    change.representation_id and ", representation " .. change.representation_id or "")
end

return m
