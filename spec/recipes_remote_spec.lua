-- The recipes for other repositories, each against its system: harvested, applied, verified, harvested again, taken back.
local desk = require "support.desk"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

-- System -> where it is, an object that a bib names, the bib's address of it, and what Alma then has.
local SYSTEMS = {
  contentdm = { path = "/oai/oai.php", id = "p17maps/1", prefix = "oai:cdm.example.edu:",
    named = "http://cdm.example.edu/cdm/ref/collection/p17maps/id/1", links = { "p17maps", "1" },
    page = "https://cdm.example.edu/digital/collection/p17maps/id/1" },
  dspace = { path = "/oai/request", id = "123456789/11", prefix = "oai:repository.example.edu:",
    named = "https://repository.example.edu/handle/123456789/11", links = { "123456789/11", "" },
    page = "https://hdl.handle.net/123456789/11" },
  fedora = { path = "/oai2", id = "harbor_101", prefix = "oai:islandora.example.edu:",
    named = "https://islandora.example.edu/islandora/object/harbor%3A101", links = { "harbor:101", "" },
    page = "https://islandora.example.edu/islandora/object/harbor:101" },
  rosetta = { path = "/oaiprovider/request", id = "IE1001", prefix = "oai:d4I1-pubam:",
    named = "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid=IE1001&amp;dps_func=thumbnail",
    links = { "IE1001", "" }, page = "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid=IE1001" },
  digitool = { path = "/OAI-PUB", id = "10101", prefix = "oai:DTLHarborTown.edu:", format = "marc21",
    named = "http://digitool.example.edu:1801/webclient/DeliveryManager?pid=10101", links = { "10101", "" },
    page = "http://digitool.example.edu:1801/webclient/DeliveryManager?pid=10101" },
}

local function bib(id, address)
  return ('<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">%s</controlfield><datafield tag="245" ind1="1" ' ..
    'ind2="0"><subfield code="a">Chart</subfield></datafield><datafield tag="856" ind1="4" ind2="0"><subfield code="u">%s</subfield>' ..
    "</datafield></record>"):format(id, address)
end

