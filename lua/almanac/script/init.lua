-- What a script that `almanac exec` runs needs beside the library: its arguments, the client and
-- the bucket of the settings, and words for people.
local connect = require "almanac.run.connect"
local core = require "almanac.core"
local help = require "almanac.script.help"
local sessions = require "almanac.script.session"
local task = require "almanac.task"

local m = {}

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

---The client for Alma: server, API key and pace as the settings say (--profile, --url, --rate, the
---environment, almanac.conf.lua). A script has one; asked again, the same is given. Missing
---settings end the script.
---@return almanac.alma.client
function m.client()
  local session = sessions.here()
  if not session.client then
    session.client = connect.alma(m.check(session.settings()))
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
  session.store = session.store or m.check(connect.storage(m.client(), m.general(), m.check(session.settings())))
  return session.store
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
  return finish { message = tostring(message or "nothing came of it"), code = code }
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

---Writes a row. Nil and false are empty fields; texts that a spreadsheet would take for a formula stay texts.
---@param values any[] with holes where `n` or the headings say how many
function csv_methods:write(values)
  local row = { n = math.max(values.n or 0, #values, self.columns) }
  for i = 1, row.n do
    local value = values[i]
    row[i] = math.type(value) and value or value ~= nil and value ~= false and tostring(value) or ""
  end
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
  if path == "-" then path = nil end
  local file = path and m.check(io.open(path, "wb")) or io.stdout
  local csv = setmetatable({ path = path, file = file, columns = #headings }, { __index = csv_methods, __close = csv_methods.close })
  csv:write(headings)
  return csv
end

return m
