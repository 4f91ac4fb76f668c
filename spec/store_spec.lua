local core = require "almanac.core"
local store = require "almanac.run.store"

describe("the settings of a run file", function()
  local folder, path

  before_each(function()
    folder = assert(core.files.temp_folder())
    path = folder .. "/a.run"
    assert(store.create(path, { run = "r", recipe = "by-map" })):close()
  end)
  after_each(function() core.files.remove(folder, { tree = true }) end)

  it("are kept, one or several at a time", function()
    local db <close> = assert(store.open(path, "write"))
    assert.is_true(store.set(db, { recipe = "by-name", rate = 20 }))
    assert.same({ run = "r", recipe = "by-name", rate = "20" }, store.meta(db))
  end)

  it("are told of when the disk is full, and nothing is raised", function()
    local db <close> = assert(store.open(path, "write"))
    db:exec "PRAGMA max_page_count=1"     -- SQLite takes the present size for it: the disk is full
    local ok, message, code = store.set(db, { recipe = ("x"):rep(1 << 20) })
    assert.is_nil(ok)
    assert.matches("%a", message)
    assert.equal("io", code)
    assert.equal("by-map", store.meta(db, "recipe"))
  end)
end)
