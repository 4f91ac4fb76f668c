-- Reads --report PATH=FILE: a list of any kind becomes a report of Analytics.
local sheet = require "almanac.sheet"

local m = {}

local function read(path)
  local list, message, code = sheet.open(path, { wanted = {} })
  if not list then return nil, message, code end
  local rows
  rows, message, code = sheet.all(list)
  if not rows then return nil, message, code end
  local head = list.head or table.remove(rows, 1)
  if not head then return nil, path .. ": it is empty", "parse" end
  local report = { columns = {}, rows = {} }
  for i, name in ipairs(head) do report.columns[i] = { heading = sheet.clean(name), table = "Report" } end
  for n, row in ipairs(rows) do
    report.rows[n] = {}
    for i = 1, #report.columns do report.rows[n][i] = sheet.clean(row[i]) end
  end
  return report
end

---@param options { report: string[]? }
---@return table<string, table>|nil reports by path: { columns = { heading, table }, rows = texts by column }
---@return string? message
---@return string? code
function m.load(options)
  local reports = {}
  for _, text in ipairs(options.report or {}) do
    local path, file = text:match "^(/[^=]*)=(.+)$"
    if not path then return nil, ("--report: '%s' is not /PATH=FILE"):format(text), "parse" end
    local report, message, code = read(file)
    if not report then return nil, message, code end
    reports[path] = report
  end
  return reports
end

return m
