-- What a round throws at the client: kills, faults of the rehearsal, or both.
-- The dice decide; a kind of round always has what it is named after.
local m = {}

local WRITES = { "POST representations", "POST files" }
local OF_WRITES = { "500", "500after", "reset", "lost", "late=0.2", "late=0.5", "cut", "stall=0.3", "429", "html", "type" }
local OF_READS = { "500", "reset", "cut", "stall=0.3", "429", "html", "type" }
local OF_S3 = { "500", "500after", "reset", "lost", "late=0.2", "cut", "stall=0.3", "429", "html" }
local OF_PARTS = { "s3.complete=%s:in200", "s3.complete=%s:lost", "s3.part=%s:429", "s3.part=%s:reset", "s3.create=%s:500" }

local function rate(random)
  return ("%.2f"):format(random(3, 20) / 100)
end

local function pick(random, list)
  return list[random(1, #list)]
end

local function of_api(random, count)
  local rules = {}
  for i = 1, count do
    local write = random(1, 3) > 1
    rules[i] = ("%s=%s:%s"):format(write and pick(random, WRITES) or "GET", rate(random),
      pick(random, write and OF_WRITES or OF_READS))
  end
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

-- Each takes the dice and gives what is special about the round.
local kinds = {
  kills = function(random) return { kills = random(3, 10) } end,
  answers = function(random) return { rules = of_api(random, random(2, 4)) } end,
  bucket = function(random) return { keys = true, parts = random(1, 2) == 1, rules = of_bucket(random, random(2, 4), true) } end,
  both = function(random) return { kills = random(2, 6), rules = of_api(random, 3), undo_too = true } end,
  all = function(random)
    local rules = of_api(random, 2)
    table.move(of_bucket(random, 2, false), 1, 2, #rules + 1, rules)
    table.insert(rules, "POST collections=0.1:lost")
    return { kills = random(2, 5), rules = rules, undo_too = true, collection = true }
  end,
  restarts = function(random) return { restarts = random(1, 3), kills = random(0, 3) } end,
  rivals = function(random)
    return { rivals = true, kills = random(0, 3),
      rules = { "POST representations=0.1:rival", "POST representations=0.1:lost", "POST representations=0.1:500",
        "POST files=0.1:lost" } }
  end,
  commits = function() return { commits = true, titles = 5 } end,
  -- for the spec of the harness
  blind = function()
    return { rules = { "POST representations=0.4:lost", "POST files=0.2:lost" } }
  end,
}

m.names = { "kills", "answers", "bucket", "both", "restarts", "all", "rivals", "commits" }

---The fate of a round.
---@param name string one of `names`
---@param random fun(from: integer, to: integer): integer
---@return table fate kills, restarts, commits, rules, rivals, keys, parts, titles, collection, undo_too
function m.of(name, random)
  local fate = kinds[name](random)
  fate.name, fate.titles, fate.kills, fate.rules = name, fate.titles or 40, fate.kills or 0, fate.rules or {}
  if fate.keys == nil then fate.keys = random(1, 2) == 1 end
  return fate
end

return m
