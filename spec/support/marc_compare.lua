-- Records of made files as tables that busted can compare, and yaz-marcdump.
local made = require "support.marc_made"
local marc = require "almanac.core".marc
local program = require "support.program"

local m = {}

---The record's leader and fields.
function m.content(record) return { leader = record:leader(), fields = record:fields() } end

---The contents of all records of a text in any format; the error, when there is one, in `failed`.
---@param text string
---@param options table? of marc.parse
function m.contents(text, options)
  local list = {}
  local reader, message = marc.parse(text, options)
  while reader do
    local record, why = reader:next()
    if not record then
      reader:close()
      message = why
      break
    end
    list[#list + 1] = m.content(record)
  end
  list.failed = message
  return list
end

---The problems of all records, as "record kind byte".
function m.problems(text)
  local list = {}
  for record in assert(marc.parse(text)):records() do
    for _, problem in ipairs(record:problems()) do
      list[#list + 1] = ("%d %s %d"):format(record:number(), problem.kind, problem.byte)
    end
  end
  return list
end

---A file with the text, which goes away when it is closed: `local file <close> = …`.
function m.file(text)
  local file = { name = os.tmpname() }
  program.write(file.name, text)
  return setmetatable(file, { __close = function() os.remove(file.name) end })
end

---What yaz-marcdump prints for the text.
---@param text string
---@param options string of yaz-marcdump
function m.yaz(text, options)
  local file <close> = m.file(text)
  local pipe <close> = assert(io.popen(("yaz-marcdump %s %s 2>/dev/null"):format(options, file.name)))
  return pipe:read "a"
end

---Records 1 to n of a kind, as ISO 2709 in UTF-8.
function m.iso2709(kind, n)
  local parts = {}
  for i = 1, n do parts[i] = made.iso2709(made.record(kind, i)) end
  return table.concat(parts)
end

---The kinds whose text is UTF-8.
m.kinds = {}
for _, kind in ipairs(made.kinds) do
  if kind ~= "marc8" then m.kinds[#m.kinds + 1] = kind end
end

---All records of the text in another format, as a document.
function m.convert(text, format, options)
  local head, between, tail = marc.frame(format)
  local parts = {}
  for record in assert(marc.parse(text, options)):records() do parts[#parts + 1] = assert(record:encode(format)) end
  return head .. table.concat(parts, between) .. tail
end

return m
