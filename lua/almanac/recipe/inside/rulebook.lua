-- The rules that a recipe may have, each described once. Both sides of the
-- guard's pipe, checks, examples, explain and the reference go by this list: a
-- rule that is added here is asked, checked and told; what its answer leads to
-- is for the plan to say. In the order in which rules are asked, a rule has
--   name
--   of        what it gets: "file", "title", "record" (of a source of records), "files" (a title with its files and
--             records), or "missing" (a record that no title answers to, with its files)
--   gives     the shape of its answer, of almanac.recipe.inside.answers
--   noun      what it gives, in messages
--   ends      "something" or "nothing": when it gives that, no later rule is asked about the file
--   whole_names  true: it sees names with the words that do not count
--   seen_as   the field of a file that holds its answer when `changes` sees the file
--   otherwise what stands for its answer in a recipe without it
--   needed_without  the names of other rules, with blanks between: a recipe without all of these has this one
--   examples  "names", "cases" or "records": how examples say what it has to give; nil: there are none of it
--   nothing   what `explain` tells when it gives nothing; nil: then it tells nothing
--   returns   the types that it returns, for editors
--   doc       what it gives, in a line for editors
local answers = require "almanac.recipe.inside.answers"

local m = {}

---@class almanac.recipe.rule
---@field name string
---@field of "file"|"title"|"record"|"files"|"missing"|"held"|"metadata"
---@field gives string?
---@field noun string
---@field ends "something"|"nothing"|nil
---@field whole_names boolean?
---@field seen_as string?
---@field otherwise any
---@field needed_without string?
---@field examples "names"|"cases"|"records"|nil
---@field nothing string?
---@field returns string
---@field doc string

---@type almanac.recipe.rule[]
m.rules = {
  {
    name = "thumbnail_of", of = "file", gives = "owner", noun = "a path", ends = "something", whole_names = true,
    seen_as = "thumbnail", examples = "names", returns = "string?, string?",
    doc = 'path of the file that it belongs to, and what it is uploaded as: ".clientThumb" or ".thumb"',
  },
  {
    name = "file_key", of = "file", gives = "key", noun = "a match key", ends = "nothing", examples = "names",
    nothing = "nothing: the recipe leaves the file out", returns = "string|string[]|nil",
    doc = "a list: each may be the match key of a title",
  },
  {
    name = "page", of = "file", gives = "page", noun = "a page", seen_as = "page", examples = "names",
    nothing = "nothing: it has no page of its own", returns = "string|number|nil",
    doc = "its place among the files of one match key",
  },
  {
    name = "part", of = "file", gives = "text", noun = "a part", seen_as = "part", examples = "names",
    nothing = "nothing: it is no part of several", returns = "string|nil",
    doc = "its volume, copy or item: each becomes a representation",
  },
  {
    name = "title_keys", of = "title", gives = "keys", noun = "a match key", needed_without = "record_key save_as", examples = "cases",
    returns = "string[]|string|nil", doc = "the match keys of the title",
  },
  {
    name = "wants", of = "title", gives = "yes", noun = "an answer", otherwise = true, returns = "boolean, string?",
    doc = "whether the title takes part, and why not",
  },
  {
    name = "record_key", of = "record", gives = "keys", noun = "a match key", examples = "records",
    nothing = "nothing: the recipe leaves the record out", returns = "string|string[]|nil",
    doc = "the match keys of a record: those of its title and files, and what a title is looked up by",
  },
  {
    name = "record_files", of = "record", gives = "keys", noun = "the name of a file", examples = "records",
    nothing = "nothing: the record names no file", returns = "string|string[]|nil",
    doc = "the files that a record names itself, in page order: paths, names or ends of addresses",
  },
  {
    name = "changes", of = "files", noun = "a change", returns = "recipe.change|recipe.change[]|nil, string?",
    doc = "what to make, or nothing and why",
  },
  {
    name = "missing", of = "missing", noun = "a change", returns = "recipe.change|recipe.change[]|nil, string?",
    doc = "what to make of a record that no title answers to: first of all a bib; or nothing and why",
  },
  {
    name = "metadata", of = "metadata", noun = "metadata", returns = "recipe.metadata|nil",
    doc = "what an ingest says of the title: rows with Alma's headings, or a record; nothing: ids and file names alone",
  },
  {
    name = "save_as", of = "held", gives = "text", noun = "a path", returns = "string|nil",
    doc = "where `almanac fetch` puts a file of Alma, below its folder; nil: it is not fetched",
  },
}

