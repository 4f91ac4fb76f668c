-- Remarks in names that do not count: "(final)", "copy", "scan.tif.jpg", doubled
-- blanks. One list of words says what is taken out of a name before the rules see
-- it; recipes get the list by an argument of type `words`.
local objects = require "almanac.recipe.inside.objects"
local text = require "almanac.core".text

local m = {}

---Words that one argument may give.
m.most = 50
local LONGEST = 60          -- bytes of a word
---The word that stands for blanks alone.
m.blanks = "blanks"

-- Copies are numbered, or named by what they are copies of: "copy 2", "Copy of x", "Kopie von x".
local COPIES = { copy = true, copie = true, copia = true, kopie = true, kopia = true }
local OF = { of = true, von = true, de = true, di = true, da = true, av = true, van = true }

local CLOSES = { ["("] = ")", ["["] = "]", ["{"] = "}" }
local LETTER = "[%w\x80-\xff]"
local BETWEEN = "[ _%.,%-]*"

---What is wrong with a word that is to be ignored.
---@param word string
---@return string? words
function m.problem(word)
  if #word > LONGEST then return ("a word has at most %d bytes"):format(LONGEST) end
  if word:find "[/%c]" then return ("'%s' can't be part of a file's name"):format((word:gsub("%c", "?"))) end
  if word:find "^%d+$" then return ("'%s': a number tells one file from another and can't be ignored"):format(word) end
  if not word:find "[%a\x80-\xff]" then return ("'%s' is no word: it has no letter"):format(word) end
end

-- Words of text sorted by how they are looked for: types of files (".tif"), text with other signs in it ("(final)"),
-- and plain words, which are whole ones.
local function sorted(words)
  local kinds = { types = {}, signs = {}, plain = {} }
  for _, word in ipairs(words) do
    local ext = word:match "^%.(%w+)$"
    if word == m.blanks then
      goto continue
    elseif ext and objects.is_file_type(ext:lower()) then
      kinds.types[objects.extension(ext)] = true
    elseif word:find "^%w+$" or not word:find "[^%w\x80-\xff]" then
      kinds.plain[text.fold(word)] = true
    else
      table.insert(kinds.signs, (text.fold(word):gsub("%s+", " ")))
    end
    ::continue::
  end
  return kinds
end

-- No-break blanks are blanks; one stands for several, and none at an end or beside _.
local function in_order(part)
  part = part:gsub("\xc2\xa0", " "):gsub("\xe2\x80[\x80-\x8a\xaf]", " "):gsub(" +", " ")
  return (part:gsub(" ?_ ?", "_"):gsub("^ ", ""):gsub(" $", ""))
end

-- Puts together what stands before and behind a word that was taken out: never two numbers as one.
local function joined(before, behind)
  local left, right = before:gsub(BETWEEN .. "$", ""), behind:gsub("^" .. BETWEEN, "")
  if left == "" or right == "" then return left .. right end
  if right ~= behind then return left .. behind end
  if left ~= before then return before .. right end
  return left .. (left:find "%d$" and right:find "^%d" and " " or "") .. right
end

-- A word that stands alone in brackets goes with them.
local function with_brackets(part, first, last)
  local open = part:sub(first - 1, first - 1)
  if CLOSES[open] and part:sub(last + 1, last + 1) == CLOSES[open] then return first - 1, last + 1 end
  return first, last
end

-- Where the number of a copy ends, and the "of" of one that its name begins with.
local function end_of_copy(part, first, last)
  local number = part:match("^ ?%(?%d%d?%)?()", last + 1)
  if number and not part:find("^" .. LETTER, number) then last = number - 1 end
  local word, behind = part:match("^[ _%-](%a+)()[ _%-]", last + 1)
  if first == 1 and word and OF[word:lower()] then last = behind - 1 end
  return last
end

local function without_plain(part, words)
  for first, word, behind in part:gmatch("()(" .. LETTER .. "+)()") do
    local folded = text.fold(word)
    local copy = folded:match "^(%l+)%d%d?$"
    if words[folded] or copy and COPIES[copy] and words[copy] then
      local last = COPIES[folded] and end_of_copy(part, first, behind - 1) or behind - 1
      first, last = with_brackets(part, first, last)
      return joined(part:sub(1, first - 1), part:sub(last + 1)), true
    end
  end
  return part, false
end

-- Whether text that begins and ends here is no part of a longer word.
local function is_whole(part, first, last)
  local starts = part:find("^" .. LETTER, first) and part:find("^" .. LETTER, first - 1)
  return not (first > 1 and starts) and not (part:find("^" .. LETTER, last) and part:find("^" .. LETTER, last + 1))
end

local function without_sign(part, sign)
  local folded = text.fold(part)
  if #folded ~= #part then part = text.nfc(part) end
  if #folded ~= #part then return part, false end     -- letters that fold into several
  local first, last = folded:find(sign, 1, true)
  while first do
    if is_whole(part, first, last) then return joined(part:sub(1, first - 1), part:sub(last + 1)), true end
    first, last = folded:find(sign, first + 1, true)
  end
  return part, false
end

-- A part of a path without the words; as it is when nothing would be left.
local function clean_part(part, kinds)
  local rest, found = in_order(part), true
  while found do
    found = false
    for _, sign in ipairs(kinds.signs) do
      local one
      rest, one = without_sign(rest, sign)
      found = found or one
    end
    if not found then rest, found = without_plain(rest, kinds.plain) end
  end
  rest = in_order(rest)
  return rest:find(LETTER) and rest or part
end

-- "scan.tif (final).jpg" is "scan.jpg".
local function clean_name(name, kinds)
  local stem, ext = objects.split_extension(name)
  local ending = name:sub(#stem + 1)
  stem = clean_part(stem, kinds)
  local inner, type_of_inner = objects.split_extension(stem)
  while ext ~= "" and kinds.types[type_of_inner] do
    stem = clean_part(inner, kinds)
    inner, type_of_inner = objects.split_extension(stem)
  end
  return stem .. ending
end

---A function that takes words out of names and paths.
---@param words string[]
---@return fun(path: string): string
function m.cleaner(words)
  local kinds = sorted(words)
  return function(path)
    local parts = {}
    for folder in path:gmatch "([^/]*)/" do parts[#parts + 1] = clean_part(folder, kinds) end
    parts[#parts + 1] = clean_name(objects.last_part(path), kinds)
    return table.concat(parts, "/")
  end
end

---The words in the values of a recipe's arguments.
---@param args table[] of the recipe
---@param values table<string, any>
---@return string[]|nil words nil: every part of a name counts
function m.given(args, values)
  local words
  for _, entry in ipairs(args) do
    local list = entry[2] == "words" and values[entry[1]] or {}
    if list[1] then words = table.move(list, 1, #list, #(words or {}) + 1, words or {}) end
  end
  return words
end

return m
