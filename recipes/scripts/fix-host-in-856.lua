-- almanac-script: 1
--
-- Puts a new host in place of an old one in 856 $u.
-- For the titles of a set or list, after a server has moved. Without --yes it only shows what would change; with it each title is changed, unless somebody changed it meanwhile.
-- --from and --to are hosts (old.example.org) or begin with the scheme (http://old.example.org), which is then compared
-- and replaced too. The rest of an address stays as it is, and hosts that only begin or end alike are left alone.
-- Prints CSV with the columns mms_id, old, new. Run again, it finds nothing more to do.
local script = require "almanac.script"
local bibs = require "almanac.alma.bibs"

local args = script.arguments {
  { "set", "set", help = "the titles: a set" },
  { "list", "file", help = "the titles: a list with MMS IDs" },
  { "from", "string", required = true, help = "the old host, e.g. http://old.example.org" },
  { "to", "string", required = true, help = "the new one, e.g. https://new.example.org" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
  { "yes", "flag", help = "change the titles; without it nothing is changed" },
}

local function parts(name, text)
  local scheme, host = text:match "^(%a[%w+.-]*://)(.*)$"
  host = (host or text):gsub("/+$", "")
  if host == "" or host:find "[%s/?#@]" then script.check(nil, ("--%s: '%s' is no host, such as old.example.org"):format(name, text)) end
  return scheme, host
end

local from_scheme, from_host = parts("from", args.from)
local to_scheme, to_host = parts("to", args.to)

-- The new address; nil when this one is of another host.
local function moved(address)
  local scheme, host, rest = address:match "^%s*(%a[%w+.-]*://)([^/?#]*)(.*)$"
  if not scheme or host:lower() ~= from_host:lower() then return nil end
  if from_scheme and scheme:lower() ~= from_scheme:lower() then return nil end
  return (to_scheme or scheme) .. to_host .. rest
end

-- Changes a record, and gives the old and new addresses.
local function change(record)
  local changes = {}
  for subfield in record:each "856$u" do
    local old, new = subfield.value, moved(subfield.value)
    if new and new ~= old then
      changes[#changes + 1] = { old, new }
      subfield.value = new
    end
  end
  return changes
end

local client, ids, missing = script.client(), script.titles(args), {}
local csv <close> = script.csv(args.output, { "mms_id", "old", "new" })
local count = 0

local function work_on(bib)
  local changes = change(bib.record:copy())
  if not changes[1] then return end
  count = count + 1
  local kept, message, code = true, nil, nil
  if args.yes then
    kept, message, code = bibs.update(client, bib.mms_id, function(record) changes = change(record) end)
  end
  if not kept then return script.failed(bib.mms_id, message, code) end
  for _, pair in ipairs(changes) do csv:write { bib.mms_id, pair[1], pair[2] } end
  -- A record of the Network Zone takes changes of local fields alone.
  if args.yes and change(kept.record:copy())[1] then
    script.failed(bib.mms_id, "Alma kept the old address: change it in the Network Zone")
  end
end

for bib in bibs.each(client, ids, { missing = missing }) do
  if bib.record.each then work_on(bib) end   -- Dublin Core has no 856
end
for _, id in ipairs(missing) do script.failed(id, "Alma knows no such title", "missing") end
script.warn("%d of %d titles %s", count, #ids, args.yes and "had the old host" or "would be changed; give --yes to change them")
