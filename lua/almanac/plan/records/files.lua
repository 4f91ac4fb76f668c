-- Records of files: MARC in any of its formats, Dublin Core and MODS, answers of OAI-PMH, lists. A file
-- is told by how it begins. Several are read one after the other; of a folder those whose ending is one of records, since
-- images may lie beside them.
local core = require "almanac.core"
local elements = require "almanac.oai.export"
local record = require "almanac.record"
local sheet = require "almanac.sheet"

local m = { takes = "id sheet charset" }

local HEAD = 65536   -- bytes that tell what a file is
local OAI = "http://www.openarchives.org/OAI/2.0/"
local HEADED = "<[%w:]*record[^>]*>%s*<[%w:]*header[%s>/]"

local function is_elements(head)
  if not head:find "^[\xEF\xBB\xBF%s]*<" then return false end
  return head:find(OAI, 1, true) ~= nil or head:find(HEADED) ~= nil or elements.looks(head)
end

local WIDE = "%s: is XML in UTF-16; as UTF-8 it is read (iconv -f UTF-16 -t UTF-8)"

local function opener_of(path)
  if path == "-" then return require "almanac.plan.records.marc" end
  local head = core.files.head(path, HEAD) or ""
  if head:find "^[\xFE\xFF][\xFE\xFF]%z?<" then return nil, WIDE:format(path), "parse" end
  if is_elements(head) then return require "almanac.plan.records.elements" end
  if record.begins(head) and not (head:find "^PK" and sheet.is_workbook(path)) then return require "almanac.plan.records.marc" end
  return require "almanac.plan.records.rows"
end

-- ---- which files ----

local ENDINGS = { xml = true, mrc = true, mrk = true, marc = true, iso = true, dat = true, json = true, csv = true, tsv = true, txt = true,
  xlsx = true, ods = true, gz = true, zip = true }

local OF_RECORDS = " that ends as files of records do (.xml, .mrc, .mrk, .json, .csv, .xlsx, …)"

local function may_hold_records(path)
  return ENDINGS[(path:match "%.([^./]+)$" or ""):lower()] == true
end

local function files_of(folder)
  local walk <close>, message, code = core.files.walk(folder)
  if not walk then return nil, message, code end
  local list, others = {}, false
  while true do
    local path, size, wrong = walk:next()
    if not path then break end
    if not size then return nil, ("%s/%s: %s"):format(folder, path, wrong), "io" end
    others = true
    if may_hold_records(path) then list[#list + 1] = { path = folder:gsub("/+$", "") .. "/" .. path, name = path } end
  end
  if not list[1] then return nil, folder .. ": there is no file in it" .. (others and OF_RECORDS or ""), "missing" end
  return list
end

-- The files in the order given, each once: { path, name }, name: below a folder that was given.
local function all_files(given)
  local list, seen = {}, {}
  for _, path in ipairs(given) do
    local stat, message, code = core.files.stat(path)
    if not stat and path ~= "-" then
      return nil, code == "missing" and ("--records: there is no file '%s'"):format(path) or "--records: " .. message, code
    end
    local found = { { path = path } }
    if stat and stat.kind == "folder" then found, message, code = files_of(path) end
    if not found then return nil, message, code end
    for _, each in ipairs(found) do
      local real = each.path == "-" and each.path or core.files.real_path(each.path) or each.path
      if seen[real] then return nil, ("--records: %s is named twice"):format(each.path), "conflict" end
      seen[real] = true
      list[#list + 1] = each
    end
  end
  return list
end

local function words_of(given)
  if #given == 1 then return given[1] end
  return ("%s and %d more"):format(given[1], #given - 1)
end

-- ---- one after the other ----

local methods = {}

local function close_one(self)
  local one = self.one
  if not one then return end
  for _, text in ipairs(one.notes or {}) do self.notes[#self.notes + 1] = text end
  one:close()
  for _, text in ipairs(one.remarks or {}) do self.remarks[#self.remarks + 1] = text end
  self.one = nil
end

local function open_next(self)
  self.at = self.at + 1
  local path = self.paths[self.at] and self.paths[self.at].path
  if not path then return false end
  local opener, one, message, code
  opener, message, code = opener_of(path)
  if opener then one, message, code = opener.open(path, self.given) end
  if not one then return nil, message, code end
  self.one = one
  return true
end

function methods:next()
  while true do
    if not self.one then
      local ok, message, code = open_next(self)
      if not ok then return nil, message, code end
    end
    local entry, message, code = self.one:next()
    local one = self.paths[self.at]
    if entry and (self.paths[2] or one.name) then entry.place = ("%s of %s"):format(entry.place, one.name or one.path:match "[^/]*$") end
    if entry or code then return entry, message, code end
    close_one(self)
  end
end

function methods:close()
  close_one(self)
  self.at = #self.paths
end

---@param given almanac.plan.records.given
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(_, given)
  local paths, message, code = all_files(given.from)
  if not paths then return nil, message, code end
  local source = setmetatable({ words = words_of(given.from), paths = paths, at = 0, given = given, notes = {}, remarks = {} },
    { __index = methods })
  local ok
  ok, message, code = open_next(source)   -- so that a file of nothing that is known is refused at once
  if not ok then return nil, message, code end
  return source
end

return m
