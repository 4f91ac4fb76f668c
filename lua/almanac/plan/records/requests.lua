-- Open requests for digitization as records: those of the plan's titles, or of people.
local alma = require "almanac.alma"
local asked = require "almanac.plan.records.asked"
local objects = require "almanac.plan.records.objects"
local people = require "almanac.plan.records.people"
local words = require "almanac.words"

local m = { takes = "people" }

local FIRST = { "request_id", "mms_id", "title", "item_id", "barcode", "user_primary_id", "request_type", "request_sub_type",
  "request_status", "task_name", "request_date", "partial_digitization", "comment", "required_pages_range", "full_chapter",
  "chapter_or_article_title", "chapter_or_article_author", "copyrights_declaration_signed_by_patron" }

local function entry_of(request)
  return { identifier = objects.text(request, "request_id"), datestamp = objects.text(request, "request_date"), deleted = false,
    format = "row", content = objects.row(request, FIRST), place = ("request of title %s"):format(objects.text(request, "mms_id") or "?") }
end

-- The list of a person says its type only by a parameter, and a parameter that Alma does not know is ignored.
local function digitizations(list)
  local kept = {}
  for _, request in ipairs(list) do
    if objects.text(request, "request_type") == "DIGITIZATION" then kept[#kept + 1] = request end
  end
  return kept
end

local function titles_of(plan)
  local ids = {}
  for row in plan.db:rows "SELECT mms_id FROM title ORDER BY id" do ids[#ids + 1] = row.mms_id end
  return ids
end

---@param plan almanac.plan its titles are in the run file
---@param given almanac.plan.records.given
---@param place string?
---@return almanac.plan.source|nil source
---@return string? message
---@return string? code
function m.open(plan, given, _, place)
  local ids, message, code
  if given.people then
    ids, message, code = people.list(plan.client, given.people)
    if not ids then return nil, message, code end
  else
    ids = titles_of(plan)
  end
  if not ids[1] then
    return nil, "--records requests: of which titles or people? Alma gives requests title by title or person by person: give the " ..
      "titles (--titles, a set), or --records-people FILE, IDs or set:NAME", "missing"
  end
  return asked.new({
    items = ids, entry_of = entry_of, allow = function(calls) return plan.limits:allow(calls) end,
    words = ("open requests for digitization of %s"):format(words.count(#ids, given.people and "person" or "title")),
    ask = function(id)
      local list, wrong, kind, detail = alma.requests.list(plan.client, given.people and { user_id = id } or { mms_id = id },
        { type = "DIGITIZATION" })
      if not list then return nil, wrong, kind, detail end
      return digitizations(list)
    end,
  }, place)
end

return m
