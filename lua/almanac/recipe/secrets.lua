-- What in a text looks like a key or a password, comments included: a recipe is
-- shared, and what stands in it is known to everybody.
local m = {}

local PIECE, SHARED = 1200, 400     -- bytes of a long line that are looked at together, and twice

-- What keys look like. %f[%w] so that the middle of another word is none.
local KINDS = {
  { "%f[%w][lL][78][xX][xX]%x%x%x%x%x%x%x%x%x+", "an API key of Ex Libris" },
  { "%f[%w]A[KS]IA" .. ("[%u%d]"):rep(16) .. "%f[^%u%d]", "an access key of AWS" },
  { "[aA][pP][iI][_%-]?[kK][eE][yY][:=%s]+[\"']?%w+", "an API key", 20 },
  { "[sS][eE][cC][rR][eE][tT][%w_%-]*%s*[:=]%s*[\"']?[%w+/=_%-]+", "a secret", 24 },
  { "[aA]uthorization[\"']?%s*[:=]%s*[\"']?%a+[%s:]+[%w+/=._%-]+", "a line that authorizes", 24 },
  { "[bB]earer%s+[%w+/=._%-]+", "a token", 24 },
  { "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY", "a private key" },
  { "://[^/%s:@\"']+:[^/%s:@\"']+@", "a password in an address" },
}

-- Long texts of letters and digits mixed, as keys are made.
local function looks_random(text)
  return #text >= 32 and text:find "%d" and text:find "%l" and (text:find "%u" or text:find "^%x+$") and not text:find "[%s%.,]"
end

-- A secret of AWS is 40 characters of base64, and as a rule it is copied without quotes.
local function is_aws_secret(word)
  return #word == 40 and word:find "%d" and word:find "%l" and word:find "%u" and not word:find "^%x+$"
end

local function random_word(line)
  for quoted in line:gmatch "[\"']([%w+/=_%-]+)[\"']" do
    if looks_random(quoted) then return true end
  end
  for word in line:gmatch "[%w+/]+" do
    if is_aws_secret(word) then return true end
  end
end

-- What is shorter than `shortest`, or without a digit, are words about keys and no key.
local function holds(line, pattern, shortest)
  for found in line:gmatch(pattern) do
    if not shortest or #found >= shortest and found:find "%d" then return true end
  end
end

-- What a line seems to hold, the first that it is.
local function kind_of(line)
  for _, kind in ipairs(KINDS) do
    if holds(line, kind[1], kind[3]) then return "what looks like " .. kind[2] end
  end
  return random_word(line) and "a string that looks like an API key"
end

-- A line in pieces, each with the end of the one before.
local function pieces(line)
  local list = {}
  for start = 1, math.max(1, #line - SHARED), PIECE - SHARED do list[#list + 1] = line:sub(start, start + PIECE - 1) end
  return list
end

---Looks for something in each line. A line longer than people write is looked at
---piece by piece: it may be made to keep a pattern busy for hours.
---@param text string
---@param look fun(piece: string): string? what it holds, in words
---@return { line: integer, text: string }[] remarks one for each line at most
function m.in_lines(text, look)
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    for _, piece in ipairs(pieces(line)) do
      local found = look(piece)
      if found then
        list[#list + 1] = { line = number, text = found }
        break
      end
    end
  end
  return list
end

---@param text string
---@return { line: integer, text: string }[] remarks
function m.of(text)
  return m.in_lines(text, function(piece)
    local what = kind_of(piece)
    return what and ("holds %s: a recipe is shared"):format(what)
  end)
end

return m
