-- What a person should know of a run file that is being opened. Who opens it has
-- no way to speak; the command line puts its own here.
local m = {}

---@param text string
function m.tell(text) end     -- luacheck: ignore 212

return m
