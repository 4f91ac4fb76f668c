-- The objects of Alma's answers about the configuration. What a field may be is said in
-- almanac.rehearsal.api.shapes. Those of locations, desks, departments and mapping tables have no public schema: these
-- are the names that clients were seen to use.
local m = {}

local desc, link = { "desc" }, { "link" }

local function list(name, each)
  return { name = name, attributes = { "total_record_count" }, { each.name, each = each } }
end

local SCOPE = { "scope", shape = { name = "scope", { "institution_id", attributes = desc }, { "library_id", attributes = desc } } }

m.code_table = {
  name = "code_table",
  { "name" }, { "description" }, { "sub_system", attributes = desc }, { "patron_facing" },
  { "language", attributes = desc }, SCOPE,
  { "row", each = { name = "row", { "code" }, { "description" }, { "default" }, { "enabled" } }, wrapped = "rows" },
}
m.code_tables = list("code_tables", m.code_table)

m.mapping_table = {
  name = "mapping_table", attributes = link,
  { "name" }, { "description" }, { "sub_system", attributes = desc }, SCOPE,
  { "row", each = { name = "row", { "column0" }, { "column1" }, { "column2" }, { "enabled" } }, wrapped = "rows" },
}
m.mapping_tables = list("mapping_tables", m.mapping_table)

m.location = {
  name = "location", attributes = link,
  { "code" }, { "name" }, { "external_name" }, { "type", attributes = desc }, { "fulfillment_unit", attributes = desc },
  { "remote_storage", attributes = desc }, { "call_number_type", attributes = desc }, { "accession_placement", attributes = desc },
  { "map" }, { "suppress_from_publishing" },
}
m.locations = list("locations", m.location)

m.circ_desk = { name = "circ_desk", attributes = link, { "code" }, { "name" } }
m.circ_desks = list("circ_desks", m.circ_desk)

m.departments = list("departments", { name = "department", { "code" }, { "name" }, { "type", attributes = desc } })

return m
