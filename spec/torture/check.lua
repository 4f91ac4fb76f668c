-- What must be true after a round, whatever happened in it: everything planned
-- is in Alma exactly once, nothing else changed, and the report says so.
local m = {}

local RIVAL = "somebody else"

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
  for _, item in ipairs(list) do found[item[name]] = item end
  return found
end

-- What was there must be as it was.
local function check_untouched(before, after, tell, collection)
  local bibs, reps = by(after.bibs, "mms_id"), by(after.representations, "id")
  for _, bib in ipairs(before.bibs) do
    local now = bibs[bib.mms_id]
    if now and collection then now.collections = bib.collections end
    if not same(bib, now) then tell("bib %s changed", bib.mms_id) end
  end
  if #before.bibs ~= #after.bibs then tell("%d bibs became %d", #before.bibs, #after.bibs) end
  for _, rep in ipairs(before.representations) do
    if not same(rep, reps[rep.id]) then tell("representation %s of the title changed", rep.id) end
  end
end

-- The representations that are new, ours and others', by title.
local function added(before, after)
  local old, ours, rivals = by(before.representations, "id"), {}, {}
  for _, rep in ipairs(after.representations) do
    local list = rep.created_by == RIVAL and rivals or ours
    list[rep.mms_id] = list[rep.mms_id] or {}
    if not old[rep.id] then table.insert(list[rep.mms_id], rep) end
  end
  return ours, rivals
end

local function check_files(mms_id, rep, planned, tell)
  local seen = {}
  for i, file in ipairs(rep.files) do
    if seen[file.name] then tell("%s: duplicate file %s", mms_id, file.name) end
    seen[file.name] = true
    if not planned[i] or planned[i].name ~= file.name then
      tell("%s: misordered: page %d is %s, planned %s", mms_id, i, file.name, planned[i] and planned[i].name or "none")
    elseif planned[i].size ~= file.size then
      tell("%s: %s has %d bytes of %d", mms_id, file.name, file.size, planned[i].size)
    end
  end
  return #rep.files == #planned
end

local function check_row(row, rep, tell)
  if row.representation_id ~= rep.id then
    tell("%s: the report has representation %s, Alma %s", row.mms_id, tostring(row.representation_id), rep.id)
  end
  for i, file in ipairs(row.files) do
    local stored = rep.files[i] or {}
    local sum = stored.sha256 or file.sha256   -- what came in parts has none
    if file.pid ~= stored.pid or file.size ~= stored.size or file.sha256 ~= sum then
      tell("%s: the report has page %d as %s, Alma %s", row.mms_id, i, tostring(file.pid), tostring(stored.pid))
    end
  end
end

local DONE = { attached = true, verified = true }

local function check_title(row, ours, rivals, planned, options, tell)
  if #ours > 1 then tell("%s: duplicate representation: %d were made", row.mms_id, #ours) end
  local complete = false
  if ours[1] then complete = check_files(row.mms_id, ours[1], planned, tell) end
  if DONE[row.state] then
    if not complete then tell("%s: reported as done, but files are missing", row.mms_id) end
    if complete then check_row(row, ours[1], tell) end
  elseif row.state == "ask" then
    if #rivals == 0 then tell("%s: asks without a rival: %s", row.mms_id, tostring(row.reason)) end
    if options.decided then tell("%s: asks what was decided: %s", row.mms_id, tostring(row.reason)) end
  else
    tell("%s: not done: %s, %s", row.mms_id, row.state, tostring(row.reason))
  end
end

local function collector()
  local violations = {}
  return violations, function(...) violations[#violations + 1] = string.format(...) end
end

---After a run that was carried to its end.
---@param before table the rehearsal's state before it
---@param after table
---@param report table from `report --format json`
---@param planned table<string, { name: string, size: integer }[]>
---@param options { collection: boolean?, decided: boolean? }? collection: the run puts titles into one; decided: no
---  title may ask any more
---@return string[] violations
function m.run(before, after, report, planned, options)
  options = options or {}
  local violations, tell = collector()
  check_untouched(before, after, tell, options.collection)
  local ours, rivals = added(before, after)
  local rows = 0
  for _, row in ipairs(report.rows) do
    rows = rows + 1
    if not planned[row.mms_id] then tell("%s: not planned, but reported", row.mms_id) end
    check_title(row, ours[row.mms_id] or {}, rivals[row.mms_id] or {}, planned[row.mms_id] or {}, options, tell)
  end
  local titles = 0
  for _ in pairs(planned) do titles = titles + 1 end
  if rows ~= titles then tell("%d titles planned, %d reported", titles, rows) end
  return violations
end

---After `undo --yes`.
---@param before table the state before the run
---@param after table
---@param options { uploads_stay: boolean? } uploads_stay: the upload form can't delete
---@return string[] violations
function m.undo(before, after, options)
  local violations, tell = collector()
  check_untouched(before, after, tell)
  for mms_id, list in pairs((added(before, after))) do
    for _, rep in ipairs(list) do tell("%s: undo left representation %s", mms_id, rep.id) end
  end
  if not options.uploads_stay then
    for _, object in ipairs(after.objects) do tell("undo left the upload %s", object.key) end
    for _, upload in ipairs(after.uploads) do tell("undo left parts of %s", upload.key) end
  end
  return violations
end

return m
