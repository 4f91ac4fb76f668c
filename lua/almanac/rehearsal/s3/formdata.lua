-- Takes multipart/form-data apart. The fields before the file become text, the file becomes
-- a place in the body, which may lie on disk.
local m = {}

local HEAD = 1 << 20    -- bytes in which everything before the file's content has to be
local TAIL = 1024       -- bytes that may follow the file: the last boundary

local function name_of(headers, parameter)
  local disposition = headers:match "[Cc]ontent%-[Dd]isposition:([^\r\n]*)" or ""
  return disposition:match("[; ]" .. parameter .. '="([^"]*)"')
end

local function read_at(request, offset, length)
  local path = request:body_path()
  if not path then return (request:body() or ""):sub(offset + 1, offset + length) end
  local file <close> = assert(io.open(path, "rb"))
  file:seek("set", offset)
  return file:read(length) or ""
end

-- When the file is the last field, the last boundary ends it.
local function end_of_file(request, mark)
  local size = request:body_size()
  local from = math.max(0, size - #mark - TAIL)
  local tail, at = read_at(request, from, size - from), nil
  local found = 0
  while true do
    found = tail:find(mark, found + 1, true)
    if not found then break end
    at = found
  end
  return at and from + at - 1
end

---@param request table of core.serve
---@return { fields: table<string, string>, file: { name: string, offset: integer, length: integer }? }|nil form
---@return string? message
function m.parse(request)
  local boundary = (request:header "Content-Type" or ""):match 'boundary="?([^";]+)"?'
  if not boundary then return nil, "the request has no multipart boundary" end
  local mark = "\r\n--" .. boundary
  local head = "\r\n" .. read_at(request, 0, HEAD)
  local fields, at = {}, 1
  while true do
    local _, begin = head:find(mark .. "\r\n", at, true)
    if not begin then return { fields = fields } end
    local head_end, content = head:find("\r\n\r\n", begin, true)
    if not head_end then return nil, "a field of the form has no end" end
    local headers = head:sub(begin + 1, head_end)
    local name, file_name = name_of(headers, "name"), name_of(headers, "filename")
    if name == "file" then
      local offset = content - 2
      local stop = end_of_file(request, mark)
      if not stop or stop < offset then return nil, "the file of the form has no end" end
      return { fields = fields, file = { name = file_name or "", offset = offset, length = stop - offset } }
    end
    at = head:find(mark, content + 1, true)
    if not at then return nil, "a field of the form has no end" end
    fields[(name or ""):lower()] = head:sub(content + 1, at - 1)
  end
end

return m
