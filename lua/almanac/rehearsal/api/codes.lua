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

m.repositories = {
  { "CONTENTDM", "CONTENTdm" }, { "DSPACE", "DSpace" }, { "FEDORA", "Fedora" }, { "ROSETTA", "Rosetta" },
}

---Gives the institution libraries that its titles name.
---@param names string codes with commas between, as the state keeps them
function m.learn_libraries(names)
  for code in names:gmatch "[^,]+" do
    if not m.describe(m.libraries, code) then m.libraries[#m.libraries + 1] = { code, code } end
  end
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
