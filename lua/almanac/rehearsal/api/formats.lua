-- The catalogue formats of bibs: which of them are MARC, where each says title, author and numbers, and what
-- validation asks of it.
local m = {}

---@class almanac.rehearsal.format
---@field places table<string, string[]> MARCspecs or paths of Dublin Core, by the field of the answer
---@field first table<string, boolean> fields of the answer of which the first value counts; of others all are joined
---@field title string the field that a record must have
---@field title_spec string its value
---@field numbers string of other system ids

local MARC21 = {
  is_marc = true, title = "245", title_spec = "245$a", numbers = "035$a", single = { "245", "100", "110", "111" },
  isbn = "020$a",
  places = {
    title = { "245$a$n$p$b" }, author = { "100$a", "110$a", "111$a" }, issn = { "022$a" }, isbn = { "020$a" },
    complete_edition = { "250$a" }, place_of_publication = { "264$a", "260$a" },
    date_of_publication = { "264$c", "260$c" }, publisher_const = { "264$b", "260$b" },
    call_number = { "050$a", "090$a" },
  },
}

local UNIMARC = {
  is_marc = true, title = "200", title_spec = "200$a", numbers = "035$a", single = { "200", "700", "710" }, isbn = "010$a",
  places = {
    title = { "200$a$e$h$i" }, author = { "700$a$b", "710$a$b" }, issn = { "011$a" }, isbn = { "010$a" },
    complete_edition = { "205$a" }, place_of_publication = { "210$a", "214$a" },
    date_of_publication = { "210$d", "214$d" }, publisher_const = { "210$c", "214$c" }, call_number = { "680$a" },
  },
}

local DC = {
  title = "dc:title", title_spec = "dc:title", numbers = "dc:identifier", single = {},
  places = {
    title = { "dc:title" }, author = { "dc:creator" }, issn = { "dc:identifier[@xsi:type='dcterms:ISSN']" },
    isbn = { "dc:identifier[@xsi:type='dcterms:ISBN']" }, date_of_publication = { "dc:date" },
    publisher_const = { "dc:publisher" }, call_number = { "dcterms:subject[@xsi:type='dcterms:LCC']" },
  },
}

local MODS = {
  title = "mods:titleInfo", title_spec = "mods:titleInfo/mods:title", numbers = "mods:identifier", single = {},
  places = {
    title = { "mods:titleInfo/mods:title" }, author = { "mods:name/mods:namePart" },
    isbn = { "mods:identifier[@type='isbn']" }, date_of_publication = { "mods:originInfo/mods:dateIssued" },
    publisher_const = { "mods:originInfo/mods:publisher" },
    call_number = { "mods:classification" },
  },
}

-- CNMARC is UNIMARC with Chinese additions, KORMARC is MARC 21 with Korean ones.
m.known = { marc21 = MARC21, kormarc = MARC21, unimarc = UNIMARC, cnmarc = UNIMARC,
  dc = DC, dcap01 = DC, dcap02 = DC, etd = DC, mods = MODS }

---Names of the MARC formats, as SQL has lists.
m.MARC_LIST = "('marc21', 'kormarc', 'unimarc', 'cnmarc')"

---@param bib { format: string }
---@return almanac.rehearsal.format
function m.of(bib)
  return m.known[bib.format]
end

return m
