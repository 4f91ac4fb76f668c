-- almanac-recipe: 1
--
-- Puts new JPGs in the place of those that titles hold: each new file goes
-- where the file of the same name is, is looked at there, and then the old one
-- is deleted; --keep leaves it. A copy of what is deleted is kept beside the run
-- file, so `almanac undo` can bring it back. Files of masters are left alone; a
-- library that means to replace those names their usage type, in a variant that
-- declares the effect "delete-master" as well. Every file of the title of this
-- type has to have its new one, or the title is for a person to decide.

local function is_meant(representation, args)
  local usage = representation.usage_type
  if args.usage ~= "" then return usage == args.usage end
  return usage ~= nil and not usage:find "MASTER" and usage ~= "PRIMARY"
end

-- the files that can be replaced, in the order of their pages
local function held(title, args)
  local by_key, list = {}, {}
  for file in title:files(args.ext) do
    if is_meant(file.representation, args) then by_key[key.stem(file.name)] = file end
  end
  for file in title:files(args.ext) do
    local last = by_key[key.stem(file.name)]
    if last and last.pid == file.pid then list[#list + 1] = file end
  end
  return list
end

return {
  name    = "replace-derivatives",
  summary = "Put new JPGs in the place of those that titles hold",
  version = "1.2.0",
  license = "MIT",
  effects = { "add", "delete" },       -- what its plans may contain

  args = {
    { "folder", "dir",     required = true, help = "where the new files are" },
    { "set",    "set",     help = "Alma set of titles; or give --titles" },
    { "ext",    "string",  default = "jpg", help = "type of the files to replace" },
    { "usage",  "string",  default = "", help = "only in representations of this usage type (code); without it in all but masters" },
    { "ignore_words", "words", default = {}, help = "what does not count in names: (final),copy,.tif; blanks for blanks alone" },
    { "keep",   "boolean", default = false, help = "leave the old files beside the new ones" },
  },

  file_key = function(file, args)
    return file.ext == args.ext and key.stem(file.name) or nil
  end,

  title_keys = function(title, args)
    local keys = {}
    for i, file in ipairs(held(title, args)) do keys[i] = key.stem(file.name) end
    return keys
  end,

  wants = function(title, args)
    if not title:has(args.ext) then return false, "it holds no " .. args.ext:upper() end
    if not held(title, args)[1] then return false, "it holds no " .. args.ext:upper() .. " that is meant (usage type)" end
    return true
  end,

  every_key = true,

  changes = function(title, files, args)
    local list, new = {}, {}
    for _, file in ipairs(files) do new[key.stem(file.name)] = file end
    for i, file in ipairs(held(title, args)) do
      list[i] = replace.file { file = file, with = new[key.stem(file.name)], keep = args.keep }
    end
    return list
  end,

  examples = {
    file_key = { ["grinnell_16037_OBJ.jpg"] = "grinnell_16037_obj", ["grinnell_16037_OBJ.tif"] = false },
  },
}
