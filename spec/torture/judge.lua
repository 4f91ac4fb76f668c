-- What a round has come to, held against what must be there.
local changes = require "torture.changes"
local check = require "torture.check"
local core = require "almanac.core"
local program = require "support.program"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

local m = {}

---Notes what was found.
---@param round table
---@param violations string[]
function m.add(round, violations)
  table.move(violations, 1, #violations, #round.violations + 1, round.violations)
end

---A command was to end with 0.
function m.expect(round, what, status)
  if status ~= 0 then round:tell("%s ends with %s", what, status) end
end

-- A title that another one was merged into stays in the collection, and undo says so: it
-- may have been there on its own account.
local function leave_in_collection(round, want, after)
  local merged = undisturbed.merged(after)
  for _, bib in ipairs(after.bibs) do
    for _, pid in ipairs(merged[bib.mms_id] and bib.collections or {}) do
      if pid == round.collection then want:collect(bib.mms_id, pid) end
    end
  end
end

---All that differs from the state that is wanted. Nobody can tell what becomes of
---titles that were merged away before they were done.
---@param round table
---@param what "done"|"undone"
---@param options { free: table?, objects: boolean?, left_out: table? } as of check.state; left_out: titles that are not looked at
---@return table wanted
function m.compare(round, what, options)
  local function judged(state) return undisturbed.without(state, options.left_out) end
  local want = changes.expect(wanted.of(round.before, round.sums), what, round)
  if what == "done" and round.fate.collection and round.change.name == "add" then
    for _, title in ipairs(round.titles) do want:collect(title.mms_id, round.collection) end
  end
  local after = undisturbed.of(round.alma.state())
  if what == "undone" then leave_in_collection(round, want, after) end
  m.add(round, check.state(judged(round.before), judged(want), judged(after), options))
  return want
end

---The SHA-256 of each file in the storage, by pid.
function m.sums(round, state)
  local sums = {}
  for _, rep in ipairs(state.representations) do
    for _, file in ipairs(rep.files) do
      sums[file.pid] = file.sha256 or core.hash.sha256(round.alma.s3("GET", file.path).body)
    end
  end
  return sums
end

local function check_copies(round, want, left_out)
  m.add(round, check.copies(undisturbed.without(round.before, left_out), want, round.sums, function(mms_id, file)
    return core.files.sha256(("%s/a.run.copies/%s/%s/%s"):format(round.folder, mms_id, file.pid, file.name))
  end))
end

---Everything that must hold once `apply` has nothing left to do.
---@param round table
---@param options table as of check.report
---@return table<string, boolean> asking titles
function m.done(round, options)
  local state = round.alma.state()
  options.merged = undisturbed.merged(state)
  local said, asking = check.report(round.before, undisturbed.of(state), round:report(), round.titles, options)
  m.add(round, said)
  local left_out = (round.fate.merges or options.doubts) and asking or nil
  round.half_done = round.fate.merges and asking or nil
  check_copies(round, m.compare(round, "done", { free = asking, left_out = left_out }), left_out)
  return asking
end

---`verify` finds nothing, and says what it looked at.
function m.verify(round, pattern)
  local status = round:call("", "verify", "a.run")
  local said = program.read(round.folder .. "/out")
  if round:is_disturbed() then return end   -- it tells of what others did
  m.expect(round, "verify", status)
  if not said:find(pattern) then round:tell("verify says: %s", said) end
end

return m
