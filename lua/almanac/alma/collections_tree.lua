-- Collections as a tree. Alma gives each with those that are parts of it; lists made of that hold all of them side by side.
local coded = require "almanac.alma.coded"

local m = {}

---@param collection table as Alma gives it
---@return string? pid
function m.pid_of(collection)
  return coded.value(collection.pid)
end

local function node_of(collection, above)
  local path = table.move(above, 1, #above, 1, {})
  path[#path + 1] = collection.name or ""
  local node = { pid = m.pid_of(collection), name = collection.name, path = path, collection = collection, children = {} }
  for i, child in ipairs(collection.collection or {}) do node.children[i] = node_of(child, path) end
  return node
end

---@class almanac.alma.collection_node
---@field pid string
---@field name string
---@field path string[] names from the top to this one
---@field collection table as Alma gives it
---@field children almanac.alma.collection_node[]

---@param list table[] all collections, those inside others as well
---@return almanac.alma.collection_node[] roots
function m.of(list)
  local roots, below = {}, {}
  for _, collection in ipairs(list) do
    for _, child in ipairs(collection.collection or {}) do below[child] = true end
  end
  for _, collection in ipairs(list) do
    if not below[collection] then roots[#roots + 1] = node_of(collection, {}) end
  end
  return roots
end

---@param nodes almanac.alma.collection_node[]
---@param pid string
---@return almanac.alma.collection_node[]? way from one of the nodes to the collection
function m.way(nodes, pid)
  for _, node in ipairs(nodes) do
    local way = node.pid == pid and {} or m.way(node.children, pid)
    if way then
      table.insert(way, 1, node)
      return way
    end
  end
end

return m
