-- Records of a file of MARC.
local core = require "almanac.core"

local m = {}

local methods = {}

-- A file that was cut off lacks records that nobody knows of.
local function note_cut(self, rec)
  for _, problem in ipairs(rec:problems()) do
    if problem.kind == "truncated" then
      self.notes[#self.notes + 1] = ("%s: record %d: %s: the file may have been cut off"):format(self.path, rec:number(), problem.message)
    end
  end
end

local function content_of(rec)
  local text, left_out = rec:encode "iso2709"
  if text and not left_out then return text end
  return rec:encode "marcxml"   -- the record has more than ISO 2709 allows
end

local function stripped(text)
  text = text and text:match "^%s*(.-)%s*$"
  return text ~= "" and text or nil
end

local function entry_of(self, rec)
  note_cut(self, rec)
  local content, problem = content_of(rec)
  return { identifier = stripped(self.spec and rec:get(self.spec) or not self.spec and rec:control "001" or nil),
    datestamp = stripped(rec:control "005"), deleted = rec:leader():sub(6, 6) == "d", format = "marc",
    content = content, problem = not content and tostring(problem) or nil, place = "record " .. rec:number() }
end

function methods:next()
  local rec, message, code, broken = self.reader:next()
  if rec then
    self.count = self.count + 1
    return entry_of(self, rec)
  elseif broken then
    self.count = self.count + 1
    return { deleted = false, format = "marc", place = "record " .. self.count, problem = message:gsub("^" ..
      self.path:gsub("%p", "%%%0") .. ": ", "") }
  elseif self.count == 0 and (message == nil or code == "parse") then
    return nil, self.path .. (core.unpack.looks(core.files.head(self.path, 512) or "") and
      " is packed, and holds no MARC records: unpack it, since other records are read only when they are not packed" or
      " holds no MARC records"), "parse"
  end
  return nil, message, code
end

function methods:close()
  local passed = self.reader:passed()
  if passed > 0 then self.remarks = { ("%s: files in it without MARC records: %d"):format(self.path, passed) } end
  self.reader:close()
end

---@param path string "-": standard input
---@param given { id: string?, charset: string? } id: a MARCspec, when the identifier is not 001
---@return table|nil source
---@return string? message
---@return string? code
function m.open(path, given)
  if given.sheet then return nil, ("%s: is no workbook: leave out --records-sheet"):format(path), "conflict" end
  if given.id then
    local ok, message = core.marc.spec(given.id)
    if not ok then return nil, "--records-id: " .. message, "parse" end
  end
  local reader, message, code = core.marc.open(path, { charset = given.charset })
  if not reader then return nil, message, code end
  return setmetatable({ reader = reader, path = path, spec = given.id, count = 0, notes = {} }, { __index = methods })
end

return m
