-- almanac marc convert: writes records in another format.
local marc = require "almanac.core".marc
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"
local words = require "almanac.words"

local NAMES = { iso2709 = "ISO 2709", line = "a text of lines", mrk = ".mrk" }

local m = {
  summary = "Write the records in another format.",
  epilog = "Text comes out as UTF-8. Several files become one. Tags and codes that are longer than MARC's, as Alma's INST, are " ..
    "left out of ISO 2709 and named. Exit status: 0 all is written, 1 nothing was, " ..
    "2 a file or record could not be read or written.",
}

function m.configure(parser)
  options.add(parser)
  parser:option("--to", "format to write"):argname("FORMAT"):convert(options.format "--to"):count(1)
  parser:option("-o --output", "write this file, whole or not at all, instead of stdout"):argname "FILE"
  parser:flag("--nfc", "compose letters and marks (Unicode's NFC)")
end

-- The text around the records of a document; each piece is written when its turn comes.
local function new_document(out, format)
  local head, between, tail = marc.frame(format)
  local document = { count = 0 }
  function document.add(text)
    local before = document.count > 0 and between or head
    document.count = document.count + 1
    if before == "" then return out:put(text) end
    return out:put(before, text)
  end
  function document.finish()
    return out:put(document.count > 0 and "" or head, tail)
  end
  return document
end

-- Counts the fields and subfields that the format has no room for, by name.
local function note_left_out(done, names)
  done.left_out = done.left_out or {}
  for name in names:gmatch "[^,]+" do
    name = name:match "^%s*(.*)"
    done.left_out[name] = (done.left_out[name] or 0) + 1
  end
end

local function tell_left_out(context, done, format)
  local names = {}
  for name in pairs(done.left_out or {}) do names[#names + 1] = name end
  if not names[1] then return end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = ("%s (%d)"):format(name, done.left_out[name]) end
  context.out.note(("%s has no room for these, which are left out: %s"):format(NAMES[format] or format, table.concat(names, ", ")))
end

-- A record that the format can't hold is told, counted and left out.
local function writer(context, document, format, how)
  return function(record, self)
    local text, message = record:encode(format, how)
    if text and message then note_left_out(self, message) end
    if text then return document.add(text) end
    self.failed = self.failed + 1
    context.out.fail(("%s: record %d: %s"):format(self.path, record:number(), message))
    return true
  end
end

---Writes the records of args.files to args.output or standard output.
---@param args table
---@param context table
---@param format string
---@return integer|nil status
---@return string? message
---@return string? code
function m.write(args, context, format)
  local out <close>, message, code = sink.open(args.output)
  if not out then return nil, message, code end
  local document = new_document(out, format)
  local done
  done, message, code = pass.over(args, context, writer(context, document, format, args.nfc and { nfc = true } or nil))
  if not done then return nil, message, code end
  if done.opened == 0 then return 1 end
  document.finish()
  local ok
  ok, message, code = out:complete()
  if not ok then return nil, message, code end
  if args.output then context.out.note(("%s written to %s"):format(words.count(document.count, "record"), args.output)) end
  tell_left_out(context, done, format)
  done:remark()
  return done:status()
end

function m.run(args, context) return m.write(args, context, args.to) end

return m
