-- The reference of the library is what the comments in the code say.
local core = require "almanac.core"
local reference = require "support.reference"

describe("the reference of the library", function()
  local text, bare = reference.make()
  local page = assert(core.files.read(reference.PATH, 1 << 24))

  it("is what `make reference` makes of the comments", function()
    assert.is_true(text == page, "the page is behind the code: run `make reference`")
  end)

  it("has words for every function", function()
    assert.same({}, bare)
  end)

  it("leads to every part that its contents name", function()
    local parts = {}
    for title in page:gmatch "\n##+ ([^\n]+)" do parts[title:lower():gsub("[^%w_ %-]", ""):gsub(" ", "-")] = true end
    local links = 0
    for anchor in page:gmatch "%]%(#([^)]+)%)" do
      assert.is_true(parts[anchor], anchor)
      links = links + 1
    end
    assert.is_true(links > 20)
    for path in page:gmatch "%]%(([%w/._-]+)%)" do assert.truthy(core.files.stat("lua/almanac/" .. path), path) end
  end)

  it("tells of each call by name, what it needs and that it takes a body", function()
    for _, line in ipairs {
      "| `get_job` | GET /conf/jobs/{job_id} |  |",
      "| `get_bib` | GET /bibs/{mms_id} | view expand |",
      "| `create_holding` xml | POST /bibs/{mms_id}/holdings |  |",
      "| `act_on_set` * | POST /conf/sets/{set_id} | id_type op! fail_on_invalid_id |",
      "| `get_item_by_barcode` | GET /items | item_barcode! |",
    } do
      assert.truthy(page:find(line, 1, true), line)
    end
  end)

  it("says of a function what it takes, gives, and how it fails", function()
    local part = page:match "%*%*`sets.members%b()`%*%*.-\n%*%*`"
    assert.truthy(part)
    for _, words in ipairs { "- `set_id: string`", "Gives `", "or `nil, message, " } do
      assert.truthy(part:find(words, 1, true), part)
    end
  end)
end)
