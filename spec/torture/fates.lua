-- What a round throws at the client: kills, faults of the rehearsal, or both.
-- The dice decide; a kind of round always has what it is named after.
local copies = require "torture.copies"
local filled = require "torture.filled"
local halves = require "torture.halves"
local scripts = require "torture.scripts"
local twins = require "torture.twins"

local m = {}

local OF_WRITES = { "500", "500after", "reset", "lost", "late=0.2", "late=0.5", "cut", "stall=0.3", "429", "html", "type", "gone" }
local OF_READS = { "500", "reset", "cut", "stall=0.3", "429", "html", "type" }
local OF_S3 = { "500", "500after", "reset", "lost", "late=0.2", "cut", "stall=0.3", "429", "html" }
local OF_PARTS = { "s3.complete=%s:in200", "s3.complete=%s:lost", "s3.part=%s:429", "s3.part=%s:reset", "s3.create=%s:500" }

local function rate(random)
  return ("%.2f"):format(random(3, 20) / 100)
end

local function pick(random, list)
  return list[random(1, #list)]
end

-- An upload can be gone only before a file is made of it.
local function of_write(random, writes)
  local place, kind = pick(random, writes), pick(random, OF_WRITES)
  if kind == "gone" and place ~= "POST files" then kind = "lost" end
  return ("%s=%s:%s"):format(place, rate(random), kind)
end

local function of_read(random)
  return ("GET=%s:%s"):format(rate(random), pick(random, OF_READS))
end

local function of_api(random, count, writes)
  local rules = {}
  for i = 1, count do rules[i] = random(1, 3) > 1 and of_write(random, writes) or of_read(random) end
  return rules
end

-- An object that is cut short in the bucket can be seen only with AWS keys; with
-- the upload form the size that Alma gives shows it, and the title asks.
local function of_bucket(random, count, parts)
  local rules = {}
  for i = 1, count do
    if parts and random(1, 3) == 1 then
      rules[i] = ("PUT s3.object=%s:short"):format(rate(random))
    elseif parts and random(1, 2) == 1 then
      rules[i] = "* " .. pick(random, OF_PARTS):format(rate(random))
    else
      rules[i] = ("* s3=%s:%s"):format(rate(random), pick(random, OF_S3))
    end
  end
  return rules
end

-- As long as users may see it, many at once: the client waits. Which calls
-- they are differs, so that any step is met.
local function of_thirty_seconds(random, writes)
  local rules = { ("GET=@%d:stall=30"):format(random(10, 50)), ("* s3=@%d:stall=30"):format(random(3, 80)) }
  for _, place in ipairs(writes) do
    rules[#rules + 1] = ("%s=@%d:stall=30"):format(place, random(1, 40))
  end
  return rules
end

-- Longer than the client waits: it gives up, and two seconds later it happens.
local function of_given_up(random, writes)
  local rules = { "GET=0.03:stall=3", "* s3=0.03:stall=3" }
  for _, place in ipairs(writes) do rules[#rules + 1] = ("%s=%s:stall=3"):format(place, rate(random)) end
  return rules
end

-- Answers that are lost, of whatever is written.
local function of_lost(writes)
  local rules = {}
  for _, place in ipairs(writes) do rules[#rules + 1] = place .. "=0.3:lost" end
  return rules
end

local function each_write(random, writes, kinds)
  local rules = {}
  for _, place in ipairs(writes) do rules[#rules + 1] = ("%s=%s:%s"):format(place, rate(random), pick(random, kinds)) end
  return rules
end

-- A gateway that gives up long before Alma is ready.
local function of_slow(random, writes)
  local seconds = random(3, 20) / 10
  -- Whoever is killed sends again what is not there after --settle; nobody else does.
  local kills = random(0, 3)
  return { titles = 12, kills = kills, settle = kills > 0 and seconds + 0.5 or nil, rules = of_api(random, 1, writes),
    late = 2 * seconds + 0.2, latency = ("gateway=%.2f,file=%.1f%s%s"):format(random(5, 12) / 100, seconds,
      pick(random, { ",move=begin", ",move=end", "" }), pick(random, { "", ",representation=" .. seconds })) }
end

-- Whoever looks does so until long after a list can lag, as users' --settle is.
local function of_lag(random, writes)
  local seconds = random(1, 6) / 10
  return { titles = 12, kills = random(0, 3), settle = 6 * seconds + 0.5, rules = of_api(random, 2, writes), latency = "lag=" .. seconds,
    late = seconds + 0.8 }
end

-- Seconds between two people: mostly as long as a title takes, now and then up to five.
local function seconds_apart(random)
  if random(1, 8) == 1 then return random(0, 5000) / 1000 end
  return random(0, 10) * random(0, 10) / 100
end

local function of_twins(random)
  return { titles = 4, rules = {}, settle = 10, go = twins.go,
    twins = { machines = random(1, 2), apart = seconds_apart(random), kills = random(1, 4) == 1 and random(1, 2) or 0,
      latency = pick(random, { "0", "0.02,file=0.1,representation=0.05", "0.08,file=0.3,representation=0.3" }) } }
end

local function writes_any(change, place)
  for _, write in ipairs(change.writes) do
    if write == place then return true end
  end
  return false
end

-- A script makes things; the change of the round is none of its business.
local function of_scripts(random)
  local rules = {}
  for i = 1, random(3, 8) do
    rules[i] = ("%s=%.2f:%s"):format(pick(random, scripts.WRITES), random(10, 60) / 100, pick(random, OF_WRITES))
  end
  rules[#rules + 1] = random(1, 2) == 1 and of_read(random) or nil
  return { titles = random(2, 4), kills = random(1, 4), restarts = random(0, 2), rules = rules, go = scripts.go, settle = 8,
    latency = pick(random, { "representation=0.05,file=0.05", "lag=0.2", "lag=1" }) }
end

-- Each takes the dice and the calls that write, and gives what is special about the round. `goes`: a round goes its own way,
-- which a change that has one of its own does not fit; so do merges, which change what others look for.
local kinds = {
  { name = "kills", about = "SIGKILL at random moments, then the same command again",
    of = function(random) return { kills = random(3, 10) } end },
  { name = "answers", about = "faults of the API: lost, cut, late, 500, 429, HTML, vanished uploads; stalls of 0.3 s",
    of = function(random, writes) return { rules = of_api(random, random(2, 4), writes) } end },
  { name = "bucket", about = "faults of S3, SlowDown, errors inside a 200, objects cut short",
    of = function(random)
      return { keys = true, parts = random(1, 2) == 1, rules = of_bucket(random, random(2, 4), true) }
    end },
  { name = "both", about = "faults of the API and SIGKILL",
    of = function(random, writes) return { kills = random(2, 6), rules = of_api(random, 3, writes) } end },
  { name = "restarts", about = "the rehearsal ends and starts again in the middle; SIGKILL",
    of = function(random) return { restarts = random(1, 3), kills = random(0, 3) } end },
  { name = "all", about = "faults of API and S3, SIGKILL, a collection",
    of = function(random, writes)
      local rules = of_api(random, 2, writes)
      table.move(of_bucket(random, 2, false), 1, 2, #rules + 1, rules)
      table.insert(rules, "POST collections=0.1:lost")
      return { kills = random(2, 5), rules = rules, collection = true }
    end },
  { name = "rivals", about = "somebody else adds representations at the same moment",
    fits = function(change) return change.rivals == true end,
    of = function(random)
      return { rivals = true, kills = random(0, 3),
        rules = { "POST representations=0.1:rival", "POST representations=0.1:lost", "POST representations=0.1:500",
          "POST files=0.1:lost" } }
    end },
  { name = "filled", goes = true,
    about = "somebody puts a file into a representation just made, and the answer is lost; SIGKILL",
    -- A remote representation takes no files, whoever sends them.
    fits = function(change) return writes_any(change, "POST representations") and writes_any(change, "POST files") end,
    of = function(random)
      return { kills = random(0, 4), rules = { ("POST representations=%s:filled"):format(rate(random)) }, titles = 20,
        go = filled.go, decides = true }
    end },
  { name = "hostile", about = "answers that no Alma gives, of any call; SIGKILL; 20 titles",
    of = function(random)
      return { titles = 20, kills = random(0, 3), hostile = true, rules = { ("*=%.3f:hostile"):format(random(5, 60) / 1000) } }
    end },
  { name = "moved", about = "SIGKILL, then the run file without its log; the image folder is not mounted at first",
    of = function(random) return { moves = true, kills = random(3, 8) } end },
  { name = "copies", goes = true,
    about = "the run goes on, and an older copy of its file is verified, applied, taken back; SIGKILL; 12 titles",
    of = function(random)
      return { titles = 12, kills = random(0, 3), copy = pick(random, { "rest", "log", "part" }), go = copies.go, decides = true }
    end },
  { name = "commits", about = "SIGKILL at every commit of the run file in turn; 5 titles",
    of = function() return { commits = true, titles = 5 } end },
  { name = "undo", goes = true,
    about = "apply is killed for good at some commit, then undo at every commit in turn; 4 titles of 3 to 5 pages",
    of = function() return { titles = 4, pages = 3, go = halves.go } end },
  { name = "twins", goes = true,
    about = "two people apply the same titles, 0 to 5 s apart, on one machine or on two; 4 titles", of = of_twins },
  { name = "scripts", goes = true, about = "a script of `almanac exec` makes one of each thing with the library's create functions;\n" ..
      "            SIGKILL, restarts, faults of the API; it is run again until all is there, once; 2 to 4 titles", of = of_scripts },
  { name = "stalls", seldom = true, about = "every 20th round: stalls of real 30 s, the time-outs as users have them\n" ..
      "            (90 s); or of 3 s, which is longer than the client waits then (1 s)",
    of = function(random, writes)
      if random(1, 2) == 1 then return { rules = of_thirty_seconds(random, writes) } end
      -- What was given up happens two seconds later, within the time that Alma is given.
      return { rules = of_given_up(random, writes), patience = 1, settle = 3, late = 3 }
    end },
  { name = "slow", about = "a gateway gives up (504) while Alma goes on for 0.3 to 2 s; SIGKILL; 12 titles", of = of_slow },
  { name = "lag", about = "lists lag 0.1 to 0.6 s behind; faults of the API, SIGKILL; 12 titles", of = of_lag },
  { name = "merge", goes = true, about = "titles are merged into others just before calls that write; SIGKILL",
    of = function(random, writes)
      return { merges = true, kills = random(0, 3), rules = each_write(random, writes, { "merge" }) }
    end },
  { name = "relabel", about = "Alma stores other labels and file names than were sent; SIGKILL",
    of = function(random, writes)
      local rules = each_write(random, writes, { "relabel", "relabel", "rename" })
      table.insert(rules, "POST files=0.1:lost")
      return { kills = random(0, 3), rules = rules }
    end },
  { name = "lost", seldom = true, about = "answers of writes are lost, and SIGKILL: for the spec of this harness",
    of = function(_, writes) return { rules = of_lost(writes), kills = 3, keys = true } end },
}

local SELDOM = 20   -- every so many rounds there is one of stalls: it lasts a minute

---The kinds of rounds, for people.
---@return { name: string, about: string }[]
function m.kinds() return kinds end

local function kind_of(name)
  for _, kind in ipairs(kinds) do
    if kind.name == name then return kind end
  end
end

---Whether there is such a kind.
m.exists = function(name) return kind_of(name) ~= nil end

---Whether a round of a kind can be about a change.
---@param name string of the kind
---@param change torture.change
---@return boolean
function m.fits(name, change)
  local kind = kind_of(name)
  return not (kind.goes and change.go) and (not kind.fits or kind.fits(change))
end

---The kind of the round with this number.
---@param i integer
---@return string name
function m.in_turn(i)
  if i % SELDOM == 0 then return "stalls" end
  local usual = {}
  for _, kind in ipairs(kinds) do
    if not kind.seldom then usual[#usual + 1] = kind.name end
  end
  return usual[(i - 1) % #usual + 1]
end

-- Seconds after which nothing that a fault put off is under way.
local function late(fate)
  if fate.late then return fate.late end
  return table.concat(fate.rules):find "late" and 0.8 or 0
end

---The fate of a round.
---@param name string
---@param random fun(from: integer, to: integer): integer
---@param writes string[] the calls that write
---@return table fate kills, restarts, commits, rules, rivals, merges, twins, keys, parts, titles, collection, late,
---  latency: words of --latency besides the round's own;
---  patience: the client's time-outs in seconds, when not as users have them; settle: seconds
function m.of(name, random, writes)
  local fate = kind_of(name).of(random, writes)
  fate.name, fate.titles, fate.kills, fate.rules = name, fate.titles or 40, fate.kills or 0, fate.rules or {}
  if fate.keys == nil then fate.keys = random(1, 2) == 1 end
  fate.late, fate.settle = late(fate), fate.settle or 0.1
  return fate
end

return m
