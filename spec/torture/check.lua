-- What must be true after a round, whatever happened in it: in Alma is what was
-- planned, exactly once, nothing else changed, and the report says so. What has
-- to be there is a state of its own (torture.wanted): `new` stands in it for
-- ids that nobody can know.
local m = {}

local RIVAL = "somebody else"
local OURS = "^API, "

---Whether two values are the same all through.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function by(list, name)
  local found = {}
  for _, item in ipairs(list) do found[item[name] or item] = item end
  return found
end

local function collector()
  local violations = {}
  return violations, function(...) violations[#violations + 1] = string.format(...) end
end

local function check_bibs(want, after, tell)
  local bibs = by(after.bibs, "mms_id")
  for _, bib in ipairs(want.bibs) do
    local now = bibs[bib.mms_id]
    if not now then
      tell("bib %s is gone", bib.mms_id)
    elseif not same(bib, now) then
      tell("bib %s changed: in collections %s, wanted %s; its record\n%s\nwanted\n%s", bib.mms_id, table.concat(now.collections, " "),
        table.concat(bib.collections, " "), now.record, bib.record)
    end
  end
  if #want.bibs ~= #after.bibs then tell("%d bibs became %d", #want.bibs, #after.bibs) end
end

-- ---- files ----

local FILE = { "pid", "label", "name", "path", "size", "etag" }

local function same_file(wanted, file)
  if wanted.new then return wanted.name == file.name and wanted.size == file.size and wanted.label == file.label end
  for _, field in ipairs(FILE) do
    if wanted[field] ~= file[field] then return false end
  end
  return true
end

local function words_of(file)
  return file and ("%s (%s, %s bytes%s)"):format(file.name, file.pid or "new", file.size,
    file.label ~= file.name and ", '" .. tostring(file.label) .. "'" or "") or "none"
end

local function check_file(where, i, wanted, file, old, tell)
  if not wanted or not same_file(wanted, file) then
    return tell("%s: misordered: page %d is %s, wanted %s", where, i, words_of(file), words_of(wanted))
  end
  if wanted.new and old[file.pid] then tell("%s: %s has the id of another", where, file.name) end
  local sum = file.sha256 or wanted.sha256   -- what came in parts has none
  if wanted.new and wanted.sha256 and wanted.sha256 ~= sum then tell("%s: the bytes of %s are others", where, file.name) end
end

local function check_files(where, wanted, rep, old, tell)
  local seen = {}
  for i, file in ipairs(rep.files) do
    if seen[file.name] then tell("%s: duplicate file %s", where, file.name) end
    seen[file.name] = not old[file.pid]
    check_file(where, i, wanted[i], file, old, tell)
  end
  for i = #rep.files + 1, #wanted do tell("%s: missing: page %d, %s", where, i, words_of(wanted[i])) end
end

-- ---- representations ----

local OWN = { files = true, new = true, old = true, modified_before = true }   -- fields of what is wanted, not of Alma

local function check_fields(wanted, rep, tell)
  for name, value in pairs(wanted) do
    local now, right = rep[name], value
    if OWN[name] then goto continue end
    if value == "ours" then right = now and now:find(OURS) and now or "ours" end
    if not same(right, now) then
      tell("%s: the %s of representation %s is '%s', wanted '%s'", rep.mms_id, name, rep.id, tostring(now), tostring(right))
    end
    ::continue::
  end
end

-- The representations of a title that were not there before, in their order.
local function newcomers(after, old)
  local ours, rivals = {}, {}
  for _, rep in ipairs(after.representations) do
    local list = rep.created_by == RIVAL and rivals or ours
    list[rep.mms_id] = list[rep.mms_id] or {}
    if not old[rep.id] then table.insert(list[rep.mms_id], rep) end
  end
  return ours, rivals
end

-- Those of ours are as many as wanted, in any order.
local function take(list, wanted)
  for i, rep in ipairs(list or {}) do
    if rep.usage_type == wanted.usage_type and rep.label == wanted.label then return table.remove(list, i) end
  end
end

local function check_rest(lists, tell)
  for mms_id, list in pairs(lists) do
    for _, rep in ipairs(list) do tell("%s: duplicate representation: %s '%s' was not wanted", mms_id, rep.id, rep.label) end
  end
end

-- What is known of ids before a run: representations by id, files by pid.
local function ids_of(before)
  local reps, files = {}, {}
  for _, rep in ipairs(before.representations) do
    reps[rep.id or rep] = rep
    for _, file in ipairs(rep.files) do files[file.pid or file] = file end
  end
  return { representations = reps, files = files }
end

local function check_one(wanted, rep, old, tell)
  check_fields(wanted, rep, tell)
  check_files(("%s, %s"):format(rep.mms_id, rep.label), wanted.files, rep, old.files, tell)
end

local function check_representations(before, want, after, free, tell)
  local old, now = ids_of(before), by(after.representations, "id")
  local ours = newcomers(after, old.representations)
  local left = by(want.representations, "id")
  for _, wanted in ipairs(want.representations) do
    local rep = not wanted.new and now[wanted.id] or wanted.new and take(ours[wanted.mms_id], wanted)
    if rep then
      wanted.found = rep
    elseif not free[wanted.mms_id] or not wanted.new then
      tell("%s: representation '%s' (%s) is missing", wanted.mms_id, wanted.label, wanted.id or "new")
    end
  end
  for _, wanted in ipairs(want.representations) do
    local rep = wanted.found
    wanted.found = nil
    if rep and not (wanted.new and free[wanted.mms_id]) then check_one(wanted, rep, old, tell) end
  end
  for id, rep in pairs(old.representations) do
    if now[id] and not left[id] then tell("%s: representation %s ('%s') is still there", rep.mms_id, id, rep.label) end
  end
  check_rest(ours, tell)
end

-- No request may be moved twice, and none that was not meant.
local function check_requests(want, after, tell)
  local now = by(after.requests or {}, "id")
  for _, request in ipairs(want.requests or {}) do
    local step = (now[request.id] or {}).step
    if step ~= request.step and step ~= request.from then
      tell("%s: request %s is at step %s, wanted %s", request.mms_id, request.id, tostring(step), request.step)
    end
  end
end

---Compares states.
---@param before table of the rehearsal, before the run
---@param want table from torture.wanted
---@param after table of the rehearsal
---@param options { free: table<string, boolean>?, objects: boolean? }? free: titles that need not have what is new; objects: whether
---  nothing may be left in the upload folder
---@return string[] violations
function m.state(before, want, after, options)
  options = options or {}
  local violations, tell = collector()
  check_bibs(want, after, tell)
  check_representations(before, want, after, options.free or {}, tell)
  check_requests(want, after, tell)
  if options.objects then
    for _, object in ipairs(after.objects) do tell("left in the upload folder: %s", object.key) end
    for _, upload in ipairs(after.uploads) do tell("left in parts: %s", upload.key) end
  end
  return violations
end

-- The names of all files of each title, in no order.
local function names_of(state, titles)
  local names = {}
  for _, rep in ipairs(state.representations) do
    local list = names[rep.mms_id] or {}
    names[rep.mms_id] = list
    for _, file in ipairs(titles[rep.mms_id] and rep.files or {}) do list[#list + 1] = file.name end
  end
  for mms_id, list in pairs(names) do
    table.sort(list)
    names[mms_id] = table.concat(list, " ")
  end
  return names
end

---Titles of which nobody knows how much was done have their files again, all of them and no others.
---@param before table
---@param after table
---@param titles table<string, boolean>
---@return string[] violations
function m.names(before, after, titles)
  local violations, tell = collector()
  local old, new = names_of(before, titles), names_of(after, titles)
  for mms_id in pairs(titles) do
    if old[mms_id] ~= new[mms_id] then tell("%s: has %s, had %s", mms_id, tostring(new[mms_id]), tostring(old[mms_id])) end
  end
  return violations
end

---Titles that were taken back in part, and then ask, have no file that they had not, and none twice.
---@param before table
---@param after table
---@param titles table<string, boolean>
---@return string[] violations
function m.no_more(before, after, titles)
  local violations, tell = collector()
  local had = {}
  for _, rep in ipairs(before.representations) do
    for _, file in ipairs(rep.files) do had[rep.mms_id .. rep.label .. file.name] = file.size end
  end
  for _, rep in ipairs(after.representations) do
    for _, file in ipairs(titles[rep.mms_id] and rep.files or {}) do
      local name = rep.mms_id .. rep.label .. file.name
      if had[name] ~= file.size then tell("%s: %s was not there, or is there twice", rep.mms_id, file.name) end
      had[name] = nil
    end
  end
  return violations
end

-- ---- what the report says ----

-- Where Alma has the files that came since, by name.
local function new_files(before, after)
  local old, found = ids_of(before).files, {}
  for _, rep in ipairs(after.representations) do
    for _, file in ipairs(rep.created_by ~= RIVAL and rep.files or {}) do
      if not old[file.pid] then found[file.pid] = file end
    end
  end
  return found
end

local function check_row(row, files, tell)
  for i, file in ipairs(row.files) do
    local stored = files[file.pid or ""] or {}
    local sum = stored.sha256 or file.sha256   -- what came in parts has none
    if file.name ~= stored.name or file.size ~= stored.size or file.sha256 ~= sum then
      tell("%s: the report has file %d, %s, as %s, Alma %s", row.mms_id, i, file.name, tostring(file.pid), words_of(stored.name and stored))
    end
  end
end

-- The second: Alma took another label than was sent, and the answer that said so was lost. The third: a request has no mark by
-- which a lost call could be told from one that is still on its way.
local DOUBTS = { attach_unclear = true, field_set_meanwhile = true, file_label_meanwhile = true, request_unclear = true }
local DONE = { attached = true, verified = true }

---What the report says of titles: done, or with a reason to ask.
---@param before table
---@param after table
---@param report table from `report --format json`
---@param titles { mms_id: string }[] that were planned
---@param options { rivals: boolean?, doubts: boolean?, decided: boolean?, merged: table<string, boolean>? }? rivals: somebody
---  was at work; doubts: answers were lost for good; decided: no title may ask any more; merged: titles that may be in any state
---@return string[] violations
---@return table<string, boolean> asking titles
function m.report(before, after, report, titles, options)
  options = options or {}
  local violations, tell = collector()
  local files, planned, asking = new_files(before, after), by(titles, "mms_id"), {}
  local _, rivals = newcomers(after, ids_of(before).representations)
  for _, row in ipairs(report.rows) do
    if not planned[row.mms_id] then tell("%s: not planned, but reported", row.mms_id) end
    if options.merged and options.merged[row.mms_id] and not DONE[row.state] then
      asking[row.mms_id] = true
    elseif DONE[row.state] then
      check_row(row, files, tell)
    elseif row.state == "ask" then
      asking[row.mms_id] = true
      local doubt = options.doubts and DOUBTS[row.reason_code]
      if not ((rivals[row.mms_id] or {})[1] or doubt) then tell("%s: asks without a rival: %s", row.mms_id, tostring(row.reason)) end
      if options.decided then tell("%s: asks what was decided: %s", row.mms_id, tostring(row.reason)) end
    else
      tell("%s: not done: %s, %s", row.mms_id, row.state, tostring(row.reason))
    end
  end
  if #report.rows ~= #titles then tell("%d titles planned, %d reported", #titles, #report.rows) end
  return violations, asking
end

-- ---- copies ----

---What the run deleted is beside the run file, byte for byte.
---@param before table
---@param want table what has to be in Alma now
---@param sums table<string, string> SHA-256 of the files that were there, by pid
---@param sum_of fun(mms_id: string, file: table): string? SHA-256 of a file's copy
---@return string[] violations
function m.copies(before, want, sums, sum_of)
  local violations, tell = collector()
  local kept = ids_of(want).files
  for _, rep in ipairs(before.representations) do
    for _, file in ipairs(rep.files) do
      local copy = not kept[file.pid] and sum_of(rep.mms_id, file)
      if not kept[file.pid] and copy ~= sums[file.pid] then
        tell("%s: the copy of %s is %s", rep.mms_id, file.name, copy and "another" or "missing")
      end
    end
  end
  return violations
end

return m
