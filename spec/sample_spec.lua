-- What a recipe's sample expects, and how it says it.
local program = require "support.program"

local HEAD = "mms_id,state,kind,files,reason\n"
local READY = [[990061241860203941,ready,add.representation,IMG_0001.JPG,
990061241870203941,ready,add.representation,IMG_0003.jpg|IMG_0002.jpg,
]]
local OLD = HEAD .. READY .. [[990061241880203941,ask,,,not every key has a file: 1 of 2 have none ('img_9999')
,,,IMG_0005.jpg,no title answers to its key 'img_0005'
]]
local NEW = HEAD .. READY .. [[990061241880203941,ask,,,keys_without_file: img_9999
,,,IMG_0005.jpg,no_title: img_0005
]]

describe("the expectation of a recipe's sample", function()
  local folder, path

  before_each(function()
    folder = program.folder()
    os.execute(("cp -r recipes/by-map %s"):format(program.quote(folder)))
    path = folder .. "/by-map/sample/expected.csv"
  end)
  after_each(function() program.remove(folder) end)

  local function try(text, ...)
    if text then program.write(path, text) end
    return program.run({ "recipe", "test", folder .. "/by-map/recipe.lua", ... })
  end

  local function holds(text)
    local result = try(text)
    assert.equal(0, result.status, result.out)
    assert.equal("", result.err)
  end

  local function fails(text, pattern)
    local result = try(text)
    assert.equal(2, result.status, result.out)
    assert.matches(pattern, result.out)
  end

  it("names codes, and behind them what the recipe gave", function()
    holds(NEW)
    fails(NEW:gsub("img_9999\n", "img_8888\n"), "expected ask, keys_without_file: img_8888; the plan has ask, keys_without_file: img_9999")
    fails(NEW:gsub("no_title", "title_skipped"), "expected IMG_0005.jpg, title_skipped: img_0005")
  end)

  it("may name the code alone", function()
    holds((NEW:gsub("keys_without_file: img_9999", "keys_without_file"):gsub("no_title: img_0005", "no_title")))
    fails(NEW:gsub("keys_without_file: img_9999", "several_files"), "the plan has ask, keys_without_file")
  end)

  it("is read where it has sentences of before, and said to be old", function()
    local result = try(OLD)
    assert.equal(0, result.status, result.out)
    assert.matches("sample/expected.csv holds sentences in the place of codes, as it was done before", result.err, 1, true)
    assert.matches(("`almanac recipe test %s/by-map/recipe.lua --accept` writes it anew"):format(folder), result.err, 1, true)
    fails(OLD:gsub(",ask,,,not every key has a file[^\n]*", ",skip,,,no key: the recipe gives this title none"), "the plan has ask")
    fails(OLD:gsub("not every key has a file[^\n]*", "a page is missing: x"), "the plan has ask, keys_without_file")
    fails(OLD:gsub("'img_0005'", "'img_0006'"), "no title answers to its key 'img_0006'; the plan has")
  end)

  it("is written with codes", function()
    assert.equal(0, try(OLD, "--accept").status)
    assert.equal(NEW, program.read(path))
    holds()
  end)
end)
