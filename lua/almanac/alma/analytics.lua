-- Reports of Alma Analytics (OpenAPI analytics, GET /analytics/reports), row by row.
--
-- A report is read in pages. The first page has a token, and all others are asked for with that
-- one token, so Alma itself remembers how far it is: a page that was asked for and lost does not
-- come again. So such a call is never repeated. The report is asked for anew instead, and the
-- rows that were given already are passed over, if they are the same.
local address = require "almanac.address"
local client_module = require "almanac.alma.client"
local core = require "almanac.core"
local fields = require "almanac.fields"
local pages = require "almanac.alma.analytics_page"
local refusal = require "almanac.refusal"
local task = require "almanac.task"
local xml = require "almanac.xml"

local m = {}

local LIMIT, STEP, MOST = 1000, 25, 1000   -- rows of a page: 25 to 1000, multiples of 25 (OpenAPI)
local NO_MORE = "420033"                   -- "No more rows to fetch": asked for past the end
local PATIENCE = 900                       -- seconds in which a report that Alma still works on must go on
local PAUSE, GROWTH, LONGEST = 0.5, 1.5, 15  -- seconds between looks at such a one
local ANEW = 5                             -- times that a report is begun again, without a new row between
local OPTIONS = { limit = "number", filter = "string", col_names = "boolean", wait = "number", pause = "number" }

---@class almanac.alma.report
---@field columns almanac.alma.column[] position, heading, table, type and key of each column; empty without col_names
---@field path string
---@field count integer rows that were given so far
local methods = {}
local meta = { __index = methods }

