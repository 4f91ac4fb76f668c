-- almanac recipe accept: pins a recipe from elsewhere that was changed here, as it is now.
local difference = require "almanac.recipe.share.difference"
local inspect = require "almanac.cli.recipe.inspect"
local intake = require "almanac.cli.recipe.intake"
local json = require "almanac.json"
local kept = require "almanac.recipe.share.kept"
local lock = require "almanac.recipe.lock"
local parcels = require "almanac.recipe.share.parcel"
local plain = require "almanac.recipe.inside.plain"
local recipes = require "almanac.recipe"

local m = { summary = "Accept a changed recipe that came from elsewhere: shows what is different, asks, and pins it as it is now.",
  epilog = "The difference is to how it was accepted, as recipes/.accepted has it; `almanac recipe update NAME` shows the one to " ..
    "where it came from. Exit status: 0 accepted, 1 nothing was." }

function m.configure(parser)
  parser:argument("name", "name of a recipe that was added")
  intake.yes(parser)
end

-- The lock file's entry for a recipe's name, and the folder that it is in.
local function find(name)
  local path, message, code = recipes.find(name)
  if not path then return nil, message, code end
  local entry
  entry, message, code = lock.entry_of(path)
  if message then return nil, message, code end
  if entry then return entry, path end
  return nil, ("%s did not come from elsewhere: there is nothing to accept, it is free to change"):format(path), "missing"
end

local function say_changes(recipe, out)
  local list = lock.changes(recipe.sources[1])
  out.event("changed", { files = json.array(list) })
  if list[1] then out.say("changed: " .. plain.line(table.concat(list, ", ")) .. "\n") end
end

-- The files as they were accepted. A file that was not kept is taken as it is now, so that it shows
-- no difference, and is named. Returns nil when nothing is known of the recipe's rules.
local function accepted(folder, entry, parcel, out)
  local before, unknown = kept.parcel(folder, entry)
  for _, file in ipairs(unknown) do
    out.say(("note: %s as it was accepted is not kept here, only its hash is known: %s"):format(plain.line(file.path), file.sha256))
    local text = parcels.text(parcel, file.path)
    if text then parcels.add(before, file.path, text) end
    if file.path == "recipe.lua" then before = nil end
    if not before then return nil end
  end
  return before
end

-- A recipe that was changed here is no longer what its signer signed.
local function signed(entry, parcel)
  local names = {}
  for _, file in ipairs(entry.files) do names[file.path] = file.sha256 end
  local changed = #parcel.files ~= #entry.files
  for _, file in ipairs(parcels.hashes(parcel)) do changed = changed or names[file.path] ~= file.sha256 end
  return changed and entry.signed and "no, it was changed here" or entry.signed
end

-- The recipes that it extends are pinned as well.
local function say_bases(folder, entry, recipe, out)
  for i = 2, #recipe.sources do
    local source = recipe.sources[i]
    for _, pin in ipairs(entry.bases) do
      local changed = pin.name == source.name and not lock.same_base(pin, lock.base_pin(source))
      local before = changed and kept.text(folder, pin.sha256)
      local text = before and difference.of_text(before, source.text, source.path):gsub("\n$", "")
      if changed then
        out.event("base", { name = source.name, path = source.path, text = text or nil })
        out.say(("\nIt extends %s, which is not what it was accepted with%s"):format(plain.line(source.name),
          text and ":\n" .. text or ("; that is not kept here, only its hash is known: " .. pin.sha256)))
      end
    end
  end
end

local function look_and_pin(recipe, entry, path, args, out)
  local target = path:match "^(.*)/recipe%.lua$"
  local folder = target:match "^(.*)/" or "."
  local parcel, message, code = parcels.of_folder(target)
  if not parcel then return nil, message, code end
  parcel.from, parcel.commit, parcel.signed = entry.from, entry.commit, signed(entry, parcel)
  say_changes(recipe, out)
  local good
  good, message, code = inspect.show(recipe, parcel, { path = path, out = out, before = accepted(folder, entry, parcel, out),
    what = "what was accepted on " .. plain.line(entry.on) })
  if good == nil then return nil, message, code end
  say_bases(folder, entry, recipe, out)
  if not good then return nil, "its own tests do not hold: nothing was accepted", "parse" end
  local sure
  sure, message = inspect.confirm(("Accept %s as it is?"):format(target), args, out)
  if not sure then return nil, message end
  local ok
  ok, message, code = intake.pin(recipe, parcel, folder, entry.name)
  if not ok then return nil, message, code end
  out.say(("%s %s is accepted; every file is pinned in %s/almanac.lock"):format(recipe.name, recipe.version, folder))
  return 0
end

function m.run(args, context)
  local entry, path, code = find(args.name)
  if not entry then return nil, path, code end
  local recipe, message
  recipe, message, code = recipes.load(path, { changed = true })
  if not recipe then return nil, message, code end
  local status
  status, message, code = look_and_pin(recipe, entry, path, args, context.out)
  recipes.close(recipe)
  return status, message, code
end

return m
