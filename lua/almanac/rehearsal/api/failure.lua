-- What Alma says when it refuses. Nearly all of it has status 400, a missing
-- object too; codes and words are those of the official API descriptions.
local m = {}

---@param code string Alma's errorCode
---@param message string
---@param status integer? 400
---@return table answer
function m.new(code, message, status)
  return { status = status or 400, failure = { code = code, message = message } }
end

---401652: the one code documented for most calls about representations and files.
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

---A refusal of the gateway for a key that may not do this: XML whatever was asked.
---@return table answer
function m.unauthorized()
  return { status = 400, format = "xml", failure = { code = "UNAUTHORIZED", gateway = true,
    message = "API-key not defined or not configured to allow this API." } }
end

return m
