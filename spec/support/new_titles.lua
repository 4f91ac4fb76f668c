-- Writes what the plan of titles that Alma lacks is, for specs of what is carried out: the source and the matching of
-- records have specs of their own.
local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"
local records = require "almanac.run.records"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local titles = require "almanac.run.titles"

local m = {}

---The text of a recipe that changes nothing, for the run file.
m.RECIPE = [[
-- almanac-recipe: 1
return { name = "r", summary = "r", version = "1.0.0", license = "MIT", effects = {},
  title_keys = function(title) return { title.mms_id } end, changes = function() return nil, "nothing" end }
]]

local function add_change(db, id, seq, kind, spec)
  local _, spec_id = assert(db:run("INSERT INTO spec(kind, spec) VALUES(?, ?)", kind, json.encode(spec)))
  assert(db:run("INSERT INTO change(title_id, seq, spec_id) VALUES(?, ?, ?)", id, seq, spec_id))
end

local function add_pages(db, id, folder, pages)
  for seq, name in ipairs(pages) do
    local stat = assert(core.files.stat(folder .. "/" .. name))
    local _, file_id = assert(db:run("INSERT INTO file(path, size, mtime_ns) VALUES(?, ?, ?)", name, stat.size, stat.mtime_ns))
    assert(db:run("INSERT INTO page(title_id, change, seq, file_id) VALUES(?, 2, ?, ?)", id, seq, file_id))
  end
end

local function spec_of(name, identifier, more)
  local spec = { record = { set = { { "dc:title", name } }, add = { { "dc:identifier", identifier } } } }
  for field, value in pairs(more or {}) do spec[field] = value end
  return spec
end

---Plans new titles into a run file of m.RECIPE.
---@param path string
---@param list { name: string, pages: string[]? }[] pages: files in the folder, for a new representation
---@param options { folder: string?, spec: table? }? spec: more fields of create.bib
function m.plan(path, list, options)
  options = options or {}
  local db <close> = assert(store.open(path, "write"))
  if options.folder then assert(store.set(db, { folder = options.folder })) end
  for number, new in ipairs(list) do
    local identifier = "oai:x:" .. number
    records.add(db, { { identifier = identifier, format = "row", content = "{}" } })
    local _, id = assert(titles.add_new(db, number, new.name))
    assert(db:run("UPDATE record SET title_id = ? WHERE id = (SELECT max(id) FROM record)", id))
    local spec = spec_of(new.name, identifier, options.spec)
    add_change(db, id, 1, "create.bib", spec)
    if new.pages then
      add_change(db, id, 2, "add.representation", { usage_type = "DERIVATIVE_COPY", library = "MAIN", label = "JPG",
        collection = spec.collection })
      add_pages(db, id, options.folder, new.pages)
    end
    assert(states.set(db, id, states.READY))
  end
end

---Makes the run file of a plan that changes nothing.
---@param folder string gets recipe.lua and none.csv
---@param mms_id string of a title that Alma has
---@return string ... words of `almanac plan`
function m.words(folder, mms_id)
  program.write(folder .. "/recipe.lua", m.RECIPE)
  program.write(folder .. "/none.csv", "mms_id\n" .. mms_id .. "\n")
  return "plan", "./recipe.lua", "--titles", "none.csv", "-o"
end

return m
