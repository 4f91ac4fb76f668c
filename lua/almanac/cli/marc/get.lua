-- almanac marc get: prints values of records.
local core = require "almanac.core"
local json = require "almanac.json"
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"

local m = {
  summary = "Print values of fields.",
  epilog = "One SPEC: a line for each value. Several, with a comma between: a line for each record that has any of them, " ..
    "with a tab between columns. Repeated values of a column have ' | ' between. SPEC is MARCspec: 245$a, 008/35-37, " ..
    "856[0]$u, 650^2, 6..$a, 020$a{$q=\\hardback}. Exit status: 0 read to the end, 1 nothing was, 2 a file was not.",
}

function m.configure(parser)
  parser:argument("spec", "what to print, e.g. '245$a' or '001,245$a,856$u'"):argname "SPEC[,SPEC]"
  options.add(parser)
  parser:flag("--id", "put 001 first")
  parser:mutex(
    parser:flag("--csv", "as CSV with a heading, a row for each record"),
    parser:flag("--json", "as JSON, an object a line for each record"))
end

-- A comma inside a sub-spec's braces, or behind a backslash, does not end a spec.
local function split(text)
  local specs, depth, start, at = {}, 0, 1, 1
  while at <= #text do
    local c = text:sub(at, at)
    if c == "\\" then at = at + 1
    elseif c == "{" then depth = depth + 1
    elseif c == "}" then depth = depth - 1
    elseif c == "," and depth == 0 then
      specs[#specs + 1] = text:sub(start, at - 1)
      start = at + 1
    end
    at = at + 1
  end
  specs[#specs + 1] = text:sub(start)
  return specs
end

local function read_specs(text, with_id)
  local specs = split(text)
  for _, spec in ipairs(specs) do
    local ok, message, code = core.marc.spec(spec)
    if not ok then return nil, message, code end
  end
  if with_id then table.insert(specs, 1, "001") end
  return specs
end

-- JSON has every value by itself, so it is written record by record.
local function json_writer(specs, out)
  return function(record, self)
    local values = {}
    for _, spec in ipairs(specs) do values[spec] = json.array(record:all(spec)) end
    return out:put(json.encode { event = "record", file = self.path, record = record:number(), values = values }, "\n")
  end
end

local function style_of(args, specs)
  if args.csv then return "csv" end
  return #specs == (args.id and 2 or 1) and "values" or "lines"
end

local function read(args, context, specs, out)
  if args.json then return pass.over(args, context, json_writer(specs, out)) end
  local heading = args.csv and core.csv.line(specs) or ""
  local done, message, code = pass.over(args, context, function(rows)
    local before = heading
    heading = ""
    return out:put(before, rows)
  end, { columns = specs, style = style_of(args, specs) })
  if done and done.opened > 0 then out:put(heading) end
  return done, message, code
end

function m.run(args, context)
  local specs, message, code = read_specs(args.spec, args.id)
  if not specs then return nil, message, code end
  local out <close> = sink.open()
  local done
  done, message, code = read(args, context, specs, out)
  if not done then return nil, message, code end
  local ok
  ok, message, code = out:complete()
  if not ok then return nil, message, code end
  done:remark()
  return done:status()
end

return m
