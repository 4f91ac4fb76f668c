-- Titles of a plan from records: an exported MARC file, a set that an OAI-PMH
-- server publishes, a search by SRU. All that is taken from a record is its MMS
-- ID, and the record itself when the recipe reads it.
local core = require "almanac.core"
local elements = require "almanac.oai.export"
local ids = require "almanac.run.ids"
local oai = require "almanac.oai"
local record = require "almanac.record"
local sheet = require "almanac.sheet"
local spools = require "almanac.plan.spool"
local sru = require "almanac.sru"
local sru_list = require "almanac.sru.list"
local words = require "almanac.words"

local m = {}

local ELSEWHERE = "\nif the MMS ID stands in another field, say in which: --titles-id '035$a'"
local HEAD = 4096       -- bytes that tell what a file is
local SHOWN = 20        -- sets that a message names
local ALL_OVER = 3      -- when one id of so many is wrong, they are no MMS IDs at all

---Whether a file is one of records, by its beginning: MARC, XML, or an archive that is no workbook.
---@param path string "-" is standard input, which is one
---@return boolean
function m.is_marc(path)
  if path == "-" then return true end
  local stat = core.files.stat(path)
  local head = stat and stat.kind == "file" and core.files.head(path, HEAD) or ""
  return record.begins(head) and not (head:find "^PK" and sheet.is_workbook(path))
end

-- "(01X_INST)991…" is an MMS ID with its institution before it.
local function clean(value)
  return value and value:match "^%s*%b()%s*(%d+)%s*$" or value and value:match "^%s*(.-)%s*$"
end

-- ---- gathering ----

local function gathering(options)
  local work = { list = {}, seen = {}, ids = {}, notes = {}, empty = 0, deleted = 0, duplicates = 0,
    spec = options.id, unit = options.unit }
  if not options.records then return work end
  local spool, message, code = spools.new()
  if not spool then return nil, message, code end
  work.spool = spool
  return work
end

