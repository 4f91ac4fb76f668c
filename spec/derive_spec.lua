local core = require "almanac.core"
local json = require "almanac.json"
local program = require "support.program"

-- Pictures are made by libtiff's and ImageMagick's tools, so that libvips is not its own judge.
local function has(tool) return os.execute("command -v " .. tool .. " >/dev/null 2>&1") == true end

local MISSING = not core.pictures.open {} and "the program `picture` is not built (make pictures, libvips)"
  or not has "convert" and "ImageMagick is not installed"

describe("derivatives", function()
  if MISSING then
    pending(MISSING)
    return
  end
  local folder

  local function shell(line) assert(os.execute("cd " .. program.quote(folder) .. " && " .. line)) end

  local function masters(...)
    shell "mkdir -p masters"
    for _, line in ipairs { ... } do shell("cd masters && convert " .. line) end
  end

  local function almanac(...) return program.run({ ... }, { folder = folder }) end

  local function size_of(path)
    local pipe <close> = assert(io.popen("identify -format '%wx%h %m %[colorspace] %z' " .. program.quote(folder .. "/" .. path)))
    return pipe:read "a"
  end

  -- The colour of the middle, as three numbers.
  local function colour_of(path)
    local pipe <close> = assert(io.popen(("convert %s -gravity center -crop 1x1+0+0 +repage -depth 8 txt:- | tail -1"):format(
      program.quote(folder .. "/" .. path))))
    local r, g, b = pipe:read "a":match "%((%d+),(%d+),(%d+)"
    return { tonumber(r), tonumber(g), tonumber(b) }
  end

  local function is_near(expected, path)
    local found = colour_of(path)
    for i = 1, 3 do
      assert.is_true(math.abs(found[i] - expected[i]) <= 3, ("%s: %s, expected %s"):format(path, table.concat(found, " "),
        table.concat(expected, " ")))
    end
  end

  before_each(function() folder = program.folder() end)
  after_each(function() program.remove(folder) end)

  it("are made of all kinds of TIFF, in the folders of the masters, in eight bits of sRGB", function()
    masters("-size 40x30 'xc:rgb(200,100,50)' -depth 8 plain.tif", "-size 40x30 'xc:rgb(200,100,50)' -depth 16 deep.tif",
      "-size 40x30 'xc:rgb(200,100,50)' -type palette palette.tif", "-size 40x30 xc:black -monochrome -compress group4 g4.tif",
      "-size 40x30 'xc:rgb(200,100,50)' -colorspace Lab lab.tif", "-size 40x30 'xc:rgba(255,0,0,0.5)' clear.tif",
      "-size 40x30 'xc:gray(100)' -depth 16 grey.tif")
    shell "mkdir masters/below && mv masters/g4.tif masters/below/"
    local result = almanac("derive", "masters", "--to", "out", "-o", "r")
    assert.equal(0, result.status, result.err)
    assert.matches("^7 masters of 7 have derivatives: 7 pictures", result.out)
    for _, name in ipairs { "plain", "deep", "palette", "lab" } do
      assert.matches("^40x30 JPEG sRGB 8", size_of("out/" .. name .. ".jpg"))
      is_near({ 200, 100, 50 }, "out/" .. name .. ".jpg")
    end
    is_near({ 255, 127, 127 }, "out/clear.jpg")
    is_near({ 0, 0, 0 }, "out/below/g4.jpg")
    assert.matches("^40x30 JPEG Gray 8", size_of "out/grey.jpg")
  end)

  it("stand upright whatever EXIF says, and are never larger than the master", function()
    masters "-size 40x30 xc:blue -fill red -draw 'rectangle 0,0 39,9' a.tif"
    for orientation, name in ipairs { "TopLeft", "TopRight", "BottomRight", "BottomLeft", "LeftTop", "RightTop", "RightBottom",
      "LeftBottom" } do
      masters(("a.tif -orient %s o%d.tif"):format(name, orientation))
    end
    local result = almanac("derive", "masters", "--to", "out", "-o", "r", "--long-edge", "400", "--endings", "tif")
    assert.equal(0, result.status, result.err)
    -- Where red is: EXIF 2.3, Orientation.
    local red = { "North", "North", "South", "South", "West", "East", "East", "West" }
    for orientation, side in ipairs(red) do
      local path = ("out/o%d.jpg"):format(orientation)
      assert.matches(orientation > 4 and "^30x40" or "^40x30", size_of(path))
      local pipe <close> = assert(io.popen(("convert %s -gravity %s -crop 2x2+0+0 +repage -resize 1x1 -depth 8 txt:- | tail -1"):format(
        program.quote(folder .. "/" .. path), side)))
      local r, _, b = pipe:read "a":match "%((%d+),(%d+),(%d+)"
      assert.is_true(tonumber(r) > 150 and tonumber(b) < 100, path)
    end
  end)

  it("are one for each page, or of the first alone; smaller when that is asked for", function()
    masters("-size 40x20 xc:red xc:blue book.tif", "-size 40x20 xc:red single.tif")
    assert.equal(0, almanac("derive", "masters", "--to", "out", "-o", "r", "--long-edge", "20").status)
    assert.matches("^20x10", size_of "out/book_0001.jpg")
    is_near({ 0, 0, 254 }, "out/book_0002.jpg")
    assert.matches("^20x10", size_of "out/single.jpg")
    assert.equal(0, almanac("derive", "masters", "--to", "firsts", "-o", "r2", "--pages", "first", "--format", "webp").status)
    assert.matches("^40x20 WEBP", size_of "firsts/book.webp")
  end)

  it("keep what the library wrote into the master", function()
    masters("-size 40x30 xc:red -density 300 -units PixelsPerInch -set tiff:copyright 'Us' a.tif")
    assert.equal(0, almanac("derive", "masters", "--to", "out", "-o", "r").status)
    local pipe <close> = assert(io.popen("identify -format '%x %U' " .. program.quote(folder .. "/out/a.jpg")))
    assert.matches("^300", pipe:read "a")
  end)

  it("name a broken master, go on with the others, and with it when a better one is there", function()
    masters("-size 400x300 gradient: good.tif", "-size 400x300 gradient: cut.tif")
    shell "head -c 5000 masters/cut.tif >masters/x && mv masters/x masters/cut.tif && echo no >masters/text.tif"
    local result = almanac("derive", "masters", "--to", "out", "-o", "r")
    assert.equal(2, result.status)
    assert.matches("cut.tif: it is cut off or broken", result.err)
    assert.matches("text.tif: it is no TIFF", result.err)
    assert.matches("2 masters failed", result.out)
    assert.equal("cut.tif\ntext.tif\n", almanac("report", "r", "--failed").out)
    assert.is_nil(core.files.stat(folder .. "/out/cut.jpg"))
    local pipe <close> = assert(io.popen("ls -A " .. program.quote(folder .. "/out")))
    assert.equal("good.jpg\n", pipe:read "a")
  end)

  it("replace no file of somebody else, and none of another master", function()
    masters("-size 4x3 xc:red a.tif", "-size 4x3 xc:red a.png", "-size 4x3 xc:red b.tif")
    shell "mkdir out && echo mine >out/b.jpg"
    local result = almanac("derive", "masters", "--to", "out", "-o", "r")
    assert.equal(2, result.status)
    assert.matches("b.tif: 'b.jpg' is there already, and this run did not make it", result.err)
    assert.matches("would have the same name as the derivative of 'a%.", result.err)
    assert.equal("mine\n", core.files.read(folder .. "/out/b.jpg"))
  end)

  it("never go by one name when two masters are in work at once", function()
    local lines = {}
    for i = 1, 6 do
      lines[2 * i - 1], lines[2 * i] = ("-size 300x200 gradient:red-blue m%d.tif"):format(i), ("-size 300x200 xc:red m%d.png"):format(i)
    end
    masters(table.unpack(lines))
    local result = almanac("derive", "masters", "--to", "out", "-o", "r", "--workers", "2")
    assert.equal(2, result.status)
    assert.matches("^6 masters of 12 have derivatives: 6 pictures", result.out)
    assert.equal("verified 6 pictures; 0 differ\n", almanac("verify", "r").out)
  end)

  it("are looked at again by verify", function()
    masters("-size 40x30 xc:red a.tif", "-size 40x30 xc:red b.tif", "-size 40x30 xc:red c.tif", "-size 40x30 xc:red d.tif")
    assert.equal(0, almanac("derive", "masters", "--to", "out", "-o", "r").status)
    assert.equal("verified 4 pictures; 0 differ\n", almanac("verify", "r").out)
    shell "echo x >>out/a.jpg && rm out/b.jpg && echo x >>masters/c.tif"
    local result = almanac("verify", "r")
    assert.equal(2, result.status)
    assert.matches("a.jpg: it changed since", result.err)
    assert.matches("b.jpg: it is gone", result.err)
    assert.matches("c.jpg: its master c.tif changed since", result.err)
  end)

  it("are told by report with their sizes and digests", function()
    masters "-size 40x30 xc:red a.tif"
    almanac("derive", "masters", "--to", "out", "-o", "r")
    local told = json.decode(almanac("report", "r", "--format", "json").out)
    assert.equal(1, told.counts.derivatives)
    assert.equal(core.files.sha256(folder .. "/out/a.jpg"), told.pictures[1].sha256)
    assert.equal(core.files.sha256(folder .. "/masters/a.tif"), told.pictures[1].master_sha256)
    assert.matches("^master,page,derivative,width,height", almanac("report", "r", "--format", "csv").out)
  end)

  it("are never made twice, and never seen half, however often the program is killed", function()
    local lines = {}
    for i = 1, 12 do lines[i] = ("-size 900x700 gradient:red-blue -depth 8 m%02d.tif"):format(i) end
    masters(table.unpack(lines))
    local again = ("%s derive r >/dev/null 2>&1"):format(program.path())
    shell(("timeout -s KILL 0.3 %s derive masters --to out -o r >/dev/null 2>&1; true"):format(program.path()))
    if not core.files.stat(folder .. "/r") then shell(("%s derive masters --to out -o r >/dev/null 2>&1"):format(program.path())) end
    local seen = {}
    for _ = 1, 6 do
      shell("timeout -s KILL 0.4 " .. again .. "; true")
      local pipe <close> = assert(io.popen("ls " .. program.quote(folder .. "/out") .. " 2>/dev/null"))
      for name in pipe:lines() do
        local stat = core.files.stat(folder .. "/out/" .. name)
        assert.equal(seen[name] or stat.inode, stat.inode, name .. " was made again")
        seen[name] = stat.inode
        assert.matches("^900x700 JPEG", size_of("out/" .. name))
      end
    end
    assert.equal(0, almanac("derive", "r").status)
    assert.equal("verified 12 pictures; 0 differ\n", almanac("verify", "r").out)
    for name, inode in pairs(seen) do assert.equal(inode, core.files.stat(folder .. "/out/" .. name).inode) end
  end)

  it("have a run with all masters, or none yet, whenever the program is killed while it lists them", function()
    shell "mkdir masters && cd masters && for i in $(seq 1500); do : >m$i.tif; done"
    for round = 1, 8 do
      shell(("timeout -s KILL %g %s derive masters --to out -o r --shards 1 >/dev/null 2>&1; true"):format(0.04 * round, program.path()))
      if core.files.stat(folder .. "/r") then
        assert.equal(1500, json.decode(almanac("report", "r", "--format", "json").out).counts.masters)
        shell "rm -f r r-* r.shard*"
      end
    end
    assert.equal(0, almanac("derive", "masters", "--to", "out", "-o", "r", "--shards", "1").status)
    assert.matches("r exists already", almanac("derive", "masters", "--to", "out", "-o", "r").err)
    assert.is_nil(core.files.stat(folder .. "/r.new"))
  end)

  it("refuse what makes no sense, and say it before anything is made", function()
    masters "-size 4x3 xc:red a.tif"
    local function refuses(pattern, ...)
      local result = almanac("derive", ...)
      assert.equal(1, result.status)
      assert.matches(pattern, result.err)
    end
    refuses("name the folder for the derivatives and the run file", "masters")
    refuses("choose one beside it", "masters", "--to", "masters/out", "-o", "r")
    refuses("No such file", "nowhere", "--to", "out", "-o", "r")
    refuses("holds no masters", "masters", "--to", "out", "-o", "r", "--endings", "xyz")
    refuses("100 at most", "masters", "--to", "out", "-o", "r", "--quality", "101")
    assert.is_nil(core.files.stat(folder .. "/r"))
    assert.equal(0, almanac("derive", "masters", "--to", "out", "-o", "r").status)
    refuses("leave out %-%-quality", "r", "--quality", "50")
    assert.matches("makes derivatives, and has no titles", almanac("apply", "r").err)
  end)
end)
