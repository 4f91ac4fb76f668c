-- What Alma takes although its OpenAPI descriptions of these areas do not have it.
local m = {}

-- Calls. GET /items stands in words at GET …/items/{item_pid}: "It is also possible to retrieve item
-- information by barcode using: GET /almaws/v1/items?item_barcode={item_barcode}"; its redirect
-- costs a call of its own. The test of the acquisitions API is like those of the other areas, and
-- that API has no table here.
m.CALLS = {
  { "get_item_by_barcode", "GET", "/items", area = "bibs", answer = "rest_item", query = "item_barcode!" },
  { "get_acq_test", "GET", "/acq/test", area = "acq", answer = "object" },
  { "post_acq_test", "POST", "/acq/test", area = "acq", answer = "object" },
}

-- Query parameters. The list of a representation's files is described without them; a list that
-- comes short is asked for its rest all the same, and a server that does not know them ignores them.
m.MORE = {
  { method = "GET", path = "/bibs/{mms_id}/representations/{rep_id}/files", query = "limit:0-100 offset:int" },
}

return m
