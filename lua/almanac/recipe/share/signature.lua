-- Says who signed a recipe that came from git, by git's own check: of the tag that was asked for,
-- else of the commit. A signature that can't be checked here says nothing. A wrong one means that
-- somebody changed what was signed.
local plain = require "almanac.recipe.inside.plain"

local m = {}

-- These settings name the usual programs, so that no other setting chooses what checks a signature.
m.SETTINGS = "-c gpg.program=gpg -c gpg.openpgp.program=gpg -c gpg.x509.program=gpgsm -c gpg.ssh.program=ssh-keygen"

local WRONG = "the signature of %s %s is wrong: what came is not what was signed"
local LARGEST = 4 << 20     -- bytes of a commit or tag

-- ---- what gpg says, one status on each line ----

local REMARKS = { EXPSIG = ", in a signature that has expired", EXPKEYSIG = ", which has expired", REVKEYSIG = ", which was revoked" }

local UNKNOWN_PERSON = ", which nobody here vouches for"

local function is_vouched_for(text)
  for trust in text:gmatch "%[GNUPG:%] TRUST_(%u+)" do
    if trust == "MARGINAL" or trust == "FULLY" or trust == "ULTIMATE" then return true end
  end
  return false
end

local function openpgp(text)
  if text:find "%[GNUPG:%] BADSIG " then return { wrong = true } end
  if select(2, text:gsub("%[GNUPG:%] NEWSIG", "")) > 1 then return { unknown = "it has several signatures" } end
  local missing = text:match "%[GNUPG:%] NO_PUBKEY (%x+)"
  if missing then return { unknown = ("the key %s is not in the keyring here"):format(missing) } end
  for status, key, name in text:gmatch "%[GNUPG:%] (%u+) (%x+) ([^\n]*)" do
    if status == "GOODSIG" or REMARKS[status] then
      key = text:match "%[GNUPG:%] VALIDSIG [^\n]* (%x+)\n" or key     -- the last one is that of the person's main key
      return { by = ("%s, key %s%s"):format(name, key, REMARKS[status] or is_vouched_for(text) and "" or UNKNOWN_PERSON) }
    end
  end
end

-- ---- what ssh-keygen says ----

local function ssh(text)
  local name, key = text:match 'Good "git" signature for (.-) with (%S+ key %S+)'
  if name then return { by = ("%s, %s"):format(name, key) } end
  key = text:match 'Good "git" signature with (%S+ key %S+)'
  if key then return { by = ("%s, which is not among the allowed signers here"):format(key) } end
  if text:find "allowedSignersFile needs to be configured" then
    return { unknown = "git here knows no allowed signers (gpg.ssh.allowedSignersFile)" }
  end
  if text:find "[Ii]ncorrect signature" then return { wrong = true } end
end

local function why_not(text)
  local program = text:match "cannot run ([%w-]+)" or text:match "([%w-]+): not found"
  if program then return program .. " is not installed" end
  local line = text:match "error: ([^\n]+)" or text:match "([^\n]+)"
  return line and plain.line(line) or "git says nothing of it"
end

-- True when the head of a commit, or the end of a tag, holds a signature.
local function is_signed(kind, text)
  if kind == "tag" then return text:find "\n%-%-%-%-%-BEGIN [%u ]-SIG" ~= nil or text:find "\n%-%-%-%-%-BEGIN SIGNED MESSAGE" ~= nil end
  return ("\n" .. text):match "^(.-\n)\n":find "\ngpgsig[%w-]* " ~= nil
end

local function check(git, kind, object)
  local result, message = git { "verify-" .. kind, "--raw", object }
  if not result then return { unknown = message } end
  return openpgp(result.errors) or ssh(result.errors) or { unknown = why_not(result.errors) }
end

-- The object whose signature counts: the tag when it is signed, else the commit.
local function signed_object(git, objects)
  for _, kind in ipairs { "tag", "commit" } do
    local object = objects[kind]
    local result, message, code = nil, nil, nil
    if object then result, message, code = git({ "cat-file", kind, object }, LARGEST) end
    if object and not result then return nil, message, code end
    if object and result.ok and is_signed(kind, result.output) then return kind, object end
  end
end

---Says who signed a recipe from git.
---@param git fun(arguments: string[], limit: integer?): table|nil, string?, string? runs git in its repository
---@param objects { commit: string, tag: string? }
---@return string|nil signed "no", "by NAME, KEY", or "unknown, WHY" when it can't be checked here
---@return string? message the signature is wrong
---@return string? code "auth"
function m.of(git, objects)
  local kind, object, code = signed_object(git, objects)
  if not kind then
    if object then return nil, object, code end
    return "no"
  end
  local said = check(git, kind, object)
  if said.wrong then return nil, WRONG:format(kind, object:sub(1, 12)), "auth" end
  return plain.line(said.by and "by " .. said.by or "unknown, " .. said.unknown)
end

return m
