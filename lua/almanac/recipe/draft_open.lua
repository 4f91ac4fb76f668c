-- The text of a new recipe where none that is at hand fits: complete but for the
-- rule that says what belongs together, with what the helpers make of a real name
-- and what a real title has, and the names as examples that are still open.
local key = require "almanac.recipe.inside.key"
local objects = require "almanac.recipe.inside.objects"

local m = {}

local LONGEST = 70      -- letters of a value in a comment

local function quoted(value)
  if type(value) == "number" then return tostring(value) end
  local text = tostring(value)
  if (utf8.len(text) or 0) > LONGEST then text = text:sub(1, utf8.offset(text, LONGEST) - 1) .. "…" end
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"'
end

-- What one writes, and what it gives.
local HELPERS = {
  { "key.stem(file.name)", function(file) return key.stem(file.name) end },
  { "key.mms_id(file.path)", function(file) return key.mms_id(file.path) end },
  { "key.barcode(file.name)", function(file) return (key.barcode(file.name)) end },
  { "key.oclc(file.name)", function(file) return key.oclc(file.name) end },
  { "key.date(file.name)", function(file) return key.date(file.name) end },
  { "key.digits(file.name, 1)", function(file) return key.digits(file.name, 1) end },
  { "key.digits(file.name, -1)", function(file) return key.digits(file.name, -1) end },
  { "key.numbers(file.name)", function(file) return key.numbers(file.stem) end },
  { "key.numbers(file.name, 2)", function(file) return key.numbers(file.stem, 2) end },
  { "key.numbers(file.name, 3)", function(file) return key.numbers(file.stem, 3) end },
  { 'key.part(file.name, 1, "%s")', function(file, sign) return key.part(file.name, 1, sign) end },
  { 'key.part(file.name, -1, "%s")', function(file, sign) return key.part(file.name, -1, sign) end },
  { 'key.parts(file.name, -1, "%s")', function(file, sign) return key.parts(file.name, -1, sign) end },
  { "key.call_number(file.name)", function(file) return key.call_number(file.stem) end },
  { "key.without_page(file.name)", function(file) return key.without_page(file.name) end },
  { "key.page(file.name)", function(file) return key.page(file.name) end },
  { "key.folder(file.path)", function(file) return key.folder(file.path) end },
}

local function add_facts(list, facts)
  local widest = 0
  for _, fact in ipairs(facts) do widest = math.max(widest, #fact[1]) end
  for _, fact in ipairs(facts) do
    list[#list + 1] = ("  --   %s%s  %s"):format(fact[1], (" "):rep(widest - #fact[1]), quoted(fact[2]))
  end
end

-- Each value once, by the first helper that gives it.
local function of_name(name)
  local facts, seen, file = {}, {}, objects.file(name)
  local sign = file.stem:match "_" or file.stem:match "[-. ]" or "_"
  for _, helper in ipairs(HELPERS) do
    local value = helper[2](file, sign)
    if value and not seen[value] then facts[#facts + 1] = { helper[1]:format(sign), value } end
    seen[value or ""] = true
  end
  return facts
end

-- Numbers in what a title has are got in the same way as those of names.
local function with_numbers(facts)
  local list = {}
  for _, fact in ipairs(facts) do
    list[#list + 1] = fact
    local way = fact[1]:match "^title%.title$" or fact[1]:match "^title%.record:get .*$"
    local number = way and key.numbers(fact[2], -1)
    if number and number ~= fact[2] then list[#list + 1] = { ("key.numbers(%s, -1)"):format(way), number } end
  end
  return list
end

local HEAD = [[
-- almanac-recipe: 1
--
-- For files named like these, which no recipe at hand fits:
%s
-- To be written: file_key and title_keys, and page when several files are pages of
-- one title. Until then every file is left out. recipes/README.md lists what rules have.

return {
  name    = %q,
  summary = "Add files to titles, by a rule that is still to be written",
  version = "0.1.0",
  license = "MIT",
  effects = { "add" },                 -- what its plans may contain
  %s-- what rules look at: title.record; "items", "rows" for title:items(), title:rows()

  args = {
    { "folder",  "dir",    required = true,  help = "where the files are" },
    { "set",     "set",    help = "Alma set of titles; or give --titles" },
    { "ext",     "string", default = %q,  help = "type of the files to add" },
    { "ignore_words", "words", default = {}, help = "what does not count in names: (final),copy,.tif; blanks for blanks alone" },
    { "library", "string", default = "MAIN", help = "owning library (code)" },
    { "label",   "string", default = %q,  help = "label of the new representation" },
    { "usage",   "string", default = "DERIVATIVE_COPY", help = "usage type of the new representation (code)" },
  },
]]

local FILE_KEY = [[
  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    return nil
  end,

  -- its page, when several files belong to one title
  -- page = function(file) return key.page(file.name) end,
]]

local REST = [[
  title_keys = function(title)
    return {}
  end,

  -- does this title take part?
  wants = function(title, args)
    if title:has(args.ext) then return false, "it holds a " .. args.ext:upper() .. " already" end
    return true
  end,

  -- what to create; files come sorted by page
  changes = function(title, files, args)
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = files,
    }
  end,

  -- Open: their match keys are not said yet. Move each to
  -- file_key = { ["its name"] = "its key" }, or false for one that is to be left out.
  examples = {
    open = {
%s
    },
  },
}
]]

-- Records are read without a call; items take one a title, so that field waits until a rule needs it.
local READ, UNREAD = 'reads = { "record" },                ', '-- reads = { "record" },             '

---@param spec { name: string, names: string[], ext: string, record: boolean?, title: string?, facts: { [1]: string, [2]: any }[] }
---  names: real ones; record: whether the titles came with theirs; title: MMS ID of a real one, facts: what it has, each with the way to write it
---@return string text
function m.text(spec)
  local shown, open, list = {}, {}, {}
  for i, name in ipairs(spec.names) do
    if i <= 3 then shown[i] = "--   " .. name end
    open[i] = "      " .. quoted(name) .. ","
  end
  list[1] = HEAD:format(table.concat(shown, "\n"), spec.name, spec.record and READ or UNREAD, spec.ext, spec.ext:upper())
  list[2] = ("  -- TO WRITE: the match key of a file, a text that its title has as well; nil leaves it out. For\n  -- %s:")
    :format(spec.names[1])
  add_facts(list, of_name(spec.names[1]))
  list[#list + 1] = FILE_KEY
  local whose = spec.title and "For " .. spec.title or "What it may have"
  list[#list + 1] = "  -- TO WRITE: the match keys of a title. " .. whose .. ":"
  add_facts(list, with_numbers(spec.facts))
  list[#list + 1] = REST:format(table.concat(open, "\n"))
  return table.concat(list, "\n")
end

return m
