-- Brings part runs back into their run. A part is copied in one transaction of the run and then
-- taken away, so whatever ends this in the middle, the next merge finds the part again and adds
-- nothing twice.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local parts = require "almanac.derive.parts"
local store = require "almanac.run.store"

local m = {}

local ENDED = [[SELECT file.id, path, file.sha256, pages, master.problem, master.file_id IS NOT NULL AS ended
  FROM file LEFT JOIN master ON master.file_id = file.id ORDER BY file.id]]
local OPEN = [[SELECT count(*) FROM file LEFT JOIN master ON master.file_id = file.id
  WHERE master.file_id IS NULL AND file.problem IS NULL]]
local IS_DONE = "SELECT 1 FROM master WHERE file_id = ? AND problem IS NULL"
local PROBLEM = "SELECT problem FROM master WHERE file_id = ?"
local PICTURES = "SELECT * FROM derivative WHERE file_id = ? ORDER BY page"
local TAKEN = "SELECT file.path FROM derivative JOIN file ON file.id = file_id WHERE derivative.path = ? AND file_id <> ?"
local ADD = "INSERT INTO derivative(file_id, page, path, width, height, size, sha256, named) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
local FINISH = "INSERT OR REPLACE INTO master(file_id, pages, problem) VALUES(?, ?, ?)"

local function list_of(db, ...)
  local list = {}
  for row in db:rows(...) do list[#list + 1] = row end
  return list
end

local function same(ours, theirs)
  if #ours ~= #theirs then return false end
  for i, row in ipairs(ours) do
    if row.path ~= theirs[i].path or row.sha256 ~= theirs[i].sha256 then return false end
  end
  return true
end

local function stand(to, pictures)
  for _, row in ipairs(pictures) do
    if core.files.sha256(to .. "/" .. row.path) ~= row.sha256 then return false end
  end
  return true
end

local function problem_of(db, file, pictures)
  for _, row in ipairs(pictures) do
    local other = db:value(TAKEN, row.path, file.id)
    if other then return ("'%s' would have the same name as the derivative of '%s'"):format(row.path, other) end
  end
end

local function copy(db, file, pictures)
  local problem = problem_of(db, file, pictures)
  if not problem then
    attempt.run(db, "DELETE FROM derivative WHERE file_id = ?", file.id)
    for _, row in ipairs(pictures) do
      attempt.run(db, ADD, row.file_id, row.page, row.path, row.width, row.height, row.size, row.sha256, row.named)
    end
  end
  if file.sha256 then attempt.run(db, "UPDATE file SET sha256 = ? WHERE id = ?", file.sha256, file.id) end
  problem = file.problem or problem
  if problem or file.ended == 1 then attempt.run(db, FINISH, file.id, not problem and file.pages or nil, problem) end
  return problem
end

-- One that the run knows as done stays so. When two made it all the same, and the pictures are not
-- alike, what stands in the folder is the truth.
local function bring(run, part, file, told)
  local pictures = list_of(part, PICTURES, file.id)
  if not run.db:value(IS_DONE, file.id) then
    local before = run.db:value(PROBLEM, file.id)
    local problem = copy(run.db, file, pictures)
    if problem and problem ~= before then told.failed[#told.failed + 1] = { path = file.path, message = problem } end
    if file.ended == 1 and not problem then told.masters = told.masters + 1 end
    return
  end
  if file.ended == 0 or file.problem or same(list_of(run.db, PICTURES, file.id), pictures) then return end
  told.twice[#told.twice + 1] = file.path
  if stand(run.to, pictures) then copy(run.db, file, pictures) end
end

local function bring_all(run, part, told)
  return attempt.transaction(run.db, function()
    for _, file in ipairs(list_of(part, ENDED)) do bring(run, part, file, told) end
    return true
  end)
end

local function leave(told, shard, message)
  told.left[#told.left + 1] = { shard = shard, message = message }
  return true
end

local function end_part(part, at)
  local ok, message, code = store.set(part, { merged = 1 })
  if not ok then return nil, message, code end
  if part:value(OPEN) == 0 then core.files.remove(at .. ".log") end
  part:close()
  parts.remove(at)
  return true
end

local function merge_part(run, shard, at, told)
  local part <close>, message, code = store.open(at, "write", true)
  if not part then return leave(told, shard, message) end
  local of = store.meta(part, "part_of")
  if of and of ~= store.meta(run.db, "division") then
    return leave(told, shard, at .. " is of another run, or of an earlier division: put it elsewhere")
  end
  local ok = true
  if of then ok, message, code = bring_all(run, part, told) end
  if not ok then return nil, message, code end
  if run.retire or not of or part:value(OPEN) == 0 then return end_part(part, at) end
  return true
end

-- Nothing is left to be divided when no part is there and all masters were tried.
local function forget(run)
  if parts.first(run.db, run.path) or not run.retire and run.db:value(OPEN) > 0 then return true end
  return run.db:run "DELETE FROM meta WHERE key IN ('shards', 'division', 'slurm_job', 'slurm_options')"
end

---Brings the parts of a run back. Those that somebody works on stay, and those with masters that
---were not tried, unless `retire` takes their masters back into the run.
---@param run { db: table, path: string, to: string, retire: boolean? }
---@return { masters: integer, failed: { path: string, message: string }[], twice: string[],
---  left: { shard: integer, message: string }[] }|nil told masters: done, new in the run; failed: new in it; twice: two shards
---  made other pictures of them; left: parts that could not be read
---@return string? message
---@return string? code
function m.run(run)
  local told, shards = { masters = 0, failed = {}, twice = {}, left = {} }, parts.shards(run.db)
  for shard = 1, shards or 0 do
    local at, ok, message, code = parts.path(run.path, shard, shards), true, nil, nil
    if core.files.stat(at) then ok, message, code = merge_part(run, shard, at, told) end
    if not ok then return nil, message, code end
  end
  local ok, message, code = forget(run)
  if not ok then return nil, message, code end
  return told
end

return m
