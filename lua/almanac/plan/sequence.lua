-- Checks whether the pages of a title are one unbroken sequence: it begins with the
-- first, lacks none, and all counters in the names go the same way.
local names = require "almanac.recipe.inside.key_names"
local objects = require "almanac.recipe.inside.objects"
local reasons = require "almanac.run.reasons"

local m = {}

-- A first page beyond this is a running number, as cameras count, and not a
-- title that lacks its beginning.
local RUNNING = 20

-- The number of a file's page. When the recipe gives a text instead (such as the path,
-- for a folder that holds one title), the number is read from the name.
local function number_of(file)
  local page = file.page
  if type(page) == "number" then return page end
  return page and tonumber(page) or page and names.page(file.path) or nil
end

-- The numbers of pages without fractions, in order, each once; nil when a file has
-- none. Roman pages are below 1 and don't count.
local function whole_pages(files)
  local list, at = {}, {}
  for _, file in ipairs(files) do
    local number = number_of(file)
    if not number then return nil end
    local whole = math.tointeger(number // 1)
    if not whole then return nil end
    if (number == 0 or number >= 1) and not at[whole] then
      at[whole] = file
      list[#list + 1] = whole
    end
  end
  table.sort(list)
  return list, at
end

-- Whether a name has its page behind a separator: the 2 of `x_OBJ2` may be anything.
local function is_counted(path, page)
  local stem = objects.split_extension(objects.last_part(path))
  return tonumber(stem:match "[-_. ]0*(%d+)$") == page
end

local function lacking(files, key, told)
  local pages, at = whole_pages(files)
  if not pages or not pages[1] then return nil end
  local first = pages[1]
  if first > 1 and first <= RUNNING and (files[2] or not told and is_counted(files[1].path, first)) then
    return reasons.new("first_page_missing", { key = key, page = first, file = at[first].path })
  end
  for i = 2, #pages do
    local before = pages[i - 1]
    if pages[i] - before > 1 then
      return reasons.new("page_missing", { key = key, page = before, file = at[before].path, next_page = pages[i],
        next_file = at[pages[i]].path })
    end
  end
end

-- Groups files by folder when their pages are texts, because these begin anew in each.
local function by_folder(files)
  local groups, of = {}, {}
  for _, file in ipairs(files) do
    local folder = type(file.page) == "string" and file.path:match "^(.*)/" or ""
    if not of[folder] then
      of[folder] = {}
      groups[#groups + 1] = of[folder]
    end
    table.insert(of[folder], file)
  end
  return groups
end

---A doubt when a page of a sequence is missing.
---@param files { path: string, page: any }[] of one key
---@param key string
---@param told boolean? a sidecar tells what a file is; then a single file may have any number in its name
---@return almanac.run.reason? doubt
function m.lacking(files, key, told)
  for _, group in ipairs(by_folder(files)) do
    local doubt = lacking(group, key, told)
    if doubt then return doubt end
  end
end

-- The numbers in a name, one behind the other.
local function counters(path)
  local list = {}
  for digits in objects.last_part(path):gmatch "%d+" do list[#list + 1] = tonumber(digits) end
  return list
end

-- Whether a name's counters come before those of another one, which has as many.
local function comes_before(a, b)
  for i, number in ipairs(a) do
    if number ~= b[i] then return number < b[i] end
  end
  return false
end

---A doubt when the names count in another order than the pages.
---@param files { path: string, page: any }[] of one key, in page order
---@return almanac.run.reason? doubt
function m.contradicted(files)
  local last, before
  for _, file in ipairs(files) do
    if type(file.page) ~= "number" then return nil end
    local numbers = counters(file.path)
    if last and #last == #numbers and comes_before(numbers, last) then
      return reasons.new("order_disagrees", { file = before.path, other = file.path })
    end
    last, before = numbers, file
  end
end

local DATE = "^([12]%d%d%d)(%d%d)(%d%d)$"

local function is_date(year, month, day)
  return year and tonumber(year) >= 1800 and tonumber(year) < 2100 and tonumber(month) >= 1 and tonumber(month) <= 12
    and tonumber(day) >= 1 and tonumber(day) <= 31
end

---A doubt when files of one key are in the order of dates, whose digits were taken for pages.
---@param files { path: string, page: any }[]
---@return almanac.run.reason? doubt
function m.dated_pages(files)
  for _, file in ipairs(files) do
    local page = math.tointeger(number_of(file))
    if files[2] and page and is_date(tostring(page):match(DATE)) then
      return reasons.new("date_as_page", { page = page, file = file.path })
    end
  end
end

---A doubt when a key is the digits of a date in the name of one of its files.
---@param key string
---@param files { path: string }[]
---@return almanac.run.reason? doubt
function m.date(key, files)
  if not key:find "^%d+$" then return nil end
  local number = key:gsub("^0+", "")
  for _, file in ipairs(files) do
    local name = objects.last_part(file.path)
    local whole = is_date(key:match(DATE)) and name:find(key, 1, true)
    for year, month, day in name:gmatch "%f[%d]([12]%d%d%d)[-_.]?(%d%d)[-_.]?(%d%d)%f[%D]" do
      local has = number == year or number == month:gsub("^0", "") or number == day:gsub("^0", "")
      whole = whole or is_date(year, month, day) and has
    end
    if whole then return reasons.new("date_as_number", { key = key, file = file.path }) end
  end
end

return m
