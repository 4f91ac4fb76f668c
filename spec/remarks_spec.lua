-- Words that do not count in names: what is taken out of a name, what the rules
-- see of files and titles, and that copies stay a doubt.
local arguments = require "almanac.recipe.inside.arguments"
local key = require "almanac.recipe.inside.key"
local matching = require "support.matching"
local recipe = require "almanac.recipe"
local remarks = require "almanac.recipe.inside.remarks"

local JPEG = matching.JPEG

describe("words that do not count", function()
  local run
  after_each(function()
    if run then run.close() end
    run = nil
  end)

  local function match(name, words, files, titles)
    local held = assert(recipe.load(name))
    local args = arguments.defaults(held.args)
    recipe.close(held)
    args.ignore_words = words
    local contents = {}
    for i, path in ipairs(files) do contents[path] = JPEG .. i end
    run = assert(matching.match { recipe = name, args = args, files = contents, titles = titles })
    return run
  end

  it("are whole words, in any case, with what stands between them and the rest", function()
    local clean = remarks.cleaner { "final", "Endgültig" }
    for name, expected in pairs {
      ["page (final).jpg"] = "page.jpg", ["page [FINAL] 7.jpg"] = "page 7.jpg", ["page_final_7.jpg"] = "page_7.jpg",
      ["final-page.jpg"] = "page.jpg", ["finals 7.jpg"] = "finals 7.jpg", ["page endgültig.jpg"] = "page.jpg",
      ["page ENDGU\xcc\x88LTIG.jpg"] = "page.jpg", ["final.jpg"] = "final.jpg", ["box (final)/page.jpg"] = "box/page.jpg",
    } do
      assert.equal(expected, clean(name))
    end
  end)

  it("name copies with their number and what they are copies of", function()
    local clean = remarks.cleaner { "copy", "kopie" }
    for _, name in ipairs { "a copy.jpg", "a copy 2.jpg", "a - Copy (2).jpg", "Copy of a.jpg", "Copy (3) of a.jpg", "Kopie von a.jpg",
      "a copy2.jpg", "a (copy).jpg" } do
      assert.equal("a.jpg", clean(name))
    end
    assert.same({ "a_7.jpg", "photocopy 7.jpg", "copyright.jpg" }, { clean "a_copy_7.jpg", clean "photocopy 7.jpg", clean "copyright.jpg" })
  end)

  it("are text as it is written where they hold other signs, and never make two numbers one", function()
    local clean = remarks.cleaner { "(final)", "-web" }
    assert.same({ "12 34.jpg", "a.jpg", "a-website.jpg", "a final.jpg", "a_7.jpg" },
      { clean "12(final)34.jpg", clean "a-WEB.jpg", clean "a-website.jpg", clean "a final.jpg", clean "a (Final)_7.jpg" })
  end)

  it("are types of files before the last one, and blanks that are too many", function()
    local clean = remarks.cleaner { ".tif", "(final)" }
    assert.same({ "a.jpg", "a.JPG", "a.jpg", "a.tif", "a.png.jpg" },
      { clean "a.tif.jpg", clean "a.TIFF.JPG", clean "a.tif (final).jpg", clean "a.tif", clean "a.png.jpg" })
    assert.equal("a b/c_d.jpg", remarks.cleaner { "blanks" } " a \xc2\xa0 b/c _ d .jpg")
  end)

  it("can be no number, no path and no mere sign", function()
    local args = { { "ignore_words", "words", default = {} } }
    for text, words in pairs { ["2"] = "a number tells one file from another", ["(2)"] = "is no word",
      ["a/b"] = "can't be part of a file's name" } do
      local values, message = arguments.convert(args, { ignore_words = { text } })
      assert.is_nil(values)
      assert.matches(words, message, 1, true)
    end
    assert.same({ ignore_words = { "(final)", "copy" } }, arguments.convert(args, { ignore_words = { "(final), copy" } }))
    assert.is_nil(arguments.check { { "w", "words", default = { "7" } } })
  end)

  it("are for text from elsewhere as well", function()
    assert.equal("scan 7.jpg", key.clean("scan 7 (final).jpg", { "(final)" }))
    assert.equal("scan 7 (final).jpg", key.clean("scan 7 (final).jpg", {}))
    assert.has_error(function() key.clean("a", { "7" }) end)
  end)

  it("are taken out of files' and titles' names before the rules see them", function()
    match("jpg-derivatives", { "(final)", ".tif" }, { "Page 1 (final).jpg", "page 2.tif.jpg", "page  3.jpg" },
      { { "page 1.tif" }, { "page 2 (final).tif" }, { "page 3.tif" } })
    assert.same({ "ready", "ready", "ready" }, { run.state(1), run.state(2), run.state(3) })
    assert.equal("Page 1 (final).jpg", run.pages(1))
  end)

  it("leave a copy beside its original to be decided", function()
    local id = matching.id(1)
    match("jpg-derivatives", { "copy" }, { "a.jpg", "a copy.jpg", "Copy of b.jpg" }, { { "a.tif" }, { "b.tif" } })
    assert.same({ "ask", "ready" }, { run.state(1), run.state(2) })
    run.close()
    match("by-mms-id", { "copy" }, { id .. "_1.jpg", id .. "_1 copy 2.jpg" }, { { "a.tif" } })
    assert.equal("ask", run.state(1))
  end)

  it("make no two of a title's files one", function()
    match("replace-derivatives", { "copy" }, { "a.jpg" }, { { "m.tif", { usage = "DERIVATIVE_COPY", "a.jpg", "a copy.jpg" } } })
    assert.equal("ask", run.state(1))
    assert.matches("not every match key has a file", run.reason(1), 1, true)
  end)

  it("leave pages in the order that is read without them", function()
    local id = matching.id(1)
    local given, expected = {}, {}
    for page = 1, 10 do
      expected[page] = ("%s_%d%s.jpg"):format(id, page, page == 2 and " (final)" or "")
      table.insert(given, 1, expected[page])
    end
    match("by-mms-id", { "(final)" }, given, { { "a.tif" } })
    assert.equal(table.concat(expected, " "), run.pages(1))
  end)

  it("stay in the path that thumbnails belong to", function()
    match("thumbnails", { "(final)" }, { "a (final).jpg", "a (final).jpg.thumb" }, { { "a.tif" } })
    assert.equal("ready", run.state(1))
    assert.equal(1, run.db:value "SELECT count(*) FROM thumbnail WHERE of IS NOT NULL")
  end)
end)
