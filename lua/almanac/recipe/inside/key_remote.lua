-- Helpers for objects of other repositories: what a system calls one, out of an OAI identifier, an address of its page or
-- picture, or a handle. Part of what a recipe has as `key`.
local m = {}

local match, gsub = string.match, string.gsub

local function need_text(value, name)
  if type(value) ~= "string" then error(("key.%s: text expected, got %s"):format(name, type(value)), 3) end
end

-- %3A and the like are read, because addresses have them for ":" and "/".
local function plain(text)
  return (gsub(text, "%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- What follows the last colon of an OAI identifier. One of another system than OAI is an address.
local function local_part(text)
  return match(text, "^oai:[^:/]+:(.+)$")
end

-- alias/pointer. The aliases of CONTENTdm are letters, digits, "_" and "-".
local CONTENTDM = {
  "[/=]collection/([%w_-]+)/id/(%d+)", "/digital/iiif/([%w_-]+)/(%d+)", "/iiif/%d*/?([%w_-]+):(%d+)",
  "[?&]CISOROOT=/?([%w_-]+).*[?&]CISOPTR=(%d+)", "/u/?%?/([%w_-]+),(%d+)", "dmGetItemInfo/([%w_-]+)/(%d+)",
}

local function contentdm(text)
  local alias, pointer = match(local_part(text) or "", "^([%w_-]+)/(%d+)$")
  for _, form in ipairs(CONTENTDM) do
    if alias then break end
    alias, pointer = match(text, form)
  end
  if not alias then return nil end
  pointer = match(pointer, "^0*(%d+)$")
  return alias .. "/" .. pointer, alias, pointer
end

-- A handle: prefix and suffix. DSpace gives suffixes of letters, digits, "-", "." and "_".
local DSPACE = { "hdl%.handle%.net/([%d.]+)/([%w._-]+)", "^hdl:([%d.]+)/([%w._-]+)", "/handle/([%d.]+)/([%w._-]+)",
  "/bitstream/([%d.]+)/([%w._-]+)/" }

local function dspace(text)
  local prefix, suffix = match(local_part(text) or text, "^([%d.]+)/([%w._-]+)$")
  for _, form in ipairs(DSPACE) do
    if prefix then break end
    prefix, suffix = match(text, form)
  end
  if not prefix then return nil end
  return prefix .. "/" .. suffix, prefix, suffix
end

-- A PID, or the number of a node. OAI writes "_" for the ":" of a PID; a namespace has none.
local function fedora(text)
  local id = local_part(text)
  local space, name = match(id or "", "^([%w.-]+)[_:]([%w._~-]+)$")
  if not space then space, name = match(text, "/islandora/object/([%w.-]+):([%w._~-]+)") end
  if not space then space, name = match(text, "/objects/([%w.-]+):([%w._~-]+)") end
  if space then return space .. ":" .. name, space, name end
  local node = match(id or "", "^node%-(%d+)$") or match(text, "://[^/]+/node/(%d+)")
  if node then return "node/" .. node, "node", node end
end

local function rosetta(text)
  local id = match(local_part(text) or "", "^(IE%d+)$") or match(text, "[?&]dps_pid=(IE%d+)") or match(text, "^(IE%d+)$")
    or match(text, "^https?://.*/(IE%d+)$")
  if id then return id, id end
end

local function digitool(text)
  local id = match(local_part(text) or "", "^/?(%d+)$") or match(text, "/DeliveryManager%?.*pid=(%d+)")
    or match(text, "/webclient/.*[?&]pid=(%d+)") or match(text, "[?&]object_id=(%d+)")
  if id then return id, id end
end

local SYSTEMS = { contentdm = contentdm, dspace = dspace, fedora = fedora, rosetta = rosetta, digitool = digitool }

local function reader(system, name)
  need_text(system, name)
  return SYSTEMS[system]
    or error(("key.%s: there is no system '%s': contentdm, dspace, digitool, fedora, rosetta"):format(name, system), 3)
end

---What a repository calls an object, out of its OAI identifier, an address of it, or a handle:
---("contentdm", "oai:cdm.example.edu:p17maps/12") and ("contentdm", "https://cdm.example.edu/digital/collection/p17maps/id/12")
---give "p17maps/12", "p17maps", "12". nil when it is none of that system.
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param text string
---@return string? id
---@return string? ... its parts, as an address of it is made of them
function m.remote(system, text)
  local read = reader(system, "remote")
  need_text(text, "remote")
  return read(plain(match(text, "^%s*(.-)%s*$")))
end

-- Where a record names the addresses and identifiers of its object.
local MARC = { "856$u", "024$a", "035$a", "787$o", "787$w", "776$o" }
local PATHS = { "//identifier", "//relation", "//isVersionOf", "//isFormatOf", "//hasFormat", "//url", "//source" }

-- The address of another host than the wanted one is another repository's; an identifier names no host that could be compared.
local function is_of(host, value)
  local found = match(value, "^%s*https?://([^/%s]+)")
  return host == nil or host == "" or found == nil or found:lower():gsub(":%d+$", "") == host:lower():gsub(":%d+$", "")
    or found:lower() == "hdl.handle.net"
end

-- In 035 an identifier stands behind a prefix of its own.
local function without_prefix(value)
  return match(value, "^%s*%([^)]*%)%s*(.-)%s*$") or value
end

---What a record names of a repository, each once: in a MARC record 856 $u, 024 $a, 035 $a and the links of 776 and 787, else
---identifiers, relations and addresses:
---  title_keys = function(title) return key.remotes("contentdm", title.record) end
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param record table title.record, or a record
---@param host string? of the repository: addresses of others do not count
---@return string[] ids as key.remote gives them
function m.remotes(system, record, host)
  local read = reader(system, "remotes")
  if type(record) ~= "table" or not record.format then error("key.remotes: title.record expected", 2) end
  local list, seen = {}, {}
  for _, path in ipairs(record.format == "marc" and MARC or record.format == "row" and {} or PATHS) do
    for _, value in ipairs(record:all(path)) do
      local id = is_of(host, value) and read(plain(without_prefix(value)))
      if id and not seen[id] then
        seen[id] = true
        list[#list + 1] = id
      end
    end
  end
  return list
end

return m
