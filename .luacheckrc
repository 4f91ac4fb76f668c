-- luacheck's rules. In recipes/ only the names that a recipe has are known, so
-- that a forbidden one is marked while it is typed.
std = "lua54"
max_line_length = 140
max_comment_line_length = false
codes = true
ignore = { "212/self", "211/_.*" }

stds.recipe = {
  read_globals = {
    "assert", "error", "ipairs", "pairs", "select", "tonumber", "tostring", "type", "extend", "ingest",
    add = { fields = { "collection", "file", "remote", "representation" } },
    create = { fields = { "bib" } }, replace = { fields = { "file" } },
    update = { fields = { "bib", "file", "remote", "representation" } },
    delete = { fields = { "file", "representation" } }, advance = { fields = { "request" } },
    key = { fields = { "after", "around", "barcode", "barcodes", "bare", "before", "behind", "call_number", "clean", "date", "digits",
      "exact_stem", "fold", "folder", "id", "id_class", "mms_id", "nfc", "numbers", "oclc", "of_institution", "page", "part", "parts",
      "remote", "remotes", "role", "sidecar", "size", "stem", "system_number", "system_numbers", "volume", "without_page" } },
    math = { fields = { "abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min", "mininteger", "modf", "pi",
      "sqrt", "tointeger", "type", "ult" } },
    string = { fields = { "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse",
      "sub", "upper" } },
    table = { fields = { "concat", "insert", "pack", "remove", "sort", "unpack" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "codes", "len", "offset" } },
  },
}

files["recipes/"] = { std = "recipe", unused_args = false }
files["recipes/scripts/"] = { std = "lua54" }
files["spec/"] = { std = "lua54+busted" }

-- descriptions for editors, not code
exclude_files = { "spec/node_modules", "build", "lua/almanac/**/*.d.lua" }
