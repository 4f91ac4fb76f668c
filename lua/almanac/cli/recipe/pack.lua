-- almanac recipe pack: writes a recipe as one file, to send it to another library.
local core = require "almanac.core"
local lint = require "almanac.recipe.lint"
local options = require "almanac.cli.recipe.options"
local pack = require "almanac.recipe.share.pack"
local parcels = require "almanac.recipe.share.parcel"
local proof = require "almanac.workbench.proof"
local traces = require "almanac.recipe.share.traces"
local words = require "almanac.words"

local m = { summary = "Make one file of a recipe, to share it: text that `almanac recipe add` reads.",
  epilog = "Its tests must hold, and nothing in it may look like an API key or password, or be a path of your own. Takes " ..
    "recipe.lua, README.md, CHANGES.md, LICENSE and the folder sample. Exit status: 0 written, 1 nothing was." }

function m.configure(parser)
  options.recipe(parser)
  parser:option("-o --output", "the file to write; it must be new"):argname "FILE"
  options.json(parser)
end

local function tests_that_fail(recipe)
  local result, message = proof.of(recipe)
  if not result then return { { path = "sample", text = message } } end
  local list = {}
  for _, test in ipairs(result.tests) do
    for _, text in ipairs(test.wrong) do list[#list + 1] = { path = test.name, text = text } end
  end
  return list, result.sample
end

-- A base named by path can't be found on another machine; only names can.
local function bases_by_path(recipe)
  local list = {}
  for i = 2, #recipe.sources do
    local name = recipe.sources[i].name
    if name:find "[/.]" then list[#list + 1] = { text = ("extends '%s' by its path: name the recipe, and share it too"):format(name) } end
  end
  return list
end

-- What keeps a recipe from being shared, one line each.
local function obstacles(recipe, parcel)
  local failing, sample = tests_that_fail(recipe)
  local list, seen = {}, {}
  for _, remarks in ipairs { lint.remarks(recipe), bases_by_path(recipe), traces.of(parcel), failing } do
    for _, remark in ipairs(remarks) do
      local line = ("%s%s: %s"):format(remark.path or "recipe.lua", remark.line and ":" .. remark.line or "", remark.text)
      if not seen[line] then list[#list + 1] = line end
      seen[line] = true
    end
  end
  return list, sample
end

local function say_advice(recipe, parcel, sample, out)
  if not sample then out.note "it has no sample: others can't see what its plan would be (see recipes/README.md)" end
  if not parcels.text(parcel, "README.md") then out.note "it has no README.md" end
  for i = 2, #recipe.sources do
    local source = recipe.sources[i]
    if source.path:find "^recipes/" then out.note(("it extends %s, which others need as well: share it too"):format(source.name)) end
  end
end

local function make(recipe, output, out)
  local parcel, message, code = parcels.of_folder(recipe.path:match "^(.*)/" or ".")
  if not parcel then return nil, message, code end
  local list, sample = obstacles(recipe, parcel)
  for _, text in ipairs(list) do
    out.event("remark", { text = text })
    out.say(text)
  end
  if list[1] then
    return nil, ("%s to be corrected before it is shared; nothing was written"):format(words.count(#list, "thing")), "parse"
  end
  say_advice(recipe, parcel, sample, out)
  local text = pack.encode(parcel)
  local ok
  ok, message, code = core.files.write(output, text)
  if not ok then return nil, message, code end
  out.event("packed", { path = output, files = #parcel.files, bytes = #text, sha256 = core.hash.sha256(text) })
  out.say(("wrote %s: %s %s, %s, %s\nsha256 %s"):format(output, recipe.name, recipe.version, words.count(#parcel.files, "file"),
    words.bytes(#text), core.hash.sha256(text)))
  return 0
end

function m.run(args, context)
  local recipe, message, code = require("almanac.recipe").load(args.recipe)
  if not recipe then return nil, message, code end
  local output = args.output or ("%s-%s.pack"):format(recipe.name, recipe.version)
  if core.files.stat(output) then return nil, output .. " exists already; take another name with -o", "conflict" end
  return make(recipe, output, context.out)
end

return m
