-- What a person has to look at before a title is taken back any further. It stands as a
-- step in the run file until it is decided, whatever ends in between, and however often
-- undo is called. The title keeps its state, so that apply leaves it alone.
local m = {}

---The kind of that step; its result is the reason.
m.KIND = "undo doubt"

---For SQL: whether a row of `title` waits for a person while it is taken back.
m.WAITS = ("(state = 'undoing' AND EXISTS (SELECT 1 FROM step WHERE title_id = title.id AND kind = '%s'))"):format(m.KIND)

---Notes what a person is asked; takes the title's id, the reason as JSON, and twice the time.
m.KEEP = ("INSERT OR REPLACE INTO step(title_id, change, kind, page, result, begun, ended) VALUES(?, 0, '%s', 0, ?, ?, ?)")
  :format(m.KIND)

---Notes that a person decided to go on; takes the title's id.
m.SETTLE = ("DELETE FROM step WHERE title_id = ? AND kind = '%s'"):format(m.KIND)

return m
