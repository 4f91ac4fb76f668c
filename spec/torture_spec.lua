-- A short torture; `make torture` is the long one. And the harness itself: it
-- has to see what goes wrong without reconciling.
local check = require "torture.check"
local round = require "torture.round"
local undisturbed = require "torture.undisturbed"
local wanted = require "torture.wanted"

-- What happens to which kind of change.
local ROUNDS = {
  { "add", "all" }, { "add", "rivals" }, { "replace", "both" }, { "file", "commits" }, { "relabel", "kills" },
  { "delfile", "bucket" }, { "delrep", "both" }, { "collect", "restarts" }, { "request", "both" },
  { "add", "twins" }, { "file", "twins" }, { "delrep", "twins" },
  { "add", "filled" }, { "delfile", "undo" }, { "rights", "copies" }, { "rights", "hostile" },
  { "add", "scripts" }, { "record", "both" }, { "create", "both" },
}

-- A round in which the client does not see what its own lost writes made, or
-- does not know what it began: what the check says then. On a busy machine a
-- kill may miss its moment, so that the seeds behind this one have their turn.
local BLIND = {
  { "add", "lost", "looks", 8, "asks without a rival" },
  { "file", "lost", "looks", 8, "asks what was decided" },
  { "relabel", "commits", "intents", 8, "asks without a rival: since the plan the label" },
  { "delfile", "lost", "looks", 11, "undo ends with 2" },
  { "delrep", "commits", "intents", 11, "duplicate file book1_%d+.jpg" },
  { "collect", "commits", "intents", 14, "bib %d+ changed: in collections" },
  { "add", "scripts", "looks", 9, "%d titles, and %d were to be made" },
}

describe("torture", function()
  local function violations(change, kind, seed, options)
    local given = { kind = kind, change = change, seed = seed, titles = 2, quick = true }
    for name, value in pairs(options or {}) do given[name] = value end
    return round.run(given).violations
  end

  for _, one in ipairs(ROUNDS) do
    it(("finds everything exactly once, and undone: %s, %s"):format(one[1], one[2]), function()
      assert.same({}, violations(one[1], one[2], 41))
    end)
  end

  for _, one in ipairs(BLIND) do
    it(("sees what goes wrong without reconciling: %s, blind to %s"):format(one[1], one[3]), function()
      local seen
      for seed = one[4], one[4] + 9 do
        seen = table.concat(violations(one[1], one[2], seed, { blind = one[3], titles = 1 }), "\n")
        if seen:find(one[5]) then break end
      end
      assert.matches(one[5], seen)
    end)
  end
end)