describe("a recipe for another repository", function()
  local alma, folder, env

  setup(function()
    folder = program.folder()
    program.write(folder .. "/titles.xml", "<collection>" .. bib(desk.id(1), "https://elsewhere.example.org/1") .. "</collection>")
    local args = { "--rate", "0" }
    for name in pairs(SYSTEMS) do table.move({ "--repository", name }, 1, 2, #args + 1, args) end
    alma = rehearsal.start { titles = folder .. "/titles.xml", args = args }
    env = desk.environment(alma, folder)
  end)
  teardown(function()
    alma.stop()
    program.remove(folder)
  end)

  local function run(status, ...)
    local words = { ... }
    if words[1] ~= "show" then table.move({ "--rate", "500" }, 1, 2, #words + 1, words) end
    local result = program.run(words, { folder = folder, env = env })
    assert.equal(status, result.status, result.out .. result.err)
    return result.out
  end

  local function remotes(mms_id)
    return alma.call("GET", ("/bibs/%s/representations"):format(mms_id)).data.representation or {}
  end

  local function change(name, op, id, title)
    alma.change { op = op, repository = name, id = id, title = title }
  end

  local number = 1
  for name, system in pairs(SYSTEMS) do
    number = number + 1
    local mms_id, recipe = desk.id(number), "remote-" .. name

    it("makes, sets in place and takes back: " .. recipe, function()
      alma.change { op = "add_bib", mms_id = mms_id, title = "Chart", collection = alma.state().collections[1].pid }
      local titles, first, second = name .. ".xml", name .. "-1.run", name .. "-2.run"
      program.write(folder .. "/" .. titles, bib(mms_id, system.named))
      local function plan(file, ...)
        return run(0, "plan", recipe, "--titles", titles, "--library", "MAIN", "-o", file, ...)
      end
      local format = system.format or "oai_dc"
      local told = plan(first, "--records", "oai:" .. alma.url .. system.path, "--records-prefix", format)
      assert.matches("1 title: 1 ready", told, 1, true)
      run(0, "apply", first, "--settle", "0.05")
      assert.matches("verified 1 title", run(0, "verify", first))
      local made = remotes(mms_id)
      assert.same({ 1, system.prefix .. system.id, name:upper(), system.page }, { #made, made[1].originating_record_id,
        made[1].repository.value, made[1].delivery_url })
      assert.same(system.links, { made[1].linking_parameter_1, made[1].linking_parameter_2 or "" })
      assert.same({ "Chart of the harbor", "No Copyright - United States" }, { made[1].label, made[1].public_note })

      change(name, "change_record", system.id, "Chart of the inner harbor")
      assert.matches("1 remote representation is changed", plan(second, "--since", first))
      run(0, "apply", second, "--settle", "0.05")
      local set = remotes(mms_id)
      assert.same({ 1, made[1].id, "Chart of the inner harbor" }, { #set, set[1].id, set[1].label })

      run(0, "undo", second, "--yes")
      assert.equal("Chart of the harbor", remotes(mms_id)[1].label)
      run(0, "undo", first, "--yes")
      assert.same({}, remotes(mms_id))
    end)
  end

  it("leaves the title of a deleted record to a person", function()
    program.write(folder .. "/one.xml", bib(desk.id(1), "https://hdl.handle.net/123456789/12"))
    local function plan(...)
      return program.run({ "plan", "remote-dspace", "--titles", "one.xml", "--library", "MAIN", ... }, { folder = folder, env = env })
    end
    assert.equal(0, plan("--records", "oai:" .. alma.url .. "/oai/request", "-o", "a.run").status)
    run(0, "apply", "a.run", "--settle", "0.05")
    change("dspace", "delete_record", "123456789/12")
    local result = plan("--since", "a.run", "-o", "b.run")
    assert.matches("the source has deleted its record", result.out)
    assert.equal(1, #remotes(desk.id(1)))
    alma.change { op = "faults", spec = "GET oai.dspace=1:nothing" }
    result = plan("--since", "a.run", "-o", "c.run")
    alma.change { op = "faults", spec = "" }
    assert.not_matches("deleted its record", result.out)
    run(0, "undo", "a.run", "--yes")
  end)

  it("matches by other numbers that record and bib share, when it is told to", function()
    local record = bib(desk.id(1), "https://elsewhere.example.org/1"):gsub("</record>", '<datafield tag="035" ind1=" " ind2=" ">' ..
      '<subfield code="a">(OCoLC)ocm40000003</subfield></datafield></record>')
    program.write(folder .. "/one.xml", record)
    local told = run(0, "plan", "remote-rosetta", "--titles", "one.xml", "--library", "MAIN", "--also", "OCoLC", "--records",
      "oai:" .. alma.url .. "/oaiprovider/request", "-o", "also.run")
    assert.matches("1 title: 1 ready", told, 1, true)
    assert.matches("oai:d4I1-pubam:IE1003", run(0, "show", "also.run", desk.id(1)), 1, true)
  end)

  for name, prefix in pairs { contentdm = "oai_qdc", fedora = "mods", digitool = "marc21" } do
    it(("makes bibs of %s records that no title answers to, once: %s"):format(prefix, name), function()
      local before, file = alma.state().counts, name .. ".run"
      local told = run(0, "plan", "remote-" .. name, "--records", "oai:" .. alma.url .. SYSTEMS[name].path, "--records-prefix", prefix,
        "--find", "other_system_id", "--into", "Digital titles", "--library", "MAIN", "-o", file)
      local n = tonumber(told:match "(%d+) titles are CREATED")
      assert.is_true(n > 3)
      run(0, "apply", file, "--settle", "0.05")
      assert.matches(("verified %d titles"):format(n), run(0, "verify", file))
      assert.equal(before.bibs + n, alma.state().counts.bibs)
      told = run(0, "plan", "remote-" .. name, "--records", "oai:" .. alma.url .. SYSTEMS[name].path, "--records-prefix", prefix,
        "--find", "other_system_id", "--into", "Digital titles", "--library", "MAIN", "-o", "again.run")
      assert.matches(("%d titles: 0 ready"):format(n), told)
      run(0, "undo", file, "--yes")
      assert.same({ before.bibs, before.representations }, { alma.state().counts.bibs, alma.state().counts.representations })
      program.remove(folder .. "/again.run")
    end)
  end
end)
