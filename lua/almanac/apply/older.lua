-- An older copy of a run file knows some titles only in part, because the run went on
-- elsewhere. So Alma is looked at before a page is attached that may be there already.
-- A title that one process begins and ends costs no call for that.
local alma = require "almanac.alma"
local fits = require "almanac.apply.fits"
local look = require "almanac.apply.kinds.look"
local reasons = require "almanac.run.reasons"
local representation = require "almanac.apply.representation"
local steps = require "almanac.apply.steps"

local m = {}

-- Files that the run made, found or means to delete.
local function known_files(job, representation_id, attached)
  local pids = { table.unpack(attached or {}) }
  for pid in pairs(look.planned_files(job, representation_id)) do pids[#pids + 1] = pid end
  for _, change in ipairs(job.changes) do
    pids[#pids + 1] = change.pid
    table.move(look.pids(change), 1, #change.pages, #pids + 1, pids)
  end
  return pids
end

-- Whether a file is explained otherwise: it is a page that was attached twice, which
-- look.doubled_file tells, or a person has decided about it.
local function is_settled(job, change, file)
  for _, other in ipairs(job.changes) do
    if look.is_unrecorded(job, other, file) then return true end
  end
  for _, page in ipairs(change.pages) do
    if steps.is_decided(job, change, file.pid, page.seq) then return true end
  end
  return steps.is_decided(job, change, file.pid, 0)
end

local function strange_files(job, change, representation_id)
  local list, message, code = alma.files.list(job.client, job.mms_id, representation_id)
  if not list then return nil, message, code end
  local strange = {}
  for _, file in ipairs(list) do
    if not is_settled(job, change, file) then strange[#strange + 1] = file end
  end
  return strange
end

-- Finds pages that the run has not begun to attach, and the files that look like them.
local function attached_elsewhere(job, change, representation_id, attached)
  local files, message, code = strange_files(job, change, representation_id)
  if not files then return nil, message, code end
  local known, found = known_files(job, representation_id, attached), {}
  for _, page in ipairs(change.pages) do
    local file = not steps.begun(job, change, "attach", page.seq) and fits.page(files, known, change, page)[1]
    if file then
      found[#found + 1] = { page = page, file = file }
      known[#known + 1] = file.pid
    end
  end
  return found
end

local function ask_about_pages(job, change, representation_id, found)
  local first, pids = found[1], {}
  for i, one in ipairs(found) do pids[i] = one.file.pid end
  return steps.ask(job, change, { doubts = pids }, reasons.new("pages_elsewhere", { file = first.file.pid,
    representation = representation_id, page = first.page.name, more = found[2] and #found - 1 or nil }))
end

---Asks a person about files that came to a representation of a title which an earlier
---process began.
---@param job almanac.job
---@param change almanac.change
---@param pids string[] those files
---@return nil
---@return almanac.run.reason message
---@return string code "conflict"
function m.ask_about(job, change, pids)
  return steps.ask(job, change, { doubts = pids }, reasons.new("files_came", { file = pids[1], more = pids[2] and #pids - 1 or nil,
    representation = change.representation_id }))
end

---Asks a person about something that seems to be there again before undo brought it back.
---@param job table
---@param change table
---@param reason almanac.run.reason
---@param id string of what is there
---@return nil
---@return almanac.run.reason message
---@return string code "conflict"
function m.ask_about_restored(job, change, reason, id)
  return steps.ask(job, change, { doubts = { id } }, reason)
end

---Makes sure, before a file is brought back, that none like it is there already which the run does not know.
---@param job table
---@param change table
---@param kept { name: string, size: integer } its copy
---@param restored table<string, true> file ids of what this run brought back
---@return true|nil
---@return string? message
---@return string? code "conflict": for a person to decide
function m.meet_restored(job, change, kept, restored)
  local files, message, code = strange_files(job, change, change.representation_id)
  if not files then return nil, message, code end
  for _, pid in ipairs(known_files(job, change.representation_id)) do restored[pid] = true end
  for _, file in ipairs(files) do
    local name = file.path and file.path:match "[^/]+$"
    if not restored[file.pid] and name == kept.name and tonumber(file.size) == kept.size then
      return m.ask_about_restored(job, change, reasons.new("file_back_already", { file = file.pid, name = name }), file.pid)
    end
  end
  return true
end

---Makes sure, before this process attaches its first page in a title that an earlier one
---began, that no pages are in the representation which the run does not know.
---@param job almanac.job
---@param change almanac.change `resumed`: its representation was there when the title was begun before
---@param page almanac.planned_file that comes next
---@param representation_id string
---@param attached string[] file ids of the pages before it
---@return true|nil
---@return string? message
---@return string? code "conflict": for a person to decide
function m.meet(job, change, page, representation_id, attached)
  if not change.resumed or steps.begun(job, change, "attach", page.seq) then return true end
  local found, message, code = attached_elsewhere(job, change, representation_id, attached)
  if not found then return nil, message, code end
  if found[1] then return ask_about_pages(job, change, representation_id, found) end
  change.resumed = false
  return true
end

-- ---- titles that are not as planned ----

---Whether pages of a change that this run file has not begun are in its representation already.
---@param job almanac.job
---@param change almanac.change
---@return boolean
function m.has_pages(job, change)
  local found = attached_elsewhere(job, change, change.representation_id)
  return found ~= nil and found[1] ~= nil
end

local function is_begun(job, change)
  return steps.begun(job, change, "delete") or steps.begun(job, change, "attach", 1)
end

---Whether a title differs from what the plan found because another copy of this run did
---what this one has not begun.
---@param job almanac.job
---@param list table[] the title's representations now
---@param kind_of fun(change: almanac.change): table almanac.apply.kinds.of
---@return boolean
function m.did(job, list, kind_of)
  if representation.made_elsewhere(job, list) then return true end
  for _, change in ipairs(job.changes) do
    local is_done = kind_of(change).done_elsewhere
    if is_done and not is_begun(job, change) and is_done(job, change, list) then return true end
  end
  return false
end

return m
