-- Prints remarks about titles. Of remarks with one cause the first is printed in full, and at the
-- end comes how many more there were.
local causes = require "almanac.run.causes"
local words = require "almanac.words"

local m = {}

local methods = {}

---@param out table almanac.cli.out
---@return table told
function m.new(out)
  return setmetatable({ out = out, by_cause = {}, order = {} }, { __index = methods })
end

---Prints a remark about a title. The same remark about the same title is printed once.
---@param id string MMS ID
---@param message string
---@param code string?
function methods:tell(id, message, code)
  local text, cause = causes.of(message)
  local entry = self.by_cause[cause]
  if entry and entry.ids[id] then return end
  if entry then
    entry.ids[id], entry.more, entry.text = true, entry.more + 1, causes.common(entry.text, text)
    return
  end
  entry = { text = text, ids = { [id] = true }, more = 0, cause = causes.is_outage(message, code) and "outage" or cause }
  self.by_cause[cause] = entry
  self.order[#self.order + 1] = entry
  self.out.note(id .. ": " .. message)
end

---Says how many more there were.
---@param stop { cause: string? }? why the work ended: its message has the count of its own cause
function methods:close(stop)
  for _, entry in ipairs(self.order) do
    if entry.more > 0 and not (stop and stop.cause == entry.cause) then
      self.out.note(("the same for %s: %s"):format(words.count(entry.more, "more title"), entry.text))
    end
  end
end

return m
