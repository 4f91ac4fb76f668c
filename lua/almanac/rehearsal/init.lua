-- A local Alma and its S3 bucket, to rehearse against before anything touches the real ones.
-- All of it is on one port: the API below /almaws/v1, the bucket at /{bucket}, OAI-PMH at
-- /view/oai/{institution}/request, SRU at /view/sru/{institution}. It behaves as the sources
-- about Alma say. Where they say nothing, it takes the case that is harder for a program, so
-- that a program that copes here copes there.
--
-- Cases in which it does so:
--   - Lists refuse a limit over 100. Titles come in the repository's order.
--   - A representation that holds files, and a title that has representations, can be deleted
--     only with override. A title with representations stays in its last collection.
--   - Unknown fields and codes in a body are 401652, as is whatever is wrong with a file POST.
--     `active` is ignored in a POST.
--   - A thumbnail beside a file in the upload folder stays there, and Alma shows one of its own.
--   - A record of Dublin Core with a prefix other than dc and dcterms, or in another namespace than the institution's, is
--     refused. 001 and 005 are set by Alma. Fields that expand= adds are kept as fields when they are sent back. A look-up
--     by other system id is a list, and lags with --latency lag=.
--   - Refused calls count for the day. A call goes on when its client has left, and when the
--     gateway before it has given up.
--   - An upload may leave upload/ long before its file is in a list, or only then. Lists that
--     lag still tell what went.
--   - A page of an Analytics report can't be had a second time. The runs of a job are told only with both dates and a
--     status, empty ones perhaps. A progress is above 100 shortly before the end (as was seen).
--   - OAI-PMH demands a set in every list, publishes each set in few of the formats that it
--     lists, and its tokens need encoding. SRU answers an unknown index with the whole
--     catalogue. (Both were seen at a national library's Alma.)
--
-- With --repository there are other repositories as well, each an OAI-PMH provider at its system's path: DSpace /oai/request,
-- CONTENTdm /oai/oai.php, Fedora with Islandora /oai2, Rosetta /oaiprovider/request, DigiTool /OAI-PUB.
--
-- Beside these are paths that Alma does not have, for specs and demos:
--   GET  /rehearsal/state    titles, representations with their files in page order, collections, sets, objects,
--                            counts, titles that were merged away (from, into); ?mms_id=A,B only those titles, ?counts=1 only the counts
--   GET  /rehearsal/calls    calls by route, method and status, unknown parameters, 429s (refused), the most
--                            that came in one second (busiest_second), how often each fault struck
--   POST /rehearsal/change   what somebody else does, or what happens to it: {"op": …} with the fields of that
--     op, or an array of these, all or none of them
--     add_bib mms_id? title? format? collection? oclc? call_number?      delete_bib mms_id
--     change_bib mms_id title: a cataloguer changes the title    lock_bib mms_id by?: who edits the record, nobody without `by`
--     add_network_bib mms_id title: a record of the Network Zone that local ones can be linked to
--     add_item mms_id barcode? holding_id?
--     merge from into: two MMS IDs; inventory and collections go with their ids to `into`, `from` is no more
--     add_representation mms_id label? usage_type? library? by?, file_name? size? or files [{name, size?}]; a remote one:
--       repository, originating_record_id, linking_parameters? [text]
--     change_representation id, label? public_note? usage_type? linking_parameters? by?      delete_representation id
--     add_file representation_id name size?                delete_file pid
--     add_collection name    add_to_collection collection mms_id    remove_from_collections mms_id
--     add_set name content? members   add_to_set set mms_id   break_member set mms_id: it points to a title that is gone
--     add_object key text?   delete_object key       shorten_object key: it loses its last byte
--     break_file pid left?: only so many bytes of it are left in storage (0: none), and Alma does not notice
--     take_thumbnail pid key: an object of the upload folder becomes the thumbnail of a file, until it ends
--     no_addresses: expand=url gives no addresses any more
--     add_request mms_id id? type? user_id? item_pid? comment? partial? signed? (the patron signed the copyright declaration)
--     move_request id step: to a step of its own, from 0    add_deposit user_id status? title? deposit_profile? mms_id? rep_id? notes?
--     add_record repository id? title? creator? subjects? rights? numbers? …: a record of a repository beside Alma (dspace, contentdm, …)
--     change_record repository id, fields, stamp?    rename_record repository id to: another identifier    delete_record repository id
--     profile id? name? active? file_name_patterns? files_to_import? match? upon_match? no_match? usage_type? careless? …: an import
--       profile is changed, or there is one more; fields as in almanac.rehearsal.api.work_codes
--     refuse_rows has message?: imports refuse the records in which this text stands
--     age_jobs seconds: what was started so far was started so much earlier
--     import_events: from now on runs of imports tell which records they refused
--     faults spec    latency spec: lag= as well    form_policy spec    lists spec
--     rate rate      remaining calls: left today      clock seconds: that its clock is ahead from now on
local codes = require "almanac.rehearsal.api.codes"
local core = require "almanac.core"
local faults = require "almanac.rehearsal.faults"
local form_policy = require "almanac.rehearsal.s3.form_policy"
local gate = require "almanac.rehearsal.gate"
local journal = require "almanac.rehearsal.world.journal"
local json = require "almanac.json"
local latency = require "almanac.rehearsal.latency"
local lists = require "almanac.rehearsal.api.lists"
local remote = require "almanac.rehearsal.remote"
local reports = require "almanac.rehearsal.reports"
local seed = require "almanac.rehearsal.seed"
local server = require "almanac.rehearsal.server"
local task = require "almanac.task"
local whole = require "almanac.whole"
local worlds = require "almanac.rehearsal.world"

local m = {}

local LARGEST_BODY = (5 << 30) + (1 << 20)   -- S3 takes objects of 5 GiB in one request
local LARGEST_CALL = 16 << 20                -- bytes of a call to the API; records have at most some hundred thousand
local WATCH = 0.05                           -- seconds between looks at signals and stdin

---@class almanac.rehearsal.options
---@field port integer? 0 or nil: any free one
---@field titles string? a list, records or a run file; nil: the sample
---@field sheet string? of a workbook, its first otherwise
---@field state string? file that keeps the state; contents of objects in FILE.objects
---@field institution string? code
---@field environment string? as GET /conf/general tells it; "": empty, "none": not at all; nil: SANDBOX
---@field region string?
---@field bucket string?
---@field brief boolean? representation lists without usage type, library and dates
---@field rate integer? calls a second; 0: no limit
---@field daily integer? calls a day
---@field key string[]? further API keys, KEY or KEY=bibs,conf:r
---@field access_key string?
---@field secret_key string?
---@field session_token string?
---@field form_policy string? further conditions of the upload form
---@field lists string? how lists are given
---@field repository string[]? repositories beside Alma: NAME, or NAME=N with so many records more
---@field report string[]? reports of Analytics: /PATH=FILE
---@field form_life number? seconds that an upload form is good for
---@field clock number? seconds that its clock is ahead
---@field latency string?
---@field faults string?
---@field seed integer?
---@field log string? file
---@field record string? file that gets every API call as a JSON line
---@field ready string? file that gets {port, url, pid, …} when it listens
---@field until_eof boolean? ends when stdin does

local function listen(options, world)
  return core.serve.listen {
    host = "127.0.0.1", port = options.port or 0, spool_dir = world.blobs.scratch,
    max_body = LARGEST_CALL, wide_path = "/" .. world.bucket, wide_body = LARGEST_BODY,
    heads = true,
  }
end

local function open_world(options)
  local world, message, code = worlds.open(options)
  if not world then return nil, message, code end
  if world.fresh then
    local ok
    ok, message, code = seed.load(world, options.titles, options.sheet)
    if not ok then
      world:close()
      if options.state then
        core.files.remove(options.state)
        core.files.remove(options.state .. ".objects", { tree = true })
      end
      return nil, message, code
    end
  end
  codes.learn_libraries(world:note "libraries" or "")
  codes.learn_repositories(world:note "repositories" or "")
  return world
end

-- What is read from the options before anything is opened.
local PARTS = {
  { "gate", gate.new },
  { "faults", function(options) return faults.parse(options.faults, options.seed) end },
  { "latency", function(options) return latency.parse(options.latency) end },
  { "lists", function(options) return lists.parse(options.lists) end },
  { "form_conditions", function(options) return form_policy.parse(options.form_policy) end },
  { "reports", reports.load },
  { "repositories", remote.parse },
  { "journal", journal.open },
}

local function read(options)
  local self = { options = options, requests = 0 }
  for _, part in ipairs(PARTS) do
    local message
    self[part[1]], message = part[2](options)
    if not self[part[1]] then return nil, message end
  end
  return self
end

---Opens a rehearsal that listens but does not answer yet.
---@param options almanac.rehearsal.options
---@return table|nil rehearsal
---@return string? message, string? code
function m.open(options)
  local self, message = read(options)
  if not self then return nil, message end
  local code
  self.world, message, code = open_world(options)
  if not self.world then return nil, message, code end
  self.world.lists, self.world.form_conditions, self.world.reports = self.lists, self.form_conditions, self.reports
  latency.apply(self.latency, self.world)
  remote.open(self.world, self.repositories)
  self.http, message, code = listen(options, self.world)
  if not self.http then
    self.world:close()
    return nil, message, code
  end
  self.world.host = "127.0.0.1:" .. self.http:port()
  self.gate:resume(tonumber(self.world:note "day"), tonumber(self.world:note "used"))
  return self
end

---What others need to know to talk to it.
---@param self table
---@return table
function m.description(self)
  local world = self.world
  return {
    url = "http://" .. world.host, port = self.http:port(), pid = core.sys.pid(), institution = world.inst,
    repositories = remote.addresses(world),
    key = "rehearsal-key", bucket = world.bucket, region = world.region, s3 = "http://" .. world.host,
    access_key = self.options.access_key or "REHEARSALACCESSKEY",
    secret_key = self.options.secret_key or "rehearsal-secret",
  }
end

local function is_over(self)
  return core.sys.interrupts() > 0 or self.options.until_eof and core.sys.stdin_closed()
end

---Answers until SIGINT, SIGTERM or, if so wished, the end of stdin; then closes it.
---@param self table
---@return boolean|nil ok
---@return string? message, string? code
function m.run(self)
  local ready = self.options.ready
  if ready then
    local ok, message, code = whole.check(ready)
    if ok then ok, message, code = core.files.write(ready, json.encode(m.description(self)) .. "\n") end
    if not ok then
      m.close(self)
      return nil, message, code
    end
  end
  task.spawn(function()
    while not is_over(self) do task.sleep(WATCH) end
    task.unserve(self.http)
  end)
  task.serve(self.http, function(request) server.handle(self, request) end)
  m.close(self)
  return true
end

---@param self table
function m.close(self)
  self.http:close()
  server.keep_count(self)
  self.world:close()
  self.journal:close()
end

return m
