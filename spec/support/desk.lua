-- A librarian's desk, for specs of the built program: a folder with titles.csv
-- and jpg/, an Alma to rehearse against, and the settings that a user has.
local assert = require "luassert"
local core = require "almanac.core"
local program = require "support.program"
local rehearsal = require "support.rehearsal"

local m = {}

m.HEADER = "mms_id,title,usage_type,file_name,size,representation_id,collection"

---A JPEG, behind which more may stand.
m.JPEG = require "support.picture".JPEG

---The nth MMS ID of the institution.
function m.id(n) return ("99%09d04146"):format(n) end

---The settings of a user, without what this machine's own user has.
---@param alma { url: string, key: string }
---@param folder string
---@param more table<string, string|false>?
---@return table<string, string|false> env for program.run
function m.environment(alma, folder, more)
  local env = { HOME = folder, XDG_CONFIG_HOME = false, ALMANAC_PROFILE = false, AWS_PROFILE = false,
    AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false, AWS_SESSION_TOKEN = false, ALMANAC_S3_URL = false,
    ALMANAC_API_URL = alma.url, ALMA_API_KEY = alma.key }
  for name, value in pairs(more or {}) do env[name] = value end
  return env
end

---Writes titles.csv, a title for each list of stems with a TIFF of each, and
---jpg/STEM.jpg for each.
---@param folder string
---@param titles (string[])[] also `collection`: the id of one that the title is in
---@return string path of titles.csv
function m.collection(folder, titles)
  local rows = { m.HEADER .. "\n" }
  for i, title in ipairs(titles) do
    for _, stem in ipairs(title) do
      rows[#rows + 1] = core.csv.line { m.id(i), "Title " .. i, "PRESERVATION_MASTER", stem .. ".tif", "1000",
        ("12%09d04146"):format(i), title.collection or "" }
      program.write(("%s/jpg/%s.jpg"):format(folder, stem), m.JPEG .. stem)
    end
  end
  program.write(folder .. "/titles.csv", table.concat(rows))
  return folder .. "/titles.csv"
end

---Titles with one stem each: p1, p2, …
---@param n integer
---@return (string[])[]
function m.single(n)
  local titles = {}
  for i = 1, n do titles[i] = { "p" .. i } end
  return titles
end

---A desk that is set before each spec and cleared after it, however that ends.
---@param before_each function busted's
---@param after_each function busted's
---@return table desk folder; after start: alma, env
function m.each(before_each, after_each)
  local desk = {}

  before_each(function() desk.folder = program.folder() end)
  after_each(function()
    if desk.alma then desk.alma.stop() end
    program.remove(desk.folder)
    desk.alma, desk.env, desk.folder = nil, nil, nil
  end)

  ---Starts the rehearsal with these titles (none: an empty Alma).
  ---@param titles (string[])[]?
  ---@param ... string options of `almanac rehearsal`; without --rate there is no limit
  function desk.start(titles, ...)
    local csv = titles and m.collection(desk.folder, titles)
    desk.alma = rehearsal.start { titles = csv, memory = not titles, args = { "--rate", "0", ... } }
    desk.env = m.environment(desk.alma, desk.folder)
  end

  ---Uses AWS keys instead of Alma's signed form.
  function desk.use_aws(access, secret, token)
    desk.env.AWS_ACCESS_KEY_ID = access or desk.alma.access_key
    desk.env.AWS_SECRET_ACCESS_KEY = secret or desk.alma.secret_key
    desk.env.AWS_SESSION_TOKEN = token or false
  end

  ---Runs `almanac …` in the folder.
  ---@return { status: integer, out: string, err: string }
  function desk.almanac(...)
    return program.run({ ... }, { folder = desk.folder, env = desk.env })
  end

  ---Runs it, and expects that all was done.
  ---@return { status: integer, out: string, err: string }
  function desk.run(...)
    local result = desk.almanac(...)
    assert.equal(0, result.status, result.out .. result.err)
    return result
  end

  ---Runs it with short pauses.
  ---@param switches string more of the torture's client: "kill=2,before"
  ---@return { status: integer, out: string, err: string }
  function desk.hurried(switches, ...)
    return desk.almanac("exec", program.client, switches .. " settle=0.1", ...)   -- the first counts
  end

  ---Plans jpg-derivatives for titles.csv and jpg/ into a.run.
  ---@return { status: integer, out: string, err: string }
  function desk.plan(...)
    return desk.almanac("plan", "jpg-derivatives", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run", ...)
  end

  return desk
end

return m
