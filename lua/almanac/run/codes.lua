-- Usage types and libraries are codes that each institution sets up itself. A
-- plan with an unknown code would fail title by title, so codes are checked before.
local alma = require "almanac.alma"
local objects = require "almanac.recipe.inside.objects"
local rules = require "almanac.recipe.rules"
local words = require "almanac.words"

local m = {}

local function codes_of(rows)
  local list = {}
  for _, row in ipairs(rows) do
    if type(row.code) == "string" and tostring(row.enabled) ~= "false" then list[#list + 1] = row.code end
  end
  table.sort(list)
  return list
end

---The codes of the institution.
---@param client table
---@return { libraries: string[], usage_types: string[] }|nil codes
---@return string? message
---@return string? code
function m.load(client)
  local libraries, message, code = alma.conf.libraries(client)
  if not libraries then return nil, message, code end
  local rows
  rows, message, code = alma.conf.code_table(client, "RepresentationUsageType")
  if not rows then return nil, message, code end
  return { libraries = codes_of(libraries), usage_types = codes_of(rows) }
end

-- Runs that were read before lists were kept have none; then any code passes.
local function unknown(what, wanted, list)
  for _, code in ipairs(list or { wanted }) do
    if wanted == nil or code == wanted then return nil end
  end
  local near = words.nearest(wanted, list)
  return ("%s '%s' does not exist in this institution%s; there are %s"):format(what, wanted,
    near and (", did you mean '" .. near .. "'?") or "", table.concat(list, ", "))
end

---Says what is wrong with the codes of a change.
---@param codes { libraries: string[], usage_types: string[] }
---@param usage_type string? nil: the change names none
---@param library string?
---@return string? words
function m.check(codes, usage_type, library)
  return unknown("the library", library, codes.libraries) or unknown("the usage type", usage_type, codes.usage_types)
end

---Asks the recipe for the changes of a made-up title and checks their codes, before
---thousands of titles are read. A recipe that fails at such a title is checked when
---the plan is made.
---@param codes table
---@param recipe table
---@param args table
---@return string? words
function m.probe(codes, recipe, args)
  local held = { path = "example.tif", name = "example.tif", label = "example.tif", pid = "13", size = 1 }
  local title = objects.title("99", "An example", { representations = {
    { id = "12", usage_type = "PRESERVATION_MASTER", label = "", files = { held } },
  } })
  local ok, changes = rules.changes(recipe, title, { objects.file("example.jpg", 1) }, args)
  if not ok then return nil end
  for _, change in ipairs(changes) do
    local wrong = m.check(codes, change.usage_type, change.library)
    if wrong then return wrong end
  end
end

local USED = [[SELECT DISTINCT json_extract(spec, '$.usage_type') AS usage_type, json_extract(spec, '$.library') AS library
  FROM spec WHERE id IN (SELECT spec_id FROM change) ORDER BY 1, 2]]

---Says what is wrong with the codes of a plan.
---@param codes table
---@param db table
---@return string? words
function m.check_plan(codes, db)
  for row in db:rows(USED) do
    local wrong = m.check(codes, row.usage_type, row.library)
    if wrong then return wrong end
  end
end

return m