-- Takes one title; its text is needed only when records are kept.
local function take_title(work, id, number, text)
  if not id or id == "" then
    work.empty = work.empty + 1
    return true
  end
  work.list[#work.list + 1] = { id = id, line = number }
  if work.seen[id] then
    work.duplicates = work.duplicates + 1
    return true
  end
  work.seen[id] = true
  work.ids[#work.ids + 1] = id
  if not (work.spool and text) then return true end
  return work.spool:add(id, text)
end

local function give_up(work, message, code)
  if work.spool then work.spool:close() end
  return nil, message, code
end

local function why_empty(work, name)
  if work.deleted > 0 then return name .. ": all its records are deleted", "missing" end
  if work.empty > 0 then return name .. ": its records have no MMS ID" .. ELSEWHERE, "parse" end
  return name .. ": holds no record", "missing"
end

local function finished(work, name)
  if #work.list == 0 then return give_up(work, why_empty(work, name)) end
  local wrong = ids.check(work.list)
  if wrong[1] then
    local advice = (#wrong > #work.list // ALL_OVER and not work.spec) and ELSEWHERE or ""
    return give_up(work, ids.tell(wrong, name, "record") .. advice, "parse")
  end
  return { ids = work.ids, duplicates = work.duplicates, empty = work.empty, deleted = work.deleted, broken = {},
    notes = work.notes, words = name, spool = work.spool }
end

-- ---- a MARC file ----

-- A file that was cut off lacks titles that nobody knows of.
local function note_cut(work, rec)
  for _, problem in ipairs(rec:problems()) do
    if problem.kind == "truncated" then
      work.notes[#work.notes + 1] = ("record %d: %s: the file may have been cut off"):format(rec:number(), problem.message)
      return
    end
  end
end

local function take_marc(work, rec)
  note_cut(work, rec)
  if rec:leader():sub(6, 6) == "d" then
    work.deleted = work.deleted + 1
    return true
  end
  local id = clean(work.spec and rec:get(work.spec) or not work.spec and rec:control "001")
  local text, left_out
  if work.spool then text, left_out = rec:encode "iso2709" end
  if work.spool and (left_out or not text) then text = rec:encode "marcxml" end
  return take_title(work, id, rec:number(), text)
end

-- Reads all records; those that are broken are told in notes.
local function read_marc(reader, work, path)
  local count = 0
  while true do
    local rec, message, code, broken = reader:next()
    if broken then
      work.notes[#work.notes + 1] = message:gsub("^" .. path:gsub("%p", "%%%0") .. ": ", "")
    elseif not rec then
      if count == 0 and #work.notes == 0 and (message == nil or code == "parse") then
        return nil, path .. " holds no MARC records", "parse"
      end
      return message == nil, message, code
    end
    if rec then
      count = count + 1
      local ok
      ok, message, code = take_marc(work, rec)
      if not ok then return nil, message, code end
    end
  end
end

-- A wrong expression is the user's mistake, so it is told instead of raised.
local function check_spec(spec)
  if not spec then return true end
  local ok, message = core.marc.spec(spec)
  if ok then return true end
  return nil, "--titles-id: " .. message, "parse"
end

local function marc_file(path, options)
  local ok, message, code = check_spec(options.id)
  if not ok then return nil, message, code end
  local reader
  reader, message, code = core.marc.open(path, { charset = options.charset })
  if not reader then return nil, message, code end
  local work
  work, message, code = gathering(options)
  if work then
    ok, message, code = read_marc(reader, work, path)
    if not ok then give_up(work) end
  end
  local passed = reader:passed()
  reader:close()
  if not (work and ok) then return nil, message, code end
  local source
  source, message, code = finished(work, path)
  if source and passed > 0 then source.remark = ("%s: %s in it without MARC records"):format(path, words.count(passed, "file")) end
  return source, message, code
end

-- ---- OAI-PMH, SRU and files of elements ----

-- The MMS ID of an entry is the end of its identifier, unless --titles-id says where it is.
local function id_of(work, entry)
  if not work.spec then return clean(entry.identifier and entry.identifier:match "[^:]*$") end
  local rec, message, code = entry:record()
  if not rec then return nil, message, code end
  return clean(rec:get(work.spec)) or ""
end

local function kept_text(work, entry)
  if not work.spool then return nil end
  return record.compact(entry:text() or "")
end

-- A record that can't be read is noted, and the list goes on.
local function take_entry(work, entry, number)
  if entry.deleted then
    work.deleted = work.deleted + 1
    return true
  end
  local id, text, message = nil, nil, entry.problem
  if not message then
    local ok
    ok, id, message = pcall(id_of, work, entry)
    if not ok then return nil, "--titles-id: " .. tostring(id):gsub("^[^\n]-%.lua:%d+: ", ""), "parse" end
  end
  if id and id ~= "" and work.spool then text, message = kept_text(work, entry) end
  if message then
    work.notes[#work.notes + 1] = ("%s: %s"):format((entry.identifier or "") ~= "" and entry.identifier or "record " .. number, message)
    return true
  end
  return take_title(work, id, number, text)
end

local function read_entries(list, work, on, stop)
  while true do
    local entry, message, code = list:next()
    if not entry then return code == nil, message, code end
    if core.sys.interrupts() > 0 then return false, "interrupted", "cancelled" end
    if stop then
      message, code = stop(list)
      if message then return false, message, code end
    end
    local ok
    ok, message, code = take_entry(work, entry, list.count)
    if not ok then return false, message, code end
    if on then on(list.count, list.size or list.total) end
  end
end

local function gathered(list, options, name, stop)
  local work, message, code = gathering(options)
  if not work then return nil, message, code end
  local ok
  ok, message, code = read_entries(list, work, options.on, stop)
  if not ok then return give_up(work, message, code) end
  if list.size and list.size ~= list.count then
    work.notes[#work.notes + 1] = ("%s: the server said it has %d records, %d came"):format(name, list.size, list.count)
  end
  return finished(work, name)
end

---The titles of a file of records: MARC, Dublin Core or MODS.
---@param path string MARC in any format that almanac reads, packed or not; "-" is standard input
---@param options { id: string?, charset: string?, records: boolean? } charset: as of core.marc.open; id: where the MMS ID is when not in 001 or dc:identifier, as MARCspec
---  or a path of elements; records: keep them
---@return table|nil source { ids, duplicates, empty, deleted, broken, notes, words, spool }
---@return string? message
---@return string? code
function m.file(path, options)
  if path == "-" or not elements.looks(core.files.head(path, HEAD) or "") then return marc_file(path, options) end
  local list, message, code = elements.open(path)
  if not list then return nil, message, code end
  return gathered(list, options, path)
end

-- A server may answer for a set that it does not have as for an empty one, but it lists those that it has.
local function about_set(client, set, message, code)
  if code ~= "missing" and code ~= "parse" then return message, code end
  local names = {}
  for _, item in ipairs(client:sets() or {}) do
    if item.spec == set then return message, code end
    names[#names + 1] = item.spec
  end
  if not names[1] then return message, code end
  local near = words.nearest(set, names)
  return ("%s\nthere is no set '%s'%s"):format(message, set,
    near and (", did you mean '" .. near .. "'?") or "; there are " .. table.concat(names, ", ", 1, math.min(#names, SHOWN))), code
end

---The titles of a set that an OAI-PMH server publishes.
---@param options { url: string, set: string, prefix: string?, from: string?, id: string?, records: boolean?,
---  on: fun(done: integer, total: integer?)? } prefix: marc21 without; from: changed since, a date
---@return table|nil source
---@return string? message
---@return string? code
function m.oai(options)
  local client, message, code = oai.new { url = options.url }
  if not client then return nil, message, code end
  local list
  -- Every server gives records. Of identifiers alone some give none, or other ones.
  list, message, code = client:list { prefix = options.prefix or "marc21", set = options.set, from = options.from }
  if not list then return nil, message, code end
  local source
  source, message, code = gathered(list, options, ("OAI set '%s' of %s"):format(options.set, client.shown))
  if source then return source end
  return nil, about_set(client, options.set, message, code)
end

-- Alma stops after so many titles of a query. A plan of the first ones would be arbitrary, so it is refused.
local function too_many(list)
  if list.total <= sru_list.MOST then return nil end
  return ("the query finds %d titles, and Alma gives %d of a query: narrow it, or use a set (--set, --oai)"):format(
    list.total, sru_list.MOST), "limit"
end

---The titles that a search by SRU finds.
---@param options { url: string, query: string, id: string?, records: boolean?, on: fun(done: integer, total: integer?)? }
---@return table|nil source
---@return string? message
---@return string? code
function m.sru(options)
  local client, message, code = sru.new { url = options.url }
  if not client then return nil, message, code end
  local list
  list, message, code = client:search { query = options.query }
  if not list then return nil, message, code end
  return gathered(list, options, ("SRU query '%s'"):format(options.query), too_many)
end

return m
