-- Tells the cause in a message from what belongs to one title (ids, names, sizes),
-- so that hundreds of titles that fail alike are told in one line, and a run
-- notices that it goes on for nothing.
local m = {}

local ID = ("%d"):rep(8) .. "%d*"       -- ids of Alma; its error codes are shorter
local FILE = "[^%s'\"()]+%.%a%w?%w?%w?%w?%f[^%w]"

local UNREACHABLE = { timeout = true, connect = true, tls = true, closed = true }

---Whether a failure comes from the moment, not from the request: nobody answers,
---or a gateway answers in the place of Alma.
---@param message string
---@param code string?
---@return boolean
function m.is_outage(message, code)
  return UNREACHABLE[code] or message:find "Alma answered with status 5%d%d" ~= nil
    or message:find "the answer is not Alma's .*%(status 5%d%d%)$" ~= nil
    or message:find("the storage gives no service at the moment", 1, true) ~= nil
    or message:find "the answer is not S3's .*%(status 5%d%d%)" ~= nil
end

---Takes out of a message what belongs to one title.
---@param message string
---@return string words the rest, for people
---@return string cause the same for messages of one cause
function m.of(message)
  local words = message:gsub(", tracking id [^%s,)]+", ""):gsub(", request id [^%s,)]+", ""):gsub(ID, "…")
  local code = words:match "%(([%w_ ]+)%)$" or ""
  return words, code .. "|" .. (" " .. words):gsub("([ (])'[^']*'", "%1'…'"):gsub(FILE, "…"):gsub("%d+", "#")
end

-- "(p1.jpg," -> "(", "p1.jpg", ","
local function around(word)
  return word:match "^([('\"]*)(.-)([)'\",;:.]*)$"
end

-- Keeps what two words share: all of them, only the brackets and quotes around
-- them, or nothing.
local function common_word(one, other)
  if one == other then return one end
  local before, _, behind = around(one)
  local other_before, _, other_behind = around(other)
  return before == other_before and behind == other_behind and before .. "…" .. behind or "…"
end

local function words_of(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

---Merges two messages of one cause for people: words in which they differ become "…".
---@param one string words of m.of, or what this gave before
---@param other string
---@return string
function m.common(one, other)
  local words, others = words_of(one), words_of(other)
  if one == other then return one end
  if #words ~= #others then return (one:gsub("([ (])'[^']*'", "%1'…'"):gsub(FILE, "…")) end
  for i, word in ipairs(words) do words[i] = common_word(word, others[i]) end
  return table.concat(words, " ")
end

---Groups messages by cause, in the order in which each cause came first.
---@param messages string[]
---@return { words: string, n: integer, first: integer }[] groups `first`: the place of the first such message;
---  `words` is that message itself when there is no other
function m.group(messages)
  local groups, by_cause = {}, {}
  for i, message in ipairs(messages) do
    local words, cause = m.of(message)
    local group = by_cause[cause]
    if group then
      group.n, group.common = group.n + 1, m.common(group.common, words)
      group.words = group.common
    else
      by_cause[cause] = { words = message, common = words, n = 1, first = i }
      groups[#groups + 1] = by_cause[cause]
    end
  end
  return groups
end

return m
