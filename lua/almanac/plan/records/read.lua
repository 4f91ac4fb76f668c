-- Reads a source of records into the run file. What was read is committed page by page, together with the
-- place where the source rests, so that Ctrl-C, a killed process or a used-up quota lose nothing: reading
-- goes on there, or begins again and passes over what is kept.
local attempt = require "almanac.run.attempt"
local core = require "almanac.core"
local json = require "almanac.json"
local records = require "almanac.run.records"
local since = require "almanac.plan.records.since"
local sources = require "almanac.plan.records"
local store = require "almanac.run.store"

local m = {}

local BATCH = 500      -- records between two commits, of a source that rests nowhere
local TOLD = 5000      -- records between two words of progress

-- Failures that pass: what was read is kept, and reading goes on another time.
local PASSES = { timeout = true, connect = true, tls = true, status = true, quota = true, closed = true, cancelled = true, io = true }

local UPDATE = [[UPDATE record SET datestamp = ?2, deleted = ?3, sets = ?4, format = ?5, content = ?6, mark = ?7, place = ?8,
  problem = ?9, reason_code = NULL, reason_data = NULL WHERE id = ?1]]
-- What a deleted record was stays, since it tells the title.
local DELETE = [[UPDATE record SET deleted = 1, datestamp = ?2, problem = NULL, reason_code = NULL, reason_data = NULL WHERE id = ?1]]
local NAMELESS = [[SELECT id, datestamp, deleted, mark, problem FROM record JOIN record_last ON record_id = id
  WHERE format = 'row' AND mark IS NOT NULL]]
local OF_IDENTIFIER = "SELECT id, datestamp, deleted, mark, problem FROM record WHERE identifier = ? ORDER BY id"

-- ---- one entry ----

-- A row without identifier got its match key for one in the earlier run. Here it is known by its content alone; a
-- changed one is matched anew.
local function row_of_mark(work, entry)
  local mark = records.mark(entry)
  if not work.by_mark then
    work.by_mark = {}
    for row in work.db:rows(NAMELESS) do work.by_mark[row.mark] = row end
  end
  local row = work.by_mark[mark]
  if row and not work.came[row.id] then return row, mark end
end

local function write_pending(work)
  if work.pending[1] then records.add(work.db, work.pending) end
  work.pending = {}
end

-- Whether an identifier came before, as long as nothing is kept from an earlier reading: then the run file need not be asked.
local function is_first(work, identifier)
  if not work.met or not identifier then return false end
  local met = work.met[identifier]
  work.met[identifier] = true
  if met then write_pending(work) end
  return not met
end

-- The kept record that an entry is, if it is one: the same identifier, and no other entry of this reading.
local function kept_one(work, entry)
  if not work.looks or is_first(work, entry.identifier) then return nil end
  if not entry.identifier then
    if entry.format ~= "row" then return nil end
    return row_of_mark(work, entry)
  end
  local mark, first = records.mark(entry), nil
  for row in work.db:rows(OF_IDENTIFIER, entry.identifier) do
    if work.source.updates or not work.came[row.id] then
      if row.mark == mark then return row, mark end
      first = first or row
    end
  end
  return first, mark
end

-- A header that says that a record is deleted has no content, but what the record was is kept.
local function is_as_it_was(row, entry, mark)
  if entry.deleted and not entry.content then return row.deleted == 1 and row.datestamp == entry.datestamp end
  return row.mark == mark and row.datestamp == entry.datestamp and (row.deleted == 1) == (entry.deleted == true)
    and row.problem == entry.problem
end

local function update(work, row, entry, mark)
  if entry.deleted and not entry.content then
    attempt.run(work.db, DELETE, row.id, entry.datestamp)
    return
  end
  local sets = entry.sets and entry.sets[1] and json.encode(json.array { table.unpack(entry.sets) }) or nil
  attempt.run(work.db, UPDATE, row.id, entry.datestamp, entry.deleted and 1 or 0, sets, entry.format, entry.content, mark, entry.place,
    entry.problem)
end

