-- Reading lists completely: a small Alma of the spec's own that pages as the
-- real one does, and misbehaves on request.
local alma = require "almanac.alma"
local json = require "almanac.json"
local openapi = require "support.openapi"
local scripted = require "support.scripted"

-- Gives `answer(path, query, n)` as JSON; it returns a table, or nil, code, message.
local function with(answer, fn)
  return scripted.alma(function(_, path, query, n) return answer(path, query, n) end, fn)
end

local function entries(n, make)
  local list = {}
  for i = 1, n do list[i] = make(i) end
  return list
end

-- A page of a list as Alma gives it: ten unless asked for more, never above 100.
local function page(list, key, query)
  local limit, offset = math.min(tonumber(query.limit or 10), 100), tonumber(query.offset or 0)
  local result = { total_record_count = #list }
  local part = { table.unpack(list, offset + 1, math.min(offset + limit, #list)) }
  if part[1] then result[key] = part end
  return result
end

local function representation(i)
  return { id = ("122%013d"):format(i), label = "rep " .. i, is_remote = false }
end

describe("alma.representations", function()
  for _, count in ipairs { 0, 1, 10, 99, 100, 101, 250 } do
    it(("lists all %d of a title"):format(count), function()
      local all = entries(count, representation)
      with(function(_, query) return page(all, "representation", query) end, function(client, requests)
        assert.are.same(all, alma.representations.list(client, "9910004641"))
        assert.are.equal(math.max(1, -(-count // 100)), #requests)
        assert.are.equal("/almaws/v1/bibs/9910004641/representations", requests[1].path)
      end)
    end)
  end

  local all = entries(150, representation)
  for words, misbehave in pairs {
    ["a page that stays short"] = function(result, query)
      if tonumber(query.offset) >= 100 then table.remove(result.representation) end
      if result.representation and not result.representation[1] then result.representation = nil end
    end,
    ["a page that comes back empty"] = function(result, query)
      if query.offset == "100" then result.representation = nil end
    end,
    ["a page that comes twice"] = function(result, query)
      if query.offset == "100" then result.representation = { table.unpack(all, 1, 50) } end
    end,
    ["a total that changes"] = function(result, query)
      if query.offset == "100" then result.total_record_count = 151 end
    end,
    ["a total that is absent"] = function(result) result.total_record_count = nil end,
    ["a total that is no number"] = function(result) result.total_record_count = "" end,
    ["a list that is none"] = function(result) result.representation = { id = "1220004641" } end,
    ["an entry without an id"] = function(result) result.representation[1] = { label = "x" } end,
    ["one entry too many"] = function(result, query)
      if query.offset == "100" then table.insert(result.representation, representation(999)) end
    end,
  } do
    it("refuses " .. words .. " instead of giving a part", function()
      with(function(_, query)
        local result = page(all, "representation", query)
        misbehave(result, query)
        return result
      end, function(client)
        local list, message, code = alma.representations.list(client, "9910004641")
        assert.is_nil(list)
        assert.truthy(message:find "^GET /bibs/9910004641/representations")
        assert.is_true(code == "parse" or code == "conflict", code)
      end)
    end)
  end

  for _, most in ipairs { 1, 7, 10, 99 } do
    it(("asks for the rest where a server gives %d at a time, whatever limit says"):format(most), function()
      with(function(_, query)
        query.limit = math.min(tonumber(query.limit), most)
        return page(all, "representation", query)
      end, function(client)
        assert.same(all, alma.representations.list(client, "9910004641"))
      end)
    end)
  end

  it("gives the error of a page as it is", function()
    with(function(_, query)
      if query.offset == "100" then return nil, "401652", "General Error" end
      return page(all, "representation", query)
    end, function(client)
      local list, message, code, detail = alma.representations.list(client, "9910004641")
      assert.is_nil(list)
      assert.truthy(message:find("401652", 1, true))
      assert.are.equal("status", code)
      assert.is_true(alma.has_code(detail, "401652"))
    end)
  end)

  it("makes one that is not remote unless told otherwise, and leaves the given table alone", function()
    with(function() return { id = "1220004641" } end, function(client, requests)
      local body = { library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" }, label = "JPG" }
      assert.are.equal("1220004641", alma.representations.post(client, "9910004641", body).id)
      assert.is_nil(body.is_remote)
      body.is_remote = false
      assert.are.same(body, json.decode(requests[1].body))
    end)
  end)

  it("takes a made one without an id for unclear", function()
    with(function() return { label = "JPG" } end, function(client)
      local made, _, _, detail = alma.representations.post(client, "9910004641",
        { library = { value = "MAIN" }, usage_type = { value = "DERIVATIVE_COPY" } })
      assert.is_nil(made)
      assert.is_true(detail.unclear)
    end)
  end)

  it("is got and deleted by id, the title staying", function()
    scripted.run(scripted.answers({ status = 200, body = '{"id":"1220004641"}' }, { status = 204 }), function(url, requests)
      local client = alma.new { url = url, key = "k", log = openapi.observer() }
      assert.are.equal("1220004641", alma.representations.get(client, "9910004641", "1220004641").id)
      assert.is_true(alma.representations.delete(client, "9910004641", "1220004641"))
      assert.are.equal("DELETE", requests[2].method)
      assert.are.equal("bibs=retain&override=true", requests[2].query)
      alma.representations.delete(client, "9910004641", "1220004641", { override = false })
      assert.are.equal("bibs=retain&override=false", requests[3].query)
    end)
  end)

  -- Alma's only documented error for these calls says nothing; the list does.
  for _, case in ipairs { { "gone", { "1210004641" }, true }, { "there", { "1210004641", "1220004641" }, nil } } do
    it("is deleted after a general error when the list says it is " .. case[1], function()
      with(function(_, query)
        if not query.limit then return nil, "401652", "General Error" end
        return page(entries(#case[2], function(i) return { id = case[2][i] } end), "representation", query)
      end, function(client)
        local ok, _, code = alma.representations.delete(client, "9910004641", "1220004641")
        assert.are.equal(case[3], ok)
        assert.are.equal(case[3] == nil and "status" or nil, code)
      end)
    end)
  end
end)

describe("alma.files", function()
  local function file(i) return { pid = "1320004641" .. i, label = i .. ".jpg", size = i, path = "X/storage/" .. i } end

  it("lists all, however many, in one call", function()
    local all = entries(130, file)
    with(function() return { representation_file = all, total_record_count = 130 } end, function(client, requests)
      assert.are.same(all, alma.files.list(client, "9910004641", "1220004641"))
      assert.are.equal("", requests[1].query)
      alma.files.list(client, "9910004641", "1220004641", { url = true })
      assert.are.equal("expand=url", requests[2].query)
    end)
  end)

  it("gives an empty list when there are none", function()
    with(function() return { total_record_count = 0 } end, function(client)
      assert.are.same({}, alma.files.list(client, "9910004641", "1220004641"))
    end)
  end)

  it("lists all where a server gives ten at a time, in their order", function()
    local files = entries(34, file)
    with(function(_, query) return page(files, "representation_file", query) end, function(client, requests)
      assert.same(files, alma.files.list(client, "9910004641", "1220004641", { url = true }))
      assert.equal("expand=url", requests[1].query)
      assert.equal("expand=url&limit=100&offset=10", requests[2].query)
    end)
  end)

  it("refuses a list that is shorter than its total", function()
    with(function() return { representation_file = entries(100, file), total_record_count = 130 } end, function(client)
      local list, message, code = alma.files.list(client, "9910004641", "1220004641")
      assert.is_nil(list)
      assert.are.equal("GET /bibs/9910004641/representations/1220004641/files: the list is not complete: 100 of 130", message)
      assert.are.equal("parse", code)
    end)
  end)

  it("attaches an object of the upload folder", function()
    with(function() return { pid = "1320004641", size = 5 } end, function(client, requests)
      local made = alma.files.post(client, "9910004641", "1220004641", { label = "a.jpg", path = "01UNI_INST/upload/r/a.jpg" })
      assert.are.equal("1320004641", made.pid)
      assert.are.same({ label = "a.jpg", path = "01UNI_INST/upload/r/a.jpg" }, json.decode(requests[1].body))
      assert.error_matches(function()
        alma.files.post(client, "9910004641", "1220004641", { path = "/01UNI_INST/upload/a.jpg" })
      end, "without a leading slash")
    end)
  end)

  it("takes a made one without a pid for unclear", function()
    with(function() return { label = "a.jpg" } end, function(client)
      local made, _, _, detail = alma.files.post(client, "9910004641", "1220004641", { label = "a.jpg", path = "X/upload/a.jpg" })
      assert.is_nil(made)
      assert.is_true(detail.unclear)
    end)
  end)

  it("deletes one, representation and title staying", function()
    scripted.run(scripted.answers { status = 204 }, function(url, requests)
      local client = alma.new { url = url, key = "k", log = openapi.observer() }
      assert.is_true(alma.files.delete(client, "9910004641", "1220004641", "1320004641"))
      assert.are.equal("bibs=retain&representations=retain", requests[1].query)
    end)
  end)

  it("has one deleted whose answer was lost when the list lacks it", function()
    scripted.run(function(request)
      local lost = request:method() == "DELETE" or request:path():find "1320004641$"
      if lost then return request:reply { status = 400, body = scripted.error_body("401652", "General") } end
      if request:path():find "1310004641$" then return request:reply { status = 200, body = '{"pid":"1310004641"}' } end
      request:reply { status = 200, body = '{"representation_file":[{"pid":"1310004641"}],"total_record_count":1}' }
    end, function(url)
      local client = alma.new { url = url, key = "k", log = openapi.observer() }
      assert.is_true(alma.files.delete(client, "9910004641", "1220004641", "1320004641"))
      assert.is_nil((alma.files.delete(client, "9910004641", "1220004641", "1310004641")))
    end)
  end)
end)

describe("a deletion whose answer was lost", function()
  -- Of a title that was merged into another one Alma says the same as of one that never was.
  local function delete(what, lists, ...)
    local ids, ok, message, code = { ... }, nil, nil, nil
    scripted.run(function(request)
      local is_list = request:method() == "GET" and not request:path():find(ids[#ids] .. "$")
      if request:method() == "DELETE" then
        request:reply { status = 400, body = scripted.error_body("401652", "General") }
      elseif is_list and lists then
        request:reply { status = 200, body = '{"total_record_count":0}' }
      else
        request:reply { status = 400, body = scripted.error_body("402203", "Input parameters mmsId 9910004641 is not valid.") }
      end
    end, function(url)
      ok, message, code = alma[what].delete(alma.new { url = url, key = "k", log = openapi.observer() }, table.unpack(ids))
    end)
    return ok, code, message
  end

  for what, ids in pairs { representations = { "9910004641", "1220004641" }, files = { "9910004641", "1220004641", "1320004641" } } do
    it("is none where the title itself is not there: " .. what, function()
      local ok, code = delete(what, false, table.unpack(ids))
      assert.same({ nil, "status" }, { ok, code })
    end)

    it("is one where the title is there: " .. what, function()
      assert.is_true((delete(what, true, table.unpack(ids))))
    end)
  end
end)

describe("alma.bibs", function()
  local function answering(known, invalid)
    return function(path, query)
      assert(path == "/bibs" and query.mms_id)
      local list = {}
      for id in query.mms_id:gmatch "[^,]+" do
        if invalid and invalid[id] then return nil, invalid[id][1], invalid[id][2]:format(id) end
        if known(id) then table.insert(list, 1, { mms_id = id, title = "title " .. id }) end
      end
      return { bib = json.array(list), total_record_count = #list }
    end
  end

  it("are got in batches of 100, in the order asked for, with those that did not come back", function()
    local ids = entries(250, function(i) return ("99%014d"):format(i) end)
    local function known(id) return tonumber(id:sub(-2)) ~= 7 end
    with(answering(known), function(client, requests)
      local progress = {}
      local list, missing = alma.bibs.get(client, ids, { progress = function(n) progress[#progress + 1] = n end })
      assert.are.equal(3, #requests)
      assert.are.equal(247, #list)
      assert.are.same({ ids[7], ids[107], ids[207] }, missing)
      assert.are.equal(ids[1], list[1].mms_id)
      assert.are.equal(ids[250], list[247].mms_id)
      assert.are.equal(250, progress[3])
    end)
  end)

  it("are asked for once each, and briefly unless told otherwise", function()
    with(answering(function() return true end), function(client, requests)
      local list, missing = alma.bibs.get(client, { "9910004641", "9920004641", "9910004641" })
      assert.are.equal(2, #list)
      assert.are.same({}, missing)
      assert.are.equal("mms_id=9910004641%2C9920004641&view=brief", requests[1].query)
      alma.bibs.get(client, { "9910004641" }, { view = "full", expand = "d_avail" })
      assert.are.equal("expand=d_avail&mms_id=9910004641&view=full", requests[2].query)
    end)
  end)

  it("need no call when no ids are given", function()
    with(answering(error), function(client, requests)
      local list, missing = alma.bibs.get(client, {})
      assert.are.same({ {}, {} }, { list, missing })
      assert.are.equal(0, #requests)
    end)
  end)

  it("are not lost when Alma calls one id of their batch invalid", function()
    local ids = entries(100, function(i) return ("99%014d"):format(i) end)
    local bad = { [ids[40]] = { "402203", "Input parameters mmsId %s is not valid." },
      [ids[41]] = { "402204", "some id is not numeric" } }
    with(answering(function() return true end, bad), function(client)
      local list, missing = alma.bibs.get(client, ids)
      assert.are.equal(98, #list)
      assert.are.same({ ids[40], ids[41] }, missing)
    end)
  end)

  it("give an error when a batch fails, not the rest as missing", function()
    local ids = entries(150, function(i) return ("99%014d"):format(i) end)
    with(answering(function() return true end, { [ids[120]] = { "401652", "General Error" } }), function(client)
      local list, message, code = alma.bibs.get(client, ids)
      assert.is_nil(list)
      assert.truthy(message:find("401652", 1, true))
      assert.are.equal("status", code)
    end)
  end)

  it("give an error when the answer holds fewer than it says", function()
    with(function() return { bib = { { mms_id = "9910004641" } }, total_record_count = 2 } end, function(client)
      local list, message = alma.bibs.get(client, { "9910004641", "9920004641" })
      assert.is_nil(list)
      assert.truthy(message:find "not complete: 1 of 2")
    end)
  end)

  it("refuse an id that would be two, or none", function()
    with(answering(error), function(client)
      for _, id in ipairs { "9910004641,9920004641", "99 1", "", "a/b" } do
        local list, _, code = alma.bibs.get(client, { "9910004641", id })
        assert.is_nil(list)
        assert.are.equal("parse", code)
      end
    end)
  end)
end)
