-- Where the records of a plan come from: files, a repository that is harvested by OAI-PMH, a search by
-- SRU, deposits, requests for digitization. A source gives one entry after the other (`next`), as
-- almanac.run.records keeps them, and never holds all of them. Where it can, it says at what place it
-- rests (`place`), so that reading goes on there when it was interrupted.
local address = require "almanac.address"
local core = require "almanac.core"
local words = require "almanac.words"

local m = {}

-- Kinds of sources, by what stands before the colon. The rest is the module's: it has `needs` (nothing,
-- or what must stand behind the colon) and `takes`, the options that mean something to it.
local KINDS = { oai = "harvest", sru = "search", deposits = "deposits", requests = "requests" }
local FILES = "files"

---What was asked for, as it is kept in the run file.
---@class almanac.plan.records.given
---@field from string[] what --records named: files, or one of oai:URL, sru:QUERY, deposits, requests
---@field set string? of OAI-PMH
---@field prefix string? format of OAI-PMH
---@field since string? --records-from: only what changed from this day on
---@field to string? --records-until: only what changed up to this day
---@field url string? of SRU, when it is not Alma's own
---@field id string? where a record's identifier stands: a MARCspec, a path, the heading of a column
---@field sheet string? of a workbook
---@field charset string? of a text
---@field people string? whose deposits or requests: a file, identifiers with commas between, set:NAME
---@field status string? of deposits

---@class almanac.plan.source
---@field words string what it is, for people
---@field next fun(self: table): almanac.run.entry|nil, string?, string? the next entry; nil at the end; nil, message, code
---@field place (fun(self: table): string?)? where reading can go on after the entry that was given last; nil: not behind this one
---@field updates boolean? a second entry of one identifier is the same record, changed meanwhile
---@field partial boolean? it gives only what changed, so that what it does not give is still there
---@field notes string[] what is wrong with it, complete at its end
---@field remarks string[]? how it was read, complete at its end
---@field total integer? how many entries there are, where it says so
---@field again (fun(self: table, gained: integer): boolean|nil, string?, string?)? begins anew when its place was lost
---@field close fun(self: table)?

local function kind_of(text)
  local name, rest = text:match "^(%a+):(.*)$"
  if not name then name, rest = text, nil end
  if KINDS[name] and not core.files.stat(text) then return KINDS[name], rest, name end
  return FILES, nil, "FILE"
end

local OPTIONS = { set = "--records-set", prefix = "--records-prefix", since = "--records-from", to = "--records-until",
  url = "--records-url", id = "--records-id", sheet = "--records-sheet", charset = "--records-charset",
  people = "--records-people", status = "--records-status" }

local function check_options(given, kind, shown)
  local takes = require("almanac.plan.records." .. kind).takes
  for name, option in pairs(OPTIONS) do
    if given[name] and not takes:find("%f[%w]" .. name .. "%f[%W]") then
      return nil, ("%s means nothing for --records %s"):format(option, shown), "conflict"
    end
  end
  return true
end

-- A misspelt word would else be told as a file that is not there.
local function about_word(text)
  if KINDS[text] or text:find "[/.]" or core.files.stat(text) then return nil end
  local near = words.nearest(text, { "deposits", "requests" })
  return near and ("--records: there is no file '%s', did you mean '%s'?"):format(text, near)
end

---Says what is wrong with what was asked for, before anything is read.
---@param given almanac.plan.records.given
---@return string|nil kind name of the module
---@return string? message or what stands behind the colon
---@return string? code
function m.check(given)
  local kind, rest, shown = kind_of(given.from[1])
  for i = 2, #given.from do
    if kind ~= FILES or kind_of(given.from[i]) ~= FILES then
      return nil, "--records: several are read only when all are files; harvest others in plans of their own", "conflict"
    end
  end
  local wrong = about_word(given.from[1])
  if wrong then return nil, wrong, "missing" end
  local ok, message, code = check_options(given, kind, shown)
  if not ok then return nil, message, code end
  return kind, rest
end

local function absolute(path)
  return path ~= "-" and core.files.stat(path) and core.files.real_path(path) or path
end

---What was asked for as a run file may keep it: paths hold from any folder, and no address has a password.
---@param given almanac.plan.records.given
---@return almanac.plan.records.given
function m.kept(given)
  local kept = {}
  for name, value in pairs(given) do kept[name] = value end
  kept.from, kept.url, kept.people = {}, given.url and address.shown(given.url), given.people and absolute(given.people)
  for i, text in ipairs(given.from) do
    kept.from[i] = kind_of(text) == FILES and absolute(text) or address.shown(text)
  end
  return kept
end

---Whether a source is one that is asked for page after page, and not files.
---@param given almanac.plan.records.given
---@return boolean
function m.asks_server(given) return kind_of(given.from[1]) ~= FILES end

---Whether Alma is asked for the records themselves.
---@param given almanac.plan.records.given
---@return boolean
function m.asks_alma(given)
  local kind = kind_of(given.from[1])
  return kind == "deposits" or kind == "requests" or kind == "search" and not given.url
end

---Opens a source.
---@param plan almanac.plan
---@param given almanac.plan.records.given
---@param place string? where an earlier reading rested
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(plan, given, place)
  local kind, rest, code = m.check(given)
  if not kind then return nil, rest, code end
  return require("almanac.plan.records." .. kind).open(plan, given, rest, place)
end

return m
