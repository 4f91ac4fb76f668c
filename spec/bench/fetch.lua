-- What almanac fetch costs beside rclone: the same objects out of the same server (s3rver), as many in flight, by turns. The
-- fetch asks a rehearsal's Alma for titles and files besides, makes a bag, and takes SHA-256 and MD5 of all bytes; rclone
-- compares MD5.
local core = require "almanac.core"
local measure = require "measure"
local program = require "support.program"
local rehearsal = require "support.rehearsal"
local s3 = require "almanac.s3"
local s3rver = require "support.s3rver"
local task = require "almanac.task"

local quote, succeeded = program.quote, measure.succeeded

local ROUNDS, TRANSFERS = 3, 8
local HEADER = "mms_id,title,usage_type,file_name,size,representation_id,collection\n"
local RCLONE = "env -u AWS_CA_BUNDLE %s rclone copy :s3:%s/%s %s --config /dev/null --transfers %d --checkers %d --s3-provider Other " ..
  "--s3-env-auth --s3-endpoint %s --s3-force-path-style --s3-no-check-bucket --fast-list --retries 1"

local function why_not()
  if not os.execute "command -v rclone >/dev/null" then return "rclone is not installed (make bench installs it)" end
  return s3rver.missing()
end

local function write_titles(path, titles, files, size)
  local lines = { HEADER }
  for t = 1, titles do
    for f = 1, files do
      lines[#lines + 1] = ("99%09d04146,T%d,PRESERVATION_MASTER,f%03d.tif,%d,12%09d04146,\n"):format(t, t, f, size, t)
    end
  end
  program.write(path, table.concat(lines))
end

-- Puts bytes where Alma says that its files are.
local function fill(alma, server, work, size)
  local store = assert(s3.new { endpoint = server.url, bucket = server.bucket, access_key = server.access_key,
    secret_key = server.secret_key })
  local keys, count = {}, 0
  for _, rep in ipairs(alma.state().representations) do
    for _, file in ipairs(rep.files) do keys[#keys + 1] = file.path end
  end
  local failures = task.each(keys, 4, function(key)
    count = count + 1
    local path = ("%s/object%d"):format(work, count)
    local block = core.hash.random(math.min(size, 1 << 20))
    program.write(path, block:rep(size // #block) .. block:sub(1, size % #block))
    assert(store:put(key, { path = path, size = size }))
    os.remove(path)
  end)
  assert(not failures[1], failures[1] and failures[1].message)
  return count * size
end

local function middle(list, figure)
  return measure.median(#list, figure, function(i) return list[i] end)[figure]
end

-- Both have to bring all of it.
local function check(folder, count)
  local _, found = measure.succeeded(("find %s -name 'f*.tif' -type f"):format(quote(folder))).out:gsub("\n", "")
  assert(found == count, ("%s has %d files of %d"):format(folder, found, count))
end

local function compare(work, what, titles, files, size)
  print(("\nFetch: %s out of one s3rver, %d in flight, almanac and rclone by turns"):format(what, TRANSFERS))
  local folder = work .. "/fetch"
  core.files.make_folder(folder)
  write_titles(folder .. "/titles.csv", titles, files, size)
  local alma <close> = rehearsal.start { titles = folder .. "/titles.csv", memory = true, args = { "--rate", "0" } }
  local server <close> = s3rver.start(alma.bucket)
  local bytes = fill(alma, server, folder, size)
  local keys = ("AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s"):format(server.access_key, server.secret_key)
  local env = ("ALMANAC_API_URL=%s ALMA_API_KEY=%s ALMANAC_S3_URL=%s %s "):format(alma.url, alma.key, server.url, keys)
  local ours, theirs, waits = {}, {}, {}
  for i = 1, ROUNDS do
    ours[i] = succeeded(env .. measure.almanac("fetch", "--titles", folder .. "/titles.csv", "--to", folder .. "/ours", "--rate", 1000,
      "--transfers", TRANSFERS, "-q"))
    theirs[i] = succeeded(RCLONE:format(keys, server.bucket, alma.inst .. "/storage", quote(folder .. "/theirs"), TRANSFERS, TRANSFERS,
      server.url))
    waits[i] = succeeded("sync -f " .. quote(folder .. "/theirs"))   -- almanac is not done before the disk is
    print(("  almanac %.2f s wall %.2f s CPU; rclone %.2f s wall %.2f s CPU"):format(ours[i].wall, ours[i].cpu, theirs[i].wall,
      theirs[i].cpu))
    check(folder .. "/ours", titles * files)
    check(folder .. "/theirs", titles * files)
    for _, name in ipairs { "/ours", "/theirs" } do core.files.remove(folder .. name, { tree = true }) end
    core.files.remove(folder .. "/ours.fetch")
  end
  core.files.remove(folder, { tree = true })
  measure.tell("bytes a second, almanac", bytes / middle(ours, "wall") / 1e6, "MB/s", ">=", 0)
  measure.tell("bytes a second, almanac / rclone", middle(theirs, "wall") / middle(ours, "wall"), "", ">=", 1)
  measure.tell("the same, when rclone's bytes are on the disk as well", (middle(theirs, "wall") + middle(waits, "wall"))
    / middle(ours, "wall"), "", ">=", 1)
  measure.tell("CPU, almanac / rclone", middle(ours, "cpu") / middle(theirs, "cpu"), "", "<=", 1)
end

return function(work)
  local missing = why_not()
  if missing then return print("\nFetch: skipped, " .. missing) end
  compare(work, "500 files of 200 KB", 5, 100, 200000)
  compare(work, "8 files of 40 MB", 4, 2, 40000000)
end
