-- What a process might answer whose recipe got out of its guarded process: everything
-- from there is data of a stranger, and is refused before anybody uses it.
local check = require "almanac.recipe.inside.check"
local program = require "support.program"
local rulebook = require "almanac.recipe.inside.rulebook"
local rules = require "almanac.recipe.rules"
local stream = require "almanac.recipe.guard_stream"

-- A stream to a process that answers this, of a recipe with every rule.
local function stream_of(answer)
  local recipe = { sources = {} }
  for _, rule in ipairs(rulebook.rules) do recipe[rule.name] = print end
  local questions = stream.new(recipe, {})
  questions.guard = { receive = function() return answer end, close = function() end }
  return questions
end

describe("an answer of a process that is not trusted", function()
  local function refused(method, n, answer, what)
    local questions <close> = stream_of(answer)
    local result, message, code = questions[method](questions, n)
    assert.is_nil(result, what)
    assert.equal(rules.NONSENSE, message)
    assert.equal("parse", code)
  end

  it("about titles is refused when its columns don't fit together", function()
    local function titles(keys, counts, wanted, reasons)
      return { title_keys = { keys, {}, counts }, wants = { wanted, reasons } }
    end
    local keys, wanted = { "a", "b" }, { true, false }
    for what, answer in pairs {
      ["too few keys"] = titles(keys, { 2, 1 }, wanted, {}), ["too many keys"] = titles(keys, { 1, 0 }, wanted, {}),
      ["a count too few"] = titles(keys, { 2 }, wanted, {}),
      ["counts around the end of the numbers"] = titles(keys, { math.maxinteger, math.maxinteger + 4 }, wanted, {}),
      ["a count below nothing"] = titles(keys, { 3, -1 }, wanted, {}), ["a float"] = titles(keys, { 1.0, 1 }, wanted, {}),
      ["counts as text"] = titles(keys, { "1", "1" }, wanted, {}), ["a key as number"] = titles({ "a", 1 }, { 1, 1 }, wanted, {}),
      ["no counts"] = titles(keys, nil, wanted, {}),
      ["a key for the terminal"] = titles({ "a", "\27[2J" }, { 1, 1 }, wanted, {}), ["no list"] = titles("a", { 1, 1 }, wanted, {}),
      ["wanted that is no boolean"] = titles(keys, { 1, 1 }, { 1, 0 }, {}), ["one wanted too few"] = titles(keys, { 1, 1 }, { true }, {}),
      ["reasons that are none"] = titles(keys, { 1, 1 }, wanted, true),
      ["a rule too few"] = { title_keys = { keys, {}, { 1, 1 } } }, ["nothing"] = {},
    } do
      refused("take_titles", 2, answer, what)
    end
  end)

  it("about titles gives reasons as words, whatever they are", function()
    local questions <close> = stream_of { title_keys = { { "a" }, {}, { 1, 0 } },
      wants = { { true, false }, { {}, "x\27[2J\n" .. ("y"):rep(5000) } } }
    local answers = questions:take_titles(2)
    assert.same({ "a" }, answers.title_keys.values)
    assert.same({ 1, 0 }, answers.title_keys.counts)
    assert.equal("error without a text", answers.wants.more[1])
    assert.matches("^x<1B>%[2J y+ …$", answers.wants.more[2])
  end)

  -- What is right of each rule about one file, and then something else of one of them.
  local function about_file(name, value, more)
    local answer = {}
    for _, rule in ipairs(rulebook.about "file") do answer[rule.name] = { { false }, {} } end
    if name then answer[name] = { { value }, more or {} } end
    return answer
  end

  it("about files is taken when it is right", function()
    for _, answer in ipairs { about_file(), about_file("file_key", "a", { { "b", "c" } }), about_file("page", 12.5),
        about_file("page", "v"), about_file("part", "v.2"), about_file("thumbnail_of", "a.jpg", { ".thumb" }) } do
      local questions <close> = stream_of(answer)
      local found = assert(questions:take_files(1))
      for name, column in pairs(answer) do assert.same({ values = column[1], more = column[2] }, found[name]) end
    end
  end)

  it("about files is refused when places, keys, pages or owners are none", function()
    for what, answer in pairs {
      ["a place that is not there"] = about_file("file_key", "a", { [2] = { "b" } }),
      ["place 0"] = about_file("file_key", "a", { [0] = { "b" } }),
      ["a place below nothing"] = about_file("thumbnail_of", "b.jpg", { ".thumb", [-1] = ".thumb" }),
      ["a place that is a name"] = about_file("file_key", "a", { x = { "b" } }),
      ["a half place"] = about_file("file_key", "a", { [0.5] = { "b" } }),
      ["a key as number"] = about_file("file_key", 1), ["a page as table"] = about_file("page", {}),
      ["a part as number"] = about_file("part", 2), ["a part with more"] = about_file("part", "a", { { "b" } }),
      ["further keys as tables"] = about_file("file_key", "a", { { {} } }),
      ["further keys of none"] = about_file("file_key", false, { { "b" } }),
      ["an owner without a suffix"] = about_file("thumbnail_of", "a.jpg"),
      ["a suffix of its own"] = about_file("thumbnail_of", "a.jpg", { "/../x" }),
      ["an owner for the terminal"] = about_file("thumbnail_of", "\27[2J", { ".thumb" }),
      ["nothing"] = {},
    } do
      refused("take_files", 1, answer, what)
    end
    for _, rule in ipairs(rulebook.about "file") do
      for what, column in pairs { ["true"] = { { true }, {} }, ["a table"] = { { {} }, {} }, ["a control character"] = { { "\7" }, {} },
          ["too many"] = { { false, false }, {} }, ["none"] = { {}, {} }, ["no list"] = true } do
        local answer = about_file()
        answer[rule.name] = column
        refused("take_files", 1, answer, rule.name .. " is " .. what)
      end
    end
  end)

  it("about changes is refused when a change is about more than its kind is", function()
    local file = { path = "a.jpg" }
    local recipe = { effects = { add = true, delete = true, update = true } }
    local function take(data) return rules.take_changes(recipe, "99", { data }, { file, { path = "b.jpg" } }) end
    local new = { kind = "add.representation", usage_type = "U", library = "L", files = { 1 } }
    assert.is_true((take(new)))
    for what, data in pairs {
      ["a new one that is there"] = { kind = "add.representation", usage_type = "U", library = "L", files = { 1 }, representation = "12" },
      ["a new one with a file"] = { kind = "add.representation", usage_type = "U", library = "L", files = { 1 }, pid = "23" },
      ["a collection with files"] = { kind = "add.collection", collection = "81", files = { 1 } },
      ["a collection of one file"] = { kind = "add.collection", collection = "81", representation = "12", pid = "23" },
      ["a deletion with files"] = { kind = "delete.file", representation = "12", pid = "23", files = { 1 } },
      ["one representation by its file"] = { kind = "delete.representation", representation = "12", pid = "23" },
      ["two files for one"] = { kind = "replace.file", representation = "12", pid = "23", files = { 1, 2 } },
    } do
      local ok, message = take(data)
      assert.is_false(ok, what)
      assert.matches("give what add.representation", message, 1, true)
    end
  end)

  it("about examples is refused when they hold what is no answer", function()
    local function ok_of(rule, cases)
      local function f() end
      return (check.recipe({ name = "x", summary = "x", version = "1.0.0", license = "MIT", effects = {}, title_keys = f,
        [rule] = f, examples = { [rule] = cases } }, { path = "r.lua", text = "" }))
    end
    for _, entry in ipairs(rulebook.with_examples "names") do
      local rule = entry.name
      assert.is_true(ok_of(rule, { ["a.jpg"] = "a", ["b.jpg"] = false, ["c.jpg"] = { "a", "b" }, ["d.jpg"] = 1 }))
      for _, wrong in ipairs { { ["a.jpg"] = { true } }, { ["a.jpg"] = { {} } }, { ["a.jpg"] = { "a", nil, "b" } },
          { ["a.jpg"] = { "a", nil, "b", x = 1 } }, { "a" },
          { ["a.jpg"] = true }, { ["a.jpg"] = { x = "y" } } } do
        assert.is_nil(ok_of(rule, wrong))
      end
    end
  end)

  describe("over its pipe", function()
    local folder

    before_each(function() folder = program.folder() end)
    after_each(function() program.remove(folder) end)

    local function run(line)
      local _, _, status = os.execute(("cd %s && %s >out 2>err"):format(program.quote(folder), line))
      return { status = status, err = program.read(folder .. "/err") }
    end

    -- The program with a process for recipes that says this.
    local function told(...)
      local parts = {}
      for i, message in ipairs { ... } do parts[i] = ("<s4"):pack(message) end
      program.write(folder .. "/bin/said", table.concat(parts))
      program.write(folder .. "/bin/guard", "#!/bin/sh\n/bin/cat \"${0%/*}/said\"\nexec /bin/cat >/dev/null\n")
      program.write(folder .. "/r.lua", "-- almanac-recipe: 1\nreturn {}\n")
      local lua = assert(package.searchpath("almanac.json", package.path)):gsub("/almanac/json%.lua$", "")
      run(("chmod +x bin/guard && cp %s bin/almanac && ln -sfn \"$(cd %s && cd %s && pwd)\" lua"):format(program.quote(program.path()),
        program.quote(os.getenv "PWD"), program.quote(lua)))
      local limit = os.getenv "ASAN_OPTIONS" and "" or "ulimit -v 1000000; "   -- the sanitizer claims more for itself
      return run(limit .. "bin/almanac recipe test r.lua </dev/null")
    end

    local function list(length, pairs_of) return ("<c1I4I4"):pack("t", length, pairs_of or 0) end

    local FIRST = list(0, 1) .. ("<c1s4c1"):pack("s", "filtered", "+")

    it("takes no memory for tables that claim what can't come", function()
      for _, bomb in ipairs { list(5000000):rep(31) .. ("+"):rep(5000000), list(0, 2500000):rep(31) .. ("+"):rep(5000000),
          list(0xFFFFFFFF, 0xFFFFFFFF), list(2) .. list(0xFFFFFFF0) .. "+", list(1):rep(40) .. "+", "", "t", "s\255\255\255\255x" } do
        local result = told(FIRST, #bomb > 0 and bomb or "?")
        assert.equal(1, result.status)
        assert.matches("the recipe's process answered nonsense", result.err, 1, true)
      end
    end)

    it("is told when it is something else", function()
      for _, answer in ipairs { "+", "i\1\0\0\0\0\0\0\0", "0", list(0), list(1) .. list(0) } do
        local result = told(FIRST, answer)
        assert.equal(1, result.status)
        assert.is_nil(result.err:find "traceback", result.err)
      end
    end)
  end)
end)
