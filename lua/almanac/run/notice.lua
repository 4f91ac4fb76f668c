-- Tells a person about a run file that is being opened. The code that opens it has no
-- way to speak, so the command line puts its own function here.
local m = {}

---@param text string
function m.tell(text) end     -- luacheck: ignore 212

return m
