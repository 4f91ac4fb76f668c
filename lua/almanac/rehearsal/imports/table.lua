-- A metadata file of CSV: a row is a representation, rows of one group_id are one title. The headings are those of Alma's
-- own templates (generic, and qualified Dublin Core). One that is not among them fails the whole file.
local m = {}

-- Headings that say something of the title or its representation and are no description.
local OWN = { group_id = true, mms_id = true, originating_system_id = true, collection_name = true, collection_id = true,
  collection_external = true, rep_label = true, rep_public_note = true, rep_access_rights = true, rep_usage_type = true,
  rep_library = true, rep_note = true }

local GENERIC = { contributor = true, coverage = true, creator = true, date = true, description = true, format = true, identifier = true,
  isbn = true, issn = true, language = true, publisher = true, relation = true, rights = true, source = true, subject = true,
  title = true, type = true }

-- The cells of CSV text as RFC 4180 has it. Every byte counts: an apostrophe in front of a sign stays.
local function cells(text)
  text = text:gsub("^\xEF\xBB\xBF", "")
  local rows, row, at = {}, {}, 1
  while at <= #text do
    local value
    if text:sub(at, at) == '"' then
      local parts, from = {}, at + 1
      while true do
        local stop = text:find('"', from, true)
        if not stop then return nil end
        parts[#parts + 1] = text:sub(from, stop - 1)
        at = stop + 1
        if text:sub(at, at) ~= '"' then break end
        parts[#parts + 1], from = '"', at + 1
      end
      value = table.concat(parts)
    else
      local stop = text:find("[,\r\n]", at) or #text + 1
      value, at = text:sub(at, stop - 1), stop
    end
    row[#row + 1] = value
    local sign = text:sub(at, at)
    at = at + 1
    if sign ~= "," then
      if sign == "\r" and text:sub(at, at) == "\n" then at = at + 1 end
      rows[#rows + 1], row = row, {}
    elseif at > #text then
      row[#row + 1] = ""
    end
  end
  if row[1] then rows[#rows + 1] = row end
  return rows
end

-- What a heading is about: kind "own", "file", "label" or "field"; nil: Alma has no such heading.
local function meaning(heading)
  local name = heading:match "^%s*(.-)%s*$"
  local plain = name:lower()
  local number = plain:match "^file_name_(%d+)$"
  if number then return { kind = "file", number = tonumber(number) } end
  number = plain:match "^file_label_(%d+)$"
  if number then return { kind = "label", number = tonumber(number) } end
  if OWN[plain] or plain:find "^rep_custom " then return { kind = "own", name = plain } end
  if GENERIC[plain] then return { kind = "field", name = "dc:" .. plain } end
  local element, scheme = name:match "^(dc:%a+)$", nil
  if not element then element, scheme = name:match "^(dcterms:%a+)%.?(dcterms:%w*)$" end
  element = element or name:match "^(dcterms:%a+)$"
  if element then return { kind = "field", name = element, type = scheme } end
end

local function read_row(columns, row)
  local record = { own = {}, fields = {}, files = {} }
  local files = {}
  for i, column in ipairs(columns) do
    local value = row[i] or ""
    if value ~= "" then
      if column.kind == "own" then record.own[column.name] = value
      elseif column.kind == "field" then table.insert(record.fields, { name = column.name, type = column.type, value = value })
      else
        files[column.number] = files[column.number] or {}
        files[column.number][column.kind] = value
      end
    end
  end
  local numbers = {}
  for number in pairs(files) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  for _, number in ipairs(numbers) do
    local file = files[number]
    if file.file then table.insert(record.files, { path = file.file, label = file.label }) end
  end
  record.text = table.concat(row, "\n")
  return record
end

local function representation(record)
  local own = record.own
  return { label = own.rep_label, note = own.rep_public_note, usage_type = own.rep_usage_type, library = own.rep_library,
    files = record.files }
end

local function add(list, groups, record, n)
  local group = record.own.group_id
  local known = group and groups[group]
  if known then
    table.insert(known.representations, representation(record))
    table.move(record.fields, 1, #record.fields, #known.fields + 1, known.fields)
    known.text = known.text .. "\n" .. record.text
    return
  end
  local own = record.own
  local made = { n = n, mms_id = own.mms_id, numbers = { own.originating_system_id }, fields = record.fields, text = record.text,
    representations = { representation(record) }, collections = { own.collection_id or own.collection_name } }
  list[#list + 1] = made
  if group then groups[group] = made end
end

---Reads a metadata file.
---@param text string
---@return table[]|nil records { n, mms_id, numbers, fields = { { name, type, value } }, representations, collections, text }
---@return string? message what fails the validation of the whole file
function m.read(text)
  local rows = cells(text)
  if not rows or not rows[1] then return nil, "The file is not a valid CSV file" end
  local columns = {}
  for i, heading in ipairs(rows[1]) do
    columns[i] = meaning(heading)
    if not columns[i] then return nil, ("Field %s is invalid"):format(heading) end
  end
  local list, groups = {}, {}
  for i = 2, #rows do
    if table.concat(rows[i]) ~= "" then add(list, groups, read_row(columns, rows[i]), i - 1) end
  end
  return list
end

return m
