-- Makes lists lag: what came or went shows in a list only some seconds later, while a single
-- object is told as it is. Alma's documentation does not say whether its lists do so, and a
-- client has to bear it. Triggers of this connection note when rows came, and keep rows that
-- went. Lists are read from views: listed_representation, listed_file and so on.
local m = {}

-- Each table, and the columns that identify its rows.
local LISTS = {
  representation = { "n" }, file = { "n" }, membership = { "pid", "mms_id" }, set_member = { "set_id", "id" },
  holding = { "n" }, item = { "n" }, network_number = { "number", "mms_id" },
}

local MOVING = { representation = true, holding = true, item = true }

local NOW = "(julianday('now') - 2440587.5) * 86400.0"

-- The view of a list that does not lag.
local PROMPT = "CREATE TEMP VIEW listed_%s AS SELECT * FROM main.%s"

-- $ALL: the columns; $OLD: the same of a row that goes; $KEY: the columns that identify it; $BORN: true of the row of
-- born_$TABLE about OLD; $SAME: true of the one about a row of $TABLE
local LAGGING = {
  "CREATE TEMP TABLE born_$TABLE($KEY, at)",
  "CREATE TEMP TABLE gone_$TABLE AS SELECT $ALL, 0.0 AS born, 0.0 AS died FROM main.$TABLE WHERE 0",
  [[CREATE TEMP TRIGGER comes_$TABLE AFTER INSERT ON main.$TABLE BEGIN
      DELETE FROM born_$TABLE WHERE at <= $THEN;
      INSERT INTO born_$TABLE VALUES($NEW, $NOW);
    END]],
  [[CREATE TEMP TRIGGER goes_$TABLE AFTER DELETE ON main.$TABLE BEGIN
      $LEAVE
    END]],
  [[CREATE TEMP VIEW listed_$TABLE AS
    SELECT $ALL FROM main.$TABLE
      WHERE NOT EXISTS (SELECT 1 FROM born_$TABLE b WHERE $SAME AND b.at > $THEN)
    UNION ALL SELECT $ALL FROM gone_$TABLE WHERE born <= $THEN AND died > $THEN]],
}

local LEAVE = [[
      DELETE FROM gone_$TABLE WHERE died <= $THEN;
      INSERT INTO gone_$TABLE SELECT $OLD, coalesce((SELECT max(at) FROM born_$TABLE WHERE $BORN), 0.0), $NOW;
      DELETE FROM born_$TABLE WHERE $BORN;]]

-- Inventory that goes to another title leaves the list of one and comes into the list of the other.
local MOVES = [[CREATE TEMP TRIGGER moves_$TABLE AFTER UPDATE OF mms_id ON main.$TABLE BEGIN
      $LEAVE
      INSERT INTO born_$TABLE VALUES($NEW, $NOW);
    END]]

local function joined(names, form, separator)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = form:gsub("%%", name) end
  return table.concat(parts, separator)
end

local function columns(world, name)
  local names = {}
  for row in world.db:rows("SELECT name FROM pragma_table_info(?)", name) do names[#names + 1] = row.name end
  return names
end

local function words_for(world, name, key)
  local all = columns(world, name)
  return {
    TABLE = name, NOW = NOW, THEN = ("(%s - (SELECT seconds FROM lag))"):format(NOW),
    ALL = joined(all, "%", ", "), OLD = joined(all, "OLD.%", ", "),
    KEY = joined(key, "%", ", "), NEW = joined(key, "NEW.%", ", "),
    BORN = joined(key, "% = OLD.%", " AND "), SAME = joined(key, "b.% = " .. name .. ".%", " AND "),
  }
end

local function begin(world)
  world.db:run "CREATE TEMP TABLE lag(seconds)"
  world.db:run "INSERT INTO lag VALUES(0)"
  for name, key in pairs(LISTS) do
    world.db:run("DROP VIEW IF EXISTS listed_" .. name)
    local words = words_for(world, name, key)
    words.LEAVE = LEAVE:gsub("%$(%u+)", words)
    for _, sql in ipairs(LAGGING) do world.db:run((sql:gsub("%$(%u+)", words))) end
    if MOVING[name] then world.db:run((MOVES:gsub("%$(%u+)", words))) end
  end
end

---Makes the views from which lists are read.
---@param world table
function m.open(world)
  for name in pairs(LISTS) do world.db:run(PROMPT:format(name, name)) end
end

---Lets lists lag so many seconds from now on.
---@param world table
---@param seconds number
function m.set(world, seconds)
  if not world.lags and seconds > 0 then
    begin(world)
    world.lags = true
  end
  if world.lags then world.db:run("UPDATE lag SET seconds = ?", seconds) end
end

return m
