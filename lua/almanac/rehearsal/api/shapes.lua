-- The objects of Alma's answers and bodies: their fields in the order of the
-- official XSDs, and how each is written in XML and JSON. A field is
--   { "name" }                           text, number or boolean
--   { "name", null = true }              JSON says null where it is empty
--   { "name", attributes = {"desc"} }    <name desc="…">value</name>, {"value", "desc"}
--   { "name", shape = … }                an object inside
--   { "name", each = …, wrapped = … }    an array; in XML inside an element `wrapped`
--                                        a shape with `text` is a coded value: in XML the field of that name is its text
--   { "name", record = true }            XML as it is; in JSON the array "anies"
local m = {}

local desc, link = { "desc" }, { "link" }

m.representation = {
  name = "representation", attributes = { "is_remote", "link" },
  { "id" }, { "library", attributes = desc }, { "label" }, { "public_note" },
  { "usage_type", attributes = desc }, { "active", attributes = desc },
  { "entity_type", attributes = desc },
  { "author", null = true }, { "title", null = true }, { "volume", null = true },
  { "issue", null = true }, { "date", null = true }, { "start_page" }, { "end_page" },
  { "track", null = true }, { "start_time" }, { "end_time" }, { "number", null = true },
  { "year", null = true }, { "season_month" }, { "day_in_month" },
  { "access_rights_policy_id", attributes = desc }, { "copyrights_statement_id", attributes = desc },
  { "delivery_url" }, { "thumbnail_url" }, { "po_line" }, { "request_id" }, { "deposit_id" },
  { "repository", attributes = desc }, { "originating_record_id" },
  { "linking_parameter_1" }, { "linking_parameter_2" }, { "linking_parameter_3" },
  { "linking_parameter_4" }, { "linking_parameter_5" },
  { "created_by" }, { "created_date" }, { "last_modified_by" }, { "last_modified_date" },
  { "files", attributes = { "total_record_count", "link" } },
}

local function list(name, each, always)
  return { name = name, attributes = { "total_record_count" }, { each.name, each = each, always = always } }
end

m.representations = list("representations", m.representation)

m.representation_file = {
  name = "representation_file",
  { "pid" }, { "path" }, { "thumbnail_url" }, { "label" }, { "size" }, { "url", null = true },
  { "fulltext", null = true },
}
m.representation_files = list("representation_files", m.representation_file)

m.bib = {
  name = "bib", attributes = { "link" },
  { "mms_id" }, { "record_format" }, { "linked_record_id", attributes = { "type" } },
  { "title" }, { "author", null = true }, { "issn", null = true }, { "isbn", null = true }, { "complete_edition" },
  { "network_number", each = "text", wrapped = "network_numbers" },
  { "place_of_publication" }, { "date_of_publication" }, { "publisher_const" },
  { "holdings", attributes = link },
  { "created_by" }, { "created_date" }, { "last_modified_by" }, { "last_modified_date" },
  { "suppress_from_publishing" }, { "suppress_from_external_search" }, { "sync_with_oclc" },
  { "sync_with_libraries_australia" }, { "originating_system" }, { "originating_system_id" },
  { "cataloging_level", attributes = desc },
  { "record", record = true },
  { "warning", each = { name = "warning", { "message" } }, wrapped = "warnings" },
  { "requests", attributes = link, null = true },
}
-- An empty answer has "bib": [] (recorded); other lists leave the name out then.
m.bibs = list("bibs", m.bib, true)

m.holding = {
  name = "holding",
  { "holding_id" }, { "created_by" }, { "created_date" }, { "last_modified_by" }, { "last_modified_date" },
  { "suppress_from_publishing" }, { "record", record = true },
}

-- A holding in a list has no record. No list of holdings was recorded: these are fields that clients read.
m.holding_brief = {
  name = "holding", attributes = link,
  { "holding_id" }, { "copy_id" }, { "library", attributes = desc }, { "location", attributes = desc }, { "call_number" },
  { "suppress_from_publishing" },
}
m.holdings = list("holdings", m.holding_brief)

m.collection = {
  name = "collection", attributes = link,
  { "pid", attributes = link }, { "parent_pid", attributes = link },
  { "external_system" }, { "external_id" }, { "name" }, { "description" },
  { "library", attributes = desc },
}
m.collection[#m.collection + 1] = { "collection", each = m.collection }
m.collections = list("collections", m.collection)

m.member = { name = "member", attributes = link, { "id" }, { "description" } }
m.members = list("members", m.member)

m.set = {
  name = "set", attributes = link,
  { "id" }, { "name" }, { "description" }, { "type", attributes = desc },
  { "content", attributes = desc }, { "private", attributes = desc }, { "status", attributes = desc },
  { "status_date" }, { "note" }, { "created_by", attributes = desc }, { "created_date" },
  { "query", attributes = desc }, { "number_of_members", attributes = link },
  { "members", shape = m.members }, { "additional_info", attributes = link }, { "origin", attributes = desc },
}
m.sets = list("sets", m.set)

m.library = {
  name = "library", attributes = link,
  { "code" }, { "id" }, { "path" }, { "name" }, { "description" }, { "resource_sharing" },
  { "campus", attributes = desc }, { "proxy" }, { "default_location", attributes = desc },
}
m.libraries = list("libraries", m.library)

m.ingest_form = {
  name = "ingest_form",
  { "acl" }, { "policy" }, { "x-amz-algorithm" }, { "x-amz-credential" }, { "x-amz-signature" },
  { "success_action_status" }, { "x-amz-date" }, { "key" },
}
m.general = {
  name = "general",
  { "institution", attributes = desc }, { "alma_url" }, { "environment_type" },
  { "digital", shape = { name = "digital", { "bucket" }, { "region" }, { "ingest_url" },
    { "delivery_url" }, { "ingest_form", shape = m.ingest_form } } },
}

return m
