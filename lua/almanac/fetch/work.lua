-- Reads titles and fetches files side by side: as soon as few files wait, more titles are read, a few at a time, so that
-- addresses are young when they are used, and a set of any size takes no more memory than a small one.
local bytes = require "almanac.fetch.bytes"
local core = require "almanac.core"
local read = require "almanac.fetch.read"
local state = require "almanac.fetch.state"
local task = require "almanac.task"

local m = {}

local RECORDS = 100     -- titles in a call for records
local TITLES = 16       -- titles that are read in one go
local READERS = 8       -- of these at a time
local MANY = 4 << 30    -- bytes after which the disk is waited for
local LOW = 64          -- waiting files below which more titles are read

local BEGUN = [[SELECT id, mms_id FROM title WHERE id > ? AND state = 'read'
  AND EXISTS (SELECT 1 FROM file WHERE title_id = title.id AND state = 'open') ORDER BY id]]
local OPEN = "SELECT id, mms_id FROM title WHERE id > ? AND state = 'open' ORDER BY id"
local FILES = "SELECT id, rep_id, pid, place, size, path FROM file WHERE title_id = ? AND state = 'open' AND kind = 'file' ORDER BY id"
local DONE = "UPDATE file SET state = 'done', size = ?, sha256 = ?, md5 = ?, synced = 0, message = NULL WHERE id = ?"
local NOT_DONE = "UPDATE file SET state = ?, message = ? WHERE id = ?"

-- Codes after which the next file would fail as well.
local FATAL = { io = true, quota = true, tls = true }
local STATES = { gone = "gone", missing = "failed", refused = "refused" }

-- Puts the files of a title that are still to come into the queue.
local function enqueue(work, title, urls)
  local n = 0
  for file in work.db:rows(FILES, title.id) do
    file.mms_id, file.url, file.title = title.mms_id, urls and urls[file.pid], title
    work.last = work.last + 1
    work.queue[work.last], n = file, n + 1
  end
  title.waiting = n
  if n == 0 then work.on.finish(title.mms_id, true) end
end

local function addresses_of(work, title)
  local urls = work.urls[title.id]
  work.urls[title.id] = nil
  return urls
end

local function stopped(work)
  if work.stop then return true end
  local ok, message, code = work.limits:allow(1)
  if not ok then work.stop = { message = message, code = code } end
  return work.stop ~= nil
end

local function each_of(list, from, n)
  local i = from - 1
  return function()
    i = i + 1
    return i < from + n and list[i] or nil
  end
end

-- Reads a few titles more of those whose records are here.
local function read_titles(work)
  local batch = work.batch
  local failures = task.each(each_of(batch, batch.at, TITLES), READERS, function(title)
    local bib = batch.bibs[title.mms_id]
    if bib and not stopped(work) and read.title(work, title, bib) then enqueue(work, title, addresses_of(work, title)) end
  end)
  if failures[1] then error(failures[1].message, 0) end
  batch.at = batch.at + TITLES
end

-- Asks for the next hundred records.
local function next_batch(work)
  local titles = {}
  while #titles < RECORDS do
    local title = work.open()
    if not title then break end
    titles[#titles + 1] = title
  end
  if not titles[1] then return false end
  titles.bibs, titles.at = read.records(work, titles), 1
  work.batch = titles
  return true
end

-- Reads more, or says that all is read.
local function read_some(work)
  local begun = work.begun and work.begun()
  work.begun = begun and work.begun     -- asked again at its end it would find those that are being read now
  if begun then
    enqueue(work, begun)
  elseif work.batch and work.batch.at <= #work.batch then
    read_titles(work)
  elseif not next_batch(work) then
    work.all_read = true
  end
end

-- The next file, after reading as many titles as it takes.
local function next_file(work)
  while not stopped(work) do
    local more = not (work.all_read or work.reading) and work.last - work.first < LOW
    if more then
      work.reading = task.spawn(function()
        read_some(work)
        work.reading = nil
      end)
    end
    local file = work.queue[work.first]
    if file then
      work.queue[work.first], work.first = nil, work.first + 1
      return file
    elseif work.reading then
      work.reading:await()
    elseif work.all_read then
      return nil
    end
  end
end

local function finish(work, file, ok, message, code)
  local title = file.title
  title.waiting = title.waiting - 1
  if not ok then
    title.problem, title.code = title.problem or message, title.code or code
    work.on.problem(file, message, code)
  end
  if title.waiting > 0 then return end
  for id in pairs(title.listed or {}) do work.listed[id] = nil end
  work.on.finish(title.mms_id, title.problem == nil, title.problem, title.code)
end

local function fail(work, file, message, code)
  if code == "cancelled" then return end
  if FATAL[code] then
    work.stop = work.stop or { message = message, code = code }
    return
  end
  work:write(function(db) return db:run(NOT_DONE, STATES[code] or "failed", message, file.id) end)
  if STATES[code] then work.streak:worked() else work:failed(file, message, code) end
  finish(work, file, false, message, code)
end

-- Brings all that was written onto the disk, and says so. Before the first word of that, what a killed fetch wrote is believed
-- only after its checksum was looked at.
local function sync(work)
  work.unsynced = 0
  -- What gets done meanwhile is for the next time.
  if not work:write(function(db) return db:run "UPDATE file SET synced = 2 WHERE state = 'done' AND synced = 0" end) then return end
  local ok, message = core.files.sync_disk(work.folder)
  if not ok then
    work.stop = work.stop or { message = message, code = "io" }
    return
  end
  work:write(function(db) return db:run "UPDATE file SET synced = 1 WHERE synced = 2" end)
end

-- Writes down that a file is here, while the next one comes: writes share commits, and a commit waits for the disk.
local function write_down(work, file, got)
  work.unsynced = work.unsynced + got.size
  local writing
  writing = task.spawn(function()
    local ok = work:write(function(db) return db:run(DONE, got.size, got.sha256, got.md5, file.id) end)
    work.writing[writing] = nil
    if not ok then return end
    work.bytes = work.bytes + got.size
    finish(work, file, true)
  end)
  work.writing[writing] = true
end

local function fetch(work, file)
  local got, message, code = bytes.fetch(work, file)
  if not got then return fail(work, file, message, code) end
  work.streak:worked()
  if not got.sha256 then got.sha256 = core.files.sha256(work.folder .. "/" .. file.path) end
  write_down(work, file, got)
  if work.unsynced > MANY then sync(work) end
end

-- What is read ahead ends with the work.
local function end_tasks(work)
  if work.reading then work.reading:cancel() end
  for _, listing in pairs(work.listing) do listing:cancel() end
end

---Reads and fetches until all is here or something ends it; `work.stop` says what.
---@param work almanac.fetch.work
function m.run(work)
  work.begun, work.open = state.each(work.db, BEGUN), state.each(work.db, OPEN)
  work.queue, work.first, work.last, work.urls, work.listing, work.listed = {}, 1, 0, {}, {}, {}
  work.unsynced, work.writing = 0, {}
  local _ <close> = setmetatable({}, { __close = function() end_tasks(work) end })
  local failures = task.each(function() return next_file(work) end, work.transfers, function(file) fetch(work, file) end)
  if failures[1] then error(failures[1].message, 0) end
  while next(work.writing) do next(work.writing):await() end
  sync(work)
end

---How many titles are to be worked on.
---@param db table
---@return integer
function m.total(db)
  return db:value [[SELECT count(*) FROM title WHERE state = 'open' OR state = 'read'
    AND EXISTS (SELECT 1 FROM file WHERE title_id = title.id AND state = 'open')]]
end

return m
