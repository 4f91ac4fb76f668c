---@meta

-- Describes the helpers `key.…` that rules make match keys with. recipes/README.md is the reference; what rules see besides
-- is in recipe.d.lua.

key = {}

---Text in one form: accents composed (NFC), case ignored.
---@param name string
---@return string
function key.fold(name) end

---Text with its accents composed (NFC); case as it is.
---@param name string
---@return string
function key.nfc(name) end

---The name without folders and extension; case and accent form are ignored:
---"a/Grinnell_1_OBJ.JPG" gives "grinnell_1_obj".
---@param name string
---@return string
function key.stem(name) end

---The name without folders and extension, exactly as written.
---@param name string
---@return string
function key.exact_stem(name) end

---The nth group of digits of the name without its extension, whole:
---digits("grinnell_16037_OBJ2.tif", 1) is "16037", -1 the last.
---@param name string
---@param n integer? 1 by default
---@return string?
function key.digits(name, n) end

---The first n numbers of a name, path or other text, or the last n when n is
---negative, without leading zeros and with - between:
---numbers("Box3_Fol12_item007_p2.jpg", 3) is "3-12-7", and so is
---numbers("Letter / Jane. Box 3, Folder 12, Item 7", -3).
---@param value string? nil gives nil, so a field that is not there needs no care
---@param n integer? 1 by default
---@return string? nil when there are not so many
function key.numbers(value, n) end

---The nth part of the name without its extension, between separators:
---part("MS-2_20_30_001.tif", -1, "_") is "001".
---@param name string
---@param n integer from the right when negative
---@param separator string? "_" by default; plain text
---@return string?
function key.part(name, n, separator) end

---The text behind a prefix; nil when it doesn't begin with it.
---@param name string
---@param prefix string
---@return string?
function key.after(name, prefix) end

---The text before a suffix; nil when it doesn't end in it.
---@param name string
---@param suffix string
---@return string?
function key.before(name, suffix) end

---The MMS ID in a name or path: the first whole group of 8 to 19 digits that
---begins with 99.
---@param name string
---@return string?
function key.mms_id(name) end

---The name without folders and without all its extensions:
---"grinnell_12205_OBJ.mp3.clientThumb.jpg" gives "grinnell_12205_obj".
---@param name string
---@return string
function key.bare(name) end

---The nth folder of a path, from the right when negative:
---folder("C0744/c002/0001.tif", -1) is "c002".
---@param path string
---@param n integer? -1 by default: the folder that the file is in
---@return string?
function key.folder(path, n) end

---The first n parts of the name without its extension, or all but the last n
---when n is negative: parts("u0001_2009170_0000001_0001.tif", -1) is
---"u0001_2009170_0000001".
---@param name string
---@param n integer
---@param separator string? "_" by default; plain text
---@return string? nil when there are not so many
function key.parts(name, n, separator) end

---Text between others, nil when there is none:
---around("99", "009588395", "0203941") is "990095883950203941".
---@param before string
---@param number string?
---@param after string
---@return string?
function key.around(before, number, after) end

---What stands behind the first place of a part in a text: behind("ocn123_1", "123")
---is "_1"; nil when the part is not there, or nil itself.
---@param name string
---@param part string? plain text
---@return string?
function key.behind(name, part) end

---The name without its extension and without a role at its end, and the role:
---role("32101047381338_1_pm.wav", { "pm", "i", "a" }) gives "32101047381338_1", "pm".
---@param name string
---@param roles string[] as they are written; case does not matter
---@return string rest
---@return string? role nil when there is none
function key.role(name, roles) end

---The name without its extension and without a letter that tells its size, and
---the letter: size("CU1001b.jpg", "abc") gives "CU1001", "b". The letter stands
---right behind a digit; a size that is a digit behind - or _:
---size("061-02b-2.jpg", "123") gives "061-02b", "2".
---@param name string
---@param letters string? "abc" by default
---@return string rest
---@return string? letter
function key.size(name, letters) end

---The page at the end of a name: "ms_0012.tif" 12, "book_12v.tif" 12.5 (verso),
---"book_12a_r.tif" 12.51 (a leaf put in behind 12),
---"x_p3.jpg" 3, "a (2).jpg" 2, "preface_iv.tif" 0.004 (roman pages come first),
---"0012.tif" 12. nil when there is none.
---@param name string
---@return number?
function key.page(name) end

---The name without its extension and its page: "u1_07_0001.tif" gives "u1_07".
---@param name string
---@return string
function key.without_page(name) end

---The part of a title that a path names beside the title's id: "folder", what the
---folder with the id has behind it, or else the folder below: volume("ocm123-2967/1.tif", "123", "folder")
---is "2967", volume("123/v.2/1.tif", "123", "folder") is "v.2"; "name", what
---stands in the name between id and page: volume("123_v2_0001.tif", "123", "name") is "v2".
---@param path string
---@param id string? as it is written there
---@param place "folder"|"name"
---@return string? nil when there is none
function key.volume(path, id, place) end

---The first date in a name as year-month-day: "hir1910_02_13_001.tif" gives
---"1910-02-13", "news19100213.pdf" too. Years from 1400 to 2199.
---@param name string
---@return string?
function key.date(name) end

