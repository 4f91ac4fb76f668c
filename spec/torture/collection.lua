-- A collection to torture with: titles of one to five pages that have a TIFF of
-- each page, and a folder with the JPGs.
local program = require "support.program"

local m = {}

local MOST_PAGES = 5

-- Sizes differ, so that a file in the wrong place is seen.
local function jpeg(random, name)
  return "\xFF\xD8\xFF\xE0" .. name .. ("."):rep(random(1, 20000))
end

---@param folder string gets titles.csv and jpg/
---@param count integer titles
---@param random fun(from: integer, to: integer): integer
---@return table<string, { name: string, size: integer }[]> planned files in page order, by MMS id
function m.make(folder, count, random)
  local csv, planned = { "mms_id,title,usage_type,file_name,size,representation_id" }, {}
  for i = 1, count do
    local mms_id = ("99%09d04146"):format(i)
    planned[mms_id] = {}
    for page = 1, random(1, MOST_PAGES) do
      local name = ("book%d_%d"):format(i, page + 7)   -- 9 before 10
      local content = jpeg(random, name)
      csv[#csv + 1] = ("%s,Book %d,PRESERVATION_MASTER,%s.tif,1000,12%09d04146"):format(mms_id, i, name, i)
      program.write(("%s/jpg/%s.jpg"):format(folder, name), content)
      table.insert(planned[mms_id], { name = name .. ".jpg", size = #content })
    end
  end
  program.write(folder .. "/titles.csv", table.concat(csv, "\n") .. "\n")
  return planned
end

return m
