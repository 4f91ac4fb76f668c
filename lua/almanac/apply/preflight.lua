-- Checks what must be right before anything is written: the key's rights, the codes
-- that the plan uses, the bucket, the clock, the disk. Nothing is left behind. It
-- takes at most eight calls to Alma, with that of connect.general, and two for each import profile.
local alma = require "almanac.alma"
local codes = require "almanac.run.codes"
local causes = require "almanac.run.causes"
local connect = require "almanac.run.connect"
local copies = require "almanac.apply.copies"
local core = require "almanac.core"
local dates = require "almanac.dates"
local ingest_rows = require "almanac.apply.ingest.rows"
local policies = require "almanac.s3.policy"
local profiles = require "almanac.apply.ingest.profile"
local s3_errors = require "almanac.s3.errors"
local task = require "almanac.task"
local uploads = require "almanac.run.uploads"
local words = require "almanac.words"

local m = {}

local POST_TRIES = 4
local COLLECTIONS = 3            -- looked up at most
local PROBE_ENDS = 20            -- seconds that stopped checks wait until their file is gone from the bucket
local SKEW = { told = 60, wrong = 900 }   -- seconds; Amazon refuses what is 15 minutes off
local SPACE = { least = 8 << 20, title = 2 << 10 }   -- bytes that a run file and its journal may grow by

local function ok(text) return { state = "ok", text = text } end
local function note(text, remedy) return { state = "note", text = text, remedy = remedy } end
local function bad(text, remedy, code) return { state = "bad", text = text, remedy = remedy, code = code } end

local function may_read(place)
  local institution, message, code = alma.test(place.client, "bibs")
  if not institution then return bad(message, nil, code) end
  return ok("the API key may read Bibs")
end

-- A test call changes nothing, so unlike other POSTs it may be sent again.
local function may_write(place)
  local answer, message, code, detail
  for try = 1, POST_TRIES do
    if try > 1 then task.sleep(0.2 * try) end
    answer, message, code, detail = place.client:call { method = "POST", path = { "bibs", "test" }, raw = true }
    if answer then return ok("the API key may write Bibs") end
    if not (detail and detail.unclear) then break end
  end
  return bad(message, nil, code)
end

local function may_read_conf(place)
  if place.general then
    local expected, message, code = connect.expected(place.settings, place.general)
    if not expected then return bad(message, nil, code) end
    return ok(("the API key belongs to %s (%s) and may read Configuration"):format(place.general.institution,
      place.general.environment))
  end
  return bad(place.refused.message, nil, place.refused.code)
end

