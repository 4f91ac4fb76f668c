-- Stores other labels and file names than were sent, under the faults relabel, unlabel, trim
-- and rename. Alma's documentation does not promise that it keeps them as they are. The
-- answer tells what is stored.
local m = {}

local labels = {
  relabel = function(label) return label .. " [Alma]" end,
  unlabel = function() return "" end,
  trim = function(label, most)
    local stop = utf8.len(label) and utf8.offset(label, most + 1) or most + 1
    return label:sub(1, stop and stop - 1)
  end,
}

---@param call table
---@param label string? as it was sent
---@return string? label as it is stored
function m.label(call, label)
  local fault = call.fault
  local change = fault and labels[fault.kind]
  return change and change(label or "", math.floor(fault.number or 0)) or label
end

---@param call table
---@param name string of an uploaded file
---@return string name as it is stored
function m.name(call, name)
  if not call.fault or call.fault.kind ~= "rename" then return name end
  local stem, extension = name:match "^(.+)(%.[^.]*)$"
  return (stem or name) .. "_1" .. (extension or "")
end

return m
