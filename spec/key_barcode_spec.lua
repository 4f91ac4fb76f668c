local key = require "almanac.recipe.inside.key"
local objects = require "almanac.recipe.inside.objects"

local function barcodes(how, ...)
  local items = {}
  for i, code in ipairs { ... } do items[i] = { barcode = code } end
  return key.barcodes(objects.title("991", "T", { representations = {}, items = items }), how)
end

describe("key.barcode", function()
  it("is 14 digits whose last one checks the others", function()
    assert.equal("32101108168939", key.barcode "scans/32101108168939_0001.tif")
    assert.equal("32101108168939", key.barcode "32101108168938/32101108168939.tif")
    assert.is_nil(key.barcode "32101108168938.tif")
    assert.is_nil(key.barcode "132101108168939.tif")
    assert.is_nil(key.barcode "42101108168938.tif")
    assert.is_nil(key.barcode "12345.tif")
  end)

  it("has another length and check digit when told so", function()
    for _, case in ipairs {
      { "0012345674.jpg", { length = 10 }, "0012345674" },
      { "x_0012345675.jpg", { length = 10 }, nil },
      { "4006381333931_1.jpg", { length = 13, check = "ean" }, "4006381333931" },
      { "4006381333932_1.jpg", { length = 13, check = "ean" }, nil },
      { "96385074.jpg", { check = "ean" }, "96385074" },                           -- EAN-8
      { "0306406152.jpg", { length = 10, check = "mod11" }, "0306406152" },        -- an ISBN
      { "007462542X_2.jpg", { length = 10, check = "mod11" }, "007462542X" },
      { "0378595x.pdf", { length = 8, check = "mod11" }, nil },
      { "2434561x.pdf", { length = 8, check = "mod11" }, "2434561X" },             -- an ISSN
      { "bib12347.jpg", { check = "mod43" }, "BIB12347" },
      { "bib12348.jpg", { check = "mod43" }, nil },
      { "wikipedia_1.jpg", { length = 9, check = "mod43" }, nil },
      { "BM1234567.mp3", { letters = true }, "BM1234567" },
      { "bm1234567_0001.pdf", { letters = true }, "BM1234567" },
      { "123456_12.jpg", { length = 6, check = "none" }, "123456" },
    } do
      assert.equal(case[3], (key.barcode(case[1], case[2])), case[1])
    end
  end)

  it("takes code 39's signs that are neither letter nor digit", function()
    local how = { length = 4, check = "mod43" }
    for _, code in ipairs { "Z10-", "Z11.", "Z40$", "Z60+", "Z70%" } do
      assert.equal(code, (key.barcode(code:lower() .. "_2.jpg", how)), code)
      assert.is_nil(key.barcode(code:gsub("^Z", "Y") .. "_2.jpg", how))
    end
  end)

  it("gives back zeros that were cut off in front, of the longest group alone", function()
    local how = { length = 10, pad = true }
    assert.same({ "0012345674", "12345674" }, { key.barcode("12345674_2.jpg", how) })
    assert.same({ "0012345674", "0012345674" }, { key.barcode("18_0012345674.jpg", how) })
    assert.is_nil(key.barcode("12345675_18.jpg", how))     -- 18 would check
    assert.is_nil(key.barcode("0012345675_18.jpg", how))
    assert.is_nil(key.barcode("0.jpg", how))
    assert.is_nil(key.barcode("cover.jpg", how))
  end)

  it("takes whole groups only, whatever the check", function()
    for _, check in ipairs { "luhn", "ean", "none" } do
      assert.is_nil(key.barcode("a00123456740.jpg", { length = 10, check = check }), check)
      assert.is_nil(key.barcode("12345_67.jpg", { length = 6, check = check }), check)
    end
  end)

  it("says what is wrong with its options", function()
    for message, how in pairs {
      ["there is no option 'lenght'; there are check, length, letters, pad"] = { lenght = 10 },
      ["there is no check 'lun'; there are luhn, ean, mod11, mod43, none"] = { check = "lun" },
      ["length is a whole number"] = { length = "10" },
      ["length is from 1 to 100"] = { length = 0 },
      ["pad is true or false"] = { pad = 3, length = 10 },
      ["pad needs length: how many signs a whole barcode has"] = { pad = true },
      ["check 'ean' is one of digits, without letters"] = { letters = true, check = "ean" },
    } do
      assert.has_error(function() key.barcode("1.jpg", how) end, "key.barcode: " .. message)
    end
    assert.has_error(function() key.barcode "1" (nil) end)
    assert.has_error(function() key.barcode(nil) end, "key.barcode: text expected, got nil")
    assert.has_error(function() key.barcode("1", 10) end, "key.barcode: options expected, e.g. { length = 10, pad = true }")
  end)
end)

describe("key.barcodes", function()
  it("gives the items' barcodes in the form that files have", function()
    assert.same({ "32101108168939" }, barcodes(nil, "32101108168939", "3 2101 10816 8939"))
    assert.same({ "0012345674" }, barcodes({ length = 10, pad = true }, "12345674", "0012345674", "12 345 674"))
    assert.same({ "007462542X" }, barcodes({ length = 10, check = "mod11" }, "007462542x"))
    assert.same({ "BM1234567" }, barcodes({ letters = true }, "bm1234567"))
  end)

  it("leaves one of another kind as it is", function()
    assert.same({ "C12345674", "0012345675" }, barcodes({ length = 10, pad = true }, "C12345674", "0012345675"))
    assert.same({ "B-1" }, barcodes(nil, "B-1"))
  end)
end)
