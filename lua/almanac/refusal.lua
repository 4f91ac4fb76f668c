-- A no of the world inside of a loop, where it can't be given as `nil, message, code`: it is raised as text. Who ends a program
-- by it can tell it from a programmer's mistake, which has a line.
local m = {}

local codes = {}   -- text that was raised -> its code

---Raises the message as it is.
---@param message string
---@param code string?
function m.raise(message, code)
  codes[message] = code or "status"
  error(message, 0)
end

---Tells whether an error is such a refusal, also one that was raised again on its way.
---@param text string
---@return string|nil message as it was raised
---@return string? code
function m.of(text)
  while text do
    if codes[text] then return text, codes[text] end
    text = text:match "^[^\n]-:%d+: (.*)$"
  end
end

return m
