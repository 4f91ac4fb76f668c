-- Describes every kind of change to a title, once. What recipes may use, what plans say,
-- consequences and reports go by this list. What is done in Alma is a module for each kind
-- (almanac.apply.kinds). A kind has
--   effects  what a recipe has to declare for it: "add", "update", "remote", "delete" (of a master it is
--            "delete-master"), "request"
--   fields   what it is given, by name; those with ! are needed. text, boolean; `held` is a file that the title holds,
--            `rep` one of its representations, `file` one of the folder, `files` several of these, `links` the
--            linking parameters of a remote representation; `record` a record, `set`, `fields` and `paths` what
--            is done to one (almanac.record_edit)
--   makes    "representation" or "title": it makes a new one
--   deletes  "file" or "representation": which of the things that the title holds it deletes
--   spares   the field with which it deletes nothing
--   moves    "request": it moves one on, which can't be taken back
--   sets     the fields that it sets, of which it needs one
--   edits    the fields with which it changes the title's record, of which it needs one
--   remote   true: it may be about a remote representation, whose files are not in Alma; "only": about no other
--   together  true: it is carried out for several titles at once, before all else (almanac.apply.ingest)
--   repeats  true: a title may have several about one thing
--   done     the words of a summary for one and for several; nil where a summary counts them as new representations or as deletions
--   spared   the same for those that delete nothing
local representation_fields = require "almanac.representation_fields"

local m = {}

-- The fields that a call takes of a representation, all of them optional but those given with "!".
local function fields_of(sort, call, given)
  local fields = {}
  for _, name in ipairs(representation_fields.names(sort, call)) do
    fields[name] = name == "linking_parameters" and "links" or "text"
  end
  for name, what in pairs(given) do fields[name] = what end
  return fields
end

---@class almanac.change_kind
---@field effects string[]
---@field fields table<string, string>
---@field makes "representation"|"title"|nil
---@field deletes "file"|"representation"|nil
---@field spares string?
---@field moves "request"?
---@field sets string[]?
---@field edits string[]?
---@field remote boolean|"only"|nil
---@field together boolean?
---@field repeats boolean?
---@field done string[]?
---@field spared string[]?

---@type table<string, almanac.change_kind>
m.kinds = {
  ["add.representation"] = {
    effects = { "add" }, makes = "representation",
    fields = fields_of("local", "POST", { usage_type = "text!", library = "text!", files = "files!" }),
  },
  ["add.remote"] = {
    effects = { "remote" }, makes = "representation", fields = fields_of("remote", "POST", { repository = "text!",
      originating_record_id = "text!", usage_type = "text!", library = "text!" }),
  },
  ["add.file"] = {
    effects = { "add" }, repeats = true, fields = { representation = "rep!", files = "files!" },
    done = { "representation gets files", "representations get files" },
  },
  ["add.collection"] = {
    effects = { "add" }, fields = { collection = "text!" },
    done = { "title goes into a collection", "titles go into a collection" },
  },
  ["replace.file"] = {
    effects = { "add", "delete" }, deletes = "file", spares = "keep", fields = { file = "held!", with = "file!", keep = "boolean" },
    done = { "file is replaced", "files are replaced" },
    spared = { "file gets a new one beside it", "files get a new one beside them" },
  },
  ["update.representation"] = {
    effects = { "update" }, remote = true, sets = representation_fields.names("local", "PUT"),
    fields = fields_of("local", "PUT", { representation = "rep!" }),
    done = { "representation is changed", "representations are changed" },
  },
  ["update.file"] = {
    effects = { "update" }, sets = { "label" }, fields = { file = "held!", label = "text!" },
    done = { "file gets another label", "files get another label" },
  },
  ["advance.request"] = {
    effects = { "request" }, moves = "request", repeats = true, fields = { request = "text!", from = "text!", item = "text" },
    done = { "request is moved to its next step", "requests are moved to their next step" },
  },
  ["update.remote"] = {
    effects = { "remote" }, remote = "only", sets = representation_fields.names("remote", "PUT"),
    fields = fields_of("remote", "PUT", { representation = "rep!" }),
    done = { "remote representation is changed", "remote representations are changed" },
  },
  ["create.bib"] = {
    effects = { "create-bib" }, makes = "title", fields = { record = "record!", collection = "text", suppress = "boolean",
      normalization = "text", check_match = "boolean", import_profile = "text", set = "set", add = "fields", remove = "paths" },
  },
  ["update.bib"] = {
    effects = { "update-bib" }, edits = { "set", "add", "remove" },
    fields = { set = "set", add = "fields", remove = "paths", normalization = "text" },
    done = { "record is changed", "records are changed" },
  },
  ingest = {
    effects = { "ingest" }, makes = "representation", together = true,
    fields = { profile = "text!", files = "files!", metadata = "metadata", file_field = "text" },
  },
  ["delete.representation"] = {
    effects = { "delete" }, remote = true, deletes = "representation", fields = { representation = "rep!" },
  },
  ["delete.file"] = { effects = { "delete" }, deletes = "file", fields = { file = "held!" } },
}

---The names of all kinds, in order.
---@type string[]
m.names = {}
for name in pairs(m.kinds) do m.names[#m.names + 1] = name end
table.sort(m.names)

---@param change { kind: string }
---@return boolean
function m.makes_representation(change)
  return m.kinds[change.kind].makes == "representation"
end

---Says what a change deletes of what the title holds.
---@param kind string
---@param spec table the change as a recipe describes it, or its spec in a run file
---@return "file"|"representation"|nil
function m.deleted(kind, spec)
  local entry = m.kinds[kind]
  if entry.spares and spec[entry.spares] then return nil end
  return entry.deletes
end

---Whether one of the changes is about the title's record.
---@param changes { kind: string }[]
---@return boolean
function m.edits_record(changes)
  for _, change in ipairs(changes) do
    if m.kinds[change.kind].edits then return true end
  end
  return false
end

---Whether a change can be the first one of a title that is not there: it makes the title, or brings it in with its files.
---@param change { kind: string }
---@return boolean
function m.may_make_title(change)
  local kind = m.kinds[change.kind]
  return kind.makes == "title" or kind.together == true
end

---Whether a change makes the title itself.
---@param change { kind: string }
---@return boolean
function m.makes_title(change)
  return m.kinds[change.kind].makes == "title"
end

---An SQL condition on `kind`: true for kinds that make such a thing.
---@param what "representation"|"title"
---@return string
function m.sql_makes(what)
  local list = {}
  for _, name in ipairs(m.names) do
    if m.kinds[name].makes == what then list[#list + 1] = ("'%s'"):format(name) end
  end
  return ("kind IN (%s)"):format(table.concat(list, ", "))
end

---An SQL condition on `kind`: true for kinds that are carried out for several titles at once.
---@return string
function m.sql_together()
  local list = {}
  for _, name in ipairs(m.names) do
    if m.kinds[name].together then list[#list + 1] = ("'%s'"):format(name) end
  end
  return ("kind IN (%s)"):format(table.concat(list, ", "))
end

---An SQL condition on a row of `spec`: true for a change that deletes what the title holds.
---@return string
function m.sql_deletes()
  local list = {}
  for _, name in ipairs(m.names) do
    local entry = m.kinds[name]
    if entry.deletes then
      list[#list + 1] = ("spec.kind = '%s'%s"):format(name,
        entry.spares and (" AND json_extract(spec.spec, '$.%s') IS NOT 1"):format(entry.spares) or "")
    end
  end
  return ("(%s)"):format(table.concat(list, " OR "))
end

return m
