-- Says who may talk to the server. It listens on this machine alone, but a browser on it shows
-- pages from anywhere. Such a page must not write here (Origin), and must not reach us under a
-- name of its own that it points to this machine (Host).
local m = {}

local NAMES = { localhost = true, ["[::1]"] = true }

local function is_here(host)
  local name = host:lower():gsub(":%d+$", "")
  return NAMES[name] or name:find "^127%.%d+%.%d+%.%d+$" ~= nil or name:find "%.localhost$" ~= nil
end

local function no(words)
  return { status = 403, body = words .. "\n", type = "text/plain;charset=UTF-8" }
end

---@param request table of core.serve
---@return table? refusal an answer
function m.refuse(request)
  local host, origin = request:header "Host", request:header "Origin"
  if host and not is_here(host) then
    return no "this rehearsal is for this computer: call it 127.0.0.1 or localhost"
  end
  if origin and (not host or origin:lower() ~= "http://" .. host:lower()) then
    return no "this rehearsal answers no pages of other servers (Origin)"
  end
end

return m
