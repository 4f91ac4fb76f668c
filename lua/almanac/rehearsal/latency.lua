-- Reads --latency: how long things take, as in 0.3,file=3,s3=0.05. A call takes effect after
-- half of its time, so whoever gives up or is killed meanwhile can't know whether it did.
-- Behind a gateway that gives up, the effect comes at the end.
local lag = require "almanac.rehearsal.world.lag"
local words = require "almanac.rehearsal.world.words"

local m = {}

local methods = {}
local meta = { __index = methods }

local LARGE = 100e6   -- bytes; a file POST takes `file` once more for so many
local JOB = 2         -- seconds

---The words of --latency and what each means, for --help.
m.words = {
  { "SECONDS", "a call" },
  { "file=SECONDS", "a file POST, as long again per 100 MB of the file" },
  { "representation=SECONDS", "a representation POST" },
  { "s3=SECONDS", "a request to S3" },
  { "job=SECONDS", "how long a job runs (2)" },
  { "gateway=SECONDS", "what takes longer is answered 504 then, and Alma goes on to its end" },
  { "move=begin|end", "behind a 504, upload/ loses the object as work begins or ends (or in turn)" },
  { "lag=SECONDS", "lists of representations, files and members know so late what came and went" },
}

local NUMBERS = { job = true, lag = true, call = true, file = true, representation = true, s3 = true, gateway = true }

local function set(self, text)
  local name, value = text:match "^%s*(%a%w*)=(%S+)%s*$"
  if name == "move" and (value == "begin" or value == "end") then
    self.move = value
    return true
  end
  local number = tonumber(value or text)
  if not number or number < 0 or not NUMBERS[name or "call"] then return false end
  self[name or "call"] = number
  return true
end

---@param spec string|nil
---@return table|nil latency { call, file, representation, s3, job, lag, gateway? } in seconds
---@return string? message
function m.parse(spec)
  local self = setmetatable({ call = 0, s3 = 0, lag = 0, moves = 0, job = JOB }, meta)
  local ok, message = words.read("--latency", m.words, spec, function(text) return set(self, text) end)
  if not ok then return nil, message end
  self.file, self.representation = self.file or self.call, self.representation or self.call
  return self
end

---Tells the world what takes time in it.
---@param self table
---@param world table
function m.apply(self, world)
  lag.set(world, self.lag)
  world.lag_seconds, world.job_seconds = self.lag, self.job
end

---Seconds that a file POST of `size` bytes takes.
---@param size integer
---@return number
function methods:of_file(size)
  return self.file * (1 + size / LARGE)
end

---True when the next upload leaves upload/ at the beginning of the work.
---@return boolean
function methods:moves_first()
  if self.move then return self.move == "begin" end
  self.moves = self.moves + 1
  return self.moves % 2 == 1
end

return m
