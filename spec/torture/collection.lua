-- A collection to torture with: titles of one to five pages that have a TIFF of
-- each page, for some kinds of change JPGs as well, and a folder with new JPGs.
local core = require "almanac.core"
local program = require "support.program"

local m = {}

local MOST_PAGES = 5
local LONG = 11   -- each so-manyth title has so many pages
local HEAD = "mms_id,title,usage_type,file_name,size,representation_id,repository,originating_record_id," ..
  "linking_parameter_1,linking_parameter_2\n"

-- Sizes differ, so that a file in the wrong place is seen.
local function jpeg(random, name)
  return require "support.picture".JPEG .. name .. ("."):rep(random(1, 20000))
end

local function row(title, usage_type, kind, name, size)
  return ("%s,Book %d,%s,%s,%d,12%09d%d4146,,,,\n"):format(title.mms_id, title.n, usage_type, name, size, title.n, kind)
end

-- What a title has besides its TIFFs: `holds` as of m.make.
local function held_row(title, holds, random, page, stem)
  if holds == "all" or holds == "odd" and page % 2 == 1 then
    return row(title, "DERIVATIVE_COPY", 1, stem .. ".jpg", random(500, 20000))
  end
  return ""
end

local function remote_row(title)
  return ("%s,Book %d,DERIVATIVE_COPY,,,32%09d14146,CONTENTDM,oai:x:%s,books,%s\n"):format(title.mms_id, title.n, title.n, title.mms_id,
    title.mms_id)
end

local function backwards(list)
  local turned = {}
  for i, item in ipairs(list) do turned[#list + 1 - i] = item end
  return turned
end

-- The JPGs that every third title holds are in another order than their names.
local function make_title(folder, n, random, holds, least)
  local title = { mms_id = ("99%09d04146"):format(n), n = n, pages = {} }
  local rows, held = {}, {}
  for page = 1, n % LONG == 0 and LONG or random(least, MOST_PAGES) do
    local stem = ("book%d_%02d"):format(n, page)
    local content = jpeg(random, stem)
    rows[page] = row(title, "PRESERVATION_MASTER", 0, stem .. ".tif", random(500, 20000))
    held[page] = held_row(title, holds, random, page, stem)
    program.write(("%s/jpg/%s.jpg"):format(folder, stem), content)
    title.pages[page] = { name = stem .. ".jpg", size = #content, sha256 = core.hash.sha256(content) }
  end
  if holds == "all" and n % 3 == 0 then held, title.pages = backwards(held), backwards(title.pages) end
  if holds == "odd" then held[#held + 1] = row(title, "DERIVATIVE_COPY", 1, "text.pdf", random(500, 20000)) end
  if holds == "remote" then held[#held + 1] = remote_row(title) end
  return title, table.concat(rows) .. table.concat(held)
end

---@param folder string gets titles.csv and jpg/
---@param count integer titles
---@param random fun(from: integer, to: integer): integer
---@param holds "all"|"odd"|"remote"|nil of which pages the titles hold a JPG; odd: and a PDF; remote: none, but a remote
---  representation
---@param least integer? pages of a title, 1 when absent
---@return { mms_id: string, n: integer, pages: { name: string, size: integer, sha256: string }[] }[] titles with the
---  files of the folder in page order
function m.make(folder, count, random, holds, least)
  local titles, rows = {}, { HEAD }
  for n = 1, count do titles[n], rows[n + 1] = make_title(folder, n, random, holds, least or 1) end
  program.write(folder .. "/titles.csv", table.concat(rows))
  return titles
end

return m
