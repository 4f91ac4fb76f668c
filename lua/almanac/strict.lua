-- Reading or setting a global that nobody declared is an error: a misspelt
-- name shows itself on its line instead of as a nil somewhere else.
local declared = {}

setmetatable(_G, {
  __newindex = function(globals, name, value)
    local caller = debug.getinfo(2, "S")
    if not declared[name] and caller and caller.what ~= "main" and caller.what ~= "C" then
      error("global '" .. tostring(name) .. "' is set but not declared", 2)
    end
    declared[name] = true
    rawset(globals, name, value)
  end,
  __index = function(_, name)
    if not declared[name] then
      error("global '" .. tostring(name) .. "' is not declared", 2)
    end
  end,
})
