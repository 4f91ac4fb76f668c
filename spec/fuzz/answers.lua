-- What Lua reads from servers and lists, fed by answers.c: nothing that a server sends
-- raises, hangs, or comes out as something else than documented. An input is a
-- digit for the status (2: 200, 4: 404, 5: 503 with Retry-After), then the
-- pages of a list with a form feed between.
local core = require "almanac.core"
local errors = require "almanac.alma.errors"
local oai = require "almanac.oai"
local sheet = require "almanac.sheet"
local sru = require "almanac.sru"
local task = require "almanac.task"
local zip = require "support.zip"

local m = {}

local CODES = { timeout = true, connect = true, tls = true, status = true, parse = true, limit = true, io = true,
  auth = true, missing = true, conflict = true, quota = true, closed = true, cancelled = true }
local STATUS = { ["4"] = 404, ["5"] = 503 }
local OPTIONS = { url = "http://127.0.0.1/", backoff = { tries = 1 },
  pace = { wait = function() return 0 end, slow = function() end } }

local pages, at

function task.sleep() end

-- The pages one after the other, the last one again and again.
function task.fetch()
  at = math.min(at + 1, #pages)
  return { status = STATUS[pages.status] or 200, headers = { ["retry-after"] = "900" }, body = pages[at] }
end

local function load_pages(data)
  pages, at = { status = data:sub(1, 1) }, 0
  for page in (data:sub(2) .. "\f"):gmatch "(.-)\f" do pages[#pages + 1] = page end
end

-- Either a value, or the end, or a message with a code of the closed list.
local function checked(value, message, code)
  if value == nil and (message or code) then
    assert(type(message) == "string" and not message:find "\n", "the message is no line")
    assert(CODES[code], "there is no code " .. tostring(code))
  end
  return value
end

local function read(list)
  local entry = checked(list:next())
  while entry do
    entry:text()
    local record, format, code = entry:record()
    if checked(record, format, code) then record:get(format == "marc" and "245$a" or "title") end
    entry = checked(list:next())
  end
end

local function each_from_the_start(calls)
  for _, call in ipairs(calls) do
    at = 0
    call()
  end
end

function m.oai(data)
  load_pages(data)
  local client = oai.new(OPTIONS)
  each_from_the_start {
    function() checked(client:identify()) end,
    function() checked(client:formats()) end,
    function() checked(client:sets()) end,
    function() read(client:list { prefix = "marc21" }) end,
    function() read(client:list { prefix = "marc21", headers_only = true }) end,
    function() checked(client:record("oai:1", "marc21")) end,
  }
end

function m.sru(data)
  load_pages(data)
  local client = sru.new(OPTIONS)
  each_from_the_start {
    function()
      local list = checked(client:search { query = "maps" })
      if list then read(list) end
    end,
  }
end

function m.errors(data)
  local found = errors.read(data)
  if not found then return end
  for _, status in ipairs { 400, 401, 404, 429, 500 } do
    local message, code = errors.explain("GET", "/bibs/1", status, found)
    checked(nil, message, code)
  end
  errors.is_general(found)
end

-- Lists as people give them. A workbook is seldom found by chance, so an input
-- that begins with X or O is the rows of one.
function m.sheet(data)
  local kind, bytes = data:sub(1, 1), data
  if kind == "X" then bytes = zip.xlsx({ { "S", data:sub(2) } }, { strings = "<si><t>a</t></si>" }) end
  if kind == "O" then bytes = zip.ods { { "S", data:sub(2) } } end
  local list = checked(sheet.open("list", { wanted = { mms_id = { "mmsid" }, title = { "title" } }, bytes = bytes }))
  local rows = list and checked(sheet.all(list))
  for _, row in ipairs(rows or {}) do
    assert(math.type(row.line) == "integer", "a row without its line")
    for _, cell in ipairs(row) do assert(core.text.valid(cell), "a cell that is not UTF-8") end
    list:named(row)
  end
  if list then assert(type(list:others "mms_id") == "string") end
end

return m
