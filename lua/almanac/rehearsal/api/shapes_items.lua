-- Items: bib_data, holding_data and item_data. The names are those of a recorded item; no XSD of it is public, and the
-- order of their elements in XML is taken from clients' documentation.
local m = {}

local desc, link = { "desc" }, { "link" }

-- JSON says null where these are empty (recorded).
local NULL = { edition = true, imprint = true, language = true }

local function field(name, coded)
  return { name, attributes = coded and desc or nil, null = NULL[name] }
end

-- Names with * are coded values.
local function fields(words)
  local shape = {}
  for name, star in words:gmatch "([%w_]+)(%*?)" do shape[#shape + 1] = field(name, star ~= "") end
  return shape
end

m.bib_data = fields "mms_id title author issn isbn complete_edition"
m.bib_data.name, m.bib_data.attributes = "bib_data", link
for _, each in ipairs { { "network_number", each = "text", wrapped = "network_numbers" }, { "place_of_publication" },
  { "date_of_publication" }, { "publisher_const" } } do table.insert(m.bib_data, each) end

m.holding_data = fields [[holding_id copy_id in_temp_location temp_library* temp_location* temp_call_number_type*
  temp_call_number temp_policy* call_number_type* call_number accession_number]]
m.holding_data.name, m.holding_data.attributes = "holding_data", link

m.item_data = fields [[pid barcode creation_date modification_date base_status* awaiting_reshelving physical_material_type*
  policy* provenance* po_line issue_date is_magnetic arrival_date expected_arrival_date year_of_issue
  enumeration_a enumeration_b enumeration_c enumeration_d enumeration_e enumeration_f enumeration_g enumeration_h
  chronology_i chronology_j chronology_k chronology_l chronology_m break_indicator* pattern_type* linking_number
  type_of_unit description replacement_cost receiving_operator process_type* work_order_type* work_order_at*
  inventory_number inventory_date inventory_price receive_number weeding_number weeding_date library* location*
  alternative_call_number alternative_call_number_type* alt_number_source storage_location_id pages pieces public_note
  fulfillment_note internal_note_1 internal_note_2 internal_note_3 statistics_note_1 statistics_note_2 statistics_note_3
  requested edition imprint language physical_condition* committed_to_retain* retention_reason* retention_note]]
m.item_data.name = "item_data"

---Fields that Alma sets; what is sent in them is passed over.
m.output = {}
for name in ([[pid creation_date modification_date base_status awaiting_reshelving process_type work_order_type work_order_at
  library location requested edition imprint language]]):gmatch "%S+" do m.output[name] = true end

---Fields that no recorded item has. They are in an answer only when something is in them.
m.rare = {}
for name in ([[issue_date expected_arrival_date break_indicator pattern_type linking_number type_of_unit replacement_cost
  work_order_type work_order_at inventory_date receive_number weeding_number weeding_date alt_number_source
  committed_to_retain retention_reason retention_note]]):gmatch "%S+" do m.rare[name] = true end

m.item = { name = "item", attributes = link, { "bib_data", shape = m.bib_data }, { "holding_data", shape = m.holding_data },
  { "item_data", shape = m.item_data } }
m.items = { name = "items", attributes = { "total_record_count" }, { "item", each = m.item } }

return m
