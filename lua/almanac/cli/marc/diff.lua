-- almanac marc diff: says how the records of two files differ.
local json = require "almanac.json"
local differ = require "almanac.marc.diff"
local marc = require "almanac.marc"
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"

local m = {
  summary = "Say how the records of two files differ.",
  epilog = "Records belong together by 001, wherever they stand and whatever the files' formats are. A line for each that is " ..
    "changed, added or gone, below it the fields: - before, + after, ~ moved. Records without 001, and all but the first " ..
    "of those with one 001, are named and not compared. A's records lie in a temporary file (in /tmp) meanwhile. " ..
    "Exit status: 0 both have the same records, 1 nothing was compared, 2 they differ, or a record or file could not be compared.",
}

function m.configure(parser)
  options.add(parser, 2)
  parser:option("--by", "the MARCspec by which records belong together, instead of 001"):argname "SPEC"
  parser:option("--except", "fields that don't count, e.g. 005,9..,LDR"):argname "TAGS"
  parser:flag("--any-order", "the order of fields does not count")
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

local MARKS = { changed = { "-", "+" }, gone = { "-" }, added = { nil, "+" }, moved = { nil, "~" } }

local function difference_lines(difference)
  local lines, marks = {}, MARKS[difference.kind]
  if marks[1] then lines[1] = ("  %s %s\n"):format(marks[1], difference.before) end
  if marks[2] then lines[#lines + 1] = ("  %s %s\n"):format(marks[2], difference.after) end
  return table.concat(lines)
end

local function as_words(look)
  local record = look.after or look.before
  local title = look.kind ~= "changed" and record:title()
  local lines = { ("%s: %s%s\n"):format(look.id, look.kind, title and (": " .. title) or "") }
  for _, difference in ipairs(look.differences or {}) do lines[#lines + 1] = difference_lines(difference) end
  return table.concat(lines)
end

local function as_json(look)
  local list = {}
  for i, each in ipairs(look.differences or {}) do
    list[i] = { kind = each.kind, tag = each.tag, before = each.before, after = each.after }
  end
  return json.encode { event = look.kind, id = look.id, before = look.number, after = look.after and look.after:number(),
    differences = look.differences and json.array(list) } .. "\n"
end

-- What both passes count and tell.
local function new_tally(args, context, out)
  local tally = { same = 0, changed = 0, added = 0, gone = 0, left_out = 0, describe = args.json and as_json or as_words }
  function tally.leave_out(path, record, message)
    tally.left_out = tally.left_out + 1
    context.out.fail(("%s: record %d is not compared: %s"):format(path, record:number(), message))
    return true
  end
  function tally.tell(look)
    tally[look.kind] = tally[look.kind] + 1
    return look.kind == "same" or out:put(tally.describe(look))
  end
  return tally
end

local function summary(tally, args)
  if args.json then
    return json.encode { event = "summary", changed = tally.changed, added = tally.added, gone = tally.gone, same = tally.same,
      not_compared = tally.left_out } .. "\n"
  end
  local left = tally.left_out > 0 and (", %d not compared"):format(tally.left_out) or ""
  return ("%d changed, %d added, %d gone, %d the same%s\n"):format(tally.changed, tally.added, tally.gone, tally.same, left)
end

-- A pass over one of the two files.
local function over(args, context, path, take)
  return pass.over(setmetatable({ files = { path } }, { __index = args }), context, take)
end

local function keeper(self, tally, failure)
  return function(record, at)
    local id, message, code = self:keep(record)
    if id then return true end
    if code == "missing" or code == "conflict" then return tally.leave_out(at.path, record, message) end
    failure.message, failure.code = message, code
    return false
  end
end

local function looker(self, tally)
  return function(record, at)
    local look, message = self:look(record)
    if not look then return tally.leave_out(at.path, record, message) end
    return tally.tell(look)
  end
end

-- Compares, and returns the number of files that were not read to their end; nil when nothing was compared.
local function compare(args, context, self, tally)
  local failure = {}
  local first, message, code = over(args, context, args.files[1], keeper(self, tally, failure))
  if not first then return nil, message, code end
  if failure.message then return nil, failure.message, failure.code end
  if first.opened == 0 then return nil end
  local second
  second, message, code = over(args, context, args.files[2], looker(self, tally))
  if not second then return nil, message, code end
  if second.opened == 0 then return nil end
  for look in self:gone() do
    if not tally.tell(look) then break end
  end
  return first.failed + second.failed
end

local function split(text)
  local list = {}
  for tag in (text or ""):gmatch "[^,%s]+" do list[#list + 1] = tag end
  return list
end

local function check(args)
  if args.files[1] == "-" and args.files[2] == "-" then return nil, "only one of the two files can be standard input" end
  for _, tag in ipairs(split(args.except)) do
    if #tag ~= 3 then return nil, ("--except: '%s' is no tag of three characters"):format(tag) end
  end
  local fine, message, code = marc.spec(args.by or "001")
  if not fine then return nil, "--by: " .. message, code end
  return true
end

function m.run(args, context)
  local fine, message, code = check(args)
  if not fine then return nil, message, code end
  local out <close> = sink.open()
  local self <close>, why, its_code = differ.new { by = args.by, except = split(args.except), any_order = args.any_order }
  if not self then return nil, why, its_code end
  local tally = new_tally(args, context, out)
  local failed
  failed, message, code = compare(args, context, self, tally)
  if not failed and message then return nil, message, code end
  if not failed then return 1 end
  out:put(summary(tally, args))
  fine, message, code = out:complete()
  if not fine then return nil, message, code end
  return failed + tally.left_out + tally.changed + tally.added + tally.gone > 0 and 2 or 0
end

return m