---What an Alma id names: "bib", "holding", "item", "representation", "file",
---"collection"; nil for others.
---@param id string
---@return string?
function key.id_class(id) end

---The first Alma id of a class in a name or path, a whole group of digits:
---id("rep/12246098570003941.jpg", "representation", "3941") is "12246098570003941".
---@param name string
---@param class "bib"|"collection"|"file"|"holding"|"item"|"representation"
---@param digits string? the institution's last digits; an id with others is passed over
---@return string?
function key.id(name, class, digits) end

---The id when it ends with the institution's digits, else nil: a free check
---against numbers that were rounded or mistyped.
---@param id string?
---@param digits string "4146"; "" for any
---@return string?
function key.of_institution(id, digits) end

---An OCLC number in its one form, digits without leading zeros: of a 035 field
---("(OCoLC)ocm00012345" gives "12345"), of a 001 ("ocn123456789"), of a file name
---("ocm00012345_001.tif"). nil when there is none: digits alone are one only
---behind "(OCoLC)".
---@param name string
---@return string?
function key.oclc(name) end

---What stands behind a system's prefix in a 035 field: ("(DE-599)ZDB123", "DE-599")
---gives "ZDB123"; case of the prefix is ignored. OCLC numbers ("OCoLC") come in
---their one form. nil when it is of another system.
---@param value string
---@param prefix string with or without its brackets
---@return string?
function key.system_number(value, prefix) end

---All system numbers of a prefix in a MARC record's 035 $a, or in a Dublin Core
---record's dc:identifier, each once:
---  title_keys = function(title) return key.system_numbers(title.record, "OCoLC") end
---@param record table title.record
---@param prefix string
---@return string[]
function key.system_numbers(record, prefix) end

---What a repository calls an object, out of its OAI identifier, an address of it, or a handle:
---("contentdm", "oai:cdm.example.edu:p17maps/12") and ("contentdm", "https://cdm.example.edu/digital/collection/p17maps/id/12")
---give "p17maps/12", "p17maps", "12". nil when it is none of that system.
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param text string
---@return string? id
---@return string? ... its parts, as an address of it is made of them
function key.remote(system, text) end

---What a record names of a repository, each once: in a MARC record 856 $u, 024 $a, 035 $a and the links of 776 and 787, else
---identifiers, relations and addresses:
---  title_keys = function(title) return key.remotes("contentdm", title.record) end
---@param system "contentdm"|"dspace"|"digitool"|"fedora"|"rosetta"
---@param record table title.record, or a record
---@param host string? of the repository: addresses of others do not count
---@return string[] ids as key.remote gives them
function key.remotes(system, record, host) end

---A call number in one form, whatever stands between its parts: "PS3566.R3944 A614
---2020", "ps 3566 .r3944 a614 2020" and the file name "PS3566_R3944_A614_2020.tif"
---give "ps 3566 r 3944 a 614 2020". Give a file's name, not its path: a call number may
---have slashes. Parts are runs of letters and of digits; digits
---stay as they are, since .R39 and .R039 are two places on a shelf.
---@param value string
---@return string? nil when there is no letter or digit
function key.call_number(value) end

---A library's barcode in a name or path. Without options the first whole group of 14
---digits that begins with 2 or 3 and whose last one is its check digit (Luhn). With options:
---  length   how many signs it has, check digit counted; without it the longest group is looked at
---  pad      true: when there is no group of that length, the longest shorter one has lost zeros in front
---  check    "luhn" (mod 10; the default), "ean" (EAN-13 and -8), "mod11" (ISBN-10, ISSN; may end in X),
---           "mod43" (Code 39, with letters), "none"
---  letters  true: groups of letters and digits, in capitals; check is "none" then, or "mod43"
---barcode("12345674_2.jpg", { length = 10, pad = true }) is "0012345674"; a name whose
---barcode does not check has none.
---@param name string
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string? barcode
---@return string? written as it stands in the name, for key.behind
function key.barcode(name, how) end

---The barcodes of a title's items, in the form that key.barcode gives with the
---same options, for recipes with reads = { "items" }:
---  title_keys = function(title) return key.barcodes(title, { length = 10, pad = true }) end
---@param title table
---@param how { length: integer?, pad: boolean?, check: string?, letters: boolean? }?
---@return string[]
function key.barcodes(title, how) end

---A name or path without words that do not count, as an argument of type `words`
---takes them out of the names of files: clean("scan 7 (final).jpg", { "(final)" }) is
---"scan 7.jpg". For text from elsewhere, such as the cells of a list.
---@param name string
---@param words string[]
---@return string
function key.clean(name, words) end

---The values that stand at a path of names in the nearest sidecar of a file that
---has one there: sidecar(file, "metadata.mms_id") of {"metadata": {"mms_id": ["99", "98"]}}
---is { "99", "98" }. Numbers are the text that was written; true, false and null
---are no values, nor is empty text. For recipes with an argument of type sidecar.
---@param file recipe.file
---@param path string names with dots between
---@return string[]? values each once; nil when no sidecar has any
---@return string? folder where that sidecar lies, "" at the top
function key.sidecar(file, path) end
