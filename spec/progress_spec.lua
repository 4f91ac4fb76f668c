-- How far a long work is, as the screen and --json tell it.
local desk = require "support.desk"
local json = require "almanac.json"
local out = require "almanac.cli.out"
local program = require "support.program"

describe("progress", function()
  describe("counts", function()
    local stdout, written

    before_each(function()
      stdout, written = io.stdout, {}
      out.json = true
      rawset(io, "stdout", { write = function(_, ...) table.insert(written, table.concat { ... }) end })
    end)
    after_each(function()
      rawset(io, "stdout", stdout)
      out.json = nil
    end)

    -- What is told after each end, `{ id, failed }`, of work on seven titles.
    local function told(ends)
      local progress = out.progress("titles applied", 7)
      for _, one in ipairs(ends) do
        progress:begin()
        progress.next_time = 0
        progress:finish(one[2], one[1])
      end
      progress:close()
      local list = {}
      for _, line in ipairs(written) do
        local event = json.decode(line)
        if event.in_flight == 0 then list[#list + 1] = ("%d %d"):format(event.done, event.failed) end
      end
      return list
    end

    it("a title once that is tried again, as it ended last", function()
      assert.same({ "1 1", "2 2", "2 1", "2 1", "2 0", "2 1" },
        told { { 1, true }, { 2, true }, { 1, false }, { 2, true }, { 2, false }, { 1, true } })
    end)

    it("each of those that have no name", function()
      assert.same({ "1 0", "2 1", "3 1" }, told { {}, { nil, true }, {} })
    end)
  end)

  describe("of apply", function()
    local at = desk.each(before_each, after_each)

    it("never counts more titles than there are, though some are tried again", function()
      if not os.execute "script -qec true /dev/null >/dev/null 2>&1" then
        return pending "there is no program `script` to give it a terminal"
      end
      at.start(desk.single(7), "--latency", "0.3")
      assert.equal(0, at.plan("--rate=500").status)
      for i = 1, 3 do assert(os.remove(("%s/jpg/p%d.jpg"):format(at.folder, i))) end
      local line = ("cd %s && ALMANAC_API_URL=%s ALMA_API_KEY=%s HOME=%s script -qec %s /dev/null </dev/null"):format(
        program.quote(at.folder), at.alma.url, at.alma.key, program.quote(at.folder),
        program.quote(program.quote(program.path()) .. " apply a.run --rate=500"))
      local pipe <close> = assert(io.popen(line))
      local screen, most = pipe:read "a", nil
      assert.matches("applied 4 titles now", screen)
      for done in screen:gmatch "titles applied · (%d+) of 7" do most = math.max(most or 0, tonumber(done)) end
      assert.is_true(most and most <= 7, screen)
    end)
  end)
end)
