-- The calls of Alma's analytics API, a row each: name, method, path below /almaws/v1; what body it takes
-- (`xml`: only as XML), what it answers, what its query may hold (the notation stands in init.lua).
-- Made by `make calls` from Alma's OpenAPI description; not edited by hand.
return {
  { "list_analytics_paths", "GET", "/analytics/paths", answer = "rest_analyt_paths" },
  { "get_analytics_path", "GET", "/analytics/paths/{path}", answer = "rest_analyt_paths" },
  { "get_analytics_report", "GET", "/analytics/reports", answer = "rest_analyt_report",
    query = "path filter limit:25-1000/25=25 col_names:bool=true token" },
  { "get_analytics_test", "GET", "/analytics/test", answer = "object" },
  { "post_analytics_test", "POST", "/analytics/test", answer = "object" },
}
