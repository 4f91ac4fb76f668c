-- Collections (OpenAPI bibs, /bibs/collections): a title must be in one before it can get a representation
-- (402260), unless the institution switched that off.
local client_module = require "almanac.alma.client"
local coded = require "almanac.alma.coded"
local fields = require "almanac.fields"
local named = require "almanac.alma.named"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"
local titles = require "almanac.alma.collections_titles"
local tree = require "almanac.alma.collections_tree"

local m = {}

local ALREADY_IN = "701115"
local NOT_IN = "701116"
local NAME_TAKEN = "402471"
local pid_of = tree.pid_of
local LEVELS = 20   -- depth of sub-collections that is asked for

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

---One collection.
---@param client almanac.alma.client
---@param pid string
---@return table|nil collection
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, pid)
  return client:call { path = table.pack("bibs", "collections", pid), kind = "collection" }
end

local function search(client, name)
  return {
    what = "collection", wanted = name, get = function(pid) return m.get(client, pid) end,
    list = function(query) return list_by(client, query) end, everything = { level = LEVELS }, identify = pid_of,
  }
end

---A collection by its id or its name.
---@param client almanac.alma.client
---@param id_or_name string
---@return table|nil collection
---@return string? message
---@return string? code "missing", or "conflict" when several have the name
---@return almanac.alma.detail? detail
function m.find(client, id_or_name)
  fields.text("collections.find: id_or_name", id_or_name)
  return named.find(search(client, id_or_name))
end

local FIELDS = { name = "string", description = "string", library = "string", parent = "string", external_system = "string",
  external_id = "string" }

local function body_of(collection)
  return { name = collection.name, description = collection.description, library = coded.of(collection.library),
    parent_pid = coded.of(collection.parent), external_system = collection.external_system, external_id = collection.external_id }
end

---Makes a collection, once: it is known by its name, which Alma lets no two collections have.
---Source: OpenAPI bibs, POST /bibs/collections.
---@param client almanac.alma.client
---@param collection { name: string, description: string?, library: string?, parent: string?, external_system: string?,
---  external_id: string? } library: a code; parent: the id of the collection that it is a part of
---@param options { record_format: string? }? marc21 (default), unimarc, kormarc, cnmarc, dc, dcap01, dcap02 or etd
---@return table|nil collection { pid { value }, name, … }
---@return boolean|string there true: it was there before; the message when there is none
---@return string? code "conflict": there is one of this name below another parent
---@return almanac.alma.detail? detail
function m.create(client, collection, options)
  fields.check("collections.create", collection, FIELDS, 2)
  fields.check("collections.create", options or {}, { record_format = "string" }, 2)
  if (collection.name or "") == "" then error("collections.create: name must be a string, and not empty", 2) end
  local wanted = search(client, collection.name)
  local made, there, code, detail = once.make(client, {
    what = ("collection '%s'"):format(collection.name), taken = NAME_TAKEN,
    look = function() return named.exact(wanted, true) end, find = function() return named.exact(wanted) end,
    post = function()
      return client:call { method = "POST", path = { "bibs", "collections" }, query = options, body = body_of(collection),
        kind = "collection" }
    end,
  })
  if not made then return nil, there, code, detail end
  local parent = coded.value(made.parent_pid)
  if there and collection.parent and parent ~= collection.parent then
    return nil, ("there is a collection '%s' already, %s: give another name, or move it"):format(collection.name,
      parent and "below " .. parent or "at the top"), "conflict"
  end
  return made, there
end

