local key = require "almanac.recipe.key"
local objects = require "almanac.recipe.objects"

local NFD, NFC = "Cafe\u{301}", "Caf\u{E9}"

describe("key", function()
  it("stem ignores folders, case, accent form and the last extension", function()
    assert.equal("grinnell_16037_obj", key.stem "grinnell_16037_OBJ.jpg")
    assert.equal("grinnell_16037_obj", key.stem "a/b.c/Grinnell_16037_OBJ.TIFF")
    assert.equal(key.stem(NFC .. ".tif"), key.stem(NFD .. ".jpg"))
    assert.equal("grinnell_12205_obj.mp3", key.stem "grinnell_12205_OBJ.mp3.clientThumb")
    assert.equal("75nb26737_side085", key.stem "75nb26737_side085")
  end)

  it("stem keeps what only looks like an extension", function()
    assert.equal("hir1910.02.13", key.stem "hir1910.02.13")
    assert.equal("vol. 3", key.stem "vol. 3")
  end)

  it("exact_stem, nfc and fold change only what they say", function()
    assert.equal("Grinnell_1_OBJ", key.exact_stem "x/Grinnell_1_OBJ.jpg")
    assert.equal(NFD, key.exact_stem(NFD .. ".jpg"))
    assert.equal(NFC, key.nfc(NFD))
    assert.equal("strasse", key.fold "STRA\u{DF}E")
  end)

  it("digits takes whole groups, from either end, not those of the extension", function()
    assert.equal("16037", key.digits "grinnell_16037_OBJ2.tif")
    assert.equal("2", key.digits("grinnell_16037_OBJ2.tif", -1))
    assert.equal("2", key.digits("grinnell_16037_OBJ2.jp2", 2))
    assert.equal("0001", key.digits("lib_ms108-2_build0001.tif", -1))
    assert.equal("108", key.digits("lib_ms108-2_build0001.tif", -3))
    assert.is_nil(key.digits("lib_ms108-2_build0001.tif", 4))
    assert.is_nil(key.digits("lib_ms108-2_build0001.tif", -4))
    assert.is_nil(key.digits "none.tif")
  end)

  it("part counts from either end", function()
    assert.equal("MS-2-744", key.part("MS-2-744_20_30_001.tif", 1))
    assert.equal("001", key.part("MS-2-744_20_30_001.tif", -1))
    assert.equal("2", key.part("MS-2-744_20_30_001.tif", 2, "-"))
    assert.equal("", key.part("a__b.tif", 2))
    assert.is_nil(key.part("a_b.tif", 3))
    assert.equal("b", key.part("a.b.c.tif", 2, "."))
  end)

  it("after and before take off what is there", function()
    assert.equal("16037", key.after("grinnell:16037", "grinnell:"))
    assert.is_nil(key.after("other:16037", "grinnell:"))
    assert.equal("page1", key.before("page1_recto", "_recto"))
    assert.is_nil(key.before("page1", "_recto"))
  end)

  it("mms_id finds the id in a name or folder", function()
    assert.equal("990012345678904146", key.mms_id "990012345678904146/image001.tif")
    assert.equal("9912345678", key.mms_id "scan 2 of 9912345678.pdf")
    assert.is_nil(key.mms_id "1990012345678904146.tif")
    assert.is_nil(key.mms_id "99_12.tif")
  end)

  it("says what is wrong with what it is given", function()
    assert.has_error(function() key.stem(nil) end, "key.stem: text expected, got nil")
    assert.has_error(function() key.digits("a", 0) end, "key.digits: the place is a whole number: 1 is the first, -1 the last")
    assert.has_error(function() key.part("a", 1, "") end, "key.part: the separator is empty")
  end)
end)

describe("a file object", function()
  it("has its parts, the extension in one spelling", function()
    assert.same({ name = "A.JPEG", stem = "A", ext = "jpg", path = "x/y/A.JPEG", folder = "x/y", size = 5 },
      objects.file("x/y/A.JPEG", 5))
    assert.same({ "tif", "tif", "jpg", "", "pdf" }, { objects.file("a.tiff").ext, objects.file("a.TIF").ext,
      objects.file("a.Jpg").ext, objects.file("a").ext, objects.file("a.tif.pdf").ext })
    assert.equal("", objects.file("a.jpg").folder)
  end)
end)
