-- The reference of records names what is there, and all of it.
local dc = require "almanac.dc"
local marc = require "almanac.marc"

local REFERENCE = "lua/almanac/marc/README.md"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local text = read(REFERENCE)

local function check(prefix, names)
  for _, name in ipairs(names) do assert.truthy(text:find(prefix .. name, 1, true), prefix .. name) end
end

local function keys(of)
  local list = {}
  for name in pairs(of) do list[#list + 1] = name end
  return list
end

local record = marc.record { { "245", "10", "a", "x" } }
local book = dc.record { format = "mods", { "title", "x" } }

describe("the reference of records", function()
  it("names every function of almanac.marc and every method of a record", function()
    check("marc.", keys(marc))
    check("record:", keys(getmetatable(record).__index))
    check("record:", keys(getmetatable(book).__index))
  end)

  it("names nothing that is not there", function()
    local things = { marc = marc, dc = dc }
    for owner, name in text:gmatch "(%l+)%.(%l+)[ (]" do
      if things[owner] then assert.is_function(things[owner][name], owner .. "." .. name) end
    end
    local of_record = getmetatable(record).__index
    for name in text:gmatch "record:([%l_]+)" do
      assert.truthy(of_record[name] or getmetatable(book).__index[name], "record:" .. name)
    end
    local field = record:field()
    for name in text:gmatch "[^%a]field:([%l_]+)" do assert.is_function(field[name], "field:" .. name) end
    for name in text:gmatch "subfield:([%l_]+)" do assert.is_function(field.subfields[1][name], "subfield:" .. name) end
  end)
end)
