-- Every recorded answer of a real Alma is read without loss.
local answers = require "almanac.alma.answers"
local core = require "almanac.core"
local errors = require "almanac.alma.errors"
local json = require "almanac.json"
local marc = require "almanac.marc"
local records = require "almanac.record"

local FOLDER = "../shared/alma/recorded"

local function files(suffix)
  local list = {}
  local walk = core.files.walk(FOLDER)
  if not walk then return list end
  while true do
    local path, size = walk:next()
    if not path then return list end
    if size and path:sub(-#suffix) == suffix then list[#list + 1] = path end
  end
end

local function read(path)
  return assert(core.files.read(FOLDER .. "/" .. path, 1 << 24))
end

-- What an independent reader makes of the text, in the form that ours gives.
local function by_dkjson(text)
  local function clean(value)
    if type(value) ~= "table" then
      return type(value) == "number" and math.tointeger(value) or value
    end
    local result = {}
    for key, item in pairs(value) do result[key] = clean(item) end
    return result
  end
  return clean((assert(require "dkjson".decode(text))))
end

local ERRORS = {
  ["errors/http400_401604.json"] = "401604", ["errors/http400_401604.xml"] = "401604",
  ["errors/http400_invalid_api_key.txt"] = "INVALID_API_KEY",
  ["errors/http400_unauthorized.reconstructed.xml"] = "UNAUTHORIZED",
  ["errors/http429_per_second_threshold.json"] = "PER_SECOND_THRESHOLD",
  ["oslo/per_second_threshold_error_response.json"] = "PER_SECOND_THRESHOLD",
  ["oslo/error_response.json"] = "401664", ["oslo/error_response.xml"] = "401664",
  ["oslo/item_barcode_error_response.json"] = "401689",
  ["temple/error.json"] = "402203", ["temple/scan_missing_params.json"] = "40166415",
  ["oslo/analytics_response_part4.xml"] = "420033",
  ["princeton/barcode_32101108683143.json"] = "401689",
  ["oslo/report_not_found_response.xml"] = "INTERNAL_SERVER_ERROR", ["harvard/harvard_error_701115.xml"] = "701115",
  ["synthetic/error_60108_set_member.json"] = "60108",
}

-- What the client would have asked for, to be answered with this.
local KINDS = {
  ["bibsys/representation.json"] = "representation", ["bibsys/representations.json"] = "representations",
  ["oslo/bib_response.json"] = "bib", ["oslo/bib_response_with_availability.json"] = "bib",
  ["oslo/file_response.json"] = "file", ["oslo/files_response.json"] = "files",
  ["oslo/libraries_response.json"] = "libraries", ["oslo/representation_response.json"] = "representation",
  ["oslo/representations_response.json"] = "representations", ["princeton/not_found.json"] = "bibs",
  ["princeton/two_bibs.json"] = "bibs", ["temple/item_from_barcode.json"] = "item", ["temple/libraries.json"] = "libraries",
  ["temple/multiple_bibs.json"] = "bibs", ["synthetic/general_ingest_form.json"] = "general",
  ["synthetic/set_members_page.json"] = "members", ["oslo/job_response.json"] = "job", ["oslo/jobs_response.json"] = "jobs",
  ["oslo/jobinstance_response.json"] = "job_instance", ["oslo/jobinstances_response.json"] = "job_instances",
  ["oslo/library_response.json"] = "library",
}

-- No answers of calls: what webhooks sent, what was sent to Alma, what CONTENTdm answered.
local OTHERS = { ["princeton/alma_full_dump_message.json"] = true, ["princeton/sqs_incremental_dump_alma_job_failed.json"] = true,
  ["harvard/harvard_post_file_request.json"] = true, ["contentdm/dmGetCompoundObjectInfo.json"] = true,
  ["contentdm/dmGetItemInfo.json"] = true }

-- XML with MARC in it, and how many records.
local MARC = { ["bibsys/bib.xml"] = 1, ["bibsys/bibs.xml"] = 2, ["oslo/bib_response.xml"] = 1, ["oslo/bib_response_iz.xml"] = 1,
  ["oslo/bib_response_nz.xml"] = 1, ["oslo/bib_response_with_availability.xml"] = 1, ["ingest/sample-marcxml-856-787.xml"] = 5,
  ["princeton/99121886293506421.xml"] = 1, ["sru/sampleSRU_result.xml"] = 1, ["synthetic/bib_with_avd.xml"] = 1 }

local IN_MARC = { leader = true, controlfield = true, datafield = true, subfield = true }

-- Every field of MARCXML as a line, as an XML reader sees it, and how many records there are.
local function lines_of_xml(node, lines, count)
  if node.name == "leader" then count = count + 1 end
  if IN_MARC[node.name] then
    local at = node.attributes
    lines[#lines + 1] = table.concat({ node.name, at.tag or "", at.ind1 or "", at.ind2 or "", at.code or "",
      node.name ~= "datafield" and node.text or "" }, "|")
  end
  for _, inner in ipairs(node) do count = lines_of_xml(inner, lines, count) end
  return count
end