local function take(work, entry)
  local row, mark = kept_one(work, entry)
  if not row then
    work.gained = work.gained + 1
    work.pending[#work.pending + 1] = entry
    if work.looks and not work.met then
      write_pending(work)
      work.came[work.db:value "SELECT last_insert_rowid()"] = true
    end
    return
  end
  local as_it_was = is_as_it_was(row, entry, mark)
  if not as_it_was then
    update(work, row, entry, mark)
    work.gained = work.gained + 1
  end
  work.came[row.id] = true
  since.note(work.db, row.id, as_it_was)
end

-- ---- committing ----

local function commit(work, place)
  write_pending(work)
  work.uncommitted = 0
  attempt.call(store.set, work.db, { records_read = work.read, records_place = place or work.place })
  work.place = place or work.place
  attempt.checked(work.db:commit())
end

local function begin(work)
  if not work.db:in_transaction() then attempt.checked(work.db:begin()) end
end

local function tell(work)
  if work.read % TOLD ~= 0 then return end
  local total = work.source.total
  work.on.phase(total and ("%d of %d records"):format(work.read, total) or ("%d records"):format(work.read))
end

local function count(work, entry)
  begin(work)
  take(work, entry)
  work.read, work.uncommitted = work.read + 1, work.uncommitted + 1
  local place = work.source.place and work.source:place()
  if place or not work.source.place and work.uncommitted >= BATCH then commit(work, place) end
  tell(work)
end

-- ---- all of them ----

-- Whether the source begins again after its place was lost.
local function begins_again(work)
  if not work.source.again then return false end
  local ok, message, code = work.source:again(work.gained)
  if not ok then
    if message then attempt.fail(message, code) end
    return false
  end
  work.on.phase "the repository's list expired: it is read again from its beginning, and what came is passed over"
  write_pending(work)
  work.gained, work.looks, work.met, work.read = 0, true, nil, 0
  return true
end

local function interrupted() return core.sys.interrupts() > 0 end

local function read_entries(work)
  while true do
    if interrupted() then return { message = "interrupted", code = "cancelled" } end
    local entry, message, code = work.source:next()
    if entry then
      count(work, entry)
    elseif not code then
      return nil
    elseif not begins_again(work) then
      begin(work)
      commit(work, work.source.place and work.source:place())
      if PASSES[code] then return { message = message, code = code } end
      attempt.fail(message, code)
    end
  end
end

local function note_problems(work)
  for _, text in ipairs(work.source.remarks or {}) do work.on.phase(text) end
  for _, text in ipairs(work.source.notes) do
    attempt.run(work.db, "INSERT INTO problem(kind, text) VALUES('source', ?)", text)
  end
end

-- A source of nothing is the user's mistake, or that of a server on a bad day. After an earlier run it says
-- nothing of that run's records.
local function check_any(work)
  local source = work.source
  if work.read > 0 or source.partial then return end
  local why = { source.empty or ("%s: %s"):format(source.words, source.why_none and source:why_none() or "no records") }
  if not work.since then table.move(source.notes, 1, #source.notes, 2, why) end
  local text = table.concat(why, "\n")
  if not work.since then attempt.fail(text, "missing") end
  attempt.run(work.db, "INSERT INTO problem(kind, text) VALUES('source', ?)",
    ("%s. Nothing is concluded from that: the records of the earlier run stay as they are"):format(text))
end

local function open(plan, given)
  local meta = store.meta(plan.db)
  local source = attempt.need(sources.open(plan, given, meta.records_place))
  local kept = records.count(plan.db)
  if kept > 0 and not meta.records_place then
    -- Without an identifier nothing tells which of the entries that come again they are.
    attempt.run(plan.db, "DELETE FROM record WHERE identifier IS NULL AND id NOT IN (SELECT record_id FROM record_last)")
  end
  return { plan = plan, db = plan.db, on = plan.order.on, source = source, place = meta.records_place, since = meta.since,
    read = meta.records_place and math.tointeger(tonumber(meta.records_read)) or 0, gained = 0, came = {}, pending = {}, uncommitted = 0,
    looks = kept > 0 or source.updates == true, met = kept == 0 and source.updates and {} or nil }
end

---Reads the records of a plan. Called inside an attempt, outside of a transaction.
---@param plan almanac.plan
---@param given almanac.plan.records.given
---@return { message: string, code: string }|nil stop it ended early, and why; what was read is kept
function m.read(plan, given)
  plan.order.on.phase "reading the records"
  local work = open(plan, given)
  local _close <close> = setmetatable({}, { __close = function()
    if work.source.close then work.source:close() end
    if work.db:in_transaction() then work.db:rollback() end
  end })
  begin(work)
  attempt.call(store.set, work.db, { records_source = work.source.words, records_given = json.encode(sources.kept(given)),
    records_began = store.meta(work.db, "records_began") or os.date "!%Y-%m-%dT%H:%M:%SZ" })
  local stop = read_entries(work)
  begin(work)
  if stop then
    commit(work)
    return stop
  end
  check_any(work)
  note_problems(work)
  since.settle(work.db)
  attempt.call(store.set, work.db, { records_ended = os.date "!%Y-%m-%dT%H:%M:%SZ" })
  commit(work)
  attempt.run(work.db, "DELETE FROM meta WHERE key = 'records_place'")
end

---How many records a run file has that a server was asked for, so that they are worth keeping when a plan comes to
---nothing.
---@param db table
---@return integer
function m.kept(db)
  local given = store.meta(db, "records_given")
  return given and sources.asks_server(json.decode(given)) and records.count(db) or 0
end

return m
