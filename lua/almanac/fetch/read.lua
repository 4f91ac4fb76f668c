-- Reads titles from Alma, a hundred records a call, then the representations of each and the files of those that are wanted.
-- The record and what Alma says of the representations are on the disk before the state says that the title was read. A
-- look-up that failed never means that something is absent: the title has failed, with the reason.
local alma = require "almanac.alma"
local bytes = require "almanac.fetch.bytes"
local claims = require "almanac.fetch.claims"
local core = require "almanac.core"
local describe = require "almanac.fetch.describe"
local names = require "almanac.fetch.names"
local since = require "almanac.fetch.since"
local usage = require "almanac.run.usage"

local m = {}

local FATAL = { auth = true, quota = true, io = true }

local FAILED = "UPDATE title SET state = 'failed', message = ? WHERE id = ?"
local BIB = "UPDATE title SET title = ?, format = ?, modified = ?, suppressed = ?, mark = ? WHERE id = ?"
local REPRESENTATION = "INSERT OR REPLACE INTO representation VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
local DESCRIPTION = [[INSERT INTO file(title_id, kind, rep_id, path, folded, state, size, sha256) VALUES(?, ?, ?, ?, ?, 'done', ?, ?)]]

-- A representation may be gone since the title was read before.
local NO_DESCRIPTION = "DELETE FROM file WHERE title_id = ? AND kind <> 'file'"

-- Ids become names of folders.
local function is_id(text) return type(text) == "string" and text:find "^%w+$" ~= nil and #text <= 30 end

---Notes that a title could not be read.
---@param work almanac.fetch.work
---@param title { id: integer, mms_id: string }
---@param message string
---@param code string?
function m.fail(work, title, message, code)
  if code == "cancelled" then return end
  work:write(function(db) return db:run(FAILED, message, title.id) end)
  work:failed(title, message, code, FATAL[code])
end

-- Asks for the files of a representation, with their addresses when the bytes come by these.
local function list_files(work, mms_id, rep)
  local count = type(rep.files) == "table" and tonumber(rep.files.total_record_count)
  if count == 0 then return {} end
  return alma.files.list(work.client, mms_id, rep.id, { url = work.by_address or nil })
end

local function is_wanted(work, rep)
  if describe.is_remote(rep) or work.usage == "none" then return false end
  local code = describe.value(rep.usage_type)
  if work.usage == "masters" then return usage.is_master(code) end
  return work.usage ~= "derivatives" or code ~= nil and code:upper():find("DERIVATIVE", 1, true) ~= nil
end

-- One representation: as Alma has it, with the files that are wanted of it.
local function read_representation(work, mms_id, entry)
  local rep, message, code = entry, nil, nil
  if not is_id(entry.id) then return nil, ("representation '%s' has no id that can be one"):format(tostring(entry.id)), "parse" end
  if describe.is_brief(entry) then rep, message, code = alma.representations.get(work.client, mms_id, entry.id) end
  if not rep then return nil, message, code end
  local files
  if is_wanted(work, rep) then
    files, message, code = list_files(work, mms_id, rep)
    if not files then return nil, message, code end
  end
  for _, file in ipairs(files or {}) do
    if not is_id(file.pid) then return nil, ("file '%s' has no id that can be one"):format(tostring(file.pid)), "parse" end
  end
  local json = describe.representation(mms_id, rep, files)
  return { rep = rep, files = files or {}, json = json, mark = describe.mark(json) }
end

local function read_representations(work, mms_id)
  local list, message, code = alma.representations.list(work.client, mms_id)
  if not list then return nil, message, code end
  local held = {}
  for i, entry in ipairs(list) do
    held[i], message, code = read_representation(work, mms_id, entry)
    if not held[i] then return nil, message, code end
  end
  return held
end

-- Writes a file that appears whole or not at all. When it is on the disk is for almanac.fetch.work to see to.
local function write_text(work, folder, name, text)
  local ok, message = core.files.make_folder(work.folder .. "/" .. folder)
  local part = ("%s/%s-%s"):format(bytes.parts(work.folder), folder:match "[^/]+$", name)
  local file
  if ok then file, message = io.open(part, "wb") end
  if not file then return nil, message, "io" end
  ok, message = file:write(text)
  local closed, why = file:close()
  if ok and not closed then ok, message = nil, why end
  if ok then ok, message = core.files.rename(part, ("%s/%s/%s"):format(work.folder, folder, name)) end
  if not ok then return nil, message, "io" end
  return true
end

