-- almanac-recipe: 1
--
-- Adds pages of dated issues: hir1910_02_13_001.jpg is page 1 of the issue of
-- 13 February 1910 of the paper with the code hir. Each issue is a title; the
-- code and its date stand in --field, in the same or another way of writing:
-- "hir 1910-02-13", "hir19100213".

-- "hir 1910-02-13": the letters before the date, and the date
local function issue(text)
  local code, date = text:match "^(%a+)", key.date((text:gsub("^%a+", "")))
  return code and date and key.fold(code) .. " " .. date or nil
end

return extend "by-mms-id 1" {
  name    = "by-date",
  summary = "Add the pages of dated issues, such as newspapers, by code and date",
  version = "1.0.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "field", "string", default = "024$a", help = "where code and date stand: a MARCspec or a Dublin Core path" },
  },

  file_key = function(file, args)
    return file.ext == args.ext and issue(file.stem) or nil
  end,

  page = function(file)
    return key.page(file.name)
  end,

  title_keys = function(title, args)
    local keys = {}
    for _, value in ipairs(title.record:all(args.field)) do keys[#keys + 1] = issue(value) end
    return keys
  end,

  examples = {
    file_key = {
      ["hir1910_02_13_001.jpg"] = "hir 1910-02-13",
      ["HIR-19100213-001.jpg"]  = "hir 1910-02-13",
      ["hir1910_13_02_001.jpg"] = false,
      ["hir.jpg"]               = false,
    },
    page = { ["hir1910_02_13_001.jpg"] = 1 },
  },
}
