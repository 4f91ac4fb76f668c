-- Fifty thousand records with as many titles, whose answers of Alma are in a run file already: a plan of each
-- kind of source, from the first byte to the last match.
local core = require "almanac.core"
local measure = require "measure"
local program = require "support.program"

local N = tonumber(os.getenv "N") or 50000
local SECONDS, MEGABYTES = 60, 300

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "bench-records", summary = "Matches records with titles", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", help = "files" }, { "library", "string", default = "MAIN", help = "library" } },
  file_key = function(file) return ("99%09d04146"):format(file.name:match "%d+") end,
  title_keys = function(title) return title.mms_id end,
  record_key = function(record)
    return record.row and record.row.mms_id or record.format == "marc" and record:get "001" or record:get "dc:identifier"
  end,
  changes = function(title, files, args, records)
    return add.representation { usage_type = "AUXILIARY", library = args.library, label = records[1] and records[1].id or "none",
      files = files }
  end,
}
]]

local function id(i) return ("99%09d04146"):format(i) end

local ABSTRACT = ("A view of the harbour from the east quay with ships and sheds. "):rep(6)

local MAKE = {}

function MAKE.oai(file)
  file:write '<?xml version="1.0"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>\n'
  for i = 1, N do
    file:write("<record><header><identifier>oai:bench:", i, "</identifier><datestamp>2024-05-01</datestamp></header><metadata>",
      '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">',
      "<dc:title>View ", i, "</dc:title><dc:creator>Bell, A.</dc:creator><dc:subject>Harbours</dc:subject><dc:subject>Ships</dc:subject>",
      "<dc:date>1921</dc:date><dc:identifier>", id(i), "</dc:identifier><dc:description>", ABSTRACT, "</dc:description></oai_dc:dc>",
      "</metadata></record>\n")
  end
  file:write "</ListRecords></OAI-PMH>\n"
end

function MAKE.mrc(file)
  local marc = require "almanac.marc"
  for i = 1, N do
    file:write((marc.record { { "001", id(i) }, { "245", "10", "a", "View " .. i }, { "520", "  ", "a", ABSTRACT } }:encode "iso2709"))
  end
end

function MAKE.csv(file)
  file:write "identifier,mms_id,title,dc:subject,dc:subject,description\n"
  for i = 1, N do file:write(("b%d,%s,View %d,Harbours,Ships,%s\n"):format(i, id(i), i, ABSTRACT)) end
end

---@param work string a folder
return function(work)
  print(("\nRecords: %d of each kind of file with as many titles (takes a minute)"):format(N))
  local folder = work .. "/records"
  core.files.make_folder(folder)
  measure.succeeded(measure.exec("collection.lua", folder, N, 16, "01BENCH_INST"))
  program.write(folder .. "/bench.lua", RECIPE)
  for _, kind in ipairs { "oai", "mrc", "csv" } do
    local path = ("%s/records.%s"):format(folder, kind)
    local file = assert(io.open(path, "wb"))
    MAKE[kind](file)
    file:close()
    local run = folder .. "/" .. kind .. ".run"
    local result = measure.succeeded(measure.exec("peak.lua", folder .. "/peak", "plan", folder .. "/bench.lua",
      "--from", folder .. "/read.run", "--folder", folder .. "/jpg", "--records", path, "-o", run, "-q"))
    print(("  %s, %.1f MB: %.1f s wall, %.1f s CPU, run file %.0f bytes a record"):format(kind, core.files.stat(path).size / 1e6,
      result.wall, result.cpu, core.files.stat(run).size / N))
    measure.tell("plan of records." .. kind, result.wall, "s", "<=", SECONDS)
    measure.tell("its peak memory", tonumber(program.read(folder .. "/peak")) / 1e6, "MB", "<=", MEGABYTES)
  end
end
