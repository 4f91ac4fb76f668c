-- Folders, lists and titles that were once read wrongly, kept beside the
-- repository; where they are absent, doubts_spec.lua and left_out_spec.lua try
-- their kinds with inputs of their own.
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local CASES = "../shared/cases/files/"
local there = core.files.stat(CASES) ~= nil

-- { case, titles of the rehearsal, arguments with @ for the case's folder, exit status, what the plan says, what it does not say }
local EXPECTED = {
  { "F03-volumes-merged", "titles.csv", "by-barcode --length 12 --check none --folder @f --titles @titles.csv", 2,
    { " 0 ready", "files of several items for one title (volumes, copies?)" } },
  { "F03-volumes-merged", "titles.csv", "by-system-number --prefix OCoLC --place folder --folder @f/diesel/lts_new --titles @r.mrk", 2,
    { "files of several folders for one title (volumes, copies?)", "ocm23013246-2967", "ocm23013246-2968" } },
  { "F04-map-other-folder", "titles.csv", "by-map --folder @f --titles @map.csv", 2, { " 0 ready", "box1/0001" } },
  { "F05-copies-as-pages", "titles.csv", "by-mms-id --folder @f --titles @titles.csv", 2,
    { " 0 ready", " 7 to decide", "a copy is no page", "files have the same bytes" } },
  { "F06-recycle-bins", "titles.csv", "jpg-derivatives --folder @f --titles @titles.csv", 0,
    { " 1 ready", "#recycle", "@Recycle", "$RECYCLE.BIN", "@eaDir" } },
  { "F07-page-order-two-counters", "t.csv", "by-system-number --prefix DE-576 --folder @f --titles @r.mrk", 2,
    { " 0 ready", " 8 to decide", "two counters in the names disagree" } },
  { "F08-broken-images", "titles.csv", "jpg-derivatives --folder @f --titles @titles.csv", 2,
    { "truncated.jpg is no whole JPEG", "zerotail.jpg is no whole JPEG", "headeronly.jpg ends within its own header", "in CMYK",
      "exif6.jpg (orientation 6)", "placeholder1.jpg is the same in 3 titles", "tiny.jpg has 1 x 1 pixels" } },
  { "F18-identical-pages", "titles.csv", "by-mms-id --folder @f --titles @titles.csv", 2, { "30 of 30 are one and the same" } },
  { "F16-map-column", false, "by-map --folder @../F09-latin1-map/f --titles @4_pipe.csv", 2, { "several names in one cell" } },
  { "F16-map-column", false, "by-map --folder @../F09-latin1-map/f --titles @5_semi.csv", 2, { "several names in one cell" } },
  { "F16-map-column", false, "by-map --folder @../F09-latin1-map/f --titles @12_missing.csv", 2,
    { "a file of the list is not there", "'missing'" } },
  { "F16-map-column", false, "by-map --folder @../F09-latin1-map/f --titles @3_windows_other.csv", 2, { "'box1/0001'" } },
  { "F16-map-column", false, "by-map --folder @../F09-latin1-map/f --titles @e3.csv", 1, { "has no column 'file_name'", "fname" } },
}

describe("a case that was read wrongly once", function()
  local alma, folder

  after_each(function()
    if alma then alma.stop() end
    if folder then program.remove(folder) end
    alma, folder = nil, nil
  end)

  for n, case in ipairs(EXPECTED) do
    it(("is read right: %d %s"):format(n, case[3]), function()
      if not there then return pending "the cases are not beside the repository" end
      folder = program.folder()
      local place = assert(io.popen("realpath " .. CASES .. case[1])):read "l" .. "/"
      local titles = case[2] and place .. case[2] or place .. "../F09-latin1-map/titles.csv"
      alma = rehearsal.start { titles = titles, args = { "--rate", "0" } }
      local arguments = { "plan", "-o", "a.run", "--rate", "1000" }
      for word in case[3]:gmatch "%S+" do arguments[#arguments + 1] = (word:gsub("^@", place)) end
      local result = program.run(arguments, { folder = folder, env = desk.environment(alma, folder) })
      local said = result.out .. result.err
      assert.equal(case[4], result.status, said)
      for _, words in ipairs(case[5]) do assert.is_truthy(said:find(words, 1, true), words .. " is not in\n" .. said) end
    end)
  end
end)
