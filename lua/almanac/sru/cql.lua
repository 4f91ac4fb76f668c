-- Reads CQL only so far as to find which indexes a query uses: quotes, words and signs
-- (loc.gov/standards/sru/cql/spec.html).
local m = {}

local RELATIONS = { ["="] = true, ["=="] = true, ["<>"] = true, ["<"] = true, [">"] = true, ["<="] = true,
  [">="] = true, all = true, any = true, exact = true, within = true, adj = true, encloses = true }
local BOOLEANS = { ["and"] = true, ["or"] = true, ["not"] = true, prox = true }

---Splits a query into words and signs.
---@param query string
---@return { text: string, quoted: boolean? }[]|nil tokens signs are ( ) / and relations
---@return string? message
function m.tokens(query)
  local tokens, at = {}, 1
  while true do
    at = query:match("^%s*()", at)
    if at > #query then return tokens end
    local text, after
    if query:sub(at, at) == '"' then
      local from = at
      repeat
        after = query:match('^"[^"\\]*()', from) or query:match('^[^"\\]*()', from)
        if query:sub(after, after) == "\\" then from, after = after + 2, nil end
      until after
      if query:sub(after, after) ~= '"' then
        return nil, ("the query '%s' has a quote at character %d that is not closed"):format(query, at)
      end
      tokens[#tokens + 1] = { text = query:sub(at + 1, after - 1):gsub("\\(.)", "%1"), quoted = true }
      at = after + 1
    else
      text, after = query:match("^([()/])()", at)
      if not text then text, after = query:match("^([<>=]+)()", at) end
      if not text then text, after = query:match('^([^%s()/<>="]+)()', at) end
      tokens[#tokens + 1] = { text = text }
      at = after
    end
  end
end

---True when a token is a relation, which stands between index and term.
---@param token { text: string, quoted: boolean? }?
---@return boolean
function m.is_relation(token)
  return token ~= nil and not token.quoted and RELATIONS[token.text:lower()] == true
end

---True when a token joins two clauses.
---@param token { text: string, quoted: boolean? }?
---@return boolean
function m.is_boolean(token)
  return token ~= nil and not token.quoted and BOOLEANS[token.text:lower()] == true
end

---The indexes that a query searches in or sorts by, as they are written there.
---@param query string
---@return string[]|nil names
---@return string? message
function m.indexes(query)
  local tokens, message = m.tokens(query)
  if not tokens then return nil, message end
  if not tokens[1] then return nil, "the query is empty" end
  local names = {}
  for i, token in ipairs(tokens) do
    if token.text:lower() == "sortby" and not token.quoted then break end
    -- An index has a relation behind it, and the beginning, a bracket or a boolean before it.
    local before = tokens[i - 1]
    local begins = not before or before.text == "(" or m.is_boolean(before)
    if begins and not token.quoted and m.is_relation(tokens[i + 1]) then names[#names + 1] = token.text end
  end
  return names
end

return m
