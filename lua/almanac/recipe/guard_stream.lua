-- Asks the rules of a recipe about thousands of files or titles: a batch is a
-- message, and several may be on their way while the caller writes down what
-- came back. Answers come in the order of the questions.
local columns = require "almanac.recipe.inside.columns"
local guard = require "almanac.recipe.guard"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.rules"

local m = {}

local methods = {}
local meta = { __index = methods }

---A stream of questions to one recipe.
---@param recipe table
---@param args table its arguments
---@return table stream
function m.new(recipe, args)
  local its = guard.of(recipe)
  its:close()   -- questions of somebody else, who gave up
  return setmetatable({ guard = its, args = args, batch = 0, seen = rulebook.seen(recipe),
    asked = { file = rulebook.asked(recipe, "file"), title = rulebook.asked(recipe, "title"),
      record = rulebook.asked(recipe, "record") } }, meta)
end

-- The sidecars of files as wall.lua takes them: each once, also when it is of
-- many files.
local function packed(files)
  local cards, lists, places = {}, {}, {}
  local at, card_at = {}, {}
  for i, file in ipairs(files) do
    local list = file.sidecars
    if not at[list] then
      local own = {}
      for n, card in ipairs(list) do
        if not card_at[card] then
          cards[#cards + 1] = card
          card_at[card] = #cards
        end
        own[n] = card_at[card]
      end
      lists[#lists + 1] = own
      at[list] = #lists
    end
    places[i] = at[list]
  end
  return { cards, lists, places }
end

---Asks the rules about files, each until one of them ends it.
---@param files { path: string, size: integer?, sidecars: almanac.sidecar[]? }[] all with sidecars, or none
---@return true|nil
---@return string? message
---@return string? code as rules
function methods:ask_files(files)
  local paths, sizes = {}, {}
  for i, file in ipairs(files) do paths[i], sizes[i] = file.path, file.size or false end
  local sidecars = files[1] and files[1].sidecars and packed(files) or nil
  return self.guard:send { "files", self.args, paths, sizes, sidecars }
end

-- Whether there is something for each of n, and all of it is right.
local function has(list, n, is_right)
  if type(list) ~= "table" or #list ~= n then return false end
  for i = 1, n do
    if not is_right(list[i]) then return false end
  end
  return true
end

local NONE = { values = {}, more = {} }     -- of a rule that was not asked

-- Text for people, whatever came.
local function readable(more)
  local words = {}
  for place, reason in pairs(more) do words[place] = guard.readable(reason) end
  return words
end

---@class almanac.recipe.column what one rule answered about each of a batch
---@field values table by place, false: it gave nothing; of title_keys the keys of all, one behind the other
---@field more table<integer, any> by place: what comes second
---@field counts integer[]? how many of the values are of which place

-- Takes what the rules about files or titles say of n; what is no answer of theirs is refused.
local function take(self, of, n)
  local asked, answers = self.asked[of], {}
  local answer, message, code = self.guard:receive(n * math.max(1, #asked))
  if not answer then return nil, message, code end
  for _, rule in ipairs(rulebook.about(of)) do answers[rule.name] = NONE end
  for _, rule in ipairs(asked) do
    local shape, column = rulebook.shape(rule), answer[rule.name]
    if not columns.is_right(column, n, shape) then return nil, rules.NONSENSE, "parse" end
    answers[rule.name] = { values = column[1], more = shape.words and readable(column[2]) or column[2], counts = column[3] }
  end
  return answers
end

---Takes the answer to ask_files.
---@param n integer files of the batch
---@return table<string, almanac.recipe.column>|nil answers by the name of the rule; of one that the recipe does not have nothing is in it
---@return string? message
---@return string? code
function methods:take_files(n) return take(self, "file", n) end

---Asks for the keys of titles, and whether they take part. Their changes have
---to be asked for once their keys are known.
---@param rows { mms_id: string, title: string?, reading: string, details: { record: string?, items: table[]?, rows: table[]? }? }[]
---  reading: as a run file keeps it; details: for all of them, or for none
---@return integer|nil batch
---@return string? message
---@return string? code
function methods:ask_titles(rows)
  local ids, names, readings, details = {}, {}, {}, {}
  for i, row in ipairs(rows) do
    ids[i], names[i], readings[i], details[i] = row.mms_id, row.title or false, row.reading, row.details
  end
  self.batch = self.batch + 1
  local ok, message, code = self.guard:send { "titles", self.args, self.batch, ids, names, readings, details[1] and details }
  if not ok then return nil, message, code end
  return self.batch
end

---Takes the answer to ask_titles.
---@param n integer titles of the batch
---@return table<string, almanac.recipe.column>|nil answers by the name of the rule
---@return string? message
---@return string? code
function methods:take_titles(n) return take(self, "title", n) end

---Asks the rules about records.
---@param list almanac.run.entry[] as the source gave them
---@return true|nil
---@return string? message
---@return string? code
function methods:ask_records(list)
  return self.guard:send { "records", self.args, list }
end

---Takes the answer to ask_records.
---@param n integer records of the batch
---@return table<string, almanac.recipe.column>|nil answers by the name of the rule
---@return string? message
---@return string? code
function methods:take_records(n) return take(self, "record", n) end

local function is_list(value) return type(value) == "table" end

-- path and size of each, and the answers that `changes` sees, in one list
local function flat(files, seen)
  local list, n = {}, 0
  for _, file in ipairs(files) do
    list[n + 1], list[n + 2] = file.path, file.size or false
    n = n + 2
    for i, rule in ipairs(seen) do list[n + i] = rulebook.plain(rule, file) or false end
    n = n + #seen
  end
  return list
end

---Asks for the changes of titles of a batch; once for every batch, also when
---none is left of it.
---@param batch integer from ask_titles
---@param open { place: integer, files: { path: string, size: integer?, page: any, part: string?, thumbnail: table? }[],
---  records: almanac.run.entry[]? }[] place: of the title in its batch; records: of all titles, or of none
---@return true|nil
---@return string? message
---@return string? code
function methods:ask_changes(batch, open)
  local places, files, records = {}, {}, {}
  for i, entry in ipairs(open) do places[i], files[i], records[i] = entry.place, flat(entry.files, self.seen), entry.records end
  return self.guard:send { "proposals", self.args, batch, places, files, records[1] and records }
end

---Asks for what is to be made of records that no title answers to.
---@param open { records: almanac.run.entry[], files: table[] }[] records: of one title that is not there; files: as of ask_changes
---@return true|nil
---@return string? message
---@return string? code
function methods:ask_missing(open)
  local records, files = {}, {}
  for i, entry in ipairs(open) do records[i], files[i] = entry.records, flat(entry.files, self.seen) end
  return self.guard:send { "lacking", self.args, records, files }
end

---Takes the answer to ask_changes or ask_missing.
---@param n integer how many were asked for
---@return table[]|nil proposals for rules.take_changes
---@return string? message
---@return string? code
function methods:take_changes(n)
  local answers, message, code = self.guard:receive(n)
  if not answers then return nil, message, code end
  if has(answers, n, is_list) then return answers end
  return nil, rules.NONSENSE, "parse"
end

---Ends the process: nobody asks any more.
function methods:close()
  self.guard:close()
end

meta.__close = methods.close

return m
