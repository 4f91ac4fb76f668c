-- Requests, above all those for digitization (OpenAPI bibs and users, …/requests). A request is
-- of a title, of an item, or of a person. No call tells the requests of all titles: take a set and
-- ask title by title, or a report of Analytics.
local fields = require "almanac.fields"
local json = require "almanac.json"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"

local m = {}

local PLACE = { mms_id = "string", holding_id = "string", item_pid = "string", user_id = "string", user_id_type = "string" }
local FILTERS = { type = "string", status = "string" }
local CREATE = { user_id = "string", user_id_type = "string", allow_same_request = "boolean", as_new = "boolean" }
local CANCEL = { reason = "string", note = "string", notify_user = "boolean" }
local STEP = { release_item = "boolean", from = "string" }
-- What can be requested by API; GENERAL_DIGITIZATION, MOVE and WORK_ORDER can't (rest_user_request).
local TYPES = { DIGITIZATION = true, HOLD = true, BOOKING = true }

---@class almanac.alma.place where a request is: a title; an item of it; or a person, whose request may be of a title or an item
---@field mms_id string?
---@field holding_id string? with item_pid, of the item's holding
---@field item_pid string?
---@field user_id string?
---@field user_id_type string?

-- The path of the requests at a place.
local function path_at(who, at, ...)
  fields.check(who, at, PLACE, 4)
  if at.user_id then return table.pack("users", at.user_id, "requests", ...) end
  if not at.mms_id then error(who .. ": say which title (mms_id), item or person (user_id)", 4) end
  if not at.item_pid then return table.pack("bibs", at.mms_id, "requests", ...) end
  if not at.holding_id then error(who .. ": an item's request needs its holding_id", 4) end
  return table.pack("bibs", at.mms_id, "holdings", at.holding_id, "items", at.item_pid, "requests", ...)
end

---The requests at a place.
---Source: OpenAPI bibs, GET /bibs/{mms_id}/requests and …/items/{item_id}/requests; OpenAPI users, GET /users/{user_id}/requests.
---@param client almanac.alma.client
---@param at almanac.alma.place
---@param filter { type: "DIGITIZATION"|"HOLD"|"BOOKING"|"MOVE"|"WORK_ORDER"|nil, status: "active"|"history"|nil }? active without it
---@return table[]|nil requests { request_id, request_type, request_sub_type, mms_id, title, user_primary_id, request_status,
---  request_date, comment, partial_digitization, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, at, filter)
  filter = filter or {}
  fields.check("requests.list", filter, FILTERS)
  local path = path_at("requests.list", at)
  local query = { request_type = filter.type, status = filter.status, user_id_type = at.user_id and at.user_id_type or nil }
  local request = { path = path, query = next(query) and query, kind = "user_requests", key = "user_request",
    identify = function(one) return one.request_id end }
  if at.user_id then return paging.all(client, request) end
  return paging.whole(client, { path = request.path, query = request.query, kind = request.kind }, request.key, request.identify)
end

---A request.
---Source: OpenAPI bibs and users, GET …/requests/{request_id}.
---@param client almanac.alma.client
---@param at almanac.alma.place
---@param request_id string
---@return table|nil request
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, at, request_id)
  return client:call { path = path_at("requests.get", at, request_id), kind = "user_request" }
end

-- ---- making one ----

local function check_request(request)
  if type(request) ~= "table" then error("requests.create: the request is a table", 3) end
  local kind = request.request_type
  if not TYPES[kind or ""] then
    error(("requests.create: request_type '%s' can't be created by API; DIGITIZATION, HOLD and BOOKING can"):format(tostring(kind)), 3)
  end
  if kind == "DIGITIZATION" and type(request.partial_digitization) ~= "boolean" then
    error("requests.create: a digitization says partial_digitization = true or false", 3)
  end
end

-- Alma wants a comment that says which part.
local function lacks_comment(request)
  local comment = request.comment
  return request.request_type == "DIGITIZATION" and request.partial_digitization
    and not (type(comment) == "string" and comment:find "%S")
end

local function whose(request)
  local id = request.user_primary_id
  return type(id) == "string" and id ~= "" and id or nil
end

-- The list of a title or an item holds its requests alone, that of a person the requests of many titles.
local function is_same(one, at, request, user_id)
  if one.request_type ~= request.request_type then return false end
  if not at.user_id then return whose(one) == user_id end
  if at.item_pid then return one.item_id == at.item_pid end
  return one.mms_id == at.mms_id
end

local function active(client, at, request, user_id)
  local list, message, code, detail = m.list(client, at, { type = request.request_type })
  if not list then return nil, message, code, detail end
  for _, one in ipairs(list) do
    if is_same(one, at, request, user_id) then return one end
  end
  return nil, "there is no such request", "missing"
end

local function query_for(at, options)
  local query = { allow_same_request = options.allow_same_request, user_id_type = at.user_id_type or options.user_id_type }
  if at.user_id then
    query.mms_id, query.item_pid = not at.item_pid and at.mms_id or nil, at.item_pid
  else
    query.user_id = options.user_id
  end
  return next(query) and query or nil
end

