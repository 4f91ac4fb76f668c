-- Finds out what becomes of thumbnails in the upload folder. No document says what
-- Alma makes of one that lies beside a file which a call attaches, so this tells
-- what can be seen and claims no more: whether the object is still in the upload
-- folder (with AWS keys), and what Alma's address of the file's thumbnail gives.
local core = require "almanac.core"
local formats = require "almanac.run.formats"
local json = require "almanac.json"
local states = require "almanac.run.states"
local steps = require "almanac.apply.steps"
local task = require "almanac.task"

local m = {}

local TIMEOUTS = { connect = 10, total = 30 }   -- seconds; the address is no part of the API, and may be closed to us
local LARGEST = 4 << 20                         -- bytes of an answer that can be an image of that size

local KEEP = "UPDATE step SET result = ? WHERE title_id = ? AND change = ? AND kind = 'thumbnail' AND page = ?"

---Whether the thumbnail of a page is, or may be, in the upload folder by this run.
---@param job almanac.job
---@param change almanac.change
---@param page almanac.planned_file
---@return boolean
function m.begun(job, change, page)
  return page.thumbnail ~= nil and steps.begun(job, change, "thumbnail", page.seq)
end

-- "left" in the upload folder, "gone" from it; nil when it can't be told.
local function place_of(job, thumbnail)
  if not (job.storage and job.storage.head) then return nil end
  local object, _, code = job.storage:head(thumbnail.upload_key)
  return object and "left" or code == "missing" and "gone" or nil
end

local function is_image(body)
  return formats.check("thumb", body:sub(1, formats.enough)) == nil
end

-- Says what Alma shows for a file: "same" these very bytes, "other" another image; nil when there is none to be had.
local function shown_for(file, thumbnail)
  local url = file.thumbnail_url
  if type(url) ~= "string" or not url:find "^https?://[^/]" then return nil end
  local result = task.fetch { url = url, max_body = LARGEST, connect_timeout = TIMEOUTS.connect, timeout = TIMEOUTS.total }
  if result.error or result.status ~= 200 or not is_image(result.body or "") then return nil end
  return thumbnail.sha256 and core.hash.sha256(result.body) == thumbnail.sha256 and "same" or "other"
end

---Looks what became of the thumbnails of attached files; what was found is added to `job.seen`.
---@param job almanac.job
---@param change almanac.change
---@param files table[] as Alma gives them, in the order of the pages
function m.look(job, change, files)
  for i, page in ipairs(change.pages) do
    if m.begun(job, change, page) then
      local found = { place = place_of(job, page.thumbnail), shown = shown_for(files[i] or {}, page.thumbnail) }
      table.insert(job.seen, { change = change.seq, page = page.seq, found = found })
    end
  end
end

---Writes down what was seen. Called inside a write of the journal.
---@param db table
---@param title_id integer
---@param seen table[] of m.look
---@return boolean|nil ok
---@return string? message
---@return string? code
function m.keep(db, title_id, seen)
  for _, entry in ipairs(seen) do
    local ok, message, code = db:run(KEEP, json.encode(entry.found), title_id, entry.change, entry.page)
    if not ok then return nil, message, code end
  end
  return true
end

---Says in a word what is known of a thumbnail that was uploaded.
---@param found { place: string?, shown: string? }? nil: nobody looked
---@return "shown"|"left"|"gone"|"untold"
function m.state(found)
  if found and found.shown == "same" then return "shown" end
  return found and found.place or "untold"
end

local WORDS = { left = ", still in the upload folder", gone = ", no longer in the upload folder", untold = "" }

---Puts into words what is known of a thumbnail that was uploaded.
---@param found { place: string?, shown: string? }?
---@return string
function m.words(found)
  local state = m.state(found)
  if state == "shown" then return "uploaded; Alma shows it" end
  return ("uploaded%s; Alma doesn't say whether it took it%s"):format(WORDS[state],
    found and found.shown == "other" and ", it shows another image (its own, or this one made over)" or "")
end

---Counts what was seen.
---@param counts table<string, integer> by m.state
---@param seen table[]
function m.count(counts, seen)
  for _, entry in ipairs(seen) do
    local state = m.state(entry.found)
    counts[state] = (counts[state] or 0) + 1
  end
end

---How many thumbnails a run has uploaded and not taken back.
---@param db table
---@return integer
function m.uploaded(db)
  return db:value([[SELECT count(*) FROM step JOIN title ON title.id = title_id
    WHERE kind = 'thumbnail' AND ended IS NOT NULL AND NOT title.]] .. states.is(states.UNDONE))
end

---Puts into words what undo would do with the thumbnails of a change.
---@param job almanac.job
---@param change almanac.change
---@return string[]
function m.undo_words(job, change)
  local list, may_delete = {}, job.storage and job.storage.delete
  for _, page in ipairs(change.pages) do
    local place = m.begun(job, change, page) and (place_of(job, page.thumbnail) or "untold")
    if place and not may_delete then
      list[#list + 1] = ("leave thumbnail %s in the upload folder, where nothing can be deleted without AWS keys,"):format(
        page.thumbnail.name)
    elseif place == "left" or place == "untold" then
      list[#list + 1] = ("delete thumbnail %s from the upload folder"):format(page.thumbnail.name)
    end
  end
  return list
end

return m
