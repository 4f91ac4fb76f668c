-- make bench-marc: reading and converting MARC beside yaz-marcdump, on made
-- records of about 1.3 KB, and beside what can't be undercut: a pass over the
-- bytes, and libxml2's SAX2 pass with empty handlers (sax.c). The commands of a
-- comparison take turns, and the best time of each counts, so that a busy
-- machine changes the ratios little.
--   N=100000 records, ROUNDS=5
package.path = "spec/?.lua;spec/bench/?.lua;" .. package.path

local made = require "support.marc_made"
local measure = require "measure"
local program = require "support.program"

local N = tonumber(os.getenv "N") or 100000
local ROUNDS = tonumber(os.getenv "ROUNDS") or 5

local YAZ_NAME = { iso2709 = "marc" }   -- where it calls a format otherwise

local quote = program.quote
local almanac = quote(program.path())
local sax = quote((os.getenv "ALMANAC_BUILD" or "build") .. "/bench/sax")

local function succeeded(result)
  if result.status == 0 or result.status == true then return result end
  error("failed: " .. result.err .. result.out)
end

local function run(command) return succeeded(measure.command(command)) end

-- Seconds of CPU of each command: the best of some rounds, by turns.
local function compare(commands)
  local best = {}
  for _ = 1, ROUNDS do
    for name, command in pairs(commands) do
      local result = run(command .. " >/dev/null")
      best[name] = math.min(best[name] or math.huge, result.cpu)
    end
  end
  return best
end

