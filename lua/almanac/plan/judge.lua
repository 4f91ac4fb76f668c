-- Judges whether the files found for a title can be meant in one way only. Nothing
-- is written here; a doubt is given as a reason.
local doubles = require "almanac.plan.doubles"
local kinds = require "almanac.change_kinds"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"
local remotes = require "almanac.plan.remote"
local sequence = require "almanac.plan.sequence"
local text = require "almanac.core".text
local volumes = require "almanac.plan.volumes"

local m = {}

local SHOWN = 5     -- names in one reason

---"a, b and 3 more"
---@param list string[]
---@return string
function m.names(list)
  local shown = table.concat(list, ", ", 1, math.min(#list, SHOWN))
  if #list > SHOWN then return ("%s and %d more"):format(shown, #list - SHOWN) end
  return shown
end

local function paths(files)
  local list = {}
  for i, file in ipairs(files) do list[i] = file.path end
  return reasons.some(list)
end

-- When some files have a page, a person should look at the first that has none.
local function unread_page(files)
  local without, some
  for _, file in ipairs(files) do
    if file.page == nil then without = without or file.path else some = true end
  end
  return some and without or nil
end

-- Files of one key are a sequence if each has a page of its own.
local function pages_doubt(group, files)
  if group.more then return reasons.new("very_many_files", { key = group.key, files = paths(group.files) }) end
  local at = {}
  for _, file in ipairs(files) do
    local page = file.page
    if page == nil then
      return reasons.new("several_files", { key = group.key, files = paths(files), without = unread_page(files) })
    elseif at[page] then
      return reasons.new("several_for_page", { page = page, key = group.key, file = at[page].path, other = file.path })
    end
    at[page] = file
  end
end

local function missing_keys(groups)
  local list = {}
  for _, group in ipairs(groups) do
    if #group.files == 0 then list[#list + 1] = group.key end
  end
  return list
end

-- Gives a text that sorts as pages do, 0.004 before 0.01.
local function page_order(page)
  return text.natural(type(page) == "number" and ("%.6f"):format(page) or page)
end

---Puts files in page order, part by part: key by key when the recipe numbers pages, else by
---path in natural order.
---@param files { path: string, page: any, group: integer }[] group: place of their key among the title's
---@return table[] files the same list
function m.in_page_order(files)
  if #files < 2 then return files end
  local numbered = true
  for _, file in ipairs(files) do numbered = numbered and file.page ~= nil end
  for _, file in ipairs(files) do
    local part = file.part and text.natural(file.part) .. "\1" or ""
    file.order = part .. (numbered and ("%06d"):format(file.group) .. page_order(file.page) or text.natural(file.path))
  end
  table.sort(files, function(a, b) return a.order < b.order end)
  return files
end

local function all_files(groups)
  local files, taken = {}, {}
  for i, group in ipairs(groups) do
    for _, file in ipairs(group.files) do
      if not taken[file.id] then
        file.group = i
        files[#files + 1] = file
      end
      if groups[2] then taken[file.id] = true end   -- a file may have several keys
    end
  end
  return m.in_page_order(files)
end

-- The files of each part of a key, in page order.
local function parts_of(files)
  local list, of = {}, {}
  for _, file in ipairs(files) do
    local part = file.part or ""
    if not of[part] then
      of[part] = {}
      list[#list + 1] = of[part]
    end
    table.insert(of[part], file)
  end
  return list
end

-- Adds what is doubtful in the files of one key.
local function add_doubts_of_key(group, how, doubts, notes)
  local files = group.files
  if not files[1] then return end
  local function doubt(reason) doubts[#doubts + 1] = reason end
  local before = #doubts
  if files[2] then
    for _, list in ipairs(how.part and parts_of(files) or { files }) do
      if list[2] then doubt(pages_doubt(group, list)) end
    end
  end
  doubt(sequence.date(group.key, files))
  if how.every_key or #doubts > before then return end
  for _, list in ipairs(how.part and parts_of(files) or { files }) do
    doubt(sequence.dated_pages(list))
    doubt(sequence.lacking(list, group.key, how.sidecars))
    if list[2] then doubt(sequence.contradicted(m.in_page_order(table.move(list, 1, #list, 1, {})))) end
  end
  if not files[2] or files[1].part or how.sidecars then return end
  local reason, note = volumes.several_folders(files, group.key)
  doubt(reason or volumes.several_names(files, group.key))
  notes[#notes + 1] = note
end

-- A doubt when some files say their part and others don't.
local function parts_doubt(files)
  local with, without
  for _, file in ipairs(files) do
    if file.part then with = with or file else without = without or file end
  end
  return with and without and reasons.new("part_unsaid", { file = without.path, other = with.path }) or nil
end

-- Adds what is doubtful in all files of a title together.
local function add_doubts_of_title(files, groups, how, doubts)
  local function doubt(reason) doubts[#doubts + 1] = reason end
  if how.part then doubt(parts_doubt(files)) end
  if not how.every_key then doubt(doubles.named(files)) end
  if not how.every_key and not files[1].part then doubt(volumes.several_keys(groups, how.items)) end
  if how.same and next(how.same) then doubt(doubles.same(files, how.same)) end
end

---Puts the files of a title into page order, and says what is doubtful about them.
---@param groups { key: string, files: table[], more: boolean? }[] for each key of the title its files
---  { id, path, problem, page }; more: there are others
---@param how { every_key: boolean?, part: boolean?, items: boolean?, sidecars: boolean?, same: table<integer, string>? }
---  every_key: each key must have a file; part: files may say which part they are; items: the keys are of items;
---  sidecars: these tell what files are; same: files of the same bytes
---@return table[] files
---@return almanac.run.reason[] doubts
---@return string[] notes
function m.choose(groups, how)
  local files, doubts, notes = all_files(groups), {}, {}
  if #files == 0 then return files, doubts, notes end
  local missing = missing_keys(groups)
  if how.every_key and #missing > 0 then
    doubts[1] = reasons.new("keys_without_file", { missing = #missing, all = #groups, keys = reasons.some(missing) })
  end
  for _, group in ipairs(groups) do add_doubts_of_key(group, how, doubts, notes) end
  if files[2] then add_doubts_of_title(files, groups, how, doubts) end
  for _, file in ipairs(files) do
    if file.problem then doubts[#doubts + 1] = reasons.new("unusable_file", { file = file.path, problem = file.problem }) end
  end
  return files, doubts, notes
end

-- Types of the files, as a set.
local function types_of(files)
  local types = {}
  for _, file in ipairs(files) do types[file.ext] = true end
  return types
end

-- Files of these types that the title holds: folded stem and type -> where.
local function held_of(reading, types)
  local held
  for _, rep in ipairs(reading.representations) do
    for _, file in ipairs(rep.files) do
      local stem, ext = objects.split_extension(file.name)
      if types[ext] then
        held = held or {}
        local name = text.fold(stem) .. "." .. ext
        held[name] = held[name] or { file = file.name, representation = rep.id }
      end
    end
  end
  return held
end

---A doubt when the title already holds a file of the same name and type.
---@param reading { representations: table[] } what Alma holds
---@param files table[] objects.file each
---@return almanac.run.reason? doubt
function m.held_already(reading, files)
  local held = held_of(reading, types_of(files))
  for _, file in ipairs(held and files or {}) do
    local there = held[text.fold(file.stem) .. "." .. file.ext]
    if there then return reasons.new("held_already", there) end
  end
end

local function same(a, b)
  return a ~= nil and a ~= "" and a == b
end

---A doubt when a representation of the title may already be the planned one:
---same usage type, same label, or empty and of a usage type that Alma did not tell.
---@param reading { representations: table[] }
---@param change table { usage_type, label }
---@return almanac.run.reason? doubt
function m.similar(reading, change)
  for _, rep in ipairs(reading.representations) do
    local empty = not rep.usage_type and #rep.files == 0
    if not rep.remote and (same(rep.usage_type, change.usage_type) or same(rep.label, change.label) or empty) then
      return reasons.new("similar_representation", { representation = rep.id, label = rep.label, usage_type = rep.usage_type,
        files = #rep.files })
    end
  end
end

local function item_with(list, field, id)
  for _, item in ipairs(list) do
    if item[field] == id then return item end
  end
end

-- Says when a change is about a remote representation that is for others only, or the other way round.
local function wrong_sort(rep, change)
  local remote = kinds.kinds[change.kind].remote
  if rep.remote and not remote then
    return ("%s is about %s, which is remote: its files are not in Alma"):format(change.kind, rep.id)
  elseif rep.remote and change.access_rights then
    return ("%s sets access rights of %s, which is remote: Alma has them only for what it holds itself"):format(change.kind, rep.id)
  elseif not rep.remote and remote == "only" then
    return ("%s is about %s, which is not remote: take update.representation"):format(change.kind, rep.id)
  end
end

-- Says when the title does not have what a change is about, or has it outside Alma.
local function wrong_target(reading, change)
  if not change.representation then return nil end
  local rep = item_with(reading.representations, "id", change.representation)
  if not rep or change.pid and not item_with(rep.files, "pid", change.pid) then
    return ("%s is about %s, which the title does not have"):format(change.kind, change.pid or change.representation)
  end
  return wrong_sort(rep, change)
end

-- The representations that changes delete with all their files.
local function deleted_whole(changes)
  local ids = {}
  for _, change in ipairs(changes) do
    if kinds.deleted(change.kind, change) == "representation" then ids[change.representation] = true end
  end
  return ids
end

---Says what is wrong with the changes of a title as a whole: one is about something
---that the title does not have, or two are about the same thing.
---@param reading { representations: table[] }
---@param changes table[]
---@return string? words
function m.impossible(reading, changes)
  local seen, deleted = {}, deleted_whole(changes)
  for _, change in ipairs(changes) do
    local wrong = wrong_target(reading, change)
    if change.pid and kinds.kinds[change.kind].sets and deleted[change.representation] then
      wrong = ("%s is about a file of %s, which another change deletes"):format(change.kind, change.representation)
    end
    if wrong then return wrong end
    local thing = change.representation and change.representation .. " " .. (change.pid or "") or nil
    if thing and seen[thing] and not kinds.kinds[change.kind].repeats then
      return ("two changes are about one thing (%s)"):format(change.pid or change.representation)
    end
    if thing then seen[thing] = true end
  end
end

---A doubt when a change may have been made already, or may not be wanted.
---@param reading { representations: table[] }
---@param change table
---@return almanac.run.reason? doubt
function m.doubt(reading, change)
  if change.originating_record_id then return remotes.there(reading, change) end
  if not kinds.kinds[change.kind].fields.files then return nil end
  return m.held_already(reading, change.files) or kinds.makes_representation(change) and m.similar(reading, change) or nil
end

return m
