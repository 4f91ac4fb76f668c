-- Zip archives for specs, without compression: what almanac itself only reads.
local m = {}

local function crc32(text)
  local crc = 0xFFFFFFFF
  for i = 1, #text do
    crc = crc ~ text:byte(i)
    for _ = 1, 8 do crc = (crc >> 1) ~ (0xEDB88320 & -(crc & 1)) end
  end
  return ~crc & 0xFFFFFFFF
end

---@param files string[][] { name, content } in order
---@return string
function m.of(files)
  local parts, directory, at = {}, {}, 0
  for _, file in ipairs(files) do
    local name, text = file[1], file[2]
    local about = string.pack("<I2I2I2I2I2I4I4I4I2I2", 20, 0, 0, 0, 33, crc32(text), #text, #text, #name, 0)
    local head = "PK\3\4" .. about .. name
    directory[#directory + 1] = "PK\1\2" .. string.pack("<I2", 20) .. about .. string.pack("<I2I2I2I4I4", 0, 0, 0, 0, at) .. name
    parts[#parts + 1] = head .. text
    at = at + #head + #text
  end
  local tail = table.concat(directory)
  return table.concat(parts) .. tail .. "PK\5\6" .. string.pack("<I2I2I2I2I4I4I2", 0, 0, #files, #files, #tail, at, 0)
end

local OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
local MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

---A workbook of Excel.
---@param sheets { [1]: string, [2]: string, hidden: boolean? }[] name, and the rows as XML
---@param parts { strings: string?, styles: string?, dates: string? }? what stands in <sst> and <styleSheet>; attributes of workbookPr
---@return string
function m.xlsx(sheets, parts)
  parts = parts or {}
  local list, relations, files = {}, {}, {}
  for i, sheet in ipairs(sheets) do
    list[i] = ('<sheet name="%s" sheetId="%d" r:id="rId%d"%s/>'):format(sheet[1], i, i, sheet.hidden and ' state="hidden"' or "")
    relations[i] = ('<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>'):format(i, OFFICE, i)
    files[i] = { ("xl/worksheets/sheet%d.xml"):format(i),
      ('<?xml version="1.0" encoding="UTF-8"?>\n<worksheet %s><sheetData>%s</sheetData></worksheet>'):format(MAIN, sheet[2]) }
  end
  for kind, name in pairs { sharedStrings = "strings", styles = "styles" } do
    relations[#relations + 1] = parts[name] and
      ('<Relationship Id="%s" Type="%s/%s" Target="/xl/%s.xml"/>'):format(name, OFFICE, kind, kind)
    local root = name == "styles" and "styleSheet" or "sst"
    files[#files + 1] = parts[name] and { ("xl/%s.xml"):format(kind), ("<%s %s>%s</%s>"):format(root, MAIN, parts[name], root) }
  end
  local open = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
  table.insert(files, 1, { "_rels/.rels", open:format((
    '<Relationship Id="r" Type="%s/officeDocument" Target="xl/workbook.xml"/>'):format(OFFICE)) })
  table.insert(files, 2, { "xl/workbook.xml", (
    '<workbook %s xmlns:r="%s"><workbookPr %s/><sheets>%s</sheets></workbook>'):format(MAIN, OFFICE,
    parts.dates or "", table.concat(list)) })
  table.insert(files, 3, { "xl/_rels/workbook.xml.rels", open:format(table.concat(relations)) })
  return m.of(files)
end

---A workbook of OpenDocument.
---@param tables string[][] name, and the rows as XML
---@return string
function m.ods(tables)
  local parts = {}
  for i, item in ipairs(tables) do parts[i] = ('<table:table table:name="%s">%s</table:table>'):format(item[1], item[2]) end
  local names = {}
  for i, name in ipairs { "office", "table", "text" } do
    names[i] = ('xmlns:%s="urn:oasis:names:tc:opendocument:xmlns:%s:1.0"'):format(name, name)
  end
  return m.of { { "mimetype", "application/vnd.oasis.opendocument.spreadsheet" },
    { "content.xml", (
      '<?xml version="1.0"?><office:document-content %s><office:body><office:spreadsheet>' ..
      '%s</office:spreadsheet></office:body></office:document-content>'):format(table.concat(names, " "), table.concat(parts)) } }
end

return m
