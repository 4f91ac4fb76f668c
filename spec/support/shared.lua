-- A recipe to be shared, and a folder with it; commands run in another folder.
local program = require "support.program"

local m = {}

---The text of a recipe that reads numbers.
---@param changes table<string, string>? texts in it and what stands in their place
function m.recipe(changes)
  local text = [[
-- almanac-recipe: 1
--
-- Scans by number.
-- categories: naming, newspapers
-- institutions: Grinnell College
return {
  name    = "scans",
  summary = "Scans by number",
  version = "1.0.0",
  license = "MIT",
  effects = { "add" },

  args = { { "folder", "dir", required = true } },

  file_key = function(file) return key.digits(file.name, 1) end,

  title_keys = function(title) return { key.digits(title.title, 1) } end,

  changes = function(_, files)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", files = files }
  end,

  examples = { file_key = { ["a 7.jpg"] = "7" } },
}
]]
  for from, to in pairs(changes or {}) do
    local first, last = text:find(from, 1, true)
    text = text:sub(1, assert(first, from) - 1) .. to .. text:sub(last + 1)
  end
  return text
end

local SAMPLE = {
  ["sample/titles.csv"] = "mms_id,title,usage_type,file_name,size,representation_id,collection\n" ..
    "9910000000013904146,Box 12,PRESERVATION_MASTER,a.tif,10,,\n",
  ["sample/files.txt"] = "12.jpg\n",
  ["sample/expected.csv"] = "mms_id,state,kind,files,reason\n9910000000013904146,ready,add.representation,12.jpg,\n",
}

---Writes the recipe's folder.
---@param folder string
---@param files table<string, string>? besides or in place of its files
function m.write(folder, files)
  local all = { ["recipe.lua"] = m.recipe(), ["README.md"] = "# scans\n" }
  for name, text in pairs(SAMPLE) do all[name] = text end
  for name, text in pairs(files or {}) do all[name] = text end
  for name, text in pairs(all) do program.write(folder .. "/" .. name, text) end
end

---A desk: `folder` is where commands run, `source` where the recipe is.
---@return table desk with almanac(…), add(address, …), read(name), remove()
function m.desk()
  local desk = { folder = program.folder(), source = program.folder() }
  function desk.almanac(...)
    return program.run({ ... }, { folder = desk.folder, env = { HOME = desk.folder, ALMANAC_RECIPES = false } })
  end
  function desk.read(name) return program.read(desk.folder .. "/" .. name) end
  function desk.has(name) return os.rename(desk.folder .. "/" .. name, desk.folder .. "/" .. name) == true end
  function desk.remove()
    program.remove(desk.folder)
    program.remove(desk.source)
  end

  ---Adds the recipe, or what is at another address, without asking.
  function desk.add(address, ...)
    return desk.almanac("recipe", "add", address or desk.source, "--yes", ...)
  end

  return desk
end

return m
