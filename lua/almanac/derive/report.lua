-- What a run of derivatives made, a row for each picture and for each master without one.
local core = require "almanac.core"
local derive = require "almanac.derive"
local json = require "almanac.json"
local store = require "almanac.run.store"
local words = require "almanac.words"

local m = {}

local COLUMNS = { "master", "page", "derivative", "width", "height", "bytes", "sha256", "master_bytes", "master_sha256", "problem" }
local ROWS = [[SELECT file.path AS master, page, CASE named WHEN 1 THEN derivative.path END AS derivative, width, height,
  derivative.size AS bytes, derivative.sha256 AS sha256, file.size AS master_bytes, file.sha256 AS master_sha256,
  coalesce(master.problem, file.problem) AS problem
  FROM file LEFT JOIN derivative ON derivative.file_id = file.id LEFT JOIN master ON master.file_id = file.id
  ORDER BY file.id, page]]
local FAILED = [[SELECT file.path, master.problem FROM master JOIN file ON file.id = file_id
  WHERE master.problem IS NOT NULL ORDER BY file.id]]

local formats = {}

function formats.csv(db, write)
  write(core.csv.line(COLUMNS))
  for row in db:rows(ROWS) do
    local values = {}
    for i, name in ipairs(COLUMNS) do values[i] = row[name] == nil and "" or tostring(row[name]) end
    write(core.csv.line(values))
  end
end

function formats.json(db, write)
  local list = json.array {}
  for row in db:rows(ROWS) do list[#list + 1] = row end
  write(json.encode { counts = derive.counts(db), pictures = list } .. "\n")
end

function formats.failed(db, write)
  for row in db:rows(FAILED) do write(row.path .. "\n") end
end

function formats.text(db, write)
  local counts = derive.counts(db)
  write(("%s of %s have derivatives: %s, %s (masters %s)\n"):format(words.count(counts.done, "master"), counts.masters,
    words.count(counts.derivatives, "picture"), words.bytes(counts.made), words.bytes(counts.bytes)))
  local shards = store.meta(db, "shards")
  if shards then write(("divided into %s shards; of what is in their parts nothing stands here\n"):format(shards)) end
  for row in db:rows(FAILED) do write(("failed: %s: %s\n"):format(row.path, row.problem)) end
end

function formats.calls() end

---Writes a report.
---@param db table
---@param format "text"|"csv"|"json"|"failed"|"calls"
---@param write fun(text: string)
function m.write(db, format, write) formats[format](db, write) end

return m
