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
  oai_qdc = "http://worldcat.org/xmlschemas/qdc-1.0/",
  xlink = "http://www.w3.org/1999/xlink",
  xsi = "http://www.w3.org/2001/XMLSchema-instance",
}

local prefixes = {}
for prefix, address in pairs(m.namespaces) do prefixes[address] = prefix end

---Makes an element without namespace, to be written.
---@param name string
---@param content? string|number|boolean|almanac.xml.node[] text, or elements
---@param attributes? table<string, string>
---@return almanac.xml.node
function m.element(name, content, attributes)
  local node = { name = name, text = "", attributes = attributes or {} }
  if type(content) == "table" then table.move(content, 1, #content, 1, node) else node.text = tostring(content or "") end
  return node
end

---The first child of that name.
---@param node almanac.xml.node?
---@param name string without prefix
---@return almanac.xml.node?
function m.child(node, name)
  for _, item in ipairs(node or {}) do
    if item.name == name then return item end
  end
end

---The first element of a name, the node itself among them, at any depth.
---@param node almanac.xml.node
---@param name string
---@return almanac.xml.node?
function m.find(node, name)
  if node.name == name then return node end
  for _, item in ipairs(node) do
    local found = m.find(item, name)
    if found then return found end
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

-- ---- writing ----

-- Calls `visit` for each element, with the namespaces that prefixes stand for there.
local function walk(node, scope, visit)
  if node.prefixes then scope = setmetatable(node.prefixes, { __index = scope }) end
  visit(node, scope)
  for _, item in ipairs(node) do walk(item, scope, visit) end
end

local function rename_attributes(node, scope)
  local renamed
  for name, value in pairs(node.attributes) do
    local prefix, rest = name:match "^(.-):(.+)$"
    local usual = prefix and prefixes[scope[prefix]]
    if usual and usual ~= prefix then
      renamed = renamed or {}
      renamed[#renamed + 1] = { name, usual .. ":" .. rest, value }
    end
  end
  for _, each in ipairs(renamed or {}) do node.attributes[each[1]], node.attributes[each[2]] = nil, each[3] end
end

---Gives attributes the prefixes that everybody uses, whatever the document calls them.
---@param root almanac.xml.node
---@return almanac.xml.node root
function m.settle(root)
  walk(root, {}, rename_attributes)
  return root
end

-- Which prefixes a document needs: the usual ones that are in use, and those of namespaces that only
-- the document knows, by its own prefix for them.
local function note(needed, prefix)
  if prefix and m.namespaces[prefix] then needed[prefix] = m.namespaces[prefix] end
end

local function note_prefixes(node, needed)
  note(needed, prefixes[node.namespace])
  for name, value in pairs(node.attributes) do
    note(needed, name:match "^(.-):")
    if name == "xsi:type" then note(needed, value:match "^(.-):") end   -- its value is a name with a prefix
  end
  if node.prefixes then
    for prefix, address in pairs(node.prefixes) do
      if not prefixes[address] and not m.namespaces[prefix] then needed[prefix] = needed[prefix] or address end
    end
  end
  for i = 1, #node do
    if not node[i].written then note_prefixes(node[i], needed) end
  end
end

-- The root's namespace is the default one, so it needs a prefix for attributes alone.
local function drop_default(needed, root)
  for prefix, address in pairs(needed) do
    if address == root.namespace then
      needed[prefix] = nil
      for name, value in pairs(root.attributes) do
        if name:find("^" .. prefix .. ":") or (name == "xsi:type" and value:find("^" .. prefix .. ":")) then needed[prefix] = address end
      end
    end
  end
end

local function in_order(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- Attributes that say where a schema lies are dropped: no reader of the record needs them. So are those
-- whose prefix nobody declares.
local function add_attributes(out, node, declared)
  for _, name in ipairs(in_order(node.attributes)) do
    local prefix = name:match "^(.-):" or "xml"
    if name ~= "xsi:schemaLocation" and (prefix == "xml" or declared[prefix]) then
      out[#out + 1] = (' %s="%s"'):format(name, core.xml.escape(node.attributes[name]))
    end
  end
end

-- The element's name as it is written, the default namespace below it, and the
-- declaration that this takes.
local function named(node, default, declared)
  local address = node.namespace or ""
  if address == default then return node.name, default, "" end
  local prefix = declared.by_address[address]
  if prefix then return prefix .. ":" .. node.name, default, "" end
  return node.name, address, (' xmlns="%s"'):format(core.xml.escape(address))
end

local function add(out, node, default, declared, declarations)
  if node.written then
    out[#out + 1] = node.written
    return
  end
  local name, inner, declaration = named(node, default, declared)
  out[#out + 1] = "<" .. name .. declaration .. declarations
  if next(node.attributes) then add_attributes(out, node, declared) end
  local text = (node[1] and not node.text:find "%S") and "" or node.text
  if node[1] then
    out[#out + 1] = ">" .. core.xml.escape(text)
    for i = 1, #node do add(out, node[i], inner, declared, "") end
    out[#out + 1] = "</" .. name .. ">"
  elseif text == "" then
    out[#out + 1] = "/>"
  else
    out[#out + 1] = ">" .. core.xml.escape(text) .. "</" .. name .. ">"
  end
end

-- These roots are written with their prefix, as OAI-PMH has them; others without one.
local PREFIXED = { oai_dc = true, oai_qdc = true }

---Writes an element as a document of its own, without a declaration and without blanks
---between elements. Text that stood among child elements comes before them. An element in it that is
---{ written = text } is there as a record writes itself, with all the namespaces that it needs: Alma's Dublin Core
---must come as it was read.
---@param node almanac.xml.node
---@return string
function m.write(node)
  local own, declared, declarations, out = {}, { by_address = {} }, {}, {}
  note_prefixes(node, own)
  if not PREFIXED[prefixes[node.namespace]] then drop_default(own, node) end
  for i, prefix in ipairs(in_order(own)) do
    declared[prefix] = true
    if own[prefix] ~= node.namespace or PREFIXED[prefix] then declared.by_address[own[prefix]] = prefix end
    declarations[i] = (' xmlns:%s="%s"'):format(prefix, core.xml.escape(own[prefix]))
  end
  add(out, node, "", declared, table.concat(declarations))
  return table.concat(out)
end

return m
