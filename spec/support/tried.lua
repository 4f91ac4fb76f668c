-- The built program tried as a user does, against a rehearsal: a collection of
-- titles with a TIFF each, a folder of JPGs, a key that is a real secret. After
-- every command nothing that it printed or wrote may hold a secret.
local assert = require "luassert"
local core = require "almanac.core"
local desk = require "support.desk"
local json = require "almanac.json"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local m = {}

m.KEY = "l8xxSpecSecretKey77"                  -- all rights
local SECRETS = { m.KEY, "l8xxWrong", "rehearsal-secret", "rehearsal-read-only", "rehearsal-bibs-only" }
local WRITTEN = { "a.run", "a.run-wal", "report.txt", "report.csv", "report.json" }

---The nth id of the institution, and what begins a JPEG.
m.id, m.JPEG = desk.id, desk.JPEG

local function titles_of(stems)
  local titles = {}
  for i, stem in ipairs(stems) do titles[i] = { stem, collection = stems.collection } end
  return titles
end

local function check_secrets(texts)
  for where, text in pairs(texts) do
    for _, secret in ipairs(SECRETS) do
      assert.is_nil(text:find(secret, 1, true), ("a secret in %s: %s"):format(where, secret))
    end
  end
end

---A rehearsal with a title for each stem, and jpg/STEM.jpg for each.
---@param stems string[] also `collection`: of all titles
---@param options { args: string[]?, folder: string? }?
---@return table trial folder, alma, run, plan, apply, report, derivatives, close
function m.start(stems, options)
  options = options or {}
  local trial = { folder = program.folder() }
  local csv = desk.collection(trial.folder, titles_of(stems))
  local args = { "--rate", "0", "--key", m.KEY }
  for _, argument in ipairs(options.args or {}) do args[#args + 1] = argument end
  trial.alma = rehearsal.start { titles = csv, args = args }

  function trial.close()
    trial.alma.stop()
    program.remove(trial.folder)
  end

  ---@param env table<string, string|false>? on top of what a user has
  function trial.environment(env)
    return desk.environment({ url = trial.alma.url, key = m.KEY }, trial.folder, env)
  end

  local function written()
    local texts = {}
    for _, name in ipairs(WRITTEN) do texts[name] = core.files.read(trial.folder .. "/" .. name, 1 << 26) end
    return texts
  end

  ---Runs `almanac arguments…`; `env` as above. No secret may be seen, no traceback.
  function trial.run(arguments, env)
    local result = program.run(arguments, { folder = trial.folder, env = trial.environment(env) })
    local texts = written()
    texts.stdout, texts.stderr = result.out, result.err
    check_secrets(texts)
    assert.is_nil(result.err:find("traceback", 1, true), result.err)
    return result
  end

  ---Plans into a.run, which is made anew.
  function trial.plan(arguments, env)
    os.execute("rm -f " .. program.quote(trial.folder) .. "/a.run*")
    local all = { "plan", "jpg-derivatives", "--rate", "500" }
    for _, argument in ipairs(arguments or { "--folder", "jpg", "--titles", "titles.csv" }) do all[#all + 1] = argument end
    all[#all + 1], all[#all + 2] = "-o", "a.run"
    return trial.run(all, env)
  end

  function trial.apply(env) return trial.run({ "apply", "a.run", "--settle", "0.2", "--rate", "500" }, env) end

  ---The report as JSON; the three kinds are written beside the run.
  function trial.report()
    for _, format in ipairs { "text", "csv", "json" } do
      local name = "report." .. (format == "text" and "txt" or format)
      assert.equal(0, trial.run({ "report", "a.run", "--format", format, "-o", name }).status)
    end
    return assert(json.decode(program.read(trial.folder .. "/report.json")))
  end

  ---The row of a title in the report.
  function trial.row(n)
    for _, row in ipairs(trial.report().rows) do
      if row.mms_id == m.id(n) then return row end
    end
  end

  ---mms_id -> names of its JPGs in Alma, with blanks between.
  function trial.derivatives()
    local made = {}
    for _, rep in ipairs(trial.alma.state().representations) do
      if rep.usage_type == "DERIVATIVE_COPY" then
        for _, file in ipairs(rep.files) do
          local name = file.path:match "[^/]+$"
          made[rep.mms_id] = made[rep.mms_id] and made[rep.mms_id] .. " " .. name or name
        end
      end
    end
    return made
  end

  ---Calls that could have written something.
  function trial.writes()
    local n = 0
    for route, count in pairs(trial.alma.calls().routes) do
      if not route:find "^GET" and not route:find "/test" then n = n + count end
    end
    return n
  end

  return trial
end

---A command that is refused: status 1, few lines, and words that match.
function m.refused(result, pattern)
  assert.equal(1, result.status, result.out .. result.err)
  local _, lines = result.err:gsub("\n", "\n")
  assert.is_true(lines <= 3, result.err)
  assert.matches(pattern, result.err)
end

return m
