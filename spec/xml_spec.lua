local core = require "almanac.core"
local xml = core.xml

-- The document's tree as nested lists: name, text, children…
local function shape(node)
  local list = { node.name, node.text }
  for _, child in ipairs(node) do list[#list + 1] = shape(child) end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

describe("xml.parse", function()
  it("gives names, texts and children in their order", function()
    local root = assert(xml.parse "<a> x<b>1</b>y<c/><b>2<![CDATA[<&>]]></b> z</a>")
    assert.same({ "a", " xy z", { "b", "1" }, { "c", "" }, { "b", "2<&>" } }, shape(root))
    assert.same({}, root.attributes)
    assert.is_nil(root.namespace)
  end)

  it("gives attributes decoded, and namespaces by their address", function()
    local root = assert(xml.parse [[<m:r xmlns:m="u:m" xmlns="u:d" xmlns:l="u:l"
      a="1 &amp; &lt;2&gt; &#233;" l:href='"x"' xml:lang="de"><s/></m:r>]])
    assert.same({ "r", "u:m" }, { root.name, root.namespace })
    assert.same({ a = "1 & <2> \u{e9}", ["l:href"] = '"x"', ["xml:lang"] = "de" }, root.attributes)
    assert.equal("u:d", root[1].namespace)
  end)

  it("knows XML's own entities and characters by number", function()
    assert.equal("<>&\"'\u{e9}\u{1f4d6}", xml.parse("<a>&lt;&gt;&amp;&quot;&apos;&#xe9;&#128214;</a>").text)
  end)

  it("passes comments and instructions over", function()
    assert.same({ "a", "12" }, shape(xml.parse "<?xml version='1.0'?><!-- c --><a>1<!-- <b> --><?p x?>2</a>\n"))
  end)

  describe("reads the encoding that the bytes have:", function()
    local declared = "<?xml version='1.0' encoding='%s'?><a>%s</a>"

    it("UTF-8 that says it is UTF-16", function()
      for _, name in ipairs { "UTF-16", "utf-16", "UTF-16LE", "ISO-10646-UCS-2" } do
        assert.equal("\u{e9}\u{65e5}", assert(xml.parse(declared:format(name, "\u{e9}\u{65e5}"))).text)
      end
    end)

    it("UTF-16 that says so, in both orders", function()
      local little = declared:format("UTF-16", "hi"):gsub(".", "%0\0")
      local big = declared:format("UTF-16", "hi"):gsub(".", "\0%0")
      assert.equal("hi", assert(xml.parse("\xff\xfe" .. little)).text)
      assert.equal("hi", assert(xml.parse("\xfe\xff" .. big)).text)
    end)

    it("UTF-8 with a byte order mark", function()
      assert.equal("\u{e9}", assert(xml.parse("\xef\xbb\xbf" .. declared:format("UTF-8", "\u{e9}"))).text)
    end)

    it("Latin-1 and Windows' own that say so", function()
      assert.equal("\u{e9}", assert(xml.parse(declared:format("ISO-8859-1", "\xe9"))).text)
      assert.equal("\u{20ac}", assert(xml.parse(declared:format("windows-1252", "\x80"))).text)
    end)

    it("and refuses Latin-1 that says nothing, or an encoding nobody knows", function()
      assert.equal("parse", select(3, xml.parse "<a>\xe9</a>"))
      assert.equal("parse", select(3, xml.parse(declared:format("none-such", "a"))))
    end)
  end)

  it("tells line and column of what is wrong", function()
    local root, message, code = xml.parse "<a>\n\n <b></a>"
    assert.same({ nil, "XML: <b> is closed by </a>, line 3 column 9", "parse" },
      { root, message, code })
    for _, bad in ipairs { "", " ", "<a>", "text", '{"a":1}', "<a b=1/>", "<a b='1' b='2'/>",
      "<a>&nbsp;</a>", "<a b='&nbsp;'/>", "<a>\0</a>", "<a>\1</a>", "<a><</a>", "<?xml version='1.0'?>" } do
      root, message, code = xml.parse(bad)
      assert.same({ nil, "parse" }, { root, code })
      assert.matches("^XML: .*, line %d+ column %d+$", message)
      assert.is_nil(message:find "\n")
    end
  end)

  it("refuses every DOCTYPE: no entities, nothing from outside", function()
    local bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;">]><a>&y;</a>'
    for _, bad in ipairs { bomb, "<!DOCTYPE html><html/>", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      '<!DOCTYPE a [<!ATTLIST a b CDATA "1">]><a/>' } do
      local root, message, code = xml.parse(bad)
      assert.same({ nil, "parse" }, { root, code })
      assert.matches("a DOCTYPE is not allowed", message)
    end
  end)

  it("has a ceiling for depth, size and number of elements", function()
    local function nested(depth) return ("<a>"):rep(depth) .. ("</a>"):rep(depth) end
    assert.is_truthy(xml.parse(nested(64)))
    local root, message, code = xml.parse(nested(65))
    assert.same({ nil, "limit" }, { root, code })
    assert.matches("nested too deeply, line 1 column 195$", message)
    assert.is_truthy(xml.parse(nested(200), { max_depth = 200 }))
    assert.is_nil((xml.parse(nested(3), { max_depth = 2 })))
    assert.is_truthy(xml.parse("<a>123</a>", { max_size = 10 }))
    assert.same({ nil, "the XML has more than 10 bytes", "limit" }, { xml.parse("<a>1234</a>", { max_size = 10 }) })
    assert.equal("limit", select(3, xml.parse("<r>" .. ("<a/>"):rep(1000000) .. "</r>")))
  end)

  it("is sound for whatever bytes come", function()
    local good = "<?xml version='1.0' encoding='UTF-16'?><a x='1'>t<b>&amp;<![CDATA[c]]></b></a>"
    for i = 1, #good do
      local code = select(3, xml.parse(good:sub(1, i - 1)))
      assert.is_true(code == "parse")
      for _, byte in ipairs { "\0", "<", "\xff", "&", "]" } do
        local root, message = xml.parse(good:sub(1, i - 1) .. byte .. good:sub(i + 1))
        assert.is_true(root ~= nil or type(message) == "string")
      end
    end
  end)

  it("raises for wrong arguments", function()
    assert.has_error(function() xml.parse(nil) end)
    assert.has_error(function() xml.parse("<a/>", { depth = 1 }) end)
    assert.has_error(function() xml.parse("<a/>", { max_depth = 0 }) end)
    assert.has_error(function() xml.parse("<a/>", { max_depth = 201 }) end)
    assert.has_error(function() xml.parse("<a/>", { max_size = "1" }) end)
  end)

  it("reads all XML that was recorded from Alma, as it stands and inside JSON", function()
    if not core.files.stat "../shared/alma/recorded" then pending "../shared is absent" return end
    local json = require "almanac.json"
    local count, inside = 0, 0
    local walk <close> = assert(core.files.walk "../shared/alma/recorded")
    local function visit(value)
      if type(value) ~= "table" then return end
      for name, item in pairs(value) do
        if name == "anies" and type(item) == "table" and item[1] then
          assert.is_truthy(xml.parse(item[1]))
          inside = inside + 1
        else
          visit(item)
        end
      end
    end
    for name, size in walk.next, walk do
      local path = "../shared/alma/recorded/" .. name
      if size and name:find "%.xml$" and not name:find "invalid" then
        local root, message = xml.parse(read(path))
        if not root then error(name .. ": " .. message) end
        count = count + 1
      elseif size and name:find "%.json$" then
        visit((json.decode(read(path))))
      end
    end
    assert.is_true(count > 10 and inside > 3)
  end)
end)

describe("xml.escape", function()
  it("makes text fit for content and attributes", function()
    local text = "a<b>&\"'\u{e9}\r\n\tz"
    assert.equal("a&lt;b&gt;&amp;&quot;&apos;\u{e9}&#13;\n\tz", xml.escape(text))
    assert.equal(text, xml.parse("<a>" .. xml.escape(text) .. "</a>").text)
    assert.equal("<&\"'>", xml.parse("<a b='" .. xml.escape "<&\"'>" .. "'/>").attributes.b)
  end)

  it("replaces what XML can't hold", function()
    local escaped = xml.escape "a\0b\1c\xe9d\x1f\xff"
    assert.equal("a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}", escaped)
    assert.equal(escaped, xml.parse("<a>" .. escaped .. "</a>").text)
  end)
end)
