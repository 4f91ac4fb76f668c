-- Gives calls their names from method and path; the rule stands in almanac.alma.calls.
local m = {}

-- Words that say too little by themselves.
local VAGUE = { instances = true, events = true, matches = true, paths = true,
  members = true, test = true }

-- Where the rule would read wrongly.
local BY_HAND = {
  ["POST /bibs/collections/{pid}/bibs"] = "add_bib_to_collection",
  ["DELETE /bibs/collections/{pid}/bibs/{mms_id}"] = "remove_bib_from_collection",   -- it deletes no bib
  ["GET /analytics/reports"] = "get_analytics_report",                               -- one, by its path
  ["POST /users/{user_id}/fees/all"] = "pay_all_fees",
  ["POST /conf/workflows/{workflow_id}"] = "run_workflow",
  ["GET /users/operation/test"] = "get_users_test", ["POST /users/operation/test"] = "post_users_test",
  ["GET /users/ME"] = "get_me",
  ["GET /conf/jobs/{job_id}/instances/{instance_id}/download"] = "download_import_file",
}

local NO_PLURAL = { general = true, test = true, download = true, ME = true, all = true }

local function singular(word)
  if word:find "ies$" then return (word:gsub("ies$", "y")) end
  if word:find "matches$" then return "match" end
  return (word:gsub("s$", ""))
end

local function is_parameter(part) return part:sub(1, 1) == "{" end

-- Words of a path, and whether it ends in an id.
local function words_of(path)
  local words, of_one = {}, false
  for part in path:gmatch "[^/]+" do
    of_one = is_parameter(part)
    if not of_one then words[#words + 1] = (part:gsub("%-", "_")) end
  end
  return words, of_one
end

local function is_plural(word) return word:find "s$" ~= nil and not NO_PLURAL[word] end

local function verb_of(call, many, of_one)
  if call.method == "GET" then return many and "list" or "get" end
  if call.method == "PUT" then return "update" end
  if call.method == "DELETE" then return "delete" end
  if many then return "create" end
  if not of_one then return "post" end
  local only = #call.operations == 1 and call.operations[1]
  return only and only:find "^%l+$" and only or "act_on"
end

-- Areas are no things, unless things of their own name stand right in them.
local AREAS = { conf = true, analytics = true }

-- The name of what stands at place `n` of a path, plural when `many`.
local function thing_at(words, n, many, qualified)
  local word = words[n]
  local thing = (many or NO_PLURAL[word]) and word or singular(word)
  local before = words[n - 1]
  if not before or not (qualified or VAGUE[word]) then return thing end
  if not VAGUE[word] and AREAS[before] then return thing end
  return thing_at(words, n - 1, AREAS[before] or word == "test", false) .. "_" .. thing
end

-- How many different places a thing stands in: paths up to its word, ids left out.
local function places(calls)
  local seen, count = {}, {}
  for _, call in ipairs(calls) do
    local words = words_of(call.path)
    local last, place = words[#words], table.concat(words, "/")
    if not seen[place] then
      seen[place] = true
      count[last] = (count[last] or 0) + 1
    end
  end
  return count
end

---Gives each call its name, in `name`.
---@param calls { method: string, path: string, operations: string[] }[] of all areas
function m.give(calls)
  local count = places(calls)
  for _, call in ipairs(calls) do
    local words, of_one = words_of(call.path)
    local many = not of_one and is_plural(words[#words])
    local plural = many and call.method ~= "POST" or words[#words] == "relations" or words[#words] == "open_hours"
    local thing = thing_at(words, #words, plural, count[words[#words]] > 1)
    call.name = BY_HAND[call.method .. " " .. call.path] or verb_of(call, many, of_one) .. "_" .. thing
  end
end

return m