-- Writes the record and a JSON file for each representation.
local function write_descriptions(work, title, record, held)
  local folder = names.folder_of(work, title.mms_id)
  local texts = { { kind = "record", path = "record.xml", text = record } }
  for i, each in ipairs(held) do
    texts[i + 1] = { kind = "representation", rep_id = each.rep.id, path = each.rep.id .. ".json", text = each.json }
  end
  for row in work.db:rows("SELECT path FROM file WHERE title_id = ? AND kind = 'representation'", title.id) do
    core.files.remove(work.folder .. "/" .. row.path)   -- of a title that is read again: Alma may have it no more
  end
  for _, entry in ipairs(texts) do
    local ok, message, code = write_text(work, folder, entry.path, entry.text)
    if not ok then return nil, message, code end
    entry.path = folder .. "/" .. entry.path
  end
  return texts
end

local function keep_descriptions(db, title, texts)
  local ok, message, code = db:run(NO_DESCRIPTION, title.id)
  for _, entry in ipairs(texts) do
    if not ok then break end
    ok, message, code = db:run(DESCRIPTION, title.id, entry.kind, entry.rep_id, entry.path, names.folded(entry.path), #entry.text,
      describe.mark(entry.text))
  end
  return ok, message, code
end

local function keep_representations(db, title, held)
  local ok, message, code = db:run("DELETE FROM representation WHERE title_id = ?", title.id)
  for _, each in ipairs(held) do
    if not ok then break end
    local rep = each.rep
    ok, message, code = db:run(REPRESENTATION, title.id, rep.id, describe.value(rep.usage_type), rep.label, describe.value(rep.library),
      describe.is_remote(rep) and 1 or 0, rep.last_modified_date, each.mark)
  end
  return ok, message, code
end

-- Writes all that was read of a title in one go; gives the files that are to be fetched.
local function keep(work, title, state, held, texts, wanted)
  return work:write(function(db)
    local ok, message, code = keep_representations(db, title, held)
    if ok and texts then ok, message, code = keep_descriptions(db, title, texts) end
    if ok then ok, message, code = claims.keep(db, title, wanted) end
    if ok then ok, message, code = db:run("UPDATE title SET state = ?, message = NULL WHERE id = ?", state, title.id) end
    return ok, message, code
  end)
end

-- The signed addresses of files, by id.
local function addresses_of(held)
  local urls = {}
  for _, each in ipairs(held) do
    for _, file in ipairs(each.files) do urls[file.pid] = type(file.url) == "string" and file.url ~= "" and file.url or nil end
  end
  return urls
end

local function read_title(work, title, bib)
  local record, message = describe.record(bib)
  if not record then return nil, message, "parse" end
  local mark = describe.mark(record)
  work:write(function(db)
    return db:run(BIB, bib.title, describe.value(bib.record_format), bib.last_modified_date, describe.is_suppressed(bib) and 1 or 0, mark,
      title.id)
  end)
  local held, code
  held, message, code = read_representations(work, title.mms_id)
  if not held then return nil, message, code end
  if since.is_same(work, title, bib, mark, held) then return keep(work, title, "same", held, nil, since.all_same(held)) end
  local wanted
  wanted, message, code = claims.wanted(work, title, bib, record, held)
  if not wanted then return nil, message, code end
  local texts
  texts, message, code = write_descriptions(work, title, record, held)
  if not texts then return nil, message, code end
  work.urls[title.id] = work.by_address and addresses_of(held) or nil
  return keep(work, title, "read", held, texts, wanted)
end

---Reads a title and writes down what of it is to be fetched.
---@param work almanac.fetch.work
---@param title { id: integer, mms_id: string }
---@param bib table of view=full
---@return boolean read
function m.title(work, title, bib)
  local ok, message, code = read_title(work, title, bib)
  if ok then
    work.streak:worked()
  else
    m.fail(work, title, message, code)
  end
  return ok and true or false
end

---Asks for the records of up to a hundred titles, with one call.
---@param work almanac.fetch.work
---@param titles { id: integer, mms_id: string }[]
---@return table<string, table> bibs by MMS ID; those that Alma does not know are written down as gone
function m.records(work, titles)
  local ids, by_id = {}, {}
  for i, title in ipairs(titles) do ids[i] = title.mms_id end
  local bibs, missing, code = alma.bibs.get(work.client, ids, { view = "full" })
  if not bibs then
    for _, title in ipairs(titles) do m.fail(work, title, missing, code) end
    return by_id
  end
  work.streak:worked()
  for _, bib in ipairs(bibs) do by_id[bib.mms_id] = bib end
  local gone = {}
  for _, id in ipairs(missing) do gone[id] = true end
  for _, title in ipairs(titles) do
    if gone[title.mms_id] then
      work:write(function(db) return db:run("UPDATE title SET state = 'gone' WHERE id = ?", title.id) end)
      work.on.finish(title.mms_id, true, "Alma has no such title", nil)
    end
  end
  return by_id
end

return m