---Of each thing that rules are about: what a rule gets, as name and type in pairs.
---@type table<string, string[][]>
m.parameters = {
  file = { { "file", "recipe.file" }, { "args", "table" } },
  title = { { "title", "recipe.title" }, { "args", "table" } },
  record = { { "record", "recipe.source_record" }, { "args", "table" } },
  files = { { "title", "recipe.title" }, { "files", "recipe.file[]" }, { "args", "table" }, { "records", "recipe.source_record[]" } },
  missing = { { "record", "recipe.source_record" }, { "files", "recipe.file[]" }, { "args", "table" },
    { "records", "recipe.source_record[]" } },
  held = { { "title", "recipe.title" }, { "representation", "recipe.representation" }, { "file", "recipe.held" }, { "args", "table" } },
  metadata = { { "record", "recipe.source_record?" }, { "files", "recipe.file[]" }, { "args", "table" },
    { "records", "recipe.source_record[]" } },
}

---The shape of a rule's answer.
---@param rule almanac.recipe.rule
---@return table shape of almanac.recipe.inside.answers
function m.shape(rule) return answers[rule.gives] end

---The rules about one thing, in the order in which they are asked.
---@param of "file"|"title"|"record"|"files"|"missing"|"held"|"metadata"
---@return almanac.recipe.rule[]
function m.about(of)
  local list = {}
  for _, rule in ipairs(m.rules) do
    if rule.of == of then list[#list + 1] = rule end
  end
  return list
end

---The rules about one thing that a recipe has and that are asked: without a
---rule that ends with nothing, none behind it is.
---@param recipe table
---@param of "file"|"title"|"record"
---@return almanac.recipe.rule[]
function m.asked(recipe, of)
  local list = {}
  for _, rule in ipairs(m.about(of)) do
    if recipe[rule.name] then list[#list + 1] = rule elseif rule.ends == "nothing" then break end
  end
  return list
end

---Whether a rule's answer means that no later rule is asked about the file.
---@param rule almanac.recipe.rule
---@param value any nil or false: it gave nothing
---@return boolean
function m.ends(rule, value)
  return rule.ends == (value and "something" or "nothing")
end

---Those with examples of one kind.
---@param kind "names"|"cases"|"records"|nil of any kind when absent
---@return almanac.recipe.rule[]
function m.with_examples(kind)
  local list = {}
  for _, rule in ipairs(m.rules) do
    if rule.examples and (not kind or rule.examples == kind) then list[#list + 1] = rule end
  end
  return list
end

-- Those whose answer `changes` sees.
local SEEN = {}
for _, rule in ipairs(m.rules) do
  if rule.seen_as then SEEN[#SEEN + 1] = rule end
end

---The rules of a recipe whose answers `changes` sees with the files.
---@param recipe table
---@return almanac.recipe.rule[]
function m.seen(recipe)
  local list = {}
  for _, rule in ipairs(SEEN) do
    if recipe[rule.name] then list[#list + 1] = rule end
  end
  return list
end

---What goes over the pipe of an answer that `changes` sees.
---@param rule almanac.recipe.rule
---@param file table
---@return any
function m.plain(rule, file)
  local value, plain = file[rule.seen_as], m.shape(rule).plain
  if value and plain then return plain(value) end
  return value
end

---Gives a file the answers that `changes` sees.
---@param file table from objects.file
---@param row table with these answers, plain
---@return table file
function m.show(file, row)
  for _, rule in ipairs(SEEN) do
    local value, shown = row[rule.seen_as], m.shape(rule).shown
    if value and shown then value = shown(value) end
    file[rule.seen_as] = value
  end
  return file
end

return m