-- The same of records.
local function lines_of_records(list, lines, with_leader)
  for _, record in ipairs(list) do
    if with_leader then lines[#lines + 1] = "leader|||||" .. record:leader() end
    for _, field in ipairs(record:fields()) do
      if field.value then lines[#lines + 1] = ("controlfield|%s||||%s"):format(field.tag, field.value)
      else lines[#lines + 1] = ("datafield|%s|%s|%s||"):format(field.tag, field.indicator1, field.indicator2) end
      for _, subfield in ipairs(field.subfields or {}) do
        lines[#lines + 1] = ("subfield||||%s|%s"):format(subfield.code, subfield.value)
      end
    end
  end
end

local function anies_of(value, list)
  for name, inner in pairs(value) do
    if name == "anies" then table.move(inner, 1, #inner, #list + 1, list)
    elseif type(inner) == "table" then anies_of(inner, list) end
  end
  return list
end

describe("recorded answers of Alma", function()
  if not core.files.stat(FOLDER) then
    pending "../shared is absent"
    return
  end

  for _, path in ipairs(files ".json") do
    it("are read and written again without loss: " .. path, function()
      local text = read(path)
      local value, message = json.decode(text)
      assert.is_nil(message)
      assert.are.same(value, (json.decode(json.encode(value))))
      if pcall(require, "dkjson") then assert.are.same(by_dkjson(text), value) end
    end)
  end

  for _, path in ipairs(files ".xml") do
    it("are read as XML: " .. path, function()
      local root, message, code = core.xml.parse(read(path))
      if path:find "really_invalid" then return assert.are.equal("parse", code) end
      assert.is_nil(message)
      assert.are.equal("string", type(root.name))
    end)
  end

  for path, code in pairs(ERRORS) do
    it(("give error %s: %s"):format(code, path), function()
      local list = errors.read(read(path))
      assert.are.equal(code, list[1].code)
      assert.are_not.equal("", list[1].message)
    end)
  end

  for path, kind in pairs(KINDS) do
    it(("are such as the client takes for %s: %s"):format(kind, path), function()
      assert.is_nil(answers.problem(kind, assert(json.decode(read(path)))))
    end)
  end

  it("are all known here for what they are", function()
    for _, path in ipairs(files ".json") do
      local known = { KINDS[path] and "kind", ERRORS[path] and "error", OTHERS[path] and "other" }
      assert.truthy(next(known), path)
    end
  end)

  it("that webhooks sent have a run as the calls have it", function()
    for _, name in ipairs { "alma_full_dump_message", "sqs_incremental_dump_alma_job_failed" } do
      local message = assert(json.decode(read(("princeton/%s.json"):format(name))))
      assert.is_nil(answers.problem("job_instance", message.job_instance))
    end
  end)

  -- Loses nothing, or says what: a leader that is too short has been made whole.
  local function without_bad_leader(list, lines)
    for _, record in ipairs(list) do
      for _, problem in ipairs(record:problems()) do
        if problem.kind == "leader" then return table.move(lines, 2, #lines + 1, 1) end
      end
    end
    return lines
  end

  for path, many in pairs(MARC) do
    it("have records in which no field is lost: " .. path, function()
      local expected, lines, list = {}, {}, {}
      assert.equal(many, lines_of_xml(assert(core.xml.parse(read(path))), expected, 0))
      for record in marc.records(FOLDER .. "/" .. path) do list[#list + 1] = record end
      lines_of_records(list, lines, true)
      assert.same(without_bad_leader(list, expected), without_bad_leader(list, lines))
      local again = {}
      lines_of_xml(assert(core.xml.parse(marc.document(list, "marcxml"))), again, 0)
      assert.same(expected, without_bad_leader(list, again))
    end)
  end

  it("have the same records in JSON, as text of XML", function()
    local count = 0
    for _, path in ipairs(files ".json") do
      for _, text in ipairs(anies_of(assert(json.decode(read(path))), {})) do
        local record, format = records.parse(text)
        assert.equal("marc", format, path)
        local expected, lines = {}, {}
        local leaders = lines_of_xml(assert(core.xml.parse((text:gsub("^<%?xml.-%?>", "")))), expected, 0)
        lines_of_records({ record }, lines, leaders > 0)
        assert.same(expected, lines, path)
        count = count + 1
      end
    end
    assert.is_true(count >= 5)
  end)

  it("have ids that are known for ids", function()
    local count = 0
    for _, suffix in ipairs { ".json", ".xml" } do
      for _, path in ipairs(files(suffix)) do
        local text = read(path)
        for _, place in ipairs { "bibs", "representations", "files", "holdings", "items", "sets" } do
          for id in text:gmatch("/" .. place .. "/(%w+)") do
            assert.is_true(answers.is_id(id), id)
            count = count + 1
          end
        end
      end
    end
    assert.is_true(count > 10)
  end)

  it("that are no errors are not taken for one", function()
    for _, suffix in ipairs { ".json", ".xml" } do
      for _, path in ipairs(files(suffix)) do
        if not ERRORS[path] then assert.is_nil(errors.read(read(path)), path) end
      end
    end
  end)
end)