-- Analytics shows a report's path in the address of the page, encoded; people copy it from there.
local function decoded(path)
  if not path:find "^%%2[Ff]" then return path end
  return (path:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function check_options(options)
  fields.check("analytics.report", options, OPTIONS, 3)
  local limit = options.limit or LIMIT
  if limit < STEP or limit > MOST or limit % STEP ~= 0 then
    error(("analytics.report: limit is %d to %d in steps of %d, not %s"):format(STEP, MOST, STEP, limit), 3)
  end
  if options.filter and not core.xml.parse(options.filter) then error("analytics.report: the filter is no XML", 3) end
end

-- ---- one page ----

local function query_of(self)
  local query = { limit = self.limit }
  if not self.col_names then query.col_names = "false" end
  if self.token then
    query.token = self.token
  else
    query.path, query.filter = self.path, self.options.filter
  end
  return query
end

local function words_for(self, message)
  return ("report %s: %s"):format(self.path, message)
end

-- A failure after which it is not known whether Alma went on by a page.
local function is_lost(self, code, detail)
  if not self.token or code == "auth" or code == "quota" then return false end
  if not detail then return true end
  return not detail.unsent and not (detail.answered and detail.status < 500)
end

-- The next page as Alma gives it; or nil, message, code, detail, and true when it may be lost.
local function ask(self)
  local text, message, code, detail = self.client:call {
    path = { "analytics", "reports" }, query = query_of(self), accept = "application/xml", once = self.token ~= nil,
  }
  if not text then
    if client_module.has_code(detail, NO_MORE) then return { rows = {}, finished = true } end
    return nil, message, code, detail, is_lost(self, code, detail)
  end
  local page, why = pages.read(text)
  if not page then return nil, words_for(self, "can't read the answer: " .. why), "parse", nil, true end
  return page
end

-- ---- page after page ----

-- Whether there may be more. A page that does not say so is the last one when nothing could be asked for any more, and
-- it is not full.
local function go_on(self, page)
  if page.finished ~= nil then self.finished = page.finished end
  if page.finished ~= nil then return true end
  if self.token then
    self.finished = #page.rows == 0
  elseif #page.rows < self.limit then
    self.finished = true
  else
    return nil, words_for(self, "a full page without a token: whether there are more rows is not known"), "parse"
  end
  return true
end

local function take(self, page)
  self.token = self.token or page.token
  if page.columns and #self.columns == 0 then self.columns = page.columns end
  local ok, message, code = go_on(self, page)
  if not ok then return nil, message, code end
  if #page.rows > 0 and not self.finished and not self.token then
    return nil, words_for(self, "there are more rows, and no token to ask for them"), "parse"
  end
  self.page, self.at = page.rows, 0
  return true
end

-- Asks until there are rows, or the end.
local function read_page(self)
  local pause, over = self.options.pause or PAUSE, task.now() + (self.options.wait or PATIENCE)
  while true do
    local page, message, code, detail, lost = ask(self)
    if not page then return nil, message, code, detail, lost end
    local ok
    ok, message, code = take(self, page)
    if not ok then return nil, message, code end
    if #page.rows > 0 or self.finished then return true end
    if task.now() + pause > over then
      return nil, words_for(self, "Alma is still working on it: try again later"), "timeout"
    end
    task.sleep(pause)
    pause = math.min(LONGEST, pause * GROWTH)
  end
end

-- ---- beginning anew ----

local function fingerprint(before, row)
  local parts, last = { before }, -1
  for position in pairs(row) do last = math.max(last, position) end
  for position = 0, last do parts[#parts + 1] = row[position] and #row[position] .. ":" .. row[position] or "-" end
  return core.hash.sha256(table.concat(parts, "|"))
end

local function next_row(self)
  self.at = self.at + 1
  return self.page[self.at]
end

-- Passes over the rows that were given; they must be the same ones.
local function pass_over(self)
  local print = ""
  for _ = 1, self.count do
    while not self.page[self.at + 1] do
      if self.finished then return nil, nil, "conflict" end
      local ok, message, code, detail, lost = read_page(self)
      if not ok then return nil, message, code, detail, lost end
    end
    print = fingerprint(print, next_row(self))
  end
  if print == self.print then return true end
  return nil, nil, "conflict"
end

local function changed(self)
  return nil, words_for(self, ("an answer was lost after row %d, and the report now has other rows: read it again from the start")
    :format(self.count)), "conflict"
end

local function begin_anew(self)
  self.token, self.finished, self.page, self.at = nil, false, {}, 0
  local ok, message, code, detail, lost = read_page(self)
  if ok then ok, message, code, detail, lost = pass_over(self) end
  if ok then return true end
  if code == "conflict" and not message then return changed(self) end
  return nil, message, code, detail, lost
end

local function recover(self, message, code, detail)
  while self.anew < ANEW do
    self.anew = self.anew + 1
    task.sleep(math.min(self.client.backoff.longest, self.client.backoff.first * 2 ^ self.anew))
    local ok, lost
    ok, message, code, detail, lost = begin_anew(self)
    if ok then return true end
    if not lost then break end
  end
  return nil, message, code, detail
end

-- The next page, begun anew where one was lost.
local function advance(self)
  local ok, message, code, detail, lost = read_page(self)
  if not ok and lost then return recover(self, message, code, detail) end
  return ok, message, code, detail
end

-- ---- rows ----

local function keyed(self, row)
  for _, column in ipairs(self.columns) do
    if column.key and row[column.position] then row[column.key] = row[column.position] end
  end
  return row
end

---The next row: its values by heading and by position, as text; an absent value is nil. Position 0 is Analytics' own column.
---@return table<string|integer, string>|nil row nil at the end
---@return string? message after it nothing more comes
---@return string? code "conflict": after a lost answer the report was another one
---@return almanac.alma.detail? detail
function methods:next()
  if self.failure then return nil, table.unpack(self.failure, 1, 3) end
  while not self.page[self.at + 1] do
    if self.finished then return nil end
    local ok, message, code, detail = advance(self)
    if not ok then
      self.failure = { message, code, detail }
      return nil, message, code, detail
    end
  end
  local row = next_row(self)
  self.print, self.count, self.anew = fingerprint(self.print, row), self.count + 1, 0
  return keyed(self, row)
end

---The rows for a `for` loop. A loop that ends without an error has seen all rows: a failure is raised, since a loop can't be
---given one.
---@return fun(): table<string|integer, string>?
function methods:rows()
  return function()
    local row, message, code = self:next()
    if not row and code then refusal.raise(message, code) end
    return row
  end
end

---Opens a report, and waits until Alma has its first rows.
---Source: OpenAPI analytics, GET /analytics/reports.
---@param client almanac.alma.client its key needs the right on Analytics
---@param path string of the report, as the Analytics catalog shows it, or as it stands in the page's address, encoded: "/shared/…", not in
---  the Community folder
---@param options { limit: integer?, filter: string?, col_names: boolean?, wait: number?, pause: number? }? limit: rows of a page,
---  25 to 1000 in steps of 25 (1000); filter: XML, as Analytics writes filters (OBI); col_names: false leaves the headings out,
---  which some reports need for one and the same order; wait: seconds in which Alma must go on (900); pause: seconds until
---  the first look at a report that it still works on (0.5)
---@return almanac.alma.report|nil report
---@return string? message
---@return string? code "timeout": Alma still works on it
---@return almanac.alma.detail? detail
function m.report(client, path, options)
  options = options or {}
  fields.text("analytics.report: path", path)
  check_options(options)
  local self = setmetatable({ client = client, path = decoded(path), options = options, limit = math.tointeger(options.limit or LIMIT),
    col_names = options.col_names ~= false, columns = {}, page = {}, at = 0, count = 0, print = "", anew = 0, finished = false }, meta)
  local ok, message, code, detail = advance(self)
  if not ok then return nil, message, code, detail end
  return self
end

---All rows of a report: complete, or an error.
---@param client almanac.alma.client
---@param path string
---@param options table? as for `report`
---@return table<string|integer, string>[]|nil rows
---@return almanac.alma.column[]|string columns; the message when there are no rows
---@return string? code
---@return almanac.alma.detail? detail
function m.rows(client, path, options)
  local report, message, code, detail = m.report(client, path, options)
  if not report then return nil, message, code, detail end
  local rows = {}
  while true do
    local row
    row, message, code, detail = report:next()
    if code then return nil, message, code, detail end
    if not row then return rows, report.columns end
    rows[#rows + 1] = row
  end
end

-- ---- folders ----

local function path_to(folder)
  local parts = {}
  for part in folder:gmatch "[^/]+" do parts[#parts + 1] = address.encode(part) end
  return "/analytics/paths" .. (parts[1] and "/" .. table.concat(parts, "/") or "")
end

---What is in a folder of the Analytics catalog.
---Source: OpenAPI analytics, GET /analytics/paths/{path}. The schema of the answer is not public; the gateway refuses an
---encoded slash, so the slashes of the folder are sent as they are.
---@param client almanac.alma.client
---@param folder string? "/shared/…"; nil: the root
---@return { path: string, kind: string }[]|nil entries kind: what Alma calls it, e.g. "Folder" or "Report"
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.paths(client, folder)
  local text, message, code, detail = client:call { path = path_to(folder or ""), accept = "application/xml" }
  if not text then return nil, message, code, detail end
  local root, why = core.xml.parse(text)
  if not root then return nil, "the folder's list can't be read: " .. why, "parse" end
  local entries = {}
  local function collect(node)
    local path = node.attributes.path or xml.text(node, "path") or #node == 0 and node.text:find "^%s*/" and node.text:match "^%s*(.-)%s*$"
    if path then
      entries[#entries + 1] = { path = path, kind = node.attributes.type or xml.text(node, "type") or node.name }
    else
      for _, item in ipairs(node) do collect(item) end
    end
  end
  for _, node in ipairs(root) do collect(node) end
  return entries
end

return require("almanac.alma.area").of("analytics", m)