describe("the check after a round", function()
  local before, after, want, report
  local sums = { ["1"] = "m" }

  local function bib(id) return { mms_id = id, title = "A", collections = { "8" } } end
  local function rep(id, by, files)
    return { id = id, mms_id = "991", usage_type = id == "121" and "PRESERVATION_MASTER" or "DERIVATIVE_COPY", library = "MAIN",
      label = id == "121" and "Master" or "JPG", public_note = "", active = true, remote = false, created_by = by,
      modified_by = by == "exl_api" and "API, key" or by, files = files }
  end
  local function file(pid, name, size, sha256)
    return { pid = pid, name = name, label = name, path = "storage/" .. pid .. name, size = size, sha256 = sha256 }
  end
  local PAGES = { { name = "a_1.jpg", size = 3, sha256 = "x" }, { name = "a_2.jpg", size = 4, sha256 = "y" } }

  before_each(function()
    local function state(...)
      return { bibs = { bib "991" }, representations = { rep("121", "System", { file("1", "a.tif", 9) }), ... }, objects = {},
        uploads = {} }
    end
    before = state()
    after = state(rep("129", "exl_api", { file("2", "a_1.jpg", 3, "x"), file("3", "a_2.jpg", 4, "y") }))
    want = wanted.of(before, sums)
    want:make({ mms_id = "991", label = "JPG", usage_type = "DERIVATIVE_COPY", library = "MAIN" }, PAGES)
    report = { rows = { { mms_id = "991", state = "attached", files = {
      { pid = "2", name = "a_1.jpg", size = 3, sha256 = "x" }, { pid = "3", name = "a_2.jpg", size = 4, sha256 = "y" } } } } }
  end)

  local function found() return table.concat(check.state(before, want, after, { objects = true }), "\n") end
  local function said(options)
    return table.concat((check.report(before, after, report, { { mms_id = "991" } }, options)), "\n")
  end

  it("is content with what was planned", function()
    assert.equal("", found())
    assert.equal("", said())
  end)

  local cases = {
    { "a changed bib", function() after.bibs[1].title = "B" end, "bib 991 changed" },
    { "a representation of others that changed", function() after.representations[1].label = "B" end,
      "label of representation 121 is 'B', wanted 'Master'" },
    { "a representation changed by somebody else", function() after.representations[2].modified_by = "Z" end, "modified_by of" },
    { "a missing representation", function() table.remove(after.representations, 1) end, "'Master' %(121%) is missing" },
    { "a second representation", function() table.insert(after.representations, rep("130", "exl_api", {})) end,
      "duplicate representation: 130" },
    { "a missing file", function() table.remove(after.representations[2].files) end, "missing: page 2, a_2.jpg" },
    { "a duplicate file", function() table.insert(after.representations[2].files, file("4", "a_1.jpg", 3, "x")) end,
      "duplicate file a_1.jpg" },
    { "files in another order", function()
      local files = after.representations[2].files
      files[1], files[2] = files[2], files[1]
    end, "misordered: page 1 is a_2.jpg" },
    { "a file with other bytes", function() after.representations[2].files[1].sha256 = "z" end, "the bytes of a_1.jpg are others" },
    { "a file that is another one", function() after.representations[1].files[1].pid = "7" end, "misordered: page 1 is a.tif" },
    { "what undo left", function()
      want = wanted.of(before, sums)
      after.objects[1] = { key = "I/upload/a.jpg" }
    end, "129 'JPG' was not wanted.*left in the upload folder: I/upload/a.jpg" },
    { "what was to be deleted", function() want:remove("991", "PRESERVATION_MASTER") end, "121 %('Master'%) is still there" },
  }
  for _, case in ipairs(cases) do
    it("sees " .. case[1], function()
      case[2]()
      assert.matches(case[3], found())
    end)
  end

  it("sees a report that says something else", function()
    report.rows[1].files[2].pid = "9"
    assert.matches("the report has file 2, a_2.jpg, as 9", said())
  end)

  it("sees a title that asks although nobody else was at work", function()
    report.rows[1].state, report.rows[1].reason = "ask", "why"
    assert.matches("asks without a rival", said())
  end)

  it("sees a title that asks again what was decided", function()
    report.rows[1].state = "ask"
    assert.matches("asks what was decided", said { decided = true })
  end)

  it("sees a copy that is missing, and one that is another", function()
    want:remove("991", "PRESERVATION_MASTER")
    assert.matches("the copy of a.tif is missing", table.concat(check.copies(before, want, sums, function() end), "\n"))
    assert.matches("the copy of a.tif is another", table.concat(check.copies(before, want, sums, function() return "z" end), "\n"))
    assert.same({}, check.copies(before, want, sums, function() return "m" end))
  end)
end)

describe("a state without what a fate did", function()
  local function state(rep, merged)
    return { bibs = { { mms_id = rep.mms_id } }, representations = { rep }, merged = merged }
  end

  it("has merged titles under their first MMS ID", function()
    local after = state({ mms_id = "993", files = {} }, { { from = "991", into = "992" }, { from = "992", into = "993" } })
    assert.same({ ["991"] = true }, undisturbed.merged(after))
    undisturbed.of(after)
    assert.same({ "991", "991" }, { after.bibs[1].mms_id, after.representations[1].mms_id })
  end)

  it("has labels and names as they were sent, however often they were changed", function()
    local rep = { mms_id = "991", label = "JPG [Alma] [Alma]", files = { { label = "a.jpg [Alma]", name = "a_1.jpg" },
      { label = "a_11.jpg", name = "a_11.jpg" } } }
    undisturbed.of(state(rep))
    assert.same({ mms_id = "991", label = "JPG", files = { { label = "a.jpg", name = "a.jpg" },
      { label = "a_11.jpg", name = "a_11.jpg" } } }, rep)
  end)

  it("can be looked at without some titles", function()
    local before = state({ mms_id = "991", files = {} })
    assert.same({ {}, {} }, { undisturbed.without(before, { ["991"] = true }).bibs,
      undisturbed.without(before, { ["991"] = true }).representations })
    assert.equal(1, #undisturbed.without(before).bibs)
    assert.equal(1, #before.bibs)
  end)

  it("tells titles that were left with other files than they had", function()
    local function with(...)
      local files = {}
      for i, name in ipairs { ... } do files[i] = { name = name } end
      return state { mms_id = "991", files = files }
    end
    assert.same({}, check.names(with("a", "b"), with("b", "a"), { ["991"] = true }))
    assert.same({ "991: has a b b, had a b" }, check.names(with("a", "b"), with("b", "a", "b"), { ["991"] = true }))
    assert.same({}, check.names(with "a", with "b", {}))
  end)
end)
