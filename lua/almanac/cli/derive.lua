-- almanac derive: makes derivatives of a folder of masters, without Alma.
local core = require "almanac.core"
local journal = require "almanac.run.journal"
local number = require "almanac.cli.number"
local shell = require "almanac.shell"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = { summary = "Make derivatives (JPG, JPEG 2000, WebP) of a folder of masters.", offline = true }

local STOPPED = 75
local LARGEST_EDGE = 65500   -- pixels that a JPEG can have (ITU T.81, 16 bits, as libjpeg takes it)

local function endings(text)
  local list = {}
  for ending in text:lower():gmatch "[^,%s]+" do list[#list + 1] = ending:gsub("^%*?%.", "") end
  if not list[1] then return nil, "--endings: name some, as in tif,tiff" end
  return list
end

-- The options for sbatch begin with a dash themselves, which the parser would take for one of ours.
local function join_options(arguments)
  for i = #arguments - 1, 1, -1 do
    if arguments[i] == "--slurm-options" and arguments[i + 1]:find "^%-" then
      arguments[i] = arguments[i] .. "=" .. table.remove(arguments, i + 1)
    end
  end
end

function m.configure(parser, arguments)
  join_options(arguments)
  parser:argument("masters", "the folder of the masters, or the run file of a run that goes on"):argname "MASTERS|RUN"
  parser:option("--to", "the folder for the derivatives; it gets the folders of the masters"):argname "FOLDER"
  parser:option("-o --output", "the run file to write; it must be new"):argname "RUN"
  parser:option("--format", "what they are made as: jpg, jp2 or webp (jpg)"):argname("FORMAT"):choices { "jpg", "jp2", "webp" }
    :default("jpg"):show_default(false)
  parser:option("--quality", "from 1 to 100 (90)"):argname("N"):convert(number("--quality", 1, true))
  parser:option("--long-edge", "pixels of the longer side; never more than the master has (as the master)"):argname("N")
    :convert(number("--long-edge", 1, true))
  parser:option("--pages", "of a master with several: all or first (all)"):argname("WHICH")
    :choices { "all", "first" }:default("all"):show_default(false)
  parser:flag("--keep-profile", "leave colours and their profile as they are, for wide gamut; they become sRGB else")
  parser:option("--endings", "of files that are masters (tif,tiff,jp2,png)"):argname("LIST"):convert(endings)
  parser:option("--exclude", "leave out what this pattern names, by the rules of gitignore; may be repeated")
    :argname("PATTERN"):count "*"
  parser:option("--workers", "pictures at a time (one for each processor)"):argname("N"):convert(number("--workers", 1, true))
  parser:option("--shards", "divide the run into so many shards, for many machines"):argname("N"):convert(number("--shards", 1, true))
  parser:option("--shard", "make this one of --shards here, in a part run of its own"):argname("I"):convert(number("--shard", 1, true))
  parser:flag("--merge", "bring the part runs back into the run, and say which shards are not finished")
  parser:flag("--slurm", "hand the shards to Slurm as an array job, follow it, bring them together; again = go on")
  parser:option("--slurm-options", "options for sbatch, in one word"):argname "'OPTIONS'"
  parser:epilog("Masters are only read. Turned upright by EXIF, eight bits, on white where they are transparent; resolution,\n" ..
    "EXIF, IPTC and XMP stay. A master of several pages becomes NAME_0001, NAME_0002 …\n" ..
    "  almanac derive /scans/maps --to /derivatives/maps -o maps.derive --long-edge 3000\n" ..
    "  almanac derive maps.derive          goes on, and tries again what failed\n" ..
    "  almanac verify maps.derive          looks at all of it again\n" ..
    "Many machines need the same folders at the same paths (lua/almanac/derive/MANY.md):\n" ..
    "  almanac derive /scans/maps --to /derivatives/maps -o /share/maps.derive --slurm --slurm-options '--cpus-per-task=4'\n" ..
    "  parallel -S a,b almanac derive /share/maps.derive --shards 8 --shard {} ::: 1 2 3 4 5 6 7 8\n" ..
    "  almanac derive /share/maps.derive --merge\n" ..
    "Exit status: 0 all is made, 1 nothing was started, 2 some masters failed, 75 stopped early or shards not finished.")
end

-- A folder that is not there yet has no real path, but its parent has.
local function absolute(path)
  local real = core.files.real_path(path)
  if real then return real end
  local parent, name = path:gsub("/+$", ""):match "^(.-)/?([^/]+)$"
  real = core.files.real_path(parent == "" and (path:find "^/" and "/" or ".") or parent)
  return real and real .. "/" .. name
end

local function order_of(args)
  if not args.to or not args.output then
    return nil, "name the folder for the derivatives and the run file to write: --to FOLDER -o RUN"
  end
  local masters, message, code = core.files.real_path(args.masters)
  if not masters then return nil, message, code end
  local to = absolute(args.to)
  if not to then return nil, ("--to: %s can't be made, its parent is not there"):format(args.to), "missing" end
  if (args.quality or 90) > 100 then return nil, "--quality: 100 at most" end
  if (args.long_edge or 1) > LARGEST_EDGE then return nil, ("--long-edge: %d at most"):format(LARGEST_EDGE) end
  return { output = args.output, masters = masters, to = to, pages = args.pages, exclude = args.exclude,
    endings = args.endings or require("almanac.derive.names").MASTERS,
    options = { format = args.format, quality = args.quality or 90, long_edge = args.long_edge,
      keep_profile = args.keep_profile or nil } }
end

local NEW_ONLY = { "to", "output", "quality", "long_edge", "keep_profile", "endings" }

-- Opens the run that goes on, or makes a new one.
local function open(args, out)
  local derive = require "almanac.derive"
  local stat, message, code = core.files.stat(args.masters)
  if not stat then return nil, message, code end
  if stat.kind ~= "file" then
    local order
    order, message, code = order_of(args)
    if not order then return nil, message, code end
    local db, others
    db, others, code = derive.create(order)
    if not db then return nil, others, code end
    if others > 0 then out.note(("%s in the folder that are no masters"):format(words.count(others, "other file"))) end
    return db, args.output
  end
  for _, name in ipairs(NEW_ONLY) do
    if args[name] then
      return nil, ("%s goes on as it was begun: leave out --%s, or begin a new run"):format(args.masters, (name:gsub("_", "-")))
    end
  end
  local db
  db, message, code = store.open(args.masters, "write", true)
  if db and not store.derives(db) then
    db:close()
    return nil, ("%s is no run of derivatives"):format(args.masters), "conflict"
  end
  return db, db and args.masters or message, code
end

-- Makes the run of an open run file; `label` says what progress counts.
local function at_hand(db, workers, out, label, total)
  local run = require("almanac.derive").settings(db)
  local progress = out.progress(label, total)
  run.db, run.workers, run.journal, run.progress = db, workers, journal.new(db), progress
  run.on = { finish = function(path, ok, text)
    progress:finish(not ok)
    out.event("picture", { path = path, ok = ok, message = text })
    if not ok then out.note(("%s: %s"):format(path, text)) end
  end }
  return run
end

---Looks again at what a run of derivatives made: `almanac verify`.
---@param db table
---@param out table almanac.cli.out
---@return integer|nil status
---@return string? message
---@return string? code
function m.verify(db, out)
  local workers <close>, message, code = require("almanac.pictures").open()
  if not workers then return nil, message, code end
  local run = at_hand(db, workers, out, "pictures verified", require("almanac.derive").counts(db).derivatives)
  local _ <close> = run.journal
  local counts = require("almanac.derive.verify").run(run)
  run.progress:close()
  out.event("verified", { verified = counts.right, differs = counts.wrong })
  out.say(("verified %s; %d differ"):format(words.count(counts.right, "picture"), counts.wrong))
  if store.meta(db, "shards") then
    out.note "what is in parts of the run was not looked at; bring them together with:  almanac derive RUN --merge"
  end
  return counts.wrong > 0 and 2 or 0
end

-- Makes what is not made of a run, or of a part of one.
local function make(db, workers, out, again)
  local derive = require "almanac.derive"
  local run = at_hand(db, workers, out, "masters", derive.total(db))
  local _ <close> = run.journal
  local ok, message = derive.run(run)
  run.progress:close()
  if not ok then
    out.fail(message)
    return STOPPED
  end
  return require("almanac.cli.derive.told").counts(out, derive.counts(db), again)
end

local function here(args, out)
  local workers <close>, message, code = require("almanac.pictures").open { workers = args.workers }
  if not workers then return nil, message, code end
  local db <close>, path, kind = open(args, out)
  if not db then return nil, path, kind end
  local ok
  ok, message, code = require("almanac.cli.derive.shards").take_back(db, path, out)
  if not ok then return nil, message, code end
  return make(db, workers, out, "almanac derive " .. shell.word(path))
end

-- Options of the ways to work on many machines; each way goes with some of the others.
local function check_many(args)
  if args.shard and not args.shards then return nil, "--shard: say of how many, with --shards N" end
  if args.shard and args.shard > args.shards then return nil, ("--shard: there are %d, from 1 on"):format(args.shards) end
  if args.slurm_options and not args.slurm then return nil, "--slurm-options goes with --slurm" end
  local ways = (args.shard and 1 or 0) + (args.merge and 1 or 0) + (args.slurm and 1 or 0)
  if ways > 1 or args.merge and args.shards then return nil, "--shard, --slurm and --merge: one at a time" end
  return true
end

function m.run(args, context)
  local out = context.out
  local ok, wrong = check_many(args)
  if not ok then return nil, wrong end
  if args.shard then return require("almanac.cli.derive.shards").one(args, out, make) end
  if args.slurm then return require("almanac.cli.derive.slurm").run(args, out, open) end
  if args.shards or args.merge then return require("almanac.cli.derive.shards").all(args, out, open) end
  return here(args, out)
end

return m
