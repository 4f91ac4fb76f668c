-- Says what is wrong with records: what the reader noted, and what shows in the record
-- itself. A checker compiles its rules once, asks the engine for the shapes of the fields,
-- and looks into a field only where its shape calls for it.
--
--   local checker = marc.checker { except = { "issn" } }
--   for record in marc.records "export.mrc" do
--     for _, problem in ipairs(checker:problems(record)) do print(problem.where, problem.kind, problem.message) end
--   end
local controls = require "almanac.marc.check.controls"
local digits = require "almanac.marc.check.digits"
local kinds = require "almanac.marc.check.kinds"
local linkage = require "almanac.marc.check.linkage"
local profile = require "almanac.marc.check.profile"
local rules = require "almanac.marc.check.rules"
local shapes = require "almanac.marc.check.shapes"

local m = {}

local MOST_SHAPES, LONGEST_SHAPE = 20000, 40

---@class almanac.marc.check.options
---@field only? string[] these kinds; default: all
---@field except? string[] not these
---@field profile? string path of a file that says what fields there are; see almanac.marc.check.profile

---@class almanac.marc.found
---@field kind string a name of almanac.marc.check.kinds
---@field where string as a MARCspec ("020[1]$a", "leader/09"), or "byte 17"
---@field byte? integer of the record, for what the reader noted
---@field message string

---@class almanac.marc.checker
local methods = {}

-- ---- the rules of a record ----

-- A book is what is judged by one set of rules: with its verdicts, and the ids that it saw.
local function new_book(ruled)
  return { rules = ruled, verdicts = {}, count = 0, ids = {}, seen = {} }
end

local function rules_of(self, name)
  if self.profile then
    local own = self.profile:rules_of(name)
    if own then return own end
  end
  if name == "other" or name == "free" or name == "unimarc" then return rules.other(name) end
  return rules.of_marc21(name)
end

local function book_of(self, leader)
  local a, b, c, d = leader:byte(21, 24)
  local key = leader:byte(7) << 32 | a << 24 | b << 16 | c << 8 | d
  local book = self.by_leader[key]
  if book then return book end
  local name = rules.kind_of(leader)
  book = self.books[name] or new_book(rules_of(self, name))
  self.books[name], self.by_leader[key] = book, book
  return book
end

local function verdict_of(self, book, shape)
  local verdict = shapes.judge(book.rules, self.wanted, shape)
  if #shape > LONGEST_SHAPE then return verdict end
  if book.count >= MOST_SHAPES then book.verdicts, book.count = {}, 0 end
  book.verdicts[shape], book.count = verdict, book.count + 1
  return verdict
end

-- ---- adding ----

