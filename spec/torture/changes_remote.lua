-- The kinds of change that are about remote representations, and about labels of files (see torture.changes).
local m = {}

local REPOSITORY, USAGE = "CONTENTDM", "DERIVATIVE_COPY"

local ADD = [[
  changes = function(title)
    return add.remote { repository = "CONTENTDM", originating_record_id = "oai:x:" .. title.mms_id, usage_type = "DERIVATIVE_COPY",
      library = "MAIN", label = title.title, linking_parameters = { "books", title.mms_id } }
  end,
]]

local UPDATE = [[
  changes = function(title)
    return update.remote { representation = title:remote("oai:x:" .. title.mms_id), linking_parameters = { "moved", "", "7" },
      public_note = "moved" }
  end,
]]

local DELETE = [[
  changes = function(title)
    return { delete.representation { representation = title:remote("oai:x:" .. title.mms_id) },
      update.representation { representation = title:representations "PRESERVATION_MASTER"[1], volume = "7", year = "1910" } }
  end,
]]

-- Every other file goes, the others get a label: undo attaches these again behind what comes back.
local LABELS = [[
  changes = function(title)
    local list, rep = {}, title:representations "DERIVATIVE_COPY"[1]
    for i, file in ipairs(rep.files) do
      list[i] = i % 2 == 1 and delete.file { file = file } or update.file { file = file, label = "Page " .. i }
    end
    list[#list + 1] = update.file { file = title:representations "PRESERVATION_MASTER"[1].files[1], label = "First" }
    return list
  end,
]]

local function label(want, title)
  local rep = want:find(title.mms_id, USAGE)
  for i, page in ipairs(title.pages) do
    if i % 2 == 1 then want:remove_file(rep, page.name) end
  end
  for i, file in ipairs(rep.files) do file.label = ("Page %d"):format(2 * i) end
  want:find(title.mms_id, "PRESERVATION_MASTER").files[1].label = "First"
end

local function labels_back(want, title)
  local names = {}
  for i = 1, #title.pages, 2 do names[#names + 1] = title.pages[i].name end
  want:bring_back(want:find(title.mms_id, USAGE), names)
end

local function make(want, title)
  want:make({ mms_id = title.mms_id, label = ("Book %d"):format(title.n), usage_type = USAGE, library = "MAIN", remote = true,
    repository = REPOSITORY, originating_record_id = "oai:x:" .. title.mms_id,
    more = { linking_parameter_1 = "books", linking_parameter_2 = title.mms_id } }, {})
end

local function update(want, title)
  want:set(want:find(title.mms_id, USAGE), { public_note = "moved",
    more = { linking_parameter_1 = "moved", linking_parameter_3 = "7" } })
end

local function touched(want, title)
  want:set(want:find(title.mms_id, USAGE), {})
end

local function delete(want, title)
  want:remove(title.mms_id, USAGE)
  want:set(want:find(title.mms_id, "PRESERVATION_MASTER"), { more = { volume = "7", year = "1910" } })
end

local function made_again(want, title)
  want:make_again(title.mms_id, USAGE)
  want:set(want:find(title.mms_id, "PRESERVATION_MASTER"), {})
end

---@param recipe fun(what: string): string the text of a recipe
---@return torture.change[]
function m.kinds(recipe)
  return {
    { name = "remote", about = "a new remote representation", source = recipe(ADD),
      writes = { "POST representations", "DELETE representations" }, done = make, undone = function() end, rivals = true },
    { name = "relink", about = "linking parameters and note of a remote representation", holds = "remote", source = recipe(UPDATE),
      writes = { "PUT representations" }, done = update, undone = touched, shared = true },
    { name = "unlink", about = "a remote representation is deleted, a master gets the fields of a part", holds = "remote",
      source = recipe(DELETE), writes = { "DELETE representations", "POST representations", "PUT representations" }, done = delete,
      undone = made_again },
    { name = "labels", about = "labels of files, while others beside them are deleted", holds = "all", source = recipe(LABELS),
      writes = { "PUT files", "DELETE files", "POST files" }, done = label, undone = labels_back },
  }
end

return m
