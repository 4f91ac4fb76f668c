-- What a script that `almanac exec` runs needs beside the library: its arguments, the client and
-- the bucket of the settings, and words for people.
local bibs = require "almanac.alma.bibs"
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local fields = require "almanac.fields"
local help = require "almanac.script.help"
local lists = require "almanac.script.lists"
local sessions = require "almanac.script.session"
local task = require "almanac.task"

local m = {}

local AT_A_TIME = 8     -- titles that are worked on; the pace of all calls is that of --rate
local BATCH = 100       -- titles that are held, so that they come in their order

-- Ends the script from whatever task this is.
local function finish(ending)
  local session = sessions.here()
  session.ending = session.ending or ending
  if task.is_current(session.main) then error(ending, 0) end
  session.main:cancel()
  while true do task.sleep(3600) end   -- until the end of the script ends this task too
end

---Reads the arguments that stand behind the script's name, as a recipe's `args` are read. Wrong
---ones end the script with a line that says what is wrong; `--help` shows the comment at the
---script's head and the arguments.
---@param declared { summary: string?, [integer]: table } a list of { name, type, required=, default=, help=, choices=, min=,
---  max= }. Types: string, number, integer, flag (false until given), boolean, choice, list, file and folder (`dir`) that
---  exist, set, collection, column. A name "from_host" is the option --from-host.
---@return table<string, any> values by name
function m.arguments(declared)
  local session = sessions.here()
  local args, message = help.declared(declared)
  if not args then error("script.arguments: " .. message, 2) end
  local values, words, code = help.read(session, declared, args)
  if values then return values end
  if code == "help" then
    session.out.say((words:gsub("\n+$", "")))
    return finish {}
  end
  return finish { message = words, code = code }
end

local function settings_of(session)
  session.ready = session.ready or m.check(session.settings())
  return session.ready
end

---The client for Alma: server, API key and pace as the settings say (--profile, --url, --rate, the
---environment, almanac.conf.lua). A script has one; asked again, the same is given. Missing
---settings end the script.
---@return almanac.alma.client
function m.client()
  local session = sessions.here()
  if not session.client then
    session.client = connect.alma(settings_of(session))
  end
  return session.client
end

---The institution that the API key belongs to, from GET /conf/general. A refusal ends the script.
---@return { institution: string, environment: string, digital: table, alma_url: string? } general
function m.general()
  local session = sessions.here()
  session.general = session.general or m.check(connect.general(m.client()))
  return session.general
end

---The institution's bucket: with AWS keys where there are any, else by the upload form that an API
---key gets (it can only `put`). A script has one. What is missing ends the script.
---@return table store see almanac.s3
function m.store()
  local session = sessions.here()
  session.store = session.store or m.check(connect.storage(m.client(), m.general(), settings_of(session)))
  return session.store
end

---The titles to work on, each once: those of a set, or of a list (one MMS ID a line; CSV, .xlsx or .ods with a column mms_id).
---Neither or both, or one that can't be read, ends the script; what names no title is said.
---@param given { set: string?, list: string? } set: id or name; list: a path. So the values of two arguments `set` and `list`
---@return string[] ids
function m.titles(given)
  return (m.check(lists.titles(m.client, given, m.warn)))
end

