-- Shows a person what there is to see of a recipe from elsewhere. Its rules run only in the guarded
-- process, on its own sample.
local card = require "almanac.cli.recipe.card"
local difference = require "almanac.recipe.share.difference"
local header = require "almanac.recipe.inside.header"
local json = require "almanac.json"
local lint = require "almanac.recipe.lint"
local plain = require "almanac.recipe.inside.plain"
local proof = require "almanac.workbench.proof"
local versions = require "almanac.recipe.versions"
local words = require "almanac.words"

local m = {}

local function say_files(parcel, out)
  local list = {}
  for i, file in ipairs(parcel.files) do
    list[i] = ("%s (%s)"):format(file.path, words.bytes(#file.text))
    if i == 12 and #parcel.files > 12 then
      list[i] = ("and %d more, %s in all"):format(#parcel.files - 11, words.bytes(parcel.bytes))
      break
    end
  end
  out.say("files: " .. plain.line(table.concat(list, ", ")))
end

local function remarks_of(recipe)
  local list = {}
  for _, remark in ipairs(lint.remarks(recipe)) do
    list[#list + 1] = ("recipe.lua%s: %s"):format(remark.line and ":" .. remark.line or "", remark.text)
  end
  return table.move(versions.warnings(recipe), 1, 20, #list + 1, list)
end

local function say_remarks(list, out)
  for _, text in ipairs(list) do
    out.event("remark", { text = text })
    out.say("remark: " .. plain.line(text))
  end
end

local function say_tests(result, out)
  for _, test in ipairs(result.tests) do
    out.event("test", { test = test.name, ok = #test.wrong == 0, wrong = json.array(test.wrong) })
    out.say(#test.wrong == 0 and "ok    " .. test.good or "FAIL  " .. test.name)
    for _, line in ipairs(test.wrong) do out.say("      " .. plain.line(line)) end
  end
  if not result.sample then out.say "-     it has no sample: nothing shows what its plan would be" end
end

local function say_source(text, out)
  local number = 0
  out.say "\nIts source:"
  for line in (plain.text(text):gsub("\n*$", "\n")):gmatch "([^\n]*)\n" do
    number = number + 1
    out.say(("%4d  %s"):format(number, line))
  end
end

local function say_difference(old, new, what, out)
  local text = difference.text(old, new)
  out.event("difference", { text = text })
  if text == "" then return out.say(("\nNothing is different from %s."):format(what)) end
  out.say(("\nDifference to %s:\n%s"):format(what, text:gsub("\n$", "")))
end

---Shows a recipe: head, effects, files, remarks, tests, then its source or what is different.
---@param recipe table loaded
---@param parcel almanac.recipe.parcel its files
---@param options { path: string, before: almanac.recipe.parcel?, what: string?, out: table } path: where it is, or will be; before: what
---  the difference is shown to, `what` in words ("what is installed")
---@return boolean|nil good whether its examples and sample hold
---@return string? message its sample can't be read
---@return string? code
function m.show(recipe, parcel, options)
  local out, text = options.out, recipe.sources[1].text
  card.say(header.read(text), setmetatable({ path = options.path, from = parcel.from, signed = parcel.signed }, { __index = recipe }), out)
  if parcel.commit then out.say("commit " .. parcel.commit) end
  say_files(parcel, out)
  for _, note in ipairs(parcel.notes) do out.say("note: " .. note) end
  say_remarks(remarks_of(recipe), out)
  local result, message, code = proof.of(recipe)
  if not result then return nil, message, code end
  say_tests(result, out)
  if options.before then
    say_difference(options.before, parcel, options.what or "what is installed", out)
  else
    say_source(text, out)
  end
  return result.good
end

---Asks whether to go on. Without a terminal only --yes agrees.
---@param question string
---@param args { yes: boolean? }
---@param out table
---@return true|nil
---@return string? message
---@return string? code
function m.confirm(question, args, out)
  if args.yes then return true end
  local ask = out.asker()
  if not ask then return nil, "nothing was taken: look at it, then say it again with --yes" end
  local answer = ask("\n" .. question .. " [y/N] ")
  if answer and answer:lower():find "^%s*y" then return true end
  return nil, "nothing was taken"
end

return m
