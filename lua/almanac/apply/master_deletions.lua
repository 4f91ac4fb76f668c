-- A mistake in a recipe must not cost masters, so a plan deletes them only when
-- somebody says how many files that is.
local consequences = require "almanac.run.consequences"
local kinds = require "almanac.change_kinds"
local readings = require "almanac.reading"
local states = require "almanac.run.states"
local words = require "almanac.words"

local m = {}

local DELETING = ([[SELECT id, reading, %s AS open FROM title WHERE reading IS NOT NULL AND NOT %s
  AND id IN (SELECT title_id FROM change JOIN spec ON spec.id = change.spec_id
    WHERE %s) ORDER BY id]]):format(states.OPEN, states.is(states.UNDONE, states.UNDOING), kinds.sql_deletes())

---Counts the files of masters that the plan of a run deletes, with those that it has deleted already, so that the
---number stays the same while the run goes on.
---@param db table
---@return integer all
---@return integer open those of titles that are still to be done
function m.count(db)
  local all, open, specs = 0, 0, {}
  for title in db:rows(DELETING) do
    for _, one in ipairs(consequences.of(readings.decode(title.reading), consequences.planned(db, title.id, specs))) do
      if one.what == "delete" and one.master then
        all = all + one.files
        open = open + (title.open == 1 and one.files or 0)
      end
    end
  end
  return all, open
end

local function refusal(n, all, why)
  return ("the plan deletes %s%s%s; to let it, give --delete-masters %d"):format(words.count(all, "master file"),
    n and (", not %s"):format(n) or "", why or "", all)
end

-- A number that was right before may be wrong now, because a decision takes a title out or has it read again; whoever
-- gave it is told so.
local CHANGED = " as when you gave that number before: titles were decided about since, or read again after a decision " ..
  "(`almanac show RUN MMS_ID` says what is deleted of each)"
local LET = "SELECT arguments FROM session WHERE command = 'apply'"

local function why_another(db, given)
  for row in db:rows(LET) do
    if row.arguments:find(("delete_masters=%d%%f[%%D]"):format(given)) then return CHANGED end
  end
end

---Lets masters be deleted only when somebody has named the number of files: by `--delete-masters N` or, on a terminal,
---when asked.
---@param db table
---@param given integer? of --delete-masters
---@param ask (fun(question: string): string?)? nil: there is no terminal
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.confirm(db, given, ask)
  local all, open = m.count(db)
  if given and given ~= all then
    if all == 0 then return nil, "the plan deletes no master file: leave out --delete-masters", "conflict" end
    return nil, refusal(given, all, why_another(db, given)), "conflict"
  end
  if given or open == 0 then return true end
  if not ask then return nil, refusal(nil, all), "conflict" end
  local answer = ask(("The plan DELETES %s. Type that number to go on: "):format(words.count(all, "master file"))) or ""
  if math.tointeger(tonumber(answer)) == all then return true end
  return nil, refusal(("'%s'"):format(answer:match "^%s*(.-)%s*$"), all), "conflict"
end

return m