---Changes a collection: it is read, changed and sent back. `parent` moves it below another one.
---Source: OpenAPI bibs, PUT /bibs/collections/{pid}.
---@param client almanac.alma.client
---@param pid string
---@param changes { name: string?, description: string?, library: string?, parent: string?, external_system: string?,
---  external_id: string? }
---@return table|nil collection as Alma has it now
---@return string? message
---@return string? code "conflict": another collection has the name
---@return almanac.alma.detail? detail
function m.update(client, pid, changes)
  fields.check("collections.update", changes, FIELDS, 2)
  local now, message, code, detail = m.get(client, pid)
  if not now then return nil, message, code, detail end
  local body = body_of { name = now.name, description = now.description, library = coded.value(now.library),
    parent = coded.value(now.parent_pid), external_system = now.external_system, external_id = now.external_id }
  for name, value in pairs(body_of(changes)) do body[name] = value end
  body.pid = { value = pid }
  return client:call { method = "PUT", path = table.pack("bibs", "collections", pid), body = body, kind = "collection" }
end

-- A collection that is not there has no code of its own, so the list must lack it as well.
local function is_gone(client, pid)
  local found, _, code = m.get(client, pid)
  if found or code ~= "missing" and code ~= "status" then return false end
  local list = m.list(client)
  for _, collection in ipairs(list or {}) do
    if pid_of(collection) == pid then return false end
  end
  return list ~= nil
end

---Deletes a collection. Alma refuses it while titles or other collections are in it.
---Source: OpenAPI bibs, DELETE /bibs/collections/{pid}.
---@param client almanac.alma.client
---@param pid string
---@return true|nil
---@return string? message
---@return string? code "conflict": it is not empty
---@return almanac.alma.detail? detail
function m.delete(client, pid)
  local ok, message, code, detail = client:call { method = "DELETE", path = table.pack("bibs", "collections", pid) }
  if ok then return true end
  if detail.unclear and is_gone(client, pid) then return true, nil, nil, detail end
  return nil, message, code, detail
end

---The collections as a tree, 20 levels deep.
---Source: OpenAPI bibs, GET /bibs/collections.
---@param client almanac.alma.client
---@return almanac.alma.collection_node[]|nil roots
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.tree(client)
  local list, message, code, detail = m.list(client)
  if not list then return nil, message, code, detail end
  return tree.of(list)
end

---The collections from the top to one of them, which comes last.
---@param client almanac.alma.client
---@param pid string
---@return almanac.alma.collection_node[]|nil path
---@return string? message
---@return string? code "missing"
---@return almanac.alma.detail? detail
function m.path(client, pid)
  local roots, message, code, detail = m.tree(client)
  if not roots then return nil, message, code, detail end
  local way = tree.way(roots, pid)
  if way then return way end
  return nil, ("there is no collection %s"):format(pid), "missing"
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
---@return almanac.alma.detail|{ removed: boolean }? detail of success: `removed` is false when it was not in it before
function m.remove_bib(client, pid, mms_id)
  local ok, message, code, detail = client:call {
    method = "DELETE", path = table.pack("bibs", "collections", pid, "bibs", mms_id),
  }
  if ok then return true, nil, nil, { removed = true } end
  if client_module.has_code(detail, NOT_IN) then return true, nil, nil, { removed = detail.unclear } end
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

---Puts titles into a collection, a call for each. It may be repeated.
---Source: OpenAPI bibs, POST /bibs/collections/{pid}/bibs.
---@param client almanac.alma.client
---@param pid string
---@param mms_ids string[]
---@return almanac.alma.collection_change|nil result
---@return string? message of what fails for every title: the key, the day's calls, the connection
---@return string? code
---@return almanac.alma.detail? detail `result` in it tells what was done before
function m.add(client, pid, mms_ids)
  return titles.each(client, pid, mms_ids, m.add_bib)
end

---Takes titles out of a collection, a call for each. It may be repeated.
---Source: OpenAPI bibs, DELETE /bibs/collections/{pid}/bibs/{mms_id}.
---@param client almanac.alma.client
---@param pid string
---@param mms_ids string[]
---@return almanac.alma.collection_change|nil result
---@return string? message of what fails for every title
---@return string? code
---@return almanac.alma.detail? detail `result` in it tells what was done before
function m.remove(client, pid, mms_ids)
  return titles.each(client, pid, mms_ids, m.remove_bib)
end

return require("almanac.alma.area").of("collections", m)
