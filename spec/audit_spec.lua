-- The audit trail of a run, with the built program against the rehearsal, and
-- what becomes of it when the program is killed.
local audit = require "almanac.run.audit"
local core = require "almanac.core"
local desk = require "support.desk"
local program = require "support.program"
local store = require "almanac.run.store"
local task = require "almanac.task"

local function all(calls)
  local list = {}
  for call in calls do list[#list + 1] = call end
  return list
end

describe("the audit trail", function()
  local at = desk.each(before_each, after_each)

  local function start(titles, ...)
    at.start(desk.single(titles), ...)
    local result = at.plan()
    assert.equal(0, result.status, result.err)
  end

  local function calls_of(command)
    local db <close> = assert(store.open(at.folder .. "/a.run", "read"))
    local list = {}
    for call in audit.calls(db) do
      if not command or call.command == command then list[#list + 1] = call end
    end
    return list
  end

  local function sessions()
    local db <close> = assert(store.open(at.folder .. "/a.run", "read"))
    return audit.sessions(db)
  end

  it("has a row for each command that touched the run: who, where, when, with what", function()
    start(2)
    at.almanac("apply", "a.run", "--limit", "1")
    at.almanac("verify", "a.run")
    at.almanac("undo", "a.run")
    local list = sessions()
    local commands = {}
    for i, one in ipairs(list) do
      commands[i] = one.command
      assert.equal(core.sys.hostname(), one.host)
      assert.equal(core.sys.user(), one.user)
      assert.equal(core.version, one.version)
      assert.is_true(one.ended >= one.began)
    end
    assert.same({ "plan", "apply", "verify", "undo" }, commands)
    assert.matches("limit=1", list[2].arguments)
    assert.matches("titles=titles.csv", list[1].arguments)
  end)

  it("has every call that the rehearsal saw, with the path as it was", function()
    start(3)
    at.almanac("apply", "a.run")
    local seen, mine = {}, {}
    for route, n in pairs(at.alma.calls().routes) do
      if not route:find "/rehearsal/" then seen[route] = n end
    end
    for _, call in ipairs(calls_of()) do
      assert.equal(200, call.status)
      assert.equal(1, call.try)
      local path = call.path:gsub("/%d+", "/{}")
      mine[call.method .. " " .. path] = (mine[call.method .. " " .. path] or 0) + 1
    end
    local total, own = 0, 0
    for route, n in pairs(seen) do
      if route:find "/bibs" or route:find "/conf" then total = total + n end
    end
    for _, n in pairs(mine) do own = own + n end
    assert.equal(total, own)
    assert.equal(3, mine["POST /bibs/{}/representations"])
    local paths = {}
    for _, call in ipairs(calls_of "apply") do paths[call.method .. " " .. call.path] = true end
    assert.is_true(paths["POST /bibs/9900000000204146/representations"])
  end)

  it("keeps status, try and tracking id of what was refused and tried again", function()
    start(1, "--faults", "GET representations=@2:500")
    at.almanac("apply", "a.run")
    at.alma.change { op = "delete_bib", mms_id = "9900000000104146" }
    at.almanac("verify", "a.run")
    local again, refused
    for _, call in ipairs(calls_of()) do
      if call.try == 2 then again = call end
      if call.status >= 400 and call.tracking then refused = call end
    end
    assert.equal(200, again.status)
    assert.matches("^E01%-", refused.tracking)
    local out = at.almanac("report", "a.run", "--calls").out
    assert.matches(refused.tracking, out, 1, true)
    assert.matches("\n%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z,%d+,verify,GET,/bibs/9900000000104146/representations", out)
  end)

  it("stands at the head of the report", function()
    start(1)
    at.almanac("apply", "a.run")
    local out = at.almanac("report", "a.run").out
    assert.matches(core.sys.user() .. "@" .. core.sys.hostname(), out, 1, true)
    assert.matches("Rules:  SHA%-256 %x+", out)
    assert.matches("apply run=a.run", out)
  end)

  it("loses little when the program is killed", function()
    start(6, "--latency", "0.02,file=3")
    os.execute(("cd %s && HOME=%s ALMANAC_API_URL=%s ALMA_API_KEY=%s timeout -s KILL 2.5 %s apply a.run -q >/dev/null 2>&1")
      :format(program.quote(at.folder), program.quote(at.folder), at.alma.url, at.alma.key, program.quote(program.path())))
    local list = sessions()
    assert.is_nil(list[2].ended)
    local posts = 0
    for _, call in ipairs(calls_of "apply") do
      if call.method == "POST" and call.path:find "representations$" then posts = posts + 1 end
    end
    assert.equal(6, posts)
  end)

  it("writes failed titles as a list that the next plan takes", function()
    start(3)
    do
      local db <close> = store.open(at.folder .. "/a.run", "write")
      assert(db:run [[UPDATE title SET state = 'failed', reason_code = 'failure', reason_data = '{"message":"no such library"}'
        WHERE mms_id = '9900000000204146']])
    end
    assert.equal(0, at.almanac("report", "a.run", "--failed", "-o", "failed.csv").status)
    local text = program.read(at.folder .. "/failed.csv")
    assert.matches("\n'9900000000204146,Title 2,", text)
    assert.not_matches("9900000000104146", text)
    local result = at.almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "failed.csv", "-o", "b.run")
    assert.matches("1 title", result.out .. result.err)
  end)

  it("packs many calls into few rows", function()
    local db <close> = assert(store.create(at.folder .. "/c.run", {}))
    local path = "/bibs/9912345678904146/representations/12876543210004146/files"
    task.run(function()
      local trail <close> = audit.new()
      trail:open(db, { command = "apply", url = "http://user:word@127.0.0.1" })
      local log = trail:log()
      for i = 1, 1000 do
        log { method = "POST", path = path, status = i % 2 == 0 and 200 or nil, ms = i, try = 1 }
      end
    end)
    local list = all(audit.calls(db))
    assert.equal(1000, #list)
    assert.same({ "POST", path, 0, 999 }, { list[999].method, list[999].path, list[999].status, list[999].ms })
    assert.is_true(db:value "SELECT count(*) FROM call" < 10)
    assert.is_true(db:value "SELECT sum(length(lines)) FROM call" < 45 * 1000)
    assert.equal("http://127.0.0.1", audit.sessions(db)[1].url)
  end)
end)
