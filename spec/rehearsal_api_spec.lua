local rehearsal = require "support.rehearsal"

local TITLES = [[
mms_id,title,usage_type,file_name,size,collection,format
9900000000014146,One,PRESERVATION_MASTER,one.tif,1000,,marc21
9900000000024146,Two & <three>,PRESERVATION_MASTER,two.tif,1000,,dc
9900000000034146,Alone,,,,none,
]]
local ONE, TWO, ALONE = "9900000000014146", "9900000000024146", "9900000000034146"

local function code_of(result)
  local errors = result.data.errorList or result.data.web_service_result.errorList
  return (errors.error[1] or errors.error).errorCode
end

describe("the rehearsal's Alma", function()
  local alma

  before_each(function() alma = rehearsal.start { titles = TITLES, args = { "--rate", "0" } } end)
  after_each(function() alma.stop() end)

  local function get(path) return alma.call("GET", path) end

  local function refuses(code, result)
    assert.equal(400, result.status, result.body)
    assert.equal(code, code_of(result))
  end

  local function upload(name, body)
    local key = alma.inst .. "/upload/" .. name
    assert.equal(200, alma.s3("PUT", key, { body = body or "contents of " .. name }).status)
    return key
  end

  local function create(mms_id, fields)
    local body = { library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" }, label = "JPG" }
    for name, value in pairs(fields or {}) do body[name] = value end
    return alma.call("POST", ("/bibs/%s/representations"):format(mms_id), { body = body })
  end

  local function files_path(mms_id, id) return ("/bibs/%s/representations/%s/files"):format(mms_id, id) end

  local function attach(mms_id, id, key, label)
    return alma.call("POST", files_path(mms_id, id), { body = { path = key, label = label } })
  end

  describe("titles", function()
    it("come by the list, without those that do not exist", function()
      local result = get("/bibs?mms_id=" .. TWO .. ",123," .. ONE)
      assert.equal(2, result.data.total_record_count)
      assert.same({ ONE, TWO }, { result.data.bib[1].mms_id, result.data.bib[2].mms_id })
      assert.same({ bib = {}, total_record_count = 0 }, get("/bibs?mms_id=123").data)
    end)

    it("carry MARC or Dublin Core as text, and none in the brief view", function()
      local bibs = get(("/bibs?mms_id=%s,%s"):format(ONE, TWO)).data.bib
      assert.matches('^<%?xml version="1.0" encoding="UTF%-16"%?>\n<record><leader>', bibs[1].anies[1])
      assert.matches('<subfield code="a">One</subfield>', bibs[1].anies[1], 1, true)
      assert.equal("dc", bibs[2].record_format)
      assert.matches("<dc:title>Two &amp; &lt;three&gt;</dc:title>", bibs[2].anies[1], 1, true)
      assert.is_nil(get("/bibs/" .. ONE .. "?view=brief").data.anies)
    end)

    it("show their representations with expand=d_avail", function()
      local id = alma.state().representations[1].id
      local marc = get("/bibs/" .. ONE .. "?expand=d_avail").data.anies[1]
      assert.matches('tag="AVD"><subfield code="a">' .. alma.inst .. '</subfield><subfield code="b">' .. id, marc, 1, true)
      local dc = get("/bibs/" .. TWO .. "?expand=p_avail,d_avail").data.anies[1]
      assert.matches("/view/delivery/" .. alma.inst .. "/" .. alma.state().representations[2].id, dc, 1, true)
      assert.is_nil(get("/bibs/" .. ONE).data.anies[1]:find("AVD", 1, true))
    end)

    it("are found by the id of a representation", function()
      local id = alma.state().representations[2].id
      assert.equal(TWO, get("/bibs?representation_id=" .. id).data.bib[1].mms_id)
    end)

    it("are refused when the list is too long, empty or not of numbers", function()
      local ids = {}
      for i = 1, 101 do ids[i] = i end
      refuses("402203", get("/bibs?mms_id=" .. table.concat(ids, ",")))
      assert.equal(200, get("/bibs?mms_id=" .. table.concat(ids, ",", 1, 100)).status)
      refuses("402203", get("/bibs?mms_id=abc"))
      refuses("402203", get("/bibs"))
      refuses("402203", get("/bibs/123"))
      refuses("402204", get("/bibs/abc"))
    end)

    it("are deleted with override when they have representations", function()
      refuses("401873", alma.call("DELETE", "/bibs/" .. ONE))
      assert.equal(204, alma.call("DELETE", "/bibs/" .. ONE .. "?override=true").status)
      assert.equal(204, alma.call("DELETE", "/bibs/" .. ALONE).status)
      assert.equal(1, alma.state().counts.bibs)
      assert.equal(1, alma.state().counts.files)
    end)
  end)

  describe("representations", function()
    it("are made with all that an answer carries", function()
      local result = create(ONE, { public_note = "Note", access_rights_policy_id = { value = "123" } })
      assert.equal(200, result.status)
      local rep = result.data
      assert.matches("^12%d+4146$", rep.id)
      assert.same({ value = "MAIN", desc = "Main Library" }, rep.library)
      assert.same({ value = "DERIVATIVE_COPY", desc = "Derivative" }, rep.usage_type)
      assert.same({ value = "true", desc = "Active" }, rep.active)
      assert.same({ "JPG", "Note", "123" }, { rep.label, rep.public_note, rep.access_rights_policy_id.value })
      assert.same({ "exl_api", "API, rehearsal-key" }, { rep.created_by, rep.last_modified_by })
      assert.equal(0, rep.files.total_record_count)
      assert.is_false(rep.is_remote)
      rep.link = nil
      assert.same(rep, get(("/bibs/%s/representations/%s"):format(ONE, rep.id)).data)
    end)

    it("are made from XML too", function()
      local result = alma.call("POST", ("/bibs/%s/representations"):format(ONE), { type = "application/xml", body = [[
        <representation is_remote="false" link="string"><library>NET</library><label>EAD &amp; text</label>
        <usage_type desc="Auxiliary">AUXILIARY</usage_type><active desc="Active">true</active>
        <repository>Alma</repository></representation>]] })
      assert.equal(200, result.status, result.body)
      assert.same({ "EAD & text", "AUXILIARY", "NET" },
        { result.data.label, result.data.usage_type.value, result.data.library.value })
    end)

    it("need library and usage type, and codes that exist", function()
      local function with(library, usage_type)
        return alma.call("POST", ("/bibs/%s/representations"):format(ONE),
          { body = { library = library, usage_type = usage_type, label = "x" } })
      end
      local main, copy = { value = "MAIN" }, { value = "DERIVATIVE_COPY" }
      refuses("401664", with(nil, copy))
      refuses("401664", with({ value = "" }, copy))
      refuses("401664", with(main, nil))
      refuses("401652", with({ value = "NOWHERE" }, copy))
      refuses("401652", with(main, { value = "VIEW" }))
      refuses("401652", with("MAIN", copy))
      refuses("401652", create(ONE, { lable = "x" }))
      refuses("401652", create(ONE, { access_rights_policy_id = { value = "open" } }))
      refuses("401652", alma.call("POST", ("/bibs/%s/representations"):format(ONE), { body = "{" }))
      refuses("402203", create("123"))
      assert.equal(2, alma.state().counts.representations)
    end)

    it("need a title that is in a collection", function()
      refuses("402260", create(ALONE))
      local pid = alma.state().collections[1].pid
      local body = { mms_id = ALONE }
      assert.equal(200, alma.call("POST", "/bibs/collections/" .. pid .. "/bibs", { body = body }).status)
      refuses("701115", alma.call("POST", "/bibs/collections/" .. pid .. "/bibs", { body = body }))
      assert.equal(200, create(ALONE).status)
    end)

    it("come ten at a time unless asked, and never more than a hundred", function()
      for i = 1, 12 do create(ONE, { label = "r" .. i }) end
      local path = ("/bibs/%s/representations"):format(ONE)
      local page = get(path).data
      assert.same({ 10, 13 }, { #page.representation, page.total_record_count })
      page = get(path .. "?limit=100&offset=10").data
      assert.same({ "r10", "r11", "r12" },
        { page.representation[1].label, page.representation[2].label, page.representation[3].label })
      assert.same({ total_record_count = 13 }, get(path .. "?limit=0").data)
      assert.same({ total_record_count = 13 }, get(path .. "?offset=50").data)
      refuses("40166411", get(path .. "?limit=101"))
      refuses("40166411", get(path .. "?offset=x"))
      assert.same({ total_record_count = 0 }, get(("/bibs/%s/representations"):format(ALONE)).data)
    end)

    it("are replaced by PUT, what is left out is emptied", function()
      local id = create(ONE, { public_note = "Note" }).data.id
      local path = ("/bibs/%s/representations/%s"):format(ONE, id)
      local result = alma.call("PUT", path, { body = {
        library = { value = "SPEC" }, usage_type = { value = "AUXILIARY" }, label = "New" } })
      assert.same({ "SPEC", "AUXILIARY", "New", "" }, { result.data.library.value, result.data.usage_type.value,
        result.data.label, result.data.public_note })
      refuses("401664", alma.call("PUT", path, { body = { label = "New" } }))
      local got = get(path)
      assert.same(got.data, alma.call("PUT", path, { body = got.body }).data)
    end)

    it("say PRIMARY only to those who ask for it", function()
      local path = ("/bibs/%s/representations"):format(ONE)
      assert.equal("PRESERVATION_MASTER", get(path).data.representation[1].usage_type.value)
      assert.equal("PRIMARY", get(path .. "?use_updated_terminology=true").data.representation[1].usage_type.value)
    end)

    it("are deleted with override when they hold files", function()
      local id = create(ONE).data.id
      local path = ("/bibs/%s/representations/%s"):format(ONE, id)
      attach(ONE, id, upload "a.jpg")
      refuses("401652", alma.call("DELETE", path))
      assert.equal(204, alma.call("DELETE", path .. "?override=true").status)
      refuses("401652", get(path))
      assert.equal(204, alma.call("DELETE", ("/bibs/%s/representations/%s"):format(TWO, create(TWO).data.id)).status)
    end)

    it("leave a title without any retained, suppressed or deleted", function()
      local reps = alma.state().representations
      local function delete(mms_id, id, bibs)
        return alma.call("DELETE", ("/bibs/%s/representations/%s?override=true&bibs=%s"):format(mms_id, id, bibs))
      end
      refuses("401652", delete(ONE, reps[1].id, "burn"))
      assert.equal(204, delete(ONE, reps[1].id, "suppress").status)
      assert.equal("true", get("/bibs/" .. ONE).data.suppress_from_publishing)
      assert.equal(204, delete(TWO, reps[2].id, "delete").status)
      refuses("402203", get("/bibs/" .. TWO))
    end)

    it("may be remote, with repository and the id there", function()
      local remote = { is_remote = "true", repository = { value = "CONTENTDM" },
        originating_record_id = "oai:x:coll/1", linking_parameter_1 = "coll" }
      refuses("401664", create(ONE, { is_remote = true }))
      local result = create(ONE, remote)
      assert.equal(200, result.status, result.body)
      assert.matches("^32", result.data.id)
      assert.same({ "coll", "" }, { result.data.linking_parameter_1, result.data.linking_parameter_2 })
      assert.is_nil(result.data.files)
      local path = ("/bibs/%s/representations?originating_record_id="):format(ONE)
      assert.equal(1, get(path .. "oai:x:coll/1").data.total_record_count)
      assert.equal(0, get(path .. "oai:x:coll/2").data.total_record_count)
      refuses("401652", attach(ONE, result.data.id, upload "a.jpg"))
    end)
  end)

  describe("files", function()
    it("are made of uploaded objects, which move to storage", function()
      local id, key = create(ONE).data.id, upload("run 1/a b+c.jpg", "contents")
      local result = attach(ONE, id, key, "First")
      assert.equal(200, result.status, result.body)
      local file = result.data
      assert.matches("^13%d+4146$", file.pid)
      assert.same({ "First", 8 }, { file.label, file.size })
      assert.matches("^" .. alma.inst .. "/storage/alma/" .. ("%x%x/"):rep(16) .. "a b%+c%.jpg$", file.path)
      assert.equal(404, alma.s3("GET", key).status)
      assert.equal("contents", alma.s3("GET", file.path).body)
      refuses("401652", attach(ONE, id, key, "First"))
    end)

    it("stand in the order in which they were attached, all at once", function()
      local id = create(ONE).data.id
      for i = 1, 15 do attach(ONE, id, upload(("p%d.jpg"):format(16 - i))) end
      local list = get(files_path(ONE, id)).data
      assert.same({ 15, 15 }, { #list.representation_file, list.total_record_count })
      for i, file in ipairs(list.representation_file) do
        assert.matches(("/p%d%%.jpg$"):format(16 - i), file.path)
        assert.equal(("p%d.jpg"):format(16 - i), file.label)
      end
      assert.equal(15, get(("/bibs/%s/representations/%s"):format(ONE, id)).data.files.total_record_count)
      assert.same({ total_record_count = 0 }, get(files_path(ONE, create(ONE).data.id)).data)
    end)

    it("are refused when nothing lies at the path", function()
      local id = create(ONE).data.id
      local key = upload "a.jpg"
      upload("empty.jpg", "")
      for _, path in ipairs { "/" .. key, "upload/a.jpg", alma.inst .. "/upload/b.jpg", "01OTHER/upload/a.jpg",
        alma.state().representations[1].files[1].path, alma.inst .. "/upload/empty.jpg", "" } do
        refuses("401652", attach(ONE, id, path))
      end
      refuses("401652", alma.call("POST", files_path(ONE, id), { body = { label = "x" } }))
      refuses("401652", attach(TWO, id, key))
      refuses("401652", attach(ONE, "12", key))
      alma.s3("POST", alma.inst .. "/upload/part.jpg", { query = { { "uploads" } } })
      refuses("401652", attach(ONE, id, alma.inst .. "/upload/part.jpg"))
      assert.equal(200, attach(ONE, id, key).status)
    end)

    it("give an address to read them with expand=url", function()
      local id = create(ONE).data.id
      local pid = attach(ONE, id, upload("å b.jpg", "contents")).data.pid
      assert.is_nil(get(files_path(ONE, id)).data.representation_file[1].url)
      local url = get(files_path(ONE, id) .. "/" .. pid .. "?expand=url").data.url
      local fetch = require("almanac.task").fetch
      assert.equal("contents", fetch({ url = url }).body)
      assert.equal(403, fetch({ url = url:gsub("Signature=%x%x", "Signature=00") }).status)
      assert.equal(403, fetch({ url = url:gsub("b%.jpg", "c.jpg") }).status)
    end)

    it("are renamed and deleted, and with them what is left empty", function()
      local id = create(ALONE and TWO).data.id
      local pid = attach(TWO, id, upload "a.jpg").data.pid
      local path = files_path(TWO, id) .. "/" .. pid
      assert.equal("New", alma.call("PUT", path, { body = { label = "New" } }).data.label)
      assert.equal(204, alma.call("DELETE", path).status)
      refuses("401652", get(path))
      assert.equal(200, get(("/bibs/%s/representations/%s"):format(TWO, id)).status)
      pid = attach(TWO, id, upload "b.jpg").data.pid
      assert.equal(204, alma.call("DELETE", files_path(TWO, id) .. "/" .. pid .. "?representations=delete").status)
      refuses("401652", get(("/bibs/%s/representations/%s"):format(TWO, id)))
    end)
  end)

  describe("collections", function()
    it("are made, found by name and listed", function()
      local made = alma.call("POST", "/bibs/collections", { body = {
        name = "Maps of the county", description = "All", library = { value = "MAIN" } } })
      assert.equal(200, made.status, made.body)
      local pid = made.data.pid.value
      assert.matches("^81%d+4146$", pid)
      assert.equal("Maps of the county", get("/bibs/collections/" .. pid).data.name)
      assert.equal(2, get("/bibs/collections").data.total_record_count)
      local found = get("/bibs/collections?q=name~maps%20county").data
      assert.same({ 1, pid }, { found.total_record_count, found.collection[1].pid.value })
      assert.same({ total_record_count = 0 }, get("/bibs/collections?q=name~nothing").data)
      refuses("60106", get("/bibs/collections?q=maps"))
      refuses("402471", alma.call("POST", "/bibs/collections", { body = { name = "Maps of the county" } }))
      refuses("402472", alma.call("POST", "/bibs/collections", { body = { description = "x" } }))
      refuses("402469", alma.call("POST", "/bibs/collections", { body = { name = "x", library = { value = "?" } } }))
      refuses("402550", alma.call("POST", "/bibs/collections", { body = { name = "x", parent_pid = { value = "81" } } }))
      alma.call("POST", "/bibs/collections", { body = { name = "Sub", parent_pid = { value = pid } } })
      assert.equal("Sub", get("/bibs/collections/" .. pid .. "?level=2").data.collection[1].name)
    end)

    it("list their titles, take them in and let them go", function()
      local pid = alma.state().collections[1].pid
      local path = "/bibs/collections/" .. pid .. "/bibs"
      local list = get(path).data
      assert.same({ 2, ONE }, { list.total_record_count, list.bib[1].mms_id })
      assert.equal(1, #get(path .. "?limit=1&offset=1").data.bib)
      refuses("701116", alma.call("DELETE", path .. "/" .. ALONE))
      refuses("701117", alma.call("DELETE", path .. "/" .. ONE))
      local added = alma.call("POST", path, { type = "application/xml",
        body = ("<bib><mms_id>%s</mms_id><record_format>marc21</record_format></bib>"):format(ALONE) })
      assert.equal(ALONE, added.data.mms_id)
      assert.equal(204, alma.call("DELETE", path .. "/" .. ALONE).status)
      refuses("401652", alma.call("POST", path, { body = { mms_id = "123" } }))
      refuses("40166411", get "/bibs/collections/81/bibs")
    end)
  end)

  describe("sets", function()
    it("are found by words of their name", function()
      local found = get("/conf/sets?q=name~tiff").data
      assert.equal(1, found.total_record_count)
      assert.same({ "TIFF only", "ITEMIZED", "BIB_MMS", "2" }, { found.set[1].name, found.set[1].type.value,
        found.set[1].content.value, found.set[1].number_of_members.value })
      assert.same(found.set[1], get("/conf/sets/" .. found.set[1].id).data)
      assert.equal(2, get("/conf/sets").data.total_record_count)
      assert.equal(1, #get("/conf/sets?limit=1").data.set)
      assert.same({ total_record_count = 0 }, get("/conf/sets?set_type=LOGICAL").data)
      refuses("60106", get("/conf/sets?q=tiff"))
      refuses("60107", get("/conf/sets/1"))
      refuses("40166410", get("/conf/sets?limit=200"))
    end)

    it("give their members in pages, and no page with a broken one", function()
      local members = {}
      for i = 1, 25 do
        members[i] = ("99%012d4146"):format(i + 100)
        alma.change { op = "add_bib", mms_id = members[i], title = "T" .. i }
      end
      local id = alma.change({ op = "add_set", name = "Mine", members = members }).id
      local path = "/conf/sets/" .. id .. "/members"
      local page = get(path .. "?limit=10&offset=20").data
      assert.same({ 5, 25, members[21], "T21" },
        { #page.member, page.total_record_count, page.member[1].id, page.member[1].description })
      local gone = alma.change({ op = "break_member", set = id, mms_id = members[12] }).mms_id
      local refused = get(path .. "?limit=10&offset=10")
      refuses("60108", refused)
      assert.matches("Set Member not found: IED " .. gone, refused.body, 1, true)
      assert.equal(200, get(path .. "?limit=10&offset=0").status)
      assert.equal(200, get(path .. "?limit=1&offset=10").status)
      refuses("60108", get(path .. "?limit=1&offset=11"))
      alma.change { op = "delete_bib", mms_id = members[1] }
      refuses("60108", get(path .. "?limit=1"))
    end)
  end)

  describe("configuration", function()
    it("names the institution, its bucket and how to upload", function()
      local general = get("/conf/general").data
      assert.same({ alma.inst, "SANDBOX", alma.bucket, "us-east-1" }, { general.institution.value,
        general.environment_type, general.digital.bucket, general.digital.region })
      assert.equal(alma.url .. "/" .. alma.bucket, general.digital.ingest_url)
      assert.is_nil(general.digital.ingest_form)
      local form = get("/conf/general?expand=ingest_form").data.digital.ingest_form
      assert.same({ alma.inst .. "/upload/${filename}", "201" }, { form.key, form.success_action_status })
    end)

    for word, told in pairs { production = "production", PRODUCTION = "PRODUCTION", ["Premium Sandbox"] = "Premium Sandbox",
      sandbox = "sandbox", [""] = "", none = false } do
      it(("tells an environment as it is called: '%s'"):format(word), function()
        local other <close> = rehearsal.start { memory = true, args = { "--environment", word } }
        local answer = other.call("GET", "/conf/general")
        assert.equal(told or nil, answer.data.environment_type)
        assert.equal(told ~= false, answer.body:find("environment_type", 1, true) ~= nil)
        assert.equal(told ~= false, other.call("GET", "/conf/general", { accept = "application/xml" }).body
          :find("environment_type", 1, true) ~= nil)
      end)
    end

    it("has libraries and code tables", function()
      assert.equal("MAIN", get("/conf/libraries").data.library[1].code)
      assert.equal("Main Library", get("/conf/libraries/MAIN").data.name)
      refuses("402119", get("/conf/libraries/NOWHERE"))
      local rows = get("/conf/code-tables/RepresentationUsageType").data.row
      assert.same({ "PRESERVATION_MASTER", "Master" }, { rows[1].code, rows[1].description })
      refuses("40166411", get("/conf/code-tables/Nothing"))
    end)

    it("answers the test calls of every area", function()
      for _, path in ipairs { "/bibs/test", "/conf/test", "/acq/test", "/users/operation/test", "/analytics/test" } do
        assert.equal("<test>GET - OK - institutionCode: " .. alma.inst .. "</test>", get(path).body)
        assert.equal("<test>POST - OK</test>", alma.call("POST", path).body)
      end
    end)
  end)
end)

describe("the rehearsal's Alma with --brief", function()
  it("lists representations without usage type, library and dates", function()
    local alma <close> = rehearsal.start { titles = TITLES, args = { "--brief" } }
    local path = ("/bibs/%s/representations"):format(ONE)
    local entry = alma.call("GET", path).data.representation[1]
    assert.same({}, { entry.usage_type, entry.library, entry.created_date, entry.delivery_url })
    assert.same({ "Master", "Alma", 1 }, { entry.label, entry.repository.value, entry.files.total_record_count })
    assert.equal("PRESERVATION_MASTER", alma.call("GET", path .. "/" .. entry.id).data.usage_type.value)
  end)
end)