local function tell_seconds(best)
  local names, parts = {}, {}
  for name in pairs(best) do names[#names + 1] = name end
  table.sort(names, function(a, b) return best[a] < best[b] end)
  for i, name in ipairs(names) do parts[i] = ("%s %.2f s"):format(name, best[name]) end
  print("  " .. table.concat(parts, ", "))
end

-- The records in each format. yaz-marcdump writes what it can, so that what is
-- read is not our own writing.
local function make_files(work)
  local files = { iso2709 = work .. "/books.mrc" }
  made.write(files.iso2709, "book", N)
  for _, format in ipairs { "marcxml", "json", "line" } do
    files[format] = ("%s/books.%s"):format(work, format)
    run(("yaz-marcdump -o %s %s >%s"):format(format, quote(files.iso2709), quote(files[format])))
  end
  files.mrk = work .. "/books.mrk"
  run(("%s marc convert --to mrk -q -o %s %s"):format(almanac, quote(files.mrk), quote(files.iso2709)))
  files.gzip = work .. "/books.mrc.gz"
  run(("gzip -1 -c %s >%s"):format(quote(files.iso2709), quote(files.gzip)))
  return files
end

local function get(path) return almanac .. " marc get '001,245$a' " .. quote(path) end
local function convert(format, path) return ("%s marc convert --to %s %s"):format(almanac, format, quote(path)) end
local function yaz(arguments, path) return ("yaz-marcdump %s %s"):format(arguments, quote(path)) end
local function bytes(path) return "wc -l <" .. quote(path) end

-- Printed beside each other: ours, theirs, and the limit.
local function reading(files)
  print "\nReading: almanac marc get 001,245$a, beside yaz-marcdump -n"
  local best = compare { almanac = get(files.iso2709), ["yaz-marcdump"] = yaz("-n", files.iso2709), ["wc -l"] = bytes(files.iso2709) }
  tell_seconds(best)
  measure.tell("ISO 2709, almanac / yaz-marcdump", best.almanac / best["yaz-marcdump"], "", "<=", 0.6)
  best = compare { almanac = get(files.marcxml), ["yaz-marcdump"] = yaz("-i marcxml -n", files.marcxml),
    sax = sax .. " " .. quote(files.marcxml), ["wc -l"] = bytes(files.marcxml) }
  tell_seconds(best)
  measure.tell("MARCXML, almanac / yaz-marcdump", best.almanac / best["yaz-marcdump"], "", "<=", 0.85)
  measure.tell("MARCXML, almanac / SAX2 pass", best.almanac / best.sax, "", "<=", 1.15)
  best = compare { almanac = get(files.line), ["yaz-marcdump"] = yaz("-n -i line", files.line) }
  print(("  lines: almanac %.2f s, yaz-marcdump %.2f s, ratio %.2f"):format(best.almanac, best["yaz-marcdump"],
    best.almanac / best["yaz-marcdump"]))
  -- yaz-marcdump reads only the first record of a JSON file, and no .mrk
  best = compare { mrk = get(files.mrk), gzip = get(files.gzip), ["gzip -dc"] = "gzip -dc " .. quote(files.gzip) }
  print(("  mrk %.2f s; gzip %.2f s (gzip -dc alone %.2f s)"):format(best.mrk, best.gzip, best["gzip -dc"]))
  best = compare { almanac = get(files.json), ["lua-cjson"] = "lua5.4 spec/bench/json_peer.lua " .. quote(files.json) }
  print(("  JSON: almanac %.2f s, lua-cjson without MARC %.2f s, ratio %.2f"):format(best.almanac, best["lua-cjson"],
    best.almanac / best["lua-cjson"]))
end

local function checking(files)
  print "\nChecking: almanac marc check, beside yaz-marcdump -n, which looks at the structure only"
  local function check(kinds) return ("%s marc check %s %s"):format(almanac, kinds, quote(files.iso2709)) end
  local best = compare { almanac = check "", ["--only length"] = check "--only length", ["yaz-marcdump"] = yaz("-n", files.iso2709) }
  tell_seconds(best)
  measure.tell("all kinds, almanac / yaz-marcdump", best.almanac / best["yaz-marcdump"], "", "<=", 4)
end

local function converting(files)
  print "\nConverting, beside yaz-marcdump"
  local best = compare { almanac = convert("marcxml", files.iso2709), ["yaz-marcdump"] = yaz("-o marcxml", files.iso2709) }
  tell_seconds(best)
  measure.tell("ISO 2709 to MARCXML, almanac / yaz-marcdump", best.almanac / best["yaz-marcdump"], "", "<=", 0.5)
  for _, pair in ipairs { "iso2709 json", "iso2709 line", "marcxml iso2709", "line iso2709" } do
    local from, to = pair:match "(%S+) (%S+)"
    best = compare { almanac = convert(to, files[from]),
      ["yaz-marcdump"] = yaz(("-i %s -o %s"):format(YAZ_NAME[from] or from, YAZ_NAME[to] or to), files[from]) }
    print(("  %s to %s: almanac %.2f s, yaz-marcdump %.2f s, ratio %.2f"):format(from, to, best.almanac, best["yaz-marcdump"],
      best.almanac / best["yaz-marcdump"]))
  end
end

-- What the script prints: records a second, and the most memory it held.
local function loop(path)
  local fastest, memory = 0, 0
  for _ = 1, ROUNDS do
    local rate, peak = run(almanac .. " exec spec/bench/marc_loop.lua " .. quote(path)).out:match "(%S+) (%S+)"
    fastest, memory = math.max(fastest, tonumber(rate)), math.max(memory, tonumber(peak))
  end
  return fastest, memory / 1e6
end

local function looping(files)
  print "\nA Lua loop that reads three fields of each record"
  local names, most = {}, 0
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local rate, memory = loop(files[name])
    most = math.max(most, memory)
    if name == "iso2709" then measure.tell("records a second, ISO 2709", rate, "", ">=", 400000)
    elseif name == "json" then measure.tell("records a second, JSON", rate, "", ">=", 60000)
    else print(("  %s: %.0f records a second"):format(name, rate)) end
  end
  measure.tell("peak memory, the most of all formats", most, "MB", "<=", 20)
end

local work = program.folder()
local ok, message = pcall(function()
  local files = make_files(work)
  local size = io.open(files.iso2709):seek "end"
  print(("%d records of %.0f bytes in ISO 2709; seconds are CPU seconds, the best of %d rounds"):format(N, size / N, ROUNDS))
  reading(files)
  checking(files)
  converting(files)
  looping(files)
end)
program.remove(work)
if not ok then
  io.stderr:write(tostring(message), "\n")
  os.exit(1)
end
