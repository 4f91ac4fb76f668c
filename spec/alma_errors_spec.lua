local errors = require "almanac.alma.errors"

local XML = [[<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<web_service_result xmlns="http://com/exlibris/urm/general/xmlbeans"><errorsExist>true</errorsExist><errorList>
<error><errorCode>701115</errorCode><errorMessage>Bib record is already assigned to this collection.</errorMessage>
<trackingId>E01-0302205002-NPMKS-AWAE486590600</trackingId></error></errorList></web_service_result>]]
local ERROR = [[{"errorCode":"401664","errorMessage":"Mandatory field is missing: library","trackingId":"E01-28"}]]

local function explain(code, message, status, method, path)
  return errors.explain(method or "GET", path or "/bibs/991", status or 400, { { code = code, message = message or "" } })
end

describe("alma errors", function()
  it("are read as XML", function()
    assert.are.same({ {
      code = "701115", message = "Bib record is already assigned to this collection.",
      tracking = "E01-0302205002-NPMKS-AWAE486590600",
    } }, errors.read(XML))
  end)

  for shape, text in pairs {
    ["JSON"] = '{"errorsExist":true,"errorList":{"error":[' .. ERROR .. ']},"result":null}',
    ["JSON without result"] = '{"errorsExist":true,"errorList":{"error":[' .. ERROR .. "]}}",
    ["JSON with text for true"] = '{"errorsExist":"true","errorList":{"error":[' .. ERROR .. "]}}",
    ["JSON wrapped once more"] = '{"web_service_result":{"errorsExist":true,"errorList":{"error":[' .. ERROR .. "]}}}",
    ["JSON with a single object"] = '{"errorsExist":true,"errorList":{"error":' .. ERROR .. "}}",
    ["wrapped JSON with a single object"] = '{"web_service_result":{"errorList":{"error":' .. ERROR .. "}}}",
  } do
    it("are read as " .. shape, function()
      assert.are.same({ { code = "401664", message = "Mandatory field is missing: library", tracking = "E01-28" } },
        errors.read(text))
    end)
  end

  it("are read as plain text", function()
    assert.are.same({ { code = "INVALID_API_KEY", message = "Invalid API Key" } }, errors.read "Invalid API Key\n")
  end)

  it("may have no tracking id, and no entry at all", function()
    assert.are.same({ { code = "PER_SECOND_THRESHOLD", message = "x" } }, errors.read
      '{"errorsExist":true,"errorList":{"error":[{"errorCode":"PER_SECOND_THRESHOLD","errorMessage":"x"}]}}')
    assert.are.same({}, errors.read '{"errorsExist":true}')
    assert.are.same({}, errors.read "<web_service_result><errorsExist>true</errorsExist></web_service_result>")
  end)

  it("are not seen in what is none", function()
    for _, text in ipairs {
      "", "<html>busy</html>", "busy", '{"bib":[],"total_record_count":0}', "[1]", "{", "<a",
      "<web_service_result><errorsExist>false</errorsExist></web_service_result>",
    } do
      assert.is_nil(errors.read(text), text)
    end
    assert.is_nil(errors.read(nil))
  end)

  it("get a code of almanac's", function()
    for _, case in ipairs {
      { "UNAUTHORIZED", "API-key not defined or not configured to allow this API.", "auth" },
      { "402203", "Input parameters mmsId 9 is not valid.", "missing" },
      { "402204", "Input parameters mmsId x is not numeric.", "missing" },
      { "60107", "Invalid set ID.", "missing" },
      { "401861", "User with identifier X was not found.", "missing" },
      { "401689", "No items found for barcode X.", "missing" },
      { "INTERNAL_SERVER_ERROR", "Path not found (/shared/x)", "missing" },
      { "402260", "Bib record is not assigned to a collection.", "missing" },
      { "701115", "Bib record is already assigned to this collection.", "conflict" },
      { "60108", "Set Member not found: IED 991", "status" },
      { "401652", "General Error - An error has occurred while processing the request.", "status" },
      { "401664", "Mandatory field is missing: library", "status" },
      { "DAILY_THRESHOLD", "Daily limit", "quota", 429 },
      { "PER_SECOND_THRESHOLD", "HTTP requests are more than allowed per second", "quota", 429 },
      { "", "", "auth", 401 }, { "", "", "auth", 403 }, { "", "", "missing", 404 }, { "", "", "status", 502 },
      { "X", "it was not found", "status", 500 },
    } do
      local _, code = explain(case[1], case[2], case[4])
      assert.are.equal(case[3], code, case[1] .. " " .. case[2])
    end
  end)

  it("prove no absence by a 404 that says nothing of Alma's", function()
    local message, code = errors.explain("GET", "/bibs/9/holding", 404, {})
    assert.equal("GET /bibs/9/holding: Alma answered with status 404 (status 404)", message)
    assert.equal("status", code)
  end)

  it("name the area and right that a key lacks", function()
    assert.are.equal("GET /conf/general: this API key has no read right for Configuration: add it at " ..
      "developers.exlibrisgroup.com > Build > API Keys (it takes some minutes to work) (UNAUTHORIZED)",
      (explain("UNAUTHORIZED", "x", 400, "GET", "/conf/general")))
    assert.truthy(explain("UNAUTHORIZED", "x", 400, "POST", "/bibs/9/representations")
      :find("no read/write right for Bibs", 1, true))
    assert.truthy(explain("UNAUTHORIZED", "x", 400, "GET", "/users/operation/test"):find("Users", 1, true))
  end)

  it("say what to do when the key is unknown or the day is used up", function()
    local list = errors.read "Invalid API Key"
    assert.truthy(errors.explain("GET", "/conf/general", 400, list):find "the server is the one of your region")
    assert.truthy(explain("DAILY_THRESHOLD", "x", 429):find "go on after midnight")
    assert.truthy(explain("PER_SECOND_THRESHOLD", "x", 429):find "lower %-%-rate")
  end)

  it("are one line that ends with Alma's code and tracking id", function()
    local message = errors.explain("PUT", "/bibs/9", 400, { { code = "4022032", message = "Record failed\n validation.",
      tracking = "E01-1" } })
    assert.are.equal("PUT /bibs/9: record failed validation (4022032, tracking id E01-1)", message)
    assert.are.equal("GET /bibs/9: Alma answered with status 502 (status 502)", (errors.explain("GET", "/bibs/9", 502, {})))
    assert.are.equal("GET /bibs/991: API-key is odd (X)", (explain("X", "API-key is odd.")))
  end)

  it("tell the day's limit from the second's", function()
    assert.is_true(errors.is_too_fast({ { code = "PER_SECOND_THRESHOLD", message = "" } }, 400))
    assert.is_true(errors.is_too_fast({}, 429))
    assert.is_false(errors.is_too_fast({ { code = "DAILY_THRESHOLD", message = "" } }, 429))
    assert.is_false(errors.is_too_fast({ { code = "X", message = "Daily API limit reached" } }, 429))
    assert.is_false(errors.is_too_fast({}, 400))
    assert.is_false(errors.is_daily({ { code = "60108", message = "Set Member not found: Daily News" } }, 400))
  end)

  it("tell what leaves a write in doubt", function()
    assert.is_true(errors.is_general { { code = "401652", message = "" } })
    assert.is_true(errors.is_general { { code = "402119", message = "" } })
    assert.is_false(errors.is_general { { code = "402260", message = "" } })
    assert.is_false(errors.is_general {})
  end)
end)
