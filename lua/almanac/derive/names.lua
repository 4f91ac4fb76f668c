-- What derivatives are called: as their masters, in the same folders.
local m = {}

---Files of these endings are masters, unless others are asked for.
m.MASTERS = { "tif", "tiff", "jp2", "png" }

---The ending of each format that derivatives have.
m.ENDINGS = { jpg = ".jpg", jp2 = ".jp2", webp = ".webp" }

---@param path string
---@param endings string[] without a dot, lower case
---@return boolean
function m.is_master(path, endings)
  local ending = (path:match "%.([^./]+)$" or ""):lower()
  for _, wanted in ipairs(endings) do
    if ending == wanted then return true end
  end
  return false
end

---@param path string
---@return string stem without its ending
function m.stem(path)
  return (path:gsub("%.[^./]*$", ""))
end

---The name of a derivative: that of the master with another ending, and the page when it has several.
---@param path string of the master, below its folder
---@param page integer from 1
---@param pages integer of the master that are wanted
---@param format string
---@return string path below the folder of derivatives
function m.derivative(path, page, pages, format)
  local number = pages > 1 and ("_%04d"):format(page) or ""
  return m.stem(path) .. number .. m.ENDINGS[format]
end

---What masters have in common whose derivatives may have the same name: `book.tif`, `book.png`, and
---`book_0001.tif` beside a `book.tif` that may have pages. One process makes all of them.
---@param path string of the master
---@param stems table<string, true> of all masters, see `stem`
---@return string group
function m.group(path, stems)
  local stem = m.stem(path)
  local book = stem:match "^(.*)_%d%d%d%d+$"
  return book and stems[book] and m.group(book .. ".", stems) or stem
end

---The name that it has until it is finished, in the same folder.
---@param path string of the derivative
---@return string
function m.unfinished(path)
  local folder, name = path:match "^(.*/)([^/]+)$"
  return (folder or "") .. ".almanac-" .. (name or path) .. ".part"
end

return m
