-- almanac-recipe: 1
--
-- For theses and papers named by person and year: SmithJane2009.pdf or
-- JaneSmith2009.pdf for the title by "Smith, Jane" of 2009. The person stands in
-- --person, the year in --date; blanks, commas and case make no difference.
-- People write names in many ways, so a name that differs in up to three letters,
-- never in the year, is shown as a candidate: such a title is for a person to decide.
-- --part says which part of the name the person is, when there is more in it:
-- with --part -1, 2009_Diss_JaneSmith.pdf is Jane Smith's of 2009.

-- "smithjane 2009"
local function person_year(person, year)
  local letters = key.fold(person):gsub("[%d%p%s]", "")
  return letters ~= "" and year and letters .. " " .. year or nil
end

return extend "by-mms-id 1" {
  name    = "by-person-year",
  summary = "Add files named by person and year, such as theses",
  version = "1.1.0",
  reads   = { "record" },              -- titles come with their records

  args = {
    { "ext",    "string", default = "pdf", help = "type of the files to add" },
    { "label",  "string", default = "PDF", help = "label of the new representation" },
    { "person", "string", default = "100$a", help = "where the person stands: a MARCspec or a Dublin Core path" },
    { "date",   "string", default = "264$c", help = "where the year stands" },
    { "part",   "integer", help = "which part of the name, with _ between, is the person; from the right when negative" },
  },

  -- letters of a key that may differ when no file has that very match key; such a title is never ready
  near = 3,

  file_key = function(file, args)
    if file.ext ~= args.ext then return nil end
    local person = args.part and key.part(file.name, args.part) or file.stem
    return person_year(person, file.stem:match "%f[%d](%d%d%d%d)%f[%D]")
  end,

  page = function() return nil end,

  title_keys = function(title, args)
    local year = (title.record:get(args.date) or ""):match "%f[%d](%d%d%d%d)%f[%D]"
    local person = title.record:get(args.person) or ""
    local family, given = person:match "^([^,]+),%s*(.+)$"
    return { person_year(person, year), family and person_year(given .. family, year) }
  end,

  examples = {
    file_key = { ["SmithJane2009.pdf"] = "smithjane 2009", ["smith_jane_2009.pdf"] = "smithjane 2009", ["notes.pdf"] = false },
  },
}
