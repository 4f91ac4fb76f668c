-- The rehearsal's import job: what it takes from an ingest folder, what it makes of it, what it leaves alone.
local rehearsal = require "support.rehearsal"

local PROFILE = "3152547460009001"
local XML_PROFILE = "3152547480009001"
local LIST = [[
mms_id,title,usage_type,file_name,size,collection,format
991000000010009001,A map,PRESERVATION_MASTER,map.tif,100,Maps,marc21
991000000020009001,A letter,PRESERVATION_MASTER,letter.tif,100,Maps,dc
991000000030009001,Another letter,,,,Maps,marc21
]]
local MARC = [[<collection xmlns="http://www.loc.gov/MARC21/slim"><record>
<leader>00000nam a2200000 a 4500</leader>%s</record></collection>]]

local function field(tag, code, value)
  return ('<datafield tag="%s" ind1=" " ind2=" "><subfield code="%s">%s</subfield></datafield>'):format(tag, code, value)
end

describe("the rehearsal's import job", function()
  local place

  before_each(function() place = rehearsal.start { titles = LIST, memory = true, args = { "--latency", "0,job=0" } } end)
  after_each(function() place.stop() end)

  local function put(ingest, objects, profile)
    for name, text in pairs(objects) do
      place.change { op = "add_object", key = ("%s/upload/%s/%s/%s"):format(place.inst, profile or PROFILE, ingest, name), text = text }
    end
  end

  local function run(job)
    local answer = place.call("POST", ("/conf/jobs/%s?op=run"):format(job or "S401"), { body = "<job/>", type = "application/xml" })
    assert.are.equal(200, answer.status, answer.body)
    local id = answer.data.additional_info.link:match "instances/(%d+)"
    return place.call("GET", "/conf/jobs/ALL/instances/" .. id).data
  end

  local function counted(instance)
    local counts = {}
    for _, counter in ipairs(instance.counter) do counts[counter.type.desc] = tonumber(counter.value) end
    return counts
  end

  local function reps(mms_id)
    local list = {}
    for _, rep in ipairs(place.state("?mms_id=" .. mms_id).representations) do list[#list + 1] = rep end
    return list
  end

  local function record(mms_id)
    return place.call("GET", "/bibs/" .. mms_id, { accept = "application/xml" }).body
  end

  it("makes a representation of a title's files, and leaves the metadata file where it was", function()
    put("one", { ["values.csv"] = "mms_id,file_name_1,file_label_1,file_name_2,rep_usage_type\n" ..
      "991000000010009001,a.jpg,Page 1,b.jpg,Derivative\n", ["a.jpg"] = "aa", ["b.jpg"] = "bbb" })
    local instance = run()
    assert.are.equal("COMPLETED_SUCCESS", instance.status.value)
    local made = reps "991000000010009001"[2]
    assert.are.same({ "DERIVATIVE_COPY", "A map", "Page 1", "a.jpg", "b.jpg", 3 },
      { made.usage_type, made.label, made.files[1].label, made.files[1].name, made.files[2].name, made.files[2].size })
    assert.are.equal(1, #place.state().objects)
    local counts = counted(instance)
    assert.are.same({ 1, 1, 2, 2, 1, 1 }, { counts["Total records processed"], counts["Merged"], counts["Total digital items processed"],
      counts["Digital items added"], counts["Single matches"], counts["Total records imported"] })
  end)

  it("leaves an ingest alone while .lock is there, and one that it has imported", function()
    put("one", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,a.jpg\n", ["a.jpg"] = "aa", [".lock"] = "" })
    assert.are.equal("COMPLETED_NO_BULKS", run().status.value == "COMPLETED_SUCCESS" and "COMPLETED_NO_BULKS")
    assert.are.equal(1, #reps "991000000010009001")
    place.change { op = "delete_object", key = ("%s/upload/%s/one/.lock"):format(place.inst, PROFILE) }
    run()
    run()
    assert.are.equal(2, #reps "991000000010009001")
  end)

  it("imports again what it imported when the profile takes all files", function()
    place.change { op = "profile", id = PROFILE, files_to_import = "All", no_match = "import" }
    put("one", { ["values.csv"] = "title,file_name_1\nNew title,a.jpg\n", ["a.jpg"] = "aa" })
    run()
    run()
    assert.are.equal(5, place.state("?counts=1").counts.bibs)
  end)

  it("waits for manual handling when a heading is none of Alma's, and imports nothing", function()
    put("one", { ["values.csv"] = "mms_id,object_id,file_name_1\n991000000010009001,x,a.jpg\n", ["a.jpg"] = "aa" })
    local instance = run()
    assert.are.equal("MANUAL_HANDLING_REQUIRED", instance.status.value)
    assert.are.equal("values.csv: Field object_id is invalid", instance.alert[1].desc)
    assert.are.same({ 1, 2 }, { #reps "991000000010009001", #place.state().objects })
  end)

  it("reads several metadata files, and makes titles of records that match none", function()
    put("one", { ["a.csv"] = "group_id,title,file_name_1,rep_label\n1,A book,p/1.jpg,Front\n1,,p/2.jpg,Back\n",
      ["b.csv"] = "title,creator\nNo file,Somebody\n",
      ["p/1.jpg"] = "1", ["p/2.jpg"] = "22" })
    local counts = counted(run())
    assert.are.same({ 2, 2 }, { counts["Total records processed"], counts["Imported records upon no match"] })
    local state = place.state()
    local labels = {}
    for _, rep in ipairs(state.representations) do labels[rep.label] = rep.files[1].name end
    assert.are.same({ 5, "1.jpg", "2.jpg" }, { #state.bibs, labels.Front, labels.Back })
  end)

  it("destroys a description when the profile overlays it and the CSV has columns for it", function()
    place.change { op = "profile", id = PROFILE, upon_match = "overlay" }
    local before = record "991000000010009001"
    assert.is_truthy(before:find("A map", 1, true))
    put("one", { ["values.csv"] = "mms_id,rights,file_name_1\n991000000010009001,Free,a.jpg\n", ["a.jpg"] = "aa" })
    run()
    assert.is_falsy(record "991000000010009001":find("A map", 1, true))
  end)

  it("touches no description with ids and file names alone, unless the profile is careless", function()
    place.change { op = "profile", id = PROFILE, upon_match = "overlay" }
    put("one", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,a.jpg\n", ["a.jpg"] = "aa" })
    run()
    assert.is_truthy(record "991000000010009001":find("A map", 1, true))
    place.change { op = "profile", id = PROFILE, careless = true }
    put("two", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,b.jpg\n", ["b.jpg"] = "aa" })
    run()
    assert.is_falsy(record "991000000010009001":find("A map", 1, true))
  end)

  it("adds what a record lacks when the profile merges, in MARC and Dublin Core", function()
    put("one", { ["values.csv"] = "mms_id,title,rights\n991000000010009001,Other,Free\n991000000020009001,Other,Free\n" })
    run()
    for _, mms_id in ipairs { "991000000010009001", "991000000020009001" } do
      local text = record(mms_id)
      assert.is_truthy(text:find("Free", 1, true))
      assert.is_falsy(text:find("Other", 1, true))
    end
  end)

  it("matches MARCXML by the numbers of other systems and takes its files from 856", function()
    put("one", { ["md.xml"] = MARC:format(field("035", "a", "(X)1") .. field("245", "a", "By number") .. field("856", "u", "x/f.pdf")),
      ["x/f.pdf"] = "pdf" }, XML_PROFILE)
    local counts = counted(run "S404")
    assert.are.equal(1, counts["Imported records upon no match"])
    put("two", { ["md.xml"] = MARC:format(field("035", "a", "(X)1") .. field("245", "a", "By number") .. field("856", "u", "g.pdf")),
      ["g.pdf"] = "pdf" }, XML_PROFILE)
    counts = counted(run "S404")
    assert.are.same({ 0, 1, 1 }, { counts["Imported records upon no match"], counts["Merged"], counts["Digital items added"] })
    assert.are.equal(4, place.state("?counts=1").counts.bibs)
  end)

  it("refuses records on request and by its validation, in words that events tell if that is chosen", function()
    place.change { { op = "refuse_rows", has = "Bad one", message = "It is bad" }, { op = "import_events" } }
    put("one", { ["values.csv"] = "title,creator,rep_usage_type\nBad one,A,\nGood one,A,\n,Nobody,\nOdd,A,View\n" })
    local instance = run()
    assert.are.equal("COMPLETED_WARNING", instance.status.value)
    assert.are.same({ 1, 3, 3 }, { counted(instance)["Total records imported"], counted(instance)["Total records not imported"],
      counted(instance)["Records requiring attention"] })
    local got = place.call("GET", ("/conf/jobs/S401/instances/%s/events"):format(instance.id))
    assert.are.equal(200, got.status, got.body)
    local events, words = got.data, {}
    for i, event in ipairs(events.event) do words[i] = event.event_key[2].value end
    assert.are.same({ "It is bad", "Mandatory field 245 is missing", "Usage type View is invalid" }, words)
  end)

  it("tells matches and the set of its records", function()
    put("one", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,a.jpg\n", ["a.jpg"] = "aa" })
    local instance = run()
    local matches = place.call("GET", ("/conf/jobs/S401/instances/%s/matches?population=SINGLE_MATCHES"):format(instance.id)).data
    assert.are.same({ 1, "991000000010009001" }, { matches.total_record_count, matches.match[1].mms_id })
    assert.are.equal(1, instance.action[1].members)
  end)

  it("does its work, and never ends, when it hangs", function()
    place.change { op = "faults", spec = "POST jobs=@1:hangs" }
    put("one", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,a.jpg\n", ["a.jpg"] = "aa" })
    assert.are_not.equal("COMPLETED_SUCCESS", run().status.value)
    assert.are.equal(2, #reps "991000000010009001")
  end)

  it("does nothing for an inactive profile", function()
    place.change { op = "profile", id = PROFILE, active = false }
    put("one", { ["values.csv"] = "mms_id,file_name_1\n991000000010009001,a.jpg\n", ["a.jpg"] = "aa" })
    run()
    assert.are.equal(1, #reps "991000000010009001")
    assert.is_false(place.call("GET", "/conf/md-import-profiles/" .. PROFILE).data.active)
  end)
end)