local function add(self, kind, where, message, byte)
  local found = self.found
  if not found then
    found = {}
    self.found = found
  end
  found[#found + 1] = { kind = kind, where = where, message = controls.one_line(message), byte = byte }
end

-- "245", or "650[2]" where there are several.
local function place(self, tag, nth)
  local count = 0
  for i = 1, self.count do
    if self.shapes[i]:sub(1, 3) == tag then count = count + 1 end
  end
  return count > 1 and ("%s[%d]"):format(tag, nth) or tag
end

local function nth_of(self, tag, index)
  local nth = 0
  for i = 1, index - 1 do
    if self.shapes[i]:sub(1, 3) == tag then nth = nth + 1 end
  end
  return nth
end

local function place_of(self, index)
  local tag = self.shapes[index]:sub(1, 3)
  return place(self, tag, nth_of(self, tag, index))
end

-- ---- looking into fields ----

-- Where each wrong number stands is only looked for when there is one.
local function tell_numbers(self, record, tag, number)
  for i, field in ipairs(record:fields(tag)) do
    for _, subfield in ipairs(field.subfields or {}) do
      local message = subfield.code == number.code and digits[number.kind](subfield.value)
      if message then add(self, number.kind, place(self, tag, i - 1) .. "$" .. number.code, message) end
    end
  end
end

-- The first field of a tag stands for all.
local function check_numbers(self, record, verdict)
  local seen, serial, list = self.book.seen, self.serial, verdict.numbers
  for i = 1, #list do
    local number = list[i]
    if seen[number.spec] ~= serial then
      seen[number.spec] = serial
      local problem, values = digits[number.kind], record:all(number.spec)
      for j = 1, #values do
        if problem(values[j]) then
          tell_numbers(self, record, verdict.tag, number)
          break
        end
      end
    end
  end
end

local function tell_repeated(self, once, index)
  local tag = self.shapes[index]:sub(1, 3)
  add(self, "repeated-field", place_of(self, index), once == tag and once .. " is there again, and may be there once"
    or "there is one more field 1XX: a record has one")
end

-- Does with one field what the verdict on its shape says.
local function look(self, record, verdict, index)
  if verdict.numbers then check_numbers(self, record, verdict) end
  if verdict.linked then self.linked = true end
  for _, problem in ipairs(verdict.problems or {}) do
    add(self, problem.kind, place_of(self, index) .. problem.suffix, problem.message)
  end
end

-- ---- looking at the record ----

-- An 880 has the indicators and codes of its partner.
local function check_880(self, link)
  local nth = -1
  for i = 1, self.count do
    local shape = self.shapes[i]
    if shape:sub(1, 3) == "880" then nth = nth + 1 end
    if nth == link.nth then
      for _, problem in ipairs(shapes.problems(self.book.rules, self.wanted, link.tag, link.tag .. shape:sub(4))) do
        if not problem.kind:find "^odd" then
          add(self, problem.kind, place(self, "880", nth) .. problem.suffix, problem.message)
        end
      end
      return
    end
  end
end

local function check_links(self, record)
  local links = linkage.links(record)
  if self.wanted "unlinked-880" then
    linkage.unlinked(links, function(link, message)
      add(self, "unlinked-880", place(self, link.field.tag, link.nth) .. "$6", message)
    end)
  end
  for _, link in ipairs(links) do
    if link.field.tag == "880" and link.tag then check_880(self, link) end
  end
end

local function check_text(self, where, text)
  local names = text and controls.names(text) or {}
  if not names[1] then return end
  add(self, "control-character", where, (names[2] and "the control characters %s are in the text"
    or "the control character %s is in the text"):format(table.concat(names, " ")))
end

local function check_controls(self, record)
  local seen = {}
  for _, field in ipairs(record:fields()) do
    local nth = seen[field.tag] or 0
    seen[field.tag] = nth + 1
    check_text(self, place(self, field.tag, nth), field.value)
    for _, subfield in ipairs(field.subfields or {}) do
      local code = subfield.code:find "%g" and "$" .. subfield.code or ""
      check_text(self, place(self, field.tag, nth) .. code, subfield.value)
    end
  end
end

local CODING = { [" "] = "MARC-8", a = "UTF-8" }

local function check_coding(self, leader, beyond_ascii)
  local said = leader:sub(10, 10)
  if not CODING[said] then
    add(self, "charset", "leader/09", ("leader/09 is '%s', neither blank (MARC-8) nor 'a' (UTF-8)"):format(said))
  elseif said == " " and beyond_ascii then
    add(self, "charset", "leader/09", "leader/09 is blank and says MARC-8; the text is UTF-8")
  end
end

local function check_required(self)
  for _, tag in ipairs(self.book.rules.required) do
    if nth_of(self, tag, self.count + 1) == 0 then add(self, "missing-field", tag, ("there is no %s"):format(tag)) end
  end
end

-- Numbers need half the memory of texts, and most ids are some.
local function compact(id)
  return #id < 19 and id:find "^[1-9]%d*$" and math.tointeger(tonumber(id)) or id
end

local function check_id(self, record)
  local id, ids = record:control "001", self.book.ids
  if not id or not id:find "%S" then return end
  local key = compact(id)
  local number = record:number()
  if ids[key] then add(self, "duplicate-001", "001", ("record %d has the same 001"):format(ids[key]))
  else ids[key] = number end
end

local function look_at_shapes(self, record, count)
  local list, book, serial = self.shapes, self.book, self.serial
  local verdicts, seen = book.verdicts, book.seen
  for i = 1, count do
    local verdict = verdicts[list[i]]
    if verdict == nil then
      verdict = verdict_of(self, book, list[i])
      verdicts = book.verdicts
    end
    if verdict then
      local once = verdict.once
      if once then
        if seen[once] == serial then tell_repeated(self, once, i) end
        seen[once] = serial
      end
      if verdict.more then look(self, record, verdict, i) end
    end
  end
end

local function check_fields(self, record, leader)
  local count, has_controls, beyond_ascii = record:shapes(self.shapes)
  self.count, self.serial, self.linked = count, self.serial + 1, false
  look_at_shapes(self, record, count)
  if self.linked then check_links(self, record) end
  if has_controls and self.finds_controls then check_controls(self, record) end
  if self.finds_coding and self.book.rules.marc21 then check_coding(self, leader, beyond_ascii) end
  if self.finds_required then check_required(self) end
end

local function check_noted(self, record)
  for _, problem in ipairs(record:problems()) do
    if self.wanted(problem.kind) then
      add(self, problem.kind, ("byte %d"):format(problem.byte), problem.message, problem.byte)
    end
  end
end

---Looks at a record; nil when all is right.
---@param record almanac.marc.record
---@return almanac.marc.found[]?
function methods:look(record)
  self.found = nil
  local leader = record:leader()
  self.book = book_of(self, leader)
  check_noted(self, record)
  if self.finds_in_fields then check_fields(self, record, leader) end
  if self.finds_ids then check_id(self, record) end
  return self.found
end

---What is wrong with a record. Ids are compared with those of all records that this
---checker saw since it was made, or since `forget`.
---@param record almanac.marc.record
---@return almanac.marc.found[]
function methods:problems(record)
  return self:look(record) or {}
end

---Another file begins: its ids are compared with no others.
function methods:forget()
  for _, book in pairs(self.books) do book.ids = {} end
end

---Makes a checker. Raises for an unknown kind.
---@param options? almanac.marc.check.options
---@return almanac.marc.checker? checker
---@return string? message what is wrong with the profile
---@return almanac.code? code
function m.new(options)
  options = options or {}
  local own, message, code
  if options.profile then
    own, message, code = profile.read(options.profile)
    if not own then return nil, message, code end
  end
  local wanted = kinds.chosen(options.only, options.except)
  local self = setmetatable({ wanted = wanted, profile = own, books = {}, by_leader = {}, shapes = {}, serial = 0, count = 0,
    finds_ids = wanted "duplicate-001", finds_controls = wanted "control-character", finds_coding = wanted "charset",
    finds_required = wanted "missing-field" and own ~= nil }, { __index = methods })
  self.finds_in_fields = self.finds_coding
  for _, kind in ipairs(kinds.of_records) do
    self.finds_in_fields = self.finds_in_fields or kind.name ~= "duplicate-001" and wanted(kind.name)
  end
  return self
end

---What is wrong with one record by itself.
---@param record almanac.marc.record
---@param options? almanac.marc.check.options
---@return almanac.marc.found[]? problems
---@return string? message
---@return almanac.code? code
function m.record(record, options)
  local checker, message, code = m.new(options)
  if not checker then return nil, message, code end
  return checker:problems(record)
end

return m
