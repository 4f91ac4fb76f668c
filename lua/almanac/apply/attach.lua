-- Makes a page a file of its representation, once. Alma moves the object out of
-- the upload folder for it, so one object can become only one file, however often
-- the call is sent.
local alma = require "almanac.alma"
local fits = require "almanac.apply.fits"
local known = require "almanac.apply.known"
local older = require "almanac.apply.older"
local reasons = require "almanac.run.reasons"
local reconcile = require "almanac.apply.reconcile"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local upload = require "almanac.apply.upload"

local m = {}

local MOVED = 20e6          -- bytes a second that Alma moves to its storage, at least
local GENERAL = "401652"    -- the only error that is documented for this call; also given for an object that is not there

-- The label and the stored name that Alma gave a file, where they are not what was sent.
local function answered_of(page, file)
  local label, stored = page.label or page.name, file.path and file.path:match "[^/]+$"
  local answered = {
    label = file.label ~= nil and file.label ~= label and file.label or nil,
    stored = stored ~= page.upload_key:match "[^/]+$" and stored or nil,
  }
  return next(answered) and answered or nil
end

-- Keeps the id of an attached file, and its size when that is not the planned one.
local function kept_of(page, file)
  local size = tonumber(file.size)
  return { pid = file.pid, taken = size ~= page.size and size or nil }
end

-- Asks a person about a new file that is no other page: it may be this page, which
-- somebody gave another name or other bytes, so the call is not repeated before.
local function ask_about(job, change, page, representation_id, list)
  local file
  for _, new in ipairs(fits.of_no_other_page(list, change, page)) do
    file = file or not steps.is_decided(job, change, new.pid, page.seq) and new
  end
  if not file then return {} end
  return steps.ask(job, change, { kind = "attach", page = page.seq, doubts = { file.pid } }, reasons.new("maybe_page", {
    file = file.pid, label = file.label or "", bytes = tostring(file.size), representation = representation_id, page = page.name }))
end

local function find_attached(job, change, page, representation_id, before)
  local list, message, code = alma.files.list(job.client, job.mms_id, representation_id)
  if not list then return nil, message, code end
  local fitting = fits.page(list, before, change, page)
  if fitting[1] then return fitting end
  return ask_about(job, change, page, representation_id, reconcile.new_files(list, before))
end

-- Whether the upload may have vanished, since its folder is cleaned now and then. With
-- AWS keys the bucket tells. Without, this is assumed when Alma refused twice and the
-- last try is left; when sending the page again was no help, ever more seldom: at the
-- second apply, the fourth, the eighth.
local function is_amiss(job, page, detail, left, sent)
  if job.storage.head then return upload.is_gone(job, page) end
  local turn = (sent + 1) // steps.TRIES
  return left <= 1 and turn & (turn - 1) == 0 and alma.has_code(detail, GENERAL)
end

local function ask_about_lost_answer(job, change, page, representation_id)
  return steps.ask(job, change, { kind = "attach", page = page.seq }, reasons.new("attach_unclear", { page = page.name,
    seconds = math.ceil(reconcile.bound), representation = representation_id }))
end

-- Alma may still be working on a call that got no answer, and nothing that can be
-- seen tells when it is done: an upload that is gone was taken, one that is still
-- there may have been read. So only a person can say that it did not happen. A call
-- of which it is not even known that it was sent, since this program was killed, may
-- be sent again after that time, while its upload is there: both are about one object.
local function unsettled(job, change, page, representation_id, fate)
  if fate ~= "killed" then return ask_about_lost_answer(job, change, page, representation_id) end
  if not job.storage.head then return false end
  local gone, message, code = upload.is_gone(job, page)
  if gone then return ask_about_lost_answer(job, change, page, representation_id) end
  return gone, message, code
end

---Attaches one page.
---@param job almanac.job
---@param change almanac.change
---@param page almanac.planned_file
---@param representation_id string
---@param attached string[] file ids of the pages before it
---@param options { again: boolean? }? again: a file that undo brings back; `attached` is what Alma has now, which a later
---  look can't tell any more
---@return { pid: string }|nil file
---@return string? message
---@return string? code "conflict" when Alma has other bytes than the file
function m.page(job, change, page, representation_id, attached, options)
  local mms_id = job.mms_id
  local again = options and options.again
  local result, message, code
  if not again then
    result, message, code = older.meet(job, change, page, representation_id, attached)
    if not result then return nil, message, code end
  end
  result, message, code = steps.perform(job, {
    change = change.seq, kind = "attach", page = page.seq, longer = page.size / MOVED,
    during = states.ATTACHING, after = states.ATTACHING, before = again and attached or nil,
    call = function()
      local file, why, kind, detail = alma.files.post(job.client, mms_id, representation_id,
        { label = page.label or page.name, path = page.upload_key })
      if not file then return nil, why, kind, detail end
      return known.new_file(job, file, attached)
    end,
    look = function(before)
      return find_attached(job, change, page, representation_id, before or attached)
    end,
    unsettled = function(fate) return unsettled(job, change, page, representation_id, fate) end,
    amiss = function(detail, left, sent) return is_amiss(job, page, detail, left, sent) end,
    mend = function() return upload.restore(job, page) end,
    keep = function(file) return kept_of(page, file) end,
    recorded = page.pid and { pid = page.pid, taken = page.taken },
    remember = function(file)
      local answered = answered_of(page, file)
      page.stored = answered and answered.stored
      if answered then job.differs(change, answered) end
      return answered
    end,
    record = not again and function(db, kept)
      return db:run("UPDATE page SET pid = ?, taken = ? WHERE title_id = ? AND change = ? AND seq = ?",
        kept.pid, kept.taken, job.title.id, change.seq, page.seq)
    end or nil,
  })
  if not result then return nil, message, code end
  if not result.taken then return result end
  return nil, reasons.new("other_size_taken", { file = page.path, taken = result.taken, bytes = page.size }), "conflict"
end

return m
