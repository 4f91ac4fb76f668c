-- A code that Alma does not know is refused with its general error, which names nothing. So after a refusal the lists of codes
-- are read, and a code that is in none of them is named. A call that Alma takes costs nothing.
local coded = require "almanac.alma.coded"
local errors = require "almanac.alma.errors"
local words = require "almanac.words"

local m = {}

---@class almanac.alma.unknown
---@field what string "library"
---@field where string? "title 991"
---@field code any the code or name that was given, bare or { value }; one that is nil or empty is not looked for
---@field list fun(): table[]? what there is; nil when it can't be read
---@field key string? the field of an entry that holds its code ("code")

local function names_of(list, key)
  local names = {}
  for _, entry in ipairs(list) do names[#names + 1] = coded.value(entry[key]) end
  return names
end

local function lacks(names, code)
  for _, name in ipairs(names) do
    if name == code then return false end
  end
  return true
end

local function problem(each)
  local code = coded.value(each.code)
  if type(code) ~= "string" or code == "" then return nil end
  local list = each.list()
  local names = list and list[1] and names_of(list, each.key or "code")
  if not names or not lacks(names, code) then return nil end
  local near = code:find "%D" and words.nearest(code, names)   -- an id is not misspelt
  return ("there is no %s '%s'%s%s"):format(each.what, code, each.where and " of " .. each.where or "",
    near and (", did you mean '" .. near .. "'?") or "")
end

local function unknown_of(given)
  for _, each in ipairs(given) do
    local words_of = problem(each)
    if words_of then return words_of end
  end
end

---Puts what is unknown before Alma's words, when it was Alma itself that refused a write without saying why.
---@param given almanac.alma.unknown[]
---@param message string
---@param code string
---@param detail almanac.alma.detail
---@return string message
---@return almanac.alma.detail detail not `unclear` when something is unknown: Alma makes nothing with a code that it has not
---@return boolean known false: something is unknown
function m.explain(given, message, code, detail)
  if code ~= "status" or not (detail and detail.answered and errors.is_general(detail.errors)) then return message, detail, true end
  local what = unknown_of(given)
  if not what then return message, detail, true end
  local settled = {}
  for name, value in pairs(detail) do settled[name] = value end
  settled.unclear = false
  return ("%s (%s)"):format(what, message), settled, false
end

---The same for a call that reads: gives what `client:call` gave.
---@param given almanac.alma.unknown[]
---@param answer any
---@param message string?
---@param code string?
---@param detail almanac.alma.detail?
---@return any answer
---@return string? message
---@return string? code
---@return almanac.alma.detail? detail
function m.told(given, answer, message, code, detail)
  local what = not answer and code == "status" and detail and detail.answered and unknown_of(given)
  if what then message = ("%s (%s)"):format(what, message) end
  return answer, message, code, detail
end

return m
