-- Which files the bucket does not take is known before anything is sent.
local core = require "almanac.core"
local s3 = require "almanac.s3"
local store = require "almanac.run.store"
local uploads = require "almanac.run.uploads"
local desk = require "support.desk"

-- Alma's form with a policy of these conditions besides.
local function form(...)
  local conditions = { { "starts-with", "$key", "01UNI_INST/upload/" }, ... }
  local policy = require("almanac.json").encode { expiration = "2099-01-01T00:00:00Z", conditions = conditions }
  return assert(s3.form { ingest = { bucket = "b", ingest_url = "http://127.0.0.1:1/b",
    ingest_form = { policy = core.text.base64(policy) } } })
end

describe("uploads", function()
  local at = desk.each(before_each, after_each)

  local function run_file()
    at.start { { "a", "b" }, { "c" } }
    local result = at.plan()
    assert.is_true(result.status ~= 1, result.err)
    return assert(store.open(at.folder .. "/a.run", "write"))
  end

  it("are counted that the form does not take, with the reason of the first", function()
    local db <close> = run_file()
    db:run "UPDATE file SET size = 100"
    db:run "UPDATE title SET state = 'ready'"
    assert.same({ 0 }, { uploads.refused(db, form()) })
    local n, first = uploads.refused(db, form { "content-length-range", 1, 99 })
    assert.equal(db:value "SELECT count(*) FROM page", n)
    assert.matches("%.jpg has 100 bytes; Alma's upload form takes 1 to 99$", first)
    n, first = uploads.refused(db, form { "eq", "$Content-Type", "image/tiff" })
    assert.equal(db:value "SELECT count(*) FROM page", n)
    assert.matches("is image/jpeg, but content%-type must be 'image/tiff'", first)
    assert.same({ 0 }, { uploads.refused(db, form { "starts-with", "$Content-Type", "image/" }) })
    db:run "UPDATE title SET state = 'attached'"
    assert.same({ 0 }, { uploads.refused(db, form { "content-length-range", 1, 99 }) })
    assert.is_false(uploads.planned(db))
  end)

  it("become a problem of the file in a plan", function()
    local db <close> = run_file()
    db:run "UPDATE file SET size = 100 + id"
    uploads.mark(db, form { "content-length-range", 1, 101 })
    assert.equal(1, db:value "SELECT count(*) FROM file WHERE problem IS NULL")
    assert.equal(2, db:value "SELECT count(*) FROM file WHERE problem LIKE 'has 10_ bytes; Alma''s upload form takes 1 to 101;%'")
    uploads.mark(db, form { "eq", "$Content-Type", "image/tiff" })
    assert.equal(0, db:value "SELECT count(*) FROM file WHERE problem IS NULL")
  end)
end)
