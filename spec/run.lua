-- Runs spec files, each in a process of its own, some at a time: nothing that
-- one leaves behind (memory, collector settings, open servers) reaches another,
-- and one that hangs is ended. Most of their time they wait for servers and
-- pauses, so there are more of them than processors; the slowest files begin. What was skipped is said with its reason; the
-- last line counts them all.
--   run.lua [FILE …]
local SIDE_BY_SIDE = 4
local PATIENCE = 900   -- seconds for one file
local PRELOAD = os.getenv "ALMANAC_PRELOAD" and '"LD_PRELOAD=$ALMANAC_PRELOAD"' or ""   -- of the sanitizers
local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do list[#list + 1] = line end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local SLOWEST = { "torture", "attacks", "bad_files", "bad_input", "hostile_alma", "older_copy", "taken_back", "thumbnails", "once",
  "kinds_create_bib", "kinds_update_bib", "ingest", "derive_slurm", "copies", "kinds", "kinds_remote" }

local function all_files()
  local list, seen = {}, {}
  local function add(path)
    if not seen[path] then list[#list + 1] = path end
    seen[path] = true
  end
  for _, name in ipairs(SLOWEST) do add(("spec/%s_spec.lua"):format(name)) end
  for _, path in ipairs(lines_of "ls spec/*_spec.lua") do add(path) end
  return list
end

local files = arg[1] and arg or all_files()
local logs = lines_of("mktemp -d")[1]

-- Each file prints one line when it is done.
local one = ([[began=$(date +%%s); timeout -k 10 %d env %s lua5.4 /usr/bin/busted "$1" >"%s/$(basename "$1")" 2>&1; status=$?
  printf "%%-34s %%4d s  %%s\n" "$1" $(($(date +%%s) - began)) "$(tail -n 1 "%s/$(basename "$1")")"
  [ $status -ne 124 ] || echo "ended after %d seconds" >>"%s/$(basename "$1")"]]):format(PATIENCE, PRELOAD, logs, logs, PATIENCE, logs)
local list = assert(io.open(logs .. "/files", "w"))
for _, file in ipairs(files) do list:write(file, "\n") end
list:close()
os.execute(("xargs -P %d -n 1 sh -c '%s' one <%s/files"):format(SIDE_BY_SIDE, one, logs))

-- "NAME: REASON" of each spec that busted left pending.
local function add_skipped(words, log)
  for block in log:gmatch "Pending %->[^\n]*\n(.-)\n\n" do
    words[#words + 1] = "skipped: " .. block:gsub("\n[^\n]-:%d+: ", ": "):gsub("\n.*", "")
  end
end

local passed, failed, skipped, broken, reasons = 0, 0, 0, {}, {}
for _, file in ipairs(files) do
  local log = read(logs .. "/" .. file:match "[^/]+$")
  local p, f, s = log:match "(%d+) passed, (%d+) failed, (%d+) skipped%s*$"
  if p then
    passed, failed, skipped = passed + p, failed + f, skipped + s
  else
    failed = failed + 1
  end
  add_skipped(reasons, log)
  if not p or f ~= "0" then broken[#broken + 1] = ("\n== %s\n%s"):format(file, log) end
end
os.execute("rm -rf " .. logs)

print(table.concat(broken, "\n"))
if reasons[1] then print(table.concat(reasons, "\n")) end
print(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped))
os.exit(failed == 0 and 0 or 1)
