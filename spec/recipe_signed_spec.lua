-- Who signed a recipe: a real git, ssh-keygen and gpg with keys that are thrown away.
local program = require "support.program"
local shared = require "support.shared"
local signature = require "almanac.recipe.share.signature"

local function is_there(tool) return os.execute(("command -v %s >/dev/null 2>&1"):format(tool)) == true end

describe("the signer of a recipe", function()
  local desk

  before_each(function()
    desk = shared.desk()
    shared.write(desk.source)
  end)
  after_each(function() desk.remove() end)

  local function shell(line)
    local settings = ("export HOME=%s GIT_CONFIG_NOSYSTEM=1 LC_ALL=C; cd %s && "):format(program.quote(desk.folder),
      program.quote(desk.source))
    assert(os.execute("(" .. settings .. line .. ") >/dev/null 2>&1"), line)
  end

  local GIT = "git -c user.name=ann -c user.email=ann@library.example -c user.signingkey=%s %s "
  local function ssh_git() return GIT:format('"$HOME/key"', "-c gpg.format=ssh") end

  local function start_signed()
    shell 'ssh-keygen -q -t ed25519 -N "" -C ann -f "$HOME/key"'
    shell("git init -q . && git add . && " .. ssh_git() .. "commit -qS -m first")
  end

  local function allow(name)
    shell(('echo "%s $(cat "$HOME/key.pub")" >"$HOME/allowed" && git config --file "$HOME/.gitconfig" ' ..
      'gpg.ssh.allowedSignersFile "$HOME/allowed"'):format(name))
  end

  local function run(...)
    local result = program.run({ ... }, { folder = desk.folder, env = { HOME = desk.folder, ALMANAC_RECIPES = false,
      GIT_CONFIG_NOSYSTEM = "1", GNUPGHOME = false, XDG_CONFIG_HOME = false, GIT_CONFIG_GLOBAL = false } })
    return result.out .. result.err, result.status
  end

  local function add(revision) return run("recipe", "add", "git+" .. desk.source .. (revision and "@" .. revision or ""), "--yes") end
  local function locked() return desk.read "recipes/almanac.lock":match "\n  signed ([^\n]*)" end

  local KEY = "ED25519 key SHA256:%S+"

  describe("by ssh", function()
    local function unless_absent(test)
      return function()
        if not is_there "ssh-keygen" then return pending "ssh-keygen is absent (Debian: openssh-client)" end
        test()
      end
    end

    it("is told by name and key, and written into the lock file; list, check, show and each plan say it", unless_absent(function()
      start_signed()
      allow "ann@library.example"
      local SIGNED = "signed by ann@library.example, " .. KEY
      assert.matches("\n" .. SIGNED .. "\n", (add()))
      assert.matches("^by ann@library.example, " .. KEY, locked())
      for _, line in ipairs { { "list" }, { "check", "scans" }, { "show", "scans" } } do
        assert.matches(SIGNED, (run("recipe", table.unpack(line))))
      end
      program.write(desk.folder .. "/jpg/12.jpg", require "support.picture".JPEG)
      program.write(desk.folder .. "/titles.csv", program.read(desk.source .. "/sample/titles.csv"))
      local alma = require "support.rehearsal".start { titles = desk.folder .. "/titles.csv", args = { "--rate", "0" } }
      local env = require "support.desk".environment(alma, desk.folder)
      local plan = program.run({ "plan", "scans", "--folder", "jpg", "--titles", "titles.csv", "-o", "a.run" },
        { folder = desk.folder, env = env })
      alma.stop()
      assert.matches("Recipe: recipes/scans/recipe.lua %(scans 1.0.0%) came from .-, " .. SIGNED .. ", accepted on", plan.out)
    end))

    it("is known by the key alone when nobody here allowed it", unless_absent(function()
      start_signed()
      shell 'echo >"$HOME/allowed"; git config --file "$HOME/.gitconfig" gpg.ssh.allowedSignersFile "$HOME/allowed"'
      assert.matches("\nsigned by " .. KEY .. ", which is not among the allowed signers here\n", (add()))
    end))

    it("can't be told where no signer is allowed; told again once one is", unless_absent(function()
      start_signed()
      assert.matches("signature can't be checked here: git here knows no allowed signers %(gpg.ssh.allowedSignersFile%)", (add()))
      assert.matches("^unknown, git here knows", locked())
      allow "ann@library.example"
      local out = run("recipe", "update", "scans", "--yes")
      assert.matches("note: the one that is here: signature can't be checked here: .*; this one: signed by ann@library.example", out)
      assert.matches("^by ann@library.example", locked())
      assert.matches("scans 1.0.0 is installed already", (run("recipe", "update", "scans", "--yes")))
    end))

    it("is that of a signed tag, when one was asked for", unless_absent(function()
      start_signed()
      allow "ann@library.example"
      shell("echo >CHANGES.md && git add . && git -c user.name=a -c user.email=a@b commit -qm two && " .. ssh_git() .. "tag -s -m v1 v1")
      assert.matches("\nnot signed\n", (add()))
      assert.matches("\nsigned by ann@library.example", (add "v1"))
    end))

    it("signed nothing else: a commit or tag that was changed after it was signed is not taken", unless_absent(function()
      start_signed()
      allow "ann@library.example"
      shell(ssh_git() .. "tag -s -m first v1")
      for what, name in pairs { commit = "HEAD", tag = "v1" } do
        shell(("git cat-file %s %s | sed 's/^first$/forged/' >.git/text && " ..
          "git update-ref refs/%s $(git hash-object -t %s -w .git/text)"):format(what, name,
          what == "tag" and "tags/forged" or "heads/forged", what))
        local out, status = add "forged"
        shell "git update-ref -d refs/tags/forged; git update-ref -d refs/heads/forged"
        assert.equal(1, status)
        assert.matches(("the signature of %s %%x+ is wrong: what came is not what was signed"):format(what), out)
      end
      assert.is_false(desk.has "recipes")
    end))

    it("did not sign what was changed here and accepted", unless_absent(function()
      start_signed()
      allow "ann@library.example"
      add()
      program.write(desk.folder .. "/recipes/scans/recipe.lua", shared.recipe() .. "-- mine\n")
      assert.equal(0, select(2, run("recipe", "accept", "scans", "--yes")))
      assert.equal("no, it was changed here", locked())
      assert.matches("not signed as it is: it was changed here", (run("recipe", "list")))
    end))

    it("is looked for by no program that a setting names", unless_absent(function()
      start_signed()
      allow "ann@library.example"
      shell 'printf "#!/bin/sh\\ntouch \\"\\$HOME/harmed\\"\\n" >"$HOME/harm" && chmod +x "$HOME/harm"'
      for _, name in ipairs { "gpg.program", "gpg.ssh.program", "gpg.openpgp.program", "gpg.x509.program" } do
        shell(('git config --file "$HOME/.gitconfig" %s "$HOME/harm"; git config %s "$HOME/harm"'):format(name, name))
      end
      assert.matches("\nsigned by ann@library.example", (add()))
      assert.is_false(desk.has "harmed")
    end))
  end)

  it("by gpg is told by name and key, or by the key that is not at hand", function()
    if not is_there "gpg" then return pending "gpg is absent" end
    shell 'mkdir -m 700 "$HOME/.gnupg" && gpg --batch --passphrase "" --quick-gen-key "Ann Lee <ann@library.example>" rsa2048 sign never'
    shell("git init -q . && git add . && " .. GIT:format("ann@library.example", "") .. "commit -qS -m one")
    assert.matches("\nsigned by Ann Lee <ann@library.example>, key " .. ("%x"):rep(40) .. "\n", (add()))
    shell 'gpgconf --kill all; mv "$HOME/.gnupg" "$HOME/gone"; mkdir -m 700 "$HOME/.gnupg"'
    local out = run("recipe", "update", "scans", "--yes")
    shell "gpgconf --kill all"
    assert.matches("signature can't be checked here: the key %x+ is not in the keyring here", out)
  end)

  it("is nobody where nothing is signed, and not told where an earlier almanac did not look", function()
    assert.matches("\nnot signed\n", desk.add().out)
    assert.equal("no", locked())
    local lock = desk.read "recipes/almanac.lock":gsub("  signed no\n", "")
    program.write(desk.folder .. "/recipes/almanac.lock", lock)
    local out = run("recipe", "list")
    assert.matches("from " .. desk.source:gsub("%p", "%%%0") .. "\n", out)
    assert.is_nil(out:find("signed", 1, true))
  end)

  -- What git prints, without git.
  local function of(errors)
    return signature.of(function(arguments)
      if arguments[1] == "cat-file" then return { ok = true, output = "tree 1\ngpgsig x\n\nwords" } end
      return { ok = false, output = "", errors = errors }
    end, { commit = "0123456789abcdef" })
  end

  it("is told with what is the matter with the key", function()
    local STATUS = "[GNUPG:] NEWSIG\n[GNUPG:] %s 0123456789ABCDEF Ann\n[GNUPG:] TRUST_%s 0 pgp\n"
    local HEAD = "by Ann, key 0123456789ABCDEF"
    assert.equal(HEAD, of(STATUS:format("GOODSIG", "FULLY")))
    assert.equal(HEAD .. ", which nobody here vouches for", of(STATUS:format("GOODSIG", "UNDEFINED")))
    assert.equal(HEAD .. ", which was revoked", of(STATUS:format("REVKEYSIG", "FULLY")))
    assert.equal(HEAD .. ", which has expired", of(STATUS:format("EXPKEYSIG", "FULLY")))
    assert.equal(HEAD .. ", in a signature that has expired", of(STATUS:format("EXPSIG", "FULLY")))
    assert.same({ nil, "the signature of commit 0123456789ab is wrong: what came is not what was signed", "auth" },
      { of(STATUS:format("BADSIG", "FULLY")) })
    assert.equal("unknown, it has several signatures", of(STATUS:format("GOODSIG", "FULLY"):rep(2)))
    assert.equal("unknown, ssh-keygen is not installed", of "error: cannot run ssh-keygen: No such file or directory\n")
    assert.equal("unknown, git says nothing of it", of "")
  end)
end)
