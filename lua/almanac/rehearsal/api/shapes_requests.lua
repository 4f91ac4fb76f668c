-- A request in Alma's answers and bodies. Its description is not public in full: the fields are
-- those of recorded webhooks and of the official words about creating one.
local m = {}

local desc = { "desc" }

m.user_request = {
  name = "user_request", attributes = { "link" },
  { "title" }, { "author" }, { "description" }, { "comment" }, { "request_id" }, { "request_type" },
  { "request_sub_type", attributes = desc }, { "mms_id" }, { "item_id" }, { "user_primary_id" },
  { "pickup_location" }, { "pickup_location_type" }, { "pickup_location_library" }, { "pickup_location_circulation_desk" },
  { "target_destination", attributes = desc }, { "material_type", attributes = desc },
  { "partial_digitization" }, { "volume" }, { "issue" }, { "part" }, { "date_of_publication" }, { "chapter_or_article_title" },
  { "chapter_or_article_author" }, { "required_pages_range", each = { name = "required_pages", { "from_page" }, { "to_page" } },
    wrapped = "required_pages_range" },
  { "full_chapter" }, { "last_interest_date" }, { "request_status" }, { "task_name" }, { "place_in_queue" }, { "request_date" },
  { "request_time" }, { "barcode" }, { "copyrights_declaration_signed_by_patron" },
}
m.user_requests = { name = "user_requests", attributes = { "total_record_count" }, { "user_request", each = m.user_request } }

return m
