-- A stranger's recipe from the day it comes to the run that was made with it:
-- what it can show, what it can propose, and what remains known of it.
local core = require "almanac.core"
local desks = require "support.desk"
local program = require "support.program"
local store = require "almanac.run.store"

local RECIPE = [[
-- almanac-recipe: 1
--
-- Reads names.
-- categories: naming
-- institutions: College
return {
  name = "strange", summary = "Reads names", version = "1.0.0", license = "MIT", effects = { "add" },
  args = { { "folder", "dir", required = true, help = "where they are" } },
  file_key = function(file) return file.stem end,
  title_keys = function(title)
    local keys = {}
    for file in title:files "tif" do keys[#keys + 1] = file.stem end
    return keys
  end,
  changes = function(title, files)
    return add.representation { usage_type = "DERIVATIVE_COPY", library = "MAIN", files = files }
  end,
}
]]

describe("a stranger's recipe", function()
  local desk = desks.each(before_each, after_each)

  local function write(text, name)
    program.write(("%s/recipes/%s/recipe.lua"):format(desk.folder, name or "strange"), text)
  end

  local function almanac(...)
    return program.run({ ... }, { folder = desk.folder, env = desk.env or { HOME = desk.folder, ALMANAC_RECIPES = false } })
  end

  local function replaced(from, to)
    local first, last = RECIPE:find(from, 1, true)
    return RECIPE:sub(1, assert(first) - 1) .. to .. RECIPE:sub(last + 1)
  end

  local COMMANDS = { { "list" }, { "search", "strange" }, { "show", "strange" }, { "show", "--header", "strange" }, { "check", "strange" },
    { "test", "strange" }, { "pack", "strange", "-o", "x.pack" }, { "add", "recipes/strange", "--to", "other" } }

  describe("on a terminal", function()
    local OBEYED, TURNED = "\27[2J\u{9B}2J\7", "\u{202E}"

    local function shows_nothing(result, what)
      local said = result.out .. result.err
      assert.is_nil(said:find "[\1-\8\11-\31\127]", what)
      assert.is_nil(said:find("\u{9B}", 1, true), what)
      assert.is_nil(said:find(TURNED, 1, true), what)
      assert.is_nil(said:find "\nalmanac: all is well", what)
    end

    -- Each command on the recipe with something behind each of these words.
    local function try(text, words)
      for _, word in ipairs(words) do text = text:gsub(word:gsub("%p", "%%%0"), function() return word .. OBEYED .. TURNED end) end
      write(text)
      for _, command in ipairs(COMMANDS) do shows_nothing(almanac("recipe", table.unpack(command)), table.concat(command, " ")) end
      shows_nothing(almanac("plan", "strange", "--help"), "plan --help")
      return almanac("recipe", "list").out
    end

    it("moves no cursor by its head, and turns no writing", function()
      local list = try(RECIPE, { "-- Reads names", "naming", "College" })
      assert.matches("strange +Reads names %(1.0.0%)\n", list)
      list = try(RECIPE, { "Reads names", "MIT", "where they are" })
      assert.matches("Reads names<1B>[2J<U+009B>2J<07><U+202E>", list, 1, true)
      assert.matches("recipe.lua:7: 'summary' holds a control character", almanac("recipe", "check", "strange").err, 1, true)
      write((RECIPE:gsub("where they are", TURNED .. "%0"):gsub('"Reads names', '"' .. TURNED .. "Reads")))
      for _, line in ipairs { almanac("plan", "strange", "--help"), almanac("recipe", "show", "strange") } do
        assert.equal(0, line.status, line.err)
        shows_nothing(line)
        assert.matches("<U+202E>where they are", line.out, 1, true)
      end
    end)

    it("says nothing that looks like almanac's own words", function()
      local texts = { replaced("return file.stem end", 'error("x\\nalmanac: all is well", 0) end'),
        replaced("changes = ", 'wants = function() return false, "x\\nalmanac: all is well" end,\n  changes = '),
        replaced("  changes = ", '  examples = { file_key = { ["x\\nalmanac: all is well"] = "y" } },\n  changes = ') }
      for _, text in ipairs(texts) do
        write(text)
        program.write(desk.folder .. "/jpg/a.jpg", "x")
        program.write(desk.folder .. "/titles.csv", desks.HEADER .. "\n9910000000013904146,T,PRESERVATION_MASTER,a.tif,10,,\n")
        for _, command in ipairs { { "check", "strange" }, { "test", "strange" }, { "pack", "strange", "-o", "x.pack" },
            { "explain", "strange", "a.jpg", "--titles", "titles.csv", "--folder", "jpg" },
            { "explain", "strange", "9910000000013904146", "--titles", "titles.csv", "--folder", "jpg" } } do
          shows_nothing(almanac("recipe", table.unpack(command)), table.concat(command, " "))
        end
      end
    end)

    it("is printed as it is into a file, and safely there", function()
      desk.start(desks.single(1))
      write((RECIPE:gsub("Reads names%.", "%0\27[2J\u{9B}2J")))
      assert.equal(0, almanac("plan", "strange", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run").status)
      assert.equal(program.read(desk.folder .. "/recipes/strange/recipe.lua"), almanac("show", "a.run", "--rules").out)
      local line = "cd %s && script -qec %s /dev/null </dev/null >said"
      os.execute(line:format(program.quote(desk.folder), program.quote(program.quote(program.path()) .. " show a.run --rules")))
      local said = program.read(desk.folder .. "/said")
      assert.matches("Reads names.<1B>[2J<U+009B>2J", said, 1, true)
      assert.is_nil(said:find("\27[2J", 1, true))
    end)
  end)

  describe("in a plan", function()
    it("is refused as a whole when one title gets a kind of change that it does not declare", function()
      desk.start(desks.single(5))
      write(replaced("  changes = function(title, files)\n", "  changes = function(title, files)\n" ..
        "    for held in title:files 'tif' do\n      if held.stem == 'p4' then return delete.file { file = held } end\n    end\n"))
      local result = almanac("plan", "strange", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
      assert.equal(1, result.status)
      assert.matches("proposes delete.file, but its effects do not declare 'delete' (rule changes, for '" .. desks.id(4) .. "')",
        result.err, 1, true)
      local db = store.open(desk.folder .. "/a.run", "read")
      if db then
        assert.equal(0, db:value "SELECT count(*) FROM change")
        assert.equal(0, db:value "SELECT count(*) FROM title WHERE state = 'ready'")
        db:close()
      end
      assert.equal(1, almanac("apply", "a.run").status)
    end)

    it("can not be about what another title holds", function()
      desk.start(desks.single(2))
      write((replaced("  changes = function(title, files)\n", "  changes = function(title, files)\n" ..
        "    for held in title:files 'tif' do\n      first = first or held\n      return delete.file { file = first }\n    end\n")
        :gsub('effects = { "add" }', 'effects = { "delete-master" }'):gsub("\nreturn {", "\nlocal first\n%0")))
      local result = almanac("plan", "strange", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
      assert.equal(1, result.status)
      assert.matches("delete.file is about %d+, which the title does not have %(rule changes, for '" .. desks.id(2), result.err)
    end)

    it("is known later, when it was changed or is gone, with what it extends", function()
      desk.start(desks.single(1))
      write(RECIPE)
      local variant = '-- almanac-recipe: 1\nreturn extend "strange 1" { name = "ours" }\n'
      write(variant, "ours")
      assert.equal(0, almanac("plan", "ours", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run").status)
      local hash = core.hash.sha256(variant .. "\0" .. RECIPE)
      for _, change in ipairs { function() write("-- other\n", "ours") write("-- other\n") end,
          function() program.remove(desk.folder .. "/recipes") end } do
        change()
        local result = almanac("show", "a.run", "--rules")
        assert.equal(variant .. ("\n-- it extends strange (recipes/strange/recipe.lua), sha256 %s\n"):format(core.hash.sha256(RECIPE)) ..
          RECIPE, result.out)
        assert.equal("rules of ours 1.0.0, sha256 " .. hash .. "\n", result.err)
        assert.equal(0, almanac("show", "a.run", desks.id(1)).status)
      end
    end)
  end)

  it("gives the same plan again also when it counts its calls: each plan begins anew", function()
    desk.start(desks.single(3))
    write((RECIPE:gsub("\nreturn {", "\nlocal n = 0%0"):gsub("return file.stem end", "n = n + 1 return n > 1 and file.stem or 'x' end")))
    local lists = {}
    for i = 1, 2 do
      local run = i .. ".run"
      assert.equal(0, almanac("plan", "strange", "--folder", "jpg", "--titles", "titles.csv", "-o", run).status)
      lists[i] = almanac("show", run, "--list", "ready").out
    end
    assert.matches("Title 2", lists[1])
    assert.is_nil(lists[1]:find("Title 1", 1, true))
    assert.equal(lists[1], lists[2])
  end)
end)
