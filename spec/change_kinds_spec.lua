-- Every kind of change stands in one list: what is done for it, the reference,
-- editors, luacheck and the torture are held to that list, place by place.
local change_kinds = require "almanac.change_kinds"
local consequences = require "almanac.run.consequences"
local program = require "support.program"

-- What a field holds, for editors.
local TYPES = { text = "string", boolean = "boolean", rep = "recipe.representation", held = "recipe.held", file = "recipe.file",
  files = "recipe.file[]", links = "string[]", metadata = "recipe.metadata",
  record = "recipe.record|recipe.source_record|table", set = "table<string, string>", fields = "table",
  paths = "string[]" }

-- What the module of a kind has to have.
local FUNCTIONS = { "settle", "begun", "expect", "carry_out", "check", "look", "describe" }

local RECORD = "<record><leader>00000nam a2200000   4500</leader></record>"

local function sorted(list)
  table.sort(list)
  return table.concat(list, ", ")
end

local function reads(path) return program.read(path) end

local place = {}    -- each gives what is missing there of a kind, or nil

place["lua/almanac/apply/kinds"] = function(name, kind)
  local file = name:gsub("%.", "_")
  local path = ("lua/almanac/apply/kinds/%s.lua"):format(file)
  if not package.searchpath("almanac.apply.kinds." .. file, package.path) then return "no " .. path end
  local needed, module = { table.unpack(FUNCTIONS) }, require("almanac.apply.kinds." .. file)
  if kind.deletes then needed[#needed + 1] = "restore" end
  if not kind.deletes or kind.effects[2] then needed[#needed + 1] = "take_back" end
  for _, wanted in ipairs(needed) do
    if type(module[wanted]) ~= "function" then return ("%s has no %s"):format(path, wanted) end
  end
end

-- The fields that PART stands for in the reference.
local function add_part(list)
  local known = {}
  for field in reads("recipes/README.md"):match("PART stands for(.-)\n#"):gmatch "`([%l_]+)=`" do
    if not known[field] then list[#list + 1] = field end
    known[field] = true
  end
end

place["recipes/README.md, Changes"] = function(name, kind)
  local fields, told = {}, {}
  for field in pairs(kind.fields) do fields[#fields + 1] = field end
  local given = reads("recipes/README.md"):match("`" .. name:gsub("%.", "%%.") .. " {(.-)}`")
  if not given then return "is not there" end
  for field in given:gmatch "([%l_]+)=" do told[#told + 1] = field end
  if given:find "PART" then add_part(told) end
  if sorted(fields) ~= sorted(told) then return "has other fields: " .. sorted(told) end
end

place["lua/almanac/recipe_changes.d.lua"] = function(name, kind)
  local fields, told = {}, {}
  for field, text in pairs(kind.fields) do
    local what, needed = text:match "%a+", text:find("!", 1, true)
    fields[#fields + 1] = ("%s: %s%s"):format(field, TYPES[what], needed and "" or "?")
  end
  local given = reads("lua/almanac/recipe_changes.d.lua"):match("\n%-%-%-@param given { ([^\n]-) }\n%-%-%-@return recipe%.change\nfunction "
    .. name:gsub("%.", "%%.") .. "%(given%) end\n")
  if not given then return "is not there" end
  for field in (given .. ", "):gmatch "(.-), " do told[#told + 1] = field end
  if sorted(fields) ~= sorted(told) then return "has other fields: " .. sorted(told) end
end

place[".luacheckrc"] = function(name)
  local config = { stds = {}, files = {} }
  assert(loadfile(".luacheckrc", "t", config))()
  local group, own = name:match "^(%a+)%.(.+)$"
  for _, global in ipairs(own and {} or config.stds.recipe.read_globals) do
    if global == name then return nil end
  end
  for _, field in ipairs((config.stds.recipe.read_globals[group] or {}).fields or {}) do
    if field == own then return nil end
  end
  return "is not there"
end

place["words of summaries in lua/almanac/change_kinds.lua"] = function(_, kind)
  local is_told = kind.makes or kind.deletes and not kind.effects[2]      -- as a new representation, or as a deletion
  if not is_told and not (kind.done and kind.done[2]) then return "no `done`" end
  if kind.spares and not (kind.spared and kind.spared[2]) then return "no `spared`" end
end

-- A place of several files is named by the first.
for path, more in pairs { ["spec/kinds_spec.lua"] = "spec/kinds_*_spec.lua",
  ["spec/torture/changes.lua"] = "spec/torture/changes_*.lua" } do
  place[path] = function(name)
    local pipe <close> = assert(io.popen(("cat %s $(ls %s 2>/dev/null)"):format(path, more)))
    if not pipe:read("a"):find(name .. " {", 1, true) then return "does not try it" end
  end
end

-- What is missing of these kinds, as "place: kind: what".
local function missing(kinds)
  local list = {}
  for name, kind in pairs(kinds) do
    for where, look in pairs(place) do
      local words = look(name, kind)
      if words then list[#list + 1] = ("%s: %s: %s"):format(where, name, words) end
    end
  end
  table.sort(list)
  return list
end

describe("the list of kinds of change", function()
  it("has everything that each place has, and each place has everything of it", function()
    assert.same({}, missing(change_kinds.kinds))
  end)

  it("names every place that a new kind is missing in", function()
    assert.same({
      ".luacheckrc: add.note: is not there",
      "lua/almanac/apply/kinds: add.note: no lua/almanac/apply/kinds/add_note.lua",
      "lua/almanac/recipe_changes.d.lua: add.note: is not there",
      "recipes/README.md, Changes: add.note: is not there",
      "spec/kinds_spec.lua: add.note: does not try it",
      "spec/torture/changes.lua: add.note: does not try it",
      "words of summaries in lua/almanac/change_kinds.lua: add.note: no `done`",
    }, missing { ["add.note"] = { effects = { "add" }, fields = { text = "text!" } } })
  end)

  it("names a kind whose fields are others elsewhere", function()
    local list = missing { ["delete.file"] = { effects = { "delete" }, deletes = "file", fields = { file = "held!", now = "boolean" } } }
    assert.same({ "lua/almanac/recipe_changes.d.lua: delete.file: has other fields: file: recipe.held",
      "recipes/README.md, Changes: delete.file: has other fields: file" }, list)
  end)

  it("is the only place where a module knows a kind by name, but for a kind's own", function()
    local pipe <close> = assert(io.popen "find lua/almanac -name '*.lua' -not -name '*.d.lua'")
    for path in pipe:lines() do
      local text = reads(path)
      for _, name in ipairs(change_kinds.names) do
        local is_own = path == "lua/almanac/change_kinds.lua" or path:find("/kinds/" .. name:gsub("%.", "_") .. ".lua", 1, true) ~= nil
        local named = text:find("[\"']" .. name:gsub("%.", "%%.") .. "[\"']")
        assert.is_true(is_own or not named, path .. " knows " .. name)
      end
    end
  end)

  it("tells of everything that is deleted or set", function()
    local function told(name, change)
      change.kind, change.representation, change.pid = name, "12", "13"
      change.files, change.set = { { name = "a.jpg" } }, { { "245$a", "New" } }
      local found = {}
      for _, one in ipairs(consequences.of({ record = RECORD, representations = { { id = "12", usage_type = "MODIFIED_MASTER", label = "x",
          files = { { pid = "13", name = "a.tif" } } } } }, { change })) do
        found[one.what] = one.of or one.field or one.to or true
      end
      return found
    end
    for _, name in ipairs(change_kinds.names) do
      local kind = change_kinds.kinds[name]
      local found = told(name, { usage_type = "DERIVATIVE_COPY" })
      assert.equal(kind.deletes, found.delete, name)
      assert.equal(kind.sets and "usage_type", found.set, name)
      assert.equal(kind.makes == "title", found.create ~= nil, name)
      assert.equal(kind.edits ~= nil, found.record ~= nil, name)
      assert.equal(kind.deletes and kind.fields.with and "jpg", found.type, name)
      if kind.spares then assert.same({}, told(name, { [kind.spares] = true }), name) end
    end
  end)
end)
