-- A doubt of undo is what a person has to look at before a title is taken back any
-- further. It stays in the run file as a step until it is decided, however often undo is
-- called or killed. The title keeps its state, so that apply leaves it alone.
local json = require "almanac.json"
local reasons = require "almanac.run.reasons"
local states = require "almanac.run.states"

local m = {}

---The kind of the step that holds a doubt; its result is the reason.
m.KIND = "undo doubt"

---For SQL: whether a row of `title` waits for a person while it is taken back.
m.WAITS = ("(%s AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id AND kind = '%s'))"):format(states.is(states.UNDOING), m.KIND)

local KEEP = ("INSERT OR REPLACE INTO step(title_id, change, kind, page, result, begun, ended) VALUES(?, 0, '%s', 0, ?, ?, ?)")
  :format(m.KIND)

---Notes what a person is asked.
---@param db table
---@param title_id integer
---@param reason almanac.run.reason
---@param now integer seconds since 1970
---@return integer|nil
---@return string? message
---@return string? code
function m.keep(db, title_id, reason, now)
  return db:run(KEEP, title_id, json.encode(reasons.pack(reason)), now, now)
end

---Notes that a person decided to go on; takes the title's id.
m.SETTLE = ("DELETE FROM step WHERE title_id = ? AND kind = '%s'"):format(m.KIND)

return m
