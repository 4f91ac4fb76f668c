-- Collections: a title must be in one before it can get a representation
-- (402260), unless the institution switched that off.
local client_module = require "almanac.alma.client"
local named = require "almanac.alma.named"
local paging = require "almanac.alma.paging"

local m = {}

local ALREADY_IN = "701115"
local NOT_IN = "701116"
local LEVELS = 20   -- depth of sub-collections that is asked for

local function pid_of(collection)
  local pid = collection.pid
  return type(pid) == "table" and pid.value or pid
end

-- Alma gives sub-collections inside their parent; this makes one list of all.
local function flatten(list, out)
  for _, collection in ipairs(list) do
    out[#out + 1] = collection
    if type(collection.collection) == "table" then flatten(collection.collection, out) end
  end
  return out
end

local function list_by(client, query)
  local answer, message, code, detail = client:call { path = { "bibs", "collections" }, query = query, kind = "collections" }
  if not answer then return nil, message, code, detail end
  local top, total
  top, total, code = paging.entries(answer, "collection", "GET /bibs/collections")
  if not top then return nil, total, code end
  local all = flatten(top, {})
  if #top ~= total and #all ~= total then
    return nil, ("GET /bibs/collections: the list is not complete: %d of %d"):format(#all, total), "parse"
  end
  return all
end

---All collections, with sub-collections, in one list.
---@param client almanac.alma.client
---@return table[]|nil collections { pid = { value }, name, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client)
  return list_by(client, { level = LEVELS })
end

---@param client almanac.alma.client
---@param pid string
---@return table|nil collection
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, pid)
  return client:call { path = { "bibs", "collections", pid }, kind = "collection" }
end

---A collection by its id or its name.
---@param client almanac.alma.client
---@param id_or_name string
---@return table|nil collection
---@return string? message
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.find(client, id_or_name)
  return named.find {
    what = "collection", wanted = id_or_name, get = function(pid) return m.get(client, pid) end,
    list = function(query) return list_by(client, query) end, everything = { level = LEVELS },
    identify = pid_of,
  }
end

---Puts a title into a collection. A title that is in it already is no failure.
---@param client almanac.alma.client
---@param pid string
---@param mms_id string
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail|{ added: boolean }? detail of success: `added` is false when it was in it before
function m.add_bib(client, pid, mms_id)
  local ok, message, code, detail = client:call {
    method = "POST", path = { "bibs", "collections", pid, "bibs" }, body = { mms_id = mms_id },
  }
  if ok then return true, nil, nil, { added = true } end
  if client_module.has_code(detail, ALREADY_IN) then return true, nil, nil, { added = false } end
  return nil, message, code, detail
end

---Takes a title out of a collection. A title that is not in it is no failure.
---@param client almanac.alma.client
---@param pid string
---@param mms_id string
---@return true|nil
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.remove_bib(client, pid, mms_id)
  local ok, message, code, detail = client:call {
    method = "DELETE", path = { "bibs", "collections", pid, "bibs", mms_id },
  }
  if ok or client_module.has_code(detail, NOT_IN) then return true end
  return nil, message, code, detail
end

---All titles of a collection.
---@param client almanac.alma.client
---@param pid string
---@return table[]|nil bibs { mms_id, title, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.bibs(client, pid)
  return paging.all(client, {
    path = { "bibs", "collections", pid, "bibs" }, kind = "of_collection", key = "bib",
    identify = function(bib) return bib.mms_id end,
  })
end

return m
