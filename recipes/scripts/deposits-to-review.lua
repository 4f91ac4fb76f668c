-- almanac-script: 1
--
-- Deposits that wait for a review, as CSV.
-- Alma has no call for the deposits of all people, so the people come from a list with a column
-- user_id, or from --user. Drafts, and what was approved, declined or withdrawn, are left out;
-- --status asks for one status alone. Needs an API key with the right on Users. Changes nothing.
local script = require "almanac.script"
local deposits = require "almanac.alma.deposits"
local task = require "almanac.task"

local AT_ONCE = 8
-- How a status that needs no review begins. Its codes are not documented: these are made of Alma's words.
local OVER = { "DRAFT", "APPROV", "DECLIN", "REJECT", "WITHDR" }

local args = script.arguments {
  { "user", "list", help = "ids of people" },
  { "list", "file", help = "a list with the column user_id" },
  { "status", "string", help = "only deposits of this status, by its code" },
  { "output", "string", help = "the CSV file to write; without it, standard output" },
}

local function people()
  local ids, seen = {}, {}
  local function add(id)
    if id ~= "" and not seen[id] then ids[#ids + 1], seen[id] = id, true end
  end
  for _, id in ipairs(args.user or {}) do add(id) end
  for _, row in ipairs(args.list and script.rows(args.list, { "user_id" }) or {}) do add(row.user_id) end
  if not ids[1] then script.check(nil, "give people: --user A,B or --list FILE with a column user_id", "parse") end
  return ids
end

local function text(value) return type(value) == "table" and (value.desc or value.value) or value end

local function waits(deposit)
  if args.status then return true end
  local status = tostring(type(deposit.status) == "table" and deposit.status.value or deposit.status):upper()
  for _, beginning in ipairs(OVER) do
    if status:find("^" .. beginning) then return false end
  end
  return true
end

local client, ids = script.client(), people()
local found, failures, places = {}, {}, {}
for i, id in ipairs(ids) do places[i] = { n = i, id = id } end
task.each(places, AT_ONCE, function(place)
  local list, message, code = deposits.list(client, place.id, { status = args.status, order_by = "modification_date" })
  if code == "auth" or code == "quota" then script.check(nil, message, code) end
  found[place.n] = list or {}
  if not list then failures[#failures + 1] = ("%s: %s"):format(place.id, message) end
end)

local csv <close> = script.csv(args.output, { "user_id", "deposit_id", "title", "profile", "status", "submitted", "modified", "mms_id",
  "representation_id", "notes" })
for i, id in ipairs(ids) do
  for _, deposit in ipairs(found[i]) do
    if waits(deposit) then
      csv:write { id, deposit.deposit_id, deposit.title, text(deposit.deposit_profile), text(deposit.status), deposit.submission_date,
        deposit.modification_date, deposit.mms_id, deposit.rep_id, deposit.notes, n = 10 }
    end
  end
end
for _, words in ipairs(failures) do script.warn("%s", words) end
return failures[1] and 2 or 0
