-- Runs the sample beside a recipe: titles, files, and the plan that must come of them.
--   sample/titles.csv    titles and the files they hold (as `almanac rehearsal --titles` reads)
--   sample/records.mrk   records of the titles, when the recipe reads them
--   sample/source.csv    records, when the recipe matches such; also source.xml, source.mrk, source.xlsx, …
--   sample/found.csv     key,mms_id: what a look-up of their keys in Alma finds; under all other keys it finds nothing
--   sample/files.txt     names of files, one a line; or the files themselves in sample/files
--   sample/sidecars      the sidecars of those in files.txt, where they would lie
--   sample/args.csv      argument,value: what is given to the recipe; paths are seen from sample/
--   sample/expected.csv  mms_id,state,kind,files,reason: what the plan must come to; a reason is its code, and behind it what
--                        the recipe gave (its words, a key): `no_file: grinnell_16037`
local arguments = require "almanac.recipe.inside.arguments"
local core = require "almanac.core"
local holdings = require "almanac.sheet.holdings"
local older_reasons = require "almanac.run.older_reasons"
local parcels = require "almanac.recipe.share.parcel"
local reasons = require "almanac.run.reasons"
local sheet = require "almanac.sheet"
local trial = require "almanac.workbench.trial"

local m = {}

local MOST_NAMES = 10000    -- names in files.txt, at most
local COLUMNS = { "mms_id", "state", "kind", "files", "reason" }

local function exists(path)
  local stat = core.files.stat(path)
  return stat ~= nil and stat.kind
end

-- The headings of a sample's lists, as the reader of lists takes them.
local function wanted(names)
  local spellings = {}
  for _, name in ipairs(names) do spellings[name] = { sheet.plain(name) } end
  return spellings
end

-- Rows of a CSV file as tables by the names of its columns.
local function records(path, names)
  local list, message, code = sheet.open(path, { wanted = wanted(names) })
  if not list then return nil, message, code end
  if not list.columns[names[1]] then
    return nil, ("%s: has no column '%s': %s"):format(path, names[1], list:others(names[1])), "parse"
  end
  local found, rows = {}
  rows, message, code = sheet.all(list)
  if not rows then return nil, message, code end
  for i, row in ipairs(rows) do
    found[i] = { line = row.line }
    for name, column in pairs(list.columns) do found[i][name] = sheet.clean(row[column]) end
  end
  return found
end

-- A sample may come from a stranger, so no path in it may lead out of its folder.
local function check_inside(name, path, line)
  local problem = parcels.problem(name)
  if not problem then return true end
  return nil, ("%s:%d: '%s' %s"):format(path, line, name:gsub("%c", "?"), problem), "parse"
end

-- The arguments that the sample gives, as if they came from the command line.
local function given_of(recipe, folder)
  local path = folder .. "/args.csv"
  if not exists(path) then return {} end
  local list, message, code = records(path, { "argument", "value" })
  if not list then return nil, message, code end
  local kinds, given = {}, {}
  for _, entry in ipairs(recipe.args) do kinds[entry[1]] = entry[2] end
  for _, record in ipairs(list) do
    local kind, value = kinds[record.argument], record.value or ""
    if not kind then return nil, ("%s:%d: the recipe has no argument '%s'"):format(path, record.line, record.argument), "parse" end
    if kind == "dir" or kind == "file" then
      local ok, why, problem = check_inside(value, path, record.line)
      if not ok then return nil, why, problem end
      value = folder .. "/" .. value
    end
    given[record.argument] = arguments.typed(kind, value)
  end
  return given
end

