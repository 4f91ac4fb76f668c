-- Keeps what a script has written, to tell it when the script ends early. A write that nobody
-- answered for stays in the list as one to look for.
local made = require "almanac.script.made"
local requests = require "almanac.alma.request"

local m = {}

local MOST = 20   -- writes of each kind that are told one by one

local methods = {}
local entry_methods = {}

---@return table written
function m.new()
  return setmetatable({ count = 0, lines = {}, doubtful = {}, doubts = 0 }, { __index = methods })
end

-- A write whose fate nobody has told when it is left: the script was stopped meanwhile.
local function leave(entry)
  if entry.settled then return end
  entry:doubt()
end

---How a call stands in a line: POST /conf/sets?op=combine.
---@param call { method: string, path: string, request: { query: table? } }
---@return string
function m.line_of(call)
  return ("%s %s%s"):format(call.method, call.path, requests.query(call.request.query))
end

---Notes that a write begins.
---@param line string
---@return table entry to be settled by done, doubt or refused; `<close>` doubts what is not
function methods:begin(line)
  return setmetatable({ written = self, line = line }, { __index = entry_methods, __close = leave })
end

---@param answer any what was answered: of a POST that does nothing named by op= it may say which thing was made
function entry_methods:done(answer)
  local written, kind = self.written, self.line:match "^POST [^?]*/([^/?]+)"
  local id = kind and not self.line:find "[?&]op=" and made.id_in(answer, kind)
  self.settled, written.count = true, written.count + 1
  if written.count <= MOST then written.lines[written.count] = self.line .. (id and "  made " .. id or "") end
end

function entry_methods:doubt()
  local written = self.written
  self.settled, written.doubts = true, written.doubts + 1
  if written.doubts <= MOST then written.doubtful[written.doubts] = self.line end
end

function entry_methods:refused() self.settled = true end

---True when something was written, or may have been.
---@return boolean
function methods:anything() return self.count + self.doubts > 0 end

local function add(lines, list, total, head)
  lines[#lines + 1] = head
  for _, line in ipairs(list) do lines[#lines + 1] = "  " .. line end
  if total > #list then lines[#lines + 1] = ("  … and %d more, %d in all"):format(total - #list, total) end
end

---What was written, for people; empty when nothing was.
---@return string[] lines
function methods:tell()
  local lines = {}
  if self.count > 0 then add(lines, self.lines, self.count, "written until then:") end
  if self.doubts > 0 then
    add(lines, self.doubtful, self.doubts, "no clear answer came to this; look whether it is there before you run the script again:")
  end
  return lines
end

return m
