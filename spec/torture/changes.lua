-- The kinds of change that a round may be about: how each is planned, what has
-- to be in Alma when it was done, and when it was taken back. Nothing else may
-- differ from before: so what undo can't make as it was stands here by name.
local created = require "torture.created"

local m = {}

-- What may be struck by faults besides reading, in the order of a run and its undo.
local FILES, REPRESENTATIONS = "POST files", "POST representations"

local HEAD = [[
-- almanac-recipe: 1
return {
  name = "r", summary = "r", version = "1.0.0", license = "MIT",
  effects = { "add", "update", "remote", "delete", "delete-master", "ingest", "request", "update-bib" },
  args = { { "folder", "dir" }, { "into", "string", default = "" } },
]]

local JPEGS = [[
  title_keys = function(title) return { "book" .. key.digits(title.title, 1) } end,
  file_key = function(file) return key.part(file.stem, 1) end,
  page = function(file) return key.page(file.name) end,
]]

local ALONE = "  title_keys = function(title) return { title.mms_id } end,\n"

local function recipe(what, with_files)
  return HEAD .. (with_files and JPEGS or ALONE) .. what .. "}\n"
end

local DERIVATIVES = "DERIVATIVE_COPY"

local function each(titles, fn)
  for _, title in ipairs(titles) do fn(title) end
end

-- ---- one kind a title ----

local function add(want, title)
  want:make({ mms_id = title.mms_id, label = "JPG", usage_type = DERIVATIVES, library = "MAIN" }, title.pages)
end

local function replace(want, title)
  local rep = want:find(title.mms_id, DERIVATIVES)
  for _, page in ipairs(title.pages) do
    want:remove_file(rep, page.name)
    want:attach(rep, page)
  end
end

local function names_of(pages)
  local names = {}
  for i, page in ipairs(pages) do names[i] = page.name end
  return names
end

local function replaced_back(want, title)
  want:bring_back(want:find(title.mms_id, DERIVATIVES), names_of(title.pages))
end

local function add_files(want, title)
  local rep = want:find(title.mms_id, DERIVATIVES)
  for _, page in ipairs(title.pages) do want:attach(rep, page) end
end

local function add_to_master(want, title)
  local rep = want:find(title.mms_id, "PRESERVATION_MASTER")
  for _, page in ipairs(title.pages) do want:attach(rep, page) end
end

local function relabel(want, title)
  for _, usage in ipairs { "PRESERVATION_MASTER", DERIVATIVES } do
    local rep = want:find(title.mms_id, usage)
    want:set(rep, { label = ("Book %d (%d)"):format(title.n, #rep.files), public_note = rep.files[1].name:match "^(.*)%." })
  end
end

-- Only who changed it last can't be set back.
local function touched(want, title)
  for _, usage in ipairs { "PRESERVATION_MASTER", DERIVATIVES } do want:set(want:find(title.mms_id, usage), {}) end
end

local function rights(want, title)
  want:set(want:find(title.mms_id, DERIVATIVES), { policy = "77" })
end

local function right_touched(want, title)
  want:set(want:find(title.mms_id, DERIVATIVES), {})
end

-- Every other page goes.
local function odd(title)
  local pages = {}
  for i = 1, #title.pages, 2 do pages[#pages + 1] = title.pages[i] end
  return pages
end

local function delete_files(want, title)
  local rep = want:find(title.mms_id, DERIVATIVES)
  for _, page in ipairs(odd(title)) do want:remove_file(rep, page.name) end
end

local function files_back(want, title)
  want:bring_back(want:find(title.mms_id, DERIVATIVES), names_of(odd(title)))
end

local function delete(want, title)
  want:remove(title.mms_id, DERIVATIVES)
end

local function made_again(want, title)
  want:make_again(title.mms_id, DERIVATIVES)
end

local function collect(want, title, round)
  want:collect(title.mms_id, round.collection)
end

-- Each title has a request whose id follows from its own.
local function ask_for(round)
  local list = {}
  for i, title in ipairs(round.titles) do
    list[i] = { op = "add_request", id = "17" .. title.mms_id:sub(3), mms_id = title.mms_id }
  end
  round.alma.change(list)
end

local function advanced(want, title) want:advance(title.mms_id) end

-- Alma has no step back, so undo leaves it; a run that was stopped may not have come to it.
local function stays_advanced(want, title) want:advance(title.mms_id, true) end

-- Field by field as the recipe has it; nobody else's record differs.
local function rewrite(want, title)
  want:rewrite(title.mms_id, function(record)
    return record:gsub("(245 00 %$a Book )(%d+)", "%1%2 of many") .. ("\n500    $a Number %d"):format(title.n)
  end, ("Book %d of many"):format(title.n))
end

local function nothing() end

-- The import makes one representation of a title's files, labelled by its title.
local function imported(want, title)
  want:make({ mms_id = title.mms_id, label = "Book " .. title.n, usage_type = DERIVATIVES, library = "MAIN" }, title.pages)
  local rep = want.representations[#want.representations]
  rep.created_by, rep.modified_by = "import", "import"
end

local function replace_masters(want, title)
  local rep = want:find(title.mms_id, "PRESERVATION_MASTER")
  for _, page in ipairs(title.pages) do
    want:remove_file(rep, page.name:gsub("jpg$", "tif"))
    want:attach(rep, page)
  end
end

local function masters_back(want, title)
  local rep = want:find(title.mms_id, "PRESERVATION_MASTER")
  want:bring_back(rep, names_of(rep.files))
end

-- ---- several of one title ----

local MIXED = [[
  changes = function(title, files, args)
    local list, spare, rep = {}, {}, title:representations "DERIVATIVE_COPY"[1]
    for i, file in ipairs(files) do
      if i % 2 == 0 then spare[#spare + 1] = file
      else list[#list + 1] = replace.file { file = rep.files[(i + 1) // 2], with = file } end
    end
    list[#list + 1] = delete.file { file = rep.files[#rep.files] }
    list[#list + 1] = update.representation { representation = rep, label = "Both" }
    list[#list + 1] = add.collection { collection = args.into }
    if spare[1] then
      list[#list + 1] = add.representation { usage_type = "AUXILIARY", library = "MAIN", label = "More", files = spare }
    end
    list[#list + 1] = delete.representation { representation = title:representations "PRESERVATION_MASTER"[1] }
    return list
  end,
]]

local function mixed(want, title, round)
  local rep, spare = want:find(title.mms_id, DERIVATIVES), {}
  for i, page in ipairs(title.pages) do
    if i % 2 == 0 then
      spare[#spare + 1] = page
    else
      want:remove_file(rep, page.name)
      want:attach(rep, page)
    end
  end
  want:remove_file(rep, "text.pdf")
  want:set(rep, { label = "Both" })
  collect(want, title, round)
  if spare[1] then
    want:make({ mms_id = title.mms_id, label = "More", usage_type = "AUXILIARY", library = "MAIN" }, spare)
  end
  want:remove(title.mms_id, "PRESERVATION_MASTER")
end

local function mixed_back(want, title)
  local rep = want:find(title.mms_id, DERIVATIVES)
  want:bring_back(rep, names_of(odd(title)))   -- text.pdf stands behind them
  want:set(rep, {})
  want:make_again(title.mms_id, "PRESERVATION_MASTER")
end

---@class torture.change
---@field name string
---@field about string
---@field holds string? what the titles hold besides TIFFs, see torture.collection
---@field recipe string the name of one that ships
---@field source string? or its text
---@field arguments string[]? `INTO` stands for a collection
---@field writes string[] what faults may strike
---@field done fun(want: table, title: table, round: table)
---@field undone fun(want: table, title: table)
---@field keys boolean? it needs AWS keys
---@field rivals boolean? somebody else may do the like at the same moment
---@field prepare fun(round: table)? makes what it is about, before the run
---@field asks boolean? where an answer was lost a person may have to look
---@field go fun(round: table)? what a round does in place of planning, applying and taking back
---@field stays boolean? undo can't take it back, and says so
---@field together boolean? Alma takes many titles at once, and undo waits until apply knows what came of it
---@field shared boolean? two people may both do it, and it is as if one had

---@type torture.change[]
local kinds = {
  { name = "add", about = "a new representation (jpg-derivatives)", recipe = "jpg-derivatives",
    arguments = { "--folder", "jpg" }, writes = { REPRESENTATIONS, FILES, "DELETE representations" },
    done = add, undone = nothing, rivals = true },
  { name = "replace", about = "new files for old ones, which are deleted (replace-derivatives)", holds = "all",
    recipe = "replace-derivatives", arguments = { "--folder", "jpg" }, writes = { FILES, FILES, "DELETE files" },
    done = replace, undone = replaced_back },
  { name = "keep", about = "the same, old ones are kept", holds = "all", recipe = "replace-derivatives",
    arguments = { "--folder", "jpg", "--keep" }, writes = { FILES, FILES, "DELETE files" }, done = add_files, undone = nothing },
  { name = "file", about = "files into a representation that is there",
    source = recipe([[
  changes = function(title, files)
    return add.file { representation = title:representations()[1], files = files }
  end,
]], true), arguments = { "--folder", "jpg" }, writes = { FILES, FILES, "DELETE files" }, done = add_to_master, undone = nothing },
  { name = "relabel", about = "labels and notes (relabel)", holds = "all", recipe = "relabel",
    arguments = { "--label", "{title} ({files})", "--note", "{first}" }, writes = { "PUT representations" },
    done = relabel, undone = touched, shared = true },
  { name = "rights", about = "access rights (access-rights)", holds = "all", recipe = "access-rights",
    arguments = { "--policy", "77", "--usage", DERIVATIVES }, writes = { "PUT representations" },
    done = rights, undone = right_touched, shared = true },
  { name = "delfile", about = "every other file of a representation is deleted", holds = "all",
    source = recipe [[
  changes = function(title)
    local list, rep = {}, title:representations "DERIVATIVE_COPY"[1]
    for i = 1, #rep.files, 2 do list[#list + 1] = delete.file { file = rep.files[i] } end
    return list
  end,
]], writes = { "DELETE files", "DELETE files", FILES }, done = delete_files, undone = files_back },
  { name = "delrep", about = "a representation is deleted", holds = "all",
    source = recipe [[
  changes = function(title)
    return delete.representation { representation = title:representations "DERIVATIVE_COPY"[1] }
  end,
]], writes = { "DELETE representations", REPRESENTATIONS, FILES }, done = delete, undone = made_again },
  { name = "masters", about = "new files for all files of masters, which are deleted",
    source = recipe([[
  changes = function(title, files)
    local list, rep = {}, title:representations "PRESERVATION_MASTER"[1]
    for i, file in ipairs(files) do list[i] = replace.file { file = rep.files[i], with = file } end
    return list
  end,
]], true), arguments = { "--folder", "jpg" }, writes = { FILES, FILES, "DELETE files" }, done = replace_masters, undone = masters_back },
  { name = "record", about = "fields of records are set and added (update.bib)",
    source = recipe [[
  reads = { "record" },
  changes = function(title)
    return update.bib { set = { ["245$a"] = title.title .. " of many" },
      add = { { "500", "  ", "a", "Number " .. key.digits(title.title, 1) } } }
  end,
]], writes = { "PUT bibs" }, done = rewrite, undone = nothing, shared = true },
  -- As create.bib { record = record, collection = args.into } beside add.representation { … } of a rule `missing`.
  { name = "create", about = "titles that Alma lacks are created, with their files (create.bib)", go = created.go, asks = true,
    writes = { "POST bibs", "POST bibs", "DELETE bibs", REPRESENTATIONS, FILES, "POST collections" }, done = nothing, undone = nothing },
  { name = "collect", about = "titles into a collection (collect)", recipe = "collect", arguments = { "--into", "INTO" },
    writes = { "POST collections", "DELETE collections" }, done = collect, undone = nothing, shared = true },
  { name = "ingest", about = "files through an import profile, many titles at once", keys = true, together = true,
    source = recipe([[
  changes = function(title, files) return ingest { profile = "3152547460009001", files = files } end,
]], true), arguments = { "--folder", "jpg" }, writes = { "POST jobs", "POST jobs", "DELETE representations" }, done = imported,
    undone = nothing },
  { name = "request", about = "a request of each title is moved to its next step", source = recipe [[
  changes = function(title)
    return advance.request { request = "17" .. title.mms_id:sub(3), from = "Pickup From Shelf" }
  end,
]], writes = { "POST requests" }, done = advanced, undone = stays_advanced, prepare = ask_for, asks = true, stays = true },
  { name = "mixed", about = "all kinds for one title", holds = "odd", source = recipe(MIXED, true),
    arguments = { "--folder", "jpg", "--into", "INTO" },
    writes = { REPRESENTATIONS, FILES, "PUT representations", "DELETE representations", "DELETE files", "POST collections",
      "DELETE collections" }, done = mixed, undone = mixed_back },
}

for _, name in ipairs { "remote" } do
  for _, kind in ipairs(require("torture.changes_" .. name).kinds(recipe)) do kinds[#kinds + 1] = kind end
end

---All kinds of change.
---@return torture.change[]
function m.kinds() return kinds end

---@param name string
---@return torture.change?
function m.of(name)
  for _, kind in ipairs(kinds) do
    if kind.name == name then return kind end
  end
end

---What has to be in Alma.
---@param wanted table from torture.wanted
---@param what "done"|"undone"
---@param round table change, titles, collection
---@return table wanted
function m.expect(wanted, what, round)
  each(round.titles, function(title) round.change[what](wanted, title, round) end)
  return wanted
end

return m
