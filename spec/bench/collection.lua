-- A collection for benchmarks: titles that hold one TIFF, a folder with a JPG
-- for each, and a run file that has already read all of it. Run by `almanac exec`.
--   collection.lua FOLDER TITLES JPG_BYTES INSTITUTION
local core = require "almanac.core"
local json = require "almanac.json"
local readings = require "almanac.reading"
local states = require "almanac.run.states"
local store = require "almanac.run.store"

-- A JPEG from its first marker to its last; what follows makes each another file.
local JPEG = "\xFF\xD8\xFF\xE0\0\16JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xD9"

local folder, count, size, institution = ...
count, size = math.tointeger(tonumber(count)), math.tointeger(tonumber(size))

local function ids(i)
  return ("99%09d04146"):format(i), ("12%09d04146"):format(i), ("13%09d04146"):format(i)
end

local function title(i)
  return ("A view of the harbour from the east quay, no. %d"):format(i)
end

local function write_files()
  core.files.make_folder(folder .. "/jpg")
  local body = core.hash.random(math.max(0, size - #JPEG))
  for i = 1, count do
    if i % 1000 == 0 or i == 1 then core.files.make_folder(("%s/jpg/%03d"):format(folder, i // 1000)) end
    local file = assert(io.open(("%s/jpg/%03d/bench_%d_OBJ.jpg"):format(folder, i // 1000, i), "wb"))
    file:write(JPEG, body, i)
    file:close()
  end
end

local function write_titles()
  local csv = assert(io.open(folder .. "/titles.csv", "w"))
  csv:write "mms_id,title,usage_type,file_name,size,representation_id\n"
  for i = 1, count do
    local mms_id, rep_id = ids(i)
    csv:write(("%s,\"%s\",PRESERVATION_MASTER,bench_%d_OBJ.tif,16000000,%s\n"):format(mms_id, title(i), i, rep_id))
  end
  csv:close()
end

local function reading(i)
  local _, rep_id, pid = ids(i)
  return readings.encode { representations = { {
    id = rep_id, label = "TIFF", usage_type = "PRESERVATION_MASTER", library = "MAIN", remote = false,
    files = { { pid = pid, label = "Page 1", name = ("bench_%d_OBJ.tif"):format(i), size = 16000000 } },
  } } }
end

local function write_run()
  local db <close> = assert(store.create(folder .. "/read.run", {
    run = "bench", institution = institution, environment = "SANDBOX", created = "2026-01-01",
    recipe = "jpg-derivatives", recipe_version = "1.0.0", folder = folder .. "/jpg",
    args = json.encode { folder = folder .. "/jpg" },
  }))
  assert(db:begin())
  for i = 1, count do
    assert(states.add(db, { mms_id = (ids(i)), title = title(i), reading = reading(i), state = states.ASK }))
  end
  assert(db:commit())
end

write_files()
write_titles()
write_run()
