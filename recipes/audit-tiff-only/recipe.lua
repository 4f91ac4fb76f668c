-- almanac-recipe: 1
--
-- Looks at titles and changes nothing: which hold only a TIFF, which several
-- TIFFs and nothing else, which a master that is empty or giant. What it finds
-- of a title is the reason why that title is skipped; a title of
-- which nothing is to be said has `nothing to do`.
-- categories: audit, derivatives

-- the files of a title, counted
local function count(title, giant)
  local n = { all = 0, tif = 0, empty = 0, giant = 0 }
  for file in title:files() do
    n.all = n.all + 1
    if file.ext == "tif" then n.tif = n.tif + 1 end
    if file.size == 0 then n.empty = n.empty + 1 end
    if file.ext == "tif" and (file.size or 0) > giant then n.giant = n.giant + 1 end
  end
  return n
end

return {
  name    = "audit-tiff-only",
  summary = "Find titles with only a TIFF, several TIFFs, empty or giant masters; changes nothing",
  version = "1.0.0",
  license = "MIT",
  effects = {},                        -- its plans hold no change at all

  args = {
    { "set",   "set",     help = "Alma set of titles; or give --titles" },
    { "giant", "integer", default = 2000, min = 1, help = "a TIFF of more megabytes is giant" },
  },

  -- no files are looked for
  title_keys = function() return {} end,

  -- what there is to say of a title
  wants = function(title, args)
    local n, found = count(title, args.giant * 1000000), {}
    if n.all == 0 then found[#found + 1] = "no file at all" end
    if n.tif == 1 and n.all == 1 then found[#found + 1] = "only a TIFF" end
    if n.tif > 1 and n.tif == n.all then found[#found + 1] = "several TIFFs and nothing else" end
    if n.empty > 0 then found[#found + 1] = "an empty file (0 bytes)" end
    if n.giant > 0 then found[#found + 1] = ("a TIFF of more than %d MB"):format(args.giant) end
    if found[1] then return false, table.concat(found, ", ") end
    return true
  end,

  -- cases that every plan checks first
  examples = {
    title_keys = { { files = { "grinnell_16037_OBJ.tif" }, keys = {} } },
  },
}
