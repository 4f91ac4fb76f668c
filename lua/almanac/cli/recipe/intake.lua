-- Takes a recipe in: shows its files, which are in memory, then writes them into a folder of
-- recipes and pins them in its lock file.
local core = require "almanac.core"
local fetch = require "almanac.recipe.share.fetch"
local inspect = require "almanac.cli.recipe.inspect"
local kept = require "almanac.recipe.share.kept"
local lock = require "almanac.recipe.lock"
local parcels = require "almanac.recipe.share.parcel"
local plain = require "almanac.recipe.inside.plain"
local recipes = require "almanac.recipe"

local m = {}

---Adds the options that all commands have that take a recipe in.
---@param parser table of argparse
function m.options(parser)
  parser:option("--to", "the folder of recipes to put it in (recipes)"):argname "FOLDER"
  parser:flag("--lower-version", "take a lower version than the one that is here without being asked")
  parser:flag("--more-effects", "take one with effects that the one that is here does not have without being asked")
  m.yes(parser)
end

---@param parser table of argparse
function m.yes(parser)
  parser:flag("--yes", "take it without being asked, but for what is asked by itself")
  parser:flag("--json", "one JSON object a line on stdout instead of words")
end

---Gets a recipe from an address. Servers must show certificates that the user trusts.
---@param address string
---@param args { profile: string? }
---@param context table of the command
---@return almanac.recipe.parcel|nil parcel
---@return string? message
---@return string? code
function m.get(address, args, context)
  local ca_file, message, code = false, nil, nil
  if fetch.is_far(address) then ca_file, message, code = context.settings.ca_file(args) end
  if ca_file == nil then return nil, message, code end
  return fetch.get(address, ca_file or nil)
end

-- The sources that a recipe extends are pinned with it.
local function bases_of(recipe)
  local bases = {}
  for i = 2, #recipe.sources do
    bases[i - 1] = lock.base_pin(recipe.sources[i])
  end
  return bases
end

-- The lock file's entry for a recipe as it is now.
local function entry_of(recipe, parcel)
  return { name = recipe.name, version = recipe.version, from = parcel.from, commit = parcel.commit, signed = parcel.signed,
    on = os.date "!%Y-%m-%d", by = core.sys.user(), files = parcels.hashes(parcel), bases = bases_of(recipe) }
end

