-- What the encoders write has no problem that the record did not have; and the foreign records
-- that failed before.
local check = require "almanac.marc.check"
local made = require "support.marc_made"
local marc = require "almanac.marc"
local new = require "support.marc_record"

local ODD = { subfields = true, marks = true }

local function kinds_of(record)
  local list = {}
  for i, problem in ipairs(check.record(record)) do list[i] = problem.kind .. " " .. problem.where end
  return list
end

local function again(record, format)
  local reader <close> = assert(marc.parse(assert(marc.document({ record }, format)), { format = format }))
  return assert(reader:next())
end

-- Lines don't tell a $ in the text from a subfield.
local function formats_for(kind)
  local formats = {}
  for _, format in ipairs(marc.formats()) do
    if kind ~= "marks" or format ~= "line" then formats[#formats + 1] = format end
  end
  return formats
end

describe("what is written", function()
  for _, kind in ipairs(made.kinds) do
    it("is as right as what was read: " .. kind, function()
      for n = 1, 3 do
        local record = new(made.record(kind, n))
        for _, format in ipairs(formats_for(kind)) do
          local written = again(record, format)
          assert.same(kinds_of(record), kinds_of(written), format)
          if not ODD[kind] then assert.same({}, kinds_of(written), format) end
        end
      end
    end)
  end
end)

-- File, and what is among the kinds found in it.
local CASES = {
  ["control-characters.mrc"] = { "control-character 500$a", "odd-code 651" },
  ["control-field-with-subfields.mrc"] = { "control-field 005", "control-field 007" },
  ["delimiter-in-text-cjk.mrc"] = { "odd-code 520" },
  ["utf8-says-marc8.mrc"] = { "charset leader/09" },
  ["datafield-005.xml"] = { "control-field 005", "data-field 650" },
}

describe("foreign records", function()
  for name, expected in pairs(CASES) do
    it("have what is wrong in " .. name, function()
      local path = "../shared/cases/marc/" .. name
      local file = io.open(path)
      if not file then return pending(path .. " is not here") end
      file:close()
      local found = {}
      for record in marc.records(path) do
        for _, one in ipairs(kinds_of(record)) do found[one] = true end
      end
      for _, one in ipairs(expected) do assert.is_true(found[one], one) end
    end)
  end
end)
