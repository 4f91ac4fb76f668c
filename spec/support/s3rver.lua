-- s3rver, an S3 server by others (npm), as a process that ends with the spec.
-- It checks no V4 signatures; the rehearsal does.
local core = require "almanac.core"

local m = {}

local SCRIPT = "spec/support/s3rver.js"

---Why s3rver can't run here; nil when it can.
---@return string?
function m.missing()
  if not core.files.stat "spec/node_modules/s3rver" then return "s3rver is not installed (make deps-test)" end
  if not os.execute "command -v node >/dev/null" then return "node is not installed" end
end

local function wait_for(path)
  for _ = 1, 600 do
    local port = core.files.read(path, 16)
    if port then return port end
    core.sys.sleep(0.05)
  end
  error "s3rver did not start"
end

---Starts a server with one empty bucket.
---@param bucket string?
---@return { url: string, bucket: string, access_key: string, secret_key: string, stop: fun() } server can be <close>
function m.start(bucket)
  bucket = bucket or "spec.bucket"
  local folder = assert(core.files.temp_folder())
  local pipe = assert(io.popen(("exec node %s %s/data %s %s/port"):format(SCRIPT, folder, bucket, folder), "w"))
  local ok, port = pcall(wait_for, folder .. "/port")
  local function stop()
    if not pipe then return end
    pipe:close()
    pipe = nil
    core.files.remove(folder, { tree = true })
  end
  if not ok then
    stop()
    error(port, 0)
  end
  return setmetatable({
    url = "http://127.0.0.1:" .. port, bucket = bucket, access_key = "S3RVER", secret_key = "S3RVER", stop = stop,
  }, { __close = stop })
end

return m
