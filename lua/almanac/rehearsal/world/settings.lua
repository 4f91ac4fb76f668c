-- What was changed of the configuration, kept as JSON by kind and key. What nobody changed is as it came.
local json = require "almanac.json"

local m = {}

---@param kind string "location", "code-table", "mapping-table"
---@param key string
---@return table|false|nil value false: it was deleted; nil: it is as it came
function m.get(world, kind, key)
  local text = world.db:value("SELECT value FROM setting WHERE kind = ? AND key = ?", kind, key)
  if not text then return nil end
  return text ~= "null" and json.decode(text) or false
end

---@param value table|nil nil: deleted
function m.set(world, kind, key, value)
  world.db:run("INSERT OR REPLACE INTO setting(kind, key, value) VALUES(?, ?, ?)", kind, key, value and json.encode(value) or "null")
end

---Those that were changed and not deleted, by key.
---@param prefix string of the keys
---@return table<string, table|false> values
function m.all(world, kind, prefix)
  local values = {}
  for row in world.db:rows("SELECT key, value FROM setting WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY key", kind, #prefix, prefix) do
    values[row.key] = row.value ~= "null" and json.decode(row.value) or false
  end
  return values
end

return m
