-- Finds what Alma once gave an id for. A thing that is not at the address it had, or not
-- in a list, need not be gone: two titles may have been merged, which moves what they
-- hold with its ids, and nothing says that lists keep up with writes. So the object
-- itself is asked for by its id, and GET /bibs?representation_id= tells which title a
-- representation belongs to (OpenAPI).
local alma = require "almanac.alma"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"

local m = {}

-- With these codes Alma itself said no; it has no code of its own for what is not there.
local REFUSED = { missing = true, status = true }

-- Notes that the title was merged into another one, where its things are from now on.
local function follow(job, mms_id)
  job.merged, job.mms_id = mms_id, mms_id
end

-- Gets a representation that stands under another title than the run knew. When its own
-- title is still there, nobody merged them, and a person has to look.
local function elsewhere(job, id, mms_id)
  local found, missing, code = alma.bibs.get(job.client, { job.mms_id })
  if not found then return nil, missing, code end
  if found[1] then return nil, reasons.new("stands_elsewhere", { representation = id, title = mms_id }), "conflict" end
  follow(job, mms_id)
  return alma.representations.get(job.client, job.mms_id, id)
end

---A representation by its id, wherever it is now. When its title was merged into
---another one, `job.mms_id` is that one from then on, and `job.merged`.
---@param job almanac.job
---@param id string
---@return table|nil rep with all its fields
---@return string? message
---@return string? code "missing": Alma has it no more; "conflict": it stands under another title, and its own is there still
function m.representation(job, id)
  local rep, message, code = alma.representations.get(job.client, job.mms_id, id)
  if rep then return rep end
  if not REFUSED[code] then return nil, message, code end
  local bib, why, kind = alma.bibs.of_representation(job.client, id)
  if not bib and kind == "missing" then return nil, reasons.new("representation_gone", { representation = id }), "missing" end
  if not bib then return nil, why, kind end
  if bib == job.mms_id then return nil, message, code == "missing" and "status" or code end
  return elsewhere(job, id, bib)
end

---Asks for something below a representation. A refusal may be about the title, when that was
---merged into another one at that moment; then it is asked for once more, there.
---@param job almanac.job
---@param id string of the representation
---@param ask fun(): any, string?, string?
---@return any answer
---@return string? message
---@return string? code "missing": Alma has the representation no more
function m.below(job, id, ask)
  local mms_id = job.mms_id
  local answer, message, code = ask()
  if answer or not REFUSED[code] then return answer, message, code end
  local rep, why, kind = m.representation(job, id)
  if not rep then return nil, why, kind end
  if job.mms_id ~= mms_id then return m.below(job, id, ask) end
  return nil, message, "status"
end

---The files of a representation, wherever it is now.
---@param job almanac.job
---@param rep_id string
---@param options { url: boolean? }? as of almanac.alma.files
---@return table[]|nil list
---@return string? message
---@return string? code "missing": the representation is gone
function m.files(job, rep_id, options)
  return m.below(job, rep_id, function() return alma.files.list(job.client, job.mms_id, rep_id, options) end)
end

-- A refusal is about the file only when the files of its representation can be read. When it
-- has no code of its own and the list still has the file, one of the two is not up to date.
local function ask_for_file(job, rep_id, pid)
  local mms_id = job.mms_id
  local file, message, code = alma.files.get(job.client, mms_id, rep_id, pid, { url = true })
  if file then return file end
  if not REFUSED[code] then return nil, message, code end
  local list, why, kind = m.files(job, rep_id)
  if not list and kind == "missing" then return nil, reasons.new("file_gone", { file = pid }), "missing" end
  if not list then return nil, why, kind end
  if job.mms_id ~= mms_id then return ask_for_file(job, rep_id, pid) end
  for _, listed in ipairs(code ~= "missing" and list or {}) do
    if listed.pid == pid then return "lagging", message, code end
  end
  return nil, reasons.new("file_gone", { file = pid }), "missing"
end

---A file by its id.
---@param job almanac.job
---@param rep_id string
---@param pid string
---@return table|nil file with its address
---@return string? message
---@return string? code "missing": Alma has it no more
function m.file(job, rep_id, pid)
  local file, message, code = reconcile.patiently(function() return ask_for_file(job, rep_id, pid) end)
  if file == "lagging" then return nil, message, code end
  return file, message, code
end

---Looks for a title that Alma no longer knows by the representations that it held, and
---follows it when it was merged into another one.
---@param job almanac.job
---@param ids string[] of representations that it had
---@return boolean|nil found `job.merged` says where
---@return string? message
---@return string? code
function m.find_title(job, ids)
  for _, id in ipairs(ids) do
    local bib, message, code = alma.bibs.of_representation(job.client, id)
    if not bib and code ~= "missing" then return nil, message, code end
    if bib and bib ~= job.mms_id then
      follow(job, bib)
      return true
    end
  end
  return false
end

return m
