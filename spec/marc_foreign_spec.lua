-- Damaged files of marc4j (test/resources) and yaz (test/marc-files) beside yaz-marcdump: every file
-- that is shown otherwise stands here with the reason. They are not in the repository:
-- ALMANAC_FOREIGN_MARC names the folder that holds them, in folders of any kind.
local core = require "almanac.core"
local program = require "support.program"

local ESCAPES = "escape sequences of MARC-8 become characters; yaz-marcdump leaves them unless told the charset"
local TOO_LONG = "a record of more than 99,999 bytes is read by its terminators; yaz-marcdump searches the length in vain and stops"
local THREE = "danMARC 2: yaz-marcdump shows the three characters that leader/10 says, almanac the two that other formats have"
local INDICATOR = "a byte that is no indicator is shown as a blank, so that every format can hold it"

local DELIMITER = "a field without a delimiter keeps all of its text; yaz-marcdump takes letters for delimiter and code"

local REASONS = {
  ["diacritic4.mrc"] = ESCAPES, ["chinese_mangled_multibyte.mrc"] = ESCAPES, ["cyrillic_capital_e.mrc"] = ESCAPES,
  ["greekmissingcharsetchange.mrc"] = ESCAPES, ["incomplete_esc_seq.mrc"] = ESCAPES, ["marc7.marc"] = ESCAPES,
  ["marc8.marc"] = ESCAPES, ["marc9.marc"] = ESCAPES, ["marc12.marc"] = ESCAPES,
  ["bad_hathi_records.mrc"] = TOO_LONG, ["bad_too_long_plus_2.mrc"] = TOO_LONG, ["datos-20161010-slice.mrc"] = TOO_LONG,
  ["marc1.marc"] = THREE, ["marc2.marc"] = THREE,
  ["185258.mrc"] = INDICATOR, ["bad-characters-in-various-fields.mrc"] = INDICATOR, ["marc0.marc"] = INDICATOR,
  ["error.mrc"] = "field 250 has a byte more than its entry says: the fields behind it are found by the terminators",
  ["008008027.mrc"] = "the file ends within its last record, whose fields before that are given",
  ["bad_oversize_field_bad_directory.mrc"] = "a field of more than 9,999 bytes has a length of five digits in the directory: " ..
    "it and the one behind it are found by the terminators",
  ["pride-and-prejudice-with-many-errors.mrc"] = "leaders of 23 bytes: the directory begins where its entries do",
  ["marc3.marc"] = DELIMITER,
  ["marc4.marc"] = "five bytes stand before the record, which is found behind them",
  ["marc5.marc"] = DELIMITER,
}

local function run(command)
  local pipe <close> = assert(io.popen("" .. command .. " 2>/dev/null </dev/null"))
  return pipe:read "a"
end

-- Lines without what yaz-marcdump remarks, and without what differs by the charset and by a mended leader.
local function content(text)
  local lines = {}
  for line in text:gsub("[\x80-\xff]+", ""):gmatch "[^\n]+" do
    local remark = line:find "^%(" or line:find "^<!%-%-"
    if not remark then lines[#lines + 1] = line:find "^%d%d%d%d%d" and #line == 24 and "LEADER" or line end
  end
  return table.concat(lines, "\n")
end

local folder = os.getenv "ALMANAC_FOREIGN_MARC"

describe("files of marc4j and yaz", function()
  if not folder then
    it("are shown as yaz-marcdump shows them, but for reasons", function()
      pending "ALMANAC_FOREIGN_MARC names no folder with them"
    end)
    return
  end

  local found = run("find " .. program.quote(folder) .. " -name '*.mrc' -o -name '*.marc'")
  for path in found:gmatch "[^\n]+" do
    local name = path:match "[^/]+$"
    local reason = REASONS[name]
    if not name:find "%.%a+%.marc$" then
      it(("show %s %s"):format(name, reason and "otherwise: " .. reason or "as yaz-marcdump shows it"), function()
        local yaz = content(run("yaz-marcdump -o line " .. program.quote(path)))
        local ours = content(run(("%s marc dump -q %s"):format(program.quote(program.path()), program.quote(path))))
        if reason then assert.not_equal(yaz, ours, "there is no difference left") else assert.equal(yaz, ours) end
      end)
    end
  end

  it("are there", function() assert.is_truthy(core.files.stat(folder)) end)
end)
