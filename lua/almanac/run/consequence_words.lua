-- Puts consequences into words, of one title or counted, so that plans, reports and
-- checks all say them alike.
local record_changes = require "almanac.run.record_changes"
local words = require "almanac.words"

local m = {}

local FIELDS = { access_rights = "access rights", usage_type = "usage type" }

local function usage_of(one)
  return one.usage_type or "usage type not told"
end

local line, total = {}, {}

local function repository_of(one)
  return one.remote ~= "" and "repository " .. one.remote or "its repository"
end

function line.delete(one)
  if one.remote then
    return ("remote representation %s%s is DELETED; its files stay in %s (%s)"):format(one.id,
      one.name and " '" .. one.name .. "'" or "", repository_of(one), usage_of(one))
  end
  if one.of == "representation" then
    return ("%srepresentation %s%s with %s is DELETED (%s)"):format(one.master and "master " or "", one.id,
      one.name and " '" .. one.name .. "'" or "", words.count(one.files, "file"), usage_of(one))
  end
  return ("%sfile %s is DELETED (%s)"):format(one.master and "master " or "", one.name or one.id, usage_of(one))
end

function line.order(one)
  return ("undo can't give back the order of files of master representation %s: %s behind a deleted one, and no master is " ..
    "deleted for its order (%s)"):format(one.id, words.count(one.files, "file stays", "files stay"), usage_of(one))
end

local function types(one)
  return ("%s → %s"):format(one.from ~= "" and one.from or "no type", one.to ~= "" and one.to or "no type")
end

function line.type(one)
  return ("%s is of another type than the file it replaces: %s (%s)"):format(one.name, types(one), usage_of(one))
end

local function values(one)
  local from = one.from and (one.from == "" and "none" or "'" .. one.from .. "'") or "(not told)"
  return ("%s → %s"):format(from, one.to == "" and "none" or "'" .. one.to .. "'")
end

function line.set(one)
  return ("%s of representation %s: %s"):format(FIELDS[one.field], one.id, values(one))
end

local function opens(one)
  if not one.to then return "with nothing, before with a " .. one.from end
  if one.from == one.to then return "with another " .. one.to end
  return ("with a %s, before with %s"):format(one.to, one.from and "a " .. one.from or "nothing")
end

local function seen(one)
  return ("%s%s"):format(one.field and ", suppressed: patrons don't see it" or ", which patrons will see",
    one.to and ", in collection " .. one.to or "")
end

function line.create(one)
  return "the title is CREATED in Alma" .. seen(one)
end

function line.record(one)
  return "in its record " .. record_changes.line { kind = one.of, field = one.field, before = one.before, after = one.after }
end

function line.viewer(one)
  return "its delivery page opens " .. opens(one)
end

function line.request(one)
  return ("request %s is moved on from '%s', which undo can't take back"):format(one.id, one.from)
end

function total.delete(one)
  if one.remote then
    return ("%s DELETED; %s files stay in %s (%s)"):format(words.count(one.n, "remote representation is", "remote representations are"),
      one.n == 1 and "its" or "their", repository_of(one), usage_of(one))
  end
  local kind = one.master and "master " or ""
  if one.of == "representation" then
    return ("%s with %s %s DELETED (%s)"):format(words.count(one.n, kind .. "representation"),
      words.count(one.files, "file"), one.n == 1 and "is" or "are", usage_of(one))
  end
  return ("%s DELETED (%s)"):format(words.count(one.n, kind .. "file is", kind .. "files are"), usage_of(one))
end

function total.order(one)
  return ("undo can't give back the order of files of %s: %s behind deleted ones (%s)"):format(
    words.count(one.n, "master representation"), words.count(one.files, "file stays", "files stay"), usage_of(one))
end

function total.type(one)
  return ("%s: %s (%s)"):format(words.count(one.n, "file is of another type than the one it replaces",
    "files are of another type than those they replace"), types(one), usage_of(one))
end

function total.set(one)
  return ("%s of %s: %s"):format(FIELDS[one.field], words.count(one.n, "representation"), values(one))
end

function total.request(one)
  return ("%s on from '%s', which undo can't take back"):format(words.count(one.n, "request is moved", "requests are moved"), one.from)
end

function total.create(one)
  return words.count(one.n, "title is", "titles are") .. " CREATED in Alma" .. seen(one)
end

local BECOMES = { changed = "is changed", added = "is added", gone = "is REMOVED", moved = "comes in another order" }

function total.record(one)
  return ("in the record of %s, %s %s"):format(words.count(one.titles, "title"), one.field, BECOMES[one.of])
end

function total.viewer(one)
  return ("%s for patrons %s"):format(words.count(one.n, "title opens", "titles open"), opens(one))
end

---A consequence of one title in a line.
---@param one almanac.run.consequence
---@return string
function m.line(one) return line[one.what](one) end

---A counted consequence in a line, with the number of titles when one has several of it.
---@param one table of almanac.run.consequences.totals
---@return string
function m.total(one)
  return total[one.what](one) .. (one.what ~= "record" and one.titles < one.n and ", in " .. words.count(one.titles, "title") or "")
end

---Consequences of one title, a line each.
---@param list almanac.run.consequence[]
---@return string[]
function m.lines(list)
  local lines = {}
  for i, one in ipairs(list) do lines[i] = m.line(one) end
  return lines
end

return m
