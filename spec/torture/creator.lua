-- Run by `almanac exec`: a script as a library would write it, that makes one of each thing that Alma lets a script
-- make, for some titles, with nothing but the library's own create functions. It keeps no notes of its own: when
-- it was killed it is run again, from its first line. With --blind it makes things without looking, for the spec of the harness.
local script = require "almanac.script"
local alma = require "almanac.alma"
local core = require "almanac.core"
local marc = require "almanac.marc"
local task = require "almanac.task"

local args = script.arguments {
  { "titles", "integer", default = 3 },
  { "blind", "flag" },
}
local client, store, general = script.client(), script.store(), script.general()
client.backoff = { tries = 5, first = 0.02, longest = 0.1 }
store.backoff = client.backoff
local new = args.blind and { as_new = true } or nil

local function record(i)
  return marc.record { leader = "00000nam a2200000 a 4500", { "008", "200101s2020    xxu           000 0 eng d" },
    { "035", "  ", "a", ("(TORTURE)%d"):format(i) }, { "245", "10", "a", ("Tortured %d"):format(i) } }
end

local function add_file(mms_id, representation, i, page)
  local name = ("t%d_%d.jpg"):format(i, page)
  local key = ("%s/upload/%s"):format(general.institution, name)
  core.files.write(name, "\xFF\xD8\xFF" .. name)
  script.check(store:put(key, { path = name }))
  script.check(alma.files.create(client, mms_id, representation.id, { path = key, label = name }, new))
end

local function make(i, collection)
  local bib = script.check(alma.bibs.create(client, record(i), new))
  script.check(alma.collections.add_bib(client, collection, bib.mms_id))
  local representation = script.check(alma.representations.create(client, bib.mms_id,
    { library = "MAIN", usage_type = "DERIVATIVE_COPY", label = "Made" }, new))
  for page = 1, 2 do add_file(bib.mms_id, representation, i, page) end
  local holding = script.check(alma.holdings.create(client, bib.mms_id, marc.record { leader = "00000nx  a22000001n 4500",
    { "852", "0 ", "b", "MAIN", "c", "stacks", "h", "T " .. i } }, new))
  script.check(alma.items.create(client, bib.mms_id, holding.holding_id, { barcode = "TORTURE" .. i, physical_material_type = "BOOK" },
    new))
  script.check(alma.requests.create(client, { mms_id = bib.mms_id }, { request_type = "DIGITIZATION", partial_digitization = false }, new))
  return bib.mms_id
end

local made = script.check(alma.collections.create(client, { name = "Tortured" }))
local collection = type(made.pid) == "table" and made.pid.value or made.pid
local numbers, members = {}, {}
for i = 1, args.titles do numbers[i] = i end
for _, failure in ipairs(task.each(numbers, 2, function(i) members[i] = make(i, collection) end)) do error(failure.message, 0) end
script.check(alma.sets.create(client, { name = "Tortured", members = members }))
script.say "made"
