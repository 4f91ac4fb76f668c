-- The arguments and options that all actions of `almanac marc` have.
local number = require "almanac.cli.number"

local m = {}

-- Names that other programs use for these formats.
local ALIASES = { xml = "marcxml", marc = "iso2709" }

---Makes a converter for argparse that takes the name of a MARC format.
---@param option string how the message names it, e.g. "--to"
---@return fun(text: string): string?, string?
function m.format(option)
  return function(text)
    local formats = require("almanac.core").marc.formats()
    for _, name in ipairs(formats) do
      if name == text or name == ALIASES[text] then return name end
    end
    local near = require("almanac.words").nearest(text, formats)
    return nil, ("%s is '%s'%s; the formats are %s"):format(option, text,
      near and (", did you mean '" .. near .. "'?") or "", table.concat(formats, ", "))
  end
end

---Makes a converter for argparse that takes the name of a charset.
---@param option string how the message names it
---@return fun(text: string): string?, string?
function m.charset(option)
  return function(text)
    local ok, message = require("almanac.core").marc.charset(text)
    return ok and text, not ok and ("%s: %s"):format(option, message) or nil
  end
end

---Adds the files, and the options that choose among their records.
---@param parser table
---@param count integer? how many files there are; default: any number
function m.add(parser, count)
  parser:argument("files", "files with MARC records; - is standard input"):args(count or "*"):argname "FILE"
  parser:option("--where", "only records that fulfil this, e.g. '856$u=~jpg'"):argname "CONDITION"
  parser:option("--from", "start at the Nth record"):argname("N"):convert(number("--from", 1, true))
  parser:option("--limit", "N records at most"):argname("N"):convert(number("--limit", 1, true))
  parser:option("--format", "the files' format, where the content leaves it open"):argname("FORMAT"):convert(m.format "--format")
  parser:option("--charset", "what ISO 2709, lines and .mrk are in, where record and bytes leave it open: " ..
    "utf-8, marc-8, iso-5426, windows-1252, … (`iconv -l`)"):argname("NAME"):convert(m.charset "--charset")
  parser:flag("-q --quiet", "results and errors only")
end

return m
