-- What is left out of a folder: what belongs to a system, and what --exclude
-- and the settings name by the rules of gitignore.
local core = require "almanac.core"
local left_out = require "almanac.plan.left_out"
local program = require "support.program"

describe("left out of a folder", function()
  local folder

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  -- What a walk gives, and what it leaves out.
  local function walk(names, patterns)
    for _, name in ipairs(names) do program.write(folder .. "/" .. name, "x") end
    local steps <close> = assert(core.files.walk(folder, patterns))
    local paths, _, _, excluded = steps:batch(1000)
    local taken, left = {}, {}
    for i, path in ipairs(paths) do table.insert(excluded[i] and left or taken, path) end
    return table.concat(taken, " "), table.concat(left, " ")
  end

  it("are recycle bins and what systems make, whatever lies in them", function()
    for _, name in ipairs { "#recycle", "@Recycle", "$RECYCLE.BIN", "@eaDir", "__MACOSX", ".Trash-1000", ".Trashes", "lost+found",
      "System Volume Information", ".snapshot", "#snapshot", "~snapshot", ".@__thumb" } do
      local taken, left = walk({ "a/" .. name .. "/x/1.jpg", "a/1.jpg" }, left_out.patterns())
      assert.same({ "a/1.jpg", "a/" .. name }, { taken, left })
      core.files.remove(folder .. "/a", { tree = true })
    end
  end)

  it("are not folders that are only called alike", function()
    local names = "@eaDirectory/1.jpg Trash/1.jpg recycle/1.jpg snapshot/1.jpg"
    local list = {}
    for name in names:gmatch "%S+" do list[#list + 1] = name end
    assert.same({ names, "" }, { walk(list, left_out.patterns()) })
  end)

  it("is what a pattern names, as gitignore reads it", function()
    local names = { "a/b/1.jpg", "a/b/t.tmp", "a/2.tmp", "c/d/1.jpg", "#k" }
    for pattern, left in pairs { ["*.tmp"] = "a/2.tmp a/b/t.tmp", ["/a/*.tmp"] = "a/2.tmp", ["a/**/t.tmp"] = "a/b/t.tmp", ["**/b"] = "a/b",
      ["b/"] = "a/b", ["1.jpg/"] = "", ["[bc]"] = "a/b c", ["[!c]"] = "a c/d", ["\\#k"] = "#k", ["?.tmp"] = "a/2.tmp a/b/t.tmp",
      ["c/**"] = "c/d", ["d/1.jpg"] = "", ["/d"] = "", ["**/d/*.jpg"] = "c/d/1.jpg", ["2.tmp   "] = "a/2.tmp" } do
      assert.equal(left, (select(2, walk(names, { pattern }))), pattern)
    end
  end)

  it("is what the last pattern says", function()
    assert.equal("a/x.tmp", (select(2, walk({ "a/x.tmp", "a/keep.tmp" }, { "*.tmp", "!keep.tmp" }))))
    assert.equal("", (select(2, walk({ "@eaDir/1.jpg" }, left_out.patterns { "!@eaDir/", "*.tmp", "!*.tmp" }))))
  end)

  it("is nothing that a comment or an empty pattern names, which is told", function()
    assert.same({ nil, "'#x' is a comment to gitignore; write \\#x", "parse" }, { core.files.walk(folder, { "#x" }) })
    assert.same({ nil, "'/' is no pattern: it names nothing", "parse" }, { core.files.walk(folder, { "/" }) })
  end)
end)
