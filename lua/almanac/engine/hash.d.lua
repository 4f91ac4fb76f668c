---@meta
-- core.hash: digests of strings. See ../core.d.lua.

---@class almanac.core
local core = {}

-- nil, message, "io" when libcrypto has not got it (MD5 in FIPS mode).
core.hash = {}

---@param text string
---@return string hex
function core.hash.sha256(text) end

---@param text string
---@return string hex
function core.hash.md5(text) end

---RFC 2104 with SHA-256.
---@param key string
---@param text string
---@return string bytes 32
function core.hash.hmac_sha256(key, text) end

---@param count integer 0 to 1048576
---@return string bytes fit for secrets
function core.hash.random(count) end
