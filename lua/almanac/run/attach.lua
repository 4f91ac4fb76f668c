-- Makes a page a file of its representation, once. Alma moves the object out of
-- the upload folder for it: so one object can become one file only, however
-- often the call is sent.
local alma = require "almanac.alma"
local known = require "almanac.run.known"
local reconcile = require "almanac.run.reconcile"
local steps = require "almanac.run.steps"
local upload = require "almanac.run.upload"

local m = {}

local MOVED = 20e6          -- bytes a second that Alma moves to its storage, at least
local GENERAL = "401652"    -- the only error that is documented for this call; also told of an object that is not there

-- Kept of an attached file: its id, and what Alma took when that is not what was planned.
local function kept_of(page, file)
  local size = tonumber(file.size)
  return { pid = file.pid, taken = size ~= page.size and size or nil }
end

local function fitting(list, before, page)
  local fits = reconcile.new_files(list, before, page.name, page.size)
  if fits[1] then return fits end
  return reconcile.new_files(list, before, page.name)   -- cut short on its way
end

-- An upload may vanish before it is attached: the folder is cleaned now and
-- then. With AWS keys the bucket tells; else the page is sent again when Alma
-- refused twice and the last try is left. Where that was no help it is done ever
-- more seldom: at the second apply, the fourth, the eighth.
local function mend(job, page, detail, left, sent)
  if job.storage.head then return upload.restore(job, page) end
  local turn = (sent + 1) // steps.TRIES
  if left > 1 or turn & (turn - 1) ~= 0 or not alma.has_code(detail, GENERAL) then return false end
  return upload.restore(job, page)
end

---Attaches one page.
---@param job table from title.load
---@param change table
---@param page table
---@param representation_id string
---@param attached string[] file ids of the pages before it
---@param options { again: boolean? }? again: a file that undo brings back; `attached` is what Alma has now, which a later
---  look can't tell any more
---@return { pid: string }|nil file
---@return string? message
---@return string? code "conflict" when Alma has other bytes than the file
function m.run(job, change, page, representation_id, attached, options)
  local mms_id = job.title.mms_id
  local again = options and options.again
  local result, message, code = steps.perform(job, {
    change = change.seq, kind = "attach", page = page.seq, longer = page.size / MOVED,
    during = "attaching", after = "attaching", before = again and attached or nil,
    call = function()
      local file, why, kind, detail = alma.files.create(job.client, mms_id, representation_id,
        { label = page.label or page.name, path = page.upload_key })
      if not file then return nil, why, kind, detail end
      return known.new_file(job, file, attached)
    end,
    look = function(before)
      local list, why, kind = alma.files.list(job.client, mms_id, representation_id)
      if not list then return nil, why, kind end
      return fitting(list, before or attached, page)
    end,
    mend = function(detail, left, sent) return mend(job, page, detail, left, sent) end,
    keep = function(file) return kept_of(page, file) end, recorded = { pid = page.pid, taken = page.taken },
    record = not again and function(db, kept)
      return db:run("UPDATE page SET pid = ?, taken = ? WHERE title_id = ? AND change = ? AND seq = ?",
        kept.pid, kept.taken, job.title.id, change.seq, page.seq)
    end or nil,
  })
  if not result then return nil, message, code end
  if not result.taken then return result end
  return nil, ("Alma took %s as %d bytes, the file has %d"):format(page.path, result.taken, page.size), "conflict"
end

return m
