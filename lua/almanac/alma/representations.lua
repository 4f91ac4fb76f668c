-- Digital representations of a title (OpenAPI bibs; field names from
-- rest_representation.xsd). Entries of a list may lack usage type and library; what `get`
-- gives always has them.
local paging = require "almanac.alma.paging"

local m = {}

local function path(mms_id, ...)
  return { "bibs", mms_id, "representations", ... }
end

---All representations of a title.
---@param client almanac.alma.client
---@param mms_id string
---@return table[]|nil representations
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, mms_id)
  return paging.all(client, {
    path = path(mms_id), kind = "representations", key = "representation", identify = function(rep) return rep.id end,
  })
end

---One representation, with all its fields.
---@param client almanac.alma.client
---@param mms_id string
---@param id string representation id
---@return table|nil representation
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, mms_id, id)
  return client:call { path = path(mms_id, id), kind = "representation", id = id }
end

---Makes a representation. The call must not simply be repeated: when `detail.unclear` is set,
---look in Alma first.
---@param client almanac.alma.client
---@param mms_id string
---@param body table library {value}, usage_type {value}, label, public_note …; `is_remote` is false unless given
---@return table|nil representation as Alma made it
---@return string? message
---@return string? code "missing" with 402260: the title is in no collection
---@return almanac.alma.detail? detail
function m.post(client, mms_id, body)
  local full = { is_remote = false }
  for name, value in pairs(body) do full[name] = value end
  return client:call { method = "POST", path = path(mms_id), body = full, kind = "representation" }
end

---Changes fields of a representation. PUT replaces the whole object, so it is read, changed
---and sent back. Doing it twice does no harm.
---@param client almanac.alma.client
---@param mms_id string
---@param id string
---@param fields table<string, any> as Alma names them; coded ones { value }
---@return table|nil representation as Alma has it now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.update(client, mms_id, id, fields)
  local body, message, code, detail = m.get(client, mms_id, id)
  if not body then return nil, message, code, detail end
  body.files = nil
  for name, value in pairs(fields) do body[name] = value end
  return client:call { method = "PUT", path = path(mms_id, id), body = body, kind = "representation", id = id }
end

---Deletes a representation with its files; the title stays. After an unclear answer Alma is
---asked for it, and when it says that there is none, the representation is deleted.
---@param client almanac.alma.client
---@param mms_id string
---@param id string
---@param options { override: boolean? }? override: false refuses when Alma has a warning, as for one that has files
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.delete(client, mms_id, id, options)
  local override = not options or options.override ~= false
  local ok, message, code, detail = client:call {
    method = "DELETE", path = path(mms_id, id), query = { bibs = "retain", override = override },
  }
  if ok or not detail.unclear then return ok, message, code, detail end
  if paging.is_gone(function() return m.get(client, mms_id, id) end, function() return m.list(client, mms_id) end, "id", id) then
    return true, nil, nil, detail
  end
  return nil, message, code, detail
end

return m