---Makes a request once: it is known by its type, its title or item, and its person, as long as it is active. Whoever wants
---a second one of the same kind says `as_new`.
---Source: OpenAPI bibs, POST /bibs/{mms_id}/requests and …/items/{item_pid}/requests; OpenAPI users, POST /users/{user_id}/requests.
---@param client almanac.alma.client
---@param at almanac.alma.place of a person: with mms_id or item_pid as well
---@param request table { request_type = "DIGITIZATION", partial_digitization = true or false, comment: with a partial one, … }
---@param options { user_id: string?, user_id_type: string?, allow_same_request: boolean?, as_new: boolean? }? user_id: for whom; none: the
---  library itself asks for a digitization; as_new: made without looking, so an unclear answer stays unclear
---@return table|nil request as Alma has it
---@return boolean|string there true: it was there already; or the message
---@return string? code "parse": a partial digitization without a comment; nothing was sent
---@return almanac.alma.detail? detail
function m.create(client, at, request, options)
  options = options or {}
  fields.check("requests.create", options, CREATE)
  check_request(request)
  if lacks_comment(request) then
    return nil, "a partial digitization needs a comment that says which part: nothing was requested", "parse"
  end
  local path = path_at("requests.create", at)
  if not at.mms_id and not at.item_pid then error("requests.create: say which title (mms_id) or item of it (item_pid)", 2) end
  return once.make(client, {
    what = ("%s request for %s"):format(request.request_type, at.item_pid or at.mms_id or at.user_id),
    look = not options.as_new and function() return active(client, at, request, options.user_id) end or nil,
    post = function()
      return client:call { method = "POST", path = path, query = query_for(at, options), body = request, kind = "user_request" }
    end,
  })
end

-- ---- moving and ending one ----

local function text_of(field)
  local value = type(field) == "table" and (field.value or field.desc) or field
  return type(value) == "string" and value ~= "" and value or nil
end

---Where an open request is: its step (task_name), else its status.
---@param request table as Alma gives it
---@return string step "" when it has come to its end (HISTORY), or Alma tells neither
function m.step_of(request)
  local status = text_of(request.request_status)
  if status == "HISTORY" then return "" end
  return text_of(request.task_name) or status or ""
end

---Moves a digitization request to its next step, by one call. After an unclear answer nobody knows whether it was moved: whoever
---calls this looks.
---Source: OpenAPI bibs and users, POST …/requests/{request_id}?op=next_step.
---@param client almanac.alma.client
---@param at almanac.alma.place
---@param request_id string
---@param options { release_item: boolean? }?
---@return table|nil request as it is now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.post_step(client, at, request_id, options)
  return client:call { method = "POST", path = path_at("requests.post_step", at, request_id), kind = "user_request",
    query = { op = "next_step", release_item = options and options.release_item } }
end

---Moves a digitization request to its next step. After an unclear answer the request is looked at: one that is another than
---before was moved. Each call moves on by one step: a script that may be started again says where it moves it `from`.
---Source: OpenAPI bibs (items) and users, POST …/requests/{request_id}?op=next_step.
---@param client almanac.alma.client
---@param at almanac.alma.place
---@param request_id string
---@param options { release_item: boolean?, from: string? }? release_item: the item goes back; from: its step (task_name) or status
---  (request_status) before; one that is elsewhere stays there
---@return table|nil request as it is now
---@return boolean|string there true: it was not at `from` any more, and nothing was sent; or the message
---@return string? code
---@return almanac.alma.detail? detail `unclear` when nobody can tell whether it was moved
function m.next_step(client, at, request_id, options)
  options = options or {}
  fields.check("requests.next_step", options, STEP)
  path_at("requests.next_step", at, request_id)
  local before, message, code, detail = m.get(client, at, request_id)
  if not before then return nil, message, code, detail end
  local from, was = options.from, json.encode(before)
  if from and from ~= before.task_name and from ~= before.request_status then return before, true end
  return once.make(client, {
    what = ("next step of request %s"):format(request_id), done = "taken",
    find = function()
      local now, why, kind, more = m.get(client, at, request_id)
      if not now then return nil, why, kind, more end
      if json.encode(now) ~= was then return now end
      return nil, "the request is as it was", "missing"
    end,
    post = function() return m.post_step(client, at, request_id, options) end,
  })
end

---Cancels a request.
---Source: OpenAPI bibs and users, DELETE …/requests/{request_id}.
---@param client almanac.alma.client
---@param at almanac.alma.place
---@param request_id string
---@param options { reason: string, note: string?, notify_user: boolean? } reason: a code of the table RequestCancellationReasons;
---  notify_user: true unless it is false
---@return true|nil gone
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.cancel(client, at, request_id, options)
  fields.check("requests.cancel", options, CANCEL)
  if not options.reason then error("requests.cancel: it needs a reason, a code of RequestCancellationReasons", 2) end
  local gone, message, code, detail = client:call { method = "DELETE", path = path_at("requests.cancel", at, request_id),
    query = { reason = options.reason, note = options.note, notify_user = options.notify_user } }
  if gone then return true end
  if not (detail and (detail.unclear or detail.earlier)) then return nil, message, code, detail end
  local list = m.list(client, at)
  if list and not paging.holds(list, "request_id", request_id) then return true end   -- an answer was lost, not the cancellation
  return nil, message, code, detail
end

return require("almanac.alma.area").of("requests", m)
