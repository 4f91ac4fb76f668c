-- Converts numbers on the command line, for argparse.

---Makes a converter that takes numbers from `least` on.
---@param option string how the message names it, e.g. "--limit"
---@param least number the smallest that makes sense
---@param whole boolean? whole numbers only
---@return fun(text: string): number?, string?
return function(option, least, whole)
  return function(text)
    local value = tonumber(text)
    if value and whole then value = math.tointeger(value) end
    if value and value >= least and value < math.huge then return value end
    return nil, ("%s is '%s'; give a %snumber%s"):format(option, text, whole and "whole " or "",
      least >= 1 and (" from %d on"):format(least) or " that is not negative")
  end
end
