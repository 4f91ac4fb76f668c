-- almanac marc check: says what is wrong with records.
local check = require "almanac.marc.check"
local controls = require "almanac.marc.check.controls"
local json = require "almanac.json"
local kinds = require "almanac.marc.check.kinds"
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"
local words = require "almanac.words"

local m = { summary = "List what is wrong with records, and count it by kind." }

-- The kinds, a line each; MARC 21's are marked.
local function list_of_kinds()
  local lines = {}
  for i, kind in ipairs(kinds.all()) do
    lines[i] = ("   %-19s %s%s"):format(kind.name, kind.marc21 and "* " or "", kind.summary)
  end
  return table.concat(lines, "\n")
end

m.epilog = "A line for each problem: file, record, 001, where it is (a MARCspec, or the byte of the record from 0), " ..
  "kind, and what it is. Exit status: 0 nothing is wrong, 1 nothing was read, 2 there are problems, or a file could " ..
  "not be read to its end.\n\n" ..
  "Kinds (those with * are looked for in MARC 21 only, and indicators and codes in bibliographic records only):\n" ..
  list_of_kinds() .. "\n\n" ..
  "A profile is a file with a Lua table of the fields that your records have:\n" ..
  "   return { based_on = \"marc21\", fields = { [\"949\"] = { required = true, codes = \"abp\" } } }\n" ..
  "Fields may have repeatable, required, indicator1, indicator2, codes, single (codes that are there once), length (of control " ..
  "fields); beside fields there may be authority, holdings, isbn and issn. Without based_on only the profile's fields count, " ..
  "whatever the format."

-- One or several kinds, with a comma between.
local function names_for(option)
  return function(text)
    local names = {}
    for name in (text .. ","):gmatch "%s*(.-)%s*," do
      local found, message = kinds.find(name)
      if not found then return nil, option .. ": " .. message end
      names[#names + 1] = found
    end
    return names
  end
end

function m.configure(parser)
  options.add(parser)
  parser:option("--only", "only this kind, several with a comma between; see below"):argname("KIND")
    :convert(names_for "--only"):count "*"
  parser:option("--except", "all but this kind, several with a comma between"):argname("KIND")
    :convert(names_for "--except"):count "*"
  parser:option("--profile", "what fields these records have, see below"):argname "FILE"
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

local function problem_line(record, path, problem)
  local id = record:control "001"
  if id then id = controls.one_line(id) end
  return ("%s: record %d%s, %s: %s: %s\n"):format(path, record:number(), id and (" (" .. id .. ")") or "",
    problem.where, problem.kind, problem.message)
end

local function problem_object(record, path, problem)
  return json.encode { event = "problem", file = path, record = record:number(), offset = record:offset(),
    id = record:control "001", kind = problem.kind, where = problem.where, byte = problem.byte, message = problem.message } .. "\n"
end

-- ---- counting ----

---@class almanac.cli.marc.counts
---@field records integer with problems
---@field kinds table<string, { problems: integer, records: integer, files: integer }>

local function count(counts, found, file)
  counts.records = counts.records + 1
  local seen = {}
  for _, problem in ipairs(found) do
    local kind = counts.kinds[problem.kind] or { problems = 0, records = 0, files = 0 }
    counts.kinds[problem.kind] = kind
    kind.problems = kind.problems + 1
    if not seen[problem.kind] then kind.records = kind.records + 1 end
    if counts.last[problem.kind] ~= file then kind.files = kind.files + 1 end
    seen[problem.kind], counts.last[problem.kind] = true, file
  end
end

-- Lists the problems of a record and counts them. Ids are compared within a file.
local function lister(checker, out, counts, describe)
  local file
  return function(record, self)
    if file ~= self.opened then checker:forget() end
    file = self.opened
    local found = checker:look(record)
    if not found then return true end
    count(counts, found, file)
    for _, problem in ipairs(found) do
      if not out:put(describe(record, self.path, problem)) then return false end
    end
    return true
  end
end

-- ---- the end ----

local function sorted(found)
  local names = {}
  for name in pairs(found) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if found[a].problems ~= found[b].problems then return found[a].problems > found[b].problems end
    return a < b
  end)
  return names
end

local function summary_lines(done, counts, several)
  local lines = { ("%s, %d with problems"):format(words.count(done.taken, "record"), counts.records) }
  local names, width = sorted(counts.kinds), 12
  for _, name in ipairs(names) do width = math.max(width, #name + 1) end
  for _, name in ipairs(names) do
    local kind = counts.kinds[name]
    lines[#lines + 1] = ("  %s %s in %s%s"):format(name .. (" "):rep(width - #name), words.count(kind.problems, "problem"),
      words.count(kind.records, "record"), several and " of " .. words.count(kind.files, "file") or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function summary_object(done, counts)
  for _, kind in pairs(counts.kinds) do kind.files = nil end
  return json.encode { event = "summary", records = done.taken, damaged = counts.records, kinds = counts.kinds } .. "\n"
end

local function joined(lists)
  local all = {}
  for _, list in ipairs(lists) do table.move(list, 1, #list, #all + 1, all) end
  return all
end

function m.run(args, context)
  local checker, message, code = check.new { only = joined(args.only), except = joined(args.except), profile = args.profile }
  if not checker then return nil, "--profile: " .. message, code end
  local out <close> = sink.open()
  local counts = { records = 0, kinds = {}, last = {} }
  local done
  done, message, code = pass.over(args, context, lister(checker, out, counts, args.json and problem_object or problem_line))
  if not done then return nil, message, code end
  if done.opened == 0 then return 1 end
  out:put(args.json and summary_object(done, counts) or summary_lines(done, counts, #args.files > 1))
  local ok
  ok, message, code = out:complete()
  if not ok then return nil, message, code end
  return counts.records > 0 and 2 or done:status()
end

return m
