-- The world of a rehearsal: one institution with its database, its object files, its clock and
-- its numbers. Every other module of the rehearsal gets this table as its first argument.
local core = require "almanac.core"
local blobs = require "almanac.rehearsal.world.blobs"
local lag = require "almanac.rehearsal.world.lag"
local schema = require "almanac.rehearsal.world.schema"

local m = {}

local VERSION = 3
local methods = {}
local meta = { __index = methods }

local function open_database(options)
  local path = options.state or ":memory:"
  local fresh = not options.state or not core.files.stat(path)
  local db, message, code = core.runfile.open(path, {
    mode = fresh and "create" or "write", kind = "rehearsal", version = VERSION,
    schema = fresh and schema or nil, safe = false,
  })
  return db, fresh or message, code
end

-- These values are decided once, when the state is made.
local function settle(world, options)
  local function meta_value(key, first)
    if not world:note(key) then world:set_note(key, first) end
    return world:note(key)
  end
  world.inst = meta_value("institution", options.institution or "01REHEARSAL_INST")
  world.own_secret = meta_value("secret", core.text.hex(core.hash.random(20)))
  world.number = math.tointeger(tonumber(meta_value("serial", "27193000")))
  world.suffix = world:note "suffix"
end

-- Two key pairs may talk to S3: the library's, and Alma's own.
local function aws_keys(world, options)
  world.own_key = "REHEARSALALMAOWN"
  return {
    [world.own_key] = { secret = world.own_secret },
    [options.access_key or "REHEARSALACCESSKEY"] = {
      secret = options.secret_key or "rehearsal-secret", token = options.session_token,
    },
  }
end

-- Alma's documentation has `production` in one place, SANDBOX in another, and no list of words.
local function environment_of(options)
  if options.environment == "none" then return nil end
  return options.environment or "SANDBOX"
end

---@param options table see almanac.rehearsal
---@return table|nil world; `fresh` in it says that it is still empty
---@return string? message, string? code
function m.open(options)
  local db, fresh, code = open_database(options)
  if not db then return nil, fresh, code end
  local world = setmetatable({
    db = db, fresh = fresh == true, options = options, discarded = {},
    name = "Rehearsal Library", region = options.region or "us-east-1",
    bucket = options.bucket or "rehearsal-st01.ext.exlibrisgroup.com",
    environment = environment_of(options),
  }, meta)
  settle(world, options)
  lag.open(world)
  world.aws = aws_keys(world, options)
  local message
  world.blobs, message, code = blobs.open(options.state and options.state .. ".objects")
  if not world.blobs then return nil, message, code end
  world:sweep()
  return world
end

---Removes contents that no row names. A rehearsal that is killed between storing a content and its row leaves such.
function methods:sweep()
  if self.fresh then return end
  self.blobs:sweep(function(name)
    return self.db:value([[SELECT 1 FROM object WHERE blob = ?1 UNION ALL SELECT 1 FROM file WHERE blob = ?1
      UNION ALL SELECT 1 FROM part WHERE blob = ?1]], name)
  end)
end

---@return number seconds since 1970, by the rehearsal's clock
function methods:time()
  return core.sys.time() + (self.options.clock or 0)
end

---@return string date as Alma writes it: 2018-09-05Z
function methods:today()
  return os.date("!%Y-%m-%dZ", math.floor(self:time())) --[[@as string]]
end

---The ending that all ids of the institution share.
---@param digits string
function methods:set_suffix(digits)
  self.suffix = digits
  self:set_note("suffix", digits)
end

---The institution's code; kept with the state.
---@param code string
function methods:set_institution(code)
  self.inst = code
  self:set_note("institution", code)
end

---A new id: kind, number, the institution's suffix, as in 122719344170003941.
---@param prefix string 12 local representation, 32 remote, 13 file, 22 holding, 23 item, 81 collection, 99 bib
---@return string
function methods:id(prefix)
  self.number = self.number + 1
  if not self.bulk then self:save_number() end
  return ("%s%09d000%s"):format(prefix, self.number * 10, self.suffix)
end

---An id that a list, record or run file gives, or a new one. New ones stay clear of those that were given: a run file
---may come from a rehearsal that counted as this one does.
---@param given string?
---@param prefix string as of id
---@return string id
function methods:given_id(given, prefix)
  if not given then return self:id(prefix) end
  local number = #given == 18 and tonumber(given:sub(3, 11)) or 0
  if number // 10 > self.number and given:sub(12) == "000" .. (self.suffix or "") then
    self.number = math.tointeger(number // 10)
    if not self.bulk then self:save_number() end
  end
  return given
end

---Keeps the number of the last id, so that none is given twice.
function methods:save_number()
  self.db:run("UPDATE meta SET value = ? WHERE key = 'serial'", tostring(self.number))
end

---The path at which Alma keeps a file: sixteen pairs of hex digits, then the file's name.
---@param pid string
---@param name string
---@return string key
function methods:storage_path(pid, name)
  local pairs_of_hex = core.hash.md5(self.inst .. pid):upper():gsub("..", "%0/")
  return self.inst .. "/storage/alma/" .. pairs_of_hex .. name
end

---A value that is kept beside the collection.
---@param key string
---@return string?
function methods:note(key)
  return self.db:value("SELECT value FROM meta WHERE key = ?", key)
end

---@param key string
---@param value any
function methods:set_note(key, value)
  self.db:run("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", key, tostring(value))
end

---Marks a content that no row names any more; it is removed once the change is committed.
---@param blob string?
function methods:discard(blob)
  if not blob then return end
  table.insert(self.discarded, blob)
  if not self.db:in_transaction() then self:remove_discarded() end
end

---Removes the contents that were marked.
function methods:remove_discarded()
  for _, blob in ipairs(self.discarded) do self.blobs:remove(blob) end
  self.discarded = {}
end

---Runs `change` in one transaction: all of it is kept, or nothing.
---@param change fun(...): any
---@return any ... what it returned
function methods:atomically(change, ...)
  if self.db:in_transaction() then return change(...) end
  assert(self.db:begin())
  local results = table.pack(pcall(change, ...))
  if not results[1] then
    self.db:rollback()
    self.discarded = {}
    error(results[2], 0)
  end
  assert(self.db:commit())
  self:remove_discarded()
  return table.unpack(results, 2, results.n)
end

---Loads many rows at once.
---@param load fun(...): any
---@return any ...
function methods:in_bulk(load, ...)
  self.bulk = true
  return self:atomically(function(...)
    local results = table.pack(load(...))
    self.bulk = nil
    self:save_number()
    return table.unpack(results, 1, results.n)
  end, ...)
end

---@param path string below /almaws/v1
---@return string url
function methods:link(path)
  return "http://" .. self.host .. "/almaws/v1" .. path
end

---Closes the database and removes what is not to be kept.
function methods:close()
  self.db:close()
  self.blobs:close()
end

return m
