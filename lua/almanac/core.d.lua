---@meta almanac.core
-- Describes the C module for editors and readers; each unit has a file in engine/. No program
-- loads them. When the world says no, a function returns `nil, message, code`; a wrong
-- argument raises. The code "tls" means that somebody has to open the way to a server: its
-- certificate is not trusted, or a proxy wants a login or refuses.

---@alias almanac.code
---| "timeout" | "connect" | "tls" | "status" | "parse" | "limit" | "io"
---| "auth" | "missing" | "conflict" | "quota" | "closed" | "cancelled"

---@class almanac.core
local core = {}

---Version of almanac.
core.version = "0.1.0"

return core
