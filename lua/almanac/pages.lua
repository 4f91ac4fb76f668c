-- Reads a list that a server gives page after page. The list has `page` (the elements of one
-- page), `at` (how many of them were given) and `count` (how many of all pages were). `turn` reads
-- the next page.
local refusal = require "almanac.refusal"

local m = {}

local function give(list, turn)
  if list.failed then return nil, table.unpack(list.failed, 1, 3) end
  while list.at == #list.page do
    local ok, message, code, name = turn(list)
    if ok == false then return nil end
    if not ok then
      list.failed = { message, code, name }
      return nil, message, code, name
    end
  end
  list.at, list.count = list.at + 1, list.count + 1
  return list.page[list.at]
end

---The methods of such lists.
---@param turn fun(list: table): boolean|nil, string?, string?, string? reads the next page: true; false when there is none;
---  nil, message, code and what else there is to say when it can't be read
---@param entry_of fun(element: any, list: table): table an entry from an element of a page
---@return { next_node: function, next: function, entries: function } methods
function m.methods(turn, entry_of)
  local methods = {}

  ---The next element of the list, as XML; nil at the end. After a failure nothing follows.
  function methods:next_node() return give(self, turn) end

  ---The next entry; nil at the end.
  function methods:next()
    local element, message, code = give(self, turn)
    if not element then return nil, message, code end
    return entry_of(element, self)
  end

  ---Goes through the list in a `for`; raises the message when it can't be read to its end.
  function methods:entries()
    return function()
      local entry, message, code = self:next()
      if not entry and message then refusal.raise(message, code) end
      return entry
    end
  end

  return methods
end

return m
