-- Asks the rules of a recipe about thousands of files or titles: a batch is a
-- message, and several may be on their way while the caller writes down what
-- came back. Answers come in the order of the questions.
local guard = require "almanac.recipe.guard"
local rules = require "almanac.recipe.rules"
local text = require "almanac.recipe.inside.text"

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
  return setmetatable({ guard = its, recipe = recipe, args = args, batch = 0 }, meta)
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

---Asks for the keys and pages of files, and which are thumbnails.
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

local function is_key(value)
  return type(value) ~= "number" and rules.is_value(value)
end

local function is_title_key(value)
  return type(value) == "string" and not text.problem(value)
end

local function is_boolean(value) return type(value) == "boolean" end

-- Whether there is something for some of n, and all of it is right.
local function has_some(list, n, is_right)
  if type(list) ~= "table" then return false end
  for place, value in next, list do
    if math.type(place) ~= "integer" or place < 1 or place > n or not is_right(value) then return false end
  end
  return true
end

---Takes the answer to ask_files.
---@param n integer files of the batch
---@return (string|false)[]|nil keys
---@return (string|number|false)[]|string pages, or a message
---@return table<integer, string[]>|string|nil others further keys by place, or a code
---@return table<integer, { [1]: string, [2]: string }>? owners by place, of thumbnails: path and suffix
---@return table<integer, string>? parts by place
function methods:take_keys(n)
  local answer, message, code = self.guard:receive(4 * n)
  if not answer then return nil, message, code end
  local keys, pages, others, owners, parts = answer[1], answer[2], answer[3], answer[4], answer[5]
  local right = has(keys, n, is_key) and has(pages, n, rules.is_value)
  right = right and has_some(others, n, rules.are_keys) and has_some(owners, n, rules.is_owner)
  if right and has_some(parts, n, is_title_key) then return keys, pages, others, owners, parts end
  return nil, rules.NONSENSE, "parse"
end

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

-- Whether these are what they have to be of n titles: keys one behind the other,
-- how many are of which title, which take part, why others don't.
local function are_settled(n, keys, counts, wanted, reasons)
  if type(keys) ~= "table" or type(reasons) ~= "table" or not has(counts, n, math.type) or not has(wanted, n, is_boolean) then
    return false
  end
  local sum = 0
  for _, count in ipairs(counts) do
    if math.type(count) ~= "integer" or count < 0 or count > text.most_keys then return false end
    sum = sum + count
  end
  return has(keys, sum, is_title_key)
end

---Takes the answer to ask_titles.
---@param n integer titles of the batch
---@return string[]|nil keys those of the first title, then those of the second, …
---@return integer[]|string counts how many keys each title has; or a message
---@return boolean[]|string wanted; or a code
---@return table<integer, string> reasons by place: why a title is not wanted
function methods:take_titles(n)
  local answer, message, code = self.guard:receive(2 * n)
  if not answer then return nil, message, code end
  local keys, counts, wanted, reasons = answer[1], answer[2], answer[3], answer[4]
  if not are_settled(n, keys, counts, wanted, reasons) then return nil, rules.NONSENSE, "parse" end
  local words = {}
  for place, reason in pairs(reasons) do words[place] = guard.readable(reason) end
  return keys, counts, wanted, words
end

local function is_list(value) return type(value) == "table" end

-- path, size, page of each, in one list
local function flat(files)
  local list = {}
  for i, file in ipairs(files) do
    list[3 * i - 2], list[3 * i - 1], list[3 * i] = file.path, file.size or false, file.page or false
  end
  return list
end

-- path and size of each file's thumbnail, false for none
local function thumbnails_of(files)
  local list = {}
  for i, file in ipairs(files) do
    local thumbnail = file.thumbnail
    list[i] = thumbnail and { path = thumbnail.path, size = thumbnail.size } or false
  end
  return list
end

local function parts_of(files)
  local list = {}
  for i, file in ipairs(files) do list[i] = file.part or false end
  return list
end

---Asks for the changes of titles of a batch; once for every batch, also when
---none is left of it.
---@param batch integer from ask_titles
---@param open { place: integer, files: { path: string, size: integer?, page: any, part: string?, thumbnail: table? }[] }[] place: of the
---  title in its batch
---@return true|nil
---@return string? message
---@return string? code
function methods:ask_changes(batch, open)
  local places, files = {}, {}
  local thumbnails, parts = self.recipe.thumbnail_of and {}, self.recipe.part and {}
  for i, entry in ipairs(open) do
    places[i], files[i] = entry.place, flat(entry.files)
    if thumbnails then thumbnails[i] = thumbnails_of(entry.files) end
    if parts then parts[i] = parts_of(entry.files) end
  end
  return self.guard:send { "proposals", self.args, batch, places, files, thumbnails or false, parts or false }
end

---Takes the answer to ask_changes.
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
