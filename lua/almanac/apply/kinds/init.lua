-- What is done for each kind of change. A kind is a module with
--   settle(job, change)       finds out what an open step made, before the title is compared with its plan
--   begun(job, change)        whether it may have changed the title already
--   expect(job, change, planned)  what of the planned representations is different by its own doing:
--                             planned is id -> { count = files, … }; nil for one that is not there
--   prepare(job, change)      what changes nothing in Alma, before the title is compared: true, or nil, message, code;
--                             nil for kinds that need nothing
--   carry_out(job, change)    true, or nil, message, code
--   check(job, change, list)  what differs from the plan, in words; false, unseen when nothing does;
--                             nil, message, code when it can't be told
--   look(job, change, list)   what is there to be taken back: { words = string[], … }, nothing of it when
--                             words is empty; nil, message, code when it has to stay ("conflict")
--   restore(job, change, found)   brings back what it deleted; only of kinds that delete
--   take_back(job, change, found) takes away what it made; nil for kinds that only delete
--   check_back(job, change, list) what is not as it was before, once it was taken back, as `check`; nil when
--                             `look` tells all
--   done_elsewhere(job, change, list)  whether the title holds what it leads to, though this run file has not begun it;
--                             nil for kinds of which that can't be told
--   describe(spec, change)    what is planned, in words
-- `list` holds the representations of the title as Alma gives them.
local m = {}

---The module of a change's kind: add_file is that of add.file.
---@param change { kind: string } of almanac.change_kinds
---@return table kind
function m.of(change)
  return require("almanac.apply.kinds." .. change.kind:gsub("%.", "_"))
end

return m
