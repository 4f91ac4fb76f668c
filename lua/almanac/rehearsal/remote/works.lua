-- What the repositories of a rehearsal hold: a few works of a made-up town, told in words that
-- every format can be written from. A repository with more records than these counts on.
local m = {}

---@class almanac.rehearsal.work what a record of a repository says
---@field title string
---@field creator string?
---@field date string?
---@field subjects string[]?
---@field description string?
---@field type string?
---@field rights string?
---@field language string?
---@field publisher string?
---@field numbers string[]? what it is known by elsewhere, e.g. an OCLC number

local PUBLIC, LIBRARY_ONLY = "No Copyright - United States", "In Copyright. On site only"

local function work(number, title, creator, date, subjects, type, rights)
  return { title = title, creator = creator, date = date, subjects = subjects, type = type, rights = rights or PUBLIC, language = "eng",
    publisher = "Harbor Town Library", numbers = { ("(OCoLC)%d"):format(40000000 + number) } }
end

local WORKS = {
  work(1, "Chart of the harbor", "Coastal Survey", "1869", { "Harbors", "Nautical charts" }, "Image"),
  work(2, "Plan of Harbor Town", "Merrill, Ida", "1884", { "City planning" }, "Image"),
  work(3, "Map of the salt marshes", "Coastal Survey", "1891", { "Salt marshes" }, "Image"),
  work(4, "Bird's-eye view of the lower town", "Ruger, A.", "1870", { "Bird's-eye views" }, "Image"),
  work(5, "Railway map & time table", "Harbor Railway", "1902", { "Railroads" }, "Image"),
  work(6, "Portrait of a ferryman", "Lund, Karen", "1911", { "Ferries", "Portraits" }, "Image"),
  work(7, "Portrait of the harbor master", "Lund, Karen", "1912", { "Harbor masters", "Portraits" }, "Image"),
  work(8, "Sisters at the net loft", "Lund, Karen", "1913", { "Fisheries", "Portraits" }, "Image"),
  work(9, "Letters from the lighthouse", "Østby, Nils", "1888-1890", { "Lighthouses" }, "Text", LIBRARY_ONLY),
  work(10, "Minutes of the harbor board", "Harbor Board", "1899", { "Harbors" }, "Text"),
  work(11, "Songs of the quay", "Harbor Choir", "1936", { "Work songs" }, "Sound", LIBRARY_ONLY),
  work(12, "The tide tables of Harbor Town", "Coastal Survey", "1875", { "Tides" }, "Text"),
}

---@param number integer from 1
---@return almanac.rehearsal.work
function m.get(number)
  return WORKS[number] or work(number, ("Photograph %d of the harbor"):format(number), "Lund, Karen", "1920", { "Harbors" }, "Image")
end

---How many are told one by one.
m.count = #WORKS

return m