local function names_in(path)
  local text, message, code = core.files.read(path)
  if not text then return nil, message, code end
  local names, number = {}, 0
  for line in text:gmatch "([^\n]*)\n?" do
    local name = line:gsub("\r$", "")
    number = number + 1
    if name ~= "" and not name:find "^#" then
      local ok, why, kind = check_inside(name, path, number)
      if not ok then return nil, why, kind end
      names[#names + 1] = name
    end
    if #names > MOST_NAMES then return nil, ("%s: has more than %d names"):format(path, MOST_NAMES), "limit" end
  end
  return names
end

-- Copies the sidecars to where the files are.
local function add_sidecars(from, to)
  if not exists(from) then return true end
  local walk, wrong, kind = core.files.walk(from, nil, { within = true })
  if not walk then return nil, wrong, kind end
  for path, size, problem in function() return walk:next() end do
    local text, message, code
    if size then text, message, code = core.files.read(from .. "/" .. path, parcels.largest_file) end
    if not text then return nil, message or ("%s/%s: %s"):format(from, path, problem), code or "io" end
    local ok
    ok, message, code = core.files.make_folder((to .. "/" .. path):match "^(.*)/")
    if ok then ok, message, code = core.files.write(to .. "/" .. path, text) end
    if not ok then return nil, message, code end
  end
  return true
end

-- The folder with the files, and true when it was made for this run.
local function files_of(recipe, folder, given)
  local dir = arguments.first(recipe.args, "dir")
  if not dir then return nil end
  if given[dir] then return given[dir] end
  if not exists(folder .. "/files.txt") then return folder .. "/files" end
  local names, message, code = names_in(folder .. "/files.txt")
  if not names then return nil, message, code end
  local made
  made, message, code = trial.folder_of_names(names)
  if not made then return nil, message, code end
  local ok, why, kind = add_sidecars(folder .. "/sidecars", made)
  if ok then return made, nil, nil, true end
  core.files.remove(made, { tree = true })
  return nil, why, kind
end

local ENDINGS = { "csv", "xml", "mrk", "mrc", "xlsx", "ods", "json" }

-- The file of records that a sample has.
local function source_in(folder)
  for _, ending in ipairs(ENDINGS) do
    local path = ("%s/source.%s"):format(folder, ending)
    if exists(path) then return path end
  end
end

-- What look-ups find, key by key; nil when the sample does not say.
local function found_in(folder)
  local path, found = folder .. "/found.csv", {}
  if not exists(path) then return nil end
  local list, message, code = records(path, { "key", "mms_id" })
  if not list then return nil, message, code end
  for _, row in ipairs(list) do
    found[row.key] = found[row.key] or {}
    if row.mms_id ~= "" then table.insert(found[row.key], row.mms_id) end
  end
  return found
end

---The folder of a recipe's sample; nil when it has none.
---@param recipe table
---@return string?
function m.folder(recipe)
  local folder = (recipe.path:match "^(.*)/" or ".") .. "/sample"
  return exists(folder .. "/titles.csv") and folder or nil
end

---Calls `fn(case)` with the case that `trial.plan` takes, and removes what was made for it.
---@param recipe table
---@param folder string from m.folder
---@param fn fun(case: table): any
---@param more table<string, string>? arguments in place of the sample's own, as text
---@return any ... what `fn` gives; nil, message, code when the sample can't be read
function m.with(recipe, folder, fn, more)
  local titles, message, code = holdings.titles(folder .. "/titles.csv")
  if not titles then return nil, message, code end
  local given
  given, message, code = given_of(recipe, folder)
  if not given then return nil, message, code end
  for name, value in pairs(more or {}) do given[name] = value end
  local files, why, kind, made = files_of(recipe, folder, given)
  if why then return nil, why, kind end
  local _ <close> = setmetatable({}, { __close = function()
    if made then core.files.remove(files, { tree = true }) end
  end })
  local values
  values, message = trial.values(recipe, given, files)
  if not values then return nil, folder .. "/args.csv: " .. message, "parse" end
  local marc = folder .. "/records.mrk"
  local found
  found, message, code = found_in(folder)
  if code then return nil, message, code end
  return fn { recipe = recipe, titles = titles, records = exists(marc) and marc or nil, folder = files, values = values,
    source = source_in(folder), found = found }
end

---The rows that the plan of the sample comes to.
---@param recipe table
---@param folder string
---@return table[]|nil rows of trial.outcome
---@return string? message
---@return string? code
function m.outcome(recipe, folder)
  return m.with(recipe, folder, function(case)
    local db, message, code = trial.plan(case)
    if not db and recipe.reads.record and not case.records then
      message = ("%s; those of a sample stand in %s/records.mrk, which is not there"):format(message, folder)
    end
    if not db then return nil, message, code end
    local _ <close> = setmetatable({}, { __close = function() db:close() end })
    return trial.outcome(db)
  end)
end

-- A row in words, with only those columns that the expectation has.
local function told(row, columns)
  local parts = {}
  for _, name in ipairs(columns) do
    if row[name] and row[name] ~= "" and name ~= "mms_id" then parts[#parts + 1] = row[name] end
  end
  return parts[1] and table.concat(parts, ", ") or "nothing"
end

local function name_of(row)
  return row.mms_id ~= "" and row.mms_id or row.files
end

local function by_name(rows)
  local map = {}
  for _, row in ipairs(rows) do map[name_of(row)] = row end
  return map
end

local OLD = "%s holds sentences in the place of codes, as it was done before: they were read as the codes that they stand for; " ..
  "`almanac recipe test %s --accept` writes it anew"

local function is_of_codes(cell)
  local first = cell:match "^([%l_]+)$" or cell:match "^([%l_]+)[:;] "
  return cell == "" or first ~= nil and (reasons.is_code(first) or first:find("_", 1, true) ~= nil)
end

-- Whether a plan has the reason that is expected. The code alone is enough; a
-- sentence of before stands for its code, and one that stands for none tells nothing.
local function is_met(want, have)
  if is_of_codes(want) then return want == have or want ~= "" and want == have:match "^[%l_]+" end
  local known = older_reasons.known(want)
  if not known then return have ~= "" end
  local cell = reasons.cell(reasons.row(known))
  return cell == have or not cell:find ":" and cell == have:match "^[%l_]+"
end

---Says how a plan differs from the expected one.
---@param rows table[] of m.outcome
---@param path string of expected.csv
---@param recipe table
---@return string[]|nil differences a line each
---@return string? message or, with differences, that the file is of an older form
---@return string? code
function m.compare(rows, path, recipe)
  if not core.files.stat(path) then
    return { ("%s is not there: --accept writes what the plan is now; look at it, then keep it"):format(path) }
  end
  local expected, message, code = records(path, COLUMNS)
  if not expected then return nil, message, code end
  local columns, found, wrong = {}, by_name(rows), {}
  for _, name in ipairs(COLUMNS) do
    if expected[1] and expected[1][name] then columns[#columns + 1] = name end
  end
  local is_old = false
  for _, row in ipairs(expected) do
    local name = name_of(row)
    is_old = is_old or row.reason and not is_of_codes(row.reason)
    if row.reason and found[name] and is_met(row.reason, found[name].reason) then row.reason = found[name].reason end
    local want, have = told(row, columns), found[name] and told(found[name], columns) or "nothing of it"
    found[name] = nil
    if want ~= have then wrong[#wrong + 1] = ("%s: expected %s; the plan has %s"):format(name, want, have) end
  end
  for _, row in ipairs(rows) do
    if found[name_of(row)] then wrong[#wrong + 1] = ("%s: not expected; the plan has %s"):format(name_of(row), told(row, columns)) end
  end
  return wrong, is_old and OLD:format(path, recipe.path) or nil
end

---Writes an outcome as the text of expected.csv.
---@param rows table[]
---@return string
function m.text(rows)
  local lines = { core.csv.line(COLUMNS) }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(COLUMNS) do cells[i] = row[name] end
    lines[#lines + 1] = core.csv.line(cells)
  end
  return table.concat(lines)
end

return m
