-- Who stands between a program and the servers that it writes to. `almanac exec` sets the first three, so
-- that they hold for every client and store of a script, also for those of modules that others wrote.
local m = {}

---Stands in for sending a call to Alma, every time a client is called; `send(client, call)` sends it, until it
---is answered for good.
---@type (fun(client: table, call: { method: string, path: string, request: table }, send: function): any, string?, string?, table?)?
m.alma = nil

---Stands in for a request to the bucket; `send()` sends it, until it is answered for good.
---@type (fun(store: table, request: { method: string, bucket: string, key: string?, query: string[][]?, size: integer?, md5: string?,
---  form: boolean?, to: string? }, send: fun(): table|nil, ...): table|nil, ...)?
m.s3 = nil

---Is told of every try of a call to Alma.
---@type fun(event: almanac.alma.event)?
m.event = nil

---The tasks that make a thing once, in almanac.alma.once: each has looked for it, and looks for what its POST makes.
---@type table<thread, true>
m.looks = setmetatable({}, { __mode = "k" })

return m
