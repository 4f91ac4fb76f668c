-- Alma's refusals. Nearly all have status 400, also that of a missing object. Codes and words
-- are those of the official API descriptions.
local m = {}

---@param code string Alma's errorCode
---@param message string
---@param status integer? 400
---@return table answer
function m.new(code, message, status)
  return { status = status or 400, failure = { code = code, message = message } }
end

---401652 is the one code that is documented for most calls about representations and files.
---@return table answer
function m.general()
  return m.new("401652", "General Error - An error has occurred while processing the request.")
end

---@param name string the field of the body
---@return table answer
function m.mandatory(name)
  return m.new("401664", "Mandatory field is missing: " .. name)
end

---@return table answer
function m.parameter()
  return m.new("40166411", "Parameter value is invalid.")
end

---@param mms_id string
---@return table answer
function m.mms_id(mms_id)
  if mms_id:find "^%d+$" then
    return m.new("402203", ("Input parameters mmsId %s is not valid."):format(mms_id))
  end
  return m.new("402204", ("Input parameters mmsId %s is not numeric."):format(mms_id))
end

---The gateway's refusal for an API key without the right: XML, whatever format was asked for.
---@return table answer
function m.unauthorized()
  return { status = 400, format = "xml", failure = { code = "UNAUTHORIZED", gateway = true,
    message = "API-key not defined or not configured to allow this API." } }
end

---The answer to a path that is none of Alma's calls. Alma's documentation does not say what it is; an answer without
---a body tells a program least.
---@return table answer
function m.no_such_call()
  return { status = 404, body = "", type = "text/plain" }
end

return m
