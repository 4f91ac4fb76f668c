-- What a plan leads to, by name: what is deleted, masters, types, rights, and
-- what patrons see first.
local consequences = require "almanac.run.consequences"
local consequence_words = require "almanac.run.consequence_words"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local readings = require "almanac.reading"
local usage = require "almanac.run.usage"

local function rep(id, usage_type, names, more)
  local files = {}
  for i, name in ipairs(names or {}) do files[i] = { pid = id .. i, name = name, size = 1 } end
  local entry = { id = id, usage_type = usage_type, files = files, library = "MAIN" }
  for name, value in pairs(more or {}) do entry[name] = value end
  return entry
end

describe("a usage type", function()
  it("is a master's by its word, and when nobody told it", function()
    for _, code in ipairs { "PRESERVATION_MASTER", "PRIMARY", "MODIFIED_MASTER", "MASTER", "primary" } do
      assert.is_true(usage.is_master(code), code)
    end
    assert.is_true(usage.is_master(nil))
    for _, code in ipairs { "DERIVATIVE_COPY", "AUXILIARY", "VIEW" } do assert.is_false(usage.is_master(code), code) end
  end)
end)

describe("the consequences of a title", function()
  local function lines(representations, ...)
    return consequence_words.lines(consequences.of({ representations = representations }, { ... }))
  end

  it("name a replaced file as deleted, a master by that word, and another type", function()
    local held = { rep("12", "PRESERVATION_MASTER", { "a.tif" }), rep("13", "DERIVATIVE_COPY", { "a.jpg" }) }
    local function replaced(id, name, keep)
      return lines(held, { kind = "replace.file", representation = id, pid = id .. "1", files = { { name = name } }, keep = keep })
    end
    assert.same({ "master file a.tif is DELETED (PRESERVATION_MASTER)",
      "a.jpg is of another type than the file it replaces: tif → jpg (PRESERVATION_MASTER)" }, replaced("12", "a.jpg"))
    assert.same({ "master file a.tif is DELETED (PRESERVATION_MASTER)" }, replaced("12", "A.TIFF"))
    assert.same({ "file a.jpg is DELETED (DERIVATIVE_COPY)" }, replaced("13", "a.jpeg"))
    assert.same({ "file a.jpg is DELETED (DERIVATIVE_COPY)",
      "a is of another type than the file it replaces: jpg → no type (DERIVATIVE_COPY)" }, replaced("13", "a"))
    assert.same({}, replaced("12", "a.jpg", true))
  end)

  it("count the files of a deleted representation, also those that were only counted", function()
    local held = { rep("12", "MODIFIED_MASTER", { "a.tif", "b.tif" }, { label = "Scans" }), rep("13", "AUXILIARY", {}, { file_count = 7 }),
      rep("14", nil, { "c" }) }
    local function deleted(id) return lines(held, { kind = "delete.representation", representation = id })[1] end
    assert.equal("master representation 12 'Scans' with 2 files is DELETED (MODIFIED_MASTER)", deleted "12")
    assert.equal("representation 13 with 7 files is DELETED (AUXILIARY)", deleted "13")
    assert.equal("master representation 14 with 1 file is DELETED (usage type not told)", deleted "14")
  end)

  it("name access rights and usage types with the old and the new value, and nothing that stays as it is", function()
    local held = { rep("12", "AUXILIARY", {}, { access_rights = "29" }),
      rep("13", "VIEW", {}, { access_rights = "" }), rep("14", "VIEW") }
    local function set(id, fields)
      fields.kind, fields.representation = "update.representation", id
      return lines(held, fields)
    end
    assert.same({ "access rights of representation 12: '29' → '77'", "usage type of representation 12: 'AUXILIARY' → 'VIEW'" },
      set("12", { access_rights = "77", usage_type = "VIEW", label = "x" }))
    assert.same({}, set("12", { access_rights = "29", usage_type = "AUXILIARY" }))
    assert.same({ "access rights of representation 13: none → '77'" }, set("13", { access_rights = "77" }))
    assert.same({ "access rights of representation 12: '29' → none" }, set("12", { access_rights = "" }))
    assert.same({ "access rights of representation 14: (not told) → '77'" }, set("14", { access_rights = "77" }))
  end)

  it("say what the delivery page opens when that changes: derivative, master, remote, the lowest id first", function()
    local add = { kind = "add.representation", usage_type = "DERIVATIVE_COPY" }
    local master, derivative = rep("125", "PRESERVATION_MASTER"), rep("99", "DERIVATIVE_COPY")
    local remote = rep("7", "DERIVATIVE_COPY", {}, { remote = true })
    assert.same({ "its delivery page opens with a derivative, before with a master" }, lines({ master }, add))
    assert.same({ "its delivery page opens with a derivative, before with nothing" }, lines({}, add))
    assert.same({ "its delivery page opens with a derivative, before with a remote representation" }, lines({ remote }, add))
    assert.same({}, lines({ master, derivative }, add))
    assert.same({}, lines({ master }, { kind = "add.representation", usage_type = "AUXILIARY" }))
    local gone = { kind = "delete.representation", representation = "99" }
    assert.equal("its delivery page opens with a master, before with a derivative", lines({ master, derivative }, gone)[2])
    assert.equal("its delivery page opens with another derivative", lines({ derivative, rep("100", "DERIVATIVE_COPY") }, gone)[2])
    assert.equal("its delivery page opens with nothing, before with a derivative", lines({ derivative }, gone)[2])
    assert.same({ "usage type of representation 125: 'PRESERVATION_MASTER' → 'DERIVATIVE_COPY'",
      "its delivery page opens with a derivative, before with a master" },
      lines({ master }, { kind = "update.representation", representation = "125", usage_type = "DERIVATIVE_COPY" }))
  end)

  it("say that undo can't give back the order of masters when files behind the deleted ones stay", function()
    local held = { rep("12", "PRIMARY", { "a.tif", "b.tif", "c.tif" }), rep("13", "DERIVATIVE_COPY", { "a.jpg", "b.jpg" }) }
    local function change(kind, id, n, keep)
      return { kind = kind, representation = id, pid = id .. n, files = { { name = "n.tif" } }, keep = keep }
    end
    local function said(...)
      for _, text in ipairs(lines(held, ...)) do
        if text:find "order" then return text end
      end
    end
    assert.equal("undo can't give back the order of files of master representation 12: 2 files stay behind a deleted one, " ..
      "and no master is deleted for its order (PRIMARY)", said(change("delete.file", "12", 1)))
    assert.matches("1 file stays behind", said(change("replace.file", "12", 1), change("delete.file", "12", 2)))
    assert.is_nil(said(change("delete.file", "12", 3), change("replace.file", "12", 2)))
    assert.is_nil(said(change("replace.file", "12", 1, true)))
    assert.is_nil(said(change("replace.file", "13", 1)))
    assert.is_nil(said { kind = "delete.representation", representation = "12" })
  end)

  it("are of what the run file keeps of the reading", function()
    local kept = { representations = { rep("12", "VIEW", {}, { access_rights = "29" }), rep("13", "VIEW", {}, { file_count = 3 }),
      rep("14") } }
    local read = readings.decode(readings.encode(kept)).representations
    assert.same({ "29", nil, nil }, { read[1].access_rights, read[2].access_rights, read[3].access_rights })
    assert.same({ nil, 3 }, { read[1].file_count, read[2].file_count })
  end)
end)

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.2.0", license = "MIT", effects = { EFFECTS },
  args = { { "folder", "dir" } },
  file_key = function(file) return key.stem(file.name) end,
  title_keys = function(title) return { key.stem(title:files "tif" ().name) } end,
  changes = function(title, files) return CHANGE end,
}
]]
local REPLACE = "replace.file { file = title:files 'tif' (), with = files[1] }"

