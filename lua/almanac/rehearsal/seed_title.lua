-- What every source of a rehearsal's titles does with one: records, collections, the institution's code and its
-- libraries.
local codes = require "almanac.rehearsal.api.codes"
local collections = require "almanac.rehearsal.api.collections"
local facts = require "almanac.rehearsal.api.facts"
local formats = require "almanac.rehearsal.api.formats"
local model = require "almanac.rehearsal.world.model"
local records = require "almanac.rehearsal.world.records"
local record_of = require "almanac.rehearsal.api.record"

local m = {}

m.COLLECTION = "Digital titles"

---What the sources know while they load.
---@class almanac.rehearsal.seeding
---@field world table
---@field collections table<string, string> name -> pid
---@field titles table<string, integer> MMS ID -> the place in the source where it stands
---@field institution string? its code, when a record told it
---@field libraries table<string, true>
---@field repositories table<string, true>

---@param world table
---@return almanac.rehearsal.seeding
function m.new(world)
  return { world = world, collections = {}, titles = {}, libraries = {}, repositories = {} }
end

---Ends the loading with a message for people.
---@param format string
---@param ... any
function m.refuse(format, ...)
  error({ message = format:format(...) }, 0)
end

---Ends the loading with a message of somebody who names the file as well; it is named once.
---@param path string
---@param message string
function m.refuse_file(path, message)
  if message:sub(1, #path) == path then message = message:sub(#path + 1):gsub("^:? ", "") end
  error({ message = message }, 0)
end

---Puts a title into a collection, which is made when it is new. "none" puts it into none, and Alma refuses
---representations of such a title.
---@param seeding almanac.rehearsal.seeding
---@param mms_id string
---@param name string? the default one when it is nil
function m.collect(seeding, mms_id, name)
  name = name or m.COLLECTION
  if name == "none" then return end
  local pid = seeding.collections[name]
  if not pid then
    pid = collections.add(seeding.world, { pid = name:match "^81%d+$", name = name, library = "MAIN" })
    seeding.collections[name] = pid
  end
  seeding.world.db:run("INSERT OR IGNORE INTO membership(pid, mms_id) VALUES(?, ?)", pid, mms_id)
end

---Takes the institution's code from a record. All records are of one institution.
---@param seeding almanac.rehearsal.seeding
---@param code string?
---@param where string for messages
function m.learn_institution(seeding, code, where)
  local world = seeding.world
  if not code or code == world.inst then return end
  if world.options.institution then
    m.refuse("%s: it is of the institution %s, and --institution says %s", where, code, world.inst)
  elseif seeding.institution then
    m.refuse("%s: it is of the institution %s, and others are of %s", where, code, seeding.institution)
  end
  seeding.institution = code
  world:set_institution(code)
end

---Notes a library that a title names.
---@param seeding almanac.rehearsal.seeding
---@param code string?
---@return string? code
function m.learn_library(seeding, code)
  if code and code ~= "" and not code:find "," then seeding.libraries[code] = true end
  return code
end

---Notes a remote repository that a representation names.
---@param seeding almanac.rehearsal.seeding
---@param code string?
---@return string? code
function m.learn_repository(seeding, code)
  if code and code ~= "" and not code:find "," then seeding.repositories[code] = true end
  return code
end

local function keep(seeding, what, learn)
  local names = {}
  for code in pairs(seeding[what]) do names[#names + 1] = code end
  table.sort(names)
  if not names[1] then return end
  seeding.world:set_note(what, table.concat(names, ","))
  learn(table.concat(names, ","))
end

---Keeps what was learned.
---@param seeding almanac.rehearsal.seeding
function m.finish(seeding)
  keep(seeding, "libraries", codes.learn_libraries)
  keep(seeding, "repositories", codes.learn_repositories)
end

---Adds a title, or refuses one that is there.
---@param seeding almanac.rehearsal.seeding
---@param bib { mms_id: string?, title: string?, format: string?, oclc: string?, call_number: string? }
---@param place integer of the source
---@param unit string "record", "title": what stands at the place
---@return string mms_id
function m.add(seeding, bib, place, unit)
  local world, before = seeding.world, seeding.titles[bib.mms_id]
  if before then m.refuse("%s %d: its MMS ID %s is that of %s %d as well", unit, place, bib.mms_id, unit, before) end
  if not world.suffix then world:set_suffix(bib.mms_id and bib.mms_id:sub(-4) or "9001") end
  bib.title = bib.title or ""
  local mms_id = model.add_bib(world, bib)
  seeding.titles[mms_id] = place
  return mms_id
end

---Keeps a record as that of a title, as it was loaded. Of MARC 001 is the MMS ID; a record without 005 gets one.
---@param seeding almanac.rehearsal.seeding
---@param mms_id string
---@param format string
---@param record any
---@param text string? of Dublin Core or MODS
function m.keep(seeding, mms_id, format, record, text)
  if formats.known[format].is_marc then
    if not record:control "005" then record_of.sign(seeding.world, record, mms_id) end
    assert(record:set("001", mms_id))
    text = record_of.marc_text(record)
  end
  local known = facts.read(record, formats.known[format])
  records.keep(seeding.world, mms_id, { record = text, format = format, title = known.title or "", oclc = known.oclc,
    call_number = known.call_number, numbers = known.numbers, by = "System" })
end

return m
