-- Gets a recipe out of a git repository. The program git reads it without a work tree, blobs only,
-- so that no link, filter or hook of the repository takes effect.
local core = require "almanac.core"
local parcels = require "almanac.recipe.share.parcel"
local shell = require "almanac.shell"
local signature = require "almanac.recipe.share.signature"
local words = require "almanac.words"

local m = {}
local quote = shell.quote

local LARGEST = 100 << 20   -- bytes of a file that git may write (a pack of objects)
local FAILED = "git failed; is it installed?"
local SETTINGS = "-c protocol.allow=never -c protocol.https.allow=always -c protocol.http.allow=always " ..
  "-c protocol.ssh.allow=always -c protocol.git.allow=always -c protocol.file.allow=always " ..
  "-c core.hooksPath=/dev/null -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=60 " .. signature.SETTINGS

-- git and ssh may ask nothing, neither for a password nor whether a host is the right one. The
-- user's own way of calling ssh stays.
local QUIET = "export GIT_TERMINAL_PROMPT=0; " ..
  "[ -n \"$GIT_SSH_COMMAND$GIT_SSH$(git config --get core.sshCommand)\" ] || " ..
  "export GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=30'; "

-- git has its own settings for the certificates to trust. Those that the user gave to git count
-- first, then those that other programs use.
local TRUST = "[ -n \"$GIT_SSL_CAINFO$(git config --get-urlmatch http.sslCAInfo %s 2>/dev/null)\" ] || export GIT_SSL_CAINFO=%s; "

---Seconds that one call of git over the network may take.
m.seconds = 300
local AT_HOME = 60          -- seconds that one call without network may take

local ASKS = "; nothing is asked here: try `git ls-remote %s` by hand first"

local TRUSTED = "; the certificates to trust are named by ca_file in almanac.conf.lua, SSL_CERT_FILE or CURL_CA_BUNDLE"

-- Says in our words what messages of git or ssh mean. The first one that is found counts.
local MEANINGS = {
  { "unpack%-objects failed", ("can't be taken: it is larger than %s, or was cut on the way"):format(words.bytes(LARGEST)) },
  { "index%-pack", ("can't be taken: it is larger than %s, or was cut on the way"):format(words.bytes(LARGEST)) },
  { "Host key verification failed", "ssh does not know the host, or knows it by another key" .. ASKS },
  { "Permission denied %(", "ssh has no key that the server takes" .. ASKS },
  { "terminal prompts disabled", "the server wants a user name and password" .. ASKS },
  { "certificate verif", "its certificate is not trusted here" .. TRUSTED },
  { "SSL certificate problem", "its certificate is not trusted here" .. TRUSTED },
}

local function reason(errors, url)
  for _, meaning in ipairs(MEANINGS) do
    if errors:find(meaning[1]) then return (meaning[2]:gsub("%%s", function() return url end)) end
  end
  return errors:match "fatal: ([^\n]+)" or errors:match "([^\n]+)\n*$" or FAILED
end

-- The settings in front of a call of git that goes over the network.
local function on_the_way(repository, url)
  local ca_file = repository.ca_file or core.sys.env "CURL_CA_BUNDLE" or core.sys.env "SSL_CERT_FILE"
  local is_needed = ca_file and ca_file ~= "" and url:find "^https:"
  return QUIET .. (is_needed and TRUST:format(quote(url), quote(ca_file)) or "")
end