-- What `work` gave for each title of the batch that begins at `first`.
local function worked_on(ids, first, work)
  local list, missing, code = bibs.get(m.client(), table.move(ids, first, math.min(first + BATCH - 1, #ids), 1, {}))
  if not list then m.check(nil, missing, code) end
  for _, id in ipairs(missing) do m.failed(id, "Alma knows no such title", "missing") end
  local results = {}
  local raised = task.each(list, AT_A_TIME, function(bib) results[bib] = work(bib) end)
  if raised[1] then error(raised[1].message, 0) end
  return list, results
end

---Works on eight titles at a time, and goes through them in the order of the ids, each with what `work` gave. One that Alma
---does not know is told as by `failed`; when they can't be read at all, the script ends.
---@param ids string[] of `titles`
---@param work fun(bib: table): any bib: mms_id, title, author, as almanac.alma.bibs.get gives it
---@return fun(): table|nil, any next bib, what `work` gave
function m.each_title(ids, work)
  local first, at, list, results = 1, 0, {}, {}
  return function()
    at = at + 1
    while not list[at] and first <= #ids do
      list, results = worked_on(ids, first, work)
      first, at = first + BATCH, 1
    end
    return list[at], results[list[at]]
  end
end

---The rows of a list with headings (CSV, .xlsx, .ods), headings in any spelling. A column that is not
---there ends the script, and so do numbers that a spreadsheet rounded and, in a column mms_id, what is no id.
---@param path string
---@param names string[] columns, e.g. { "mms_id", "number" }
---@return { line: integer, [string]: string }[] rows cells by these names, "" where one is empty; line: where it stands
function m.rows(path, names)
  fields.list("script.rows: names", names)
  return (m.check(lists.rows(path, names, m.warn)))
end

---Passes on what a call gave. When it gave nil and a message, the script ends with that line and exit
---status 1, or 2 when something had been written, or 75 when the day's calls are used up.
---@param value any
---@param message string?
---@param code string?
---@return any value
---@return any ... the other values
function m.check(value, message, code, ...)
  if value ~= nil and not (value == false and message) then return value, message, code, ... end
  if message == nil then
    local at = debug.getinfo(2, "Sl")
    message = ("%s:%d: nothing came of it, and no message says why"):format(at.short_src, at.currentline)
  end
  return finish { message = tostring(message), code = code }
end

---Says that one thing of many could not be done, and lets the script go on: it ends with exit status 2 then, unless
---it returns another. Where all others would fail alike (the day's calls, the API key, production that nobody named)
---the script ends here.
---@param what string e.g. an MMS ID
---@param message string
---@param code string?
function m.failed(what, message, code)
  local session = sessions.here()
  if code == "quota" or code == "auth" or code == "cancelled" or message == session.gate.barred then
    return finish { message = message, code = code }
  end
  session.failures = (session.failures or 0) + 1
  session.out.note(("%s: %s"):format(what, message))
end

---Writes a line of the result to standard output.
---@param format string of string.format, when there is more than one argument
---@param ... any
function m.say(format, ...)
  sessions.here().out.say(select("#", ...) > 0 and format:format(...) or tostring(format))
end

---Writes a remark to standard error.
---@param format string of string.format, when there is more than one argument
---@param ... any
function m.warn(format, ...)
  sessions.here().out.note(select("#", ...) > 0 and format:format(...) or tostring(format))
end

local csv_methods = {}

-- A spreadsheet rounds numbers of more than 15 digits, such as MMS IDs: an apostrophe keeps them text, and
-- almanac's own readers know it.
local function cell(value)
  if math.type(value) then return value end
  local text = value ~= nil and value ~= false and tostring(value) or ""
  return text:find "^%d+$" and #text > 15 and "'" .. text or text
end

---Writes a row. Nil and false are empty fields. Texts that a spreadsheet would take for a formula, or for a number that it
---rounds (an MMS ID), get an apostrophe in front, which almanac's readers take off again.
---@param values any[] with holes where `n` or the headings say how many
function csv_methods:write(values)
  local row = { n = math.max(values.n or 0, #values, self.columns) }
  for i = 1, row.n do row[i] = cell(values[i]) end
  m.check(self.file:write(core.csv.line(row)))
end

---Ends the file.
function csv_methods:close()
  if self.closed then return end
  self.closed = true
  if self.path then m.check(self.file:close()) else m.check(core.sys.flush()) end
end

---Begins a CSV file, UTF-8. It can be `<close>`; a file that can't be written ends the script.
---@param path string? a new file, or one to be written anew; nil or "-": standard output
---@param headings string[]
---@return table csv with write(values) and close()
function m.csv(path, headings)
  sessions.here()
  fields.list("script.csv: headings", headings)
  if path == "-" then path = nil end
  local file = path and m.check(io.open(path, "wb")) or io.stdout
  local csv = setmetatable({ path = path, file = file, columns = #headings }, { __index = csv_methods, __close = csv_methods.close })
  csv:write(headings)
  return csv
end

return m
