-- Reads --faults: what goes wrong on purpose. A rule says which calls it is about, how often,
-- and what happens. The dice are seeded, so that the same calls meet the same faults.
local hostile = require "almanac.rehearsal.api.hostile"

local m = {}

local methods = {}
local meta = { __index = methods }

---The kinds and what each does, for --help. `=N` stands behind a kind that takes a number.
m.kinds = {
  { "500", "an internal error; nothing happened" },
  { "500after", "it happens, and the answer is an internal error all the same" },
  { "reset", "the connection is reset; nothing happened" },
  { "lost", "it happens, then the connection is reset without an answer" },
  { "late", "the connection is reset at once, it happens N seconds later", 5 },
  { "504", "a gateway answers 504 (at once, or after gateway=), it happens N seconds later", 5 },
  { "cut", "it happens, and the answer breaks off in the middle" },
  { "stall", "nothing for N seconds, then as usual", 30 },
  { "429", "refused as too fast (API); SlowDown (S3)" },
  { "html", "a gateway's HTML page with status 502; nothing happened" },
  { "type", "it happens; the answer says it is HTML" },
  { "rival", "somebody else adds a representation or file with this label just before (POST), or deletes it (DELETE)" },
  { "filled", "POST representations: it happens, somebody puts a file into it, and the answer is lost" },
  { "relabel", "it happens, and Alma stores another label than was sent (POST, PUT representations, files)" },
  { "unlabel", "likewise, without its label" },
  { "trim", "likewise, the first N characters of its label", 10 },
  { "rename", "POST files: it happens, and Alma stores the file under another name" },
  { "merge", "somebody merges the title of the call into a new one just before: it is missing" },
  { "gone", "the upload that a file is to be made of is gone just before" },
  { "fails", "POST jobs: the job starts, and ends with errors" },
  { "hangs", "POST jobs: the job starts, does its work, and never ends" },
  { "denied", "S3: the keys may not do this; nothing happened" },
  { "short", "S3: the object is stored without its last byte" },
  { "busy", "OAI and SRU: 503 with Retry-After: N", 1 },
  { "sametoken", "OAI: the page's resumption token is the one that it was asked with" },
  { "notoken", "OAI: the page's resumption token is empty although there is more" },
  { "nothing", "OAI: no records match, although there are some" },
  { "badtoken", "OAI: the resumption token has expired" },
  { "hostile", "it happens, and the answer is one that no Alma gives: all forms in turn, or =FORM; see below" },
  { "in200", "S3: completing a multipart upload answers InternalError with status 200" },
}

local KINDS = {}
for _, kind in ipairs(m.kinds) do KINDS[kind[1]] = kind end

local function kind_names()
  local names = {}
  for i, kind in ipairs(m.kinds) do names[i] = kind[3] and kind[1] .. "=N" or kind[1] end
  return table.concat(names, ", ")
end

local METHODS = { GET = true, POST = true, PUT = true, DELETE = true, HEAD = true, ["*"] = true }
local PLACES = { "bibs", "holdings", "items", "collections", "representations", "files", "sets", "conf", "jobs", "profiles",
  "analytics", "deposits", "requests", "test", "sru",
  "oai", "oai.dspace", "oai.contentdm", "oai.fedora", "oai.rosetta", "oai.digitool", "thumbnail", "s3",
  "s3.object", "s3.list", "s3.create", "s3.part", "s3.parts", "s3.complete", "s3.form" }

local function is_place(name)
  for _, place in ipairs(PLACES) do
    if place == name then return true end
  end
end

-- "0.1" strikes every tenth call by the dice, "@3" the third such call, "@2-5" the second to fifth.
local function parse_when(text)
  local first, last = text:match "^@(%d+)%-?(%d*)$"
  if first then
    return { first = tonumber(first), last = tonumber(last) or tonumber(first) }
  end
  local rate = tonumber(text)
  if rate and rate >= 0 and rate <= 1 then return { rate = rate } end
end

local function parse_rule(text)
  local where, when, what = text:match "^%s*(.-)=([^:]+):(%S+)%s*$"
  if not where then return nil, "is not WHERE=WHEN:KIND" end
  local method, place = where:match "^(%S+)%s*(%S*)$"
  if not method or not METHODS[method] then return nil, "has no method (GET POST PUT DELETE HEAD or *)" end
  if place ~= "" and not is_place(place) then
    return nil, "names no place; places are " .. table.concat(PLACES, ", ")
  end
  local rule = parse_when(when)
  if not rule then return nil, "has no rate from 0 to 1 and no @N or @N-M" end
  local name, number = what:match "^(%w+)=?([%w.]*)$"
  local kind = KINDS[name]
  local word = name == "hostile" and number ~= "" and number or nil
  if not kind or number ~= "" and not word and not tonumber(number) then
    return nil, ("has an unknown kind '%s'; kinds are %s"):format(what, kind_names())
  end
  if word and not hostile.is_form(word) then return nil, "has an unknown form of hostile" end
  rule.word = word
  rule.method, rule.place, rule.kind, rule.number = method, place, name, tonumber(number) or kind[3]
  rule.text, rule.calls, rule.hits = text:match "^%s*(.-)%s*$", 0, 0
  return rule
end

-- "hostile" alone is about every answer.
local function in_full(spec)
  return (("," .. spec .. ","):gsub(",%s*hostile%s*,", ",*=0.1:hostile,* oai=0.1:hostile,* sru=0.1:hostile,"))
end

---@param spec string|nil "GET=0.05:500,POST files=@1:lost"
---@param seed integer|nil
---@return table|nil faults
---@return string? message
function m.parse(spec, seed)
  local self = setmetatable({ state = (seed or 1) & 0xFFFFFFFF }, meta)
  for text in in_full(spec or ""):gmatch "[^,]+" do
    local rule, message = parse_rule(text)
    if not rule then return nil, ("--faults: '%s' %s"):format(text, message) end
    self[#self + 1] = rule
  end
  return self
end

-- A generator for these dice alone: no other use of chance moves them.
local function roll(self)
  self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
  return self.state / 0x100000000
end

local BESIDE = { s3 = true, oai = true, sru = true, thumbnail = true }

-- A rule without a place is about the API, a rule with "s3" about all of S3, one with "oai" about every provider.
local function is_meant(rule, method, place)
  if rule.method ~= "*" and rule.method ~= method then return false end
  local whole = place:match "^[^.]+"
  if rule.place == "" then return not BESIDE[whole] end
  return rule.place == place or rule.place == whole
end

local function strikes(self, rule)
  rule.calls = rule.calls + 1
  if rule.rate then return roll(self) < rule.rate end
  return rule.calls >= rule.first and rule.calls <= rule.last
end

---Says what happens to this call: the first rule that strikes decides.
---@param method string
---@param place string
---@return { kind: string, number: number? }|nil
function methods:pick(method, place)
  local found
  for _, rule in ipairs(self) do
    if is_meant(rule, method, place) and strikes(self, rule) and not found then
      rule.hits = rule.hits + 1
      found = rule
    end
  end
  return found
end

---How often each rule struck.
---@return { rule: string, calls: integer, hits: integer }[]
function methods:counts()
  local list = {}
  for i, rule in ipairs(self) do list[i] = { rule = rule.text, calls = rule.calls, hits = rule.hits } end
  return list
end

return m
