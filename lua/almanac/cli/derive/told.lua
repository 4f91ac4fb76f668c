-- What is said of a run of derivatives at its end, on one machine or many.
local derive = require "almanac.derive"
local parts = require "almanac.derive.parts"
local shell = require "almanac.shell"
local words = require "almanac.words"

local m = {}

local STOPPED = 75
local MOST = 20      -- shards that are told one by one

---The command that goes on with a shard.
---@param path string
---@param shards integer
---@param shard integer|string
---@return string
function m.command(path, shards, shard)
  return ("almanac derive %s --shards %d --shard %s"):format(shell.word(path), shards, shard)
end

local function sum(out, counts)
  out.event("derived", counts)
  out.say(("%s of %s have derivatives: %s, %s (masters %s)"):format(words.count(counts.done, "master"), counts.masters,
    words.count(counts.derivatives, "picture"), words.bytes(counts.made), words.bytes(counts.bytes)))
end

---Tells what a run made, and how it goes on.
---@param out table almanac.cli.out
---@param counts table of almanac.derive
---@param again string the command that goes on
---@return integer status
function m.counts(out, counts, again)
  sum(out, counts)
  if counts.failed > 0 then
    out.say(("%s; what is wrong stands above. Put better files in their place, and go on with:  %s"):format(
      words.count(counts.failed, "master failed", "masters failed"), again))
  elseif counts.done < counts.masters then
    out.say(("%d are not made yet; go on with:  %s"):format(counts.masters - counts.done, again))
  end
  return counts.done < counts.masters and 2 or 0
end

---Tells what parts brought along.
---@param out table
---@param told table of almanac.derive.merge
function m.merged(out, told)
  for _, failure in ipairs(told.failed) do
    out.event("picture", { path = failure.path, ok = false, message = failure.message })
    out.note(("%s: %s"):format(failure.path, failure.message))
  end
  for _, path in ipairs(told.twice) do
    out.note(("%s: two shards made its derivatives, and not alike; the run knows those that stand in the folder"):format(path))
  end
end

local function why_of(told)
  local why = {}
  for _, entry in ipairs(told.left) do why[entry.shard] = entry.message end
  return why
end

local function open_shards(db, shards, why)
  local list, left = {}, parts.left(db, shards)
  for shard = 1, shards do
    local open = left[shard] and left[shard].open or 0
    if open > 0 or why[shard] then list[#list + 1] = { shard = shard, open = open, message = why[shard] } end
  end
  return list
end

-- Tells the shards that are not finished; true when there are some.
local function tell_shards(out, run, told, ends)
  local shards = parts.shards(run.db)
  local list = shards and open_shards(run.db, shards, why_of(told)) or {}
  for i, entry in ipairs(list) do
    local message = entry.message or ends and ends[entry.shard]
    out.event("shard", { shard = entry.shard, shards = shards, left = entry.open, message = message })
    if i <= MOST then
      out.say(("shard %d of %d: %s not made yet%s"):format(entry.shard, shards, words.count(entry.open, "master is", "masters are"),
        message and "; " .. message or ""))
    end
  end
  if #list > MOST then out.say(("and %d more shards"):format(#list - MOST)) end
  return list[1] ~= nil
end

---Tells all of a run whose parts were brought together.
---@param out table
---@param run { db: table, path: string }
---@param told table of almanac.derive.merge
---@param again string the command that goes on with the shards that are not finished
---@param ends table<integer, string>? how their machines ended, by shard
---@return integer status
function m.together(out, run, told, again, ends)
  m.merged(out, told)
  local counts = derive.counts(run.db)
  if not tell_shards(out, run, told, ends) then return m.counts(out, counts, "almanac derive " .. shell.word(run.path)) end
  sum(out, counts)
  out.say("only these shards are to be run again:  " .. again)
  return STOPPED
end

return m
