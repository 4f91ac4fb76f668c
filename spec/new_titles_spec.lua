-- Titles that Alma does not have yet: their name, and the folder of their uploads.
local pages = require "almanac.run.pages"
local program = require "support.program"
local states = require "almanac.run.states"
local store = require "almanac.run.store"
local titles = require "almanac.run.titles"

describe("a title that Alma does not have yet", function()
  local folder, db

  before_each(function()
    folder = program.folder()
    db = assert(store.create(folder .. "/a.run", { run = "R", institution = "01X" }))
  end)
  after_each(function()
    db:close()
    program.remove(folder)
  end)

  local function add(number)
    local _, id = assert(titles.add_new(db, number, "Maps"))
    db:run("INSERT INTO spec(id, kind, spec) VALUES(?, 'create.bib', '{}')", id)
    db:run("INSERT INTO change(title_id, seq, spec_id) VALUES(?1, 1, ?1)", id)
    db:run("INSERT INTO file(id, path, size) VALUES(?1, 'a/' || ?1 || '.jpg', 1)", id)
    db:run("INSERT INTO page(title_id, change, seq, file_id) VALUES(?1, 1, 1, ?1)", id)
    return db:row("SELECT * FROM title WHERE id = ?", id)
  end

  it("has a name in place of an MMS ID, and holds nothing", function()
    local title = add(7)
    assert.is_true(titles.is_new(title))
    assert.is_nil(titles.mms_id(title))
    assert.same({ states.ASK, "[]", "Maps" }, { title.state, title.reading, title.title })
  end)

  it("gets its MMS ID, and its uploads stay in their folder", function()
    local title = add(7)
    local before = pages.of(db, title)[1].upload_key
    assert(titles.settle(db, title.id, "991"))
    title = db:row("SELECT * FROM title WHERE id = ?", title.id)
    assert.same({ false, "991" }, { titles.is_new(title), titles.mms_id(title) })
    assert.equal(before, pages.of(db, title)[1].upload_key)
    assert.equal(title.id, titles.of_folder(db, before:match "/([^/]+)/[^/]+$").id)
    assert.equal(title.id, titles.with_id(db, "991"))
  end)
end)
