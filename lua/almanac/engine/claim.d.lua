---@meta
-- core.claim: names that processes of this machine claim. See ../core.d.lua.

---@class almanac.core
local core = {}

core.claim = {}

---Names that processes share through one file: whoever holds one is the only one at work on it.
---What a process holds is free when the process ends, however it ends.
---@class almanac.claim
local claim = {}

---Opens the file of claims, or makes it for every user of the machine.
---@param path string
---@return almanac.claim? claim close it, or let it go out of scope as <close>
---@return string? message
---@return almanac.code? code "io", "missing"
function core.claim.open(path) end

---Takes a name; never waits.
---@param name string
---@return true?
---@return string? message
---@return almanac.code? code "conflict": somebody else holds it
function claim:take(name) end

---Gives a name back.
---@param name string
function claim:give(name) end

---Gives everything back.
function claim:close() end
