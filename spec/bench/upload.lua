-- One side of the upload benchmark: every file of a folder into a bucket,
-- 16 in flight, stored sizes read back. Run by `almanac exec`.
--   upload.lua FOLDER ENDPOINT BUCKET PREFIX
package.path = "spec/?.lua;" .. package.path
local core = require "almanac.core"
local peak_memory = require "support.memory"
local s3 = require "almanac.s3"
local task = require "almanac.task"

local folder, endpoint, bucket, prefix = ...

local store = s3.new {
  endpoint = endpoint, region = "us-east-1", bucket = bucket,
  access_key = os.getenv "AWS_ACCESS_KEY_ID", secret_key = os.getenv "AWS_SECRET_ACCESS_KEY",
}
local walk = assert(core.files.walk(folder))
local failures = task.run(task.each, function()
  local path, size = walk:next()
  return path and { path = path, size = size }
end, 16, function(file)
  assert(store:put(prefix .. file.path, { path = folder .. "/" .. file.path, size = file.size }))
end)
for _, failure in ipairs(failures) do io.stderr:write(failure.message, "\n") end
print(peak_memory())
return #failures == 0 and 0 or 2
