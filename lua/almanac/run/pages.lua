-- The files that are planned for a title, and where in the bucket each goes. The
-- place follows from the run, the title and the name, so it need not be kept, and
-- titles, runs or pages never collide.
local objects = require "almanac.recipe.inside.objects"
local store = require "almanac.run.store"
local titles = require "almanac.run.titles"

local m = {}

---SQL: whether no title takes a file, neither as a page nor as a thumbnail.
m.UNUSED = [[id NOT IN (SELECT file_id FROM page)
  AND id NOT IN (SELECT thumbnail.file_id FROM thumbnail CROSS JOIN page ON page.file_id = thumbnail.of)]]

local PAGES = [[SELECT page.change, page.seq, page.name AS given, page.pid, page.taken, file.id AS file_id, file.path,
    file.size, file.mtime_ns, file.sha256, thumbnail.file_id AS thumbnail_id, thumbnail.suffix
  FROM page JOIN file ON file.id = page.file_id LEFT JOIN thumbnail ON thumbnail.of = page.file_id
  WHERE page.title_id = ? ORDER BY page.change, page.seq]]
local THUMBNAIL = "SELECT id AS file_id, path, size, mtime_ns, sha256 FROM file WHERE id = ?"

---The folder in the bucket for the uploads of a run; all their keys begin with it.
---@param db table
---@return string folder
function m.upload_folder(db)
  return ("%s/upload/almanac-%s"):format(store.meta(db, "institution"), store.meta(db, "run"))
end

-- Gives the thumbnail the shape of a page, so that both are uploaded alike.
local function thumbnail_of(db, page)
  local thumbnail = db:row(THUMBNAIL, page.thumbnail_id)
  thumbnail.seq, thumbnail.name = page.seq, objects.last_part(thumbnail.path)
  thumbnail.upload_key = page.upload_key .. page.suffix
  return thumbnail
end

---A file that is planned for a change of a title.
---@class almanac.planned_file
---@field change integer? place of its change in the title; nil of a thumbnail
---@field seq integer its place among the files of its change, from 1: the page order
---@field file_id integer of the row of `file`
---@field path string below the folder of the run
---@field name string on disk, the last part of its path
---@field size integer bytes
---@field mtime_ns integer nanoseconds since 1970
---@field sha256 string? in hex, since it was read
---@field pid string? Alma's id of the file that was made of it
---@field taken integer? bytes that Alma took, when they are not `size`
---@field upload_key string where it goes in the bucket
---@field stored string? the name in Alma's storage, when it is not that of the upload
---@field answered_label string? the label that Alma gave it, when it is not the planned one
---@field thumbnail almanac.planned_file? its small image

---The planned files of a title, all its changes one after another.
---@param db table
---@param title { id: integer, mms_id: string }
---@param folder string? from m.upload_folder, when there are many titles
---@return almanac.planned_file[] pages
function m.of(db, title, folder)
  local list = {}
  folder = ("%s/%s"):format(folder or m.upload_folder(db), titles.folder(db, title))
  for page in db:rows(PAGES, title.id) do
    page.name = objects.last_part(page.path)
    page.upload_key = ("%s/%s"):format(folder, page.given or page.name)
    page.thumbnail = page.thumbnail_id and thumbnail_of(db, page)
    page.given, page.thumbnail_id, page.suffix = nil, nil, nil
    list[#list + 1] = page
  end
  return list
end

return m
