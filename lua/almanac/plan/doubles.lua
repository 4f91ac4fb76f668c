-- Finds files that are copies of another one: by their name, as browsers, Windows
-- and macOS name a copy, or by their bytes. A copy is no page, so it is a doubt.
local core = require "almanac.core"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"

local m = {}

local SHOWN = 4
-- "copy" as systems write it in other languages.
local WORDS = { "copy", "kopie", "copie", "copia", "kopia", "kopio", "kopi", "cópia" }
local OF = "%s+[%a]*%s*"        -- of, von, de, di, van, av

-- Ways to name a copy: patterns for a folded stem, which give the name of what was copied.
local FORMS = { "^(.-)%s*%(%d+%)$", "^(.-)%s*%[%d+%]$", "^(.*%d)[-_ ]%d%d?$", "^(.-)%s*~%d+$", "^(.-)%s+%(another copy%)$",
  "^(.-)%s+%(%d+%a%a copy%)$" }
for _, word in ipairs(WORDS) do
  FORMS[#FORMS + 1] = "^(.-)[%s_-]+" .. word .. "[%s_-]*%(?%d*%)?$"
  FORMS[#FORMS + 1] = "^(.-)[%s_-]*%(" .. word .. "[%s_-]*%d*%)$"
  FORMS[#FORMS + 1] = "^" .. word .. "%s*%(?%d*%)?" .. OF .. "(.+)$"
end

---The names of files that one may be a copy of, going by its own name.
---@param stem string folded, without extension
---@return string[]
function m.originals(stem)
  local list = {}
  for _, form in ipairs(FORMS) do
    local original = stem:match(form)
    if original and original ~= "" then list[#list + 1] = original end
  end
  return list
end

local function stem_of(path)
  local stem, ext = objects.split_extension(objects.last_part(path))
  return core.text.fold(stem), ext
end

-- The file that this one is named a copy of. `x_1-2` beside `x_1` is a copy; but
-- `x_2` beside `x` is none, because the only number of a name is its page.
local function original_of(file, at)
  local stem, ext = stem_of(file.path)
  for _, original in ipairs(m.originals(stem)) do
    local there = at[original .. "." .. ext]
    local counts = stem:sub(#original + 1):find "^[-_ ]%d+$"
    if there and there ~= file and not (counts and not original:find "[-_ ]%d+$") then return there end
  end
end

---A doubt when a title's file is named as a copy of another of its files.
---@param files { path: string }[]
---@return almanac.run.reason? doubt
function m.named(files)
  local at, list = {}, {}
  for _, file in ipairs(files) do
    local stem, ext = stem_of(file.path)
    at[stem .. "." .. ext] = file
  end
  for _, file in ipairs(files) do
    local original = original_of(file, at)
    if original then list[#list + 1] = { file.path, original.path } end
  end
  return list[1] and reasons.new("named_copy", { copies = reasons.some(list, SHOWN) }) or nil
end

---A doubt when files of a title have the same bytes.
---@param files { id: integer, path: string }[]
---@param same table<integer, string> the bytes of such files, from almanac.plan.twins
---@return almanac.run.reason? doubt
function m.same(files, same)
  local by, most = {}, nil
  for _, file in ipairs(files) do
    local bytes = same[file.id]
    if bytes then
      by[bytes] = by[bytes] or {}
      table.insert(by[bytes], file.path)
      if not most or #by[bytes] > #most then most = by[bytes] end
    end
  end
  if not most or not most[2] then return nil end
  return reasons.new("same_bytes", { same = #most, all = #files, files = reasons.some(most, SHOWN) })
end

return m
