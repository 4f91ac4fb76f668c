-- Web addresses: which part of one may be shown, whether it leads to this machine,
-- and how text is encoded in one.
local m = {}

---Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986).
---@param text string
---@param keep_slash boolean?
---@return string
function m.encode(text, keep_slash)
  return (text:gsub(keep_slash and "[^%w%-._~/]" or "[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

---The text, with user names and passwords taken out of the addresses in it.
---@param text string
---@return string
function m.shown(text)
  return (text:gsub("(%a[%w+.-]*://)[^/?#%s]*@", "%1"))
end

---Takes an http(s) address apart. An address with a backslash, a blank or a control character before its
---path is refused: programs do not agree on where the host begins in such an address.
---@param url string
---@return { scheme: string, user: string?, host: string, port: string? }|nil address host in small letters, of IPv6 without brackets
function m.parse(url)
  local scheme, authority = url:match "^(%a+)://([^/?#]+)"
  scheme = scheme and scheme:lower()
  if scheme ~= "http" and scheme ~= "https" or authority:find "[%s%c\\]" then return nil end
  local user, place = authority:match "^(.*)@([^@]*)$"
  place = place or authority
  local host, port = place:match "^%[([%x:.]+)%]:?(%d*)$"
  if not host then host, port = place:match "^([^:%[%]]+):?(%d*)$" end
  return host and { scheme = scheme, user = user, host = host:lower(), port = port ~= "" and port or nil } or nil
end

-- True for 127.0.0.0/8. Each part must be a number as addresses have it: any other text is a name, and a name server answers it.
local function is_loopback_number(host)
  local parts = { host:match "^(127)%.(%d+)%.(%d+)%.(%d+)$" }
  for _, part in ipairs(parts) do
    if #part > 3 or tonumber(part) > 255 then return false end
  end
  return parts[1] ~= nil
end

local function is_loopback(host)
  return host == "localhost" or host == "::1" or is_loopback_number(host)
end

---Whether an address leads to this machine, so that nothing sent to it passes a network.
---@param url string
---@return boolean
function m.is_local(url)
  local address = m.parse(url)
  return address ~= nil and is_loopback(address.host)
end

---Says why no secret may be sent to an address.
---@param url string
---@return string? words nil when it may
function m.unsafe(url)
  local address = m.parse(url)
  if not address then return "that is no http(s) address" end
  if address.user then return "the address holds a user name or password: leave them out" end
  if address.scheme == "http" and not is_loopback(address.host) then
    return "by http anybody on the way could read the key: give the address with https (http goes to this machine alone)"
  end
end

return m
