-- What has to be in Alma: the state before a run, with what is planned done to
-- it. Files and representations that a run makes are `new`: their ids are
-- nobody's to know, all else about them is.
local m = {}

local function copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = copy(inner) end
  return twin
end

local methods = {}
local meta = { __index = methods }

---@param state table of a rehearsal
---@param sums table<string, string> SHA-256 of its files, by pid
---@return table wanted bibs, representations
function m.of(state, sums)
  local wanted = setmetatable({ bibs = copy(state.bibs), representations = copy(state.representations),
    requests = copy(state.requests or {}) }, meta)
  for _, rep in ipairs(wanted.representations) do
    for _, file in ipairs(rep.files) do file.sha256 = sums[file.pid] end
  end
  return wanted
end

---The first representation of a title that has this usage type.
---@return table representation
---@return integer place
function methods:find(mms_id, usage_type)
  for i, rep in ipairs(self.representations) do
    if rep.mms_id == mms_id and rep.usage_type == usage_type then return rep, i end
  end
  error(("%s has no %s"):format(mms_id, usage_type))
end

---A new file behind the others.
---@param file { name: string, size: integer, sha256: string, label: string? }
function methods.attach(_, rep, file)
  table.insert(rep.files, { new = true, name = file.name, label = file.label or file.name, size = file.size, sha256 = file.sha256 })
end

---The file of a representation goes.
---@return table file as it was
function methods.remove_file(_, rep, name)
  for i, file in ipairs(rep.files) do
    if file.name == name then return table.remove(rep.files, i) end
  end
  error(("%s has no %s"):format(rep.id, name))
end

local function anew(file)
  return { new = true, old = file, name = file.name, label = file.label or file.name, size = file.size, sha256 = file.sha256 }
end

---Files that were deleted and brought back: in the order of before, and from the first of
---them on all under other ids.
---@param names string[]
function methods.bring_back(_, rep, names)
  local deleted, is_new = {}, false
  for _, name in ipairs(names) do deleted[name] = true end
  for i, file in ipairs(rep.files) do
    is_new = is_new or deleted[file.name] ~= nil
    if is_new then rep.files[i] = anew(file) end
  end
end

---Fields of a representation are set; Alma notes by whom.
function methods.set(_, rep, fields)
  for name, value in pairs(fields) do rep[name] = value end
  rep.modified_before, rep.modified_by = rep.modified_by, "ours"
end

---A new representation.
---@param fields { mms_id: string, label: string, usage_type: string, library: string, public_note: string?, policy: string?,
---  remote: boolean?, repository: string?, originating_record_id: string?, more: table? }
---@param files table[]
function methods:make(fields, files)
  local rep = { new = true, active = true, remote = false, public_note = "", created_by = "exl_api", modified_by = "ours", files = {} }
  for _, name in ipairs { "mms_id", "label", "usage_type", "library", "public_note", "policy", "remote", "repository",
    "originating_record_id", "more" } do
    rep[name] = fields[name] or rep[name]
  end
  for _, file in ipairs(files) do self:attach(rep, file) end
  table.insert(self.representations, rep)
end

---@return table representation as it was
function methods:remove(mms_id, usage_type)
  local _, place = self:find(mms_id, usage_type)
  return table.remove(self.representations, place)
end

---A representation that was deleted and made again: the same under another id, behind the others.
function methods:make_again(mms_id, usage_type)
  local old = self:remove(mms_id, usage_type)
  self:make(old, old.files)
  self.representations[#self.representations].old = old
end

-- What was never deleted is as it was.
local function settle_files(rep, now)
  local there = {}
  for _, file in ipairs(now and now.files or {}) do there[file.pid] = true end
  for i, file in ipairs(rep.files) do
    if file.old and there[file.old.pid] then rep.files[i] = file.old end
  end
end

---Whatever was made or set again counts as never deleted or set where it is as it was: for
---runs that were stopped before they came to it.
---@param after table a state
function methods:settle(after)
  local now = {}
  for _, rep in ipairs(after.representations) do now[rep.id] = rep end
  for i, rep in ipairs(self.representations) do
    if rep.old and now[rep.old.id] then
      rep = rep.old
      self.representations[i] = rep
    end
    settle_files(rep, now[rep.id])
    if now[rep.id] and now[rep.id].modified_by == rep.modified_before then rep.modified_by = rep.modified_before end
  end
end

---The order of a representation's files, by their names, is that of another one.
function methods.order(_, rep, other)
  local places = {}
  for i, file in ipairs(other.files) do places[file.name] = i end
  table.sort(rep.files, function(a, b) return (places[a.name] or 0) < (places[b.name] or 0) end)
end

---The requests of a title are one step on.
---@param maybe boolean? or where they were: of a run that may have been stopped before them
function methods:advance(mms_id, maybe)
  for _, request in ipairs(self.requests) do
    if request.mms_id == mms_id then request.from, request.step = maybe and request.step, request.step + 1 end
  end
end

---The title has another record.
---@param change fun(record: string): string of its fields, a line each, without 005
---@param title string
function methods:rewrite(mms_id, change, title)
  for _, bib in ipairs(self.bibs) do
    if bib.mms_id == mms_id then bib.record, bib.title = change(bib.record), title end
  end
end

---The title is in one collection more.
function methods:collect(mms_id, collection)
  for _, bib in ipairs(self.bibs) do
    if bib.mms_id == mms_id then
      table.insert(bib.collections, collection)
      table.sort(bib.collections)
    end
  end
end

return m
