-- What rules may answer, shape by shape: how what a rule returned is brought
-- into one form inside the guard, how our side, which trusts nobody, looks at
-- what came over the pipe, and how people are told. A shape has
--   take(given, second, noun, subject)  value, more; nothing when the rule gives nothing; nil, nil, words when it is refused
--   is(value, more)  whether both may have come from take; false and nil: it gave nothing
--   told(value, more)  in words
--   each(item)       only of lists, which go over the pipe one behind the other: whether this may be an item
--   words            true: `more` is text for people
--   shown(plain), plain(shown)  how `changes` sees the value with a file, and what goes over the pipe of that
local objects = require "almanac.recipe.inside.objects"
local text = require "almanac.recipe.inside.text"

local m = {}

local function quoted(value)
  return type(value) == "number" and tostring(value) or ("'%s'"):format(tostring(value))
end

local function in_order(list)
  local parts = {}
  for i, value in ipairs(list) do parts[i] = quoted(value) end
  return parts[1] and table.concat(parts, ", ") or "none"
end

-- Keys are text; whole numbers are taken as their digits.
local function text_of(given, noun)
  if math.type(given) == "integer" then return ("%d"):format(given) end
  if type(given) ~= "string" then return nil, nil, ("%s is text; this one is a %s"):format(noun, type(given)) end
  local problem = text.problem(given)
  if problem then return nil, nil, noun .. " " .. problem end
  return given
end

-- Texts in a list, each once and none empty. What a rule gives is read as it is:
-- no metamethod runs where no step is counted.
local function list_of(given, noun)
  local list, seen = {}, {}
  for i = 1, rawlen(given) do
    local key, _, words = text_of(rawget(given, i), noun)
    if i > text.most_keys then words = ("gives more than %d %ss"):format(text.most_keys, (noun:gsub("^an? ", ""))) end
    if words then return nil, nil, words end
    if key ~= "" and not seen[key] then
      seen[key] = true
      list[#list + 1] = key
    end
  end
  return list
end

local function is_text(value) return type(value) == "string" and not text.problem(value) end

local function are_texts(list)
  if type(list) ~= "table" or #list > text.most_keys then return false end
  for _, item in ipairs(list) do
    if not is_text(item) then return false end
  end
  return true
end

---A text, or none.
m.text = {
  take = function(given, _, noun)
    if not given or given == "" then return nil end
    return text_of(given, noun)
  end,
  is = function(value, more) return more == nil and (not value or is_text(value)) end,
  told = quoted,
}

---A text, or a list of which the first is the value and the others, if there are any, are more.
m.key = {
  take = function(given, _, noun)
    if type(given) ~= "table" or rawget(given, 1) == nil then return m.text.take(given, nil, noun) end
    local list, _, words = list_of(given, noun)
    if not list then return nil, nil, words end
    local first = table.remove(list, 1)
    return first, list[1] and list or nil
  end,
  is = function(value, more)
    if not value then return more == nil end
    return is_text(value) and (more == nil or are_texts(more))
  end,
  told = function(value, more) return in_order { value, table.unpack(more or {}) } end,
}

---A number or text, or none.
m.page = {
  take = function(given, _, noun)
    if not given then return nil end
    if type(given) == "number" then return given end
    if type(given) ~= "string" then return nil, nil, ("%s is a number or text; this one is a %s"):format(noun, type(given)) end
    return text_of(given, noun)
  end,
  is = function(value, more) return more == nil and (not value or type(value) == "number" or is_text(value)) end,
  told = quoted,
}

-- What is wrong with the file that a thumbnail belongs to, or with what it is sent as.
local function wrong_owner(path, suffix, noun, file)
  if type(path) ~= "string" then return "gives a " .. type(path) .. ", not the path of the file that it belongs to" end
  local problem = text.problem(path)
  if problem then return noun .. " " .. problem end
  if path == objects.path_of(file) then return "says that a file is its own thumbnail" end
  if not text.is_suffix(suffix) then return "sends a thumbnail as " .. table.concat(text.suffixes, " or ") end
end

---The path of another file, with a suffix of thumbnails, or none. `changes` sees the thumbnail with that other file.
m.owner = {
  take = function(path, suffix, noun, file)
    if not path or path == "" then return nil end
    suffix = suffix or text.suffixes[1]
    local words = wrong_owner(path, suffix, noun, file)
    if words then return nil, nil, words end
    return path, suffix
  end,
  is = function(value, more)
    if not value then return more == nil end
    return is_text(value) and text.is_suffix(more)
  end,
  told = function(value, more) return ("%s, sent as its %s"):format(quoted(value), more) end,
  shown = function(plain) return objects.file(plain.path, plain.size) end,
  plain = function(file) return { path = file.path, size = file.size } end,
}

---A list of texts, each once, in the order given.
m.keys = {
  take = function(given, _, noun)
    if type(given) ~= "table" then given = { given or nil } end
    return list_of(given, noun)
  end,
  is = are_texts, each = is_text, told = in_order,
}

---Yes or no, and perhaps why.
m.yes = {
  take = function(given, reason)
    return given and true or false, type(reason) == "string" and reason or nil
  end,
  is = function(value) return type(value) == "boolean" end,
  told = function(value, reason) return tostring(value) .. (reason and ", " .. reason or "") end,
  words = true,
}

return m