describe("a plan that deletes masters", function()
  local at = desk.each(before_each, after_each)

  local function plan(effects, change)
    at.start { { "a" }, { "b" } }
    program.write(at.folder .. "/recipe.lua", (RECIPE:gsub("EFFECTS", effects):gsub("CHANGE", change or REPLACE)))
    return at.almanac("plan", "./recipe.lua", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
  end

  local function files()
    local names = {}
    for _, one in ipairs(at.alma.state().representations) do
      for _, file in ipairs(one.files) do names[#names + 1] = file.path:match "[^/]+$" end
    end
    table.sort(names)
    return table.concat(names, " ")
  end

  it("is refused where the effects do not declare it, as is what is no master without its own", function()
    local result = plan '"add", "delete"'
    assert.equal(1, result.status)
    assert.matches("proposes replace.file, which deletes a master (PRESERVATION_MASTER), but its effects do not declare 'delete-master'",
      result.err, 1, true)
    result = at.almanac("recipe", "check", "./recipe.lua")
    assert.equal(2, result.status)
    assert.matches("for a title with example.tif as its master it proposes replace.file, which deletes a master", result.out, 1, true)
    at.alma.stop()
    at.start { { "a" } }
    at.alma.call("PUT", ("/bibs/%s/representations/%s"):format(desk.id(1), at.alma.state().representations[1].id), { body = {
      usage_type = { value = "DERIVATIVE_COPY" }, library = { value = "MAIN" } } })
    program.write(at.folder .. "/recipe.lua", (RECIPE:gsub("EFFECTS", '"add", "delete-master"'):gsub("CHANGE", REPLACE)))
    result = at.almanac("plan", "./recipe.lua", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
    assert.matches("deletes what is no master (DERIVATIVE_COPY), but its effects do not declare 'delete'", result.err, 1, true)
  end)

  it("names them, its effects and its recipe; so do show, the report and recipe check", function()
    local out = plan '"add", "delete-master"'.out
    for _, line in ipairs { "\nRecipe: ./recipe.lua (r 1.2.0) was not added from elsewhere\nEffects: add, delete-master\n",
      "\n  2 files are replaced\n  2 master files are DELETED (PRESERVATION_MASTER)\n" ..
      "  2 files are of another type than those they replace: tif → jpg (PRESERVATION_MASTER)\n" } do
      assert.matches(line, out, 1, true)
    end
    assert.matches("\nConsequence: master file a.tif is DELETED (PRESERVATION_MASTER)\nConsequence: a.jpg is of another type",
      at.almanac("show", "a.run", desk.id(1)).out, 1, true)
    local text = at.almanac("report", "a.run").out
    assert.matches("Leads to: 2 master files are DELETED (PRESERVATION_MASTER)\n", text, 1, true)
    assert.matches("\n    master file a.tif is DELETED (PRESERVATION_MASTER)\n", text, 1, true)
    assert.matches(",master file a.tif is DELETED (PRESERVATION_MASTER); a.jpg is of another type than the file it replaces: tif → jpg",
      at.almanac("report", "a.run", "--format", "csv").out, 1, true)
    local told = json.decode(at.almanac("report", "a.run", "--format", "json").out)
    local first = told.consequences[1]
    assert.same({ 2, true, "PRESERVATION_MASTER" }, { first.files, first.master, first.usage_type })
    assert.same({ "delete", "a.tif", true }, { told.rows[1].consequences[1].what, told.rows[1].consequences[1].name,
      told.rows[1].consequences[1].master })
    assert.same({ "add", "delete-master" }, told.recipe.effects)
    local check = at.almanac("recipe", "check", "./recipe.lua")
    assert.equal(0, check.status, check.out)
    assert.matches("note: its plans may DELETE masters", check.out, 1, true)
    assert.matches("example.jpg: master file example.tif is DELETED (PRESERVATION_MASTER)\n", check.out, 1, true)
  end)

  it("is none where the new file goes beside the old one, which is not called replaced", function()
    local out = plan('"add"', (REPLACE:gsub("}", ", keep = true }"))).out
    assert.matches("\n  2 files get a new one beside them\n", out, 1, true)
    assert.is_nil(out:find("replaced", 1, true) or out:find("DELETED", 1, true))
  end)

  it("is carried out only for who says how many files, by the same command to its end", function()
    plan '"add", "delete-master"'
    local function refused(words, ...)
      local result = at.almanac("apply", "a.run", ...)
      assert.equal(1, result.status)
      assert.matches(words, result.err, 1, true)
      assert.equal("a.tif b.tif", files())
    end
    refused "the plan deletes 2 master files; to let it, give --delete-masters 2"
    refused("the plan deletes 2 master files, not 1", "--delete-masters", "1")
    refused("the plan deletes 2 master files, not 0", "--delete-masters", "0")
    local first = at.almanac("apply", "a.run", "--limit", "1", "--delete-masters", "2")
    assert.equal(0, first.status, first.err)
    assert.equal("a.jpg b.tif", files())
    assert.matches("the plan deletes 2 master files; to let it, give --delete-masters 2", at.almanac("apply", "a.run").err, 1, true)
    assert.equal(0, at.almanac("apply", "a.run", "--delete-masters", "2").status)
    assert.equal("a.jpg b.jpg", files())
    assert.equal(0, at.almanac("apply", "a.run").status)    -- nothing is left to be deleted
    assert.equal(0, at.almanac("undo", "a.run", "--yes").status)
    assert.equal("a.tif b.tif", files())
  end)

  it("has another number after a decision, and it is said why the one given before holds no longer", function()
    plan '"add", "delete-master"'
    assert.equal(0, at.almanac("apply", "a.run", "--limit", "1", "--delete-masters", "2").status)
    program.write(at.folder .. "/decisions.csv", ("mms_id,decision,file\n%s,skip,\n"):format(desk.id(2)))
    assert.equal(0, at.almanac("decide", "a.run", "decisions.csv").status)
    local result = at.almanac("apply", "a.run", "--delete-masters", "2")
    assert.equal(1, result.status)
    assert.matches("the plan deletes 1 master file, not 2 as when you gave that number before: titles were decided about since, or " ..
      "read again after a decision (`almanac show RUN MMS_ID` says what is deleted of each); to let it, give --delete-masters 1",
      result.err, 1, true)
    assert.matches("the plan deletes 1 master file, not 3; to let it", at.almanac("apply", "a.run", "--delete-masters", "3").err, 1, true)
  end)

  it("is the plan of representations as well; one that deletes none wants no number", function()
    plan('"delete-master"', "delete.representation { representation = title:representations()[1] }")
    assert.matches("the plan deletes 2 master files", at.almanac("apply", "a.run").err, 1, true)
    at.alma.stop()
    os.remove(at.folder .. "/a.run")
    plan('"add"', "add.file { representation = title:representations()[1], files = files }")
    assert.matches("the plan deletes no master file: leave out --delete-masters",
      at.almanac("apply", "a.run", "--delete-masters", "2").err, 1, true)
    assert.equal(0, at.almanac("apply", "a.run").status)
  end)
end)

describe("a plan that sets access rights", function()
  local at = desk.each(before_each, after_each)

  it("tells the old ones and the new, and what is shipped by its path and version", function()
    at.start { { "a" }, { "b" } }
    local out = at.almanac("plan", "access-rights", "--policy", "77", "--titles", "titles.csv", "-o", "a.run").out
    assert.matches("\nRecipe: [^\n]*access%-rights/recipe.lua %(access%-rights %d[%d.]+%) comes with almanac %d[%d.]+\n" ..
      "Effects: update\n", out)
    assert.matches("\n  access rights of 2 representations: none → '77'\n", out, 1, true)
    assert.matches("\nConsequence: access rights of representation %d+: none → '77'\n", at.almanac("show", "a.run", desk.id(1)).out)
  end)
end)