local function codes_known(place)
  local found, message, code = codes.load(place.client)
  if not found then return bad(message, nil, code) end
  local wrong = place.db and codes.check_plan(found, place.db)
  if wrong then
    return bad(wrong, "plan again with a code that exists; libraries: Alma > Configuration > General > Libraries, " ..
      "usage types: code table RepresentationUsageType", "missing")
  end
  return ok(("%s, %s%s"):format(words.count(#found.libraries, "library", "libraries"),
    words.count(#found.usage_types, "usage type"), place.db and "; those of the plan exist" or ""))
end

local function planned(place, name, limit)
  local list = {}
  local sql = [[SELECT DISTINCT json_extract(spec, ?) AS value FROM spec
    WHERE json_extract(spec, ?) IS NOT NULL AND id IN (SELECT spec_id FROM change) LIMIT ?]]
  for row in place.db:rows(sql, "$." .. name, "$." .. name, limit) do list[#list + 1] = tostring(row.value) end
  return list
end

local function collections_exist(place)
  local wanted = place.db and planned(place, "collection", COLLECTIONS) or {}
  for _, pid in ipairs(wanted) do
    local found, message, code = alma.collections.get(place.client, pid)
    if not found and (code == "missing" or code == "status") then
      return bad(("the plan's collection %s can't be read: %s"):format(pid, message),
        "plan again with the id of another; collections: Alma > Resources > Manage Collections", code)
    elseif not found then
      return bad(message, nil, code)
    end
  end
  return wanted[1] and ok "the collection of the plan exists" or nil
end

-- No call lists the policies, so only what can't be an id is told.
local function policies_fit(place)
  local wanted = place.db and planned(place, "access_rights", 20) or {}
  for _, id in ipairs(wanted) do
    if not id:find "^%d+$" then
      return bad(("'%s' can't be an access rights policy: its id is a number"):format(id),
        "Alma > Configuration > Fulfillment > Copyright Management > Access Rights", "parse")
    end
  end
  return wanted[1] and note(("access rights policy %s: no call of Alma's tells whether it exists"):format(
    table.concat(wanted, ", ")), "the first title will tell") or nil
end

-- What a form uploads can't be deleted, so the form is only read.
local function form_fits(storage, key)
  local policy = storage.form.policy
  if not policies.allows(policy, "key", key) then
    return bad(("Alma's upload form does not allow the name %s"):format(key),
      "use AWS keys, made in " .. s3_errors.KEYS_PLACE, "auth")
  end
  local left = policy.expires and policy.expires - core.sys.time()
  if left and left <= 0 then
    return note("the upload form is out of date as it comes, by this computer's clock", "set this computer's clock")
  end
  return ok(("upload form: allows the upload folder%s; not tried, what it uploads can't be deleted%s"):format(
    left and ", good for " .. words.duration(left) or "", storage.passed_over and "; " .. storage.passed_over or ""))
end

local function write_probe(storage, key)
  local folder, message, code = core.files.temp_folder()
  if not folder then return nil, message, code end
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(folder, { tree = true }) end })
  local path = folder .. "/probe"
  local written
  written, message, code = core.files.write(path, "almanac\n")
  if not written then return nil, message, code end
  return storage:put(key, { path = path, size = 8 })
end

---The key of the object that tries the bucket.
---@param institution string
---@param id string?
---@return string key
function m.probe_key(institution, id)
  return ("%s/upload/almanac-probe-%s"):format(institution, id or core.text.hex(core.hash.random(6)))
end

local function try_bucket(place, storage, key)
  local stored, why, code = write_probe(storage, key)
  if not stored then
    return bad("the bucket takes no file: " .. why, code == "auth" and
      "AWS keys come from the environment or ~/.aws/credentials; without them (s3 = { form = true } in " ..
      "almanac.conf.lua) files go through Alma's upload form", code)
  end
  local gone
  gone, why = storage:delete(key)
  if not gone then return note(("the bucket takes files, but %s stays: %s"):format(key, why)) end
  return ok(("bucket %s in %s takes files"):format(place.general.digital.bucket, storage.region))
end

-- The storage, when something is to be sent; made once.
local function storage_of(place)
  if place.storage or place.db and not uploads.planned(place.db) then return place.storage end
  local why, code
  place.storage, why, code = connect.storage(place.client, place.general, place.settings)
  return place.storage, why, code
end

local function bucket_takes(place)
  local storage, why, code = storage_of(place)
  if why then return bad(why, nil, code) end
  if not storage then return ok "nothing is to be uploaded: the bucket is not needed" end
  local key = m.probe_key(place.general.institution, place.probe)
  if not storage.delete then return form_fits(storage, key) end
  place.probing = task.spawn(try_bucket, place, storage, key)
  return place.probing:await()
end

-- When the checks are stopped nobody waits for the bucket any more, but what is being
-- put there is still deleted.
local function end_probe(place)
  if place.probing and not place.probing.done then place.probing:await(PROBE_ENDS) end
end

local function files_fit(place)
  local storage = place.db and storage_of(place)
  if not storage then return nil end
  local files, first = uploads.refused(place.db, storage)
  if files == 0 then return nil end
  return bad(("%s can't be uploaded: %s%s"):format(words.count(files, "file of the plan", "files of the plan"), first,
    files > 1 and (" (and %d more)"):format(files - 1) or ""),
    (storage.delete and "" or "use AWS keys, made in " .. s3_errors.KEYS_PLACE .. ", or ") ..
    "leave their titles out (almanac decide), or plan again without them", "limit")
end

-- An ingest goes through an import profile, into a folder that AWS keys alone can unlock.
local function profiles_fit(place)
  local ids = place.db and ingest_rows.profiles(place.db) or {}
  if not ids[1] then return nil end
  local storage = storage_of(place)
  if storage and not storage.delete then
    return bad("an ingest needs AWS keys, since an API key alone can't unlock its folder", "make them in " .. s3_errors.KEYS_PLACE, "auth")
  end
  for _, id in ipairs(ids) do
    local profile, message, code = profiles.read(place.client, id)
    if not profile then return bad(message, nil, code) end
  end
  return ok("the import profiles of the plan can be used")
end

-- A wrong clock is bad only with AWS keys, because their signatures need the right time.
local function clock_right(place)
  local dated = place.client.dated
  local server = dated and dates.http(dated.text)
  if not server then return nil end
  local off = math.floor(dated.at - server + 0.5)
  local text = ("this computer's clock is %s %s of Alma's"):format(words.duration(math.abs(off)), off < 0 and "behind" or "ahead")
  local signs = place.storage and place.storage.delete
  if math.abs(off) >= SKEW.wrong and signs then
    return bad(text, "set it: Amazon refuses what is signed 15 minutes off", "conflict")
  end
  if math.abs(off) >= SKEW.told then return note(text, "set it") end
  return ok "this computer's clock agrees with Alma's"
end

local function space_left(place)
  local folder = (place.path or ""):match "^(.*)/[^/]*$" or "."
  if folder == "" then folder = "/" end
  local free, message, code = core.files.free_space(folder)
  if not free then return bad(message, nil, code) end
  local titles = place.db and place.db:value "SELECT count(*) FROM title" or 0
  local need = SPACE.least + titles * SPACE.title
  if free < need then
    return bad(("%s are free for the run file, it may need %s"):format(words.bytes(free), words.bytes(need)),
      "make room on that disk, or move the run file to another", "io")
  end
  return ok(words.bytes(free) .. " are free for the run file")
end

local function copies_fit(place)
  if not (place.db and place.copies) then return nil end
  local files, size, code = copies.fit(place.db, place.copies, place.limit)
  if not files then
    return bad("what is deleted is copied first: " .. size, "make room there, or move the run file to another disk; " ..
      "--no-copies deletes without copies", code)
  end
  return files > 0 and ok(("%s for the copies of %s"):format(words.bytes(size), words.count(files, "file"))) or nil
end

-- The checks run in three rounds; those of a round run side by side.
local ROUNDS = {
  { { "Configuration, read", may_read_conf } },
  {
    { "Bibs, read", may_read }, { "Bibs, write", may_write }, { "codes", codes_known, true },
    { "collection", collections_exist, true }, { "access rights", policies_fit, true }, { "bucket", bucket_takes, true },
    { "files", files_fit, true }, { "import profiles", profiles_fit, true },
  },
  { { "clock", clock_right }, { "space", space_left }, { "copies", copies_fit } },
}

-- After these failures no other check can tell anything.
local HOPELESS = { connect = true, tls = true, timeout = true, quota = true }

-- Runs the checks of a round and gives the finding of each.
local function run_round(place, round, hopeless)
  local found = {}
  local failures = task.each(round, #round, function(check)
    local name, look, needs_general = table.unpack(check)
    if needs_general and not place.general or hopeless and look ~= space_left then return end
    local finding = look(place)
    if finding then
      finding.name = name
      found[check] = finding
    end
  end)
  if failures[1] then error(failures[1].message, 0) end
  return found
end

---Checks everything that a run needs. When the bucket can be reached, `place.storage`
---is set.
---@param place { client: table, settings: table, general: table?, refused: { message: string, code: string }?,
---  db: table?, path: string?, copies: string|false|nil, probe: string?, storage: table? } general or why there is none (from connect.general);
---  db, path: the run file, when it is about one; copies: folder of its copies, limit: of titles; probe: makes the probe's name the same every time
---@return { name: string, state: "ok"|"note"|"bad", text: string, remedy: string?, code: string? }[] findings
function m.run(place)
  local _ <close> = setmetatable({}, { __close = function() end_probe(place) end })
  local findings, hopeless = {}, false
  for _, round in ipairs(ROUNDS) do
    local found = run_round(place, round, hopeless)
    for _, check in ipairs(round) do
      local finding = found[check]
      findings[#findings + 1] = finding
      hopeless = hopeless or finding and finding.state == "bad" and HOPELESS[finding.code] or false
    end
  end
  return findings
end

-- The text of a finding without the call that met it, because several calls meet the same
-- trouble. What is well is never alike.
local function cause_of(finding)
  local text = finding.text:gsub("^%u+ /[%w/]+: ", "")
  return ("%s|%s|%s"):format(finding.state, finding.state == "ok" and finding.name or "", text)
end

---Groups findings by cause, in the order in which each cause came first.
---@param findings table[]
---@return { finding: table, words: string }[] groups the first finding of each, and what is said of it and of those like it
function m.alike(findings)
  local messages, list = {}, {}
  for i, finding in ipairs(findings) do messages[i] = cause_of(finding) end
  for i, group in ipairs(causes.group(messages)) do
    local first = findings[group.first]
    list[i] = { finding = first, words = m.words(first) .. (group.n > 1 and (" (and %d more like it)"):format(group.n - 1) or "") }
  end
  return list
end

---A finding in one line: what it is and what helps.
---@param finding table
---@return string
function m.words(finding)
  return finding.text .. (finding.remedy and ": " .. finding.remedy or "")
end

return m
