-- A POST that was given up may make a second, empty representation after the last
-- look at its title. When all titles are done they are looked at once more, so
-- that it is named then and not only by `verify`.
local representation = require "almanac.apply.representation"
local states = require "almanac.run.states"
local title_work = require "almanac.apply.title"

local m = {}

-- Titles of which a representation may have been made twice.
local TWICE = [[SELECT * FROM title WHERE ]] .. states.is(states.ATTACHED) .. [[ AND EXISTS (SELECT 1 FROM step
  WHERE title_id = title.id AND kind = 'represent' AND sent > 1)]]

local function second_of(job)
  local list = representation.list(job)
  for _, change in ipairs(list and job.changes or {}) do
    local twins = change.representation_id and representation.twins(job, change, list, change.representation_id)
    if twins and twins[1] then return twins[1].id end
  end
end

---Names second representations; a title that can't be read is left to `verify`.
---@param run almanac.run of almanac.apply; `on.late` is told of each
---@return integer titles
function m.tell(run)
  local titles, count = {}, 0
  for title in run.db:rows(TWICE) do titles[#titles + 1] = title end
  for _, title in ipairs(titles) do
    local id = second_of(title_work.load(run, title))
    if id then
      count = count + 1
      if run.on.late then
        run.on.late(title, ("an empty second representation of this run came late: %s; delete it in Alma"):format(id))
      end
    end
  end
  return count
end

return m
