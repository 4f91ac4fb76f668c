-- Knows remarks: words in names that may say nothing about the content, as "final" or "copy". It
-- looks for them in the names of files and of what titles hold. A recipe is tried with and without
-- them, and a word is ignored only when more titles become ready by it.
local objects = require "almanac.recipe.inside.objects"
local remarks = require "almanac.recipe.inside.remarks"
local text = require "almanac.core".text

local m = {}

local MOST = 8              -- words that are tried together, at most
local MOST_HELD = 2000      -- files of titles that are looked at, at most

local WORDS = {}
for word in ([[final finale definitive definitiv endgültig fertig fini finished ready done ok new neu nouveau nuevo old alt
  copy kopie copie copia kopia backup edit edited bearbeitet corrected korrigiert retouched crop cropped rotated resized
  web lowres hires highres print preview draft entwurf checked geprüft master access derivative tmp temp]]):gmatch "%S+" do
  WORDS[text.fold(word)] = true
end

local function count(found, word)
  found[word] = (found[word] or 0) + 1
end

-- Notes the remarks in a name: text in brackets without a number that may be a page, and words of the dictionary.
local function look_at(name, found, bare)
  local stem = objects.split_extension(objects.last_part(name))
  local _, inner = objects.split_extension(stem)
  if inner ~= "" and objects.is_file_type(inner) then count(found, "." .. inner) end
  local rest = stem:gsub("[%(%[{][^%d%(%)%[%]{},/]+[%)%]}]", function(remark)
    if not remarks.problem(remark) then count(found, text.fold(remark)) end
    return " "
  end)
  for word in rest:gmatch "[%w\x80-\xff]+" do
    local plain = text.fold(word):match "^(%l+)%d?%d?$" or text.fold(word)
    if WORDS[plain] then
      count(found, plain)
      bare[plain] = true
    end
  end
  if remarks.cleaner { remarks.blanks }(name) ~= name then found[remarks.blanks] = found[remarks.blanks] or 0 end
end

local function look_at_titles(titles, found, bare)
  local n = 0
  for _, title in ipairs(titles or {}) do
    for _, representation in ipairs(title.reading.representations) do
      for _, file in ipairs(representation.files) do
        n = n + 1
        if n > MOST_HELD then return end
        look_at(file.name or file.path or file.label or "", found, bare)
      end
    end
  end
end

---Words in the names of a folder that may not count, the commonest first.
---@param case { names: string[], titles: table[]? }
---@return string[] words none: there are no such
function m.of(case)
  local found, bare, list = {}, {}, {}
  for _, name in ipairs(case.names) do look_at(name, found, bare) end
  look_at_titles(case.titles, found, bare)
  for word in pairs(found) do
    local inner = word:match "^[%(%[{]%s*(.-)%s*[%)%]}]$"
    if not (inner and bare[inner]) then list[#list + 1] = word end
  end
  table.sort(list, function(a, b)
    if found[a] ~= found[b] then return found[a] > found[b] end
    return a < b
  end)
  return table.move(list, 1, MOST, 1, {})
end

return m
