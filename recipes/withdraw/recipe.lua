-- almanac-recipe: 1
--
-- Withdraws representations that a list names: --titles list.csv has a column of
-- MMS IDs and one with the id of a representation in each row. --column is the
-- heading of that one, in any spelling ("Representation ID", representation_id).
-- Rows where it is empty say nothing. An id that the title does not have leaves
-- the title for a person to decide: the list may be older than Alma, or a
-- spreadsheet may have rounded the id.
-- A copy of each file is kept beside the run file, so undo brings all of it back.

-- "Representation ID" and "representation_id" are one heading
local function plain(heading)
  return (heading:lower():gsub("[^%w]", ""))
end

-- the cell of the column; a list without it was meant for another recipe
local function cell_of(row, column)
  local names = {}
  for heading, cell in pairs(row) do
    if plain(heading) == plain(column) then return cell end
    names[#names + 1] = heading
  end
  error(("the list has no column '%s'; it has %s: give --column"):format(column, table.concat(names, ", ")))
end

-- the ids that the list names for a title, each once: several in a cell have blanks, commas or semicolons between them
local function ids_of(title, args)
  local ids, seen = {}, {}
  for _, row in ipairs(title:rows()) do
    for id in cell_of(row, args.column):gmatch "[^%s,;]+" do
      id = id:gsub("^['=\"]+", ""):gsub("\"$", "")   -- what keeps a spreadsheet from rounding
      if not seen[id] then ids[#ids + 1] = id end
      seen[id] = true
    end
  end
  return ids
end

-- the representation with an id
local function representation(title, id)
  for _, rep in ipairs(title:representations()) do
    if rep.id == id then return rep end
  end
end

-- those of the title that are named and of the wanted usage type, and ids that it does not have
local function named(title, args)
  local list, strange = {}, {}
  for _, id in ipairs(ids_of(title, args)) do
    local rep = representation(title, id)
    if not rep then
      strange[#strange + 1] = id
    elseif args.usage == "" or rep.usage_type == args.usage then
      list[#list + 1] = rep
    end
  end
  return list, strange
end

return {
  name    = "withdraw",
  summary = "Delete representations that a list names, with copies of their files",
  version = "1.0.0",
  license = "MIT",
  effects = { "delete", "delete-master" },   -- apply asks for the number of master files
  reads   = { "rows" },                      -- titles come with their rows of the list

  args = {
    { "column", "column", default = "representation_id", help = "heading of the column with the ids of representations" },
    { "usage", "string", default = "", help = "only representations of this usage type (code)" },
  },

  -- a title is known by its id; there are no files
  title_keys = function(title) return { title.mms_id } end,

  wants = function(title, args)
    local list, strange = named(title, args)
    if strange[1] then return true, "it has no representation " .. table.concat(strange, ", ") end
    if #list == 0 then return false, "the list names no representation of it" end
    return true
  end,

  changes = function(title, files, args)
    local list = {}
    for i, rep in ipairs((named(title, args))) do list[i] = delete.representation { representation = rep } end
    if not list[1] then return nil, "none of the named representations is there" end
    return list
  end,

  examples = {
    title_keys = { { files = { "a.tif" }, rows = { { representation_id = "12271930030004146" } }, mms_id = "990012345678904146",
      keys = { "990012345678904146" } } },
  },
}
