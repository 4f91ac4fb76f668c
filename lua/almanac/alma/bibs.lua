-- Titles. GET /bibs takes up to 100 ids. Ids that Alma does not know are absent from the
-- answer, so the ids received are compared with those sent. Reading with records is in bibs_read, writing in bibs_create and bibs_update.
local answers = require "almanac.alma.answers"
local bibs_create = require "almanac.alma.bibs_create"
local bibs_read = require "almanac.alma.bibs_read"
local bibs_update = require "almanac.alma.bibs_update"
local client_module = require "almanac.alma.client"
local fields = require "almanac.fields"
local refusal = require "almanac.refusal"
local task = require "almanac.task"

local m = {}

local BATCH = 100      -- ids in a call (OpenAPI, GET /bibs)
local PARALLEL = 8
local has_code = client_module.has_code
local GET = { view = "string", expand = "string", progress = "function" }
local EACH = { expand = "string", missing = "table" }

local function is_in(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

local function ask(client, ids, options)
  local answer, message, code, detail = client:call {
    path = { "bibs" }, kind = "bibs",
    query = { mms_id = table.concat(ids, ","), view = options.view or "brief", expand = options.expand },
  }
  if not answer then return nil, message, code, detail end
  local list = answer.bib or {}
  local total = tonumber(answer.total_record_count)
  if not (answer.bib or total) or total and total ~= #list then
    return nil, ("GET /bibs: the answer is not complete: %d of %s"):format(#list, tostring(total)), "parse"
  end
  for _, bib in ipairs(list) do
    if not (answers.is_id(bib.mms_id) or is_in(ids, bib.mms_id)) then
      return nil, "GET /bibs: the answer is none of Alma's: an mms_id in it is no id", "parse"
    end
  end
  return list
end

local function halves(ids)
  local middle = #ids // 2
  return { table.unpack(ids, 1, middle) }, { table.unpack(ids, middle + 1) }
end

local function without(ids, unwanted)
  local rest = {}
  for _, id in ipairs(ids) do
    if id ~= unwanted then rest[#rest + 1] = id end
  end
  return rest
end

-- One id that Alma calls invalid fails its whole batch. The id that the message names is
-- left out and the rest read again; when it names none, the batch is read in halves.
local function read(client, ids, options, found)
  if #ids == 0 then return true end
  local list, message, code, detail = ask(client, ids, options)
  if list then
    for _, bib in ipairs(list) do found[bib.mms_id] = bib end
    return true
  end
  if not (has_code(detail, "402203") or has_code(detail, "402204")) then return nil, message, code, detail end
  local named = without(ids, detail.errors[1].message:match "%f[%w](%w+) is not")
  if #named < #ids then return read(client, named, options, found) end
  if #ids == 1 then return true end
  local left, right = halves(ids)
  local ok
  ok, message, code, detail = read(client, left, options, found)
  if not ok then return nil, message, code, detail end
  return read(client, right, options, found)
end

local function batches(client, ids)
  local list, batch, seen = {}, nil, {}
  for _, id in ipairs(ids) do
    local ok, message, code = client.segment(id)
    if ok and id:find "[%s,]" then ok, message, code = nil, ("%q can't be an MMS id"):format(id), "parse" end
    if not ok then return nil, message, code end
    if not seen[id] then
      seen[id] = true
      if not batch or #batch == BATCH then
        batch = {}
        list[#list + 1] = batch
      end
      batch[#batch + 1] = id
    end
  end
  return list
end

-- The titles found, in the order of the ids, each once.
local function in_order(ids, found)
  local list, missing, seen = {}, {}, {}
  for _, id in ipairs(ids) do
    if not seen[id] then
      seen[id] = true
      if found[id] then list[#list + 1] = found[id] else missing[#missing + 1] = id end
    end
  end
  return list, missing
end

---Reads titles by MMS ID, 100 in a call.
---@param client almanac.alma.client
---@param ids string[] in any number; repeated ones count once
---@param options { view: string?, expand: string?, progress: fun(done: integer)? }? view "brief" (default) or "full";
---  expand as in the OpenAPI, e.g. "d_avail"; progress gets the number of ids asked for so far
---@return table[]|nil bibs in the order of `ids`
---@return string[]|string missing ids that Alma does not know; or the message
---@return string? code
---@return almanac.alma.detail? detail
function m.get(client, ids, options)
  options = options or {}
  fields.list("bibs.get: ids", ids)
  fields.check("bibs.get", options, GET)
  local list, message, code = batches(client, ids)
  if not list then return nil, message, code end
  local found, done, failure = {}, 0, nil
  local raised = task.each(list, PARALLEL, function(batch)
    if failure then return end
    local ok, why, kind, detail = read(client, batch, options, found)
    if not ok then failure = failure or { why, kind, detail } end
    done = done + #batch
    if options.progress then options.progress(done) end
  end)
  if raised[1] then error(raised[1].message, 0) end
  if failure then return nil, table.unpack(failure, 1, 3) end
  return in_order(ids, found)
end

---The title that a representation belongs to now; it may have been moved.
---@param client almanac.alma.client
---@param id string representation id
---@return string|nil mms_id
---@return string? message
---@return string? code "missing": Alma knows no such representation
---@return almanac.alma.detail? detail
function m.of_representation(client, id)
  local answer, message, code, detail = client:call { path = { "bibs" }, query = { representation_id = id, view = "brief" }, kind = "bibs" }
  if not answer then return nil, message, code, detail end
  local list = answer.bib or {}
  if type(list) ~= "table" or tonumber(answer.total_record_count) ~= #list or #list > 1 then
    return nil, "GET /bibs: the answer is not complete", "parse"
  end
  if not list[1] then return nil, ("Alma knows no representation %s"):format(id), "missing" end
  if type(list[1].mms_id) ~= "string" then return nil, "GET /bibs: the answer has no MMS id", "parse" end
  return list[1].mms_id
end

---Goes through titles with their records, 100 in a call: `for bib in bibs.each(client, ids) do print(bib.record:get "245$a") end`.
---Ids that Alma does not know are passed over; `missing` gets them. Raises the message when Alma can't be read.
---@param client almanac.alma.client
---@param ids string[]
---@param options? { expand: string?, missing: string[]? }
---@return fun(): table? bib as `read` gives it
function m.each(client, ids, options)
  options = options or {}
  fields.list("bibs.each: ids", ids)
  fields.check("bibs.each", options, EACH)
  local from, list, i = 1, {}, 0
  local function more()
    local missing, code
    list, missing, code = m.get(client, table.move(ids, from, math.min(from + BATCH - 1, #ids), 1, {}),
      { view = "full", expand = options.expand })
    if not list then refusal.raise(missing --[[@as string]], code) end
    if options.missing then table.move(missing --[[@as string[] ]], 1, #missing, #options.missing + 1, options.missing) end
    from, i = from + BATCH, 0
  end
  return function()
    while not list[i + 1] and from <= #ids do more() end
    i = i + 1
    if not list[i] then return nil end
    local whole, message, code = bibs_read.with_record(list[i])
    return whole or refusal.raise(message, code)
  end
end

m.read, m.find, m.with_record = bibs_read.read, bibs_read.find, bibs_read.with_record
m.create, m.create_linked, m.update = bibs_create.create, bibs_create.create_linked, bibs_update.update
m.delete, m.unlink, m.numbers = bibs_update.delete, bibs_update.unlink, bibs_create.numbers

return require("almanac.alma.area").of("bibs", m)
