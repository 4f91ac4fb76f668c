-- Alma may store fields and names otherwise than a run sent them. This says so on the screen. From
-- then on verify and undo compare with Alma's answer.
local m = {}

-- Other names say it themselves: public_note.
local NAMES = { access_rights = "access rights policy", stored = "name in Alma's storage" }
local WHOLE = { record = true }   -- told as a difference

local function name_of(field)
  return NAMES[field] or (field:gsub("_", " "))
end

---@param change { representation_id: string?, pid: string? }
---@param answered table<string, string> fields as Alma answered them, with the names of a plan; stored: a file's name;
---  record: how it differs
---@return string
function m.words(change, answered)
  local parts = {}
  for name, value in pairs(answered) do
    parts[#parts + 1] = WHOLE[name] and ("another %s (%s)"):format(name, value) or value == "" and "no " .. name_of(name)
      or ("another %s ('%s')"):format(name_of(name), value)
  end
  table.sort(parts)
  return ("Alma answered with %s, not with what was sent%s"):format(table.concat(parts, " and "),
    change.pid and ", file " .. change.pid or change.representation_id and ", representation " .. change.representation_id or "")
end

return m
