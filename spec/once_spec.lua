-- What torture found, each as a case of its own: the built program against the
-- rehearsal, with the very fault that once broke the promise.
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local JPEG = require "support.picture".JPEG
local ONE = "9900000000104146"

describe("exactly once:", function()
  local folder, alma

  before_each(function()
    folder = program.folder()
    local csv = "mms_id,title,usage_type,file_name,size,representation_id\n"
    for page = 1, 2 do
      csv = csv .. ("%s,A,PRESERVATION_MASTER,a_%d.tif,1000,1200000000104146\n"):format(ONE, page)
      program.write(("%s/jpg/a_%d.jpg"):format(folder, page), JPEG .. page .. ("."):rep(9000))
    end
    program.write(folder .. "/titles.csv", csv)
    alma = rehearsal.start { titles = folder .. "/titles.csv", args = { "--rate", "0" } }
  end)

  after_each(function()
    if alma then alma.stop() end
    alma = nil
    program.remove(folder)
  end)

  local keys = {}

  local function almanac(switches, ...)
    local env = { HOME = folder, XDG_CONFIG_HOME = false, AWS_PROFILE = false, AWS_ACCESS_KEY_ID = false,
      ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
    for name, value in pairs(keys) do env[name] = value end
    return program.run({ "exec", program.client, switches, ... }, { folder = folder, env = env })
  end

  local function plan(faults)
    local result = almanac("", "plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run")
    assert.equal(0, result.status, result.err)
    alma.change { op = "faults", spec = faults }
  end

  local function apply(switches, settle) return almanac(switches or "", "apply", "a.run", "--settle", settle or "0.1") end

  -- Representations that were added, each with the names of its files.
  local function added()
    local list = {}
    for _, rep in ipairs(alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        local names = {}
        for i, file in ipairs(rep.files) do names[i] = file.name end
        list[#list + 1] = rep.created_by .. ": " .. table.concat(names, " ")
      end
    end
    return list
  end

  local function row()
    return json.decode(almanac("", "report", "a.run", "--format", "json").out).rows[1]
  end

  local function calls(route)
    local n = 0
    for name, count in pairs(alma.calls().routes) do
      if name:find(route, 1, true) then n = n + count end
    end
    return n
  end

  -- Killed after the POST of the representation, before its answer is noted.
  local function until_made()
    for _ = 1, 12 do
      if added()[1] then return end
      apply "kill=2,before"
    end
    error "no representation was made"
  end

  -- The looks after an error take a fraction of --settle, the last one comes when all of it is over.
  it("a representation that a POST makes after both looks is removed while it is empty", function()
    plan "POST representations=@1:late=0.5"
    local result = apply("", "2")
    assert.equal(0, result.status, result.err)
    assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
  end)

  it("so it is when the process is killed between the two", function()
    plan "POST representations=@1:late=0.5"
    for _ = 1, 4 do apply "kill=3" end
    assert.equal(0, apply("", "2").status)
    assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
  end)

  it("what a rival made is not adopted when our own POST failed", function()
    plan "POST representations=@1-999:500"
    for _ = 1, 4 do apply "kill=3" end
    assert.is_true(calls "POST /bibs/{mms_id}/representations" > 0)
    assert.equal("uploaded", row().state)
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    alma.change { op = "faults", spec = "" }
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.same({ "somebody else: " }, added())
  end)

  it("a doubt stays one at whichever step the program is killed", function()
    plan ""
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    local planned, killed = program.read(folder .. "/a.run"), 0
    repeat
      program.write(folder .. "/a.run", planned)
      local status = apply(("kill=%d"):format(killed + 1)).status
      killed = killed + 1
      assert.equal(2, apply().status)
      assert.equal("ask", row().state)
    until status ~= 137
    assert.is_true(killed > 4)
    assert.same({ "somebody else: " }, added())
  end)

  it("it asks when a rival's and ours both fit", function()
    plan "POST representations=@1:lost"
    until_made()
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.matches("somebody else made a representation", row().reason)
    assert.same({ "exl_api: ", "somebody else: " }, added())
  end)

  -- A person decides to go on with the title.
  local function use()
    program.write(folder .. "/decisions.csv", ("mms_id,decision,file\n%s,use,\n"):format(ONE))
    local result = almanac("", "decide", "a.run", "decisions.csv")
    assert.equal(0, result.status, result.err)
    return apply()
  end

  it("decided to go on, ours is used beside the rival's", function()
    plan "POST representations=@1:lost"
    until_made()
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    assert.equal(2, apply().status)
    local result = use()
    assert.equal(0, result.status, result.err)
    assert.same({ "exl_api: a_1.jpg a_2.jpg", "somebody else: " }, added())
  end)

  it("decided to go on, one is made beside the rival's when ours never was", function()
    plan "POST representations=@1-999:500"
    for _ = 1, 4 do apply "kill=3" end
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "somebody else" }
    alma.change { op = "faults", spec = "" }
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.equal(0, use().status)
    assert.same({ "somebody else: ", "exl_api: a_1.jpg a_2.jpg" }, added())
    alma.change { op = "add_representation", mms_id = ONE, label = "JPG", by = "another" }
    assert.equal(0, almanac("", "undo", "a.run", "--yes").status)
    assert.same({ "somebody else: ", "another: " }, added())
  end)

  it("an upload that is in place is not sent again, with AWS keys", function()
    keys = { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key }
    plan ""
    apply "kill=2,before"   -- the object is there, and the run file does not know
    assert.equal(1, #alma.state().objects)
    local key = alma.state().objects[1].key
    local before = calls "S3 PutObject"
    assert.equal(0, apply().status)
    assert.matches("a_1.jpg", key)
    assert.equal(2, calls "S3 PutObject" - before)   -- the other page, and the probe of the bucket
    assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
    keys = {}
  end)

  -- All pages are in the bucket, nothing is in Alma.
  local function until_uploaded()
    plan "POST representations=@1-999:500"
    assert.equal(2, apply().status)
    alma.change { op = "faults", spec = "" }
  end

  for way, given in pairs { ["AWS keys"] = true, ["the upload form"] = false } do
    it("an upload that vanished is sent again, with " .. way, function()
      keys = given and { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key } or {}
      finally(function() keys = {} end)
      until_uploaded()
      assert.equal(2, #alma.state().objects)
      for _, object in ipairs(alma.state().objects) do alma.s3("DELETE", object.key) end
      local result = apply()
      assert.equal(0, result.status, result.err)
      assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
      assert.same({}, alma.state().objects)
    end)
  end

  it("a page that Alma goes on refusing is sent again ever more seldom, with the upload form", function()
    plan "POST files=@1-999:gone"
    for _ = 1, 8 do apply() end
    assert.equal(2 + 4, calls "S3 PostObject")   -- both pages; then at the first, second, fourth and eighth apply
    alma.change { op = "faults", spec = "" }
    for _ = 1, 8 do apply() end
    assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
  end)

  it("a page that Alma refuses although its upload is there is not sent again, with AWS keys", function()
    keys = { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key }
    finally(function() keys = {} end)
    until_uploaded()
    local puts = calls "S3 PutObject"
    alma.change { op = "faults", spec = "POST files=@1-2:500" }
    assert.equal(0, apply().status)
    assert.equal(puts + 1, calls "S3 PutObject")   -- the probe of the bucket
    assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
  end)

  for way, given in pairs { ["AWS keys"] = true, ["the upload form"] = false } do
    it("a page whose call got no answer is for a person, and its call is not repeated, with " .. way, function()
      keys = given and { AWS_ACCESS_KEY_ID = alma.access_key, AWS_SECRET_ACCESS_KEY = alma.secret_key } or {}
      finally(function() keys = {} end)
      plan "POST files=@1:reset"
      assert.equal(2, apply().status)
      assert.equal("ask", row().state)
      assert.matches("Alma gave no clear answer when a_1.jpg was attached", row().reason)
      assert.equal(1, calls "POST /bibs/{mms_id}/representations/{rep_id}/files")
      assert.equal(0, use().status)
      assert.same({ "exl_api: a_1.jpg a_2.jpg" }, added())
      assert.same({}, alma.state().objects)
    end)
  end

  it("it does not end with 0 when something is left to do", function()
    plan "POST representations=@1-999:reset"
    local result = apply()
    assert.equal(75, result.status)
    assert.matches("go on with", result.out)
  end)

  it("a file that Alma took cut short is asked about, and its POST is not repeated", function()
    plan "POST s3.form=@1:short,POST files=@1:lost"
    assert.equal(2, apply().status)
    assert.equal("ask", row().state)
    assert.matches("Alma took a_%d.jpg as %d+ bytes", row().reason)
  end)

  it("a title that was deleted after a lost answer gets no second POST", function()
    plan ""
    until_made()
    local posts = calls "POST /bibs/{mms_id}/representations"
    alma.change { op = "delete_bib", mms_id = ONE }
    assert.equal(0, apply().status)
    assert.equal("gone", row().state)
    assert.equal(posts, calls "POST /bibs/{mms_id}/representations")
  end)
end)
