-- Reads the query of a logical set, as in BIB_MMS where BIB_MMS ((all CONTAIN "maps") AND BIB_MMS (title NOT_EMPTY)),
-- and makes SQL of it. It knows the words that published queries have: five operators, and three fields of titles.
-- Whatever else Alma's search knows is refused here, so that no set is made of a query that was half understood.
local m = {}

-- Each field as SQL of a row of `bib`.
local FIELDS = {
  all = "mms_id || ' ' || title || ' ' || coalesce(oclc, '') || ' ' || coalesce(call_number, '') || ' ' || coalesce(record, '')",
  title = "title", mms_id = "mms_id",
}

local function quoted(text)
  return "'" .. text:gsub("'", "''") .. "'"
end

-- CONTAIN is true when every word occurs.
local function contains(column, value)
  local parts = {}
  for word in value:lower():gmatch "%S+" do
    parts[#parts + 1] = ("instr(lower(%s), %s) > 0"):format(column, quoted(word))
  end
  return parts[1] and table.concat(parts, " AND ") or "0"
end

local function comparing(sign)
  return function(column, value) return ("%s %s %s"):format(column, sign, quoted(value)) end
end

local OPERATORS = {
  CONTAIN = contains, OUTER_EQUAL = comparing "=", GREATER_EQUAL = comparing ">=", LESS_THAN = comparing "<",
  NOT_EMPTY = function(column) return ("(%s) <> ''"):format(column) end,
}
local ALONE = { NOT_EMPTY = true }
local JOINS = { AND = "AND", OR = "OR", NOT = "AND NOT" }

local function refuse(words, ...)
  error({ refusal = words:format(...) }, 0)
end

-- Words, parentheses and quoted values; in a value \" and \\ stand for themselves.
local function tokens_of(text)
  local tokens, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then return tokens end
    local kind, token = "value", text:match('^"([^"\\]*)"', at)
    local stop = token and at + #token + 2
    if not token then
      kind, token = "word", text:match("^[()]", at) or text:match("^[%w_]+", at)
      stop = token and at + #token
    end
    if not token then refuse("'%s' can't be read", text:sub(at, at + 20)) end
    tokens[#tokens + 1] = { kind = kind, text = token }
    at = stop
  end
end

local reader = {}
reader.__index = reader

function reader:next() return self.tokens[self.at] end

function reader:is(word)
  local token = self:next()
  return token ~= nil and token.kind == "word" and token.text:upper() == word
end

function reader:take(kind, what)
  local token = self:next()
  if not token or token.kind ~= kind then refuse("%s is missing behind '%s'", what, self:before()) end
  self.at = self.at + 1
  return token.text
end

function reader:before()
  local token = self.tokens[self.at - 1]
  return token and token.text or ""
end

function reader:expect(word)
  if not self:is(word) then refuse("'%s' is missing behind '%s'", word, self:before()) end
  self.at = self.at + 1
end

function reader:join()
  for word, sql in pairs(JOINS) do
    if self:is(word) then
      self.at = self.at + 1
      return sql
    end
  end
end

function reader:criterion()
  local field = self:take("word", "a field")
  local column = FIELDS[field] or refuse("the field '%s' is not known here", field)
  local name = self:take("word", "an operator")
  local operator = OPERATORS[name] or refuse("the operator '%s' is not known here", name)
  return operator(column, not ALONE[name] and self:take("value", "a value") or nil)
end

function reader:term()
  if self:is "(" or self:is "BIB_MMS" then return self:group() end
  return self:criterion()
end

-- It is not published which of AND and OR binds first, so a level without parentheses has one of them.
function reader:terms(read)
  local parts, joined = { read(self) }, nil
  while true do
    local join = self:join()
    if not join then return table.concat(parts) end
    if joined and join ~= joined then refuse "AND, OR and NOT on one level need parentheses" end
    joined = join
    parts[#parts + 1] = (" %s %s"):format(join, read(self))
  end
end

function reader:group()
  if not self:is "(" then self:expect "BIB_MMS" end
  self:expect "("
  local sql = self:terms(reader.term)
  self:expect ")"
  return "(" .. sql .. ")"
end

local function read(text)
  local self = setmetatable({ tokens = tokens_of(text), at = 1 }, reader)
  local content = self:take("word", "a content type")
  self:expect "WHERE"
  local sql = self:terms(reader.group)
  if self:next() then refuse("'%s' is too much", self:next().text) end
  return { content = content, sql = sql }
end

---@param text string
---@return { content: string, sql: string }|nil query sql: a condition on rows of `bib`
---@return string? words why it is not taken
function m.read(text)
  local ok, result = pcall(read, text)
  if ok then return result end
  if type(result) ~= "table" or not result.refusal then error(result, 0) end
  return nil, result.refusal
end

return m
