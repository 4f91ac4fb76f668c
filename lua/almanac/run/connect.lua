-- Makes of settings what a command works with: a client for Alma, a way into its
-- bucket, and the check that a plan is carried out only where it was made.
local alma = require "almanac.alma"
local audit = require "almanac.run.audit"
local copies_folder = require "almanac.run.copies_folder"
local s3 = require "almanac.s3"
local store = require "almanac.run.store"
local task = require "almanac.task"

local m = {}

---Makes a client for the Alma API.
---@param settings table from almanac.settings
---@param log fun(event: table)? called for every request
---@return table client
function m.alma(settings, log)
  if settings.ca_file then task.trust(settings.ca_file) end
  -- Who logs its calls has a run file, and its steps are in there as well.
  return alma.new { url = settings.url, key = settings.key, rate = settings.rate, log = log, journaled = log ~= nil }
end

-- The first call shows whether the address is Alma's at all: what is no refusal in
-- Alma's own words may come from another server.
local ELSEWHERE = { connect = true, closed = true, timeout = true, parse = true }

local function with_advice(message, code)
  if not (ELSEWHERE[code] or message:find "%(status %d+%)$") then return message end
  return message .. "; is this your Alma server, and can it be reached? (--url, ALMANAC_API_URL or almanac.conf.lua say which)"
end

-- Alma's documentation gives "production" as the example of environment_type, its
-- schemas say SANDBOX, and neither lists the words, so any text is taken.
local function environment_of(general)
  local word = general.environment_type
  if type(word) == "table" then word = word.value end
  word = type(word) == "string" and word:match "^%s*(.-)%s*$" or ""
  return word ~= "" and word or "environment not told"
end

---What an answer of GET /conf/general says.
---@param answer table
---@return { institution: string, environment: string, digital: table, alma_url: string? } general alma_url: https://DOMAIN…/
function m.described(answer)
  return {
    institution = answer.institution.value,
    environment = environment_of(answer),
    digital = type(answer.digital) == "table" and answer.digital or {},
    alma_url = answer.alma_url,
  }
end

---Asks Alma for its institution and environment (GET /conf/general), and for the upload form.
---@param client table
---@return { institution: string, environment: string, digital: table, alma_url: string? }|nil general of m.described
---@return string? message
---@return string? code
function m.general(client)
  local general, message, code = alma.conf.general(client, { ingest_form = true })
  if not general then return nil, with_advice(message, code), code end
  return m.described(general)
end

-- The S3 server of an upload address, which is what stands before the bucket in
-- https://s3.amazonaws.com/BUCKET. Nil for Amazon's own: that is found by region.
local function endpoint_of(digital)
  local server = digital.ingest_url and digital.ingest_url:match "^(https?://[^/]+)"
  if server and not server:find("amazonaws.com", 1, true) then return server end
end

-- Where the bucket is: the environment's word counts before that of the configuration,
-- and both before Alma's.
local function place_of(digital, own)
  local region = os.getenv "ALMANAC_S3_REGION"
  region = region ~= "" and region or own.region or digital.region
  if region and not tostring(region):find "^[%l%d-]+$" then
    return nil, ("%q is no region of AWS; one is written as in eu-central-1 (ALMANAC_S3_REGION, or s3 = { region = … } in " ..
      "almanac.conf.lua)"):format(region), "parse"
  end
  local set = os.getenv "ALMANAC_S3_URL"
  return { region = region, endpoint = set ~= "" and set or own.endpoint or endpoint_of(digital) }
end

-- Alma knows better than a profile where its bucket is.
local function by_keys(digital, place, keys)
  return s3.new {
    endpoint = place.endpoint, region = place.region or keys.region, bucket = digital.bucket, access_key = keys.access_key,
    secret_key = keys.secret_key, session_token = keys.session_token,
  }
end

local function by_form(client, digital, place)
  if not digital.ingest_form then
    return nil, "Alma gave no upload form; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY " ..
      "(Alma: Configuration > Resources > Resource Configuration > Digital Storage)"
  end
  return s3.form {
    ingest = digital, region = place.region,
    refresh = function()
      local fresh, why, kind = m.general(client)
      if not fresh then return nil, why, kind end
      return fresh.digital
    end,
  }
end

local NOT_FOR_THEM = {
  url = "almanac.conf.lua of this folder names the server (url), but the AWS keys are not in that file: set " ..
    "ALMANAC_API_URL, or s3 = { form = true } there",
  ca_file = "almanac.conf.lua of this folder says whose certificates are trusted (ca_file), but the AWS keys are not in that " ..
    "file: set SSL_CERT_FILE instead, or s3 = { form = true } there",
}

---The way into the institution's bucket: with AWS keys when there are any,
---else through the signed upload form that an API key alone gets. Nothing is
---sent yet.
---@param client table
---@param general table from m.general
---@param settings table
---@return table|nil storage with put(key, file); passed_over: why an AWS profile is not used
---@return string? message
---@return string? code
function m.storage(client, general, settings)
  local digital, own = general.digital, settings.s3
  if not digital.bucket then
    return nil, "this institution has no Alma Digital storage (GET /conf/general names no bucket)"
  end
  local place, message, code = place_of(digital, own)
  if not place then return nil, message, code end
  local keys, passed_over = own, nil
  if own.form then
    keys = nil
  elseif not own.access_key then
    keys, message, code, passed_over = s3.credentials { profile = own.profile }
  end
  if code then return nil, message, code end
  if keys and keys ~= own and settings.named_here then return nil, NOT_FOR_THEM[settings.named_here], "auth" end
  if keys then return by_keys(digital, place, keys) end
  local storage
  storage, message, code = by_form(client, digital, place)
  if storage then storage.passed_over = passed_over end
  return storage, message, code
