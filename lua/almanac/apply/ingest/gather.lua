-- Chooses the titles of the next ingest: those of one profile, in the order of the plan, so many as one ingest may have. The
-- first ingest of a profile has one title, because only that shows what the profile does.
local core = require "almanac.core"
local ingest_metadata = require "almanac.ingest_metadata"
local rows = require "almanac.apply.ingest.rows"
local store = require "almanac.run.store"
local kinds = require "almanac.change_kinds"
local title_work = require "almanac.apply.title"
local titles = require "almanac.run.titles"

local m = {}

m.TITLES = 200       -- of one ingest, unless it is said otherwise
local FILES = 1000   -- of one ingest; no word of Alma's about a limit is known, this is what users tell each other

---The changes of a title that are carried out together with those of others.
---@param job almanac.job
---@return almanac.change[]
function m.changes(job)
  local list = {}
  for _, change in ipairs(job.changes) do
    if kinds.kinds[change.kind].together then list[#list + 1] = change end
  end
  return list
end

-- A number by which a new title is found again: the one that it gets from its list, else one of the run.
local function number_of(run, title, change)
  if not titles.is_new(title) then return nil end
  local given = ingest_metadata.number(change.spec.metadata)
  if given then return given end
  return ("(almanac)%s-%d-%d"):format(store.meta(run.db, "run"), title.id, change.seq)
end

-- Whether a name is taken in the folder already, by whatever spelling: then the title's files go into a folder of their own.
local function has_taken(names, change)
  for _, page in ipairs(change.pages) do
    if names[core.text.fold(page.upload_key:match "[^/]+$")] then return true end
  end
  return false
end

local function take_names(names, change)
  for _, page in ipairs(change.pages) do names[core.text.fold(page.upload_key:match "[^/]+$")] = true end
end

-- Two titles of one number are never in one ingest: the second would match the first, and nobody could tell before.
local function fits(batch, profile, change)
  local number = ingest_metadata.number(change.spec.metadata)
  if number and batch.numbers[number] then return false end
  return change.spec.profile == profile and (batch.files == 0 or batch.files + #change.pages <= FILES)
end

local function add(run, batch, title, change)
  local below = has_taken(batch.names, change) and ("%d-%d/"):format(title.id, change.seq) or ""
  if below == "" then take_names(batch.names, change) end
  batch.files = batch.files + #change.pages
  local number = number_of(run, title, change)
  if number then batch.numbers[number] = true end
  table.insert(batch.members, { title_id = title.id, change = change.seq, below = below, number = number })
end

-- The first change decides the profile, and with that how many titles there may be.
local function begin(run, batch, change, read_profile)
  if batch.profile then return true end
  local profile = read_profile(change.spec.profile)
  if not profile then return false end
  local most = run.tried[profile.id] and (run.ingest_size or m.TITLES) or 1
  batch.profile, batch.most = change.spec.profile, math.min(most, run.limit and run.limit - run.gathered or most)
  return batch.most > 0
end

---The titles of the next ingest.
---@param run almanac.run `passed`: titles that are left out in this process
---@param read_profile fun(id: string): table? gives nil when it can't be used
---@return { profile: string, members: table[], titles: integer }|nil batch nil: none is left
function m.next(run, read_profile)
  local batch = { members = {}, files = 0, names = {}, numbers = {}, titles = 0 }
  for title in titles.each(run.db, rows.WAITING) do
    local took = false
    for _, change in ipairs(run.passed[title.id] and {} or m.changes(title_work.load(run, title))) do
      if not begin(run, batch, change, read_profile) then return nil end
      if not rows.title(run.db, title.id, change.seq) and fits(batch, batch.profile, change) then
        add(run, batch, title, change)
        took = true
      end
    end
    batch.titles = batch.titles + (took and 1 or 0)
    run.gathered = run.gathered + (took and 1 or 0)
    if batch.titles >= (batch.most or 1) or batch.files >= FILES then break end
  end
  return batch.members[1] and batch
end

return m
