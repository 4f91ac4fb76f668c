-- almanac marc check: says what is wrong with records.
local json = require "almanac.json"
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"
local words = require "almanac.words"

local m = {
  summary = "List what is wrong with records, and count it by kind.",
  epilog = "Bytes are counted from 0, in the record. Exit status: 0 nothing is wrong, 1 nothing was read, 2 there are " ..
    "problems, or a file could not be read to its end.",
}

function m.configure(parser)
  options.add(parser)
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

local function problem_line(record, path, problem)
  local id = record:control "001"
  return ("%s: record %d%s, byte %d: %s: %s\n"):format(path, record:number(), id and (" (" .. id .. ")") or "",
    problem.byte, problem.kind, problem.message)
end

local function problem_object(record, path, problem)
  return json.encode { event = "problem", file = path, record = record:number(), offset = record:offset(),
    id = record:control "001", kind = problem.kind, byte = problem.byte, message = problem.message } .. "\n"
end

-- Lists the problems of a record and counts them.
local function lister(out, kinds, describe)
  return function(record, self)
    local seen = {}
    for _, problem in ipairs(record:problems()) do
      local kind = kinds[problem.kind] or { problems = 0, records = 0 }
      kinds[problem.kind] = kind
      kind.problems = kind.problems + 1
      kind.records = kind.records + (seen[problem.kind] and 0 or 1)
      seen[problem.kind] = true
      if not out:put(describe(record, self.path, problem)) then return false end
    end
    return true
  end
end

local function summary_lines(done, kinds)
  local lines = { ("%s, %d with problems"):format(words.count(done.taken, "record"), done.damaged) }
  local names = {}
  for name in pairs(kinds) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if kinds[a].problems ~= kinds[b].problems then return kinds[a].problems > kinds[b].problems end
    return a < b
  end)
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("  %-12s %s in %s"):format(name, words.count(kinds[name].problems, "problem"),
      words.count(kinds[name].records, "record"))
  end
  return table.concat(lines, "\n") .. "\n"
end

local function summary_object(done, kinds)
  return json.encode { event = "summary", records = done.taken, damaged = done.damaged, kinds = kinds } .. "\n"
end

function m.run(args, context)
  local out <close> = sink.open()
  local kinds = {}
  local done, message, code = pass.over(args, context, lister(out, kinds, args.json and problem_object or problem_line))
  if not done then return nil, message, code end
  if done.opened == 0 then return 1 end
  out:put((args.json and summary_object or summary_lines)(done, kinds))
  local ok
  ok, message, code = out:complete()
  if not ok then return nil, message, code end
  return done.damaged > 0 and 2 or done:status()
end

return m