end

-- A plan names ids of one institution, so it is carried out only where it was made.
local function same_place(meta, general)
  if meta.institution == general.institution and meta.environment == general.environment then
    return true
  end
  return nil, ("this plan was made for %s (%s), but the API key belongs to %s (%s): use the other key, or plan again")
    :format(meta.institution, meta.environment, general.institution, general.environment), "conflict"
end

---Checks that the key belongs to the institution that the profile of almanac.conf.lua
---names, when it names one.
---@param settings table
---@param general table
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.expected(settings, general)
  if not settings.institution or settings.institution == general.institution then return true end
  return nil, ("profile '%s' of almanac.conf.lua is for %s, but the API key belongs to %s: correct one of them"):format(
    settings.profile, settings.institution, general.institution), "conflict"
end

-- Only the word SANDBOX says that nothing real is written to; all else counts as production.
local function is_sandbox(environment)
  return environment:upper() == "SANDBOX"
end

local function place_words(general)
  if general.environment:upper() == "PRODUCTION" then return "PRODUCTION of " .. general.institution end
  return ("%s, which Alma does not call a sandbox (%s)"):format(general.institution, general.environment)
end

local named = {}   -- institutions outside a sandbox that somebody named in this process

---Whether somebody has named an institution in this process, for whatever writes.
---@param general table of m.general
---@return boolean
function m.is_named(general) return named[general.institution] == true end

---Lets something write outside a sandbox only when somebody has named the institution: by
---`--production CODE`, or on a terminal when asked.
---@param general table of m.general
---@param who string what writes: "apply", "the script", …
---@param given string? the institution code of --production
---@param ask (fun(question: string): string?)? asks on a terminal; nil when there is none
---@return true|nil
---@return string? message
---@return string? code "conflict"
function m.may_write(general, who, given, ask)
  local institution = general.institution
  if is_sandbox(general.environment) then return true end
  local how = ("%s would write to %s: to let it, give --production %s"):format(who, place_words(general), institution)
  if not given then
    if not ask then return nil, how, "conflict" end
    given = ask(("%s writes to %s. Type its institution code to go on: "):format(who, place_words(general))) or ""
  end
  if given:match "^%s*(.-)%s*$" ~= institution then
    return nil, ("'%s' is not that institution's code: %s"):format(given, how), "conflict"
  end
  named[institution] = true
  return true
end

---Lets a command write outside a sandbox as m.may_write does. The answer holds for this command and run: to let a run be
---applied is not to let it be taken back.
---@param run { db: table, general: table }
---@param command string "apply", "undo", …
---@param given string? the institution code of --production
---@param ask (fun(question: string): string?)? asks on a terminal; nil when there is none
---@return true|nil
---@return string? message
---@return string? code "conflict", or "io": the run file can't be written
function m.confirm(run, command, given, ask)
  local general, said = run.general, "production:" .. command
  if is_sandbox(general.environment) then return true end
  if not given and store.meta(run.db, said) == general.institution then
    named[general.institution] = true
    return true
  end
  local ok, message, code = m.may_write(general, command, given, ask)
  if not ok then return nil, message, code end
  return store.set(run.db, { [said] = general.institution })
end

---A run at work. The fields up to `copies` are there from the beginning, the others
---are set by the command that needs them; what a stage adds for itself is named in it.
---@class almanac.run
---@field db table the run file
---@field client table of almanac.alma, for the institution of the plan
---@field general table of m.general
---@field folder string? the images
---@field settings table
---@field audit table of almanac.run.audit; closed before the run file
---@field copies string|false the folder for copies of what is deleted; false: none are made (--no-copies)
---@field path string the run file, as it was typed
---@field storage table? the bucket: apply, undo, and verify where there are thumbnails
---@field claims table of almanac.apply.claims: apply and undo
---@field journal table of almanac.run.journal
---@field limits table of almanac.run.limits: apply
---@field limit integer? titles at most: apply
---@field sample integer? titles: verify
---@field keep_going boolean? also when titles in a row fail alike
---@field yes boolean? undo changes something
---@field on table<string, function> what the command line is told of each title
---@field told table of almanac.cli.told
---@field older string[]? signs that this is an older copy of a run that went on elsewhere
---@field stop { message: string, code: string, cause: string? }? why it ends early

---Makes a run ready to work on, once it is sure that the key belongs to the
---institution and environment that the plan was made for.
---@param db table the run file
---@param settings table from almanac.cli.settings
---@param command string for the audit trail: "apply", …
---@param args table? as typed
---@return almanac.run|nil run
---@return string? message
---@return string? code
function m.run(db, settings, command, args)
  local trail = audit.new()
  trail:open(db, { command = command, args = args, url = settings.url })
  local client = m.alma(settings, trail:log())
  local general, message, code = m.general(client)
  local meta = store.meta(db)
  local ok = general
  if ok then ok, message, code = m.expected(settings, general) end
  if ok then ok, message, code = same_place(meta, general) end
  if not ok then
    trail:close()
    return nil, message, code
  end
  return { db = db, client = client, general = general, folder = meta.folder, settings = settings, audit = trail,
    copies = copies_folder.find(db, args.run) }
end

return m
