-- almanac-recipe: 1
--
-- Adds derivatives that come with a thumbnail beside each: song.mp3 and
-- song.mp3.clientThumb, page.jpg and page.jpg.thumb. Which title a file goes to
-- is decided as in jpg-derivatives: by the name of the master that it holds. The
-- thumbnail is uploaded beside its file under the name that Alma's own uploader
-- gives one. What Alma makes of it is not documented: read the README, try one.
-- Change `thumbnail_of` when your thumbnails are called otherwise, or --suffix.
-- categories: thumbnails, audio

-- what thumbnails are called here; compared without case
local ENDINGS = { ".clientThumb", ".clientThumb.jpg", ".clientThumb.png", ".thumb", ".thumb.jpg", ".thumb.png" }

-- the path without an ending; nil when it ends otherwise
local function without(path, ending)
  local rest = #path - #ending
  if ending ~= "" and rest > 0 and path:sub(rest + 1):lower() == ending:lower() then return path:sub(1, rest) end
end

local function is_one_of(list, ext)
  for _, name in ipairs(list) do
    if name == ext then return true end
  end
  return false
end

local function holds_one_of(title, list)
  for _, ext in ipairs(list) do
    if title:has(ext) then return ext end
  end
end

return extend "jpg-derivatives 1" {
  name    = "thumbnails",
  summary = "Add derivatives that have a thumbnail beside each file",
  version = "1.0.0",

  args = {
    { "folder", "dir",     required = true, help = "where the files and their thumbnails are" },
    { "ext",    "list",    default = { "jpg", "mp3" }, help = "types of the files to add" },
    { "beside", "list",    default = { "tif", "wav" }, help = "types of the masters that titles hold" },
    { "label",  "string",  default = "Derivative", help = "label of the new representation" },
    { "suffix", "string",  default = "", help = "what else a thumbnail's name ends in, e.g. _thumb.jpg" },
    { "as",     "choice",  default = "clientThumb", choices = { "clientThumb", "thumb" },
      help = "what it is called in the upload folder" },
    { "every",  "boolean", default = false, help = "leave out a title when one of its files has no thumbnail" },
  },

  -- the file that a thumbnail belongs to, with or without its extension, and what it is uploaded as
  thumbnail_of = function(file, args)
    local path = without(file.path, args.suffix)
    for _, ending in ipairs(ENDINGS) do path = path or without(file.path, ending) end
    return path, "." .. args.as
  end,

  file_key = function(file, args)
    return is_one_of(args.ext, file.ext) and key.stem(file.name) or nil
  end,

  title_keys = function(title, args)
    local keys = {}
    for file in title:files() do
      if is_one_of(args.beside, file.ext) then keys[#keys + 1] = key.stem(file.name) end
    end
    return keys
  end,

  wants = function(title, args)
    if not holds_one_of(title, args.beside) then return false, "it holds no " .. table.concat(args.beside, ", no ") end
    local ext = holds_one_of(title, args.ext)
    if ext then return false, ("it holds a %s already, and no call gives a file that is there a thumbnail"):format(ext) end
    return true
  end,

  changes = function(title, files, args)
    for _, file in ipairs(files) do
      if args.every and not file.thumbnail then return nil, file.path .. " has no thumbnail" end
    end
    return add.representation {
      usage_type = args.usage, library = args.library, label = args.label, files = files,
    }
  end,

  examples = {
    file_key = {
      ["grinnell_12205_OBJ.mp3"] = "grinnell_12205_obj",
      ["album/Page 10.JPEG"]     = "page 10",
      ["grinnell_12205_OBJ.wav"] = false,
    },
    thumbnail_of = {
      ["grinnell_12205_OBJ.mp3.clientThumb"]     = "grinnell_12205_OBJ.mp3",
      ["grinnell_12205_OBJ.mp3.clientThumb.jpg"] = "grinnell_12205_OBJ.mp3",
      ["album/page_10.jpg.thumb"]                = "album/page_10.jpg",
      ["grinnell_12205_OBJ.mp3"]                 = false,
    },
    title_keys = {
      { files = { "grinnell_12205_OBJ.wav", "notes.pdf" }, keys = { "grinnell_12205_obj" } },
    },
  },
}
