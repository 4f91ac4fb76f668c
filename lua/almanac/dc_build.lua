-- Records of Dublin Core and MODS, made and changed. Namespaces are exact: an element has that of its
-- prefix, one without a prefix that of its record, since Alma refuses or spoils a record with others.
local mistake = require "almanac.mistake"
local xml = require "almanac.xml"

local m = {}

local ALMA = "http://alma.exlibrisgroup.com/dc/"   -- and the institution's code

-- Root elements by format, and the namespace of names without a prefix.
local ROOTS = {
  oai_dc = { name = "dc", namespace = xml.namespaces.oai_dc, plain = xml.namespaces.dc },
  oai_qdc = { name = "qualifieddc", namespace = xml.namespaces.oai_qdc, plain = xml.namespaces.dc },
  mods = { name = "mods", namespace = xml.namespaces.mods, plain = xml.namespaces.mods },
}

local fail = mistake.raise

local function known(prefix)
  if xml.namespaces[prefix] then return xml.namespaces[prefix] end
  local names = {}
  for name in pairs(xml.namespaces) do names[#names + 1] = name end
  table.sort(names)
  fail("there is no prefix '%s'; there are %s", prefix, table.concat(names, ", "))
end

local function check_text(text, name)
  if math.type(text) then text = tostring(text) end
  if type(text) ~= "string" then fail("the text of %s is a %s", name, type(text)) end
  if not utf8.len(text) then fail("the text of %s is not UTF-8", name) end
  local control = text:match "[\0-\8\11\12\14-\31]"
  if control then fail("the text of %s holds the control character 0x%02x", name, control:byte()) end
  return text
end

local function check_attribute(name, value)
  local prefix, rest = name:match "^(.-):(.*)$"
  if prefix and prefix ~= "xml" then known(prefix) end
  if not (rest or name):find "^[%a_][%w_.-]*$" then fail("'%s' is no name of an attribute", name) end
  if name == "xsi:type" and value:find ":" then known(value:match "^(.-):") end
end

-- The namespace and name of "dc:title" or "title".
local function resolve(name, plain)
  if type(name) ~= "string" then fail("an element is { name, text or elements, attribute = value }, not a %s", type(name)) end
  local prefix, rest = name:match "^(.-):(.*)$"
  if not (rest or name):find "^[%a_][%w_.-]*$" then fail("'%s' is no name of an element", name) end
  if not prefix then return plain, name end
  return known(prefix), rest
end

local function build(given, plain)
  if type(given) ~= "table" then fail "an element is { name, text or elements, attribute = value }" end
  local namespace, name = resolve(given[1], plain)
  local node = { name = name, namespace = namespace, text = "", attributes = {} }
  for key, value in pairs(given) do
    if type(key) == "string" then
      node.attributes[key] = check_text(value, "@" .. key)
      check_attribute(key, node.attributes[key])
    end
  end
  for i = 2, #given do
    if type(given[i]) == "table" then node[#node + 1] = build(given[i], namespace == plain and plain or namespace)
    else node.text = node.text .. check_text(given[i], name) end
  end
  return node
end

local function plain_of(root)
  for _, each in pairs(ROOTS) do
    if each.namespace == root.namespace then return each.plain end
  end
  return root.namespace
end

-- Behind the last one of that name, else at the end.
local function place_of(parent, node)
  for i = #parent, 1, -1 do
    if parent[i].name == node.name and parent[i].namespace == node.namespace then return i + 1 end
  end
  return #parent + 1
end

---Makes a record: `dc.record { institution = "01X_INST", { "dc:title", "Maps", ["xml:lang"] = "en" } }`.
---@param given { institution: string?, format: "oai_dc"|"oai_qdc"|"mods"|nil, [integer]: table } institution: its code, for a
---  record of Alma's own Dublin Core; else the format. Elements are { name, text or elements, attribute = value }.
---@return almanac.xml.node root
function m.new(given)
  local root = { name = "record", text = "", attributes = {} }
  for key in pairs(given) do
    if key ~= "institution" and key ~= "format" and math.type(key) ~= "integer" then
      fail("a record is made from institution or format, and elements, not '%s'", tostring(key))
    end
  end
  if given.format then
    local known_root = ROOTS[given.format] or fail("the formats are oai_dc, oai_qdc and mods, or give the institution's code")
    root.name, root.namespace = known_root.name, known_root.namespace
  elseif type(given.institution) == "string" and given.institution:find "^%w[%w_]*$" then
    root.namespace = ALMA .. given.institution
  else
    fail "a record of Dublin Core needs format = \"oai_dc\", \"oai_qdc\" or \"mods\", or institution = its code in Alma"
  end
  for i, element in ipairs(given) do root[i] = build(element, plain_of(root)) end
  return root
end

---Adds methods that change a record.
---@param methods table of almanac.dc.record
---@param find fun(root: almanac.xml.node, path: string): almanac.xml.node[], string? nodes that a path finds, and the attribute
function m.install(methods, find)
  local function parent_of(self, path)
    local found = path and find(self.root, path)[1] or not path and self.root
    return found or fail("nothing is at '%s'", path)
  end

  ---Adds an element behind the last one of its name, else at the end: `add("dc:title", "Maps", { ["xml:lang"] = "en" })`,
  ---`add { "titleInfo", { "title", "Maps" } }`. Raises when it is none.
  ---@param name string|table
  ---@param text? string
  ---@param attributes? table<string, string>
  ---@param below? string path of the element to add it to; default: the record
  ---@return almanac.dc.record self
  function methods:add(name, text, attributes, below)
    local given = name
    if type(name) ~= "table" then
      given = { name, text == nil and fail("element %s has no text", tostring(name)) or text }
      if attributes ~= nil and type(attributes) ~= "table" then
        fail("the attributes of %s are a %s, no table of names and texts", tostring(name), type(attributes))
      end
      for key, value in pairs(attributes or {}) do given[key] = value end
    end
    local parent = parent_of(self, below)
    local node = build(given, plain_of(self.root))
    table.insert(parent, place_of(parent, node), node)
    return self
  end

  ---Sets the text of the first element, or the first attribute, that a path finds. A name that finds
  ---none is added.
  ---@param path string
  ---@param text string
  ---@return almanac.dc.record? self
  ---@return string? message
  ---@return string? code "missing"
  function methods:set(path, text)
    local found, attribute = find(self.root, path)
    text = check_text(text, path)
    if found[1] and attribute then
      check_attribute(attribute, text)
      found[1].attributes[attribute] = text
    elseif found[1] then
      for i = #found[1], 1, -1 do found[1][i] = nil end
      found[1].text = text
    elseif path:find "^[%w_.:-]+$" then
      return self:add(path, text)
    else
      return nil, ("nothing is at '%s'"):format(path), "missing"
    end
    return self
  end

  ---Removes the elements or attributes that a path finds.
  ---@param path string
  ---@return integer removed
  function methods:remove(path)
    local found, attribute = find(self.root, path)
    local removed, drop = 0, {}
    for _, node in ipairs(found) do
      if not attribute then drop[node], removed = true, removed + 1
      elseif node.attributes[attribute] then node.attributes[attribute], removed = nil, removed + 1 end
    end
    local function sweep(node)
      for i = #node, 1, -1 do
        if drop[node[i]] then table.remove(node, i) else sweep(node[i]) end
      end
    end
    sweep(self.root)
    return removed
  end
end

return m
