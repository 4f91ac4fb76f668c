-- Plans that follow an earlier run: what is passed over, what comes along, and what is concluded from nothing.
local assert = require "luassert"
local core = require "almanac.core"
local desk_module = require "support.desk"
local program = require "support.program"

local RECIPE = [[
-- almanac-recipe: 1
return {
  name = "%s", summary = "Reads records", version = "1.0.0", license = "MIT", effects = {},
  args = { { "set", "set", help = "titles" } },
  title_keys = function(title) return title.mms_id end,
  record_key = function(record) return record.row and record.row.mms_id or record:get "dc:identifier" end,
}
]]

describe("a plan that follows an earlier run", function()
  local desk = desk_module.each(before_each, after_each)

  local function at(name) return desk.folder .. "/" .. name end

  local function start(...)
    desk.start(desk_module.single(4), ...)
    program.write(at "try.lua", RECIPE:format "try")
  end

  local function plan(...) return desk.almanac("plan", "./try.lua", ...) end

  local function open(run, mode) return assert(core.runfile.open(at(run), { kind = "run", version = 4, mode = mode })) end

  local function list(run, sql)
    local db <close>, found = open(run), {}
    for row in db:rows(sql) do found[#found + 1] = row.text end
    return found
  end

  local REASONS = "SELECT coalesce(identifier, '~') || ' ' || coalesce(reason_code, '-') || ' ' || (content IS NOT NULL) AS text " ..
    "FROM record ORDER BY identifier"

  -- What apply does: the titles with these numbers are done, and the nth record goes with the nth title.
  local function done(run, ...)
    local db <close> = open(run, "write")
    assert(db:run "UPDATE record SET title_id = id, reason_code = NULL, reason_data = NULL WHERE id <= 4")
    assert(db:run "UPDATE title SET state = 'ready', reason_code = NULL, reason_data = NULL")
    for _, n in ipairs { ... } do assert(db:run("UPDATE title SET state = 'verified' WHERE id = ?", n)) end
  end

  local function csv(...)
    local rows = { "identifier,mms_id,title\n" }
    for i, row in ipairs { ... } do rows[i + 1] = row .. "\n" end
    program.write(at "list.csv", table.concat(rows))
  end

  local function row(n, title) return ("r%d,%s,%s"):format(n, desk_module.id(n), title or "Title " .. n) end

  local TITLES = { "--titles", "titles.csv" }

  local function first(...)
    csv(row(1), row(2), row(3))
    local result = plan(TITLES[1], TITLES[2], "--records", "list.csv", "-o", "a.run")
    assert.is_true(result.status == 0 or result.status == 2, result.err)
    done("a.run", ...)
  end

  local function after(output, ...)
    local result = plan(TITLES[1], TITLES[2], "--since", "a.run", "-o", output, ...)
    assert.is_true(result.status == 0 or result.status == 2, result.err)
    return result
  end

  it("has the arguments of the earlier run, where none are given", function()
    start()
    local word_too = 'help = "titles" }, { "word", "string", required = true, help = "w" } }'
    program.write(at "try.lua", (RECIPE:format "try":gsub('help = "titles" } }', word_too)))
    csv(row(1))
    assert.equal(0, plan(TITLES[1], TITLES[2], "--word", "one", "--records", "list.csv", "-o", "a.run").status)
    local result = after "b.run"
    assert.equal(0, result.status, result.err)
    after("c.run", "--word", "two")
    local function word(run) return list(run, "SELECT json_extract(value, '$.word') AS text FROM meta WHERE key = 'args'")[1] end
    assert.same({ "one", "two" }, { word "b.run", word "c.run" })
  end)

  it("passes over what is as it was and was finished, and takes along what was left open", function()
    start()
    first(1, 2)
    local result = after "b.run"
    assert.same({ "r1 record_unchanged 0", "r2 record_unchanged 0", "r3 - 1" }, list("b.run", REASONS))
    assert.matches("Records: 3 read", result.out)
    assert.matches("2  as they were and finished in run [%d-]+%w*: passed over", result.out)
    assert.matches("1  was left open there and comes along", result.out)
    assert.matches('"from":["/', list("b.run", "SELECT value AS text FROM meta WHERE key = 'records_given'")[1], 1, true)
    assert.same({ 3 }, list("b.run", "SELECT title_id AS text FROM record WHERE title_id IS NOT NULL"))
  end)

  it("updates what changed, whose title is known, and counts what is new", function()
    start()
    first(1, 2)
    csv(row(1, "Another title"), row(2), row(3), row(4))
    local result = after "b.run"
    assert.same({ "r1 - 1", "r2 record_unchanged 0", "r3 - 1" }, { table.unpack(list("b.run", REASONS), 1, 3) })
    assert.same({ "Another title" }, list("b.run", "SELECT json_extract(content, '$[2][1]') AS text FROM record WHERE identifier = 'r1'"))
    assert.same({ 1 }, list("b.run", "SELECT title_id AS text FROM record WHERE identifier = 'r1'"))
    assert.matches("1  changed since, goes with the title it had", result.out)
    assert.matches("1  new since", result.out)
  end)

  it("concludes nothing from what did not come", function()
    start()
    first(1, 2)
    csv(row(2))
    local result = after "b.run"
    assert.same({ "r1 record_not_come 0", "r2 record_unchanged 0", "r3 - 1" }, list("b.run", REASONS))
    assert.matches("of that run did not come this time: nothing is concluded from that", result.out)
    assert.is_nil(result.out:find("deleted", 1, true))
  end)

  it("keeps what is known from run to run", function()
    start()
    first(1, 2, 3)
    after "b.run"
    csv(row(1), row(2, "Changed"), row(3))
    local result = plan(TITLES[1], TITLES[2], "--since", "b.run", "-o", "c.run")
    assert.is_true(result.status == 0 or result.status == 2, result.err)
    assert.same({ "r1 record_unchanged 0", "r2 - 1", "r3 record_unchanged 0" }, list("c.run", REASONS))
    assert.same({ desk_module.id(2) },
      list("c.run", "SELECT mms_id AS text FROM title JOIN record ON title.id = title_id WHERE identifier = 'r2'"))
  end)

  it("tells a second record of one identifier from the one that it had", function()
    start()
    first(1, 2, 3)
    csv(row(1), row(1, "A second one"), row(2), row(3))
    after "b.run"
    assert.equal("r1 record_unchanged 0", list("b.run", REASONS)[1])
    assert.equal(4, #list("b.run", REASONS))
  end)

  it("knows rows without a column of identifiers by their content", function()
    start()
    local function write(...) program.write(at "list.csv", "mms id of title,title\n" .. table.concat({ ... }, "\n") .. "\n") end
    write("a,x", "b,y")
    assert(plan(TITLES[1], TITLES[2], "--records", "list.csv", "-o", "a.run"))
    local db = open("a.run", "write")
    assert(db:run "UPDATE record SET identifier = 'k' || id")
    db:close()
    done("a.run", 1, 2)
    write("b,y", "a,z")
    after "b.run"
    local found = table.concat(list("b.run", REASONS), "; ")
    assert.matches("k1 record_not_come 0; k2 record_unchanged 0", found, 1, true)
  end)

  it("refuses a run that it can't follow", function()
    start()
    first()
    local function refused(words, ...)
      local result = plan(TITLES[1], TITLES[2], "-o", "x.run", ...)
      assert.equal(1, result.status, result.out)
      assert.matches(words, result.err)
      assert.is_nil(core.files.stat(at "x.run"))
    end
    refused("%-%-since: .*none.run", "--since", "none.run")
    refused("the records come from a.run: leave out %-%-since", "--since", "a.run", "--from", "a.run")
    program.write(at "plain.lua", (RECIPE:format "try":gsub("  record_key.-\n", "")))
    assert.is_true(desk.almanac("plan", "./plain.lua", TITLES[1], TITLES[2], "-o", "without.run").status ~= 1)
    refused("without.run holds no records", "--since", "without.run")
    program.write(at "try.lua", RECIPE:format "other")
    refused("was planned with the recipe try", "--since", "a.run")
  end)

  describe("of a repository", function()
    local url

    local function harvest(...)
      url = "oai:" .. desk.alma.url .. "/oai/request"
      local result = plan(TITLES[1], TITLES[2], "--records", url, ...)
      assert.is_true(result.status == 0 or result.status == 2, result.err)
      return result
    end

    local function change(op, id, more)
      local wanted = { op = op, repository = "dspace", id = id }
      for name, value in pairs(more or {}) do wanted[name] = value end
      desk.alma.change(wanted)
    end

    it("asks for what changed, and sees changed, deleted and new ones", function()
      start("--repository", "dspace=20")
      harvest("-o", "a.run")
      done("a.run", 1, 2, 3, 4)
      local names = list("a.run", "SELECT replace(identifier, 'oai:repository.example.edu:', '') AS text FROM record WHERE id <= 4")
      change("change_record", names[1], { title = "Another" })
      change("delete_record", names[2])
      local result = after "b.run"
      assert.matches("1  changed since", result.out)
      assert.matches("1  deleted in its source", result.out)
      assert.matches("of that run: not named as changed", result.out)
      assert.same({ 1, 2 }, list("b.run", "SELECT title_id AS text FROM record WHERE title_id IS NOT NULL ORDER BY 1"))
    end)

    it("tells once that a record is deleted: when that was decided, it is passed over", function()
      start("--repository", "dspace=20")
      harvest("-o", "a.run")
      done("a.run", 1, 2, 3, 4)
      local name = list("a.run", "SELECT replace(identifier, 'oai:repository.example.edu:', '') AS text FROM record WHERE id = 1")[1]
      change("delete_record", name)
      after "b.run"
      do
        local db <close> = open("b.run", "write")
        assert(db:run "UPDATE record SET title_id = 1, reason_code = NULL WHERE id = 1")
        assert(db:run "UPDATE title SET state = 'skip', reason_code = 'decided', reason_data = NULL")
      end
      local result = plan(TITLES[1], TITLES[2], "--since", "b.run", "-o", "c.run")
      assert.same({ "record_unchanged" }, list("c.run", "SELECT reason_code AS text FROM record WHERE id = 1"), result.out)
    end)

    it("that answers nothing one day says nothing of its records", function()
      start("--repository", "dspace=20")
      harvest("-o", "a.run")
      done("a.run", 1, 2, 3, 4)
      desk.alma.change { op = "faults", spec = "GET oai=@1-9:nothing" }
      local result = after("b.run", "--records-from", "1990-01-01")
      assert.matches("Records: 0 read", result.out)
      assert.is_nil(result.out:find("deleted in", 1, true))
      local deleted = "SELECT identifier AS text FROM record WHERE deleted = 1 ORDER BY 1"
    assert.same(list("a.run", deleted), list("b.run", deleted))
    end)

    it("whose records got other identifiers makes those to decide", function()
      start("--repository", "dspace=5")
      harvest("-o", "a.run")
      done("a.run", 1, 2, 3, 4)
      local name = list("a.run", "SELECT replace(identifier, 'oai:repository.example.edu:', '') AS text FROM record WHERE id = 1")[1]
      change("rename_record", name, { to = "99999/1" })
      harvest("--since", "a.run", "-o", "b.run", "--records-from", "1990-01-01")
      local was = list("b.run", "SELECT json_extract(reason_data, '$.was') AS text FROM record WHERE reason_code = 'record_renamed'")
      assert.same({ "oai:repository.example.edu:" .. name }, was)
    end)
  end)
end)
