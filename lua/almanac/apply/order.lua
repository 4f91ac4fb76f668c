-- Restores the order of files when some of them come back. Alma's order is that of
-- attaching, and no call changes it, so what undo brings back stands behind what
-- stayed. Therefore the files that stood behind a deleted one are attached again as
-- well: each is copied first, all are attached, and only when every one of them is
-- there the originals go. A master that the run did not delete is never deleted for
-- that; an order that can't be had is told before and after.
local alma = require "almanac.alma"
local copies = require "almanac.apply.copies"
local deletion = require "almanac.apply.kinds.deletion"
local kinds = require "almanac.change_kinds"
local look = require "almanac.apply.kinds.look"
local readings = require "almanac.reading"
local reasons = require "almanac.run.reasons"
local steps = require "almanac.apply.steps"
local usage = require "almanac.run.usage"
local whereabouts = require "almanac.apply.whereabouts"

local m = {}

local NAMED = 8   -- files that are named of an order

-- Finds the changes that delete a file of a representation, by the file's id, and the
-- first of them. The steps of files that are only moved are kept under that one.
local function deleting(job, rep_id)
  local by_pid, first = {}, nil
  for _, change in ipairs(job.changes) do
    if kinds.deleted(change.kind, change.spec) == "file" and change.representation_id == rep_id then
      by_pid[change.pid], first = change, first or change
    end
  end
  return by_pid, first
end

-- The number of a moved file's copy. Number 1 is the copy of the change's own file.
local function number_of(place) return 1 + place end

local function is_moved(job, owner, place)
  return copies.is_back(job, owner, number_of(place))
end

---The id that a file has since undo attached it again, behind what came back before it.
---@param job table from title.load
---@param rep_id string
---@param pid string
---@return string? pid nil when it was not moved
function m.moved_to(job, rep_id, pid)
  local by_pid, owner = deleting(job, rep_id)
  local rep = owner and not by_pid[pid] and look.planned(job, rep_id)
  for i, file in ipairs(rep and rep.files or {}) do
    if file.pid == pid and is_moved(job, owner, i) then return copies.pid(job, owner, number_of(i)) end
  end
end

---Whether undo has moved the file that a change deletes. Its deletion was only begun, so
---the file stayed, and was attached again for the order. Its original is gone then, and
---nothing is to be brought back.
---@param job table from title.load
---@param change table one that deletes a file
---@return boolean
function m.has_moved(job, change)
  local _, owner = deleting(job, change.representation_id)
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    for i, file in ipairs(rep.id == change.representation_id and rep.files or {}) do
      if file.pid == change.pid then return is_moved(job, owner, i) end
    end
  end
  return false
end

-- The files of a representation as the plan found them, each with what became of
-- it: `change` when the run deleted it, `now` Alma's file when it stayed.
local function places_of(job, rep, present)
  local by_pid, owner = deleting(job, rep.id)
  local places = {}
  for i, file in ipairs(rep.files) do
    local change = by_pid[file.pid]
    local moved = owner ~= nil and is_moved(job, owner, i)
    local is_lost = not moved and change and (copies.is_back(job, change, 1) or deletion.is_done(job, change)
      or deletion.begun(job, change) and not present[file.pid])
    places[i] = { place = i, file = file, change = is_lost and change or nil, now = present[file.pid], moved = moved }
  end
  return places, owner
end

