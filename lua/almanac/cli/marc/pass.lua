-- Goes once over the records of the files on the command line. Handles --from, --where and --limit,
-- progress, Ctrl-C, and what can't be read: files without records, broken records. Those are told
-- and left out.
local core = require "almanac.core"
local words = require "almanac.words"

local m = {}

local EVERY = 512   -- records between two looks at Ctrl-C and the clock
local TOLD = 20     -- broken records of a file that are told one by one

---@class almanac.cli.marc.pass
---@field name string the file that is read now, as messages name it
---@field path string the same, of an archive with the file in it that the record is from
---@field seen integer records read
---@field taken integer records that were wanted
---@field damaged integer those of them that have problems
---@field failed integer files that could not be read, or not to their end, and broken records
---@field opened integer files with records
local methods = {}

-- The bytes of all files together; nil when they are not known, as for a pipe.
local function total_size(files)
  local total = 0
  for _, path in ipairs(files) do
    local stat = path ~= "-" and core.files.stat(path)
    if not stat then return nil end
    total = total + stat.size
  end
  return total
end

-- Progress is shown only where it does not mix with results on the terminal.
local function new_progress(args, out)
  if args.quiet or not core.sys.is_terminal(2) then return nil end
  if core.sys.is_terminal(1) and not args.output then return nil end
  return out.progress(args.action, total_size(args.files))
end

local function show_progress(self, reader)
  local done = self.before + reader:progress()
  self.progress:reach(done, words.count((self.pass:counts()), "record"))
end

-- A reader that knows only bytes does not name the file, so its name is added. A reader that Ctrl-C
-- ended needs no message.
local function tell(self, path, message, code)
  self.stopped = code == "cancelled"
  if self.stopped then return end
  self.failed = self.failed + 1
  if not message:find(path, 1, true) then message = path .. ": " .. message end
  self.out.fail(message)
end

-- A broken record is told as long as there are few of them.
local function tell_broken(self, message)
  self.broken = self.broken + 1
  if self.broken <= TOLD then return tell(self, self.name, message) end
  self.failed = self.failed + 1
end

-- What is behind the last record: more broken ones than were told, or that there was no record.
local function tell_rest(self, message, code)
  local none = self.seen == self.pass:counts() and not self.pass:full()
  if self.broken > TOLD then
    self.out.fail(("%s: %s more can't be read"):format(self.name, words.count(self.broken - TOLD, "record")))
  end
  if none and self.broken == 0 and not self.stopped and (message == nil or code == "parse") then
    local why = message and " (" .. message:gsub("^" .. self.name:gsub("%p", "%%%0") .. ": ", "") .. ")" or ""
    message = self.name .. " holds no MARC records" .. why
  end
  if message then tell(self, self.name, message, code) end
  if not none then self.opened = self.opened + 1 end
  return none
end

local function tell_passed(self, reader, none)
  local passed = reader:passed()
  if passed == 0 or none or self.stopped then return end
  self.out.note(("%s: %s in it without MARC records"):format(self.name, words.count(passed, "file")))
end

-- Is called every few hundred records, and returns false when Ctrl-C was pressed.
local function look(self, reader)
  if self.progress then show_progress(self, reader) end
  self.stopped = core.sys.interrupts() > 0
  return not self.stopped
end

-- Reads records until the end, and gives what ended it. Returns false when no further record is wanted.
local function read(self, reader, take)
  local pass, n = self.pass, 0
  while true do
    local record, message, code, more = pass:next(reader)
    if more then
      tell_broken(self, message)
    elseif record == nil then
      return true, message, code
    end
    n = n + 1
    if (n % EVERY == 0 or not record) and not look(self, reader) then return false end
    if record then self.path = reader:source() end
    if record and not take(record, self) then return false end
  end
end

-- Reads rows of values, many at a time, and otherwise does the same.
local function read_rows(self, reader, take)
  while true do
    local text, more, message, code = self.pass:rows(reader)
    if text ~= "" and not take(text, self) then return false end
    if not more then return true, message, code end
    if message then tell_broken(self, message) end
    if not look(self, reader) then return false end
  end
end

local function read_file(self, path, take)
  local name = path == "-" and "standard input" or path
  local reader, message, code = core.marc.open(path, self.options)
  if not reader then
    tell(self, name, message, code)
    return not self.stopped
  end
  self.name, self.path, self.broken = name, name, 0
  local before, more, failure, kind = self.taken, (self.rows and read_rows or read)(self, reader, take)
  local none = tell_rest(self, failure, kind)
  self.before = self.before + reader:progress()
  tell_passed(self, reader, none)
  reader:close()
  self.seen, self.taken, self.damaged = self.pass:counts()
  if self.finished and not none and not self.stopped then self.finished(self.name, self.taken - before) end
  return more and not self.pass:full() and not self.stopped
end

---The exit status of a command that only reads.
---@return integer
function methods:status()
  if self.opened == 0 then return 1 end
  return self.failed > 0 and 2 or 0
end

---Says that records are damaged, for actions that don't list the problems.
function methods:remark()
  if self.damaged == 0 then return end
  self.out.note(("%d of %s: `almanac marc check` says what is wrong"):format(self.damaged,
    self.taken == 1 and "1 record has problems" or words.count(self.taken, "record")
      .. (self.damaged == 1 and " has problems" or " have problems")))
end

local function new(args, context, more)
  local pass, message, code = core.pass.new { from = args.from, limit = args.limit, where = args.where,
    columns = more.columns, style = more.style }
  if not pass then return nil, args.where and "--where: " .. message or message, code end
  return setmetatable({ out = context.out, options = { format = args.format, charset = args.charset }, pass = pass,
    rows = more.columns ~= nil, finished = more.finished, seen = 0, taken = 0, damaged = 0, failed = 0, opened = 0,
    before = 0, progress = new_progress(args, context.out) }, { __index = methods })
end

---Calls `take` with each wanted record until it returns false. When columns are given, `take` gets
---rows of their values instead.
---@param args table
---@param context table
---@param take fun(record: almanac.marc.record|string, pass: almanac.cli.marc.pass): boolean
---@param more { finished: fun(path: string, taken: integer)?, columns: string[]?, style: string? }? finished is called after
---  each file that could be opened; columns and style are those of core.pass
---@return almanac.cli.marc.pass|nil
---@return string? message
---@return string? code
function m.over(args, context, take, more)
  local self, message, code = new(args, context, more or {})
  if not self then return nil, message, code end
  for _, path in ipairs(args.files) do
    if not read_file(self, path, take) then break end
  end
  if self.progress then self.progress:close() end
  if self.stopped then return nil, "stopped", "cancelled" end
  return self
end

return m
