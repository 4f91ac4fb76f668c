-- A round about titles that Alma lacks: each is created once, with its files, whatever happens, and no other title changes;
-- then all of them go. A call without a clear answer leaves its title to a person, who lets the run go on.
local core = require "almanac.core"
local new_titles = require "support.new_titles"
local strokes = require "torture.strokes"

local m = {}

-- Reasons for which a title may ask.
local UNCLEAR = { bib_unclear = true, attach_unclear = true, bib_by_other_run = true }
local DONE = { attached = true, verified = true }

local function expect(round, what, status)
  if status ~= 0 then round:tell("%s ends with %s", what, status) end
end

local function verify(round, pattern)
  expect(round, "verify", round:call("", "verify", "a.run"))
  if not round:read "out":find(pattern) then round:tell("verify says: %s", round:read "out") end
end

local function name_of(title) return ("New book %d"):format(title.n) end

local function plan(round)
  local list = {}
  for i, title in ipairs(round.titles) do
    local pages = {}
    for n, page in ipairs(title.pages) do pages[n] = page.name end
    list[i] = { name = name_of(title), pages = pages }
  end
  local words = { new_titles.words(round.folder, round.titles[1].mms_id) }
  words[#words + 1] = "a.run"
  local status = round:call("", table.unpack(words))
  if status ~= 0 then error(("plan ended with %d: %s"):format(status, round:read "err")) end
  new_titles.plan(round.folder .. "/a.run", list, { folder = round.folder .. "/jpg", spec = { collection = round.collection } })
end

-- Titles and representations that were there before are as they were.
local function check_old(round, state)
  local now, reps = {}, {}
  for _, bib in ipairs(state.bibs) do now[bib.mms_id] = bib end
  for _, rep in ipairs(state.representations) do reps[rep.id] = rep end
  for _, bib in ipairs(round.before.bibs) do
    local same = now[bib.mms_id]
    if not same or same.record ~= bib.record or same.title ~= bib.title or #same.collections ~= #bib.collections then
      round:tell("title %s was changed", bib.mms_id)
    end
    now[bib.mms_id] = nil
  end
  for _, rep in ipairs(round.before.representations) do
    if not reps[rep.id] then round:tell("representation %s is gone", rep.id) end
    reps[rep.id] = nil
  end
  return now, reps
end

local function check_files(round, title, rep)
  for i = 1, math.max(#title.pages, #rep.files) do
    local wanted, file = title.pages[i] or {}, rep.files[i] or {}
    local sum = file.sha256 or wanted.sha256
    if wanted.name ~= file.name or wanted.size ~= file.size or wanted.sha256 ~= sum then
      round:tell("%s: page %d is %s, wanted %s", name_of(title), i, tostring(file.name), tostring(wanted.name))
    end
  end
end

-- What is new in Alma: at most one title of each name, with one representation; of those that are done exactly that.
local function check_new(round, bibs, reps, done)
  local by_name, by_bib = {}, {}
  for _, bib in pairs(bibs) do
    if by_name[bib.title] then round:tell("'%s' was created twice", bib.title) end
    by_name[bib.title] = bib
  end
  for _, rep in pairs(reps) do
    if by_bib[rep.mms_id] then round:tell("%s: a second representation", rep.mms_id) end
    by_bib[rep.mms_id] = rep
  end
  for _, title in ipairs(round.titles) do
    local bib = by_name[name_of(title)]
    local rep = bib and by_bib[bib.mms_id]
    by_name[name_of(title)] = nil
    if bib then by_bib[bib.mms_id] = nil end
    if done and not rep then round:tell("'%s' is not there, or without its files", name_of(title)) end
    local collected = bib and table.concat(bib.collections, " ") == round.collection
    if done and not collected then round:tell("'%s' is not in its collection", name_of(title)) end
    if rep and (done or #rep.files > #title.pages) then check_files(round, title, rep) end
  end
  for name in pairs(by_name) do round:tell("'%s' was not planned", name) end
  for mms_id in pairs(by_bib) do round:tell("%s has a representation that was not planned", mms_id) end
end

-- Titles that ask, by their name in the run file.
local function asking(round)
  local list = {}
  for _, row in ipairs(round:report().rows) do
    if row.state == "ask" then
      list[row.mms_id] = true
      if not UNCLEAR[row.reason_code] then round:tell("%s asks: %s", row.mms_id, tostring(row.reason)) end
    elseif not DONE[row.state] and row.state ~= "skip" then
      round:tell("%s is %s: %s", row.mms_id, row.state, tostring(row.reason))
    end
  end
  return list
end

local function check_created(round, done)
  local bibs, reps = check_old(round, round.alma.state())
  check_new(round, bibs, reps, done)
end

local function apply(round)
  strokes.call(round, "apply", "a.run", "--settle", round.fate.settle, "-q")
  check_created(round, false)
  local doubtful = asking(round)
  for _ = 1, next(doubtful) and 4 or 0 do
    round.alma.change { op = "latency", spec = round.latency }
    core.sys.sleep(round.fate.late)
    expect(round, "decide", round:decide("a.run", doubtful))
    round:call("", "apply", "a.run", "--settle", round.fate.settle, "-q")
    check_created(round, false)
    doubtful = asking(round)
    if not next(doubtful) then break end
  end
  check_created(round, true)
  verify(round, ("verified %d title"):format(#round.titles))
end

local function undo(round)
  expect(round, "undo", strokes.call(round, "undo", "a.run", "--yes", "-q"))
  local bibs, reps = check_old(round, round.alma.state())
  for _, bib in pairs(bibs) do round:tell("'%s' (%s) is still there", bib.title, bib.mms_id) end
  for id in pairs(reps) do round:tell("representation %s is still there", id) end
  verify(round, ("looked at %d titles? taken back"):format(#round.titles))
end

---Runs the round.
---@param round table from torture.round
function m.go(round)
  plan(round)
  apply(round)
  if not round.violations[1] then undo(round) end
end

return m
