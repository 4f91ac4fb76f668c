-- almanac recipe update: gets a recipe again from where it came.
local intake = require "almanac.cli.recipe.intake"
local lock = require "almanac.recipe.lock"

local m = { summary = "Get a recipe again from where it came; shows what is different before it is taken.",
  epilog = "Exit status: 0 taken, or there is nothing new; 1 nothing was taken." }

function m.configure(parser)
  parser:argument("name", "name of a recipe that was added")
  intake.options(parser)
end

local function entry_of(name, folder)
  local entries, message, code = lock.read(folder)
  if not entries then return nil, message, code end
  for _, entry in ipairs(entries) do
    if entry.name == name then return entry end
  end
  return nil, ("%s/almanac.lock names no recipe '%s'; `almanac recipe add` gets one from elsewhere"):format(folder, name), "missing"
end

function m.run(args, context)
  local entry, message, code = entry_of(args.name, args.to or "recipes")
  if not entry then return nil, message, code end
  local parcel
  parcel, message, code = intake.get(entry.from, args, context)
  if not parcel then return nil, message, code end
  return intake.take(parcel, args, { out = context.out, name = args.name })
end

return m