-- Runs git; with `url` the call goes over the network.
local function run(repository, limit, arguments, url)
  local parts = { ("ulimit -f %d 2>/dev/null; export LC_ALL=C; %sexec git --git-dir=%s %s")
    :format(LARGEST // 512, url and on_the_way(repository, url) or "", quote(repository.folder .. "/git"), SETTINGS) }
  for _, argument in ipairs(arguments) do parts[#parts + 1] = quote(argument) end
  local result, message, code = shell.run(table.concat(parts, " "), { seconds = url and m.seconds or AT_HOME, most = limit })
  if result then return result end
  local hint = code == "timeout" and url and ("; is the host there, or does something ask? try `git ls-remote %s` by hand"):format(url)
  return nil, "git " .. message .. (hint or ""), code
end

-- Runs git, and gives what it printed, or why it failed.
local function git(repository, limit, arguments, url)
  local result, message, code = run(repository, limit, arguments, url)
  if not result then return nil, message, code end
  if result.ok then return result.output end
  return nil, reason(result.errors, url or "ADDRESS"), "io"
end

local function object_of(repository, name)
  local found, message, code = git(repository, 100, { "rev-parse", "--verify", "-q", "--end-of-options", name })
  return found and found:match "^%x+", message, code
end

-- The commit that a name stands for, and the tag that leads to it.
local function objects_of(repository, name)
  local commit, message, code = object_of(repository, name .. "^{commit}")
  if not commit then return nil, message, code end
  return { commit = commit, tag = object_of(repository, name .. "^{tag}") }
end

-- Gets all branches and tags, since some servers don't give a single revision.
local function fetch_all(repository, address, revision)
  local ok, message, code = git(repository, 1000, { "fetch", "-q", "--no-tags", "--", address.url, "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*" }, address.url)
  if not ok then return nil, message, code end
  return objects_of(repository, revision)
end

local function fetch(repository, address)
  local revision = address.revision or "HEAD"
  local ok, message, code = git(repository, 1000, { "init", "-q", "--bare" })
  if not ok then return nil, message, code end
  ok, message, code = git(repository, 1000, { "fetch", "-q", "--no-tags", "--depth", "1", "--", address.url, revision }, address.url)
  if ok then return objects_of(repository, "FETCH_HEAD") end
  if not address.revision or code == "timeout" then return nil, message, code end
  local objects, why, other = fetch_all(repository, address, revision)
  if objects then return objects end
  if why == FAILED then return nil, ("has no revision '%s'"):format(revision), "missing" end
  return nil, why, other
end

local function entries_of(repository, commit)
  local list, message, code = git(repository, 8 << 20, { "ls-tree", "-r", "-l", "-z", "--full-tree", commit })
  if not list then return nil, message, code end
  local entries = {}
  for mode, object, size, path in list:gmatch "(%d+) %l+ (%x+) +(%S+)\t([^%z]+)%z" do
    entries[#entries + 1] = { mode = mode, object = object, size = tonumber(size), path = path }
  end
  return entries
end

-- Chooses the recipe's folder: the one that was named, else the top, else the only one with a recipe.
local function choose_folder(entries, named)
  local folders = {}
  for _, entry in ipairs(entries) do
    local folder = entry.path == "recipe.lua" and "" or entry.path:match "^(.*/)recipe%.lua$"
    if folder and folder == (named and named .. "/" or "") then return folder end
    if folder then folders[#folders + 1] = folder end
  end
  if #folders == 1 and not named then return folders[1] end
  if not folders[1] then return nil, "holds no recipe.lua" end
  local names = {}
  for i = 1, math.min(10, #folders) do names[i] = "#" .. folders[i]:gsub("/$", "") end
  return nil, "holds several recipes: write one of these behind the address: " .. table.concat(names, " ")
end

local function take(repository, parcel, entry, path)
  if entry.mode == "120000" then return nil, ("'%s' is a link; a recipe holds its files itself"):format(path), "parse" end
  if entry.size and entry.size > parcels.largest_file then return nil, ("'%s' is too large for a recipe"):format(path), "limit" end
  local text, message, code = git(repository, parcels.largest_file + 1, { "cat-file", "blob", entry.object })
  if not text then return nil, message, code end
  return parcels.add(parcel, path, text)
end

local function take_all(repository, entries, folder)
  local parcel = parcels.new()
  for _, entry in ipairs(entries) do
    local path = entry.path:sub(1, #folder) == folder and entry.path:sub(#folder + 1)
    if path and parcels.takes(path) and not path:find "/%." then
      local ok, message, code = take(repository, parcel, entry, path)
      if not ok then return nil, message, code end
    end
  end
  return parcel
end

local function get(repository, address)
  local objects, message, code = fetch(repository, address)
  if not objects then return nil, message, code end
  local signed, entries, folder, parcel
  signed, message, code = signature.of(function(arguments, limit) return run(repository, limit or 1000, arguments) end, objects)
  if not signed then return nil, message, code end
  entries, message, code = entries_of(repository, objects.commit)
  if not entries then return nil, message, code end
  folder, message = choose_folder(entries, address.folder)
  if not folder then return nil, message, "missing" end
  parcel, message, code = take_all(repository, entries, folder)
  if parcel then parcel.commit, parcel.signed = objects.commit, signed end
  return parcel, message, code
end

---Takes an address of a git repository apart; gives nil for any other address.
---@param text string "https://host/x.git@v1#recipes/scans", "git@host:x.git", "/srv/x@v1", …
---@return { url: string, revision: string?, folder: string? }?
function m.address(text)
  local rest, folder = text:match "^(.-)#([^#]+)$"
  local plain = rest or text
  local url, revision = plain:match "^(.+)@([%w][%w%._/+-]*)$"
  if url and (url:find "%.git/?$" or core.files.stat(url)) then return { url = url, revision = revision, folder = folder } end
  if url and url:find "^git%+" then return { url = url:sub(5), revision = revision, folder = folder } end
  if plain:find "^git%+" then return { url = plain:sub(5), folder = folder } end
  if plain:find "%.git/?$" or plain:find "^git://" or plain:find "^ssh://" or plain:find "^[%w_.-]+@[%w.-]+:" then
    return { url = plain, folder = folder }
  end
end

---Gets a recipe from a repository.
---@param address table from m.address
---@param ca_file string? certificates to trust in place of the system's
---@return almanac.recipe.parcel|nil parcel with `commit` and `signed`
---@return string? message
---@return string? code "auth": its signature is wrong
function m.get(address, ca_file)
  if address.url:sub(1, 1) == "-" then return nil, "that is no address", "parse" end
  local repository, message, code = core.files.temp_folder()
  if not repository then return nil, message, code end
  local _ <close> = setmetatable({}, { __close = function() core.files.remove(repository, { tree = true }) end })
  return get({ folder = repository, ca_file = ca_file }, address)
end

return m
