-- almanac marc convert: writes records in another format.
local marc = require "almanac.marc"
local options = require "almanac.cli.marc.options"
local pass = require "almanac.cli.marc.pass"
local sink = require "almanac.cli.marc.sink"
local words = require "almanac.words"

local m = {
  summary = "Write the records in another format.",
  epilog = "Text comes out as UTF-8. Several files become one. Exit status: 0 all is written, 1 nothing was, " ..
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

-- A record that the format can't hold is told, counted and left out.
local function writer(context, document, format, how)
  return function(record, self)
    local text, message = record:encode(format, how)
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
  done:remark()
  return done:status()
end

function m.run(args, context) return m.write(args, context, args.to) end

return m
