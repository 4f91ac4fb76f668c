-- A real server by https, for specs: openssl's, with a certificate of its own
-- for this address. It serves files that hold whole answers.
local program = require "support.program"
local task = require "almanac.task"

local m = {}

local CERTIFICATE = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 " ..
  "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
local SERVER = "cd %s && %s >/dev/null 2>&1; echo $$; exec openssl s_server -accept 127.0.0.1:0 -HTTP -cert cert.pem -key key.pem " ..
  "</dev/null >log 2>&1"

local methods = {}
local meta = { __index = methods }

---Starts one. Its address is `base`, the certificate to trust the file `ca_file`.
---@return table server can be <close>
function m.start()
  local folder = program.folder()
  local pipe = assert(io.popen("" .. SERVER:format(program.quote(folder), CERTIFICATE)))
  local server = setmetatable({ folder = folder, pipe = pipe, pid = pipe:read "l", ca_file = folder .. "/cert.pem" }, meta)
  for _ = 1, 1000 do
    local file <close> = io.open(folder .. "/log")
    local port = file and file:read "a":match "ACCEPT [%d.]+:(%d+)\n"
    if port then
      server.base = "https://127.0.0.1:" .. port
      return server
    end
    task.sleep(0.01)
  end
  error "openssl s_server does not start"
end

---What it answers to a path.
---@param name string the path without its slash
---@param status string "200 OK"
---@param headers table<string, string>
---@param body string?
function methods:answer(name, status, headers, body)
  local lines = { "HTTP/1.1 " .. status, "Connection: close" }
  headers["Content-Length"] = headers["Content-Length"] or #(body or "")
  for field, value in pairs(headers) do lines[#lines + 1] = field .. ": " .. value end
  program.write(self.folder .. "/" .. name, table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
end

function methods:close()
  os.execute("kill -KILL " .. self.pid)
  self.pipe:close()
  program.remove(self.folder)
end

meta.__close = methods.close

return m
