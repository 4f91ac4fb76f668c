-- What an import that took ingests tells of them: counters, alerts, matches, and the records that it refused.
local json = require "almanac.json"

local m = {}

-- The counters are those that the report of such a job shows (Grinnell's, December 2023). Their codes are made up.
local COUNTERS = {
  { "label.records.processed", "Total records processed", function(r) return r.processed end },
  { "label.records.imported", "Total records imported", function(r) return #r.imported end },
  { "label.records.deleted", "Total records deleted", function() return 0 end },
  { "label.records.not.imported", "Total records not imported", function(r) return r.refused + r.passed end },
  { "label.items.processed", "Total digital items processed", function(r) return r.items end },
  { "label.items.imported", "Total digital items imported", function(r) return r.added end },
  { "label.matches", "Matches found", function(r) return r.single + r.multi end },
  { "label.matches.single", "Single matches", function(r) return r.single end },
  { "label.matches.multi", "Multi matches", function(r) return r.multi end },
  { "label.records.new", "Imported records upon no match", function(r) return r.new end },
  { "label.records.merged", "Merged", function(r) return r.merged end },
  { "label.records.overlaid", "Overlaid", function(r) return r.overlaid end },
  { "label.records.assigned", "Records assigned to collection", function(r) return r.assigned end },
  { "label.items.added", "Digital items added", function(r) return r.added end },
  { "label.items.skipped", "Imported digital items when skipped record processing", function(r) return r.skipped end },
  { "label.records.attention", "Records requiring attention", function(r) return r.refused + #r.invalid end },
}

---What an import did; nil when it found no ingest.
---@param row table of job_run
---@return table? report
function m.of(world, row)
  local text = world:note("import " .. row.id)
  return text and json.decode(text)
end

---@param report table
---@return table[] counters
function m.counters(report)
  local list = {}
  for i, each in ipairs(COUNTERS) do list[i] = { type = { value = each[1], desc = each[2] }, value = tostring(each[3](report)) } end
  return list
end

---@param report table
---@return table[] alerts
function m.alerts(report)
  local list = {}
  for i, message in ipairs(report.invalid) do list[i] = { value = "alert_invalid_file", desc = message } end
  if list[1] then return list end
  if report.refused > 0 then
    return { { value = "alert_general_warning", desc = "The job completed with warnings. For more information view the report details." } }
  end
  return { { value = "alert_general_success", desc = "The job completed successfully. For more information view the report details." } }
end

local function page(list, limit, offset, make)
  local part = {}
  for i = offset + 1, math.min(#list, offset + limit) do part[#part + 1] = make(list[i], i) end
  return part, #list
end

---@return table[] matches
---@return integer total
function m.matches(report, population, limit, offset)
  return page(population == "SINGLE_MATCHES" and report.matches or report.multi_matches, limit, offset, function(match)
    return { id = tostring(match.n), mms_id = match.mms_id, title = match.title }
  end)
end

---The records that were refused. The codes of an event's values are made up.
---@return table[] events
---@return integer total
function m.events(report, limit, offset)
  return page(report.events, limit, offset, function(event, i)
    return { event_id = tostring(i), event_key = { { code = "RECORD_NUMBER", value = tostring(event.n) },
      { code = "ERROR_MESSAGE", value = event.message } } }
  end)
end

return m
