-- The maps of the house name what is there, and draw what lint allows.
local program = require "support.program"
local rooms = require "support.rooms"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function folders(path)
  local pipe <close> = assert(io.popen(("find %s -mindepth 1 -type d -printf '%%P\n'"):format(path)))
  local list = {}
  for name in pipe:lines() do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- What stands in backquotes and looks like a path.
local function paths_of(text)
  local list = {}
  for quoted in text:gmatch "`([%w_/.]+)`" do
    if quoted:find "%.[ch]$" or quoted:find "%.lua$" or quoted:find "/" then list[#list + 1] = quoted end
  end
  return list
end

describe("maps:", function()
  for _, map in ipairs { { "core", "core/README.md" }, { "lua/almanac", "lua/almanac/README.md" } } do
    local root, path = map[1], map[2]

    it(path .. " names only what is there", function()
      local paths = paths_of(program.read(path))
      assert.is_true(#paths > 20)
      for _, name in ipairs(paths) do
        local is_pattern = name:find "NAME" or name:find "AREA" or name:find "ROOM"
        local found = exists(("%s/%s"):format(root, name)) or exists(name) or exists(("%s/recipe/%s"):format(root, name))
        assert.is_true(is_pattern ~= nil or found, ("%s: %s is not there"):format(path, name))
      end
    end)
  end

  it("every room of core is on its map", function()
    local text = program.read "core/README.md"
    for _, name in ipairs(folders "core") do assert.matches("%f[%w]" .. name .. "/", text) end
  end)

  it("every room of the library has its row in what lint allows, and is on its map", function()
    local text = program.read "lua/almanac/README.md"
    for _, name in ipairs(folders "lua/almanac") do
      local room = rooms.of_module((name:gsub("/", ".") .. ".x"))
      assert.is_not.equal("base", room, name)
      assert.matches(("%%f[%%w]%s/"):format(room:match "[^.]+$"), text)
    end
  end)
end)
