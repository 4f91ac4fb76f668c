-- What text of a recipe may be: it ends up in the run file, in reports, on
-- terminals and in Alma. Both sides of the guard look, the inner one to say
-- where it came from, the outer one because it trusts nobody.
local core = require "almanac.core"

local plain, valid = core.text.plain, core.text.valid

local m = {}

local LONGEST = 1000
local LONGEST_WORDS = 10000

---Keys that one title may have.
m.most_keys = 10000

---What a thumbnail's name in the upload folder ends with, behind that of its file: as Alma's own web uploader
---writes it, and as the desktop tool of 2022 did. The first is meant when a recipe says nothing.
m.suffixes = { ".clientThumb", ".thumb" }

---@param suffix any
---@return boolean
function m.is_suffix(suffix)
  return suffix == m.suffixes[1] or suffix == m.suffixes[2]
end

---Changes that one title may have.
m.most_changes = 10000

-- Whether it holds what some terminals obey, U+0080 to U+009F. Two of them, U+0098
-- and U+009C, stand in titles around an article that is not sorted.
local function is_obeyed(text)
  return text:find "\xC2[\x80-\x97\x99-\x9B\x9D-\x9F]" ~= nil
end

---What is wrong with a text.
---@param text string
---@return string? words
function m.problem(text)
  if #text > LONGEST then return ("is longer than %d bytes"):format(LONGEST) end
  if plain(text) then return nil end
  if text:find "%c" or is_obeyed(text) then return "holds a control character" end
  if not valid(text) then return "is not UTF-8 text: was a letter cut in two?" end
end

---What is wrong with a text that people read on a terminal, such as help: it may
---be longer and have lines, nothing else that a terminal obeys.
---@param text string
---@return string? words
function m.problem_of_words(text)
  if #text > LONGEST_WORDS then return ("is longer than %d bytes"):format(LONGEST_WORDS) end
  if text:find "[^%C\n\t]" or is_obeyed(text) then return "holds a control character" end
  if not valid(text) then return "is not UTF-8 text" end
end

return m
