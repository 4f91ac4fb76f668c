-- The code tables, libraries and remote repositories of the rehearsal's institution. Usage
-- and entity types have the codes that real answers have.
local work = require "almanac.rehearsal.api.work_codes"

local m = {}

m.tables = {
  RepresentationUsageType = {
    { "PRESERVATION_MASTER", "Master" }, { "DERIVATIVE_COPY", "Derivative" },
    { "AUXILIARY", "Auxiliary" }, { "MODIFIED_MASTER", "Modified Master" },
  },
  RepresentationEntityType = {
    { "CHAPTER", "Chapter" }, { "ARTICLE", "Article" }, { "AUDIOVISUAL", "Audiovisual" },
    { "ISSUE", "Issue" }, { "IssueDet", "Issue-Detailed" },
  },
  CatalogerLevel = {
    { "00", "Default Level" }, { "10", "Level 10" }, { "20", "Level 20" }, { "30", "Level 30" }, { "40", "Level 40" },
  },
  PhysicalMaterialType = {
    { "BOOK", "Book" }, { "ISSUE", "Issue" }, { "ISSBD", "Bound Issue" }, { "MAP", "Map" }, { "MANUSCRIPT", "Manuscript" },
    { "DVD", "DVD" }, { "OTHER", "Other" },
  },
  BaseStatus = { { "0", "Item not in place" }, { "1", "Item in place" } },
  ProcessType = { { "", "" }, { "WORK_ORDER_DEPARTMENT", "In Process" } },
  WorkOrderType = { { "Digitization", "Digitization" }, { "Conservation", "Conservation" } },
  SetContentType = {
    { "BIB_MMS", "All Titles" }, { "IED", "Digital titles" }, { "REPRESENTATION", "Representations" },
    { "REMOTE_REPRESENTATION", "Remote Representations" }, { "FILE", "Digital files" }, { "IEC", "Collections" },
    { "ITEM", "Physical items" },
  },
  SetType = { { "ITEMIZED", "Itemized" }, { "LOGICAL", "Logical" } },
  SetPrivacy = { { "true", "Yes" }, { "false", "No" } },
  systemJobStatus = work.statuses,
  RequestCancellationReasons = { { "CannotBeFulfilled", "The request cannot be fulfilled" }, { "PatronNotInterested",
    "Requester is no longer interested" } },
  SetStatus = { { "ACTIVE", "Active" }, { "INACTIVE", "Inactive" } },
}

m.libraries = {
  { "MAIN", "Main Library" }, { "SPEC", "Special Collections" }, { "NET", "Online Resource" },
}

-- Where items are scanned in: work order departments with their type, and circulation desks.
m.departments = { { "DIGI", "Digitization Department", "DIGI", "Digitization" }, { "CONS", "Conservation", "CONS", "Conservation" } }
m.desks = { { "DEFAULT_CIRC_DESK", "Circulation Desk" } }

-- Remote repositories: code, name, and the templates of delivery and thumbnail addresses, which are filled in with the
-- linking parameters of a representation.
m.repositories = {
  { "CONTENTDM", "CONTENTdm", "https://cdm.example.edu/digital/collection/{1}/id/{2}",
    "https://cdm.example.edu/digital/api/singleitem/collection/{1}/id/{2}/thumbnail" },
  { "DSPACE", "DSpace", "https://hdl.handle.net/{1}", "" },
  { "FEDORA", "Fedora", "https://islandora.example.edu/islandora/object/{1}",
    "https://islandora.example.edu/islandora/object/{1}/datastream/TN/view" },
  { "ROSETTA", "Rosetta", "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid={1}",
    "https://rosetta.example.edu/delivery/DeliveryManagerServlet?dps_pid={1}&dps_func=thumbnail" },
  { "DIGITOOL", "DigiTool", "http://digitool.example.edu:1801/webclient/DeliveryManager?pid={1}",
    "http://digitool.example.edu:1801/webclient/DeliveryManager?pid={1}&custom_att_2=thumbnail" },
}

local function learn(list, names)
  for code in names:gmatch "[^,]+" do
    if not m.describe(list, code) then list[#list + 1] = { code, code } end
  end
end

---Gives the institution repositories that its titles name; nobody knows their addresses.
---@param names string codes with commas between, as the state keeps them
function m.learn_repositories(names)
  learn(m.repositories, names)
end

---An address of what a remote representation stands for.
---@param code string? of its repository
---@param what "delivery"|"thumbnail"
---@param links table<string, string> linking_parameter_1 and so on
---@return string address "" when the repository has none
function m.address(code, what, links)
  for _, row in ipairs(m.repositories) do
    if row[1] == code then
      return ((row[what == "delivery" and 3 or 4] or ""):gsub("{(%d)}", function(n) return links["linking_parameter_" .. n] or "" end))
    end
  end
  return ""
end

---Gives the institution libraries that its titles name.
---@param names string codes with commas between, as the state keeps them
function m.learn_libraries(names)
  learn(m.libraries, names)
end

---@param rows string[][] { code, description } each
---@param code string?
---@return string|nil description nil when there is no such code
function m.describe(rows, code)
  for _, row in ipairs(rows) do
    if row[1] == code then return row[2] end
  end
end

---A coded value as it stands in answers.
---@param rows string[][]
---@param code string?
---@return { value: string, desc: string? }
function m.value(rows, code)
  return { value = code or "", desc = m.describe(rows, code) }
end

return m
