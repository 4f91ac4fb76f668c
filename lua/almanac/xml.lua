-- Small tools for the trees that core.xml gives: looking for elements, and
-- writing a part of a tree as a document of its own.
local core = require "almanac.core"

local m = {}

---Prefixes that everybody uses for these namespaces.
m.namespaces = {
  dc = "http://purl.org/dc/elements/1.1/",
  dcterms = "http://purl.org/dc/terms/",
  etdms = "http://www.ndltd.org/standards/metadata/etdms/1.0/",
  marc = "http://www.loc.gov/MARC21/slim",
  mods = "http://www.loc.gov/mods/v3",
  oai_dc = "http://www.openarchives.org/OAI/2.0/oai_dc/",
  xlink = "http://www.w3.org/1999/xlink",
  xsi = "http://www.w3.org/2001/XMLSchema-instance",
}

local prefixes = {}
for prefix, address in pairs(m.namespaces) do prefixes[address] = prefix end

---The first child of that name.
---@param node almanac.xml.node?
---@param name string without prefix
---@return almanac.xml.node?
function m.child(node, name)
  for _, item in ipairs(node or {}) do
    if item.name == name then return item end
  end
end

---The text of the first child of that name, without blanks around it.
---@param node almanac.xml.node?
---@param name string
---@return string? text nil when there is no such child, or nothing in it
function m.text(node, name)
  local item = m.child(node, name)
  local text = item and item.text:match "^%s*(.-)%s*$"
  return text ~= "" and text or nil
end

---All children of that name.
---@param node almanac.xml.node?
---@param name string
---@return almanac.xml.node[]
function m.children(node, name)
  local list = {}
  for _, item in ipairs(node or {}) do
    if item.name == name then list[#list + 1] = item end
  end
  return list
end

local function note_prefixes(node, used)
  local prefix = prefixes[node.namespace]
  if prefix then used[prefix] = true end
  for name in pairs(node.attributes) do
    prefix = name:match "^(.-):"
    if m.namespaces[prefix] then used[prefix] = true end
  end
  for _, item in ipairs(node) do note_prefixes(item, used) end
end

local function in_order(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Attributes that say where a schema lies are dropped: no reader of the record needs them.
local function add_attributes(out, node)
  for _, name in ipairs(in_order(node.attributes)) do
    if name ~= "xsi:schemaLocation" then
      out[#out + 1] = (' %s="%s"'):format(name, core.xml.escape(node.attributes[name]))
    end
  end
end

-- The element's name as it is written, the default namespace below it, and the
-- declaration that this takes.
local function named(node, default, declared)
  local address = node.namespace or ""
  if address == default then return node.name, default, "" end
  local prefix = prefixes[address]
  if prefix and declared[prefix] then return prefix .. ":" .. node.name, default, "" end
  return node.name, address, (' xmlns="%s"'):format(core.xml.escape(address))
end

local function add(out, node, default, declared, declarations)
  local name, inner, declaration = named(node, default, declared)
  out[#out + 1] = "<" .. name .. declaration .. declarations
  add_attributes(out, node)
  local text = (node[1] and not node.text:find "%S") and "" or node.text
  if not node[1] and text == "" then
    out[#out + 1] = "/>"
    return
  end
  out[#out + 1] = ">" .. core.xml.escape(text)
  for _, item in ipairs(node) do add(out, item, inner, declared, "") end
  out[#out + 1] = "</" .. name .. ">"
end

---Writes an element as a document of its own, without a declaration and without blanks
---between elements. Text that stood among child elements comes before them.
---@param node almanac.xml.node
---@return string
function m.write(node)
  local used, declarations, out = {}, {}, {}
  note_prefixes(node, used)
  used[prefixes[node.namespace] or ""] = nil   -- the element's own namespace is the default one
  for i, prefix in ipairs(in_order(used)) do
    declarations[i] = (' xmlns:%s="%s"'):format(prefix, m.namespaces[prefix])
  end
  add(out, node, "", used, table.concat(declarations))
  return table.concat(out)
end

return m
