-- Key helpers for real naming conventions.
local key = require "almanac.recipe.inside.key"

describe("key", function()
  it("leaves out folders and every extension", function()
    assert.equal("grinnell_12205_obj", key.bare "a/grinnell_12205_OBJ.mp3.clientThumb.jpg")
    assert.equal("1872.05.03", key.bare "1872.05.03.tif")
    assert.equal("plain", key.bare "plain")
  end)

  it("names a folder of the path, from either end", function()
    assert.equal("C0744_c002", key.folder "C0744/C0744_c002/00000001.tif")
    assert.equal("C0744", key.folder("C0744/C0744_c002/00000001.tif", 1))
    assert.is_nil(key.folder "00000001.tif")
    assert.is_nil(key.folder("a/b.tif", 2))
  end)

  it("takes parts together, from either end", function()
    assert.equal("u0001_2009170_0000001", key.parts("u0001_2009170_0000001_0001.tif", -1))
    assert.equal("MS-2-744_20_30", key.parts("MS-2-744_20_30_001.tif", 3))
    assert.equal("MS-3-46_54_13_3", key.parts("x/MS-3-46_54_13_3_001.tif", -1))
    assert.is_nil(key.parts("one.tif", 2))
    assert.is_nil(key.parts("one.tif", -1))
    assert.equal("a.b", key.parts("a.b.c.jpg", 2, "."))
    assert.has_error(function() key.parts("a", 1, "") end, "key.parts: the separator is empty")
  end)

  it("puts text around a number", function()
    assert.equal("990095883950203941", key.around("99", "009588395", "0203941"))
    assert.is_nil(key.around("99", nil, "0203941"))
  end)

  it("gives what stands behind a part", function()
    assert.equal("_1", key.behind("ocn123_1", "123"))
    assert.equal("", key.behind("123", "123"))
    assert.is_nil(key.behind("abc", "123"))
    assert.is_nil(key.behind("abc", nil))
  end)

  it("takes a role off that it knows", function()
    assert.same({ "32101047381338_1", "pm" }, { key.role("32101047381338_1_pm.wav", { "pm", "i", "a" }) })
    assert.same({ "32101047381338_1", "pm" }, { key.role("32101047381338_1_PM.wav", { "pm" }) })
    assert.same({ "32101047381569_1_p1" }, { key.role("32101047381569_1_p1.wav", { "pm", "i", "a" }) })
  end)

  it("takes a size letter off behind a digit only", function()
    assert.same({ "061-02b", "2" }, { key.size("061-02b-2.jpg", "123") })
    assert.same({ "061-02b-4" }, { key.size("061-02b-4.jpg", "123") })
    assert.same({ "CU1001", "b" }, { key.size "CU1001b.jpg" })
    assert.same({ "CU1001" }, { key.size "CU1001.jpg" })
    assert.same({ "CU1001x" }, { key.size "CU1001x.jpg" })
    assert.same({ "Banana" }, { key.size "Banana.jpg" })
  end)

  local PAGES = {
    ["ms_0012.tif"] = { "ms", 12 }, ["book_12v.tif"] = { "book", 12.5 }, ["book_12r.tif"] = { "book", 12 },
    ["Bl-04a_r.tif"] = { "Bl", 4.51 }, ["Bl-04a_v.tif"] = { "Bl", 4.515 }, ["x_12b_recto.tif"] = { "x", 12.52 },
    ["book_12_verso.tif"] = { "book", 12.5 }, ["x_p3.jpg"] = { "x", 3 }, ["x_page3.jpg"] = { "x", 3 },
    ["a (2).jpg"] = { "a", 2 }, ["preface_iv.tif"] = { "preface", 0.004 }, ["leaf_recto.tif"] = { "leaf", 1 },
    ["0012.tif"] = { "", 12 }, ["phpp_BrookChuck0012B.tif"] = { "phpp_BrookChuck", 12.5 },
    ["MIZPAS_K1879_0001.tif"] = { "MIZPAS_K1879", 1 }, ["061-02b-2.jpg"] = { "061-02b", 2 },
    ["noname.tif"] = { "noname" }, ["civic.tif"] = { "civic" }, ["map_x.tif"] = { "map", 0.01 },
  }

  it("finds pages in the ways they are written", function()
    for name, expected in pairs(PAGES) do
      assert.same(expected, { key.without_page(name), key.page(name) }, name)
    end
  end)

  it("finds dates that are whole groups of digits", function()
    assert.equal("1910-02-13", key.date "hir1910_02_13_001.tif")
    assert.equal("1910-02-13", key.date "news19100213.pdf")
    assert.is_nil(key.date "32101047381338.tif")
    assert.is_nil(key.date "1910_13_02.tif")
    assert.is_nil(key.date "0910_02_13.tif")
  end)

  it("finds the id of a class, and of an institution", function()
    local path = "990095883950203941/12246098570003941/13246098580003941_0001.tif"
    assert.equal("990095883950203941", key.id(path, "bib"))
    assert.equal("12246098570003941", key.id(path, "representation", "3941"))
    assert.equal("13246098580003941", key.id(path, "file", "3941"))
    assert.equal("23246098580003941", key.id("23246098580003900_23246098580003941.tif", "item", "3941"))
    assert.is_nil(key.id(path, "holding"))
    assert.is_nil(key.id(path, "file", "4146"))
    assert.has_error(function() key.id(path, "bibs") end,
      "key.id: there is no class 'bibs'; there are bib, collection, file, holding, item, representation")
  end)

  it("tells what an Alma id names, and whose it is", function()
    assert.equal("bib", key.id_class "990012345678904146")
    assert.equal("representation", key.id_class "12200000001234146")
    assert.is_nil(key.id_class "99")
    assert.is_nil(key.id_class "6124186")
    assert.equal("990012345678904146", key.of_institution("990012345678904146", "4146"))
    assert.is_nil(key.of_institution("990012345678900000", "4146"))
    assert.is_nil(key.of_institution(nil, "4146"))
  end)

  it("names the helper that was given something else than text", function()
    assert.has_error(function() key.page(nil) end, "key.page: text expected, got nil")
    assert.has_error(function() key.without_page(1) end, "key.without_page: text expected, got number")
  end)
end)