---Pins a recipe as it is now.
---@param recipe table loaded
---@param parcel almanac.recipe.parcel its files
---@param folder string of recipes
---@param name string? the one that the lock file has, when it is not the recipe's own
---@return true|nil
---@return string? message
---@return string? code
function m.pin(recipe, parcel, folder, name)
  local entry, texts = entry_of(recipe, parcel), {}
  entry.name = name or entry.name
  for _, file in ipairs(parcel.files) do texts[#texts + 1] = file.text end
  for i = 2, #recipe.sources do texts[#texts + 1] = recipe.sources[i].text end
  return kept.pin(folder, entry, texts)
end

local function same_bases(one, other)
  for i, pin in ipairs(one) do
    if not (other[i] and lock.same_base(pin, other[i])) then return false end
  end
  return #one == #other
end

local function same_pins(one, other)
  local function text(files)
    local lines = {}
    for i, pin in ipairs(files) do lines[i] = pin.sha256 .. pin.path end
    table.sort(lines)
    return table.concat(lines, "\n")
  end
  return text(one.files) == text(other.files) and same_bases(one.bases, other.bases)
end

-- True when the same recipe is there already, as it was accepted.
local function is_installed(recipe, parcel, installed, target)
  local entry = installed and lock.entry_of(target .. "/recipe.lua")
  if not entry then return false end
  local wanted = entry_of(recipe, parcel)
  return entry.signed == wanted.signed and same_pins(entry, wanted) and
    same_pins({ files = parcels.hashes(installed), bases = wanted.bases }, wanted)
end

-- What lies in the recipe's place. A recipe that the library wrote itself is never replaced.
local function installed_at(target)
  if not core.files.stat(target) then return nil end
  local entry, message, code = lock.entry_of(target .. "/recipe.lua")
  if message then return nil, message, code end
  if not entry then
    return nil, ("%s is there and did not come from elsewhere: rename it, or take another folder with --to"):format(target), "conflict"
  end
  local parcel
  parcel, message, code = parcels.of_folder(target)
  if not parcel and code == "missing" then return nil end
  return parcel, message, code
end

local function remove_old(installed, parcel, target)
  for _, file in ipairs(installed and installed.files or {}) do
    if not parcels.text(parcel, file.path) then core.files.remove(target .. "/" .. file.path) end
  end
end

local function install(recipe, parcel, installed, folder)
  local target = folder .. "/" .. recipe.name
  local ok, message, code = parcels.write(parcel, target)
  if not ok then return nil, message, code end
  remove_old(installed, parcel, target)
  return m.pin(recipe, parcel, folder)
end

-- Names recipes of the same name that this one will hide, or that hide it.
local function say_shadow(recipe, target, out)
  for _, folder in ipairs(recipes.folders()) do
    local path = folder .. "/" .. recipe.name .. "/recipe.lua"
    if path ~= target .. "/recipe.lua" and core.files.stat(path) then
      out.event("hides", { name = recipe.name, path = path })
      out.say(("note: there is a recipe %s at %s already; plan takes the one of ./recipes first"):format(recipe.name, path))
    end
  end
end

local function is_lower(version, than)
  local one, other = {}, {}
  for n in version:gmatch "%d+" do one[#one + 1] = tonumber(n) end
  for n in than:gmatch "%d+" do other[#other + 1] = tonumber(n) end
  for i = 1, 3 do
    if (one[i] or 0) ~= (other[i] or 0) then return (one[i] or 0) < (other[i] or 0) end
  end
  return false
end

-- The effects that the recipe here does not have. When those are not known, all count as new.
local function new_effects(recipe, target)
  local here, list = recipes.load(target .. "/recipe.lua", { changed = true }), {}
  for effect in pairs(recipe.effects) do
    if not (here and here.effects[effect]) then list[#list + 1] = effect end
  end
  if here then recipes.close(here) end
  table.sort(list)
  return list
end

-- Another signer than before may be another person, so that is told.
local function say_signer(entry, parcel, out)
  if not entry.signed or entry.signed == parcel.signed then return end
  local text = ("the one that is here: %s; this one: %s"):format(lock.signer(entry), lock.signer(parcel))
  out.event("signer", { text = text })
  out.say("note: " .. plain.line(text))
end

-- Asks about a lower version and about new effects, each by itself. --yes does not answer these.
local function ask_apart(recipe, parcel, installed, target, args, out)
  local entry = installed and lock.entry_of(target .. "/recipe.lua")
  if not entry then return true end
  say_signer(entry, parcel, out)
  local questions, effects = {}, new_effects(recipe, target)
  if is_lower(recipe.version, entry.version) then
    questions[1] = { args.lower_version, "--lower-version", ("version %s is lower than %s, which is here. Go back?")
      :format(recipe.version, entry.version) }
  end
  if effects[1] then
    questions[#questions + 1] = { args.more_effects, "--more-effects",
      ("its plans may contain what those of the one that is here may not: %s. Allow that?"):format(table.concat(effects, ", ")) }
  end
  for _, question in ipairs(questions) do
    out.event("question", { text = question[3] })
    local sure = inspect.confirm(question[3], { yes = question[1] }, out)
    local fact = question[3]:gsub("%. %u.*$", "")
    if not sure then return nil, ("nothing was taken: %s (%s agrees)"):format(fact, question[2]) end
  end
  return true
end

-- Asks, and puts the recipe in its place.
local function ask_and_install(recipe, parcel, installed, folder, args, out)
  local target = folder .. "/" .. recipe.name
  say_shadow(recipe, target, out)
  local sure, message = ask_apart(recipe, parcel, installed, target, args, out)
  if sure then sure, message = inspect.confirm(("Put it into %s?"):format(target), args, out) end
  if not sure then return nil, message end
  local ok, why, code = install(recipe, parcel, installed, folder)
  if not ok then return nil, why, code end
  out.event("installed", { name = recipe.name, version = recipe.version, path = target, from = parcel.from })
  out.say(("%s %s is in %s; every file is pinned in %s/almanac.lock"):format(recipe.name, recipe.version, target, folder))
  return 0
end

local function look_and_take(recipe, parcel, args, options)
  local out, folder = options.out, (args.to or "recipes"):gsub("(.)/+$", "%1")
  if options.name and recipe.name ~= options.name then
    return nil, ("what came is named '%s', not '%s'; add it as a new recipe"):format(recipe.name, options.name), "conflict"
  end
  local target = folder .. "/" .. recipe.name
  local installed, message, code = installed_at(target)
  if message then return nil, message, code end
  local good
  good, message, code = inspect.show(recipe, parcel, { path = target .. "/recipe.lua", before = installed, out = out })
  if good == nil then return nil, message, code end
  if not good then return nil, "its own tests do not hold: nothing was taken; tell who made it", "parse" end
  if not is_installed(recipe, parcel, installed, target) then
    return ask_and_install(recipe, parcel, installed, folder, args, out)
  end
  out.event("unchanged", { name = recipe.name, version = recipe.version, path = target })
  out.say(("%s %s is installed already"):format(recipe.name, recipe.version))
  return 0
end

-- The recipe that is looked at lies in a temporary folder, so messages name only its file.
local function without_folder(message, folder)
  local from, to = message:find(folder .. "/", 1, true)
  while from do
    message = message:sub(1, from - 1) .. message:sub(to + 1)
    from, to = message:find(folder .. "/", 1, true)
  end
  return message
end

---Shows a recipe, asks, and takes it in.
---@param parcel almanac.recipe.parcel
---@param args { to: string?, yes: boolean? }
---@param options { out: table, name: string? } name: it must have this one
---@return integer|nil status
---@return string? message
---@return string? code
function m.take(parcel, args, options)
  local folder, message, code = core.files.temp_folder()
  if not folder then return nil, message, code end
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(folder, { tree = true }) end })
  local ok
  ok, message, code = parcels.write(parcel, folder)
  if not ok then return nil, message, code end
  local recipe
  recipe, message, code = recipes.load(folder .. "/recipe.lua")
  if not recipe then return nil, plain.line(without_folder(message, folder)), code end
  local status
  status, message, code = look_and_take(recipe, parcel, args, options)
  recipes.close(recipe)
  return status, message and without_folder(message, folder), code
end

return m
