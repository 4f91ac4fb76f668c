-- Deposits: what people hand in, and what a librarian approves in Alma (OpenAPI users,
-- /users/{user_id}/deposits; OpenAPI conf, /conf/deposit-profiles; schema rest_deposit_profile). There is no call for the
-- deposits of all people: the caller names them.
local fields = require "almanac.fields"
local once = require "almanac.alma.once"
local paging = require "almanac.alma.paging"

local m = {}

local FILTERS = { status = "string", order_by = "string", direction = "string", user_id_type = "string" }
local CREATE = { draft = "boolean", user_id_type = "string", as_new = "boolean" }
local GROUP = { user_group = "string" }

local function path_to(user_id, ...) return table.pack("users", user_id, "deposits", ...) end

-- Alma says of a person whom it does not know that it failed to get deposits.
local function of_person(user_id, answer, message, code, detail)
  if not answer and code == "status" and detail and detail.answered then
    message = ("the deposits of '%s' can't be read: has Alma a person with this identifier? (%s)"):format(user_id, message)
  end
  return answer, message, code, detail
end

---The deposits of a person.
---Source: OpenAPI users, GET /users/{user_id}/deposits.
---@param client almanac.alma.client its key needs the right on Users
---@param user_id string any identifier of the person
---@param filter { status: string?, order_by: "name"|"modification_date"|nil, direction: "ASC"|"DESC"|nil, user_id_type: string? }?
---@return table[]|nil deposits { deposit_id, title, deposit_profile, status, notes, mms_id, rep_id, submission_date, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.list(client, user_id, filter)
  fields.check("deposits.list", filter or {}, FILTERS)
  return of_person(user_id, paging.all(client, { path = path_to(user_id), query = filter, kind = "user_deposits",
    key = "user_deposit", identify = function(deposit) return deposit.deposit_id end }))
end

---A deposit.
---Source: OpenAPI users, GET /users/{user_id}/deposits/{deposit_id}.
---@param client almanac.alma.client
---@param user_id string
---@param deposit_id string
---@return table|nil deposit
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, user_id, deposit_id)
  return of_person(user_id, client:call { path = path_to(user_id, deposit_id), kind = "user_deposit" })
end

---The code of a coded field, also when it comes bare.
---@param field any
---@return string?
local function code_of(field)
  if type(field) == "table" then field = field.value end
  return type(field) == "string" and field ~= "" and field or nil
end

-- The same representation, handed in and not taken back.
local function same(client, user_id, wanted)
  local list, message, code, detail = m.list(client, user_id)
  if not list then return nil, message, code, detail end
  for _, deposit in ipairs(list) do
    if deposit.mms_id == wanted.mms_id and deposit.rep_id == wanted.rep_id
      and not tostring(code_of(deposit.status)):find "^WITHDRAWN" then
      return deposit
    end
  end
  return nil, ("%s has no deposit of representation %s"):format(user_id, wanted.rep_id), "missing"
end

---Makes a deposit once: it is known by its person, title and representation, withdrawn ones left out. Title,
---representation and files are there before it (`bibs`, `representations`, `files`).
---Source: OpenAPI users, POST /users/{user_id}/deposits.
---@param client almanac.alma.client
---@param user_id string
---@param deposit table { mms_id, rep_id, deposit_profile = { value }, notes, … }
---@param options { draft: boolean?, user_id_type: string?, as_new: boolean? }? draft: not yet handed in; as_new: made without
---  looking, for one without a representation
---@return table|nil deposit
---@return boolean|string there true: it was there already; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.create(client, user_id, deposit, options)
  options = options or {}
  fields.check("deposits.create", options, CREATE)
  if not options.as_new and not (deposit.mms_id and deposit.rep_id) then
    error("deposits.create: a deposit is known by its mms_id and rep_id; without them say as_new = true", 2)
  end
  local query = { user_id_type = options.user_id_type, draft = options.draft and "true" or nil }
  return once.make(client, {
    what = ("deposit of %s for representation %s"):format(user_id, deposit.rep_id or "(none)"),
    look = not options.as_new and function() return same(client, user_id, deposit) end or nil,
    post = function()
      return client:call { method = "POST", path = path_to(user_id), query = next(query) and query, body = deposit, kind = "user_deposit" }
    end,
  })
end

-- After an unclear answer the deposit's status tells: it is another one when the step was done.
local function act(client, user_id, deposit_id, op)
  local before, message, code, detail = m.get(client, user_id, deposit_id)
  if not before then return nil, message, code, detail end
  local function moved()
    local now, why, kind, more = m.get(client, user_id, deposit_id)
    if not now then return nil, why, kind, more end
    if code_of(now.status) ~= code_of(before.status) then return now end
    return nil, "its status is as it was", "missing"
  end
  local done
  done, message, code, detail = once.make(client, {
    what = ("step '%s' of deposit %s"):format(op, deposit_id), done = "taken", find = moved,
    post = function()
      return client:call { method = "POST", path = path_to(user_id, deposit_id), query = { op = op }, body = before, kind = "user_deposit" }
    end,
  })
  if done then return done end
  return nil, message --[[@as string]], code, detail
end

---Hands in a draft, or one that was returned.
---Source: OpenAPI users, POST /users/{user_id}/deposits/{deposit_id}?op=submit.
---@param client almanac.alma.client
---@param user_id string
---@param deposit_id string
---@return table|nil deposit as it is now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail `unclear` when nobody can tell whether it was done
function m.submit(client, user_id, deposit_id)
  return act(client, user_id, deposit_id, "submit")
end

---Takes a deposit back.
---Source: OpenAPI users, POST /users/{user_id}/deposits/{deposit_id}?op=withdraw.
---@param client almanac.alma.client
---@param user_id string
---@param deposit_id string
---@return table|nil deposit as it is now
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail `unclear` when nobody can tell whether it was done
function m.withdraw(client, user_id, deposit_id)
  return act(client, user_id, deposit_id, "withdraw")
end

---The deposit profiles.
---Source: OpenAPI conf, GET /conf/deposit-profiles.
---@param client almanac.alma.client its key needs the right on Configuration
---@param filter { user_group: string? }?
---@return table[]|nil profiles { id, name, active, collection_assignment, library, approval_method, … }
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.profiles(client, filter)
  fields.check("deposits.profiles", filter or {}, GROUP)
  return paging.all(client, { path = { "conf", "deposit-profiles" }, query = filter, kind = "deposit_profiles", key = "deposit_profile",
    identify = function(profile) return profile.id end })
end

---A deposit profile.
---Source: OpenAPI conf, GET /conf/deposit-profiles/{deposit_profile_id}.
---@param client almanac.alma.client
---@param id string
---@return table|nil profile
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.profile(client, id)
  return client:call { path = table.pack("conf", "deposit-profiles", id), kind = "deposit_profile", id = id }
end

return require("almanac.alma.area").of("deposits", m)