-- Files have to move when they stayed and stood behind the first deleted one.
local function to_move(places)
  local movers, seen = {}, false
  for _, entry in ipairs(places) do
    seen = seen or entry.change ~= nil
    if seen and not entry.change and (entry.now or entry.moved) then movers[#movers + 1] = entry end
  end
  return movers
end

-- Says why files that stayed can't be moved; nil when they can.
local function obstacle(job, rep, owner, movers)
  if usage.is_master(rep.usage_type) then
    return reasons.new "order_of_masters"
  end
  if not job.copies then return reasons.new "order_without_folder" end
  for _, entry in ipairs(movers) do
    local is_begun = entry.moved or steps.begun(job, owner, "copy", number_of(entry.place))
    if not is_begun and entry.file.size and tonumber(entry.now.size) ~= entry.file.size then
      return reasons.new("order_file_replaced", { file = entry.file.pid })
    end
    if not is_begun and not entry.now.url then return reasons.new "order_without_address" end
  end
end

local function names_of(entries)
  local names = {}
  for i = 1, math.min(NAMED, #entries) do names[i] = entries[i].file.name or entries[i].file.pid end
  return table.concat(names, ", ") .. (#entries > NAMED and (", … (%d in all)"):format(#entries) or "")
end

-- The order without moving: first what stayed, then what comes back.
local function unmoved(places)
  local list = {}
  for _, entry in ipairs(places) do
    if not entry.change and entry.now then list[#list + 1] = entry end
  end
  for _, entry in ipairs(places) do
    if entry.change then list[#list + 1] = entry end
  end
  return list
end

local function is_open(arrangement)
  for _, entry in ipairs(arrangement.movers) do
    if not entry.moved or entry.now then return true end
  end
  return false
end

local function words_of(arrangement)
  local movers, rep = arrangement.movers, arrangement.rep
  return ("copy %s of representation %s, attach %s again behind what comes back, and delete %s where %s now: so its files are " ..
    "in their order (%s)"):format(#movers == 1 and "1 file" or #movers .. " files", rep.id, #movers == 1 and "it" or "them",
    #movers == 1 and "it" or "them", #movers == 1 and "it stands" or "they stand", names_of(movers))
end

local function not_kept(arrangement, why)
  local all_planned = true
  for _, entry in ipairs(arrangement.movers) do
    all_planned = all_planned and arrangement.deleting[entry.file.pid] ~= nil
  end
  return reasons.new("order_not_kept", { representation = arrangement.rep.id, now = names_of(unmoved(arrangement.places)),
    before = names_of(arrangement.places), obstacle = why, all_planned = all_planned or nil })
end

local function arrangement_of(job, rep)
  local by_pid, owner = deleting(job, rep.id)
  if not owner then return nil end
  local files, message, code = whereabouts.files(job, rep.id, { url = true })
  if not files then return code ~= "missing" and code ~= "status" and { message = message, code = code } or nil end
  local places = places_of(job, rep, look.by_pid(files))
  local arrangement = { rep = rep, owner = owner, deleting = by_pid, places = places, movers = to_move(places) }
  return arrangement.movers[1] and is_open(arrangement) and arrangement or nil
end

local function deletes_files(job)
  for _, change in ipairs(job.changes) do
    if kinds.deleted(change.kind, change.spec) == "file" and deletion.begun(job, change) then return true end
  end
  return false
end

---Finds which files have to be moved besides those that come back, so that all are in their order.
---@param job almanac.job `unlike` gets a reason for each order that can't be had
---@return { words: string[] }|nil order for m.keep and the others
---@return string? message
---@return string? code
function m.look(job)
  local order = { words = {} }
  if not deletes_files(job) then return order end
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    local arrangement = arrangement_of(job, rep)
    if arrangement and arrangement.message then return nil, arrangement.message, arrangement.code end
    local why = arrangement and obstacle(job, rep, arrangement.owner, arrangement.movers)
    if why then
      table.insert(job.unlike, not_kept(arrangement, why))
    elseif arrangement then
      order[#order + 1] = arrangement
      table.insert(order.words, words_of(arrangement))
    end
  end
  return order
end

---Keeps copies of all that is going to be moved, before anything is.
---@return true|nil
---@return string? message
---@return string? code
function m.keep(job, order)
  for _, arrangement in ipairs(order) do
    for _, entry in ipairs(arrangement.movers) do
      local ok, message, code = true, nil, nil
      if not entry.moved then ok, message, code = copies.keep(job, arrangement.owner, number_of(entry.place), entry.now) end
      if not ok then return nil, message, code end
    end
  end
  return true
end

-- Attaches the files that have to move and stood before a place, unless it is done.
local function attach_before(job, arrangement, place)
  for _, entry in ipairs(arrangement.movers) do
    if entry.place < place and not entry.moved then
      local ok, message, code = copies.restore(job, arrangement.owner, number_of(entry.place), arrangement.rep.id)
      if not ok then return nil, message, code end
      entry.moved = true
    end
  end
  return true
end

---Attaches what stood before the file of a change, which is brought back next.
---@return true|nil
---@return string? message
---@return string? code
function m.before(job, order, change)
  for _, arrangement in ipairs(order) do
    for _, entry in ipairs(arrangement.places) do
      if entry.change == change then return attach_before(job, arrangement, entry.place) end
    end
  end
  return true
end

-- Deletes the original of a moved file, once its second one is there.
local function delete_original(job, arrangement, entry)
  local rep_id, pid = arrangement.rep.id, entry.file.pid
  local second = copies.pid(job, arrangement.owner, number_of(entry.place))
  local there, message, code = look.has_file(job, rep_id, second)
  if there == nil then return nil, message, code end
  if not there then
    return nil, reasons.new("changed_since", { what = reasons.new("moved_file_gone", { file = pid, other = second }) }), "conflict"
  end
  return deletion.once(job, arrangement.owner, "undo move " .. pid, {
    file = pid, representation = rep_id,
    send = function() return alma.files.delete(job.client, job.mms_id, rep_id, pid) end,
    is_gone = function() return look.has_file(job, rep_id, pid) == false end,
  })
end

---Attaches what is left to be moved, then deletes the originals.
---@return true|nil
---@return string? message
---@return string? code
function m.finish(job, order)
  for _, arrangement in ipairs(order) do
    local ok, message, code = attach_before(job, arrangement, math.huge)
    for _, entry in ipairs(arrangement.movers) do
      if ok and entry.now then ok, message, code = delete_original(job, arrangement, entry) end
    end
    if not ok then return nil, message, code end
  end
  return true
end

-- ---- afterwards ----

-- The files as Alma has them, each with its former place; those that came since are last.
local function placed(job, rep, files)
  local by_pid, owner = deleting(job, rep.id)
  local places, list = {}, {}
  for i, file in ipairs(rep.files) do
    local change = by_pid[file.pid]
    local again = change and copies.pid(job, change, 1) or owner and copies.pid(job, owner, number_of(i))
    places[file.pid] = i
    if again then places[again] = i end
  end
  for i, file in ipairs(files) do
    list[i] = { place = places[file.pid] or math.huge,
      file = { pid = file.pid, name = file.path and file.path:match "[^/]+$" or file.label } }
  end
  return list
end

local function is_in_order(list)
  for i = 2, #list do
    if list[i].place < list[i - 1].place then return false end
  end
  return true
end

local function check_one(job, rep)
  local files, message, code = whereabouts.files(job, rep.id)
  if not files then
    if code == "missing" or code == "status" then return false end
    return nil, message, code
  end
  local list, before = placed(job, rep, files), {}
  if is_in_order(list) then return false end
  for i, file in ipairs(rep.files) do before[i] = { file = file } end
  return reasons.new("back_in_other_order", { representation = rep.id, now = names_of(list), before = names_of(before) })
end

---Says when files are not in their former order after they were brought back.
---@param job almanac.job
---@return almanac.run.reason|false|nil reason
---@return string? message
---@return string? code
function m.check(job)
  if not deletes_files(job) then return false end
  for _, rep in ipairs(readings.decode(job.title.reading).representations) do
    if next((deleting(job, rep.id))) then
      local words, message, code = check_one(job, rep)
      if words ~= false then return words, message, code end
    end
  end
  return false
end

return m
