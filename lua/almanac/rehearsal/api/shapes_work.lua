-- The objects of Alma's answers about jobs, import profiles and deposit profiles: fields in the order of the
-- official schemas. What a field may be is said in almanac.rehearsal.api.shapes.
local m = {}

local desc, link = { "desc" }, { "link" }
local both = { "desc", "link" }

local function list(name, each)
  return { name = name, attributes = { "total_record_count" }, { each.name, each = each } }
end

m.parameter = { name = "parameter", { "name", attributes = desc }, { "value" } }

m.job = {
  name = "job", attributes = link,
  { "id" }, { "name" }, { "description" }, { "type", attributes = desc }, { "category", attributes = desc },
  { "content", attributes = desc }, { "schedule", attributes = desc }, { "creator" }, { "next_run" },
  { "parameter", each = m.parameter, wrapped = "parameters" }, { "related_profile", attributes = link },
  { "additional_info", attributes = link },
}
m.jobs = list("jobs", m.job)

m.job_instance = {
  name = "job_instance", attributes = link,
  { "id" }, { "external_id" }, { "name" }, { "submitted_by", attributes = desc }, { "submit_time" }, { "start_time" },
  { "end_time" }, { "progress" }, { "status", attributes = desc }, { "status_date" },
  { "alert", each = { name = "alert", text = "value", attributes = desc, { "value" } }, wrapped = "alerts" },
  { "counter", each = { name = "counter", { "type", attributes = desc }, { "value" } }, wrapped = "counters" },
  { "action", each = { name = "action", attributes = link, { "type", attributes = desc }, { "population", attributes = desc },
    { "members" } }, wrapped = "actions" },
  { "job_info", shape = { name = "job_info", attributes = link, { "id" }, { "name" }, { "description" },
    { "type", attributes = desc }, { "category", attributes = desc } } },
}
m.job_instances = list("job_instances", m.job_instance)

-- rest_matches has no public description. These names are made up.
m.matches = list("matches", { name = "match", { "id" }, { "mms_id" }, { "title" } })

m.events = list("events", { name = "event", { "event_id" },
  { "event_key", each = { name = "event_key", { "code" }, { "value" } }, wrapped = "event_keys" } })

m.import_profile = {
  name = "import_profile",
  { "id" }, { "job_id", attributes = link }, { "type", attributes = desc }, { "name" }, { "description" }, { "active" },
  { "source_format", attributes = desc }, { "target_format", attributes = desc }, { "file_name_patterns" },
  { "files_to_import", attributes = desc }, { "scheduler_status", attributes = desc }, { "import_scheduler", attributes = desc },
  { "digital_details", shape = { name = "digital_details",
    { "remote" }, { "remote_repository_instance", attributes = desc }, { "ie_type", attributes = desc },
    { "ie_status", attributes = desc }, { "collection_assignment", attributes = desc }, { "active", attributes = desc },
    { "library", attributes = desc },
    { "representation", each = { name = "representation", { "active", attributes = desc }, { "library", attributes = desc },
      { "group_files_by" }, { "label" } }, wrapped = "representations" } } },
  { "additional_info" },
}
m.import_profiles = list("import_profiles", m.import_profile)

m.deposit_profile = {
  name = "deposit_profile", attributes = link,
  { "id" }, { "name" }, { "active" }, { "description" }, { "instructions" }, { "target_format", attributes = desc },
  { "collection_assignment", attributes = desc }, { "access_rights_policy_assignment", attributes = desc },
  { "library", attributes = desc }, { "approval_method" }, { "unsuppress_on_approval" },
}
m.deposit_profiles = list("deposit_profiles", m.deposit_profile)

m.user_deposit = {
  name = "user_deposit", attributes = link,
  { "user_primary_id" }, { "deposit_id" }, { "title" }, { "deposit_profile", attributes = both }, { "status", attributes = desc },
  { "notes" }, { "mms_id" }, { "rep_id" }, { "delivery_url" }, { "submission_date" }, { "modification_date" },
}
m.user_deposits = list("user_deposits", m.user_deposit)

return m
