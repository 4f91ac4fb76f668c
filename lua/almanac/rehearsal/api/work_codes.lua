-- The jobs, import profiles, deposit profiles and people of the rehearsal's institution. The
-- names of the jobs are those of Alma's list of manual jobs; the parameters' names of most are
-- not public, so each asks for set_id and job_name, and takes all others. One that changes things
-- in a way that somebody chose asks for at least one more, whatever it is called.
local m = {}

m.statuses = {
  { "QUEUED", "Queued" }, { "PENDING", "Pending" }, { "INITIALIZING", "Initializing" }, { "RUNNING", "Running" },
  { "FINALIZING", "Finalizing" }, { "COMPLETED_SUCCESS", "Completed Successfully" },
  { "COMPLETED_WARNING", "Completed with Warnings" }, { "COMPLETED_FAILED", "Completed with Errors" },
  { "COMPLETED_NO_BULKS", "Completed, nothing to do" }, { "MANUAL_HANDLING_REQUIRED", "Manual Handling Required" },
  { "FAILED", "Failed" }, { "USER_ABORTED", "Aborted by User" }, { "SYSTEM_ABORTED", "Aborted by System" },
  { "SKIPPED", "Skipped" },
}

m.types = { { "MANUAL", "Manual" }, { "SCHEDULED", "Scheduled" }, { "OTHER", "Other" } }

m.categories = {
  { "EXPORT", "Export" }, { "MMS_INFORMATION_UPDATE", "Information Update" }, { "DIGITAL", "Digital" },
  { "NORMALIZATION", "Normalization" }, { "IMPORT", "Import" }, { "PUBLISHING", "Publishing" },
}

local function manual(id, category, content, name, description)
  return { id = id, type = "MANUAL", category = category, content = content, name = name, description = description or name }
end

local function chosen(...)
  local job = manual(...)
  job.chosen = true
  return job
end

local function scheduled(id, category, name, profile)
  return { id = id, type = "SCHEDULED", category = category, name = name, description = name, profile = profile }
end

m.jobs = {
  manual("M44", "EXPORT", "BIB_MMS", "Export Bibliographic Records"),
  manual("M26714670000011", "EXPORT", "ITEM", "Export Physical Items"),
  chosen("M48", "NORMALIZATION", "BIB_MMS", "Change Bib Records"),
  chosen("M301", "DIGITAL", "BIB_MMS", "Generate Representation from Existing Bib"),
  manual("M302", "DIGITAL", "IED", "Export Digital Titles"),
  manual("M303", "DIGITAL", "FILE", "Download Digital Titles (files)"),
  chosen("M304", "DIGITAL", "REPRESENTATION", "Global Representation Changes"),
  manual("M305", "DIGITAL", "FILE", "Thumbnail Generation"),
  manual("M306", "DIGITAL", "IED", "Withdraw Digital Titles"),
  manual("M307", "DIGITAL", "FILE", "Delete Digital Files"),
  scheduled("S401", "IMPORT", "Metadata Import - Digital ingest", "3152547460009001"),
  scheduled("S402", "IMPORT", "Metadata Import - MARC records by FTP", "3152547470009001"),
  scheduled("S403", "PUBLISHING", "Publishing Platform Job General Publishing"),
  scheduled("S404", "IMPORT", "Metadata Import - Digital ingest, MARC XML", "3152547480009001"),
  scheduled("S405", "IMPORT", "Metadata Import - Digital ingest, Dublin Core", "3152547490009001"),
  scheduled("S406", "IMPORT", "Metadata Import - Old digital ingest", "3152547500009001"),
}

local function digital(usage_library)
  return { remote = false, ie_type = { value = "GENERIC", desc = "Generic Resource" },
    collection_assignment = { value = "", desc = "" }, active = { value = "ACTIVE", desc = "Active" },
    library = { value = usage_library, desc = "Main Library" },
    representation = { { active = { value = "ACTIVE", desc = "Active" }, library = { value = usage_library, desc = "Main Library" },
      group_files_by = "(.*)", label = "245 - a" } } }
end

-- Beside what Alma tells of a profile stands what only its screens show: how it matches (by mms_id, by other_system_id, or
-- none), what it does upon a match (overlay, merge, skip) and upon none (import, skip), and the usage type.

m.profiles = {
  { id = "3152547460009001", job_id = "S401", name = "Digital ingest", description = "Files and a CSV in the upload folder",
    source_format = { "CSV", "CSV" }, target_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" },
    file_name_patterns = "*.csv", digital_details = digital "MAIN",
    match = "mms_id", upon_match = "merge", no_match = "import", usage_type = "DERIVATIVE_COPY" },
  { id = "3152547470009001", job_id = "S402", name = "MARC records by FTP", description = "",
    source_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" },
    target_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" }, file_name_patterns = "^REC_.*\\.mrc$" },
  { id = "3152547480009001", job_id = "S404", name = "Digital ingest, MARC XML", description = "Records name their files in 856 $u",
    source_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" }, target_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" },
    file_name_patterns = "*.xml", digital_details = digital "MAIN",
    match = "other_system_id", upon_match = "merge", no_match = "import", usage_type = "PRESERVATION_MASTER" },
  { id = "3152547490009001", job_id = "S405", name = "Digital ingest, Dublin Core", description = "A CSV of qualified Dublin Core",
    source_format = { "CSV", "CSV" }, target_format = { "DC", "Dublin Core" }, file_name_patterns = "values.csv",
    digital_details = digital "MAIN", match = "other_system_id", upon_match = "merge", no_match = "import",
    usage_type = "PRESERVATION_MASTER" },
  { id = "3152547500009001", job_id = "S406", name = "Old digital ingest", description = "No longer in use", active = false,
    source_format = { "CSV", "CSV" }, target_format = { "MARC21_BIBLIOGRAPHIC", "MARC21 Bibliographic" },
    file_name_patterns = "*.csv", digital_details = digital "MAIN",
    match = "mms_id", upon_match = "overlay", no_match = "import", usage_type = "DERIVATIVE_COPY" },
}

m.people = { student = "Student, Sam", archivist = "Archivist, Ada", exl_impl = "System" }

m.deposit_profiles = {
  { id = "3272704440009001", name = "Theses", description = "Theses of this university",
    instructions = "One PDF with the whole text", group = "STUDENT" },
  { id = "3272704450009001", name = "Photographs", description = "Photographs that are given to the archive",
    instructions = "", group = "STAFF" },
}

---@param list table[]
---@param id string?
---@return table?
function m.find(list, id)
  for _, row in ipairs(list) do
    if row.id == id then return row end
  end
end

return m
