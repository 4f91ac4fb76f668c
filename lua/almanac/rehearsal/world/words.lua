-- Reads an option that takes several words, such as --latency 0.3,file=12.
local m = {}

---Reads each word of a SPEC.
---@param option string for the message
---@param words string[][] { word, meaning } each: all that are right
---@param spec string|nil words with commas between them
---@param take fun(text: string): any false or nil when it is not right
---@return boolean|nil ok
---@return string? message
function m.read(option, words, spec, take)
  for text in (spec or ""):gmatch "[^,]+" do
    if not take(text) then
      local right = {}
      for i, word in ipairs(words) do right[i] = word[1] end
      return nil, ("%s: '%s' is none of %s"):format(option, text, table.concat(right, ", "))
    end
  end
  return true
end

return m
